/* SPDX-License-Identifier: MIT */
/* Workers: one for each OS thread that calls weft, ended with it; and what a fork leaves of one.
 * Most of this is tried in child processes, which say what is wrong on standard error. */
#include "check.h"
#include "child.h"
#include "emulator.h"

#include <pthread.h>
#include <semaphore.h>
#include <string.h>

#include "expect.h"
#include "faults.h"
#include "runtime/worker.h"

typedef int body_fn(const void *);

struct body {
    body_fn *fn;
};

static void run_in_child(void **state)
{
    const struct body *body = *state;
    struct child child = child_run(body->fn, NULL);

    if (child.late || child.signal != 0 || child.status != 0)
        fail_msg("%s, signal %d, exit status %d: %s", child.late ? "late" : "ended", child.signal,
                 child.status, child.said);
}

/* ---- OS threads ---- */

static void on_os_thread(void *(*fn)(void *), void *argument)
{
    pthread_t thread;

    expect(pthread_create(&thread, NULL, fn, argument) == 0);
    expect(pthread_join(thread, NULL) == 0);
}

enum { OS_THREADS = 8, THREADS = 100 };

static pthread_barrier_t all_have_called;
static struct weft_worker *workers[OS_THREADS];

static int square(int i)
{
    weft_sleep(i);
    return i * i;
}

static void send_squares(chan_tx(int) c)
{
    for (int i = 0; i < THREADS; i++)
        chan_send(c, i * i);
    chan_close(c);
}

/* What uses a bit of everything; exits at the first thing wrong. */
static void work(void)
{
    const int sum = (THREADS - 1) * THREADS * (2 * THREADS - 1) / 6;
    const int64_t start_ns = weft_now();
    task(int) t[THREADS];
    chan(int) c = chan_new(int);
    int joined = 0, received = 0;

    for (int i = 0; i < THREADS; i++)
        t[i] = spawn(square, i);
    go(send_squares, c);
    chan_each(x, c)
        received += x;
    for (int i = 0, x; i < THREADS; i++) {
        expect(task_join(t[i], &x) == 0);
        joined += x;
    }
    expect(received == sum);
    expect(joined == sum);
    expect(weft_now() - start_ns == THREADS - 1);
    chan_free(c);
}

static void *work_beside_others(void *index)
{
    expect(weft__self == NULL);
    weft_yield();
    workers[*(int *)index] = weft__self;
    pthread_barrier_wait(&all_have_called);
    for (int i = 0; i < 20; i++)
        work();
    expect(weft__self == workers[*(int *)index]);
    return NULL;
}

static int each_os_thread_has_a_worker_of_its_own(const void *argument)
{
    pthread_t threads[OS_THREADS];
    int indexes[OS_THREADS];

    (void)argument;
    pthread_barrier_init(&all_have_called, NULL, OS_THREADS);
    for (int i = 0; i < OS_THREADS; i++) {
        indexes[i] = i;
        expect(pthread_create(&threads[i], NULL, work_beside_others, &indexes[i]) == 0);
    }
    work();
    for (int i = 0; i < OS_THREADS; i++)
        expect(pthread_join(threads[i], NULL) == 0);
    for (int i = 0; i < OS_THREADS; i++)
        for (int k = 0; k < i; k++)
            expect(workers[i] != workers[k] && workers[i] != weft__self);
    return 0;
}

/* ---- the end of an OS thread ---- */

static void park(void)
{
    weft_sleep(WEFT_FOREVER);
}

static void park_with_copy(void *copy)
{
    (void)copy;
    park();
}

static int nothing(int i)
{
    return i;
}

/* Leaves threads in every state behind. */
static void *leave_a_mess(void *argument)
{
    const struct weft_spawn_opts named = {.size = sizeof named, .name = "parked"};
    const struct weft_spawn_opts large = {.size = sizeof large, .stack_bytes = 1024 * 1024};
    char object[200] = {0};

    (void)argument;
    for (int i = 0; i < 50; i++) {
        go(park);
        go_with(&named, park);
        go_with(&large, park);
        weft_go_copy(park_with_copy, object, sizeof object);
        expect(spawn(nothing, i)); /* nobody will join it */
    }
    weft_sleep(1);
    for (int i = 0; i < 50; i++) {
        go_with(&named, park); /* unstarted */
        weft_go_copy(park_with_copy, object, sizeof object);
    }
    return NULL;
}

static int everything_is_given_back_when_an_os_thread_ends(const void *argument)
{
    int64_t blocks;

    (void)argument;
    faults_install();
    on_os_thread(leave_a_mess, NULL); /* its slab of records stays, for the next */
    blocks = faults_blocks();
    for (int i = 0; i < 20; i++)
        on_os_thread(leave_a_mess, NULL);
    expect(faults_blocks() == blocks);
    expect(blocks <= 1);
    expect(faults_counts[FAULT_MMAP] == faults_counts[FAULT_MUNMAP]);
    return 0;
}

