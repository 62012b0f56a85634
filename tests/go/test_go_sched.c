/* SPDX-License-Identifier: MIT */
/* What Go's tests of the scheduler check, and the tests of sched.c beside this folder do not. */
#include "tests/check.h"

#include <errno.h>
#include <stdio.h>

/* ---- progress ---- */

static bool is_told;

static void wait_by_yielding(int *yields)
{
    while (!is_told) {
        weft_yield();
        ++*yields;
    }
}

static void tell(int after)
{
    while (after-- > 0)
        weft_yield();
    is_told = true;
}

/* As runtime TestYieldProgress does: who yields in a loop lets those go on that it waits for, and
 * goes on itself. */
static void a_loop_that_yields_makes_progress_and_lets_others(void **state)
{
    int yields[2] = {0};

    (void)state;
    is_told = false;
    go(wait_by_yielding, &yields[0]);
    go(wait_by_yielding, &yields[1]);
    go(tell, 10);
    check_settle();
    assert_in_range(yields[0], 10, 11);
    assert_in_range(yields[1], 10, 11);
}

/* ---- timers ---- */

enum { LIMIT_NS = 10000, STEP_NS = 10, LATE = 64 };

static void send_for_ever(chan_tx(int) c)
{
    do
        check_compute(STEP_NS);
    while (chan_send(c, 1) == 0);
}

static int receive_until_refused(chan_rx(int) c, int *received)
{
    int result;

    while ((result = chan_recv(c, NULL)) == 0)
        ++*received;
    return result;
}

/* As runtime TestTimerFairness does: a timer is noticed though a channel is always ready. */
static void a_deadline_ends_a_loop_whose_channel_is_always_ready(void **state)
{
    chan(int) c = chan_new(int);
    int received = 0;

    (void)state;
    go(send_for_ever, c);
    go(send_for_ever, c);
    check_settle();
    assert_int_equal(weft_within(LIMIT_NS, receive_until_refused(c, &received)), -ETIMEDOUT);
    assert_in_range(received, LIMIT_NS / STEP_NS - LATE, LIMIT_NS / STEP_NS + 2 * LATE);
    chan_close(c);
    check_settle();
    chan_free(c);
}

/* Sends and receives on the channel without an end, and sets a timer each time. */
static void chatter(chan(int) c, chan_rx(int) done, int *turns)
{
    for (;;) {
        check_compute(STEP_NS);
        switch (chan_select(chan_case_recv(done, NULL), chan_case_send(c, 1),
                            chan_case_recv(c, NULL), chan_case_timeout(WEFT_SEC(1)))) {
        case CHAN_CLOSED(0):
            return;
        case 1:
        case 2:
            ++*turns;
            break;
        default:
            note("timed out ");
            return;
        }
    }
}

/* As runtime TestTimerFairness2 does: selects that are always served, and whose own timers are set
 * and taken back all the time, do not keep another timer from ending. */
static void a_sleep_ends_in_time_beside_selects_that_are_always_served(void **state)
{
    chan(int) c = chan_new(int), done = chan_new(int);
    int turns[2] = {0};
    int64_t began_ns;

    (void)state;
    go(chatter, c, done, &turns[0]);
    go(chatter, c, done, &turns[1]);
    began_ns = weft_now();
    assert_int_equal(weft_sleep(LIMIT_NS), 0);
    assert_in_range(weft_now() - began_ns, LIMIT_NS, LIMIT_NS + 2 * LATE * STEP_NS);
    chan_close(done);
    check_settle();
    assert_noted("");
    assert_in_range(turns[0] + turns[1], LIMIT_NS / STEP_NS - LATE, LIMIT_NS / STEP_NS + 3 * LATE);
    chan_free(c);
    chan_free(done);
}

/* ---- how many ---- */

/* As runtime TestNoHelperGoroutines does: the library has no threads of its own. */
static void the_library_starts_no_threads_of_its_own(void **state)
{
    (void)state;
    assert_int_equal(weft_sleep(1), 0);
    assert_int_equal(weft_within(1, weft_sleep(5)), -ETIMEDOUT);
    assert_int_equal(check_threads(), 0);
    assert_int_equal(check_stacks(), 0);
}

static void wait_for_close(chan_rx(int) c)
{
    chan_recv(c, NULL);
}

/* How many threads a dump tells of. */
static int dumped_threads(void)
{
    FILE *file = tmpfile();
    int threads = -1;

    assert_non_null(file);
    weft_dump(fileno(file));
    rewind(file);
    assert_int_equal(fscanf(file, "weft: %d threads", &threads), 1);
    fclose(file);
    return threads;
}

/* As runtime TestNumGoroutine does: the count is that of the threads a dump tells of. */
static void the_count_of_threads_is_the_dumps(void **state)
{
    chan(int) c = chan_new(int);

    (void)state;
    for (int i = 1; i <= 100; i++) {
        go(wait_for_close, c);
        assert_int_equal(check_threads(), i);
    }
    check_settle();
    assert_int_equal(dumped_threads(), 101); /* main is one */
    chan_close(c);
    assert_int_equal(check_threads(), 100);
    check_settle();
    assert_int_equal(check_threads(), 0);
    chan_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        check_test(a_loop_that_yields_makes_progress_and_lets_others),
        check_test(a_deadline_ends_a_loop_whose_channel_is_always_ready),
        check_test(a_sleep_ends_in_time_beside_selects_that_are_always_served),
        check_test(the_library_starts_no_threads_of_its_own),
        check_test(the_count_of_threads_is_the_dumps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
