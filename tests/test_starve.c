/* SPDX-License-Identifier: MIT */
/* Threads for which there is no stack: they wait in order, run as stacks come back, and if nothing
 * else can run, that is reported. */
#include "check.h"
#include "child.h"
#include "emulator.h"

#include <string.h>

#include "faults.h"
#include "runtime/worker.h"

enum { STRIDE = 64 * 1024, STACKS = 4, THREADS = 20 };

/* ---- so many stacks, and no more ---- */

static size_t limit_bytes, limit_used; /* of address space for stacks; used ones stay used */

static void *limited_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    if (flags & MAP_STACK) {
        if (size > limit_bytes - limit_used) {
            errno = ENOMEM;
            return MAP_FAILED;
        }
        limit_used += size;
    }
    return mmap(at, size, protection, flags, fd, offset);
}

/* Each of these takes from the same limit; smaller ones may still fit. */
static void allow_stacks(size_t n)
{
    limit_bytes = limit_used + n * STRIDE;
    weft__calls.mmap = limited_mmap;
}

static void allow_all_stacks(void)
{
    limit_bytes = SIZE_MAX;
}

static int fresh(void **state)
{
    limit_used = 0;
    return check_fresh(state);
}

/* ---- what the threads do ---- */

static int ends; /* threads that have ended */

/* Signs, and keeps its stack for some turns. */
static int sign_and_stay(int i, int turns)
{
    note("%d ", i);
    for (int k = 0; k < turns; k++)
        weft_yield();
    ends++;
    return i * i;
}

static const char *numbers(int from, int to)
{
    static char text[1024];
    size_t size = 0;

    text[0] = '\0';
    for (int i = from; i < to; i++)
        size += (size_t)snprintf(text + size, sizeof text - size, "%d ", i);
    return text;
}

static void start_many(task(int) *t, int n, int turns)
{
    ends = 0;
    for (int i = 0; i < n; i++) {
        t[i] = spawn(sign_and_stay, i, turns);
        assert_non_null(t[i]);
    }
}

static void join_many(task(int) *t, int n)
{
    for (int i = 0; i < n; i++) {
        int square = -1;

        assert_int_equal(task_join(t[i], &square), 0);
        assert_int_equal(square, i * i);
    }
    assert_int_equal(ends, n);
}

static void receive(chan_rx(int) c)
{
    int x;

    note("%s", chan_recv(c, &x) == 0 ? "got " : "failed ");
}

/* Threads that keep the stacks until something is sent or the channel is closed. */
static void occupy(chan(int) c, int n)
{
    for (int i = 0; i < n; i++)
        go(receive, c);
    check_settle();
}

/* ---- waiting ---- */

static void threads_wait_and_all_run_in_the_order_of_their_spawns(void **state)
{
    task(int) t[THREADS];

    (void)state;
    allow_stacks(STACKS);
    start_many(t, THREADS, 3);
    check_settle();
    join_many(t, THREADS);
    assert_noted(numbers(0, THREADS));
    assert_int_equal(weft__self->stacks.pools[WEFT__STACK_CLASS_DEFAULT].cut, STACKS);
}

static void a_single_stack_serves_all(void **state)
{
    task(int) t[THREADS];

    (void)state;
    allow_stacks(1);
    start_many(t, THREADS, 5);
    join_many(t, THREADS);
    assert_noted(numbers(0, THREADS));
}

static void a_stack_that_comes_back_goes_to_the_first_in_line(void **state)
{
    chan(int) c = chan_new(int);

    (void)state;
    allow_stacks(STACKS);
    occupy(c, STACKS);
    for (int i = 0; i < 3; i++)
        go(sign_and_stay, i, 0);
    check_settle();
    assert_int_equal(weft__self->starving, 3);
    assert_noted("");
    chan_send(c, 0);
    check_settle();
    assert_noted("got 0 1 2 ");
    chan_close(c);
    check_settle();
    chan_free(c);
}

/* The newcomer finds a stack in the pool, and somebody waiting for it: while main runs on, a stack
 * has been given back that nobody has fetched. */
static void a_newcomer_does_not_overtake(void **state)
{
    chan(int) c = chan_new(int);

    (void)state;
    allow_stacks(1);
    occupy(c, 1);
    go(sign_and_stay, 1, 2);
    go(sign_and_stay, 2, 2);
    weft_yield();
    assert_int_equal(weft__self->starving, 2);
    chan_send(c, 0);
    go(sign_and_stay, 3, 0);
    check_settle();
    assert_noted("got 1 2 3 ");
    chan_free(c);
}

