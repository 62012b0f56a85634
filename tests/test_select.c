/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static void send_one(chan_tx(int) c, int value)
{
    note("sent:%d ", chan_send(c, value));
}

static void receive_one(chan_rx(int) c)
{
    int n = -1, result = chan_recv(c, &n);

    note("got:%d ", result == 0 ? n : result);
}

/* ---- which clause ---- */

static void the_result_is_the_index_of_the_clause_that_was_done(void **state)
{
    chan(int) a = chan_new(int), b = chan_new(int);
    int n = -1, m = -1;
    enum { SECOND = 1, FOURTH = 3 };

    (void)state;
    go(send_one, b, 7);
    check_settle();
    assert_int_equal(chan_select(chan_case_recv(a, &n), chan_case_recv(b, &m)), 1);
    assert_int_equal(n, -1);
    assert_int_equal(m, 7);
    go(send_one, b, 8);
    assert_int_equal(
        chan_select([FOURTH] = chan_case_recv(b, &m), [SECOND] = chan_case_recv(a, &n)), FOURTH);
    assert_int_equal(m, 8);
    go(receive_one, a);
    assert_int_equal(chan_select([SECOND] = chan_case_recv(b, &m), [FOURTH] = chan_case_send(a, 9)),
                     FOURTH);
    check_settle();
    assert_noted("sent:0 sent:0 got:9 ");
    chan_free(a);
    chan_free(b);
}

static void a_clause_left_out_between_two_is_never_ready(void **state)
{
    (void)state;
    assert_int_equal(chan_select([5] = chan_case_default), 5);
    assert_int_equal(chan_select([3] = chan_case_timeout(10)), 3);
    assert_int_equal(weft_now(), 10);
}

static void a_clause_without_a_channel_is_never_ready(void **state)
{
    chan(int) none = NULL, some = chan_new(int);
    int n = -1;

    (void)state;
    check_watch(some);
    assert_int_equal(
        chan_select(chan_case_recv(none, &n), chan_case_send(none, 1), chan_case_default), 2);
    assert_int_equal(
        chan_select(chan_case_recv(none, &n), chan_case_send(none, 1), chan_case_timeout(5)), 2);
    assert_int_equal(weft_now(), 5);
    assert_int_equal(weft_within(5, chan_select(chan_case_recv(none, &n), chan_case_send(none, 1))),
                     -ETIMEDOUT);
    go(send_one, some, 3);
    assert_int_equal(chan_select(chan_case_recv(none, NULL), chan_case_recv(some, &n)), 1);
    assert_int_equal(n, 3);
    check_settle();
    check_unwatch(some);
    chan_free(some);
}

static int times_asked;

static int asked(int value)
{
    times_asked++;
    return value;
}

static void every_argument_is_evaluated_once_chosen_or_not(void **state)
{
    chan(double) c = chan_new(double);
    chan(int) d = chan_new(int);
    int into[3] = {-1, -1, -1}, *next = into;

    (void)state;
    times_asked = 0;
    assert_int_equal(chan_select(chan_case_send(c, asked(1)), chan_case_send(d, asked(2)),
                                 chan_case_recv(d, next++), chan_case_timeout(asked(5))),
                     3);
    assert_int_equal(times_asked, 3);
    assert_ptr_equal(next, into + 1);
    chan_free(c);
    chan_free(d);
}

/* ---- Go's select3.go: what blocks and what does not ---- */

enum channel_state { NO_CHANNEL, NOBODY_WAITS, SENDER_WAITS, RECEIVER_WAITS, CLOSED, STATES };

static chan(int) in_state(enum channel_state s)
{
    chan(int) c = s == NO_CHANNEL ? NULL : chan_new(int);

    if (s == CLOSED)
        chan_close(c);
    if (s == SENDER_WAITS)
        go(send_one, c, 1);
    if (s == RECEIVER_WAITS)
        go(receive_one, c);
    check_settle();
    return c;
}

static void discard(chan(int) c)
{
    if (c)
        chan_close(c);
    check_settle();
    chan_free(c);
    noted();
}

static void the_result_of_a_closed_clause_leads_back_to_its_index(void **state)
{
    (void)state;
    for (int n = 1; n <= 3; n++) {
        chan(int) c = in_state(CLOSED);
        struct weft_case cases[3] = {0};
        int r;

        cases[n - 1] = chan_set_recv(c, NULL);
        r = chan_select_n(cases, 3);
        assert_true(r <= CHAN_CLOSED(0));
        assert_int_equal(CHAN_CLOSED(r), n - 1);
        discard(c);
    }
}

static void a_select_of_one_clause_blocks_exactly_when_its_operation_would(void **state)
{
    enum { TIMED_OUT = -ETIMEDOUT, IS_CLOSED = CHAN_CLOSED(0) };
    const int receives[STATES] = {TIMED_OUT, TIMED_OUT, 0, TIMED_OUT, IS_CLOSED};
    const int sends[STATES] = {TIMED_OUT, TIMED_OUT, TIMED_OUT, 0, IS_CLOSED};

    (void)state;
    for (enum channel_state s = 0; s < STATES; s++)
        for (int64_t ns = 0; ns <= 10; ns += 5) {
            chan(int) c = in_state(s);

            assert_int_equal(weft_within(ns, chan_select(chan_case_recv(c, NULL))), receives[s]);
            discard(c);
            c = in_state(s);
            assert_int_equal(weft_within(ns, chan_select(chan_case_send(c, 1))), sends[s]);
            discard(c);
        }
}

