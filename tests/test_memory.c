/* SPDX-License-Identifier: MIT */
/* No memory: in every scenario below, each call that the library makes through its table fails,
 * once and then for good. The program goes on with the codes that are promised, threads already
 * running notice nothing, and as soon as calls succeed again, so does everything. And memory that
 * is not needed any more is given back. */
#include "check.h"
#include "child.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>

#include "expect.h"
#include "faults.h"
#include "runtime/worker.h"

/* Run twice by each worker of a child process: with calls that fail, and then without. */
struct scenario {
    void (*prepare)(void); /* without faults; or NULL */
    void (*run)(void);
    void (*finish)(void); /* without faults: completes what was held up, and frees; or NULL */
};

static bool may_fail; /* while calls do */

/* Each result is the good one, or the code promised for a lack of memory. */
#define expect_or(result, good, code)                         \
    do {                                                      \
        int got = (result);                                   \
        expect(got == (good) || (may_fail && got == (code))); \
    } while (0)

/* ---- the hammer ---- */

static struct weft_threads hog;

/* Ends the worker, and takes its slab of records away, so that the next worker asks for one. */
static void end_worker(void)
{
    if (weft__self)
        weft__worker_end(weft__self);
    faults_fail(1 << FAULT_MALLOC, 1, UINT32_MAX);
    while (weft__thread_new(&hog))
        ;
    faults_stop();
    expect(faults_blocks() == (int64_t)(hog.live / WEFT__THREAD_SLAB));
}

static void run_once(const struct scenario *s, uint32_t first, uint32_t last)
{
    if (s->prepare)
        s->prepare();
    may_fail = first != 0;
    if (may_fail)
        faults_fail(FAULTS_ALL, first, last);
    s->run();
    faults_stop();
    may_fail = false;
    if (weft__self)
        expect(check_now(CHECK_RUNNING));
    if (s->finish)
        s->finish();
    if (weft__self)
        expect(check_now(CHECK_RUNNING));
}

/* Lets the n-th call fail, n = 1, 2, 3 ..., until there are not so many. */
static int hammer(const void *scenario)
{
    for (int for_good = 0; for_good <= 1; for_good++) {
        uint32_t n = 0;
        bool has_failed;

        do {
            n++;
            run_once(scenario, n, for_good ? UINT32_MAX : n);
            has_failed = faults->has_failed;
            run_once(scenario, 0, 0);
            expect(check_threads() == 0);
            expect(check_stacks() == 0);
            end_worker();
        } while (has_failed);
        expect(n > 1);
    }
    return 0;
}

static void survive_all(int (*hammers)(const void *), const void *argument)
{
    struct child child = child_run(hammers, argument);

    if (child.late || child.signal != 0 || child.status != 0)
        fail_msg("%s, signal %d, status %d, with call %" PRIu32 " (%s) failing%s: %s",
                 child.late ? "late" : "ended", child.signal, child.status, faults->first,
                 fault_names[faults->last_failed], faults->last > faults->first ? " for good" : "",
                 child.said);
}

static void survive(const struct scenario *s)
{
    survive_all(hammer, s);
}

static int fresh(void **state)
{
    (void)state;
    faults_install();
    faults->has_fake_time = true; /* where the virtual clock's name cannot be read */
    faults->fake_ns = WEFT_SEC(1);
    weft__threads_init(&hog, NULL);
    setenv("WEFT_CLOCK", "virtual", 1);
    return 0;
}

/* ---- what scenarios share ---- */

enum { TASKS_MAX = 2000 };

static task(int) owed[TASKS_MAX]; /* spawned, and to be joined */
static int owed_results[TASKS_MAX];
static int owed_count;
static int started, ended; /* detached threads */

static void owe(task(int) t, int result)
{
    expect(t || may_fail);
    if (!t)
        return;
    owed[owed_count] = t;
    owed_results[owed_count++] = result;
}

/* While there is no stack, nobody may come to main's aid. */
static void join_owed(void)
{
    int kept = 0;

    weft_deadlock_returns(1);
    for (int i = 0; i < owed_count; i++) {
        int result = -1, code = task_join(owed[i], &result);

        expect(code == 0 || (may_fail && code == -EDEADLK));
        if (code == 0) {
            expect(result == owed_results[i]);
        } else {
            owed[kept] = owed[i];
            owed_results[kept++] = owed_results[i];
        }
    }
    owed_count = kept;
}

