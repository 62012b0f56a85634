/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <errno.h>
#include <string.h>

static int sleep_until(int64_t ns)
{
    return weft_sleep(ns - weft_now());
}

/* ---- the value ---- */

struct point {
    int x, y;
};

static int touched;

static void touch(void)
{
    touched++;
}

static void the_value_and_its_type_are_those_of_the_expression(void **state)
{
    const char *text = weft_within(1, "text");
    struct point p = weft_within(1, (struct point){3, 4});
    _Static_assert(_Generic(weft_within(1, 1.5F), float : 1, default : 0), "the type is kept");
    _Static_assert(_Generic(weft_within(1, (char *)0), char * : 1, default : 0),
                   "the type is kept");

    (void)state;
    assert_string_equal(text, "text");
    assert_int_equal(p.x + p.y, 7);
    assert_true(weft_within(0, 1.5) == 1.5);
    touched = 0;
    weft_within(1, touch());
    weft_within(1, touch(), touch());
    assert_int_equal(touched, 3);
    assert_int_equal(weft_within(1, touch(), 42), 42);
}

static void the_duration_and_the_expression_are_evaluated_once(void **state)
{
    int durations = 0, values = 0;

    (void)state;
    assert_int_equal(weft_within(++durations, ++values), 1);
    assert_int_equal(durations, 1);
}

/* ---- when it is over ---- */

static void a_parked_call_returns_exactly_at_the_deadline(void **state)
{
    chan(int) c = chan_new(int);
    int n = -1;

    (void)state;
    assert_int_equal(weft_within(WEFT_MS(7), chan_recv(c, &n)), -ETIMEDOUT);
    assert_int_equal(weft_now(), WEFT_MS(7));
    assert_int_equal(n, -1);
    chan_free(c);
}

static void send_one(chan_tx(int) c, int value)
{
    note("%d", chan_send(c, value));
}

static int receive_late(chan_rx(int) c, int *into)
{
    weft_sleep(20);
    return chan_recv(c, into);
}

static void a_call_after_the_deadline_fails_without_trying(void **state)
{
    chan(int) c = chan_new(int);
    int n = -1;

    (void)state;
    go(send_one, c, 5);
    check_settle();
    assert_int_equal(weft_within(10, receive_late(c, &n)), -ETIMEDOUT);
    assert_int_equal(n, -1);
    assert_noted("");
    assert_int_equal(chan_recv(c, &n), 0); /* the sender has kept its value */
    assert_int_equal(n, 5);
    check_settle();
    assert_noted("0");
    chan_free(c);
}

static int several_calls(chan_rx(int) c)
{
    int failed = 0;

    failed += weft_sleep(4) == -ETIMEDOUT;
    failed += weft_sleep(4) == -ETIMEDOUT;
    failed += weft_sleep(4) == -ETIMEDOUT;
    failed += chan_recv(c, NULL) == -ETIMEDOUT;
    failed += weft_sleep(0) == -ETIMEDOUT;
    return failed;
}

static void several_calls_share_one_deadline(void **state)
{
    chan(int) c = chan_new(int);

    (void)state;
    assert_int_equal(weft_within(10, several_calls(c)), 3);
    assert_int_equal(weft_now(), 10);
    assert_int_equal(weft_sleep(1), 0);
    chan_free(c);
}

static void yield_and_the_try_forms_do_not_mind_a_deadline(void **state)
{
    chan(int) c = chan_new(int);
    int n = 0;

    (void)state;
    go(send_one, c, 5);
    check_settle();
    weft_within(0, weft_yield());
    assert_int_equal(weft_within(0, chan_tryrecv(c, &n)), 0);
    assert_int_equal(weft_within(0, chan_tryrecv(c, &n)), -EAGAIN);
    assert_int_equal(n, 5);
    check_settle();
    chan_free(c);
}

/* ---- no time at all ---- */

static int give_one(void)
{
    return 1;
}

static void within_no_time_calls_do_what_they_can_do_at_once(void **state)
{
    const int64_t times[] = {0, -1, INT64_MIN};
    chan(int) c = chan_new(int);

    (void)state;
    for (int i = 0; i < 3; i++) {
        task(int) t = spawn(give_one);
        int n = -1;

        assert_int_equal(weft_within(times[i], chan_recv(c, &n)), -ETIMEDOUT);
        assert_int_equal(n, -1);
        go(send_one, c, 9);
        check_settle();
        assert_int_equal(weft_within(times[i], chan_recv(c, &n)), 0);
        assert_int_equal(n, 9);
        assert_int_equal(weft_within(times[i], task_join(t, &n)), 0);
        assert_int_equal(n, 1);
        check_settle();
        assert_noted("0");
    }
    assert_int_equal(weft_now(), 6);
    chan_free(c);
}

