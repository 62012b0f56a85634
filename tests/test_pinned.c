/* SPDX-License-Identifier: MIT */
/* What a compiler may keep in a register, or on the stack, across a call that parks, is right
 * afterwards: the addresses of errno and of thread-local variables, which would be another OS
 * thread's if green threads moved; errno itself; and where setjmp was. Built by torture.sh, with all
 * of the library, with every setting that changes code. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "plain.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <weft.h>

enum { OS_THREADS = 4, GREEN = 3, ROUNDS = 1000 };

struct os_thread {
    pthread_t thread;
    int number;
    int finished; /* green threads */
    long checks;
    const char *wrong; /* the first call after which something was */
};

static __thread struct os_thread *mine;

/* ---- the same before and after ---- */

struct here {
    const int *errno_at;
    struct os_thread *const *mine_at;
    struct os_thread *thread;
    long tid;
    int errno_value;
};

/* What a compiler cannot have kept. */
static __attribute__((noinline)) struct here here_afresh(void)
{
    struct here h = {.errno_at = &errno, .errno_value = errno};

    __asm__ volatile("" : : : "memory");
    h.mine_at = &mine;
    h.thread = mine;
    h.tid = syscall(SYS_gettid);
    return h;
}

static inline __attribute__((always_inline)) void here_check(const char *call,
                                                             const struct here *before)
{
    struct here now = here_afresh();

    mine->checks++;
    if (&errno != before->errno_at || now.errno_at != before->errno_at ||
        &mine != before->mine_at || now.mine_at != before->mine_at || mine != before->thread ||
        now.thread != before->thread || now.tid != before->tid ||
        now.errno_value != before->errno_value) {
        if (!mine->wrong)
            mine->wrong = call;
    }
}