static void start(int code)
{
    expect(code == 0 || (may_fail && code == -ENOMEM));
    started += code == 0;
}

static void count_end(void)
{
    ended++;
}

static void finish_all(void)
{
    join_owed();
    weft_sleep(WEFT_SEC(1));
    expect(ended == started);
}

static int twice(int i)
{
    return 2 * i;
}

static int sum_of_nine(int a, int b, int c, int d, int e, int f, int g, int h, int i)
{
    return a + b + c + d + e + f + g + h + i;
}

/* ---- the first call of an OS thread ---- */

static void first_spawn(void)
{
    owe(spawn(twice, 4), 8);
    join_owed();
}

static void first_go(void)
{
    start(go(count_end));
}

static void first_chan_new(void)
{
    chan(int) c = chan_new(int);

    expect(c || may_fail);
    chan_free(c);
}

static void count_up(gen(int) self, int from)
{
    for (int i = from; gen_yield(self, i) == 0; i++)
        ;
}

static void first_gen_new(void)
{
    gen(int) g = gen_new(int, count_up, 1);

    expect(g || may_fail);
    if (g)
        expect(gen_close(g) == 0);
}

static void first_sleep(void)
{
    expect_or(weft_sleep(WEFT_SEC(1)), 0, -ENOMEM);
}

static void first_reserve(void)
{
    expect_or(weft_reserve(1), 0, -ENOMEM);
}

static void first_select(void)
{
    expect_or(chan_select(chan_case_timeout(5)), 0, -ENOMEM);
}

static void first_now_and_yield(void)
{
    expect(weft_now() >= 0);
    weft_yield();
    weft_deadlock_returns(0);
}

/* Without memory for the deadline, there may be some for the sleep. */
static void first_within(void)
{
    int result = weft_within(5, weft_sleep(9));

    expect(result == -ETIMEDOUT || (may_fail && (result == -ENOMEM || result == 0)));
}

static void (*const first_calls[])(void) = {
    first_spawn,  first_go,      first_chan_new, first_gen_new,       first_sleep,
    first_select, first_reserve, first_within,   first_now_and_yield,
};

static int hammer_first_calls(const void *argument)
{
    (void)argument;
    for (size_t i = 0; i < sizeof first_calls / sizeof first_calls[0]; i++)
        hammer(&(struct scenario){.run = first_calls[i], .finish = finish_all});
    return 0;
}

static void the_first_call_fails_with_enomem_or_null(void **state)
{
    (void)state;
    survive_all(hammer_first_calls, NULL);
}

/* ---- spawning ---- */

static void spawn_some(void)
{
    const struct weft_spawn_opts named = {.size = sizeof named, .name = "named"};
    const struct weft_spawn_opts large = {.size = sizeof large, .stack_bytes = 200 * 1024};

    for (int i = 0; i < 5; i++) {
        owe(spawn(twice, i), 2 * i);
        owe(spawn_with(&named, twice, i), 2 * i);
        owe(spawn_with(&large, twice, i), 2 * i);
        owe(spawn(sum_of_nine, 1, 2, 3, 4, 5, 6, 7, 8, i), 36 + i);
    }
    join_owed();
}

static void a_spawn_gives_null_or_a_task_that_can_be_joined(void **state)
{
    (void)state;
    survive(&(struct scenario){.run = spawn_some, .finish = finish_all});
}

static void start_some(void)
{
    for (int i = 0; i < 200; i++)
        start(go(count_end));
    weft_sleep(1);
}

static void a_go_gives_enomem_or_a_thread_that_runs(void **state)
{
    (void)state;
    survive(&(struct scenario){.run = start_some, .finish = finish_all});
}

struct large {
    int values[40];
};

static void check_large(void *copy)
{
    const struct large *large = copy;

    for (int i = 0; i < 40; i++)
        expect(large->values[i] == i);
    ended++;
}

static void check_small(void *copy)
{
    expect(*(int *)copy == 12345);
    expect((uintptr_t)copy % 16 == 0);
    ended++;
}