static void threads_with_stacks_go_on_while_others_wait(void **state)
{
    chan(int) c = chan_new(int);
    int64_t now = weft_now();

    (void)state;
    allow_stacks(2);
    occupy(c, 2);
    for (int i = 0; i < THREADS; i++)
        go(sign_and_stay, i, 0);
    for (int i = 0; i < 1000; i++)
        weft_yield();
    assert_int_equal(weft_sleep(WEFT_SEC(5)), 0);
    assert_int_equal(weft_now() - now, WEFT_SEC(5) + 1);
    assert_int_equal(weft__self->starving, THREADS);
    chan_send(c, 1);
    chan_send(c, 2);
    check_settle();
    assert_int_equal(weft__self->starving, 0);
    chan_free(c);
}

static void threads_of_another_size_do_not_wait_with_them(void **state)
{
    const struct weft_spawn_opts small = {.size = sizeof small, .stack_bytes = 16 * 1024};
    chan(int) c = chan_new(int);

    (void)state;
    allow_stacks(2);
    go_with(&small, sign_and_stay, 100, 0); /* has the first 64 KiB for its kind */
    check_settle();
    assert_noted("100 ");
    occupy(c, 2);
    assert_int_equal(weft__self->starving, 2);
    go_with(&small, sign_and_stay, 101, 0);
    check_settle();
    assert_noted("101 ");
    allow_all_stacks();
    chan_close(c);
    check_settle();
    assert_noted("failed failed ");
    chan_free(c);
}

/* The kernel has something again, and nobody gives a stack back: whoever waits is tried again
 * before the worker goes idle. */
static void memory_that_comes_back_is_found_before_idling(void **state)
{
    chan(int) c = chan_new(int);

    (void)state;
    allow_stacks(1);
    occupy(c, 1);
    go(sign_and_stay, 1, 0);
    go(sign_and_stay, 2, 0);
    check_settle();
    assert_noted("");
    allow_all_stacks();
    check_settle();
    assert_noted("1 2 ");
    chan_close(c);
    check_settle();
    chan_free(c);
}

/* ---- a moment without memory ---- */

static int waits, waits_max;

/* Others give memory back after so many waits. */
static int wait_for_memory(clockid_t clock, int flags, const struct timespec *until,
                           struct timespec *left)
{
    struct timespec now;

    (void)left;
    assert_int_equal(flags, TIMER_ABSTIME);
    clock_gettime(clock, &now);
    assert_true(until->tv_sec - now.tv_sec <= 1);
    if (++waits == waits_max)
        allow_all_stacks();
    return 0;
}

static void starve_by_the_real_clock(int until_waits)
{
    waits = 0;
    waits_max = until_waits;
    weft__worker()->clock.is_virtual = false;
    weft__calls.clock_nanosleep = wait_for_memory;
    allow_stacks(0);
}

/* Only the kernel knows when. It used to be a deadlock at once. */
static void a_moment_without_memory_is_no_deadlock(void **state)
{
    task(int) t;

    (void)state;
    starve_by_the_real_clock(5);
    weft_deadlock_returns(1);
    t = spawn(sign_and_stay, 1, 0);
    assert_int_equal(task_join(t), 0);
    assert_int_equal(waits, 5);
    assert_noted("1 ");
}

static void after_a_second_without_memory_nobody_waits_for_it(void **state)
{
    task(int) t;

    (void)state;
    starve_by_the_real_clock(100);
    weft_deadlock_returns(1);
    t = spawn(sign_and_stay, 1, 0);
    assert_int_equal(task_join(t), -EDEADLK);
    assert_int_equal(waits, 10);
    allow_all_stacks();
    assert_int_equal(task_join(t), 0);
    noted();
}

/* Who had no stack used to get one when the next timer was due, if memory came back at once or
 * not. */
static void memory_is_tried_again_while_others_sleep_for_long(void **state)
{
    task(int) t;

    (void)state;
    starve_by_the_real_clock(20);
    t = spawn(sign_and_stay, 1, 0);
    assert_int_equal(weft_within(WEFT_SEC(3600), task_join(t)), 0);
    assert_int_equal(waits, 20);
    assert_noted("1 ");
}

