/* SPDX-License-Identifier: MIT */
/* What Go's tests of select check, and the tests of select.c beside this folder do not. */
#include "tests/check.h"

#include <errno.h>
#include <string.h>

#include "runtime/calls.h"

/* ---- every mix of clauses ---- */

enum { CLAUSES = 3, LAST = CLAUSES, WAIT_NS = 10, SENT = 100, OFFERED = 200, UNTOUCHED = -1 };

/* What a clause is, with a channel of its own. */
enum channel_state { NO_CHANNEL, NOBODY_WAITS, SENDER_WAITS, RECEIVER_WAITS, CLOSED, STATES };
enum { LEFT_OUT = 0, KINDS = 1 + 2 * STATES }; /* then STATES that receive, and as many that send */

/* The clause after them. */
enum ending { NO_ENDING, DEFAULT, TIMEOUT, ENDINGS };

static struct mix {
    int kinds[CLAUSES];
    chan(int) chans[CLAUSES];
    int partners[CLAUSES]; /* what the thread that waited in the channel got, or UNTOUCHED */
    int taken[CLAUSES];    /* what the clauses received, or UNTOUCHED */
    int result;
    bool has_returned;
} mix;

static const int offered[CLAUSES] = {OFFERED, OFFERED + 1, OFFERED + 2};

static enum channel_state mix_state(int k)
{
    return (enum channel_state)((mix.kinds[k] - 1) % STATES);
}

static bool mix_sends(int k)
{
    return mix.kinds[k] > STATES;
}

static void partner_send(int k)
{
    int result = chan_send(mix.chans[k], SENT + k);

    if (result == 0)
        mix.partners[k] = SENT + k;
}

static void partner_receive(int k)
{
    int n;

    if (chan_recv(mix.chans[k], &n) == 0)
        mix.partners[k] = n;
}

static void mix_begin(const int kinds[CLAUSES])
{
    memset(&mix, 0, sizeof mix);
    for (int k = 0; k < CLAUSES; k++) {
        mix.kinds[k] = kinds[k];
        mix.partners[k] = mix.taken[k] = UNTOUCHED;
        if (kinds[k] == LEFT_OUT || mix_state(k) == NO_CHANNEL)
            continue;
        mix.chans[k] = chan_new(int);
        if (mix_state(k) == CLOSED)
            chan_close(mix.chans[k]);
        if (mix_state(k) == SENDER_WAITS)
            go(partner_send, k);
        if (mix_state(k) == RECEIVER_WAITS)
            go(partner_receive, k);
    }
    check_settle();
}

static void mix_end(void)
{
    for (int k = 0; k < CLAUSES; k++)
        chan_close(mix.chans[k]);
    check_settle();
    for (int k = 0; k < CLAUSES; k++)
        chan_free(mix.chans[k]);
}

static void mix_fill(struct weft_case cases[CLAUSES])
{
    memset(cases, 0, CLAUSES * sizeof *cases);
    for (int k = 0; k < CLAUSES; k++)
        if (mix.kinds[k] != LEFT_OUT)
            cases[k] = mix_sends(k) ? chan_set_send(mix.chans[k], &offered[k])
                                    : chan_set_recv(mix.chans[k], &mix.taken[k]);
}

static int mix_select(enum ending ending)
{
    struct weft_case cases[CLAUSES + 1];

    mix_fill(cases);
    cases[LAST] = (struct weft_case){.op = ending == TIMEOUT ? WEFT_OP_TIMEOUT : WEFT_OP_DEFAULT,
                                     .amount = WAIT_NS};
    return weft_within(2 * WAIT_NS,
                       chan_select_n(cases, ending == NO_ENDING ? CLAUSES : CLAUSES + 1));
}

