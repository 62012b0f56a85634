/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include <weft.h>

#include "child.h"
#include "runtime/calls.h"
#include "runtime/clock.h"
#include "runtime/sched.h"
#include "runtime/worker.h"

/* ---- a kernel whose time goes only where the test lets it ---- */

static struct weft__calls real_calls;

static struct {
    int64_t now_ns;
    int64_t part_ns; /* a wait ends after so much of it, as if a signal came; 0: at its end */
    int waits;
    clockid_t clock;
    int flags;
    struct timespec until;
    int slack_calls;
    unsigned long slack_ns;
} kernel;

static int kernel_gettime(clockid_t clock, struct timespec *now)
{
    kernel.clock = clock;
    now->tv_sec = (time_t)(kernel.now_ns / WEFT_SEC(1));
    now->tv_nsec = (long)(kernel.now_ns % WEFT_SEC(1));
    return 0;
}

static int kernel_nanosleep(clockid_t clock, int flags, const struct timespec *until,
                            struct timespec *left)
{
    int64_t until_ns = WEFT_SEC(until->tv_sec) + until->tv_nsec;

    (void)left;
    kernel.waits++;
    kernel.clock = clock;
    kernel.flags = flags;
    kernel.until = *until;
    if (kernel.part_ns != 0 && until_ns - kernel.now_ns > kernel.part_ns) {
        kernel.now_ns += kernel.part_ns;
        return EINTR;
    }
    if (kernel.now_ns < until_ns)
        kernel.now_ns = until_ns;
    return 0;
}

static int kernel_prctl(int option, unsigned long value)
{
    if (option == PR_SET_TIMERSLACK) {
        kernel.slack_calls++;
        kernel.slack_ns = value;
    }
    return 0;
}

static int no_worker(void **state)
{
    (void)state;
    unsetenv("WEFT_CLOCK");
    real_calls = weft__calls;
    kernel.now_ns = WEFT_SEC(1000) + 999999999;
    kernel.part_ns = 0;
    kernel.waits = 0;
    kernel.slack_calls = 0;
    weft__calls.clock_gettime = kernel_gettime;
    weft__calls.clock_nanosleep = kernel_nanosleep;
    weft__calls.prctl = kernel_prctl;
    return weft__self ? -1 : 0;
}

static int end_worker(void **state)
{
    (void)state;
    if (weft__self)
        weft__worker_end(weft__self);
    weft__calls = real_calls;
    return 0;
}

static struct weft_clock clock_of(const char *kind)
{
    struct weft_clock c;

    if (kind)
        setenv("WEFT_CLOCK", kind, 1);
    weft__clock_init(&c, false);
    return c;
}

/* ---- which clock ---- */

static void only_the_word_virtual_makes_a_clock_virtual(void **state)
{
    const char *const others[] = {NULL, "", "real", "Virtual", "virtual ", "virtua", "1"};

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(clock_of(others[i]).is_virtual);
    assert_true(clock_of("virtual").is_virtual);
}

static int have_two_clocks(const void *kind)
{
    return clock_of(kind).is_virtual + clock_of(kind).is_virtual;
}

static void a_word_that_is_no_clock_is_told_of_once(void **state)
{
    struct child c = child_run(have_two_clocks, "sundial");

    (void)state;
    assert_string_equal(
        c.said, "weft: WEFT_CLOCK=sundial is ignored: no such clock; say virtual or real\n");
    assert_int_equal(c.status, 0);
    assert_string_equal(child_run(have_two_clocks, "").said, "");
    assert_string_equal(child_run(have_two_clocks, "virtual").said, "");
    assert_string_equal(child_run(have_two_clocks, "real").said, "");
}

/* ---- the virtual one ---- */

static void a_virtual_clock_starts_at_zero_and_stands_still(void **state)
{
    struct weft_clock c = clock_of("virtual");

    (void)state;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(weft__clock_now(&c), 0);
}

static void a_virtual_clock_jumps_to_the_end_of_a_wait(void **state)
{
    struct weft_clock c = clock_of("virtual");
    const int64_t ends[] = {1, 2, WEFT_MS(3), WEFT_SEC(86400), INT64_MAX - 1};

    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        weft__clock_wait(&c, ends[i]);
        assert_int_equal(weft__clock_now(&c), ends[i]);
    }
    assert_int_equal(kernel.waits, 0);
    assert_int_equal(kernel.slack_calls, 0);
}

static void a_virtual_clock_never_goes_back(void **state)
{
    struct weft_clock c = clock_of("virtual");

    (void)state;
    weft__clock_wait(&c, 100);
    weft__clock_wait(&c, 99);
    assert_int_equal(weft__clock_now(&c), 100);
    weft__clock_wait(&c, -1);
    assert_int_equal(weft__clock_now(&c), 100);
}

/* ---- the real one ---- */

static void a_real_clock_shows_monotonic_nanoseconds(void **state)
{
    struct weft_clock c = clock_of(NULL);

    (void)state;
    assert_int_equal(weft__clock_now(&c), WEFT_SEC(1000) + 999999999);
    assert_int_equal(kernel.clock, CLOCK_MONOTONIC);
    kernel.now_ns++;
    assert_int_equal(weft__clock_now(&c), WEFT_SEC(1001));
}