static int errno_seen;

static void leave_errno(void)
{
    weft_yield();
    errno = EXDEV;
}

static void look_at_errno(void)
{
    errno_seen = errno;
}

/* The second waits for the stack of the first, and takes it over while main is ready: the ended
 * thread then leaves for main, and used to save its errno for whom the stack was given to. */
static void a_thread_that_waited_begins_with_errno_0(void **state)
{
    (void)state;
    errno_seen = -1;
    allow_stacks(1);
    go(leave_errno);
    go(look_at_errno);
    for (int i = 0; i < 6; i++)
        weft_yield();
    assert_int_equal(errno_seen, 0);
}

static void a_join_of_one_that_waits_can_time_out(void **state)
{
    chan(int) c = chan_new(int);
    task(int) t;
    int square = -1;

    (void)state;
    allow_stacks(1);
    occupy(c, 1);
    t = spawn(sign_and_stay, 3, 0);
    assert_int_equal(weft_within(WEFT_SEC(1), task_join(t, &square)), -ETIMEDOUT);
    assert_int_equal(square, -1);
    chan_send(c, 0);
    assert_int_equal(task_join(t, &square), 0);
    assert_int_equal(square, 9);
    chan_free(c);
}

/* ---- generators ---- */

static void count_up(gen(int) self)
{
    for (int i = 0; gen_yield(self, i) == 0; i++)
        ;
    note("closed ");
}

static void a_generator_s_consumer_waits_with_its_body(void **state)
{
    chan(int) c = chan_new(int);
    gen(int) g = gen_new(int, count_up);
    int x = -1;

    (void)state;
    allow_stacks(1);
    occupy(c, 1);
    assert_int_equal(weft_within(WEFT_SEC(1), gen_next(g, &x)), -ETIMEDOUT);
    assert_int_equal(weft__self->starving, 1);
    assert_int_equal(weft_within(WEFT_SEC(1), gen_next(g, &x)), -ETIMEDOUT);
    assert_int_equal(weft__self->starving, 1);
    chan_send(c, 0);
    assert_int_equal(gen_next(g, &x), 0);
    assert_int_equal(x, 0);
    assert_int_equal(gen_next(g, &x), 0);
    assert_int_equal(x, 1);
    gen_close(g);
    assert_noted("got closed ");
    chan_free(c);
}

static void a_generator_whose_body_waits_can_be_closed(void **state)
{
    chan(int) c = chan_new(int);
    gen(int) g[3];

    (void)state;
    allow_stacks(1);
    occupy(c, 1);
    for (int i = 0; i < 3; i++) {
        g[i] = gen_new(int, count_up);
        assert_int_equal(weft_within(1, gen_next(g[i], NULL)), -ETIMEDOUT);
    }
    assert_int_equal(weft__self->starving, 3);
    gen_close(g[1]); /* in the middle of the line */
    gen_close(g[2]); /* the last */
    go(sign_and_stay, 7, 0);
    check_settle();
    assert_int_equal(weft__self->starving, 2);
    gen_close(g[0]); /* the first */
    assert_int_equal(weft__self->starving, 1);
    chan_send(c, 0);
    check_settle();
    assert_noted("got 7 ");
    chan_free(c);
}

/* ---- when nothing else can run ---- */

static void main_gets_edeadlk_if_it_asked_for_it_and_the_thread_waits_on(void **state)
{
    task(int) t;
    int square;

    (void)state;
    weft_deadlock_returns(1);
    allow_stacks(0);
    t = spawn(sign_and_stay, 4, 0);
    assert_int_equal(task_join(t, &square), -EDEADLK);
    assert_int_equal(task_join(t, &square), -EDEADLK);
    allow_all_stacks();
    assert_int_equal(task_join(t, &square), 0);
    assert_int_equal(square, 16);
    noted();
}

static void set_up_child(void)
{
    setenv("WEFT_CLOCK", "virtual", 1);
}

/* Threads that need one another, and half of them have no stack. */
static void need_all(chan(int) c)
{
    task(void) t[THREADS];

    for (int i = 0; i < THREADS; i++)
        t[i] = spawn(receive, c);
    for (int i = 0; i < THREADS; i++)
        task_join(t[i]);
}