/* What the select may return for this clause; UNTOUCHED: it cannot go. */
static int mix_result(int k)
{
    if (mix.kinds[k] == LEFT_OUT)
        return UNTOUCHED;
    if (mix_state(k) == CLOSED)
        return CHAN_CLOSED(k);
    return mix_state(k) == (mix_sends(k) ? RECEIVER_WAITS : SENDER_WAITS) ? k : UNTOUCHED;
}

static bool mix_may_return(int result, enum ending ending)
{
    const int otherwise[ENDINGS] = {-ETIMEDOUT, LAST, LAST};
    bool can_go = false;

    for (int k = 0; k < CLAUSES; k++) {
        if (mix_result(k) == UNTOUCHED)
            continue;
        if (mix_result(k) == result)
            return true;
        can_go = true;
    }
    return !can_go && result == otherwise[ending];
}

/* Only the chosen clause has had an effect, on either side. */
static bool mix_is_untouched_but(int chosen)
{
    for (int k = 0; k < CLAUSES; k++) {
        bool sends = mix.kinds[k] != LEFT_OUT && mix_sends(k);

        if (mix.taken[k] != (k == chosen && !sends ? SENT + k : UNTOUCHED))
            return false;
        if (mix.partners[k] == UNTOUCHED ? k == chosen
                                         : mix.partners[k] != (sends ? OFFERED : SENT) + k)
            return false;
        if (k != chosen && mix.partners[k] != UNTOUCHED)
            return false;
    }
    return true;
}

static bool next_mix(int kinds[CLAUSES])
{
    for (int k = 0; k < CLAUSES; k++) {
        if (++kinds[k] < KINDS)
            return true;
        kinds[k] = 0;
    }
    return false;
}

/* As the program that chan/select5.go writes does: every mix of sends and receives, on channels in
 * every state, with a default, a timeout or neither; here all there are, and not a sample. */
static void of_every_mix_of_clauses_one_that_can_go_is_done(void **state)
{
    int kinds[CLAUSES] = {0}, mixes = 0;

    (void)state;
    do {
        for (enum ending e = 0; e < ENDINGS; e++) {
            int64_t began_ns;
            int result;

            mix_begin(kinds);
            began_ns = weft_now();
            result = mix_select(e);
            if (!mix_may_return(result, e))
                fail_msg("kinds %d %d %d, ending %d: %d", kinds[0], kinds[1], kinds[2], (int)e,
                         result);
            assert_int_equal(weft_now() - began_ns, result == -ETIMEDOUT             ? 2 * WAIT_NS
                                                    : result == LAST && e == TIMEOUT ? WAIT_NS
                                                                                     : 0);
            check_settle();
            assert_true(mix_is_untouched_but(result));
            mix_end();
            mixes++;
        }
    } while (next_mix(kinds));
    assert_int_equal(mixes, KINDS * KINDS * KINDS * ENDINGS);
}

static void mix_park(void)
{
    struct weft_case cases[CLAUSES];

    mix_fill(cases);
    mix.result = chan_select_n(cases, CLAUSES);
    mix.has_returned = true;
}

static bool can_park(const int kinds[CLAUSES])
{
    memcpy(mix.kinds, kinds, sizeof mix.kinds);
    return mix_may_return(-ETIMEDOUT, NO_ENDING);
}

/* Hands over, or closes: what the parked select must return then. */
static int mix_disturb(int k, bool closes)
{
    if (closes) {
        assert_int_equal(chan_close(mix.chans[k]), 0);
        return CHAN_CLOSED(k);
    }
    if (!mix_sends(k)) {
        assert_int_equal(chan_trysend(mix.chans[k], SENT + k), 0);
        mix.partners[k] = SENT + k;
    } else {
        assert_int_equal(chan_tryrecv(mix.chans[k], &mix.partners[k]), 0);
    }
    return k;
}

/* The blocking half of the same: a select that has parked in several channels is woken by each of
 * them, by a partner and by a close. */