static void a_real_clock_waits_in_the_kernel_until_an_absolute_time(void **state)
{
    struct weft_clock c = clock_of(NULL);

    (void)state;
    weft__clock_wait(&c, WEFT_SEC(2000) + 7);
    assert_int_equal(kernel.waits, 1);
    assert_int_equal(kernel.clock, CLOCK_MONOTONIC);
    assert_int_equal(kernel.flags, TIMER_ABSTIME);
    assert_int_equal(kernel.until.tv_sec, 2000);
    assert_int_equal(kernel.until.tv_nsec, 7);
    assert_int_equal(weft__clock_now(&c), WEFT_SEC(2000) + 7);
}

static void the_timer_slack_is_lowered_once_and_not_before_the_first_wait(void **state)
{
    struct weft_clock c = clock_of(NULL);

    (void)state;
    weft__clock_now(&c);
    assert_int_equal(kernel.slack_calls, 0);
    weft__clock_wait(&c, WEFT_SEC(2000));
    weft__clock_wait(&c, WEFT_SEC(3000));
    assert_int_equal(kernel.slack_calls, 1);
    assert_int_equal(kernel.slack_ns, 1);
}

static void a_wait_that_a_signal_ends_returns_early(void **state)
{
    struct weft_clock c = clock_of(NULL);

    (void)state;
    kernel.part_ns = 5;
    weft__clock_wait(&c, WEFT_SEC(2000));
    assert_int_equal(weft__clock_now(&c), WEFT_SEC(1000) + 999999999 + 5);
}

/* ---- whoever asks the time asks it ---- */

static void now_is_what_the_clock_shows(void **state)
{
    (void)state;
    assert_int_equal(weft_now(), WEFT_SEC(1000) + 999999999);
    kernel.now_ns += 12;
    assert_int_equal(weft_now(), WEFT_SEC(1001) + 11);
}

static void virtual_sleeps_take_exactly_their_time_and_none_of_the_kernel_s(void **state)
{
    (void)state;
    setenv("WEFT_CLOCK", "virtual", 1);
    assert_int_equal(weft_now(), 0);
    assert_int_equal(weft_sleep(WEFT_SEC(86400)), 0);
    assert_int_equal(weft_now(), WEFT_SEC(86400));
    assert_int_equal(weft_sleep(1), 0);
    assert_int_equal(weft_now(), WEFT_SEC(86400) + 1);
    assert_int_equal(kernel.waits, 0);
}

static int64_t woken_at[3];

static void sleep_and_look(int i, int64_t ns)
{
    weft_sleep(ns);
    woken_at[i] = weft_now();
}

static void parallel_sleeps_share_one_virtual_time(void **state)
{
    (void)state;
    setenv("WEFT_CLOCK", "virtual", 1);
    go(sleep_and_look, 0, WEFT_SEC(2));
    go(sleep_and_look, 1, WEFT_SEC(1));
    go(sleep_and_look, 2, WEFT_SEC(2));
    weft_sleep(WEFT_SEC(3));
    assert_int_equal(woken_at[0], WEFT_SEC(2));
    assert_int_equal(woken_at[1], WEFT_SEC(1));
    assert_int_equal(woken_at[2], WEFT_SEC(2));
    assert_int_equal(weft_now(), WEFT_SEC(3));
}

static void a_virtual_clock_stands_still_while_a_thread_can_run(void **state)
{
    (void)state;
    setenv("WEFT_CLOCK", "virtual", 1);
    woken_at[0] = -1;
    go(sleep_and_look, 0, 1);
    for (int i = 0; i < 1000; i++)
        weft_yield();
    assert_int_equal(weft_now(), 0);
    assert_int_equal(woken_at[0], -1);
    weft_sleep(1);
    weft_yield();
    assert_int_equal(woken_at[0], 1);
}

/* Each wait ends early, and the sleeper is not woken before its time. */
static void signals_do_not_shorten_a_sleep(void **state)
{
    const int64_t end_ns = kernel.now_ns + WEFT_MS(10);

    (void)state;
    kernel.part_ns = WEFT_MS(1) + 1;
    assert_int_equal(weft_sleep(WEFT_MS(10)), 0);
    assert_int_equal(weft_now(), end_ns);
    assert_int_equal(kernel.waits, 10);
}

static void an_idle_worker_waits_once_for_each_time_that_is_due(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        go(sleep_and_look, i, WEFT_MS(1)); /* at one and the same time */
    weft_sleep(WEFT_MS(5));
    assert_int_equal(kernel.waits, 2);
    assert_int_equal(kernel.slack_calls, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(test) cmocka_unit_test_setup_teardown(test, no_worker, end_worker)
        TEST(a_word_that_is_no_clock_is_told_of_once), /* first: a fork keeps what was said */
        TEST(only_the_word_virtual_makes_a_clock_virtual),
        TEST(a_virtual_clock_starts_at_zero_and_stands_still),
        TEST(a_virtual_clock_jumps_to_the_end_of_a_wait),
        TEST(a_virtual_clock_never_goes_back),
        TEST(a_real_clock_shows_monotonic_nanoseconds),
        TEST(a_real_clock_waits_in_the_kernel_until_an_absolute_time),
        TEST(the_timer_slack_is_lowered_once_and_not_before_the_first_wait),
        TEST(a_wait_that_a_signal_ends_returns_early),
        TEST(now_is_what_the_clock_shows),
        TEST(virtual_sleeps_take_exactly_their_time_and_none_of_the_kernel_s),
        TEST(parallel_sleeps_share_one_virtual_time),
        TEST(a_virtual_clock_stands_still_while_a_thread_can_run),
        TEST(signals_do_not_shorten_a_sleep),
        TEST(an_idle_worker_waits_once_for_each_time_that_is_due),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