static void a_default_is_chosen_exactly_when_the_operation_would_block(void **state)
{
    enum { IS_CLOSED = CHAN_CLOSED(0) };
    const int receives[STATES] = {1, 1, 0, 1, IS_CLOSED};
    const int sends[STATES] = {1, 1, 1, 0, IS_CLOSED};

    (void)state;
    for (enum channel_state s = 0; s < STATES; s++) {
        chan(int) c = in_state(s);
        int64_t now;

        assert_int_equal(chan_select(chan_case_recv(c, NULL), chan_case_default), receives[s]);
        discard(c);
        c = in_state(s);
        assert_int_equal(chan_select(chan_case_send(c, 1), chan_case_default), sends[s]);
        discard(c);
        c = in_state(s);
        now = weft_now();
        assert_int_equal(chan_select(chan_case_recv(c, NULL), chan_case_timeout(0)), receives[s]);
        assert_int_equal(weft_now(), now);
        discard(c);
    }
}

/* ---- one effect ---- */

static void select_three(chan(int) a, chan(int) b, chan(int) c)
{
    int from_a = -1, from_b = -1;
    int i =
        chan_select(chan_case_recv(a, &from_a), chan_case_recv(b, &from_b), chan_case_send(c, 42));

    note("%d(%d,%d) ", i, from_a, from_b);
}

static void only_the_chosen_clause_has_an_effect(void **state)
{
    chan(int) a = chan_new(int), b = chan_new(int), c = chan_new(int);

    (void)state;
    check_watch(a);
    check_watch(b);
    check_watch(c);
    for (int which = 0; which < 3; which++) {
        go(select_three, a, b, c);
        check_settle();
        if (which == 0)
            assert_int_equal(chan_trysend(a, 5), 0);
        if (which == 1)
            assert_int_equal(chan_trysend(b, 6), 0);
        if (which == 2)
            assert_int_equal(chan_tryrecv(c, NULL), 0);
        assert_int_equal(chan_trysend(a, 7), -EAGAIN);
        assert_int_equal(chan_trysend(b, 8), -EAGAIN);
        assert_int_equal(chan_tryrecv(c, NULL), -EAGAIN);
        check_now(CHECK_RUNNING);
        check_settle();
    }
    assert_noted("0(5,-1) 1(-1,6) 2(-1,-1) ");
    check_unwatch(a);
    check_unwatch(b);
    check_unwatch(c);
    chan_free(a);
    chan_free(b);
    chan_free(c);
}

/* Go's chan/doubleselect.go: two clauses of one select never both run. */
enum { DOUBLE_ROUNDS = 100000 };

static void select_sends(chan_tx(int) a, chan_tx(int) b, chan_tx(int) c, chan_tx(int) d)
{
    for (int i = 0; i < DOUBLE_ROUNDS; i++)
        chan_select(chan_case_send(a, i), chan_case_send(b, i), chan_case_send(c, i),
                    chan_case_send(d, i));
    chan_close(a);
    chan_close(b);
    chan_close(c);
    chan_close(d);
}

static unsigned char times_received[DOUBLE_ROUNDS];

static void count_values(chan_rx(int) in)
{
    chan_each(n, in) {
        times_received[n]++;
        if (n % 7 == 0)
            weft_yield();
    }
}

static void a_select_that_sends_on_four_channels_sends_each_value_once(void **state)
{
    chan(int) c[4];

    (void)state;
    memset(times_received, 0, sizeof times_received);
    for (int i = 0; i < 4; i++) {
        c[i] = chan_new(int);
        go(count_values, c[i]);
    }
    go(select_sends, c[0], c[1], c[2], c[3]);
    check_settle();
    for (int i = 0; i < DOUBLE_ROUNDS; i++)
        if (times_received[i] != 1)
            fail();
    for (int i = 0; i < 4; i++)
        chan_free(c[i]);
}

static void select_two(chan_rx(int) a, chan_rx(int) b, int name)
{
    int n = -1, i = chan_select(chan_case_recv(a, &n), chan_case_recv(b, &n));

    note("%d:%d(%d) ", name, i, n);
}

/* Two senders come at one instant, one for each clause: the second finds nobody, and parks. */
static void a_select_that_was_claimed_is_on_no_other_channel_any_more(void **state)
{
    chan(int) a = chan_new(int), b = chan_new(int);

    (void)state;
    check_watch(a);
    check_watch(b);
    go(select_two, a, b, 0);
    check_settle();
    go(send_one, a, 5);
    go(send_one, b, 6);
    check_settle();
    assert_noted("sent:0 0:0(5) ");
    chan_recv(b, NULL);
    check_settle();
    check_unwatch(a);
    check_unwatch(b);
    chan_free(a);
    chan_free(b);
}

/* Go's chan/select6.go (issue 2075): the entry that a select leaves behind in a queue must not
 * corrupt those that come after it. */
static void receive_quietly(chan_rx(int) c)
{
    chan_recv(c, NULL);
}

static void select_then_receive(chan_rx(int) never, chan_rx(int) soon, chan_tx(int) done)
{
    if (chan_select(chan_case_recv(never, NULL), chan_case_recv(soon, NULL)) != 1)
        note("wrong clause");
    chan_send(done, 1);
    chan_recv(never, NULL);
}

static void an_abandoned_clause_does_not_corrupt_the_queue(void **state)
{
    chan(int) c1 = chan_new(int), c2 = chan_new(int), c3 = chan_new(int);

    (void)state;
    check_watch(c1);
    check_watch(c2);
    go(receive_quietly, c1);
    go(select_then_receive, c1, c2, c3);
    weft_yield();
    chan_send(c2, 1);
    chan_recv(c3, NULL);
    check_now(CHECK_RUNNING);
    chan_send(c1, 1);
    chan_send(c1, 1);
    check_settle();
    assert_noted("");
    check_unwatch(c1);
    check_unwatch(c2);
    chan_free(c1);
    chan_free(c2);
    chan_free(c3);
}