static void of_every_mix_that_blocks_each_channel_can_wake_the_select(void **state)
{
    int kinds[CLAUSES] = {0}, woken = 0;

    (void)state;
    do {
        if (!can_park(kinds))
            continue;
        for (int i = 0; i < 2 * CLAUSES; i++) {
            int k = i / 2, due;
            bool closes = i % 2;

            if (kinds[k] == LEFT_OUT || mix_state(k) == NO_CHANNEL ||
                (!closes && mix_state(k) != NOBODY_WAITS))
                continue;
            mix_begin(kinds);
            go(mix_park);
            check_settle();
            assert_false(mix.has_returned);
            due = mix_disturb(k, closes);
            check_settle();
            assert_true(mix.has_returned);
            assert_int_equal(mix.result, due);
            assert_true(mix_is_untouched_but(closes ? UNTOUCHED : k));
            mix_end();
            woken++;
        }
    } while (next_mix(kinds));
    assert_true(woken > 500);
}

/* ---- every argument once ---- */

static struct {
    chan(int) chans[CLAUSES];
    int values[CLAUSES];
    int asked_chan[CLAUSES], asked_value[CLAUSES];
} asked;

static chan(int) asked_chan(int k)
{
    asked.asked_chan[k]++;
    return asked.chans[k];
}

static int asked_value(int k)
{
    asked.asked_value[k]++;
    return OFFERED + k;
}

static int *asked_into(int k)
{
    asked.asked_value[k]++;
    return &asked.values[k];
}

#define R(k) chan_case_recv(asked_chan(k), asked_into(k))
#define S(k) chan_case_send(asked_chan(k), asked_value(k))
#define MIXED(a, b, c)                                                       \
    (has_default ? chan_select(a(0), b(1), c(2), [LAST] = chan_case_default) \
                 : weft_within(WAIT_NS, chan_select(a(0), b(1), c(2))))

/* Bit k of which: clause k sends. */
static int select_mixed(unsigned which, bool has_default)
{
    switch (which) {
    case 0:
        return MIXED(R, R, R);
    case 1:
        return MIXED(S, R, R);
    case 2:
        return MIXED(R, S, R);
    case 3:
        return MIXED(S, S, R);
    case 4:
        return MIXED(R, R, S);
    case 5:
        return MIXED(S, R, S);
    case 6:
        return MIXED(R, S, S);
    default:
        return MIXED(S, S, S);
    }
}

static void meet(chan(int) c, bool receives)
{
    if (receives)
        chan_recv(c, NULL);
    else
        chan_send(c, SENT);
}

/* As chan/select5.go does: what a select's clauses are made of is evaluated once, chosen or not,
 * and whether or not the select blocks. */
static void in_every_mix_each_argument_is_evaluated_once(void **state)
{
    (void)state;
    for (int k = 0; k < CLAUSES; k++)
        asked.chans[k] = chan_new(int);
    for (unsigned which = 0; which < 1 << CLAUSES; which++)
        for (int i = 0; i < 2 * (CLAUSES + 1); i++) {
            int ready = i / 2, has_default = i % 2;
            int due = ready < CLAUSES ? ready : has_default ? LAST : -ETIMEDOUT;

            memset(asked.asked_chan, 0, sizeof asked.asked_chan);
            memset(asked.asked_value, 0, sizeof asked.asked_value);
            if (ready < CLAUSES)
                go(meet, asked.chans[ready], which >> ready & 1);
            check_settle();
            assert_int_equal(select_mixed(which, has_default), due);
            for (int k = 0; k < CLAUSES; k++) {
                assert_int_equal(asked.asked_chan[k], 1);
                assert_int_equal(asked.asked_value[k], 1);
            }
        }
    check_settle();
    for (int k = 0; k < CLAUSES; k++)
        chan_free(asked.chans[k]);
}

/* ---- simple ones ---- */

enum { SHIFTS = 100 };

