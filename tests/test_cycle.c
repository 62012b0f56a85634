/* SPDX-License-Identifier: MIT */
/* Threads that wait for one another in a ring are reported when the ring closes, once, and only if
 * nothing will free them. Each program is a child process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <weft.h>

#include "child.h"
#include "masked.h"

static task(void) first, second, third;
static gen(int) generator;
static volatile int results[3];

static void join_second(void)
{
    results[0] = task_join(second);
}

static void join_third(void)
{
    results[1] = task_join(third);
}

static void join_first(void)
{
    results[2] = task_join(first);
}

/* ---- programs ---- */

static int two_join_each_other(const void *unused)
{
    (void)unused;
    first = spawn(join_second);
    second = spawn(join_first);
    weft_sleep(WEFT_SEC(1));
    return results[0] == 0 && results[2] == 0 ? 0 : 1;
}

static int three_join_in_a_ring(const void *unused)
{
    (void)unused;
    first = spawn(join_second);
    second = spawn(join_third);
    third = spawn(join_first);
    weft_sleep(WEFT_SEC(1));
    return 0;
}

static struct weft_mutex inner, outer;
static struct weft_condition changed;

static void wait_holding_outer(void)
{
    weft_mutex_lock(&outer);
    weft_mutex_lock(&inner);
    weft_condition_wait(&changed, &inner);
    weft_mutex_unlock(&inner);
    weft_mutex_unlock(&outer);
}

static void lock_inner_then_outer(void)
{
    weft_mutex_lock(&inner);
    weft_mutex_lock(&outer);
    weft_mutex_unlock(&outer);
    weft_mutex_unlock(&inner);
}

/* The waiter's turn is to come when the other gives up the mutex that it has taken meanwhile. */
static int a_signal_closes_the_ring(const void *unused)
{
    (void)unused;
    go(wait_holding_outer);
    weft_yield();
    go(lock_inner_then_outer);
    weft_yield();
    weft_condition_signal(&changed);
    weft_sleep(WEFT_SEC(1));
    return 0;
}

static void join_its_closer(gen(int) self)
{
    gen_yield(self, 1);
    weft_shield(weft_sleep(WEFT_MS(20)));
    weft_shield(task_join(first));
}

static void leave_it(void)
{
    gen_next(generator, NULL);
    weft_within(WEFT_MS(1), gen_next(generator, NULL));
}

static void close_late(void)
{
    weft_sleep(WEFT_MS(40));
    gen_close(generator);
}

static int a_close_closes_the_ring(const void *unused)
{
    (void)unused;
    generator = gen_new(int, join_its_closer);
    first = spawn(close_late);
    go(leave_it);
    weft_sleep(WEFT_SEC(1));
    return 0;
}

static void join_its_consumer(gen(int) self)
{
    gen_yield(self, 1);
    task_join(first);
    __asm__ volatile(""); /* else it has no frame in optimised builds */
}

static void ask_twice(void)
{
    gen_next(generator, NULL);
    gen_next(generator, NULL);
    __asm__ volatile("");
}

static int a_body_joins_its_consumer(const void *unused)
{
    (void)unused;
    generator = gen_new(int, join_its_consumer);
    first = spawn(ask_twice);
    weft_sleep(WEFT_SEC(1));
    return 0;
}

static void sleep_then_join(gen(int) self)
{
    (void)self;
    weft_sleep(1);
    task_join(first);
    __asm__ volatile("");
}

/* The consumer parks when the body is asleep; the body closes the ring. */
static int a_busy_body_joins_its_consumer(const void *unused)
{
    (void)unused;
    generator = gen_new(int, sleep_then_join);
    first = spawn(ask_twice);
    weft_sleep(WEFT_SEC(1));
    return 0;
}

static struct weft_mutex one_lock, other_lock;

static void lock_both(struct weft_mutex *one, struct weft_mutex *other)
{
    weft_mutex_lock(one);
    weft_sleep(1);
    weft_mutex_lock(other);
    __asm__ volatile("");
}