/* Go's chanlinear.go and issue9110.go. */
static void abandoned_selects_leave_nothing_behind(void **state)
{
    chan(int) a = chan_new(int), b = chan_new(int);
    int n = -1;

    (void)state;
    check_watch(a);
    check_watch(b);
    for (int i = 0; i < 10000; i++)
        assert_int_equal(chan_select(chan_case_recv(a, NULL), chan_case_send(b, 1),
                                     chan_case_recv(b, NULL), chan_case_timeout(1)),
                         3);
    assert_int_equal(weft_now(), 10000);
    check_now(CHECK_RUNNING);
    go(send_one, a, 4);
    assert_int_equal(chan_recv(a, &n), 0);
    assert_int_equal(n, 4);
    check_settle();
    check_unwatch(a);
    check_unwatch(b);
    chan_free(a);
    chan_free(b);
}

/* ---- one channel more than once ---- */

static void select_twice_or(chan_rx(int) c, chan_rx(int) other)
{
    int first = -1, second = -1, third = -1;
    int i = chan_select(chan_case_recv(c, &first), chan_case_recv(c, &second),
                        chan_case_recv(other, &third));

    note("%d(%d) ", i, i == 0 ? first : i == 1 ? second : third);
}

static void a_channel_may_be_in_two_clauses(void **state)
{
    chan(int) c = chan_new(int), other = chan_new(int);
    int first = -1, second = -1, i;

    (void)state;
    check_watch(c);
    go(select_twice_or, c, other);
    check_settle();
    chan_send(c, 5);
    assert_int_equal(chan_trysend(c, 6), -EAGAIN);
    check_settle();
    assert_noted("0(5) "); /* the first in the queue */
    go(send_one, c, 7);
    check_settle();
    i = chan_select(chan_case_recv(c, &first), chan_case_recv(c, &second));
    assert_int_equal(i == 0 ? first : second, 7);
    assert_int_equal(i == 0 ? second : first, -1);
    check_settle();
    check_unwatch(c);
    chan_free(c);
    chan_free(other);
}

/* Go's TestSelectDuplicateChannel: when such a select is served by another channel, whoever waits
 * behind its two entries must still be reached. */
static void a_waiter_behind_a_select_with_two_entries_is_reached(void **state)
{
    chan(int) c = chan_new(int), other = chan_new(int);

    (void)state;
    check_watch(c);
    check_watch(other);
    go(select_twice_or, c, other);
    go(receive_one, c);
    check_settle();
    chan_send(other, 8);
    check_now(CHECK_RUNNING);
    chan_send(c, 9);
    check_settle();
    assert_noted("2(8) got:9 ");
    check_unwatch(c);
    check_unwatch(other);
    chan_free(c);
    chan_free(other);
}

static void select_both_ways(chan(int) c, int value)
{
    int n = -1, i = chan_select(chan_case_send(c, value), chan_case_recv(c, &n));

    note("%d:%d(%d) ", value, i, n);
}

static void a_select_never_meets_itself(void **state)
{
    chan(int) c = chan_new(int);
    const char *met;
    int n = -1;

    (void)state;
    check_watch(c);
    assert_int_equal(chan_select(chan_case_send(c, 1), chan_case_recv(c, &n), chan_case_default),
                     2);
    assert_int_equal(weft_within(5, chan_select(chan_case_send(c, 1), chan_case_recv(c, &n))),
                     -ETIMEDOUT);
    go(select_both_ways, c, 1);
    check_settle();
    assert_true(check_now(CHECK_RUNNING));
    assert_int_equal(chan_tryrecv(c, &n), 0);
    assert_int_equal(n, 1);
    go(select_both_ways, c, 2);
    check_settle();
    assert_int_equal(chan_trysend(c, 10), 0);
    check_settle();
    assert_noted("1:0(-1) 2:1(10) ");
    go(select_both_ways, c, 3);
    go(select_both_ways, c, 4); /* one receives the other's value */
    check_settle();
    assert_true(strcmp((met = noted()), "4:0(-1) 3:1(4) ") == 0 ||
                strcmp(met, "4:1(3) 3:0(-1) ") == 0);
    check_unwatch(c);
    chan_free(c);
}

/* Go's TestSelfSelect. */
enum { SELF_ROUNDS = 1000 };

static int self_wrong, self_sent, self_received;

static void select_on_itself(chan(int) c, int name, bool send_first)
{
    for (int i = 0; i < SELF_ROUNDS; i++) {
        int n = -1, send_index = send_first ? 0 : 1, done;

        weft_yield();
        if (send_first)
            done = chan_select(chan_case_send(c, name), chan_case_recv(c, &n));
        else
            done = chan_select(chan_case_recv(c, &n), chan_case_send(c, name));
        if (done == send_index)
            self_sent++;
        else if (done == 1 - send_index && n == 1 - name)
            self_received++;
        else
            self_wrong++;
    }
}

static void two_that_send_and_receive_on_one_channel_never_get_their_own_value(void **state)
{
    chan(int) c = chan_new(int);

    (void)state;
    for (int both = 0; both < 2; both++) {
        self_wrong = self_sent = self_received = 0;
        go(select_on_itself, c, 0, true);
        go(select_on_itself, c, 1, both);
        check_settle();
        assert_int_equal(self_wrong, 0);
        assert_int_equal(self_sent, SELF_ROUNDS);
        assert_int_equal(self_received, SELF_ROUNDS);
    }
    chan_free(c);
}

