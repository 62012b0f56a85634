/* SPDX-License-Identifier: MIT */
/* Who wins: cancellation, close, the end of the time and a handoff hit one parked thread before it
 * runs again, in every order. The first of them that reaches it decides, for the thread and for
 * whoever hands over; the others come to nothing, or to the thread's next call. Then the same with
 * many threads in a few channels, at random, where every value counts. */
#include "check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { LIMIT = 10, AS_IT_WAS = -1 };

/* ---- one scheduling round ---- */

/* While it is held, main keeps running: events come about, and nobody hears of them. */
static bool held;

static uint32_t place_of_main(void)
{
    for (uint32_t i = 0; i < weft__ring_count(&weft__self->run); i++)
        if (weft__ring_peek(&weft__self->run, i) == &weft__self->root)
            return i;
    return 0;
}

static uint32_t choose(void *unused, uint32_t n, enum weft__choice kind)
{
    (void)unused;
    if (kind == WEFT__CHOICE_SELECT)
        return check_random(n);
    check_now(CHECK_CHOOSING);
    return held ? place_of_main() : check_random(n);
}

static void begin_round(uint64_t seed)
{
    held = false;
    check_randomly(seed);
    weft__sched_set_oracle(weft__self, choose, NULL);
}

static void pass_the_limit(void)
{
    check_compute(LIMIT);
    weft_yield(); /* the clock is looked at */
}

/* ---- the parked thread ---- */

enum way { PLAIN, BY_SELECT, BY_SELECT_TIMEOUT, WAYS };
enum partner { BY_TRY, BY_NO_TIME, BY_SELECT_NO_TIME, PARTNERS };

enum event { CANCEL, CLOSE, TIMEOUT, HANDOFF, EVENTS };

static struct {
    bool receives;
    bool shielded;
    enum way way;
    enum partner partner;
    enum event events[EVENTS];
    int count;
    chan(int) c;
    chan(int) other; /* nobody else is there */
    int value;       /* of the one that receives: what it has got */
    int result;
    int next;          /* of its next call, under the same deadline */
    int handed;        /* what main was told that handed over, or was handed to */
    int value_of_main; /* likewise */
} trial;

enum { CLAUSE = 1, CLAUSE_TIMEOUT = 2, NOT_TRIED = 1, VALUE = 42 };

static int wait_plainly(void)
{
    return trial.receives ? chan_recv(trial.c, &trial.value) : chan_send(trial.c, VALUE);
}

static int wait_by_select(void)
{
    if (trial.receives)
        return chan_select(chan_case_recv(trial.other, NULL),
                           chan_case_recv(trial.c, &trial.value));
    return chan_select(chan_case_recv(trial.other, NULL), chan_case_send(trial.c, VALUE));
}

static int wait_by_select_timeout(void)
{
    if (trial.receives)
        return chan_select(chan_case_recv(trial.other, NULL), chan_case_recv(trial.c, &trial.value),
                           chan_case_timeout(LIMIT));
    return chan_select(chan_case_recv(trial.other, NULL), chan_case_send(trial.c, VALUE),
                       chan_case_timeout(LIMIT));
}

static int wait_in_a_way(void)
{
    static int (*const ways[WAYS])(void) = {wait_plainly, wait_by_select, wait_by_select_timeout};

    return ways[trial.way]();
}

static void wait_and_call_again(void)
{
    trial.result = trial.shielded ? weft_shield(wait_in_a_way()) : wait_in_a_way();
    trial.next = weft_sleep(0);
}

static void live(void)
{
    weft_within(trial.way == BY_SELECT_TIMEOUT ? WEFT_FOREVER : LIMIT, wait_and_call_again());
}

/* ---- the events ---- */

static int hand_over(void)
{
    int result;

    switch (trial.partner) {
    case BY_TRY:
        return trial.receives ? chan_trysend(trial.c, VALUE)
                              : chan_tryrecv(trial.c, &trial.value_of_main);
    case BY_NO_TIME:
        return weft_within(0, trial.receives ? chan_send(trial.c, VALUE)
                                             : chan_recv(trial.c, &trial.value_of_main));
    default:
        result = weft_within(0, trial.receives
                                    ? chan_select(chan_case_send(trial.c, VALUE))
                                    : chan_select(chan_case_recv(trial.c, &trial.value_of_main)));
        return result == CHAN_CLOSED(0) ? -EPIPE : result;
    }
}

static void come_about(enum event e, task(void) t)
{
    switch (e) {
    case CANCEL:
        task_cancel(t);
        break;
    case CLOSE:
        chan_close(trial.c);
        break;
    case TIMEOUT:
        pass_the_limit();
        break;
    default:
        trial.handed = hand_over();
    }
}