static int two_lock_in_different_orders(const void *unused)
{
    (void)unused;
    go(lock_both, &one_lock, &other_lock);
    go(lock_both, &other_lock, &one_lock);
    weft_sleep(WEFT_SEC(1));
    return 0;
}

static int two_join_each_other_and_main_exits(const void *unused)
{
    two_join_each_other(unused);
    exit(3);
}

static int two_join_each_other_and_whom_nobody_can_wake_is_asked_for(const void *unused)
{
    setenv("WEFT_REPORT", "deadlocks", 1);
    return two_join_each_other_and_main_exits(unused);
}

static void hold_inner_and_join_second(void)
{
    weft_mutex_lock(&inner);
    results[0] = task_join(second);
}

static void lock_inner(void)
{
    weft_mutex_lock(&inner);
}

/* Whom it waits for waits in the ring, and leads back to others for ever. */
static int a_third_waits_for_a_ring(const void *unused)
{
    (void)unused;
    first = spawn(hold_inner_and_join_second);
    second = spawn(join_first);
    weft_yield();
    go(lock_inner);
    weft_sleep(WEFT_SEC(1));
    return 0;
}

static int main_would_be_told_but_has_no_part_in_it(const void *unused)
{
    weft_deadlock_returns(1);
    return two_join_each_other(unused);
}

static bool main_is_last; /* to close the ring */

static int main_is_in_the_ring(const void *unused)
{
    (void)unused;
    weft_deadlock_returns(1);
    weft_mutex_lock(&one_lock);
    go(lock_both, &other_lock, &one_lock);
    weft_yield();
    if (main_is_last)
        weft_sleep(WEFT_SEC(1));
    return weft_mutex_lock(&other_lock) == -EDEADLK ? 0 : 1;
}

static void join_within(void)
{
    results[0] = weft_within(WEFT_SEC(1), task_join(second));
}

static int a_deadline_will_end_it(const void *unused)
{
    (void)unused;
    first = spawn(join_within);
    second = spawn(join_first);
    weft_sleep(WEFT_SEC(2));
    return results[0] == -ETIMEDOUT && results[2] == 0 ? task_join(second) : 1;
}

static int a_cancel_ends_it(const void *unused)
{
    (void)unused;
    first = spawn(join_second);
    second = spawn(join_first);
    weft_sleep(WEFT_SEC(1));
    task_cancel(first);
    weft_sleep(WEFT_SEC(1));
    return results[0] == -ECANCELED && results[2] == 0 ? task_join(second) : 1;
}

/* A chain is no ring while its end can run. */
static void sleep_long(void)
{
    weft_sleep(WEFT_SEC(5));
}

static int everyone_waits_for_a_sleeper(const void *unused)
{
    (void)unused;
    third = spawn(sleep_long);
    second = spawn(join_third);
    first = spawn(join_second);
    weft_yield();
    return task_join(first);
}

static int the_deadlock_report_has_it_first(const void *unused)
{
    (void)unused;
    two_join_each_other(NULL);
    chan_recv(chan_new(int), NULL);
    return 0;
}

static int the_dump_has_it_first(const void *unused)
{
    (void)unused;
    two_join_each_other(NULL);
    weft_dump(STDERR_FILENO);
    return 0;
}

/* ---- what comes of them ---- */

#define TWO \
    "weft: partial deadlock: 2 threads wait for one another, and nothing else can wake them\n"
#define FIRST_JOINS_SECOND(ns)                                                     \
    "  thread 2 (join_second at test_cycle.c:N): joining thread 3 (join_first at " \
    "test_cycle.c:N), for " ns "\n" FRAMES
#define SECOND_JOINS_FIRST(ns)                                                     \
    "  thread 3 (join_first at test_cycle.c:N): joining thread 2 (join_second at " \
    "test_cycle.c:N), for " ns "\n" FRAMES
#define NOW "less than 1 ms"