static void select_send(chan_tx(int) a, chan_tx(int) b, int value)
{
    note("sent:%d ", chan_select(chan_case_send(a, value), chan_case_send(b, value)));
}

static void two_selects_meet_and_each_hears_its_own_index(void **state)
{
    chan(int) a = chan_new(int), b = chan_new(int), c = chan_new(int);

    (void)state;
    check_watch(a);
    check_watch(b);
    check_watch(c);
    go(select_two, a, b, 0);
    check_settle();
    go(select_send, c, b, 5);
    check_settle();
    assert_noted("sent:1 0:1(5) ");
    go(select_send, c, a, 6);
    check_settle();
    go(select_two, a, b, 0);
    check_settle();
    assert_noted("0:0(6) sent:1 ");
    check_unwatch(a);
    check_unwatch(b);
    check_unwatch(c);
    chan_free(a);
    chan_free(b);
    chan_free(c);
}

/* ---- order ---- */

static void selects_and_plain_calls_wait_in_one_line(void **state)
{
    chan(int) a = chan_new(int), b = chan_new(int);

    (void)state;
    check_watch(a);
    check_watch(b);
    go(receive_one, a);
    go(select_two, b, a, 1);
    go(receive_one, a);
    go(select_two, a, b, 2);
    check_settle();
    for (int i = 1; i <= 4; i++)
        chan_send(a, i);
    check_settle();
    assert_noted("got:1 1:1(2) got:3 2:0(4) ");
    check_unwatch(a);
    check_unwatch(b);
    chan_free(a);
    chan_free(b);
}

/* ---- close ---- */

static void close_wakes_every_select_with_the_index_of_its_clause(void **state)
{
    chan(int) a = chan_new(int), b = chan_new(int), c = chan_new(int), d = chan_new(int);
    char expected[64];

    (void)state;
    check_watch(a);
    check_watch(b);
    check_watch(c);
    go(select_two, a, b, 0);
    go(select_two, b, a, 1);
    go(receive_one, a);
    go(select_three, c, a, d);
    check_settle();
    assert_int_equal(chan_close(a), 0);
    check_now(CHECK_RUNNING);
    check_settle();
    snprintf(expected, sizeof expected, "0:%d(-1) 1:%d(-1) got:%d %d(-1,-1) ", CHAN_CLOSED(0),
             CHAN_CLOSED(1), -EPIPE, CHAN_CLOSED(1));
    assert_noted(expected);
    go(select_send, d, c, 1);
    go(send_one, c, 2);
    go(select_send, c, d, 3);
    check_settle();
    assert_int_equal(chan_close(c), 0);
    check_now(CHECK_RUNNING);
    check_settle();
    snprintf(expected, sizeof expected, "sent:%d sent:%d sent:%d ", CHAN_CLOSED(1), -EPIPE,
             CHAN_CLOSED(0));
    assert_noted(expected);
    assert_int_equal(chan_trysend(d, 1) + chan_tryrecv(d, NULL), -2 * EAGAIN);
    check_unwatch(a);
    check_unwatch(b);
    check_unwatch(c);
    chan_free(a);
    chan_free(b);
    chan_free(c);
    chan_free(d);
}

static void note_closed_of_many(chan_rx(int) c, int at, int of)
{
    struct weft_case cases[8];
    int n = -1;

    memset(cases, 0, sizeof cases);
    cases[at] = chan_set_recv(c, &n);
    note("%d ", chan_select_n(cases, (size_t)of) == CHAN_CLOSED(at) && n == -1);
}

static void close_wakes_a_hundred_selects(void **state)
{
    chan(int) c = chan_new(int);
    int woken = 0;

    (void)state;
    check_watch(c);
    for (int i = 0; i < 100; i++)
        go(note_closed_of_many, c, i % 8, 8);
    check_settle();
    chan_close(c);
    check_settle();
    for (const char *at = noted(); *at; at += 2)
        woken += *at == '1';
    assert_int_equal(woken, 100);
    check_unwatch(c);
    chan_free(c);
}

static void close_wakes_a_select_that_has_the_channel_in_every_clause_once(void **state)
{
    chan(int) c = chan_new(int);
    const char *seen;

    (void)state;
    check_watch(c);
    go(select_three, c, c, c);
    check_settle();
    chan_close(c);
    check_now(CHECK_RUNNING);
    check_settle();
    seen = noted();
    assert_in_range(-atoi(seen), 4096, 4098);
    assert_string_equal(strchr(seen, '('), "(-1,-1) ");
    check_unwatch(c);
    chan_free(c);
}

static void a_closed_channel_counts_as_one_that_can_go(void **state)
{
    chan(int) open = chan_new(int), closed = chan_new(int);
    int done[2] = {0, 0};

    (void)state;
    chan_close(closed);
    for (int i = 0; i < 100; i++) {
        int n = -1;

        go(send_one, open, i);
        check_settle();
        switch (chan_select(chan_case_recv(open, &n), chan_case_send(closed, 1))) {
        case 0:
            done[0]++;
            break;
        case CHAN_CLOSED(1):
            done[1]++;
            chan_recv(open, &n);
            break;
        default:
            fail();
        }
        assert_int_equal(n, i);
    }
    assert_true(done[0] > 0 && done[1] > 0);
    check_settle();
    chan_free(open);
    chan_free(closed);
}

/* ---- timeouts ---- */

static void a_timeout_is_chosen_exactly_after_its_time(void **state)
{
    chan(int) c = chan_new(int);
    const int64_t times[] = {1, 63, 64, WEFT_MS(1), WEFT_SEC(100)};
    int64_t until = 0;

    (void)state;
    for (int i = 0; i < 5; i++) {
        until += times[i];
        assert_int_equal(chan_select(chan_case_recv(c, NULL), chan_case_timeout(times[i])), 1);
        assert_int_equal(weft_now(), until);
    }
    chan_free(c);
}