static void for_ever_is_no_limit(void **state)
{
    const int64_t times[] = {WEFT_FOREVER, WEFT_FOREVER - 1};

    (void)state;
    for (int i = 0; i < 2; i++)
        assert_int_equal(weft_within(times[i], weft_sleep(WEFT_SEC(1000))), 0);
    assert_int_equal(weft_now(), WEFT_SEC(2000));
}

/* ---- nesting ---- */

static int sleep_twice(int64_t inner_ns, int64_t first_ns, int64_t second_ns)
{
    int first = weft_within(inner_ns, weft_sleep(first_ns));
    int64_t at = weft_now();
    int second = weft_sleep(second_ns);

    note("%s@%lld %s@%lld", first ? "late" : "done", (long long)at, second ? "late" : "done",
         (long long)weft_now());
    return 0;
}

static void the_sooner_of_two_deadlines_rules(void **state)
{
    (void)state;
    weft_within(100, sleep_twice(10, 50, 20)); /* the inner one is over, the outer one is not */
    assert_noted("late@10 done@30");
    sleep_until(1000);
    weft_within(10, sleep_twice(100, 50, 20)); /* the inner one is longer: the outer one is over */
    assert_noted("late@1010 late@1010");
    sleep_until(2000);
    weft_within(10, sleep_twice(10, 50, 20)); /* both at once */
    assert_noted("late@2010 late@2010");
    sleep_until(3000);
    weft_within(30, sleep_twice(10, 5, 50)); /* the end of the inner one keeps the outer one */
    assert_noted("done@3005 late@3030");
    sleep_until(4000);
    weft_within(10, sleep_twice(WEFT_FOREVER, 50, 1));
    assert_noted("late@4010 late@4010");
}

static void no_time_inside_a_deadline_ends_with_its_own_braces(void **state)
{
    (void)state;
    weft_within(30, sleep_twice(0, 5, 10));
    assert_noted("late@0 done@10");
    sleep_until(1000);
    weft_within(0, sleep_twice(30, 5, 10));
    assert_noted("late@1000 late@1000");
    weft_within(-1, sleep_twice(-1, 5, 0));
    assert_noted("late@1000 done@1000");
    sleep_twice(-1, 5, 10);
    assert_noted("late@1000 done@1010");
}

/* What must come out is computed beside it: `limit` is the soonest deadline in force, `tries` tells
 * that one of them leaves no time at all. */
static int nested_wrong;

static void nested_sleep(int64_t limit, bool tries)
{
    int64_t ns = check_random(20), now = weft_now(), until = now + ns;
    bool late = now >= limit || (ns > 0 && (tries || until >= limit));
    int result = weft_sleep(ns);

    if (late)
        until = now >= limit || tries ? now : limit;
    nested_wrong += result != (late ? -ETIMEDOUT : 0) || weft_now() != until;
}

static void nest(int depth, int64_t limit, bool tries)
{
    for (int i = 0; i < 2; i++) {
        int64_t ns = (int64_t)check_random(60) - 2, until;

        nested_sleep(limit, tries);
        if (depth == 0)
            return;
        until = ns > 0 ? weft_now() + ns : INT64_MAX;
        weft_within(ns, nest(depth - 1, until < limit ? until : limit, tries || ns <= 0));
        nested_sleep(limit, tries);
    }
}

static void deadlines_nest_to_any_depth(void **state)
{
    const uint64_t seed = check_seed(1);

    (void)state;
    print_message("WEFT_TEST_SEED=%llu\n", (unsigned long long)seed);
    nested_wrong = 0;
    for (uint64_t i = 0; i < 200; i++) {
        check_randomly(seed + i);
        nest(7, INT64_MAX, false);
    }
    assert_int_equal(nested_wrong, 0);
}

/* ---- ways out ---- */

static int leave_by_return(void)
{
    weft_within(10, ({
                    weft_within(5, ({ return weft_sleep(1); }));
                    0;
                }));
    return -1;
}

static int leave_by_goto(void)
{
    weft_within(10, ({ goto out; }));
    return -1;
out:
    return weft_sleep(20);
}

static int leave_loops(void)
{
    int turns = 0;

    for (int i = 0; i < 5; i++) {
        weft_within(10, ({
                        turns++;
                        if (i < 3)
                            continue;
                        break;
                    }));
        turns = 100;
    }
    return turns;
}