static void assert_says(int (*program)(const void *), int status, const char *expected)
{
    struct child c = child_run(program, NULL);

    assert_false(c.late);
    assert_int_equal(c.signal, 0);
    assert_int_equal(c.status, status);
    assert_string_equal(masked(c.said), expected);
}

static void two_that_join_each_other_are_reported(void **state)
{
    (void)state;
    assert_says(two_join_each_other, 0, TWO SECOND_JOINS_FIRST(NOW) FIRST_JOINS_SECOND(NOW) HINT);
}

/* While main sleeps, and at the exit, it is not found again among those whom nobody can wake. */
static void a_ring_is_reported_once(void **state)
{
    (void)state;
    assert_says(two_join_each_other_and_main_exits, 3,
                TWO SECOND_JOINS_FIRST(NOW) FIRST_JOINS_SECOND(NOW) HINT);
    assert_says(two_join_each_other_and_whom_nobody_can_wake_is_asked_for, 3,
                TWO SECOND_JOINS_FIRST(NOW) FIRST_JOINS_SECOND(NOW) HINT);
}

static void who_waits_for_a_ring_is_not_in_it(void **state)
{
    (void)state;
    assert_says(a_third_waits_for_a_ring, 0,
                TWO "  thread 3 (join_first at test_cycle.c:N): joining thread 2 "
                    "(hold_inner_and_join_second at test_cycle.c:N), for less than 1 ms\n" FRAMES
                    "  thread 2 (hold_inner_and_join_second at test_cycle.c:N): joining thread 3 "
                    "(join_first at test_cycle.c:N), for less than 1 ms\n" FRAMES HINT);
}

static void a_ring_of_others_is_reported_although_main_is_told_of_its_own(void **state)
{
    (void)state;
    assert_says(main_would_be_told_but_has_no_part_in_it, 0,
                TWO SECOND_JOINS_FIRST(NOW) FIRST_JOINS_SECOND(NOW) HINT);
}

static void a_ring_of_three_is_reported_from_who_closed_it(void **state)
{
    (void)state;
    assert_says(
        three_join_in_a_ring, 0,
        "weft: partial deadlock: 3 threads wait for one another, and nothing else can wake them\n"
        "  thread 4 (join_first at test_cycle.c:N): joining thread 2 (join_second at "
        "test_cycle.c:N), for less than 1 ms\n" FRAMES
        "  thread 2 (join_second at test_cycle.c:N): joining thread 3 (join_third at "
        "test_cycle.c:N), for less than 1 ms\n" FRAMES
        "  thread 3 (join_third at test_cycle.c:N): joining thread 4 (join_first at "
        "test_cycle.c:N), for less than 1 ms\n" FRAMES HINT);
}

static void a_body_that_joins_its_consumer_is_reported(void **state)
{
    (void)state;
    assert_says(a_body_joins_its_consumer, 0,
                TWO
                "  thread 2 (join_its_consumer at test_cycle.c:N): joining thread 3 (ask_twice at "
                "test_cycle.c:N), for less than 1 ms\n" FRAMES
                "  thread 3 (ask_twice at test_cycle.c:N): waiting for a value of generator 0x "
                "(made at test_cycle.c:N), whose body is thread 2 (join_its_consumer at "
                "test_cycle.c:N), for less than 1 ms\n" FRAMES HINT);
    assert_says(a_busy_body_joins_its_consumer, 0,
                TWO
                "  thread 2 (sleep_then_join at test_cycle.c:N): joining thread 3 (ask_twice at "
                "test_cycle.c:N), for less than 1 ms\n" FRAMES
                "  thread 3 (ask_twice at test_cycle.c:N): waiting for a value of generator 0x "
                "(made at test_cycle.c:N), whose body is thread 2 (sleep_then_join at "
                "test_cycle.c:N), for less than 1 ms\n" FRAMES HINT);
}