static void zero_and_less_are_chosen_at_once_if_nothing_else_can_go(void **state)
{
    const int64_t times[] = {0, -1, INT64_MIN};
    chan(int) c = chan_new(int);

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(chan_select(chan_case_timeout(times[i]), chan_case_recv(c, NULL)), 0);
        go(send_one, c, 1);
        check_settle();
        assert_int_equal(chan_select(chan_case_timeout(times[i]), chan_case_recv(c, NULL)), 1);
        check_settle();
    }
    assert_int_equal(weft_now(), 6);
    chan_free(c);
}

static void a_timeout_beyond_the_end_of_time_is_never_chosen(void **state)
{
    const int64_t times[] = {WEFT_FOREVER, WEFT_FOREVER - 1, WEFT_FOREVER - 7};
    chan(int) c = chan_new(int);

    (void)state;
    weft_sleep(7);
    for (int i = 0; i < 3; i++)
        assert_int_equal(weft_within(WEFT_SEC(1000), chan_select(chan_case_recv(c, NULL),
                                                                 chan_case_timeout(times[i]))),
                         -ETIMEDOUT);
    chan_free(c);
}

static void the_soonest_of_several_timeouts_is_chosen(void **state)
{
    (void)state;
    assert_int_equal(chan_select(chan_case_timeout(30), chan_case_timeout(10),
                                 chan_case_timeout(20), chan_case_timeout(WEFT_FOREVER)),
                     1);
    assert_int_equal(weft_now(), 10);
}

static void a_clause_that_is_served_in_time_leaves_no_timeout_behind(void **state)
{
    chan(int) c = chan_new(int);

    (void)state;
    go(send_one, c, 1);
    assert_int_equal(chan_select(chan_case_recv(c, NULL), chan_case_timeout(10)), 0);
    assert_true(weft__wheel_is_empty(&weft__self->timers));
    assert_int_equal(weft_sleep(20), 0);
    chan_free(c);
}

/* ---- choice ---- */

/* Go's TestSelectFairness: with two clauses ready, the share of each lies within six nines of one
 * half; and so for more. The generator is seeded alike in every run. */
static void assert_fair(int ready)
{
    enum { TRIALS = 10000, READY_MAX = 16 };
    struct weft_case cases[READY_MAX];
    int chosen[READY_MAX] = {0};
    chan(int) closed = chan_new(int);
    double p = 1.0 / ready, bound = 4.89 * sqrt(p * (1 - p) / TRIALS);

    chan_close(closed);
    for (int i = 0; i < ready; i++)
        cases[i] = chan_set_recv(closed, NULL);
    for (int i = 0; i < TRIALS; i++) {
        int k = -4096 - chan_select_n(cases, (size_t)ready);

        assert_in_range(k, 0, ready - 1);
        chosen[k]++;
    }
    for (int i = 0; i < ready; i++)
        assert_true(fabs((double)chosen[i] / TRIALS - p) <= bound);
    chan_free(closed);
}

static void each_ready_clause_is_chosen_equally_often(void **state)
{
    (void)state;
    assert_fair(2);
    assert_fair(3);
    assert_fair(10);
    assert_fair(16);
}

/* Every fourth of 32 is ready: mostly it is not the one that is guessed first. */
static void each_of_a_few_ready_clauses_among_many_is_chosen_equally_often(void **state)
{
    enum { TRIALS = 10000, CLAUSES = 32, READY = CLAUSES / 4 };
    struct weft_case cases[CLAUSES];
    int chosen[CLAUSES] = {0};
    chan(int) closed = chan_new(int), never = chan_new(int);
    double p = 1.0 / READY, bound = 4.89 * sqrt(p * (1 - p) / TRIALS);

    (void)state;
    chan_close(closed);
    for (int i = 0; i < CLAUSES; i++)
        cases[i] = chan_set_recv(i % 4 == 1 ? closed : never, NULL);
    for (int i = 0; i < TRIALS; i++) {
        int k = -4096 - chan_select_n(cases, CLAUSES);

        assert_in_range(k, 0, CLAUSES - 1);
        assert_int_equal(k % 4, 1);
        chosen[k]++;
    }
    for (int i = 1; i < CLAUSES; i += 4)
        assert_true(fabs((double)chosen[i] / TRIALS - p) <= bound);
    chan_free(closed);
    chan_free(never);
}

static void set_flag(bool *flag)
{
    *flag = true;
}

static void a_large_select_with_a_default_never_switches(void **state)
{
    enum { CLAUSES = 20 };
    struct weft_case cases[CLAUSES];
    chan(int) closed = chan_new(int);
    bool other_ran = false;

    (void)state;
    chan_close(closed);
    for (int i = 0; i < CLAUSES; i++)
        cases[i] = chan_set_recv(closed, NULL);
    go(set_flag, &other_ran);
    cases[CLAUSES - 1] = (struct weft_case){.op = WEFT_OP_DEFAULT};
    for (int i = 0; i < 1000; i++)
        assert_in_range(-4096 - chan_select_n(cases, CLAUSES), 0, CLAUSES - 2);
    assert_false(other_ran);
    cases[CLAUSES - 1] = (struct weft_case){.op = WEFT_OP_NONE};
    for (int i = 0; i < 1000 && !other_ran; i++)
        assert_in_range(-4096 - chan_select_n(cases, CLAUSES), 0, CLAUSES - 2);
    assert_true(other_ran);
    chan_free(closed);
}