static int starve_by_address_space(const void *stacks)
{
    set_up_child();
    allow_stacks(*(const size_t *)stacks);
    need_all(chan_new(int));
    return 0;
}

static void assert_said(const struct child *child, const char *text)
{
    if (!strstr(child->said, text))
        fail_msg("not said: \"%s\"; but: %s", text, child->said);
}

static void without_any_stack_the_call_the_errno_and_the_limit_are_reported(void **state)
{
    const size_t none = 0;
    struct child child = child_run(starve_by_address_space, &none);

    (void)state;
    assert_said(&child, "weft: 20 threads never got a stack: mmap: " SAYS_ENOMEM "; ");
    assert_said(&child, "ulimit -v");
    assert_int_equal(child.signal, 0);
    assert_int_equal(child.status, 2);
}

static void with_some_stacks_those_without_and_those_parked_are_reported(void **state)
{
    const size_t some = 5;
    struct child child = child_run(starve_by_address_space, &some);

    (void)state;
    assert_said(&child, "weft: 15 threads never got a stack: mmap: " SAYS_ENOMEM "; ");
    assert_said(&child, "weft: deadlock: 6 threads are parked");
    assert_int_equal(child.status, 2);
}

static int no_mprotect(void *at, size_t size, int protection)
{
    static int calls;

    if (++calls > 3) { /* one for the probe */
        errno = ENOMEM;
        return -1;
    }
    return mprotect(at, size, protection);
}

static ssize_t no_batch(const struct iovec *ranges, size_t n, int advice)
{
    (void)ranges;
    (void)n;
    (void)advice;
    errno = ENOSYS;
    return -1;
}

static int no_advice(void *at, size_t size, int advice)
{
    (void)at;
    (void)size;
    (void)advice;
    errno = EINVAL;
    return -1;
}

static int starve_by_mappings(const void *argument)
{
    (void)argument;
    set_up_child();
    weft__calls.process_madvise = no_batch;
    weft__calls.madvise = no_advice;
    weft__calls.mprotect = no_mprotect;
    need_all(chan_new(int));
    return 0;
}

static void at_the_limit_of_mappings_the_report_names_the_sysctl(void **state)
{
    struct child child = child_run(starve_by_mappings, NULL);

    (void)state;
    assert_said(&child, "threads never got a stack: mprotect: " SAYS_ENOMEM "; ");
    assert_said(&child, "vm.max_map_count");
    assert_int_equal(child.status, 2);
}

static int pretend_to_protect(void *at, size_t size, int protection)
{
    (void)at;
    (void)size;
    (void)protection;
    return 0;
}

static int starve_by_guards(const void *argument)
{
    (void)argument;
    set_up_child();
    weft__calls.process_madvise = no_batch;
    weft__calls.madvise = no_advice;
    weft__calls.mprotect = pretend_to_protect;
    need_all(chan_new(int));
    return 0;
}

static void without_guards_nothing_runs_and_the_report_says_so(void **state)
{
    struct child child = child_run(starve_by_guards, NULL);

    (void)state;
    assert_said(&child, "weft: 20 threads never got a stack: guard probe: ");
    assert_said(&child, "makes no guard pages");
    assert_int_equal(child.status, 2);
}

/* ---- a real limit ---- */

/* Sanitizers take so much address space for themselves that no limit of ours can be set. */
#ifndef WEFT__SANITIZED