static void start_copies(void)
{
    const int small = 12345;
    struct large large;

    for (int i = 0; i < 40; i++)
        large.values[i] = i;
    for (int i = 0; i < 10; i++) {
        start(weft_go_copy(check_large, &large, sizeof large));
        start(weft_go_copy(check_small, &small, sizeof small));
    }
    weft_sleep(1);
}

static void a_go_with_a_copy_gives_enomem_or_a_thread_with_the_copy(void **state)
{
    (void)state;
    survive(&(struct scenario){.run = start_copies, .finish = finish_all});
}

/* So many that records and the run queue grow several times; fewer where each spawn is a call of
 * its own, since TSan leaves its traces in the registers of arguments. */
#ifdef WEFT__TSAN
enum { SPAWNED_MANY = 100 };
#else
enum { SPAWNED_MANY = 1300 };
#endif

static void spawn_many(void)
{
    for (int i = 0; i < SPAWNED_MANY; i++)
        owe(spawn(twice, i), 2 * i);
    join_owed();
}

static void records_and_run_queue_that_cannot_grow_stop_nothing(void **state)
{
    (void)state;
    survive(&(struct scenario){.run = spawn_many, .finish = finish_all});
}

/* ---- stacks ---- */

static chan(int) gate;

static void make_gate(void)
{
    gate = chan_new(int);
}

static void free_gate(void)
{
    finish_all();
    chan_free(gate);
}

static void wait_at_gate(void)
{
    expect(chan_recv(gate, NULL) == -EPIPE);
    ended++;
}

/* Many have a stack at once, of several sizes; some wait for one, and get those of others. */
static void crowd(void)
{
    const struct weft_spawn_opts small = {.size = sizeof small, .stack_bytes = 16 * 1024};

    for (int i = 0; i < 75; i++) {
        start(go(wait_at_gate));
        start(go_with(&small, wait_at_gate));
    }
    weft_sleep(1);
    chan_close(gate);
    weft_sleep(1);
}

static void threads_without_a_stack_wait_and_run_later(void **state)
{
    (void)state;
    survive(&(struct scenario){make_gate, crowd, free_gate});
}

static void reserve_some(void)
{
    expect_or(weft_reserve(100), 0, -ENOMEM);
    expect_or(weft_reserve(100), 0, -ENOMEM);
}

static void a_reserve_gives_enomem_and_keeps_what_it_got(void **state)
{
    (void)state;
    survive(&(struct scenario){.run = reserve_some, .finish = finish_all});
}

/* ---- channels and generators ---- */

enum { VALUES = 50 };

static int sent, received;

static int send_values(chan_tx(int) c)
{
    for (int i = 0; i < VALUES; i++)
        if (chan_send(c, i) == 0)
            sent++;
    return 0;
}

static int receive_values(chan_rx(int) c)
{
    chan_each(x, c) {
        expect(x == received % VALUES);
        received++;
    }
    return 0;
}

/* Both threads are there, or main closes the channel on the one that is. */
static void pass_values(void)
{
    chan(int) c = chan_new(int);
    task(int) sender, receiver;

    expect(c || may_fail);
    if (!c)
        return;
    gate = c;
    sender = spawn(send_values, c);
    receiver = spawn(receive_values, c);
    owe(sender, 0);
    owe(receiver, 0);
    if (!sender || !receiver)
        chan_close(c);
    weft_sleep(1);
}

static void finish_values(void)
{
    weft_sleep(1); /* who had no stack runs now */
    if (gate)
        chan_close(gate);
    finish_all();
    expect(sent == received);
    chan_free(gate);
    gate = NULL;
}

static void a_channel_loses_no_value(void **state)
{
    (void)state;
    gate = NULL;
    survive(&(struct scenario){.run = pass_values, .finish = finish_values});
}

static void ask_generators(void)
{
    weft_deadlock_returns(1);
    for (int k = 0; k < 3; k++) {
        gen(int) g = gen_new(int, count_up, 10);
        int x = -1, asked = 0;

        expect(g || may_fail);
        if (!g)
            continue;
        weft_deadlock_returns(1);
        for (int i = 0; i < 5; i++) {
            int code = gen_next(g, &x);

            expect(code == 0 || (may_fail && code == -EDEADLK));
            if (code == 0)
                expect(x == 10 + asked++);
        }
        expect(gen_close(g) == 0);
    }
}