static void send_for_ever(chan_tx(int) c)
{
    while (chan_send(c, 1) == 0)
        ;
}

static void each_of_two_that_send_all_the_time_is_served_equally_often(void **state)
{
    enum { TRIALS = 10000 };
    chan(int) a = chan_new(int), b = chan_new(int);
    int from_a = 0, from_b = 0;

    (void)state;
    for (int i = 0; i < 2; i++) {
        go(send_for_ever, a);
        go(send_for_ever, b);
    }
    for (int i = 0; i < TRIALS; i++) {
        weft_yield(); /* both wait */
        switch (chan_select(chan_case_recv(a, NULL), chan_case_recv(b, NULL))) {
        case 0:
            from_a++;
            break;
        case 1:
            from_b++;
            break;
        default:
            fail();
        }
    }
    assert_true(fabs((double)from_a / TRIALS - 0.5) <= 4.89 / (2 * sqrt(TRIALS)));
    assert_int_equal(from_a + from_b, TRIALS);
    chan_close(a);
    chan_close(b);
    check_settle();
    chan_free(a);
    chan_free(b);
}

/* An oracle that notes what it is asked, and chooses as it is told. */
struct told {
    uint32_t choice;
    uint32_t asked; /* among how many */
    int times;
};

static uint32_t choose_as_told(void *state, uint32_t n, enum weft__choice kind)
{
    struct told *told = state;

    if (kind != WEFT__CHOICE_SELECT)
        return 0;
    told->times++;
    told->asked = n;
    return told->choice;
}

/* Ready are clauses 1, 3, 4 and 6 of eight. */
static void an_oracle_is_offered_every_ready_clause_and_no_other(void **state)
{
    const int ready[] = {1, 3, 4, 6};
    struct told told = {0};
    chan(int) never = chan_new(int), closed = chan_new(int), none = NULL;

    (void)state;
    weft__sched_set_oracle(weft__self, choose_as_told, &told);
    chan_close(closed);
    for (uint32_t k = 0; k < 4; k++) {
        struct weft_case cases[8] = {
            chan_set_recv(never, NULL),  chan_set_recv(closed, NULL), chan_set_send(none, NULL),
            chan_set_send(closed, NULL), chan_set_recv(closed, NULL), chan_set_send(never, NULL),
            chan_set_recv(closed, NULL), chan_set_recv(none, NULL),
        };

        told.choice = k;
        assert_int_equal(chan_select_n(cases, 8), CHAN_CLOSED(ready[k]));
        assert_int_equal(told.asked, 4);
    }
    assert_int_equal(told.times, 4);
    chan_select(chan_case_recv(never, NULL), chan_case_recv(closed, NULL));
    assert_int_equal(told.times, 4); /* no question where there is no choice */
    weft__sched_set_oracle(weft__self, NULL, NULL);
    chan_free(never);
    chan_free(closed);
}

/* Every third clause is ready. One scan keeps what it has seen of 1,024; of more it looks again. */
static void assert_each_of_many_can_be_chosen(size_t n)
{
    enum { N_MAX = 2000 };
    static struct weft_case cases[N_MAX];
    struct told told = {0};
    chan(int) never = chan_new(int), closed = chan_new(int);
    uint32_t ready = (uint32_t)(n + 2) / 3;

    weft__sched_set_oracle(weft__self, choose_as_told, &told);
    chan_close(closed);
    for (size_t i = 0; i < n; i++)
        cases[i] = chan_set_recv(i % 3 == 0 ? closed : never, NULL);
    for (uint32_t k = 0; k < ready; k++) {
        told.choice = k;
        assert_int_equal(chan_select_n(cases, n), CHAN_CLOSED((int)(3 * k)));
        assert_int_equal(told.asked, ready);
    }
    weft__sched_set_oracle(weft__self, NULL, NULL);
    chan_free(never);
    chan_free(closed);
}

static void each_ready_clause_of_a_large_set_can_be_chosen(void **state)
{
    (void)state;
    assert_each_of_many_can_be_chosen(63);
    assert_each_of_many_can_be_chosen(64);
    assert_each_of_many_can_be_chosen(65);
    assert_each_of_many_can_be_chosen(1024);
    assert_each_of_many_can_be_chosen(1025);
    assert_each_of_many_can_be_chosen(2000);
}

/* Go's TestPseudoRandomSend. */
static void send_zeroes_and_ones(chan_tx(int) c, int n)
{
    for (int i = 0; i < n; i++)
        chan_select(chan_case_send(c, 0), chan_case_send(c, 1));
}

static void a_select_that_sends_one_or_the_other_sends_both(void **state)
{
    chan(int) c = chan_new(int);
    int ones = 0;

    (void)state;
    go(send_zeroes_and_ones, c, 1000);
    for (int i = 0; i < 500; i++) {
        int n = -1;

        chan_recv(c, &n); /* it parks, so the sender finds it ready in both clauses */
        ones += n;
        chan_recv(c, NULL);
    }
    assert_in_range(ones, 1, 499);
    check_settle();
    chan_free(c);
}

/* ---- sets made at run time ---- */

enum { MANY = 10000 };

static struct weft_case many_cases[MANY];
static chan(int) many_chans[MANY];

static int select_among_many(int64_t timeout_ns)
{
    int n = -1;
    int i;

    for (int k = 0; k < MANY; k++)
        many_cases[k] = chan_set_recv(many_chans[k], &n);
    i = weft_within(timeout_ns, chan_select_n(many_cases, MANY));
    note("%d(%d) ", i, n);
    return i;
}