static void return_goto_break_and_continue_leave_a_deadline_behind(void **state)
{
    (void)state;
    assert_int_equal(leave_by_return(), 0);
    assert_null(weft__self->root.deadline);
    assert_int_equal(leave_by_goto(), 0); /* it has slept past the deadline it left */
    assert_null(weft__self->root.deadline);
    assert_int_equal(leave_loops(), 4);
    assert_null(weft__self->root.deadline);
    assert_true(weft__wheel_is_empty(&weft__self->timers));
    assert_int_equal(weft_sleep(100), 0);
}

static int leave_when_over(void)
{
    for (;;)
        weft_within(5, ({
                        if (weft_sleep(10) == -ETIMEDOUT)
                            return weft_sleep(0);
                    }));
}

static void leaving_clears_what_the_deadline_has_set(void **state)
{
    (void)state;
    assert_int_equal(leave_when_over(), -ETIMEDOUT); /* evaluated inside */
    assert_int_equal(weft_sleep(10), 0);
}

/* ---- whose it is ---- */

static void sleep_and_note(int64_t ns)
{
    int result = weft_sleep(ns);

    note("%d@%lld ", result, (long long)weft_now());
}

static int start_sleeper(void)
{
    go(sleep_and_note, 30);
    return weft_sleep(20);
}

static void a_thread_does_not_inherit_its_spawners_deadline(void **state)
{
    (void)state;
    assert_int_equal(weft_within(10, start_sleeper()), -ETIMEDOUT);
    weft_sleep(100);
    assert_noted("0@30 ");
}

static void yield_after_sleep(gen(int) self)
{
    int result = weft_sleep(30);

    gen_yield(self, result);
}

static void a_generators_body_does_not_inherit_its_consumers_deadline(void **state)
{
    gen(int) g = gen_new(int, yield_after_sleep);
    int result = -1;

    (void)state;
    assert_int_equal(weft_within(10, gen_next(g, &result)), -ETIMEDOUT);
    assert_int_equal(weft_now(), 10);
    assert_int_equal(gen_next(g, &result), 0);
    assert_int_equal(result, 0);
    assert_int_equal(weft_now(), 30);
    gen_close(g);
}

static void sleep_within(int64_t limit_ns, const char *name)
{
    weft_within(limit_ns, weft_sleep(WEFT_FOREVER));
    note("%s@%lld ", name, (long long)weft_now());
}

static void deadlines_of_one_instant_are_heard_of_in_the_order_they_began(void **state)
{
    (void)state;
    go(sleep_within, 20, "b");
    go(sleep_within, 20, "c");
    go(sleep_within, 10, "a");
    go(sleep_within, 20, "d");
    weft_sleep(30);
    assert_noted("a@10 b@20 c@20 d@20 ");
}

/* ---- a claimed handoff wins ---- */

enum { LIMIT = 10 };

static int receive_twice(chan_rx(int) c, int *into)
{
    int first = chan_recv(c, into);

    note("%s ", chan_recv(c, NULL) == -ETIMEDOUT ? "then late" : "then not late");
    return first;
}

static void receive_claimed(chan_rx(int) c)
{
    int n = -1, result = weft_within(LIMIT, receive_twice(c, &n));

    note("%d got %d", result, n);
}

static void send_claimed(chan_tx(int) c)
{
    note("%d sent", weft_within(LIMIT, chan_send(c, 42)));
}

static void select_claimed(chan_rx(int) c)
{
    int n = -1;
    int result = weft_within(LIMIT, chan_select(chan_case_timeout(LIMIT), chan_case_recv(c, &n)));

    note("%d got %d", result, n);
}

static void end_later(chan_rx(int) c)
{
    chan_recv(c, NULL);
    check_compute(LIMIT);
}

static void join_claimed(task(void) t)
{
    note("%d joined", weft_within(LIMIT, task_join(t)));
}

/* The running thread serves the parked one, and the deadline passes before that one runs: it is
 * ready by then, and hears of its success; of the deadline in its next call. The oracle makes the
 * scheduler look at the timers at every switch. */
static void overtake_by_the_deadline(void)
{
    check_compute(LIMIT);
    weft_yield();
    check_settle();
}