/* Sends on one of the two, the other being no channel: now this one, now that one. */
static void send_now_here_now_there(chan_tx(int) a, chan_tx(int) b)
{
    for (int i = 0; i < SHIFTS; i++) {
        chan_tx(int) left = i % 2 ? a : NULL, right = i % 2 ? NULL : b;

        if (chan_select(chan_case_send(left, i), chan_case_send(right, i)) != 1 - i % 2)
            note("wrong clause ");
    }
}

static void receive_now_here_now_there(chan_rx(int) a, chan_rx(int) b)
{
    for (int i = 0; i < SHIFTS; i++) {
        chan_rx(int) left = i % 2 ? a : NULL, right = i % 2 ? NULL : b;
        int n = -1;

        if (chan_select(chan_case_recv(left, &n), chan_case_recv(right, &n)) != 1 - i % 2 || n != i)
            note("wrong value ");
    }
}

/* As chan/select.go does: a clause is switched off and on by what its channel is. */
static void clauses_are_switched_off_by_having_no_channel(void **state)
{
    chan(int) a = chan_new(int), b = chan_new(int);

    (void)state;
    go(send_now_here_now_there, a, b);
    go(receive_now_here_now_there, a, b);
    check_settle();
    assert_noted("");
    chan_free(a);
    chan_free(b);
}

static void send_value(chan_tx(int) c, int value)
{
    chan_send(c, value);
}

/* As chan/select4.go does: the clause that can go goes, beside one that never will. */
static void a_clause_that_never_can_go_does_not_hold_up_one_that_can(void **state)
{
    chan(int) never = chan_new(int), c = chan_new(int), none = NULL;
    int from_none = UNTOUCHED, n = UNTOUCHED;

    (void)state;
    go(send_value, c, 7);
    check_settle();
    assert_int_equal(chan_select(chan_case_recv(none, &from_none),
                                 chan_case_recv(never, &from_none), chan_case_recv(c, &n),
                                 chan_case_send(never, 1)),
                     2);
    assert_int_equal(n, 7);
    assert_int_equal(from_none, UNTOUCHED);
    check_settle();
    chan_free(never);
    chan_free(c);
}

/* The ways to receive one value by a select; the value, or SENT where it is dropped. */
static int receive_in_way(int way, chan_rx(int) c, chan_rx(int) other)
{
    int n = SENT;

    switch (way) {
    case 0:
        return chan_select(chan_case_recv(c, &n)) == 0 ? n : -1;
    case 1:
        return chan_select(chan_case_recv(c, NULL)) == 0 ? n : -1;
    case 2:
        return chan_select(chan_case_recv(other, NULL), chan_case_recv(c, &n)) == 1 ? n : -1;
    default:
        return chan_select(chan_case_recv(other, &n), chan_case_recv(c, NULL)) == 1 ? n : -1;
    }
}

static void note_received(int way, chan_rx(int) c, chan_rx(int) other)
{
    note("%d ", receive_in_way(way, c, other));
}

static void note_sent(int way, chan_tx(int) c, chan_tx(int) other)
{
    if (way == 0)
        note("%d ", chan_select(chan_case_send(c, SENT)));
    else
        note("%d ", chan_select(chan_case_send(c, SENT), chan_case_send(other, -1)));
}

/* As chan/select7.go does: one value by a select, kept or dropped, to and from selects and plain
 * calls, whichever side comes first. */
static void a_value_passes_by_a_select_whoever_comes_first(void **state)
{
    chan(int) c = chan_new(int), never = chan_new(int), nowhere = chan_new(int);

    (void)state;
    for (int i = 0; i < 16; i++) {
        int receives = i % 4, sends = i / 4 % 2, first = i / 8;

        if (first)
            go(note_sent, sends, c, nowhere);
        go(note_received, receives, c, never);
        check_settle();
        if (!first)
            go(note_sent, sends, c, nowhere);
        check_settle();
        /* Who comes second goes on first, and notes. */
        assert_string_equal(noted(), first ? "100 0 " : "0 100 ");
        go(note_received, receives, c, never);
        check_settle();
        assert_int_equal(chan_trysend(c, SENT), 0);
        check_settle();
        assert_noted("100 ");
    }
    chan_free(c);
    chan_free(never);
    chan_free(nowhere);
}