static void a_thread_with_16_kib_of_stack_selects_among_ten_thousand(void **state)
{
    const struct weft_spawn_opts small = {.size = sizeof small, .stack_bytes = (size_t)16 * 1024};

    (void)state;
    for (int i = 0; i < MANY; i++)
        many_chans[i] = chan_new(int);
    go_with(&small, select_among_many, WEFT_FOREVER);
    check_settle();
    chan_send(many_chans[MANY - 1], 7);
    check_settle();
    go_with(&small, select_among_many, (int64_t)10);
    weft_sleep(20);
    go(send_one, many_chans[5], 8);
    check_settle();
    go_with(&small, select_among_many, WEFT_FOREVER);
    check_settle();
    assert_noted("9999(7) -110(-1) 5(8) sent:0 ");
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(chan_trysend(many_chans[i], 1), -EAGAIN);
        chan_free(many_chans[i]);
    }
}

static void a_set_may_be_used_again(void **state)
{
    chan(int) in = chan_new(int), out = chan_new(int);
    int n = -1, m = 5;
    struct weft_case cases[] = {chan_set_recv(in, &n), chan_set_send(out, &m)};

    (void)state;
    go(send_one, in, 1);
    assert_int_equal(chan_select_n(cases, 2), 0);
    assert_int_equal(n, 1);
    go(receive_one, out);
    assert_int_equal(chan_select_n(cases, 2), 1);
    m = 6;
    go(receive_one, out);
    assert_int_equal(chan_select_n(cases, 2), 1);
    cases[1] = (struct weft_case){.op = 0}; /* never ready */
    go(send_one, in, 2);
    assert_int_equal(chan_select_n(cases, 2), 0);
    check_settle();
    assert_noted("sent:0 got:5 got:6 sent:0 ");
    chan_free(in);
    chan_free(out);
}

static void a_set_of_none_waits_for_good(void **state)
{
    (void)state;
    assert_int_equal(weft_within(10, chan_select_n(NULL, 0)), -ETIMEDOUT);
    assert_int_equal(weft_now(), 10);
}

/* As a program made for a later version has them, whose clauses have grown. */
struct wide_case {
    struct weft_case one;
    char more[5 * sizeof(struct weft_case)];
};

static void receive_by_wide_select(chan_rx(int) a, chan_rx(int) b)
{
    int n = -1;
    struct wide_case cases[2] = {{.one = chan_set_recv(a, &n)}, {.one = chan_set_recv(b, &n)}};

    int i = weft_chan_select_(&cases[0].one, 2, sizeof cases[0]);

    note("%d(%d) ", i, n);
}

static void clauses_may_be_larger_than_the_library_knows_them(void **state)
{
    chan(int) a = chan_new(int), b = chan_new(int);

    (void)state;
    check_watch(a);
    check_watch(b);
    go(receive_by_wide_select, a, b);
    check_settle();
    chan_send(b, 3);
    check_settle();
    go(send_one, b, 4);
    check_settle();
    go(receive_by_wide_select, a, b);
    check_settle();
    go(receive_by_wide_select, a, b);
    check_settle();
    chan_close(b);
    check_settle();
    assert_noted("1(3) 1(4) sent:0 -4097(-1) ");
    check_unwatch(a);
    check_unwatch(b);
    chan_free(a);
    chan_free(b);
}

/* ---- all sizes of elements ---- */

enum { SIZE_MAX_HERE = 4096 };

static struct weft_chan *sized, *sized_never[2];
static size_t size;
static unsigned char from[SIZE_MAX_HERE + 1], into[SIZE_MAX_HERE + 1];

static struct weft_case sized_case(struct weft_chan *c, int op, unsigned char *object)
{
    return (struct weft_case){.object = object, .chan = c, .amount = (int64_t)size, .op = op};
}

static int select_sized(int who, int op, unsigned char *object)
{
    struct weft_case cases[2] = {sized_case(sized_never[who], op, object),
                                 sized_case(sized, op, object)};

    return weft_chan_select_(cases, 2, sizeof cases[0]);
}

static void select_sized_and_note(int op, unsigned char *object)
{
    note("%d", select_sized(0, op, object));
}

static void fresh_bytes(void)
{
    for (size_t i = 0; i < sizeof from; i++)
        from[i] = i < size ? (unsigned char)(i * 13 + 1) : 0xee;
    memset(into, 0xee, sizeof into);
}

static void assert_arrived(void)
{
    check_settle();
    assert_noted("1");
    assert_memory_equal(from, into, sizeof from);
}

static void values_of_every_size_pass_through_a_select(void **state)
{
    const size_t sizes[] = {0, 1, 2, 3, 4, 7, 8, 16, 24, 300, SIZE_MAX_HERE};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size = sizes[i];
        sized = weft_chan_new_(size, "here");
        for (int k = 0; k < 2; k++)
            sized_never[k] = weft_chan_new_(size, "here");
        fresh_bytes();
        go(select_sized_and_note, WEFT_OP_RECV, into);
        check_settle();
        assert_int_equal(weft_chan_send_(sized, from, size), 0);
        assert_arrived();
        fresh_bytes();
        go(select_sized_and_note, WEFT_OP_SEND, from);
        check_settle();
        assert_int_equal(weft_chan_recv_(sized, into, size), 0);
        assert_arrived();
        fresh_bytes();
        go(select_sized_and_note, WEFT_OP_SEND, from);
        check_settle();
        assert_int_equal(select_sized(1, WEFT_OP_RECV, into), 1);
        assert_arrived();
        fresh_bytes();
        go(select_sized_and_note, WEFT_OP_RECV, into);
        check_settle();
        assert_int_equal(select_sized(1, WEFT_OP_SEND, from), 1);
        assert_arrived();
        go(select_sized_and_note, WEFT_OP_RECV, NULL);
        check_settle();
        assert_int_equal(weft_chan_send_(sized, from, size), 0);
        check_settle();
        assert_noted("1");
        weft_chan_free_(sized);
        for (int k = 0; k < 2; k++)
            weft_chan_free_(sized_never[k]);
    }
}