static void two_that_lock_in_different_orders_are_reported(void **state)
{
    (void)state;
    assert_says(two_lock_in_different_orders, 0,
                TWO "  thread 3 (lock_both at test_cycle.c:N): locking mutex 0x, which thread 2 "
                    "(lock_both at test_cycle.c:N) holds, for less than 1 ms\n" FRAMES
                    "  thread 2 (lock_both at test_cycle.c:N): locking mutex 0x, which thread 3 "
                    "(lock_both at test_cycle.c:N) holds, for less than 1 ms\n" FRAMES HINT);
}

static void a_ring_that_main_is_told_of_is_not_reported(void **state)
{
    (void)state;
    for (int last = 0; last < 2; last++) {
        main_is_last = last;
        assert_says(main_is_in_the_ring, 0, "");
    }
}

static void a_ring_that_a_deadline_will_open_is_none(void **state)
{
    (void)state;
    assert_says(a_deadline_will_end_it, 0, "");
}

static void a_cancel_opens_a_ring(void **state)
{
    (void)state;
    assert_says(a_cancel_ends_it, 0, TWO SECOND_JOINS_FIRST(NOW) FIRST_JOINS_SECOND(NOW) HINT);
}

static void waiting_for_one_that_goes_on_is_no_ring(void **state)
{
    (void)state;
    assert_says(everyone_waits_for_a_sleeper, 0, "");
}

static void one_that_another_closes_is_reported(void **state)
{
    struct child by_signal = child_run(a_signal_closes_the_ring, NULL);
    struct child by_close = child_run(a_close_closes_the_ring, NULL);

    (void)state;
    assert_int_equal(by_signal.status, 0);
    assert_non_null(strstr(by_signal.said, "weft: partial deadlock: 2 threads"));
    assert_non_null(strstr(by_signal.said, "(wait_holding_outer at "));
    assert_int_equal(by_close.status, 0);
    assert_non_null(strstr(by_close.said, "weft: partial deadlock: 2 threads"));
    assert_non_null(strstr(by_close.said, "(close_late at "));
}

static void reports_have_rings_first(void **state)
{
    (void)state;
    assert_says(
        the_dump_has_it_first, 0,
        TWO SECOND_JOINS_FIRST(NOW) FIRST_JOINS_SECOND(NOW) HINT
        "weft: 3 threads: 1 running, 2 parked\n"
        "  2 threads wait for one another, and nothing else can wake them:\n" FIRST_JOINS_SECOND(
            "1 s") SECOND_JOINS_FIRST("1 s") "  thread 1 (main): running\n" FRAMES HINT);
    assert_says(
        the_deadlock_report_has_it_first, 2,
        TWO SECOND_JOINS_FIRST(NOW) FIRST_JOINS_SECOND(NOW) HINT
        "weft: deadlock: 3 threads are parked, and nothing can ever wake them\n"
        "  2 threads wait for one another, and nothing else can wake them:\n" FIRST_JOINS_SECOND(
            "1 s") SECOND_JOINS_FIRST("1 s") "  thread 1 (main): receiving from channel 0x (made "
                                             "at test_cycle.c:N), for less "
                                             "than 1 ms\n" FRAMES HINT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_that_join_each_other_are_reported),
        cmocka_unit_test(a_ring_is_reported_once),
        cmocka_unit_test(who_waits_for_a_ring_is_not_in_it),
        cmocka_unit_test(a_ring_of_others_is_reported_although_main_is_told_of_its_own),
        cmocka_unit_test(a_ring_of_three_is_reported_from_who_closed_it),
        cmocka_unit_test(a_body_that_joins_its_consumer_is_reported),
        cmocka_unit_test(two_that_lock_in_different_orders_are_reported),
        cmocka_unit_test(a_ring_that_main_is_told_of_is_not_reported),
        cmocka_unit_test(a_ring_that_a_deadline_will_open_is_none),
        cmocka_unit_test(a_cancel_opens_a_ring),
        cmocka_unit_test(waiting_for_one_that_goes_on_is_no_ring),
        cmocka_unit_test(one_that_another_closes_is_reported),
        cmocka_unit_test(reports_have_rings_first),
    };

    setenv("WEFT_CLOCK", "virtual", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