static void a_handoff_that_was_claimed_is_reported_as_done(void **state)
{
    chan(int) c = chan_new(int);
    int n = 0;

    (void)state;
    check_randomly(1);
    go(receive_claimed, c);
    check_settle();
    assert_int_equal(chan_trysend(c, 42), 0);
    overtake_by_the_deadline();
    assert_noted("then late 0 got 42");
    go(send_claimed, c);
    check_settle();
    assert_int_equal(chan_tryrecv(c, &n), 0);
    overtake_by_the_deadline();
    assert_noted("0 sent");
    assert_int_equal(n, 42);
    go(select_claimed, c);
    check_settle();
    assert_int_equal(chan_trysend(c, 42), 0);
    overtake_by_the_deadline();
    assert_noted("1 got 42");
    chan_free(c);
}

static void a_join_that_was_claimed_is_reported_as_done(void **state)
{
    chan(int) c = chan_new(int);
    task(void) t = spawn(end_later, c);

    (void)state;
    check_randomly(1);
    go(join_claimed, t);
    check_settle();
    chan_trysend(c, 1);
    check_settle();
    assert_noted("0 joined");
    chan_free(c);
}

/* A close counts as an answer, too. */
static void receive_closed(chan_rx(int) c)
{
    note(weft_within(LIMIT, chan_recv(c, NULL)) == -EPIPE ? "closed" : "not closed");
}

static void a_close_before_the_deadline_is_what_the_waiter_hears_of(void **state)
{
    chan(int) c = chan_new(int);

    (void)state;
    check_randomly(1);
    go(receive_closed, c);
    check_settle();
    chan_close(c);
    overtake_by_the_deadline();
    assert_noted("closed");
    chan_free(c);
}

static void sleep_then_send(chan_tx(int) c)
{
    weft_sleep(LIMIT);
    note("%d ", chan_send(c, 7));
}

/* Both timers are due at one instant, and both are heard of before anybody runs: the sender has not
 * claimed the receiver yet. It is told so by waiting on, and the value goes to the next receive. */
static void a_handoff_at_the_instant_of_the_deadline_is_done_or_not_begun(void **state)
{
    chan(int) c = chan_new(int);

    (void)state;
    for (int sender_first = 0; sender_first < 2; sender_first++) {
        int n = -1;

        if (sender_first) {
            go(sleep_then_send, c);
            weft_yield();
        }
        if (!sender_first)
            go(sleep_then_send, c);
        assert_int_equal(weft_within(LIMIT, chan_recv(c, &n)), -ETIMEDOUT);
        assert_int_equal(n, -1);
        assert_int_equal(chan_recv(c, &n), 0);
        assert_int_equal(n, 7);
        check_settle();
        assert_noted("0 ");
    }
    chan_free(c);
}

/* The receiver's wait has two ends at one instant; both its timeout clause and its deadline. */
static void a_timeout_clause_at_the_instant_of_the_deadline_ends_the_wait_once(void **state)
{
    chan(int) c = chan_new(int);
    int result;

    (void)state;
    result = weft_within(LIMIT, chan_select(chan_case_recv(c, NULL), chan_case_timeout(LIMIT)));
    assert_true(result == -ETIMEDOUT || result == 1);
    assert_int_equal(weft_now(), LIMIT);
    assert_int_equal(weft_sleep(1), 0);
    chan_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        check_test(the_value_and_its_type_are_those_of_the_expression),
        check_test(the_duration_and_the_expression_are_evaluated_once),
        check_test(a_parked_call_returns_exactly_at_the_deadline),
        check_test(a_call_after_the_deadline_fails_without_trying),
        check_test(several_calls_share_one_deadline),
        check_test(yield_and_the_try_forms_do_not_mind_a_deadline),
        check_test(within_no_time_calls_do_what_they_can_do_at_once),
        check_test(for_ever_is_no_limit),
        check_test(the_sooner_of_two_deadlines_rules),
        check_test(no_time_inside_a_deadline_ends_with_its_own_braces),
        check_test(deadlines_nest_to_any_depth),
        check_test(return_goto_break_and_continue_leave_a_deadline_behind),
        check_test(leaving_clears_what_the_deadline_has_set),
        check_test(a_thread_does_not_inherit_its_spawners_deadline),
        check_test(a_generators_body_does_not_inherit_its_consumers_deadline),
        check_test(deadlines_of_one_instant_are_heard_of_in_the_order_they_began),
        check_test(a_handoff_that_was_claimed_is_reported_as_done),
        check_test(a_join_that_was_claimed_is_reported_as_done),
        check_test(a_close_before_the_deadline_is_what_the_waiter_hears_of),
        check_test(a_handoff_at_the_instant_of_the_deadline_is_done_or_not_begun),
        check_test(a_timeout_clause_at_the_instant_of_the_deadline_ends_the_wait_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