/* ---- lifetime, and load ---- */

static void channels_may_be_freed_as_soon_as_the_select_is_served(void **state)
{
    chan(int) a = chan_new(int), b = chan_new(int);

    (void)state;
    go(select_two, a, b, 0);
    check_settle();
    chan_send(b, 1);
    chan_free(a);
    chan_free(b);
    check_settle();
    a = chan_new(int);
    b = chan_new(int);
    go(select_two, a, b, 1);
    check_settle();
    chan_close(a);
    chan_free(a);
    chan_free(b);
    check_settle();
    assert_noted("0:1(1) 1:-4096(-1) ");
}

/* Go's TestSelectStress. */
enum { STRESS_ROUNDS = 10000 };

static chan(int) stress[4];
static int stress_received;

static void stress_send(int which)
{
    for (int i = 0; i < STRESS_ROUNDS; i++)
        chan_send(stress[which], 0);
}

static void stress_receive(int which)
{
    for (int i = 0; i < STRESS_ROUNDS; i++)
        stress_received += chan_recv(stress[which], NULL) == 0;
}

static void stress_select(bool sends)
{
    int left[4] = {STRESS_ROUNDS, STRESS_ROUNDS, STRESS_ROUNDS, STRESS_ROUNDS};
    const int zero = 0;

    for (int i = 0; i < 4 * STRESS_ROUNDS; i++) {
        struct weft_case cases[4];
        int done;

        for (int k = 0; k < 4; k++) {
            chan(int) c = left[k] > 0 ? stress[k] : NULL;

            cases[k] = sends ? chan_set_send(c, &zero) : chan_set_recv(c, NULL);
        }
        done = chan_select_n(cases, 4);
        if (done < 0)
            return;
        left[done]--;
        stress_received += !sends;
    }
}

static void senders_receivers_and_selects_over_four_channels_come_out_even(void **state)
{
    (void)state;
    stress_received = 0;
    for (int i = 0; i < 4; i++) {
        stress[i] = chan_new(int);
        go(stress_send, i);
        go(stress_receive, i);
    }
    go(stress_select, true);
    go(stress_select, false);
    check_settle();
    assert_int_equal(stress_received, 8 * STRESS_ROUNDS);
    assert_int_equal(check_threads(), 0);
    for (int i = 0; i < 4; i++)
        chan_free(stress[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        check_test(the_result_is_the_index_of_the_clause_that_was_done),
        check_test(a_clause_left_out_between_two_is_never_ready),
        check_test(a_clause_without_a_channel_is_never_ready),
        check_test(every_argument_is_evaluated_once_chosen_or_not),
        check_test(the_result_of_a_closed_clause_leads_back_to_its_index),
        check_test(a_select_of_one_clause_blocks_exactly_when_its_operation_would),
        check_test(a_default_is_chosen_exactly_when_the_operation_would_block),
        check_test(only_the_chosen_clause_has_an_effect),
        check_test(a_select_that_sends_on_four_channels_sends_each_value_once),
        check_test(a_select_that_was_claimed_is_on_no_other_channel_any_more),
        check_test(an_abandoned_clause_does_not_corrupt_the_queue),
        check_test(abandoned_selects_leave_nothing_behind),
        check_test(a_channel_may_be_in_two_clauses),
        check_test(a_waiter_behind_a_select_with_two_entries_is_reached),
        check_test(a_select_never_meets_itself),
        check_test(two_that_send_and_receive_on_one_channel_never_get_their_own_value),
        check_test(two_selects_meet_and_each_hears_its_own_index),
        check_test(selects_and_plain_calls_wait_in_one_line),
        check_test(close_wakes_every_select_with_the_index_of_its_clause),
        check_test(close_wakes_a_hundred_selects),
        check_test(close_wakes_a_select_that_has_the_channel_in_every_clause_once),
        check_test(a_closed_channel_counts_as_one_that_can_go),
        check_test(a_timeout_is_chosen_exactly_after_its_time),
        check_test(zero_and_less_are_chosen_at_once_if_nothing_else_can_go),
        check_test(a_timeout_beyond_the_end_of_time_is_never_chosen),
        check_test(the_soonest_of_several_timeouts_is_chosen),
        check_test(a_clause_that_is_served_in_time_leaves_no_timeout_behind),
        check_test(each_ready_clause_is_chosen_equally_often),
        check_test(each_of_a_few_ready_clauses_among_many_is_chosen_equally_often),
        check_test(a_large_select_with_a_default_never_switches),
        check_test(each_of_two_that_send_all_the_time_is_served_equally_often),
        check_test(an_oracle_is_offered_every_ready_clause_and_no_other),
        check_test(each_ready_clause_of_a_large_set_can_be_chosen),
        check_test(a_select_that_sends_one_or_the_other_sends_both),
        check_test(a_thread_with_16_kib_of_stack_selects_among_ten_thousand),
        check_test(a_set_may_be_used_again),
        check_test(a_set_of_none_waits_for_good),
        check_test(clauses_may_be_larger_than_the_library_knows_them),
        check_test(values_of_every_size_pass_through_a_select),
        check_test(channels_may_be_freed_as_soon_as_the_select_is_served),
        check_test(senders_receivers_and_selects_over_four_channels_come_out_even),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