/* As fixedbugs/bug225.go does: a default beside a clause is for when that one cannot go, and the
 * loop around it ends when all have been received. */
static void a_loop_over_a_default_receives_every_value(void **state)
{
    enum { VALUES = 5 };
    chan(int) c = chan_new(int);
    int sum = 0, idle = 0;

    (void)state;
    for (int i = 1; i <= VALUES; i++)
        go(send_value, c, i);
    for (int n = 0, received = 0; received < VALUES;) {
        switch (chan_select(chan_case_recv(c, &n), chan_case_default)) {
        case 0:
            sum += n;
            received++;
            break;
        default:
            idle++;
            weft_yield();
        }
    }
    assert_int_equal(sum, VALUES * (VALUES + 1) / 2);
    assert_true(idle > 0);
    check_settle();
    chan_free(c);
}

/* As fixedbugs/issue8347.go does: a select on a closed channel says so, and what it was to fill is
 * as it was; the clause counts as ready, so that a default is not chosen. */
static void a_closed_channel_is_told_from_a_value_of_zero(void **state)
{
    chan(int) c = chan_new(int);
    int n = 42;

    (void)state;
    go(send_value, c, 0);
    check_settle();
    assert_int_equal(chan_select(chan_case_recv(c, &n), chan_case_default), 0);
    assert_int_equal(n, 0);
    n = 42;
    chan_close(c);
    assert_int_equal(chan_select(chan_case_recv(c, &n), chan_case_default), CHAN_CLOSED(0));
    assert_int_equal(chan_select(chan_case_recv(c, &n)), CHAN_CLOSED(0));
    assert_int_equal(n, 42);
    check_settle();
    chan_free(c);
}

/* ---- memory ---- */

static int allocations;

static void *count_malloc(size_t bytes)
{
    allocations++;
    return malloc(bytes);
}

static void *count_calloc(size_t n, size_t bytes)
{
    allocations++;
    return calloc(n, bytes);
}

enum { SELECTS = 100000 };

static void send_by_select(chan_tx(int) c, chan_tx(int) never)
{
    for (int i = 0; i < SELECTS; i++)
        chan_select(chan_case_send(never, 0), chan_case_send(c, i));
}

static void receive_by_select(chan_rx(int) c, chan_rx(int) never, int *received)
{
    for (int i = 0; i < SELECTS; i++)
        *received += chan_select(chan_case_recv(c, NULL), chan_case_recv(never, NULL)) == 0;
}

/* As chan/select2.go does: selects take no memory that grows with their number; here none at all,
 * though both sides park in a channel where nobody ever comes. */
static void a_hundred_thousand_selects_allocate_nothing(void **state)
{
    chan(int) c = chan_new(int), never = chan_new(int), quiet = chan_new(int);
    int received = 0;

    (void)state;
    go(send_by_select, c, never);
    go(receive_by_select, c, quiet, &received);
    for (int i = 0; i < 10; i++)
        weft_yield();
    allocations = 0;
    weft__calls.malloc = count_malloc;
    weft__calls.calloc = count_calloc;
    check_settle();
    assert_int_equal(received, SELECTS);
    assert_int_equal(allocations, 0);
    chan_free(c);
    chan_free(never);
    chan_free(quiet);
}

/* ---- one moment ---- */

enum { RACES = 1000 };

static struct {
    int result;   /* of who looks */
    int received; /* by who looks, or UNTOUCHED */
    int sender;   /* the sender's result */
    bool waits;   /* the second sender has come to its channel */
} race;

static void race_send(chan_tx(int) c)
{
    race.sender = chan_send(c, 1);
}

static void race_try(chan_rx(int) c)
{
    race.result = chan_tryrecv(c, &race.received);
}