static size_t address_space(void)
{
    FILE *statm = fopen("/proc/self/statm", "r");
    size_t pages = 0;

    if (!statm || fscanf(statm, "%zu", &pages) != 1)
        _exit(100);
    fclose(statm);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void limit_address_space(size_t more_bytes)
{
    const rlim_t bytes = address_space() + more_bytes;

    if (setrlimit(RLIMIT_AS, &(struct rlimit){bytes, bytes}) != 0)
        _exit(101);
}

enum { CROWD = 1000, ROOM_BYTES = 8 * 1024 * 1024 };

/* With the first one slab takes all there is, and nothing is left to probe guards on. */
static const size_t rooms[] = {ROOM_BYTES, ROOM_BYTES + 4096, ROOM_BYTES + 1000 * 1000,
                               2 * ROOM_BYTES - 4096};

/* Each parks twice, so that many would have a stack at once if there were so many. */
static int visit(chan_tx(int) c, int i)
{
    weft_sleep(WEFT_MS(1));
    return chan_send(c, i);
}

static int crowd_under_a_limit(const void *room_bytes)
{
    static task(int) t[CROWD];
    chan(int) c = chan_new(int);
    int64_t sum = 0;

    set_up_child();
    for (int i = 0; i < CROWD; i++)
        t[i] = spawn(visit, c, i);
    limit_address_space(*(const size_t *)room_bytes);
    for (int i = 0, x; i < CROWD && chan_recv(c, &x) == 0; i++)
        sum += x;
    for (int i = 0, result; i < CROWD; i++)
        if (task_join(t[i], &result) != 0 || result != 0)
            return 1;
    return sum == (int64_t)CROWD * (CROWD - 1) / 2 ? 0 : 2;
}

static void under_a_limit_of_address_space_all_threads_run_in_turns(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rooms / sizeof rooms[0]; i++) {
        struct child child = child_run(crowd_under_a_limit, &rooms[i]);

        assert_string_equal(child.said, "");
        assert_int_equal(child.signal, 0);
        assert_int_equal(child.status, 0);
    }
}

static int deadlock_under_a_limit(const void *argument)
{
    static task(void) t[CROWD];
    chan(int) c = chan_new(int);

    (void)argument;
    set_up_child();
    for (int i = 0; i < CROWD; i++)
        t[i] = spawn(receive, c);
    limit_address_space(ROOM_BYTES);
    for (int i = 0; i < CROWD; i++)
        task_join(t[i]);
    return 0;
}

static void under_a_limit_of_address_space_a_deadlock_names_it(void **state)
{
    struct child child;

    (void)state;
    if (is_emulated()) /* it breaks when it gets no memory for itself */
        skip();
    child = child_run(deadlock_under_a_limit, NULL);
    assert_said(&child, "threads never got a stack: m"); /* mmap, or malloc, which maps */
    assert_said(&child, ": " SAYS_ENOMEM "; ");
    assert_said(&child, "ulimit -v");
    assert_int_equal(child.signal, 0);
    assert_int_equal(child.status, 2);
}

static int reserve_under_a_limit(const void *argument)
{
    (void)argument;
    set_up_child();
    if (weft_reserve(1) != 0)
        return 1;
    limit_address_space(ROOM_BYTES);
    if (weft_reserve(100000) != -ENOMEM)
        return 2;
    go(sign_and_stay, 0, 0);
    return weft_sleep(1) == 0 && ends == 1 ? 0 : 3;
}

static void under_a_limit_of_address_space_a_reserve_fails_and_threads_run(void **state)
{
    (void)state;
    ends = 0;
    assert_int_equal(child_run(reserve_under_a_limit, NULL).status, 0);
}

/* ---- the real limit of mappings ---- */

enum { MAPPINGS_MAX = 1000 * 1000 };

static long mappings_allowed(void)
{
    FILE *file = fopen("/proc/sys/vm/max_map_count", "r");
    long allowed = 0;

    if (!file || fscanf(file, "%ld", &allowed) != 1)
        _exit(100);
    fclose(file);
    return allowed;
}

/* As on Linux before 6.13: every guard splits a mapping. More threads than that allows. */
static int crowd_of_mappings(bool may_end)
{
    const int n = (int)mappings_allowed() / 2 + 5000;
    chan(int) c = chan_new(int);
    int64_t sum = 0;

    set_up_child();
    weft__calls.process_madvise = no_batch;
    weft__calls.madvise = no_advice;
    for (int i = 0; i < n; i++)
        if (may_end)
            go(visit, c, i);
        else
            go(receive, c);
    if (!may_end)
        weft_sleep(1);
    for (int i = 0, x; i < n && chan_recv(c, &x) == 0; i++)
        sum += x;
    return sum == (int64_t)n * (n - 1) / 2 ? 0 : 1;
}

static int end_at_the_limit_of_mappings(const void *argument)
{
    (void)argument;
    return crowd_of_mappings(true);
}

static int park_at_the_limit_of_mappings(const void *argument)
{
    (void)argument;
    return crowd_of_mappings(false);
}

/* Or meant for others as well: an emulator breaks when it gets no mapping for itself. */
static void skip_where_the_limit_is_out_of_reach(void)
{
    if (mappings_allowed() > MAPPINGS_MAX || is_emulated())
        skip();
}