static void a_generator_gives_its_values_in_order_or_edeadlk(void **state)
{
    (void)state;
    survive(&(struct scenario){.run = ask_generators, .finish = finish_all});
}

/* ---- threads that run already ---- */

static chan(int) there, back;

static void answer_all(void)
{
    chan_each(x, there)
        expect(chan_send(back, x + 1) == 0);
    ended++;
}

static void start_answering(void)
{
    there = chan_new(int);
    back = chan_new(int);
    start(go(answer_all));
    weft_sleep(1);
}

static void ask_while_failing(void)
{
    for (int i = 0; i < 100; i++) {
        int x = -1;

        expect(chan_send(there, i) == 0);
        if (i % 10 == 0) {
            chan(int) c = chan_new(int);

            expect(c || may_fail);
            chan_free(c);
            start(go(wait_at_gate));
            owe(spawn(sum_of_nine, 1, 2, 3, 4, 5, 6, 7, 8, i), 36 + i);
            reserve_some();
        }
        expect(weft_sleep(WEFT_MS(1)) == 0);
        expect(chan_recv(back, &x) == 0);
        expect(x == i + 1);
    }
}

static void stop_answering(void)
{
    chan_close(there);
    weft_sleep(1);
    chan_close(gate);
    finish_all();
    chan_free(there);
    chan_free(back);
    chan_free(gate);
}

static void start_answering_and_make_gate(void)
{
    make_gate();
    start_answering();
}

static void threads_that_run_already_notice_nothing(void **state)
{
    (void)state;
    survive(&(struct scenario){start_answering_and_make_gate, ask_while_failing, stop_answering});
}

/* ---- giving back ---- */

static void sleep_and_end(void)
{
    weft_sleep(WEFT_MS(1));
    ended++;
}

static void use_real_clock(void)
{
    unsetenv("WEFT_CLOCK"); /* only a real wait gives memory back */
}

static void use_many_stacks_and_idle(void)
{
    for (int i = 0; i < 200; i++)
        start(go(sleep_and_end));
    expect_or(weft_sleep(WEFT_SEC(2)), 0, -ENOMEM);
    expect_or(weft_sleep(WEFT_SEC(2)), 0, -ENOMEM);
}

static void giving_memory_back_cannot_fail(void **state)
{
    (void)state;
    survive(&(struct scenario){use_real_clock, use_many_stacks_and_idle, finish_all});
}

static void sleep_for_ever(void)
{
    weft_sleep(WEFT_FOREVER);
}

static void *live_on_os_thread(void *argument)
{
    spawn_some();
    for (int i = 0; i < 10; i++)
        if (go(sleep_for_ever) != 0)
            expect(may_fail);
    may_fail = true; /* waits that are ended with it */
    join_owed();
    owed_count = 0;
    return argument;
}

static void live_and_end_on_os_thread(void)
{
    pthread_t thread;
    bool before = may_fail;

    expect(pthread_create(&thread, NULL, live_on_os_thread, NULL) == 0);
    expect(pthread_join(thread, NULL) == 0);
    may_fail = before;
}

static void the_end_of_an_os_thread_cannot_fail(void **state)
{
    (void)state;
    survive(&(struct scenario){.run = live_and_end_on_os_thread, .finish = finish_all});
}

/* ---- fork ---- */

/* TSan loses its view of green threads in a fork. */
#ifndef WEFT__TSAN

static void park_some(void)
{
    make_gate();
    for (int i = 0; i < 10; i++)
        start(go(wait_at_gate));
    weft_sleep(1);
}

/* In the child the others' stacks are dropped under failing calls. */
static void fork_and_work(void)
{
    int how;
    pid_t pid = fork();

    expect(pid >= 0);
    if (pid == 0) {
        started = ended = 0;
        spawn_some();
        faults_stop();
        may_fail = false;
        finish_all();
        expect(check_threads() == 0);
        expect(check_now(CHECK_RUNNING));
        _exit(0);
    }
    expect(waitpid(pid, &how, 0) == pid);
    expect(how == 0);
}

static void open_gate(void)
{
    chan_close(gate);
    free_gate();
}

static void a_fork_cannot_fail(void **state)
{
    (void)state;
    survive(&(struct scenario){park_some, fork_and_work, open_gate});
}

#endif

/* ---- the limit of mappings ---- */