/* As runtime TestNonblockRecvRace does, with a sender that waits in the place of a value in a
 * buffer. The closer and the one who tries go in either order. If the channel is closed first, both
 * sides hear that; otherwise the value passes, and nobody may ever be told to try again. */
static void a_try_beside_a_close_gets_the_value_or_the_close(void **state)
{
    int passed = 0;

    (void)state;
    check_randomly(check_seed(1));
    for (int i = 0; i < RACES; i++) {
        chan(int) c = chan_new(int);

        race.received = UNTOUCHED;
        go(race_send, c);
        check_settle();
        go(race_try, c);
        weft_yield();
        chan_close(c);
        check_settle();
        assert_int_equal(race.result, race.sender);
        assert_true(race.result == 0 || race.result == -EPIPE);
        assert_int_equal(race.received, race.result == 0 ? 1 : UNTOUCHED);
        passed += race.result == 0;
        chan_free(c);
    }
    assert_in_range(passed, 1, RACES);
}

static void race_send_second(chan_tx(int) c)
{
    race.waits = true; /* and it does not park before it does so in the channel */
    chan_send(c, 2);
}

static void race_select(chan_rx(int) a, chan_rx(int) b)
{
    race.result = chan_select(chan_case_recv(a, NULL), chan_case_recv(b, NULL), chan_case_default);
}

static int race_second_waits(chan(int) b)
{
    race.waits = false;
    go(race_send_second, b);
    while (!race.waits)
        weft_yield();
    return 0;
}

static int race_second_is_closed(chan(int) b)
{
    return chan_close(b);
}

/* One of the two channels can go at every moment: first a alone, then both, then perhaps b alone. */
static void race_two(int (*second)(chan(int) b), int b_result)
{
    int by_b = 0;

    check_randomly(check_seed(1));
    for (int i = 0; i < RACES; i++) {
        chan(int) a = chan_new(int), b = chan_new(int);

        race.result = UNTOUCHED;
        go(race_send, a);
        check_settle();
        go(race_select, a, b);
        weft_yield();
        assert_int_equal(second(b), 0);
        chan_tryrecv(a, NULL);
        check_settle();
        assert_true(race.result == 0 || race.result == b_result);
        by_b += race.result == b_result;
        chan_close(a);
        chan_close(b);
        check_settle();
        chan_free(a);
        chan_free(b);
    }
    assert_in_range(by_b, 1, RACES - 1);
}

/* As runtime TestNonblockSelectRace does: a select looks at all its clauses at one moment. */
static void a_default_is_never_chosen_while_one_channel_or_the_other_has_a_sender(void **state)
{
    (void)state;
    race_two(race_second_waits, 1);
}

/* As runtime TestNonblockSelectRace2 does: the same, where the second is closed. */
static void a_default_is_never_chosen_while_one_channel_can_go_or_the_other_is_closed(void **state)
{
    (void)state;
    race_two(race_second_is_closed, CHAN_CLOSED(1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        check_test(of_every_mix_of_clauses_one_that_can_go_is_done),
        check_test(of_every_mix_that_blocks_each_channel_can_wake_the_select),
        check_test(in_every_mix_each_argument_is_evaluated_once),
        check_test(clauses_are_switched_off_by_having_no_channel),
        check_test(a_clause_that_never_can_go_does_not_hold_up_one_that_can),
        check_test(a_value_passes_by_a_select_whoever_comes_first),
        check_test(a_loop_over_a_default_receives_every_value),
        check_test(a_closed_channel_is_told_from_a_value_of_zero),
        check_test(a_hundred_thousand_selects_allocate_nothing),
        check_test(a_try_beside_a_close_gets_the_value_or_the_close),
        check_test(a_default_is_never_chosen_while_one_channel_or_the_other_has_a_sender),
        check_test(a_default_is_never_chosen_while_one_channel_can_go_or_the_other_is_closed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