#define HERE(value, call)                 \
    do {                                  \
        struct here before_;              \
                                          \
        errno = (value);                  \
        before_ = here_afresh();          \
        before_.errno_at = &errno;        \
        before_.mine_at = &mine;          \
        if ((call) != 0 && !mine->wrong)  \
            mine->wrong = #call " fails"; \
        here_check(#call, &before_);      \
    } while (0)

/* ---- every call that parks ---- */

struct meeting {
    chan(int) there, back;
    struct weft_mutex mutex;
    struct weft_condition changed;
    struct weft_semaphore permits;
    struct weft_waitgroup working;
    struct weft_completion made;
    struct weft_once once;
    bool is_locked;
};

static int done(int x)
{
    errno = EDOM;
    weft_yield();
    return x;
}

static int give_way(void)
{
    weft_yield();
    return 0;
}

static void take_and_give(struct meeting *m)
{
    int x = 0;

    for (int i = 0; i < 2; i++) {
        HERE(ERANGE, chan_recv(m->there, &x));
        HERE(EILSEQ, chan_send(m->back, x));
    }
}

static void echo(gen(int, int) self)
{
    int x = 0;

    while (gen_yield_recv(self, &x, x) == 0)
        HERE(ENOTTY, weft_sleep(1));
}

static void count(gen(int) self)
{
    for (int i = 0; gen_yield(self, i) == 0; i++)
        HERE(EBADF, give_way());
    HERE(EBUSY, weft_shield(weft_sleep(1)));
}

static void lock_and_signal(struct meeting *m)
{
    HERE(EDOM, weft_mutex_lock(&m->mutex));
    m->is_locked = true;
    HERE(EINTR, give_way());
    HERE(EIO, give_way());
    m->is_locked = false;
    weft_condition_signal(&m->changed);
    weft_mutex_unlock(&m->mutex);
}

static void release(struct meeting *m)
{
    weft_semaphore_release(&m->permits);
    weft_waitgroup_done(&m->working);
    HERE(ESPIPE, weft_sleep(2));
    weft_completion_set(&m->made);
}

static void make_slowly(void *unused)
{
    (void)unused;
    HERE(errno, weft_sleep(3)); /* whose it is depends on who came first */
}

static void make_once(struct meeting *m)
{
    HERE(EACCES, weft_once(&m->once, make_slowly, NULL));
}

static void channels(struct meeting *m)
{
    int x = 0;

    go(take_and_give, m);
    HERE(1, chan_send(m->there, 1));
    HERE(2, chan_recv(m->back, &x));
    HERE(3, chan_select(chan_case_send(m->there, 2)));
    HERE(4, chan_select(chan_case_recv(m->back, &x)));
    HERE(5, chan_select(chan_case_timeout(1)));
    HERE(6, weft_within(1, chan_recv(m->back, &x)) + ETIMEDOUT);
}

static void tasks(void)
{
    task(int) t = spawn(done, 7);
    struct weft_group *group = group_new(1);
    int x = 0;

    HERE(7, task_join(t, &x) + x - 7);
    HERE(8, group_go(group, done, 0));
    HERE(9, group_go(group, done, 0));
    HERE(10, group_wait(group));
    HERE(11, weft_sleep(1));
    HERE(12, give_way());
    group_free(group);
}

static void generators(void)
{
    gen(int) counting = gen_new(int, count);
    gen(int, int) echoing = gen_new2(int, int, echo);
    int x = 0;

    HERE(13, gen_next(counting, &x));
    HERE(14, gen_next(counting, &x));
    HERE(15, gen_next(echoing, &x));
    HERE(16, gen_send(echoing, &x, 5));
    HERE(17, gen_close(counting));
    HERE(18, gen_close(echoing));
}

static void sync_objects(struct meeting *m)
{
    m->permits = (struct weft_semaphore)WEFT_SEMAPHORE(0);
    m->made = (struct weft_completion){0};
    m->once = (struct weft_once){0};
    go(lock_and_signal, m);
    HERE(19, give_way());
    HERE(20, weft_mutex_lock(&m->mutex));
    weft_mutex_unlock(&m->mutex);
    go(lock_and_signal, m);
    HERE(21, weft_mutex_lock(&m->mutex));
    HERE(22, weft_condition_wait(&m->changed, &m->mutex));
    weft_mutex_unlock(&m->mutex);
    weft_waitgroup_add(&m->working, 1);
    go(release, m);
    HERE(23, weft_semaphore_acquire(&m->permits));
    HERE(24, weft_waitgroup_wait(&m->working));
    HERE(25, weft_completion_wait(&m->made));
    go(make_once, m);
    HERE(26, give_way());
    HERE(27, weft_once(&m->once, make_slowly, NULL));
}

static void park_in_every_way(int rounds)
{
    struct meeting m = {.there = chan_new(int), .back = chan_new(int)};

    for (int i = 0; i < rounds; i++) {
        channels(&m);
        tasks();
        generators();
        sync_objects(&m);
    }
    chan_free(m.there);
    chan_free(m.back);
    mine->finished++;
}

static void *run_os_thread(void *argument)
{
    task(void) t[GREEN];

    mine = argument;
    for (int i = 0; i < GREEN; i++)
        t[i] = spawn(park_in_every_way, ROUNDS);
    park_in_every_way(ROUNDS);
    for (int i = 0; i < GREEN; i++)
        task_join(t[i]);
    weft_shutdown();
    return NULL;
}

static void what_is_the_os_threads_is_the_same_after_every_call_that_parks(void **state)
{
    static struct os_thread threads[OS_THREADS];

    (void)state;
    for (int i = 0; i < OS_THREADS; i++) {
        threads[i].number = i;
        assert_int_equal(pthread_create(&threads[i].thread, NULL, run_os_thread, &threads[i]), 0);
    }
    for (int i = 0; i < OS_THREADS; i++)
        assert_int_equal(pthread_join(threads[i].thread, NULL), 0);
    for (int i = 0; i < OS_THREADS; i++) {
        assert_string_equal(threads[i].wrong ? threads[i].wrong : "", "");
        assert_int_equal(threads[i].finished, GREEN + 1);
        assert_true(threads[i].checks >= (GREEN + 1) * ROUNDS * 27);
    }
}

/* ---- jumps ---- */

enum { DEPTH = 5 };

static __attribute__((noinline)) void jump_from(jmp_buf *back, int depth)
{
    volatile char more[100];

    if (depth > DEPTH)
        return;
    more[0] = (char)depth;
    weft_yield();
    if (depth == DEPTH)
        longjmp(*back, depth);
    jump_from(back, depth + 1);
    more[1] = more[0];
}

static void jump_again_and_again(int *jumps)
{
    for (volatile int i = 0; i < 100; i++) {
        jmp_buf back;

        if (setjmp(back) == 0)
            jump_from(&back, 0);
        else
            ++*jumps;
    }
}

/* Others run between setjmp and longjmp, and jump, too. What a distribution's compiler checks of a
 * jump, it checks by the stack it is on. */
static void a_thread_may_jump_on_its_own_stack(void **state)
{
    int jumps[3] = {0};

    (void)state;
    for (int i = 0; i < 3; i++)
        go(jump_again_and_again, &jumps[i]);
    weft_sleep(1);
    for (int i = 0; i < 3; i++)
        assert_int_equal(jumps[i], 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_the_os_threads_is_the_same_after_every_call_that_parks),
        cmocka_unit_test(a_thread_may_jump_on_its_own_stack),
    };

    setenv("WEFT_CLOCK", "virtual", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