static void *spawn_one(void *handle)
{
    *(struct weft_thread **)handle = (void *)spawn(nothing, 1);
    return NULL;
}

static int a_handle_from_an_ended_os_thread_is_recognised(const void *argument)
{
    struct weft_thread *handle = NULL, *found = NULL;

    (void)argument;
    on_os_thread(spawn_one, &handle);
    expect(handle);
    weft_yield();
    expect(weft__thread_find(&weft__self->threads, handle, &found) != WEFT__THREAD_FOUND);
    for (int i = 0; i < 3 * WEFT__THREAD_SLAB; i++) /* takes the slab over */
        expect(spawn(nothing, 1));
    expect(weft__thread_find(&weft__self->threads, handle, &found) != WEFT__THREAD_FOUND);
    return 0;
}

static pthread_key_t late_key;

static void call_late(void *runs_left)
{
    int *left = runs_left;

    work();
    if (--*left > 0)
        pthread_setspecific(late_key, left);
}

static void *work_and_leave_late_work(void *runs_left)
{
    work();
    pthread_setspecific(late_key, runs_left);
    return NULL;
}

/* A destructor of the user's that runs after weft's own makes another worker, which is ended
 * too. */
static int destructors_of_an_os_thread_may_still_call_weft(const void *argument)
{
    struct weft_thread *handle;
    int64_t blocks;

    (void)argument;
    faults_install();
    on_os_thread(spawn_one, &handle); /* its slab of records stays */
    blocks = faults_blocks();
    pthread_key_create(&late_key, call_late);
    for (int runs = 1; runs < 3; runs++) {
        int left = runs;

        on_os_thread(work_and_leave_late_work, &left);
        expect(left == 0);
    }
    expect(faults_blocks() == blocks);
    expect(faults_counts[FAULT_MMAP] == faults_counts[FAULT_MUNMAP]);
    return 0;
}

static void *end_by_hand(void *argument)
{
    work();
    weft__worker_end(weft__self);
    return argument;
}

static int a_worker_ended_by_hand_is_not_ended_again_with_its_os_thread(const void *argument)
{
    int64_t blocks;

    (void)argument;
    faults_install();
    on_os_thread(end_by_hand, NULL);
    blocks = faults_blocks();
    on_os_thread(end_by_hand, NULL);
    expect(faults_blocks() == blocks);
    return 0;
}

/* ASan cannot follow the jump back to the first stack. */
#ifndef WEFT__SANITIZED
static void exit_os_thread(int *value)
{
    pthread_exit(value);
}

static void *let_a_green_thread_exit(void *value)
{
    go(exit_os_thread, (int *)value);
    weft_sleep(1);
    return NULL;
}

static int a_green_thread_may_end_its_os_thread(const void *argument)
{
    pthread_t thread;
    void *result;
    int value;

    (void)argument;
    expect(pthread_create(&thread, NULL, let_a_green_thread_exit, &value) == 0);
    expect(pthread_join(thread, &result) == 0);
    expect(result == &value);
    work();
    return 0;
}

/* ---- an OS thread that is cancelled ---- */

static sem_t is_waiting;
static int cleaned_up;

static void clean_up(void *unused)
{
    (void)unused;
    cleaned_up++;
}

static void wait_in_the_kernel(void)
{
    pthread_cleanup_push(clean_up, NULL);
    sem_post(&is_waiting);
    pause();
    pthread_cleanup_pop(0);
}

/* A green thread is in a call where cancellation strikes. */
static void *let_a_green_thread_wait_in_the_kernel(void *argument)
{
    pthread_cleanup_push(clean_up, NULL);
    go(park);
    go(wait_in_the_kernel);
    weft_sleep(1);
    pthread_cleanup_pop(0);
    return argument;
}

static void wait_in_weft(void)
{
    pthread_cleanup_push(clean_up, NULL);
    sem_post(&is_waiting);
    weft_sleep(WEFT_SEC(1000));
    pthread_cleanup_pop(0);
}

/* All are parked: weft itself waits, on the stack of whoever parked last. */
static void *let_weft_wait(void *argument)
{
    setenv("WEFT_CLOCK", "real", 1);
    pthread_cleanup_push(clean_up, NULL);
    go(park);
    go(wait_in_weft);
    weft_sleep(WEFT_SEC(1000));
    pthread_cleanup_pop(0);
    return argument;
}

/* Runs the cleanup handlers of whoever was running and of the OS thread's own function, and ends it
 * with all of its green threads. Others go on. */