/* ---- what must come of it ---- */

static bool happens(enum event e)
{
    for (int i = 0; i < trial.count; i++)
        if (trial.events[i] == e)
            return true;
    return false;
}

static bool comes_before(enum event first, enum event second)
{
    for (int i = 0; i < trial.count && trial.events[i] != second; i++)
        if (trial.events[i] == first)
            return true;
    return false;
}

/* A shield keeps off the cancellation and the deadline; not its own clause's timeout. */
static bool reaches(enum event e)
{
    if (e == CANCEL || (e == TIMEOUT && trial.way != BY_SELECT_TIMEOUT))
        return !trial.shielded;
    return true;
}

/* In the end, main closes what nobody has ended. */
static enum event winner(void)
{
    for (int i = 0; i < trial.count; i++)
        if (reaches(trial.events[i]))
            return trial.events[i];
    return CLOSE;
}

static int due_result(void)
{
    switch (winner()) {
    case CANCEL:
        return -ECANCELED;
    case CLOSE:
        return trial.way == PLAIN ? -EPIPE : CHAN_CLOSED(CLAUSE);
    case TIMEOUT:
        return trial.way == BY_SELECT_TIMEOUT ? CLAUSE_TIMEOUT : -ETIMEDOUT;
    default:
        return trial.way == PLAIN ? 0 : CLAUSE;
    }
}

static int due_next(void)
{
    if (happens(CANCEL))
        return -ECANCELED;
    return happens(TIMEOUT) && trial.way != BY_SELECT_TIMEOUT ? -ETIMEDOUT : 0;
}

static int due_handed(void)
{
    if (!happens(HANDOFF))
        return NOT_TRIED;
    if (winner() == HANDOFF)
        return 0;
    if (comes_before(CLOSE, HANDOFF))
        return -EPIPE;
    return trial.partner == BY_TRY ? -EAGAIN : -ETIMEDOUT;
}

/* ---- all trials ---- */

static int trials, trials_wrong;

static void expect_int(const char *what, int is, int due)
{
    static const char *const names[EVENTS] = {"cancel", "close", "timeout", "handoff"};

    if (is == due)
        return;
    trials_wrong++;
    print_error("%s is %d, not %d: receives %d, shielded %d, way %d, partner %d:", what, is, due,
                trial.receives, trial.shielded, trial.way, trial.partner);
    for (int i = 0; i < trial.count; i++)
        print_error(" %s", names[trial.events[i]]);
    print_error("\n");
}

static void judge(void)
{
    const int due_value = winner() == HANDOFF ? VALUE : AS_IT_WAS;

    expect_int("the result", trial.result, due_result());
    expect_int("the next call's", trial.next, due_next());
    expect_int("what the partner is told", trial.handed, due_handed());
    expect_int("the value", trial.value, trial.receives ? due_value : AS_IT_WAS);
    expect_int("main's value", trial.value_of_main, trial.receives ? AS_IT_WAS : due_value);
    trials++;
}

static void play_trial(void)
{
    task(void) t = spawn(live);

    trial.value = trial.value_of_main = AS_IT_WAS;
    trial.handed = NOT_TRIED;
    check_settle();
    held = true;
    for (int i = 0; i < trial.count; i++) {
        come_about(trial.events[i], t);
        expect_int("the checker's finding", check_now(CHECK_RUNNING), true);
    }
    held = false;
    weft_yield();
    chan_close(trial.c);
    expect_int("the join", task_join(t), 0);
    judge();
    chan_free(trial.c);
    trial.c = chan_new(int);
}

/* The order is complete as it is, and every longer one that begins so follows. */
static void play_orders(void)
{
    if (trial.count > 0)
        play_trial();
    for (enum event e = 0; e < EVENTS; e++) {
        if (happens(e))
            continue;
        trial.events[trial.count++] = e;
        play_orders();
        trial.count--;
    }
}

static void the_first_event_decides_and_no_value_is_lost(void **state)
{
    enum { ORDERS = 4 + 12 + 24 + 24 };

    (void)state;
    begin_round(1);
    memset(&trial, 0, sizeof trial);
    trial.c = chan_new(int);
    trial.other = chan_new(int);
    trials = trials_wrong = 0;
    for (int i = 0; i < 4 * WAYS * PARTNERS; i++) {
        trial.receives = i & 1;
        trial.shielded = i & 2;
        trial.way = (enum way)(i / 4 % WAYS);
        trial.partner = (enum partner)(i / 4 / WAYS);
        play_orders();
    }
    assert_int_equal(trials, 4 * WAYS * PARTNERS * ORDERS);
    assert_int_equal(trials_wrong, 0);
    chan_free(trial.c);
    chan_free(trial.other);
}

