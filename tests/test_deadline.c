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

static void receive_one(chan_rx(int) c)
{
    int n = -1;

    chan_recv(c, &n);
    note("got %d ", n);
}

static void yield_late(gen(int) self)
{
    weft_sleep(5);
    gen_yield(self, 3);
}

static void within_no_time_a_send_a_select_and_a_generator_do_what_they_can(void **state)
{
    chan(int) c = chan_new(int);
    gen(int) g = gen_new(int, yield_late);
    int n = -1;

    (void)state;
    go(receive_one, c);
    check_settle();
    assert_int_equal(weft_within(0, chan_send(c, 1)), 0);
    assert_int_equal(weft_within(0, chan_send(c, 2)), -ETIMEDOUT);
    go(receive_one, c);
    check_settle();
    assert_int_equal(weft_within(0, chan_select(chan_case_send(c, 3))), 0);
    assert_int_equal(weft_within(0, chan_select(chan_case_send(c, 4))), -ETIMEDOUT);
    assert_int_equal(weft_within(0, chan_select(chan_case_timeout(1))), -ETIMEDOUT);
    assert_int_equal(weft_within(0, chan_select(chan_case_timeout(0))), 0);
    assert_int_equal(weft_within(1, gen_next(g, &n)), -ETIMEDOUT);
    weft_sleep(10); /* it offers its value by now */
    assert_int_equal(weft_within(0, gen_next(g, &n)), 0);
    assert_int_equal(n, 3);
    check_settle();
    assert_noted("got 1 got 3 ");
    assert_int_equal(gen_close(g), 0);
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

/* What must come out is computed beside it. All times are even but the cancellation's, so that no
 * two of them meet that could come in either order. */
struct rule {
    int64_t limit;        /* the soonest deadline in force */
    bool tries;           /* one of them leaves no time at all */
    int64_t cancelled_at; /* or it will be then */
};

static const struct rule no_rule = {.limit = INT64_MAX, .cancelled_at = INT64_MAX};
static int nested_wrong;

/* What a sleep returns, and when. */
static int ruled_sleep(const struct rule *r, int64_t ns, int64_t *until)
{
    const int64_t now = weft_now();

    *until = now;
    if (now >= r->cancelled_at)
        return -ECANCELED;
    if (now >= r->limit || (ns > 0 && r->tries))
        return -ETIMEDOUT;
    if (ns <= 0)
        return 0;
    *until = now + ns;
    if (r->cancelled_at < *until && r->cancelled_at < r->limit) {
        *until = r->cancelled_at;
        return -ECANCELED;
    }
    if (r->limit > *until)
        return 0;
    *until = r->limit;
    return -ETIMEDOUT;
}

static void nested_sleep(const struct rule *r)
{
    const int64_t ns = 2 * (int64_t)check_random(20), left = r->limit - weft_now();
    int64_t until;
    int result = ruled_sleep(r, ns, &until);

    nested_wrong += weft_remaining() != (r->tries || left < 0    ? 0
                                         : r->limit == INT64_MAX ? WEFT_FOREVER
                                                                 : left);
    nested_wrong += weft_is_cancelled() != (weft_now() >= r->cancelled_at);
    nested_wrong += weft_sleep(ns) != result || weft_now() != until;
    nested_wrong += !check_now(CHECK_RUNNING);
}

static void nest(int depth, const struct rule *r)
{
    for (int i = 0; i < 2; i++) {
        int64_t ns = 2 * (int64_t)check_random(60) - 4;
        struct rule inner = *r;

        nested_sleep(r);
        if (depth == 0)
            return;
        if (check_random(4) == 0) {
            weft_shield(nest(depth - 1, &no_rule));
        } else {
            inner.tries = r->tries || ns <= 0;
            if (ns > 0 && !r->tries && weft_now() + ns < inner.limit)
                inner.limit = weft_now() + ns;
            weft_within(ns, nest(depth - 1, &inner));
        }
        nested_sleep(r);
    }
}

static void deadlines_and_shields_nest_to_any_depth(void **state)
{
    const uint64_t seed = check_seed(1);

    (void)state;
    print_message("WEFT_TEST_SEED=%llu\n", (unsigned long long)seed);
    nested_wrong = 0;
    for (uint64_t i = 0; i < 100; i++) {
        struct rule r = no_rule;
        task(void) t;

        check_randomly(seed + i);
        sleep_until((weft_now() / 2 + 1) * 2);
        r.cancelled_at = weft_now() + 2 * (int64_t)check_random(3000) + 1;
        t = spawn(nest, 7, &r);
        sleep_until(r.cancelled_at);
        task_cancel(t);
        task_join(t);
        nest(6, &no_rule);
    }
    assert_int_equal(nested_wrong, 0);
}

/* ---- ways out ---- */

static int leave_by_return(void)
{
    weft_within(10, ({
                    weft_within(5, ({ return weft_sleep(1); }));
                    weft_now();
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

/* ---- shields ---- */

static void a_shield_keeps_value_and_type(void **state)
{
    const char *text = weft_shield("text");
    struct point p = weft_shield((struct point){3, 4});
    int values = 0;

    _Static_assert(_Generic(weft_shield(1.5F), float : 1, default : 0), "the type is kept");
    _Static_assert(_Generic(weft_shield((char *)0), char * : 1, default : 0), "the type is kept");
    (void)state;
    assert_string_equal(text, "text");
    assert_int_equal(p.x + p.y, 7);
    touched = 0;
    weft_shield(touch());
    weft_shield(touch(), touch());
    assert_int_equal(touched, 3);
    assert_int_equal(weft_shield(++values, 42), 42);
    assert_int_equal(weft_shield(weft_within(1, weft_shield(++values))), 2);
}

static int64_t shape_began;

/* Sleeps for 10; what came of it, and when: "done", "late" or "cancelled". */
static void nap(void)
{
    int result = weft_sleep(10);

    note("%c%lld ",
         result == 0            ? 'd'
         : result == -ETIMEDOUT ? 'l'
                                : 'c',
         (long long)(weft_now() - shape_began));
}

static void shield_in_within(int64_t outer_ns, int64_t unused)
{
    (void)unused;
    weft_within(outer_ns, (nap(), weft_shield(nap()), nap()));
    nap();
}

static void within_in_shield(int64_t unused, int64_t inner_ns)
{
    (void)unused;
    weft_shield((nap(), weft_within(inner_ns, nap()), nap()));
    nap();
}

static void within_in_shield_in_within(int64_t outer_ns, int64_t inner_ns)
{
    weft_within(outer_ns,
                (nap(), weft_shield((nap(), weft_within(inner_ns, nap()), nap())), nap()));
    nap();
}

static void shield_in_within_in_shield(int64_t unused, int64_t inner_ns)
{
    (void)unused;
    weft_shield((nap(), weft_within(inner_ns, (nap(), weft_shield(nap()), nap())), nap()));
    nap();
}

static void shield_in_shield_in_within(int64_t outer_ns, int64_t unused)
{
    (void)unused;
    weft_within(outer_ns, (weft_shield((nap(), weft_shield(nap()), nap())), nap()));
    nap();
}

/* Each shape naps in every place of it, in order. */
static void a_shield_keeps_off_what_is_outside_and_nothing_else(void **state)
{
    enum { NEVER = -1, LONG = 1000 };
    static const struct {
        void (*shape)(int64_t outer_ns, int64_t inner_ns);
        int64_t outer_ns, inner_ns, cancelled_at;
        const char *naps;
    } rows[] = {
        /* The deadline is over before the shield, in it, after it. */
        {shield_in_within, 0, 0, NEVER, "l0 d10 l10 d20 "},
        {shield_in_within, 5, 0, NEVER, "l5 d15 l15 d25 "},
        {shield_in_within, 15, 0, NEVER, "d10 d20 l20 d30 "},
        {shield_in_within, 20, 0, NEVER, "d10 d20 l20 d30 "},
        {shield_in_within, 25, 0, NEVER, "d10 d20 l25 d35 "},
        {shield_in_within, WEFT_FOREVER, 0, NEVER, "d10 d20 d30 d40 "},
        {within_in_shield, 0, 0, NEVER, "d10 l10 d20 d30 "},
        {within_in_shield, 0, 5, NEVER, "d10 l15 d25 d35 "},
        {within_in_shield, 0, LONG, NEVER, "d10 d20 d30 d40 "},
        {within_in_shield_in_within, LONG, LONG, NEVER, "d10 d20 d30 d40 d50 d60 "},
        {within_in_shield_in_within, 0, 0, NEVER, "l0 d10 l10 d20 l20 d30 "},
        {within_in_shield_in_within, 5, LONG, NEVER, "l5 d15 d25 d35 l35 d45 "},
        {within_in_shield_in_within, 5, 5, NEVER, "l5 d15 l20 d30 l30 d40 "},
        {within_in_shield_in_within, 15, LONG, NEVER, "d10 d20 d30 d40 l40 d50 "},
        {within_in_shield_in_within, 25, LONG, NEVER, "d10 d20 d30 d40 l40 d50 "},
        {within_in_shield_in_within, 25, 5, NEVER, "d10 d20 l25 d35 l35 d45 "},
        {within_in_shield_in_within, 35, 5, NEVER, "d10 d20 l25 d35 l35 d45 "},
        {within_in_shield_in_within, 45, LONG, NEVER, "d10 d20 d30 d40 l45 d55 "},
        {shield_in_within_in_shield, 0, 5, NEVER, "d10 l15 d25 l25 d35 d45 "},
        {shield_in_within_in_shield, 0, 15, NEVER, "d10 d20 d30 l30 d40 d50 "},
        {shield_in_shield_in_within, 5, 0, NEVER, "d10 d20 d30 l30 d40 "},
        {shield_in_shield_in_within, 0, 0, NEVER, "d10 d20 d30 l30 d40 "},
        /* So does the cancellation come, which is for good. */
        {shield_in_within, LONG, 0, 0, "c0 d10 c10 c10 "},
        {shield_in_within, LONG, 0, 5, "c5 d15 c15 c15 "},
        {shield_in_within, LONG, 0, 15, "d10 d20 c20 c20 "},
        {shield_in_within, LONG, 0, 25, "d10 d20 c25 c25 "},
        {shield_in_within, LONG, 0, 35, "d10 d20 d30 c35 "},
        {within_in_shield, 0, LONG, 0, "d10 d20 d30 c30 "},
        {within_in_shield, 0, LONG, 15, "d10 d20 d30 c30 "},
        {within_in_shield, 0, 5, 12, "d10 l15 d25 c25 "},
        {within_in_shield, 0, 0, 0, "d10 l10 d20 c20 "},
        {within_in_shield_in_within, LONG, LONG, 5, "c5 d15 d25 d35 c35 c35 "},
        {within_in_shield_in_within, LONG, LONG, 25, "d10 d20 d30 d40 c40 c40 "},
        {within_in_shield_in_within, LONG, LONG, 45, "d10 d20 d30 d40 c45 c45 "},
        {within_in_shield_in_within, 5, 5, 12, "l5 d15 l20 d30 c30 c30 "},
        {within_in_shield_in_within, 25, 5, 5, "c5 d15 l20 d30 c30 c30 "},
        {within_in_shield_in_within, 0, 0, 0, "c0 d10 l10 d20 c20 c20 "},
        {shield_in_within_in_shield, 0, 15, 5, "d10 d20 d30 l30 d40 c40 "},
        {shield_in_shield_in_within, 5, 0, 15, "d10 d20 d30 c30 c30 "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        task(void) t = spawn(rows[i].shape, rows[i].outer_ns, rows[i].inner_ns);

        shape_began = weft_now();
        if (rows[i].cancelled_at != NEVER) {
            weft_sleep(rows[i].cancelled_at);
            assert_int_equal(task_cancel(t), 0);
        }
        task_join(t);
        assert_noted(rows[i].naps);
        assert_true(check_now(CHECK_RUNNING));
    }
}

static int leave_shield_by_return(void)
{
    weft_shield(({
        weft_within(5, ({ return weft_sleep(1); }));
        weft_now();
    }));
    return -1;
}

static int leave_shield_by_goto(void)
{
    weft_shield(({ weft_shield(({ goto out; })); }));
    return -1;
out:
    return weft_sleep(1);
}

static int leave_shields_in_loops(void)
{
    int turns = 0;

    for (int i = 0; i < 5; i++) {
        weft_shield(({
            turns++;
            if (i < 3)
                continue;
            break;
        }));
        turns = 100;
    }
    return turns;
}

static void leave_shields(void)
{
    note("%d ", leave_shield_by_return()); /* evaluated inside */
    note("%d ", weft_sleep(1) == -ECANCELED);
    note("%d ", leave_shield_by_goto() == -ECANCELED);
    note("%d ", leave_shields_in_loops());
    note("%d ", weft_sleep(1) == -ECANCELED);
    note("%d ", weft__self->current->deadline != NULL);
}

static void return_goto_break_and_continue_leave_a_shield_behind(void **state)
{
    task(void) t = spawn(leave_shields);

    (void)state;
    task_cancel(t);
    task_join(t);
    assert_noted("0 1 1 4 1 0 ");
}

static void in_a_shield_a_deadlock_is_still_one(void **state)
{
    chan(int) c = chan_new(int);

    (void)state;
    weft_deadlock_returns(1);
    assert_int_equal(weft_shield(chan_recv(c, NULL)), -EDEADLK);
    assert_int_equal(weft_within(10, weft_shield(chan_recv(c, NULL))), -EDEADLK);
    assert_int_equal(weft_now(), 0); /* the timer outside ends nothing, and is not waited for */
    chan_free(c);
}

static void shield_and_start(void)
{
    weft_shield(({
        go(nap);
        weft_sleep(1);
    }));
}

static void a_thread_does_not_inherit_its_spawners_shield(void **state)
{
    (void)state;
    shape_began = weft_now();
    weft_within(0, shield_and_start());
    weft_sleep(100);
    assert_noted("d10 ");
}

/* ---- the time left ---- */

static void the_time_left_is_that_of_the_soonest_deadline_in_force(void **state)
{
    (void)state;
    assert_true(weft_remaining() == WEFT_FOREVER);
    sleep_until(1000);
    assert_true(weft_remaining() == WEFT_FOREVER);
    assert_int_equal(weft_within(30, weft_remaining()), 30);
    assert_int_equal(weft_within(30, (weft_sleep(10), weft_remaining())), 20);
    assert_int_equal(weft_within(30, weft_within(20, weft_remaining())), 20);
    assert_int_equal(weft_within(20, weft_within(30, weft_remaining())), 20);
    assert_int_equal(weft_within(20, weft_within(WEFT_FOREVER, weft_remaining())), 20);
    assert_int_equal(weft_within(20, (weft_within(10, touch()), weft_remaining())), 20);
    assert_true(weft_remaining() == WEFT_FOREVER);
}

static void no_time_is_left_when_it_is_over(void **state)
{
    (void)state;
    assert_int_equal(weft_within(10, (weft_sleep(20), weft_remaining())), 0);
    assert_int_equal(weft_within(10, (check_compute(20), weft_remaining())), 0);
    assert_int_equal(weft_within(0, weft_remaining()), 0);
    assert_int_equal(weft_within(-1, weft_remaining()), 0);
    assert_int_equal(weft_within(INT64_MIN, weft_remaining()), 0);
    assert_int_equal(weft_within(0, weft_within(10, weft_remaining())), 0);
    assert_int_equal(weft_within(10, weft_within(0, weft_remaining())), 0);
}

static void a_shield_hides_the_time_left_outside(void **state)
{
    (void)state;
    assert_true(weft_shield(weft_remaining()) == WEFT_FOREVER);
    assert_true(weft_within(10, weft_shield(weft_remaining())) == WEFT_FOREVER);
    assert_true(weft_within(0, weft_shield(weft_remaining())) == WEFT_FOREVER);
    assert_int_equal(weft_within(10, weft_shield(weft_within(20, weft_remaining()))), 20);
    assert_int_equal(weft_within(0, weft_shield(weft_within(20, weft_remaining()))), 20);
    assert_int_equal(weft_within(10, (weft_shield(weft_sleep(3)), weft_remaining())), 7);
    assert_int_equal(weft_within(10, (weft_shield(weft_sleep(30)), weft_remaining())), 0);
}

static void durations_end_with_the_clock(void **state)
{
    (void)state;
    sleep_until(1000);
    for (int64_t less = 0; less < 3; less++)
        assert_true(weft_within(WEFT_FOREVER - less, weft_remaining()) == WEFT_FOREVER);
    assert_true(weft_within(WEFT_FOREVER - 1001, weft_remaining()) == WEFT_FOREVER - 1001);
    assert_int_equal(weft_within(5, weft_within(WEFT_FOREVER - 1, weft_sleep(9))), -ETIMEDOUT);
    assert_int_equal(weft_within(WEFT_FOREVER - 1, weft_within(5, weft_sleep(9))), -ETIMEDOUT);
    assert_int_equal(weft_within(WEFT_FOREVER - 1, weft_shield(weft_within(0, weft_sleep(9)))),
                     -ETIMEDOUT);
}

static void being_cancelled_leaves_the_time_as_it_is(void)
{
    note("%d ", weft_remaining() == WEFT_FOREVER);
    note("%d ", (int)weft_within(10, weft_remaining()));
    note("%d ", weft_within(10, (weft_sleep(5), (int)weft_remaining())));
}

static void the_time_left_is_the_same_in_a_cancelled_thread(void **state)
{
    task(void) t = spawn(being_cancelled_leaves_the_time_as_it_is);

    (void)state;
    task_cancel(t);
    task_join(t);
    assert_noted("1 10 10 ");
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
        check_test(within_no_time_a_send_a_select_and_a_generator_do_what_they_can),
        check_test(for_ever_is_no_limit),
        check_test(the_sooner_of_two_deadlines_rules),
        check_test(no_time_inside_a_deadline_ends_with_its_own_braces),
        check_test(deadlines_and_shields_nest_to_any_depth),
        check_test(return_goto_break_and_continue_leave_a_deadline_behind),
        check_test(leaving_clears_what_the_deadline_has_set),
        check_test(a_shield_keeps_value_and_type),
        check_test(a_shield_keeps_off_what_is_outside_and_nothing_else),
        check_test(return_goto_break_and_continue_leave_a_shield_behind),
        check_test(in_a_shield_a_deadlock_is_still_one),
        check_test(a_thread_does_not_inherit_its_spawners_shield),
        check_test(the_time_left_is_that_of_the_soonest_deadline_in_force),
        check_test(no_time_is_left_when_it_is_over),
        check_test(a_shield_hides_the_time_left_outside),
        check_test(durations_end_with_the_clock),
        check_test(the_time_left_is_the_same_in_a_cancelled_thread),
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