static int a_cancelled_os_thread_ends_with_its_green_threads(const void *argument)
{
    void *(*const ways[])(void *) = {let_a_green_thread_wait_in_the_kernel, let_weft_wait};

    (void)argument;
    sem_init(&is_waiting, 0, 0);
    for (int i = 0; i < 2; i++) {
        pthread_t thread;
        void *result = NULL;

        cleaned_up = 0;
        expect(pthread_create(&thread, NULL, ways[i], NULL) == 0);
        sem_wait(&is_waiting);
        expect(pthread_cancel(thread) == 0);
        expect(pthread_join(thread, &result) == 0);
        expect(result == PTHREAD_CANCELED);
        expect(cleaned_up == 2);
        setenv("WEFT_CLOCK", "virtual", 1);
    }
    work();
    return 0;
}
#endif

/* ---- no worker to be had ---- */

static int without_a_key_for_its_end_there_is_no_worker(const void *argument)
{
    enum { KEYS_MAX = 2000 };
    static pthread_key_t keys[KEYS_MAX];
    static int mine[KEYS_MAX];
    int n = 0;

    (void)argument;
    while (n < KEYS_MAX && pthread_key_create(&keys[n], NULL) == 0) {
        pthread_setspecific(keys[n], &mine[n]);
        n++;
    }
    expect(!chan_new(int));
    for (int i = 0; i < n; i++) /* none of them was taken for weft's own */
        expect(pthread_getspecific(keys[i]) == &mine[i]);
    pthread_key_delete(keys[--n]);
    work();
    for (int i = 0; i < n; i++)
        expect(pthread_getspecific(keys[i]) == &mine[i]);
    return 0;
}

/* ---- what belongs to one worker ---- */

static void *join_it(void *handle)
{
    weft_task_join_(handle, NULL, 0);
    return NULL;
}

static int join_elsewhere(const void *argument)
{
    task(int) t = spawn(nothing, 1);

    (void)argument;
    on_os_thread(join_it, (void *)t);
    return 0;
}

static void *send_it(void *c)
{
    int x = 0;

    weft_chan_send_(c, &x, sizeof x);
    return NULL;
}

static int send_elsewhere(const void *argument)
{
    chan(int) c = chan_new(int);

    (void)argument;
    on_os_thread(send_it, (void *)c);
    return 0;
}

static void *free_it(void *c)
{
    weft_chan_free_(c);
    return NULL;
}

static int free_elsewhere(const void *argument)
{
    chan(int) c = chan_new(int);

    (void)argument;
    on_os_thread(free_it, (void *)c);
    return 0;
}

static void count_up(gen(int) self)
{
    for (int i = 0; gen_yield(self, i) == 0; i++)
        ;
}

static void *ask_it(void *g)
{
    int x;

    weft_gen_next_(g, &x, sizeof x, NULL, 0);
    return NULL;
}

static int ask_elsewhere(const void *argument)
{
    gen(int) g = gen_new(int, count_up);

    (void)argument;
    on_os_thread(ask_it, (void *)g);
    return 0;
}

static chan(int) left_chan;
static gen(int) left_gen;

static void *leave_objects(void *argument)
{
    left_chan = chan_new(int);
    left_gen = gen_new(int, count_up);
    return argument;
}

static void *send_what_was_left(void *argument)
{
    weft_yield();
    weft_chan_trysend_((void *)left_chan, &(int){1}, sizeof(int));
    return argument;
}

/* The later worker used to get the memory of the ended one, and to be taken for the owner. */
static int send_in_a_later_worker(const void *argument)
{
    (void)argument;
    on_os_thread(leave_objects, NULL);
    on_os_thread(send_what_was_left, NULL);
    return 0;
}

static void *ask_what_was_left(void *argument)
{
    (void)argument;
    weft_yield();
    return ask_it((void *)left_gen);
}

static int ask_in_a_later_worker(const void *argument)
{
    (void)argument;
    on_os_thread(leave_objects, NULL);
    on_os_thread(ask_what_was_left, NULL);
    return 0;
}