/* ---- many at once ---- */

enum { CROWD = 24, CHANS = 3, BLOWS = 30, VALUES = CROWD + BLOWS, STORMS = 500 };

static struct {
    chan(int) chans[CHANS];
    task(void) tasks[CROWD];
    bool cancelled[CROWD];
    unsigned char given[VALUES];    /* its sender was told that it is gone */
    unsigned char received[VALUES]; /* how often */
    int wrong;
} storm;

static void received(int value, bool got)
{
    if (!got)
        storm.wrong += value != AS_IT_WAS;
    else if (value < 0 || value >= VALUES)
        storm.wrong++;
    else
        storm.received[value]++;
}

static int wait_in_storm(int name)
{
    chan(int) c = storm.chans[check_random(CHANS)], d = storm.chans[check_random(CHANS)];
    int value = AS_IT_WAS, result;

    switch (check_random(3)) {
    case 0:
        result = chan_send(c, name);
        storm.given[name] = result == 0;
        break;
    case 1:
        result = chan_recv(c, &value);
        received(value, result == 0);
        break;
    default:
        result = chan_select(chan_case_send(c, name), chan_case_recv(d, &value),
                             chan_case_timeout(check_random(2) ? LIMIT : WEFT_FOREVER));
        storm.given[name] = result == 0;
        received(value, result == 1);
    }
    return result;
}

static void stand_in_storm(int name)
{
    const bool shielded = check_random(4) == 0, limited = check_random(2);
    int result = weft_within(limited ? LIMIT : WEFT_FOREVER,
                             shielded ? weft_shield(wait_in_storm(name)) : wait_in_storm(name));
    bool cancelled;

    storm.wrong += result == -ECANCELED && (shielded || !storm.cancelled[name]);
    storm.wrong += result == -ETIMEDOUT && (shielded || !limited);
    cancelled = storm.cancelled[name];
    storm.wrong += (weft_sleep(0) == -ECANCELED) != cancelled;
}

static void blow(int value)
{
    chan(int) c = storm.chans[check_random(CHANS)];
    uint32_t name = check_random(CROWD);
    int got = AS_IT_WAS, result;

    switch (check_random(12)) {
    case 0:
        chan_close(c);
        break;
    case 1:
        pass_the_limit();
        break;
    case 2:
    case 3:
    case 4:
        storm.given[value] = chan_trysend(c, value) == 0;
        break;
    case 5:
    case 6:
    case 7:
        result = chan_tryrecv(c, &got);
        received(got, result == 0);
        break;
    default:
        if (task_cancel(storm.tasks[name]) == 0)
            storm.cancelled[name] = true;
    }
    storm.wrong += !check_now(CHECK_RUNNING);
}

static void begin_storm(uint64_t seed)
{
    memset(&storm, 0, sizeof storm);
    begin_round(seed);
    for (int i = 0; i < CHANS; i++) {
        storm.chans[i] = chan_new(int);
        check_watch(storm.chans[i]);
    }
    for (int i = 0; i < CROWD; i++)
        storm.tasks[i] = spawn(stand_in_storm, i);
    for (uint32_t i = check_random(2 * CROWD); i > 0; i--)
        weft_yield(); /* some have not even started */
}

static void end_storm(void)
{
    held = false;
    check_settle();
    for (int i = 0; i < CHANS; i++)
        chan_close(storm.chans[i]);
    for (int i = 0; i < CROWD; i++)
        task_join(storm.tasks[i]);
    for (int i = 0; i < CHANS; i++) {
        check_unwatch(storm.chans[i]);
        chan_free(storm.chans[i]);
    }
    for (int i = 0; i < VALUES; i++)
        storm.wrong += storm.received[i] != storm.given[i];
}

static void in_a_storm_every_value_is_received_once_or_its_sender_told(void **state)
{
    const uint64_t seed = check_seed(1);

    (void)state;
    print_message("WEFT_TEST_SEED=%llu\n", (unsigned long long)seed);
    for (uint64_t i = 0; i < STORMS; i++) {
        begin_storm(seed + i);
        held = true;
        for (int k = 0; k < BLOWS; k++)
            blow(CROWD + k);
        end_storm();
        if (storm.wrong > 0)
            fail_msg("WEFT_TEST_SEED=%llu: %d wrong", (unsigned long long)(seed + i), storm.wrong);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        check_test(the_first_event_decides_and_no_value_is_lost),
        check_test(in_a_storm_every_value_is_received_once_or_its_sender_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