enum { MAPPINGS_MAX = 300, CROWD = 2000 };

static int mappings_left = MAPPINGS_MAX;

static int no_marker(void *at, size_t size, int advice)
{
    if (advice == WEFT__MADV_GUARD_INSTALL) {
        errno = EINVAL;
        return -1;
    }
    return madvise(at, size, advice);
}

static ssize_t no_batch(const struct iovec *ranges, size_t n, int advice)
{
    if (advice == WEFT__MADV_GUARD_INSTALL) {
        errno = EINVAL;
        return -1;
    }
    return faults_real.process_madvise(ranges, n, advice);
}

static int limited_mprotect(void *at, size_t size, int protection)
{
    if (mappings_left < 2) {
        errno = ENOMEM;
        return -1;
    }
    mappings_left -= 2;
    return mprotect(at, size, protection);
}

static int crowd_with_few_mappings(const void *argument)
{
    (void)argument;
    weft__calls.process_madvise = no_batch;
    weft__calls.madvise = no_marker;
    weft__calls.mprotect = limited_mprotect;
    for (int i = 0; i < CROWD; i++)
        start(go(sleep_and_end));
    expect(weft_reserve(CROWD) == -ENOMEM);
    for (int turns = 0; ended < CROWD; turns++) {
        expect(turns < CROWD);
        weft_sleep(WEFT_MS(1));
    }
    expect(weft__self->stacks.guard.way == WEFT__GUARD_MPROTECT);
    expect(check_now(CHECK_RUNNING));
    return 0;
}

static void at_the_limit_of_mappings_threads_run_in_turns(void **state)
{
    struct child child = child_run(crowd_with_few_mappings, NULL);

    (void)state;
    if (child.status != 0)
        fail_msg("signal %d, status %d: %s", child.signal, child.status, child.said);
}

/* ---- errno ---- */

static int begun_with_errno;

static void look_at_errno(void)
{
    begun_with_errno += errno != 0;
    errno = EDOM;
    ended++;
}

static ssize_t refuse_batch(const struct iovec *ranges, size_t n, int advice)
{
    (void)ranges;
    (void)n;
    (void)advice;
    errno = ENOSYS;
    return -1;
}

/* After a burst, the ends of threads give memory back, by calls that fail at first as on an older
 * kernel. The next thread begins on the stack of the one that met that. */
static int begin_while_memory_is_given_back(const void *argument)
{
    (void)argument;
    weft__calls.process_madvise = refuse_batch;
    for (int i = 0; i < CROWD; i++)
        start(go(sleep_and_end));
    weft_sleep(WEFT_SEC(1));
    for (int round = 0; round < 40; round++) {
        for (int i = 0; i < 1000; i++)
            start(go(look_at_errno));
        weft_yield();
    }
    finish_all();
    expect(weft__ring_count(&weft__self->stacks.pools[WEFT__STACK_CLASS_DEFAULT].raw) > 0);
    expect(begun_with_errno == 0);
    return 0;
}

static void threads_begin_with_errno_0_whatever_the_library_met(void **state)
{
    struct child child = child_run(begin_while_memory_is_given_back, NULL);

    (void)state;
    if (child.status != 0)
        fail_msg("signal %d, status %d: %s", child.signal, child.status, child.said);
}

/* ---- twenty thousand threads ---- */

enum { MANY = 20000, SLAB_STACKS = 1024 };

static size_t resident(void)
{
    FILE *statm = fopen("/proc/self/statm", "r");
    size_t all, pages = 0;

    expect(statm && fscanf(statm, "%zu %zu", &all, &pages) == 2);
    fclose(statm);
    return pages;
}

static void sleep_a_minute(void)
{
    weft_sleep(WEFT_SEC(60));
    ended++;
}

static int end_many_and_idle(const void *argument)
{
    size_t before, full, at_end, after;

    (void)argument;
    use_real_clock();
    before = resident();
    for (int i = 0; i < MANY; i++)
        start(go(sleep_a_minute));
    weft_sleep(WEFT_SEC(1));
    full = resident();
    weft_sleep(WEFT_SEC(59) + WEFT_MS(1));
    expect(ended == MANY);
    at_end = resident();
    weft_sleep(WEFT_SEC(1)); /* nothing else to do: now is the time */
    after = resident();
    expect(full >= before + MANY);
#ifndef WEFT__SANITIZED
    /* A page each, and the record; a switch by ucontext may leave more than a page. */
    expect(full <= before + (2 + sizeof(ucontext_t) / 4096) * MANY);
#endif
    expect(at_end >= MANY); /* perhaps they are needed again at once */
    expect(after + MANY * 98 / 100 <= full);
    weft_sleep(WEFT_SEC(1));
    return 0;
}