static void what_belongs_to_another_worker_may_not_be_used(void **state)
{
    static const struct {
        body_fn *fn;
        const char *call;
    } uses[] = {
        {join_elsewhere, "task_join"},
        {send_elsewhere, "chan_send"},
        {free_elsewhere, "chan_free"},
        {ask_elsewhere, "gen_next"},
        {send_in_a_later_worker, "chan_trysend"},
        {ask_in_a_later_worker, "gen_next"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++) {
        struct child child = child_run(uses[i].fn, NULL);

        assert_int_equal(child.signal, SIGABRT);
        if (!strstr(child.said, uses[i].call) || !strstr(child.said, "another OS thread"))
            fail_msg("%s: %s", uses[i].call, child.said);
    }
}

/* ---- fork ---- */

/* To TSan green threads are threads. In the child of a process that has several it looks no more at
 * the one that forked, nor at whom that switches to: what it writes seems to race with threads that
 * the child starts later. What that lets fail is left out. */

#ifndef WEFT__TSAN
#ifdef WEFT__SANITIZED
enum { FORKS = 80 }; /* of a process with much memory */
#else
enum { FORKS = 400 };
#endif

/* An emulator takes some ten times as long for each. */
static int forks(void)
{
    return is_emulated() ? FORKS / 5 : FORKS;
}
#endif

/* Forks here, with all the green threads there are, and answers the child's exit status, or 256 and
 * the signal. fn's result is the status, unless it is called on a green thread and ends it. */
static int forked(int (*fn)(void *), void *argument)
{
    int how = 0;
    pid_t pid = fork();

    expect(pid >= 0);
    if (pid == 0) {
        alarm(20);
        _exit(fn(argument));
    }
    expect(waitpid(pid, &how, 0) == pid);
    return WIFSIGNALED(how) ? 256 + WTERMSIG(how) : WEXITSTATUS(how);
}

static int work_in_child(void *argument)
{
    (void)argument;
    work();
    if (weft__self)
        expect(check_now(CHECK_RUNNING));
    return 7;
}

static int a_fork_before_the_first_call_gives_two_that_know_nothing(const void *argument)
{
    (void)argument;
    expect(forked(work_in_child, NULL) == 7);
    work();
    return 0;
}

#ifndef WEFT__TSAN
static int parent_and_child_both_go_on(const void *argument)
{
    (void)argument;
    work();
    for (int i = 0; i < 3; i++) {
        expect(forked(work_in_child, NULL) == 7);
        work();
    }
    return 0;
}

static int fork_again(void *depth)
{
    work();
    return *(int *)depth == 0 ? 1 : forked(fork_again, &(int){*(int *)depth - 1}) + 1;
}

static int a_child_may_fork_again(const void *argument)
{
    int depth = 4;

    (void)argument;
    expect(forked(fork_again, &depth) == 5);
    return 0;
}
#endif

/* Threads in every state. Each counts what it does after it has been parked. */
static int others_ran;
static chan(int) others_recv, others_send, others_select[2];

static void receive_other(void)
{
    chan_recv(others_recv, NULL);
    others_ran++;
}

static void send_other(void)
{
    chan_send(others_send, 1);
    others_ran++;
}

static void select_other(void)
{
    chan_select(chan_case_recv(others_select[0], NULL), chan_case_send(others_select[1], 1),
                chan_case_timeout(WEFT_SEC(100)));
    others_ran++;
}

static void sleep_other(void)
{
    weft_sleep(WEFT_SEC(10));
    others_ran++;
}

static void sleep_within_other(void)
{
    weft_within(WEFT_SEC(5), weft_within(WEFT_SEC(50), weft_sleep(WEFT_SEC(90))));
    others_ran++;
}

static void join_other(void)
{
    task(void) t = spawn(sleep_other);

    task_join(t);
    others_ran++;
}

static void yield_other(void)
{
    for (int i = 0; i < 100; i++)
        weft_yield();
    others_ran++;
}

static void run_other(void)
{
    others_ran++;
}

enum { OTHERS_EACH = 20, OTHERS = 9 * OTHERS_EACH };

static void start_others(void)
{
    const struct weft_spawn_opts opts = {
        .size = sizeof opts, .stack_bytes = 32768, .name = "other"};

    others_ran = 0;
    others_recv = chan_new(int);
    others_send = chan_new(int);
    others_select[0] = chan_new(int);
    others_select[1] = chan_new(int);
    for (int i = 0; i < OTHERS_EACH; i++) {
        go(receive_other);
        go_with(&opts, send_other);
        go(select_other);
        go_with(&opts, sleep_other);
        go(sleep_within_other);
        go(join_other); /* starts one more */
    }
    weft_sleep(1);
    for (int i = 0; i < OTHERS_EACH; i++)
        go(yield_other);
    weft_yield();
    for (int i = 0; i < OTHERS_EACH; i++)
        go(run_other);
    expect(others_ran == 0);
}

static void end_others(void)
{
    for (int i = 0; i < OTHERS_EACH; i++) {
        expect(chan_send(others_recv, 1) == 0);
        expect(chan_recv(others_send, NULL) == 0);
        expect(chan_send(others_select[0], 1) == 0);
    }
    weft_sleep(WEFT_SEC(20));
    expect(others_ran == OTHERS);
    expect(check_threads() == 0);
}

static int be_alone(void *argument)
{
    int64_t now_ns = weft_now();

    (void)argument;
    expect(check_threads() == 0);
    expect(check_stacks() == 0);
    expect(check_now(CHECK_RUNNING));
    expect(weft__wheel_is_empty(&weft__self->timers));
    expect(weft_sleep(WEFT_SEC(1000)) == 0);
    expect(weft_now() == now_ns + WEFT_SEC(1000));
    expect(others_ran == 0);
    work();
    expect(check_now(CHECK_RUNNING));
    return 7;
}

static int a_child_has_only_the_thread_that_forked(const void *argument)
{
    (void)argument;
    start_others();
    expect(forked(be_alone, NULL) == 7);
    expect(check_now(CHECK_RUNNING));
    end_others();
    return 0;
}

static int use_channels(void *argument)
{
    int x = -1;

    (void)argument;
    expect(chan_trysend(others_recv, 5) == -EAGAIN);
    expect(chan_tryrecv(others_send, &x) == -EAGAIN);
    expect(chan_trysend(others_select[0], 5) == -EAGAIN);
    expect(chan_tryrecv(others_select[1], &x) == -EAGAIN);
    go(send_squares, others_send);
    for (int i = 0; i < THREADS; i++) {
        expect(chan_recv(others_send, &x) == 0);
        expect(x == i * i);
    }
    expect(chan_recv(others_send, &x) == -EPIPE);
    chan_free(others_recv);
    chan_free(others_send);
    chan_free(others_select[0]);
    chan_free(others_select[1]);
    return 7;
}

static int channels_are_usable_in_the_child_and_nobody_waits_in_them(const void *argument)
{
    (void)argument;
    start_others();
    expect(forked(use_channels, NULL) == 7);
    end_others();
    return 0;
}

static int sleep_past_the_deadline(void *argument)
{
    (void)argument;
    return weft_sleep(100) == -ETIMEDOUT && weft_now() == 10 ? 7 : 1;
}

static int a_deadline_of_the_caller_holds_in_the_child(const void *argument)
{
    (void)argument;
    expect(weft_within(10, forked(sleep_past_the_deadline, NULL)) == 7);
    expect(weft_now() == 0);
    return 0;
}

static int stacks_for_as_many(void *argument)
{
    uint32_t before = faults_counts[FAULT_MMAP];

    (void)argument;
    for (int i = 0; i < 3 * OTHERS_EACH; i++)
        go(park);
    weft_sleep(1);
    return faults_counts[FAULT_MMAP] == before ? 7 : 1;
}

static int stacks_of_those_left_behind_are_used_again(const void *argument)
{
    (void)argument;
    faults_install();
    start_others();
    expect(forked(stacks_for_as_many, NULL) == 7);
    return 0;
}

static int join_ended(void *task_to_join)
{
    task(int) t = task_to_join;
    int x = 0;

    return task_join(t, &x) == 0 && x == 1 ? 7 : 1;
}

static int what_had_ended_before_can_be_joined_in_the_child(const void *argument)
{
    task(int) t = spawn(nothing, 1);

    (void)argument;
    weft_sleep(1);
    expect(forked(join_ended, t) == 7);
    expect(task_join(t) == 0);
    return 0;
}

#ifndef WEFT__TSAN
static int many_forks_under_load_disturb_nothing(const void *argument)
{
    (void)argument;
    start_others();
    for (int i = 0; i < forks(); i++)
        expect(forked(be_alone, NULL) == 7);
    end_others();
    return 0;
}
#endif

/* The allocators of sanitizers keep no lock out of a fork: their child waits for ever. */
#ifndef WEFT__SANITIZED
static void *fork_beside_others(void *argument)
{
    for (int i = 0; i < forks() / OS_THREADS; i++) {
        task(int) t = spawn(square, i);

        go(park);
        weft_yield();
        expect(forked(work_in_child, NULL) == 7);
        expect(task_join(t) == 0);
        work();
    }
    return argument;
}

/* Each in the middle of what another does: of its allocations, and of making and ending workers. */
static int os_threads_that_fork_at_once_disturb_nobody(const void *argument)
{
    pthread_t threads[OS_THREADS];

    (void)argument;
    for (int i = 0; i < OS_THREADS; i++)
        expect(pthread_create(&threads[i], NULL, fork_beside_others, NULL) == 0);
    for (int i = 0; i < OS_THREADS; i++)
        on_os_thread(leave_a_mess, NULL);
    for (int i = 0; i < OS_THREADS; i++)
        expect(pthread_join(threads[i], NULL) == 0);
    work();
    return 0;
}
#endif

static void *fork_with_others(void *argument)
{
    start_others();
    expect(forked(be_alone, NULL) == 7);
    end_others();
    return argument;
}

static int any_os_thread_may_fork(const void *argument)
{
    (void)argument;
    go(park);
    weft_sleep(1);
    on_os_thread(fork_with_others, NULL);
    expect(forked(work_in_child, NULL) == 7);
    return 0;
}

static void *no_stack(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    if (!(flags & MAP_STACK))
        return mmap(at, size, protection, flags, fd, offset);
    errno = ENOMEM;
    return MAP_FAILED;
}

static int be_alone_with_stacks(void *argument)
{
    weft__calls.mmap = mmap;
    return be_alone(argument);
}

static int those_who_waited_for_a_stack_are_left_behind_too(const void *argument)
{
    (void)argument;
    weft__calls.mmap = no_stack;
    for (int i = 0; i < 10; i++)
        go(run_other);
    weft_yield();
    expect(weft__self->starving == 10);
    expect(forked(be_alone_with_stacks, NULL) == 7);
    weft__calls.mmap = mmap;
    weft_sleep(1);
    expect(others_ran == 10);
    return 0;
}

/* ---- fork and generators ---- */

static int next_is(void *g)
{
    int x = -1;

    for (int i = 0; i < 3; i++) {
        if (gen_next((gen(int))g, &x) != 0)
            return 200;
    }
    expect(gen_close((gen(int))g) == 0);
    return x;
}

static int a_suspended_generator_goes_on_in_parent_and_child(const void *argument)
{
    gen(int) g = gen_new(int, count_up);
    int x = -1;

    (void)argument;
    expect(forked(next_is, g) == 2); /* not started yet */
    expect(gen_next(g, &x) == 0 && x == 0);
    expect(forked(next_is, g) == 3);
    expect(gen_next(g, &x) == 0 && x == 1);
    expect(forked(next_is, g) == 4);
    expect(next_is(g) == 4);
    return 0;
}

static int close_it(void *g)
{
    expect(gen_close((gen(int))g) == 0);
    expect(check_threads() == 0);
    expect(check_now(CHECK_RUNNING));
    return 7;
}

static int a_suspended_generator_can_be_closed_in_the_child(const void *argument)
{
    gen(int) g = gen_new(int, count_up);

    (void)argument;
    expect(forked(close_it, g) == 7);
    expect(gen_next(g, NULL) == 0);
    expect(forked(close_it, g) == 7);
    expect(gen_next(g, NULL) == 0);
    return 0;
}

static void sleep_and_yield(gen(int) self, int64_t ns)
{
    weft_sleep(ns);
    gen_yield(self, 1);
}

static int is_at_its_end(void *g)
{
    int x;

    expect(gen_next((gen(int))g, &x) == -EPIPE);
    expect(gen_next((gen(int))g, &x) == -EPIPE);
    return close_it(g);
}

/* Its body was parked, not suspended: a thread like any other. */
static int a_generator_whose_body_was_parked_has_ended_in_the_child(const void *argument)
{
    gen(int) g = gen_new(int, sleep_and_yield, WEFT_SEC(5));
    int x = -1;

    (void)argument;
    expect(weft_within(WEFT_SEC(1), gen_next(g, &x)) == -ETIMEDOUT);
    expect(forked(is_at_its_end, g) == 7);
    expect(gen_next(g, &x) == 0 && x == 1);
    return 0;
}

/* The body has a value that nobody came for. */
static int take_or_end(void *g)
{
    int x = -1;
    int result = gen_next((gen(int))g, &x);

    expect((result == 0 && x == 1) || result == -EPIPE);
    return close_it(g);
}

static int a_generator_with_a_value_to_offer_does_not_hang_the_child(const void *argument)
{
    gen(int) g = gen_new(int, sleep_and_yield, WEFT_SEC(5));
    int x = -1;

    (void)argument;
    expect(weft_within(WEFT_SEC(1), gen_next(g, &x)) == -ETIMEDOUT);
    weft_sleep(WEFT_SEC(10));
    expect(forked(take_or_end, g) == 7);
    expect(gen_next(g, &x) == 0 && x == 1);
    return 0;
}

/* Once closed, it waits for something else. */
static void end_slowly(gen(int) self, chan(int) c)
{
    gen_yield(self, 0);
    chan_recv(c, NULL);
}

static void close_another(gen(int) self, gen(int) other)
{
    gen_yield(self, 0);
    gen_close(other);
    gen_yield(self, 1);
}

/* The body of one generator waits in the gen_close of another, whose body is parked: neither is
 * suspended. It used to be taken for suspended when the child came to it first: records are visited
 * in the order of their slots. */
static void fork_while_one_closes_another(bool closer_is_first)
{
    task(int) t = spawn(nothing, 1);
    chan(int) c = chan_new(int);
    gen(int) other = gen_new(int, end_slowly, c), g;
    int x = -1;

    if (closer_is_first)
        task_join(t); /* whose slot is free then */
    g = gen_new(int, close_another, other);
    if (!closer_is_first)
        task_join(t);
    expect(gen_next(other, NULL) == 0);
    expect(gen_next(g, NULL) == 0);
    expect(weft_within(1, gen_next(g, NULL)) == -ETIMEDOUT);
    expect(forked(is_at_its_end, g) == 7);
    expect(chan_send(c, 0) == 0);
    expect(gen_next(g, &x) == 0 && x == 1);
    expect(gen_close(g) == 0);
    chan_free(c);
}

static int a_generator_that_was_closing_another_has_ended_in_the_child(const void *argument)
{
    (void)argument;
    fork_while_one_closes_another(true); /* first, while slots are handed out in order */
    fork_while_one_closes_another(false);
    return 0;
}

/* ---- fork by a green thread ---- */

static int status_of_child;

static void fork_and_return(void)
{
    pid_t pid = fork();
    int how;

    expect(pid >= 0);
    if (pid == 0) {
        alarm(20);
        expect(weft__self->root.thread == NULL);
        work();
        return;
    }
    expect(waitpid(pid, &how, 0) == pid);
    status_of_child = WIFSIGNALED(how) ? 256 + WTERMSIG(how) : WEXITSTATUS(how);
}

/* Main is parked, too, and does not come back in the child. */
static int the_child_of_a_detached_thread_ends_with_it(const void *argument)
{
    (void)argument;
    status_of_child = -1;
    go(fork_and_return);
    weft_sleep(1);
    expect(status_of_child == 0);
    return 0;
}

static int the_child_of_a_joinable_thread_ends_with_it(const void *argument)
{
    task(void) t = spawn(fork_and_return);

    (void)argument;
    status_of_child = -1;
    expect(task_join(t) == 0);
    expect(status_of_child == 0);
    return 0;
}

#ifndef WEFT__TSAN
static int the_child_of_a_thread_ends_with_it_beside_a_suspended_generator(const void *argument)
{
    gen(int) g = gen_new(int, count_up);

    (void)argument;
    expect(gen_next(g, NULL) == 0);
    status_of_child = -1;
    go(fork_and_return);
    weft_sleep(1);
    expect(status_of_child == 0);
    return 0;
}
#endif

static pid_t parent;

/* Main's wait ended with -EDEADLK in the child, where there is no main. */
static int main_does_not_come_back_in_the_child(const void *argument)
{
    chan(int) c = chan_new(int);

    (void)argument;
    parent = getpid();
    weft_deadlock_returns(1);
    status_of_child = -1;
    go(fork_and_return);
    expect(chan_recv(c, NULL) == -EDEADLK);
    expect(getpid() == parent);
    expect(status_of_child == 0);
    return 0;
}

static void fork_and_work(void)
{
    status_of_child = forked(work_in_child, NULL);
}

static int a_green_thread_s_child_may_do_everything(const void *argument)
{
    (void)argument;
    status_of_child = -1;
    start_others();
    go(fork_and_work);
    end_others();
    expect(status_of_child == 7);
    return 0;
}

static void fork_in_body(gen(int) self)
{
    fork_and_return();
    gen_yield(self, status_of_child);
}

static int the_child_of_a_generator_s_body_has_no_consumer(const void *argument)
{
    gen(int) g = gen_new(int, fork_in_body);
    int x = -1;

    (void)argument;
    expect(gen_next(g, &x) == 0);
    expect(x == 2); /* nobody will ask for the value: a deadlock */
    return 0;
}

/* The body is asleep when it is closed, forks on its way out, and returns in the child: to a closer
 * that was left behind, and whose stack is gone. It used to be gone back to. */
static void fork_when_closed(gen(int) self)
{
    pid_t pid;
    int how;

    gen_yield(self, 1);
    weft_sleep(WEFT_SEC(10));
    pid = fork();
    expect(pid >= 0);
    if (pid == 0) {
        alarm(20);
        return;
    }
    expect(waitpid(pid, &how, 0) == pid);
    status_of_child = WIFSIGNALED(how) ? 256 + WTERMSIG(how) : WEXITSTATUS(how);
}

static gen(int) asked_again(void)
{
    gen(int) g = gen_new(int, fork_when_closed);

    expect(gen_next(g, NULL) == 0);
    expect(weft_within(1, gen_next(g, NULL)) == -ETIMEDOUT);
    return g;
}

static void only_close(gen(int) g)
{
    gen_close(g);
}

static int a_body_that_forks_while_it_is_closed_has_no_closer_in_the_child(const void *argument)
{
    task(void) closer;

    (void)argument;
    status_of_child = -1;
    gen_close(asked_again());
    expect(status_of_child == 0);
    status_of_child = -1;
    closer = spawn(only_close, asked_again());
    expect(task_join(closer) == 0);
    expect(status_of_child == 0);
    return 0;
}

static void sleep_before_the_second(gen(int) self)
{
    gen_yield(self, 1);
    weft_sleep(10);
    gen_yield(self, 2);
}

static int take_the_offer(void *g)
{
    int x = 0;

    return gen_next((gen(int))g, &x) == 0 && x == 2 ? 7 : 1;
}

static int an_offered_value_is_there_in_parent_and_child(const void *argument)
{
    gen(int) g = gen_new(int, sleep_before_the_second);
    int x = 0;

    (void)argument;
    expect(gen_next(g, NULL) == 0);
    expect(weft_within(1, gen_next(g, NULL)) == -ETIMEDOUT);
    weft_sleep(100);
    expect(forked(take_the_offer, g) == 7);
    expect(gen_next(g, &x) == 0 && x == 2);
    gen_close(g);
    return 0;
}

#ifndef WEFT__TSAN
/* It used to be taken for a deadlock of the body's. */
static int the_child_of_a_thread_ends_with_it_beside_an_offered_value(const void *argument)
{
    gen(int) g = gen_new(int, sleep_before_the_second);

    (void)argument;
    expect(gen_next(g, NULL) == 0);
    expect(weft_within(1, gen_next(g, NULL)) == -ETIMEDOUT);
    weft_sleep(100);
    status_of_child = -1;
    expect(task_join(spawn(fork_and_return)) == 0);
    expect(status_of_child == 0);
    gen_close(g);
    return 0;
}
#endif

int main(void)
{
#define TEST_IN_CHILD(test)                             \
    {                                                   \
#test, run_in_child, NULL, NULL, &(struct body) \
        {                                               \
            test                                        \
        }                                               \
    }
    const struct CMUnitTest tests[] = {
        TEST_IN_CHILD(each_os_thread_has_a_worker_of_its_own),
        TEST_IN_CHILD(everything_is_given_back_when_an_os_thread_ends),
        TEST_IN_CHILD(a_handle_from_an_ended_os_thread_is_recognised),
        TEST_IN_CHILD(destructors_of_an_os_thread_may_still_call_weft),
        TEST_IN_CHILD(a_worker_ended_by_hand_is_not_ended_again_with_its_os_thread),
#ifndef WEFT__SANITIZED
        TEST_IN_CHILD(a_green_thread_may_end_its_os_thread),
        TEST_IN_CHILD(a_cancelled_os_thread_ends_with_its_green_threads),
#endif
        TEST_IN_CHILD(without_a_key_for_its_end_there_is_no_worker),
        cmocka_unit_test(what_belongs_to_another_worker_may_not_be_used),
        TEST_IN_CHILD(a_fork_before_the_first_call_gives_two_that_know_nothing),
        TEST_IN_CHILD(a_child_has_only_the_thread_that_forked),
        TEST_IN_CHILD(channels_are_usable_in_the_child_and_nobody_waits_in_them),
        TEST_IN_CHILD(a_deadline_of_the_caller_holds_in_the_child),
        TEST_IN_CHILD(stacks_of_those_left_behind_are_used_again),
        TEST_IN_CHILD(what_had_ended_before_can_be_joined_in_the_child),
#ifndef WEFT__SANITIZED
        TEST_IN_CHILD(os_threads_that_fork_at_once_disturb_nobody),
#endif
        TEST_IN_CHILD(any_os_thread_may_fork),
        TEST_IN_CHILD(those_who_waited_for_a_stack_are_left_behind_too),
        TEST_IN_CHILD(a_suspended_generator_goes_on_in_parent_and_child),
        TEST_IN_CHILD(a_suspended_generator_can_be_closed_in_the_child),
        TEST_IN_CHILD(a_generator_whose_body_was_parked_has_ended_in_the_child),
        TEST_IN_CHILD(a_generator_with_a_value_to_offer_does_not_hang_the_child),
        TEST_IN_CHILD(a_generator_that_was_closing_another_has_ended_in_the_child),
        TEST_IN_CHILD(the_child_of_a_detached_thread_ends_with_it),
        TEST_IN_CHILD(the_child_of_a_joinable_thread_ends_with_it),
        TEST_IN_CHILD(a_body_that_forks_while_it_is_closed_has_no_closer_in_the_child),
        TEST_IN_CHILD(an_offered_value_is_there_in_parent_and_child),
        TEST_IN_CHILD(main_does_not_come_back_in_the_child),
        TEST_IN_CHILD(a_green_thread_s_child_may_do_everything),
        TEST_IN_CHILD(the_child_of_a_generator_s_body_has_no_consumer),
#ifndef WEFT__TSAN /* see above */
        TEST_IN_CHILD(parent_and_child_both_go_on),
        TEST_IN_CHILD(a_child_may_fork_again),
        TEST_IN_CHILD(many_forks_under_load_disturb_nothing),
        TEST_IN_CHILD(the_child_of_a_thread_ends_with_it_beside_a_suspended_generator),
        TEST_IN_CHILD(the_child_of_a_thread_ends_with_it_beside_an_offered_value),
#endif
    };

    setenv("WEFT_CLOCK", "virtual", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