static void at_the_real_limit_of_mappings_all_threads_run_in_turns(void **state)
{
    struct child child;

    (void)state;
    skip_where_the_limit_is_out_of_reach();
    child = child_run(end_at_the_limit_of_mappings, NULL);
    assert_string_equal(child.said, "");
    assert_int_equal(child.signal, 0);
    assert_int_equal(child.status, 0);
}

static void at_the_real_limit_of_mappings_a_deadlock_says_how_to_raise_it(void **state)
{
    struct child child;
    long without = 0;

    (void)state;
    skip_where_the_limit_is_out_of_reach();
    child = child_run(park_at_the_limit_of_mappings, NULL);
    assert_int_equal(sscanf(child.said, "weft: %ld threads never got a stack:", &without), 1);
    assert_in_range(without, 5000, 6000); /* a few mappings are the program's own */
    assert_said(&child, "vm.max_map_count");
    assert_int_equal(child.status, 2);
}

/* ---- locked memory ---- */

/* Locked pages take no guard markers: other guards stand in, and are no weaker. */
static int crowd_in_locked_memory(const void *flags)
{
    chan(int) c = chan_new(int);
    int sum = 0;

    set_up_child();
    if (mlockall(*(const int *)flags) != 0)
        return 77;
    for (int i = 0; i < THREADS; i++)
        go(visit, c, i);
    weft_yield();
    for (int i = 0, x; i < THREADS && chan_recv(c, &x) == 0; i++)
        sum += x;
    for (int i = 0; i < THREADS; i++) {
        const struct weft_pool *p = &weft__self->stacks.pools[WEFT__STACK_CLASS_DEFAULT];
        const struct weft_control *idle = weft__ring_peek(&p->warm, (uint32_t)i);

        if (weft__calls.touch(idle->base) != -1 || errno != EFAULT)
            return 1;
    }
    return sum == THREADS * (THREADS - 1) / 2 ? 0 : 2;
}

static void in_locked_memory_threads_run_on_guarded_stacks(void **state)
{
    const int flags[] = {MCL_CURRENT | MCL_FUTURE, MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT};

    (void)state;
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        struct child child = child_run(crowd_in_locked_memory, &flags[i]);

        if (child.status == 77)
            skip(); /* this system does not let it lock so much */
        assert_string_equal(child.said, "");
        assert_int_equal(child.signal, 0);
        assert_int_equal(child.status, 0);
    }
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(test) cmocka_unit_test_setup_teardown(test, fresh, check_over)
        TEST(threads_wait_and_all_run_in_the_order_of_their_spawns),
        TEST(a_single_stack_serves_all),
        TEST(a_stack_that_comes_back_goes_to_the_first_in_line),
        TEST(a_newcomer_does_not_overtake),
        TEST(threads_with_stacks_go_on_while_others_wait),
        TEST(threads_of_another_size_do_not_wait_with_them),
        TEST(memory_that_comes_back_is_found_before_idling),
        TEST(a_moment_without_memory_is_no_deadlock),
        TEST(after_a_second_without_memory_nobody_waits_for_it),
        TEST(memory_is_tried_again_while_others_sleep_for_long),
        TEST(a_thread_that_waited_begins_with_errno_0),
        TEST(a_join_of_one_that_waits_can_time_out),
        TEST(a_generator_s_consumer_waits_with_its_body),
        TEST(a_generator_whose_body_waits_can_be_closed),
        TEST(main_gets_edeadlk_if_it_asked_for_it_and_the_thread_waits_on),
        TEST(without_any_stack_the_call_the_errno_and_the_limit_are_reported),
        TEST(with_some_stacks_those_without_and_those_parked_are_reported),
        TEST(at_the_limit_of_mappings_the_report_names_the_sysctl),
        TEST(without_guards_nothing_runs_and_the_report_says_so),
#ifndef WEFT__SANITIZED
        TEST(under_a_limit_of_address_space_all_threads_run_in_turns),
        TEST(under_a_limit_of_address_space_a_deadlock_names_it),
        TEST(under_a_limit_of_address_space_a_reserve_fails_and_threads_run),
        TEST(at_the_real_limit_of_mappings_all_threads_run_in_turns),
        TEST(at_the_real_limit_of_mappings_a_deadlock_says_how_to_raise_it),
        TEST(in_locked_memory_threads_run_on_guarded_stacks),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