static void memory_of_many_ended_threads_is_given_back_in_a_long_wait(void **state)
{
    struct child child = child_run(end_many_and_idle, NULL);

    (void)state;
    if (child.status != 0)
        fail_msg("signal %d, status %d: %s", child.signal, child.status, child.said);
}

/* TSan has mappings of its own for each. */
#ifndef WEFT__TSAN

static size_t mappings(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    size_t lines = 0;

    expect(maps);
    for (int c; (c = fgetc(maps)) != EOF;)
        lines += c == '\n';
    fclose(maps);
    return lines;
}

static int park_many(const void *argument)
{
    size_t before = mappings(), after;

    (void)argument;
    for (int i = 0; i < MANY; i++)
        start(go(sleep_a_minute));
    weft_sleep(WEFT_SEC(1));
    after = mappings();
    if (weft__self->stacks.guard.way == WEFT__GUARD_MPROTECT)
        return 0;
    return after - before < 20 * (MANY / SLAB_STACKS + 1) ? 0 : 1;
}

static void many_guarded_stacks_lie_in_few_mappings(void **state)
{
    (void)state;
    assert_int_equal(child_run(park_many, NULL).status, 0);
}

#endif

/* ---- a million threads that have not run ---- */

/* Without optimisation the call itself goes by a register for arguments, which then counts as one. */
#if !defined WEFT__SANITIZED && defined __OPTIMIZE__

static void take_two(long a, long b)
{
    (void)(a + b);
}
WEFT_FN(take_two, long, long);

/* The side of a record may not be touched, nor an outgrown run queue stay. */
static int spawn_a_million(const void *argument)
{
    const size_t before = resident(), million = 1000 * 1000;

    (void)argument;
    for (size_t i = 0; i < million; i++)
        if (go(take_two, (long)i, 1L) != 0)
            return 1;
    return (resident() - before) * (size_t)sysconf(_SC_PAGESIZE) <= 128 * million ? 0 : 2;
}

static void a_million_unstarted_threads_take_at_most_128_bytes_each(void **state)
{
    (void)state;
    assert_int_equal(child_run(spawn_a_million, NULL).status, 0);
}

#endif

/* ---- */

static int tell_sites(void **state)
{
    (void)state;
    print_message("%" PRIu32 " call sites of the table, each failed in turn\n",
                  faults->sites_count);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(test) cmocka_unit_test_setup(test, fresh)
        TEST(the_first_call_fails_with_enomem_or_null),
        TEST(a_spawn_gives_null_or_a_task_that_can_be_joined),
        TEST(a_go_gives_enomem_or_a_thread_that_runs),
        TEST(a_go_with_a_copy_gives_enomem_or_a_thread_with_the_copy),
        TEST(records_and_run_queue_that_cannot_grow_stop_nothing),
        TEST(threads_without_a_stack_wait_and_run_later),
        TEST(a_reserve_gives_enomem_and_keeps_what_it_got),
        TEST(a_channel_loses_no_value),
        TEST(a_generator_gives_its_values_in_order_or_edeadlk),
        TEST(threads_that_run_already_notice_nothing),
        TEST(giving_memory_back_cannot_fail),
        TEST(the_end_of_an_os_thread_cannot_fail),
#ifndef WEFT__TSAN
        TEST(a_fork_cannot_fail),
#endif
        TEST(at_the_limit_of_mappings_threads_run_in_turns),
        TEST(threads_begin_with_errno_0_whatever_the_library_met),
        TEST(memory_of_many_ended_threads_is_given_back_in_a_long_wait),
#ifndef WEFT__TSAN
        TEST(many_guarded_stacks_lie_in_few_mappings),
#endif
#if !defined WEFT__SANITIZED && defined __OPTIMIZE__
        TEST(a_million_unstarted_threads_take_at_most_128_bytes_each),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, tell_sites);
}
