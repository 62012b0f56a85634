/* SPDX-License-Identifier: MIT */
/* What can be done with a task, in every state that its thread can be in. Joining alone is in
 * test_spawn.c. */
#include "check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "child.h"

/* ---- states and operations ---- */

enum state {
    UNSTARTED,
    STARVED, /* it waits for a stack */
    READY,
    RUNNING, /* it operates on itself */
    IN_SEND,
    IN_RECV,
    IN_SELECT,
    IN_SELECT_TIMEOUT,
    IN_SLEEP,
    IN_JOIN,
    IN_NEXT,
    IN_CLOSE, /* which nothing interrupts */
    IN_YIELD, /* a generator's body; nobody asks for its value */
    IN_SHIELD,
    BEING_JOINED,
    DONE,
    STALE, /* it was joined */
    DETACHED,
    DETACHED_ENDED,
    STATES
};

enum operation { CANCEL, CANCEL_TWICE, DETACH, JOIN, JOIN_WITHIN, CANCEL_JOIN, OPERATIONS };

#define STOPS "stops the program"

/* Of each: what the operation returns, or both where it is two; what the call returns that the
 * thread was parked in; whether its later calls go on, or are called off. "-": there is none. c, t
 * and s are -ECANCELED, -ETIMEDOUT and -ESRCH. What waits is released after a while, so that all
 * that is not cancelled is done. */
/* clang-format off */
static const char *const outcomes[STATES][OPERATIONS] = {
    /*                     cancel     cancel twice detach    join      join within cancel, join */
    [UNSTARTED]         = {"0 - off", "00 - off",  "0 - on", "0 - on", "t - on",   "00 - off"},
    [STARVED]           = {"0 - off", "00 - off",  "0 - on", "0 - on", "t - on",   "00 - off"},
    [READY]             = {"0 0 off", "00 0 off",  "0 0 on", "0 0 on", "t 0 on",   "00 0 off"},
    [RUNNING]           = {"0 - off", "00 - off",  "0 - on", STOPS,    STOPS,      STOPS},
    [IN_SEND]           = {"0 c off", "00 c off",  "0 0 on", "0 0 on", "t 0 on",   "00 c off"},
    [IN_RECV]           = {"0 c off", "00 c off",  "0 0 on", "0 0 on", "t 0 on",   "00 c off"},
    [IN_SELECT]         = {"0 c off", "00 c off",  "0 0 on", "0 0 on", "t 0 on",   "00 c off"},
    [IN_SELECT_TIMEOUT] = {"0 c off", "00 c off",  "0 0 on", "0 0 on", "t 0 on",   "00 c off"},
    [IN_SLEEP]          = {"0 c off", "00 c off",  "0 0 on", "0 0 on", "t 0 on",   "00 c off"},
    [IN_JOIN]           = {"0 c off", "00 c off",  "0 0 on", "0 0 on", "t 0 on",   "00 c off"},
    [IN_NEXT]           = {"0 c off", "00 c off",  "0 0 on", "0 0 on", "t 0 on",   "00 c off"},
    [IN_CLOSE]          = {"0 0 off", "00 0 off",  "0 0 on", "0 0 on", "t 0 on",   "00 0 off"},
    [IN_YIELD]          = {"0 c off", "00 c off",  STOPS,    STOPS,    STOPS,      STOPS},
    [IN_SHIELD]         = {"0 0 off", "00 0 off",  "0 0 on", "0 0 on", "t 0 on",   "00 0 off"},
    [BEING_JOINED]      = {"0 c off", "00 c off",  STOPS,    STOPS,    STOPS,      STOPS},
    [DONE]              = {"s - -",   "ss - -",    "0 - -",  "0 - -",  "0 - -",    "s0 - -"},
    [STALE]             = {"s - -",   "ss - -",    STOPS,    STOPS,    STOPS,      STOPS},
    [DETACHED]          = {"0 c off", "00 c off",  STOPS,    STOPS,    STOPS,      STOPS},
    [DETACHED_ENDED]    = {"s - -",   "ss - -",    STOPS,    STOPS,    STOPS,      STOPS},
};
/* clang-format on */

static const char *name_of(int result)
{
    switch (result) {
    case 0:
        return "0";
    case -ECANCELED:
        return "c";
    case -ETIMEDOUT:
        return "t";
    case -ESRCH:
        return "s";
    default:
        return "?";
    }
}

/* ---- one thread, and what it meets ---- */

enum { SHORT_NS = 10, LONG_NS = 1000, RELEASE_NS = 200, RESULT = 7, NO_CALL = 1 };

static struct {
    enum state state;
    enum operation operation;
    task(int) thread;
    chan(int) busy;      /* what it waits in, until it is released */
    chan(int) gate;      /* what others wait in that it waits for, likewise */
    chan(int) idle;      /* nobody ever is at the other end */
    chan(int) end;       /* what others wait in that it waits for in vain */
    task(int) busy_task; /* waits at the gate */
    task(int) idle_task; /* ends at the end */
    gen(int) busy_gen;   /* its body waits at the gate */
    gen(int) idle_gen;   /* its body waits till the end */
    gen(int) own_gen;    /* whose body it is */
    task(void) joiner;   /* who joins it */
    int operated;        /* results of the operation */
    int operated_before; /* of the first, where it is two */
    int called;          /* of the call it was parked in */
    const char *later;   /* how its later calls fared */
    char odd[64];        /* a later call that fared otherwise than all others */
} scene;

static int wait_for(chan_rx(int) gate)
{
    chan_recv(gate, NULL);
    return RESULT;
}

static void yield_after(gen(int) self, chan_rx(int) gate)
{
    chan_recv(gate, NULL);
    gen_yield(self, RESULT);
}

/* Its end takes a while, in spite of the close. */
static void end_after(gen(int) self, chan_rx(int) gate)
{
    (void)self;
    weft_shield(chan_recv(gate, NULL));
}

static void end_slowly(gen(int) self)
{
    (void)self;
    weft_sleep(WEFT_FOREVER);
    weft_shield(weft_sleep(1));
}

/* ---- the call that it is parked in ---- */

static int close_busy_gen(void)
{
    gen(int) g = gen_new(int, end_after, scene.gate);

    weft_within(1, gen_next(g, NULL)); /* starts it */
    return gen_close(g);
}

static int operate(void);

static int make_the_call(void)
{
    int n = -1;

    switch (scene.state) {
    case READY:
    case IN_RECV:
    case BEING_JOINED:
    case DETACHED:
        return chan_recv(scene.busy, &n);
    case RUNNING:
        scene.operated = operate();
        return NO_CALL;
    case IN_SEND:
        return chan_send(scene.busy, 1);
    case IN_SELECT:
        return chan_select(chan_case_recv(scene.busy, &n), chan_case_recv(scene.idle, NULL));
    case IN_SELECT_TIMEOUT:
        return chan_select(chan_case_recv(scene.busy, &n), chan_case_timeout(LONG_NS));
    case IN_SLEEP:
        return weft_sleep(RELEASE_NS);
    case IN_JOIN:
        return task_join(scene.busy_task, &n);
    case IN_NEXT:
        return gen_next(scene.busy_gen, &n);
    case IN_CLOSE:
        return close_busy_gen();
    case IN_YIELD:
        return gen_yield(scene.own_gen, RESULT);
    case IN_SHIELD:
        return weft_shield(chan_recv(scene.busy, &n));
    default:
        return NO_CALL;
    }
}

static void release(void)
{
    weft_sleep(RELEASE_NS);
    chan_tryrecv(scene.busy, NULL);
    chan_trysend(scene.busy, 1);
    if (scene.state == IN_YIELD)
        gen_next(scene.own_gen, NULL);
    chan_close(scene.gate);
}

/* ---- its later calls ---- */

static int later_send(void)
{
    return chan_send(scene.idle, 1);
}

static int later_recv(void)
{
    return chan_recv(scene.idle, NULL);
}

static int later_trysend(void)
{
    return chan_trysend(scene.idle, 1);
}

static int later_tryrecv(void)
{
    return chan_tryrecv(scene.idle, NULL);
}

static int later_select(void)
{
    return chan_select(chan_case_recv(scene.idle, NULL), chan_case_send(scene.idle, 1));
}

static int later_select_timeout(void)
{
    return chan_select(chan_case_recv(scene.idle, NULL), chan_case_timeout(1));
}

static int later_select_no_time(void)
{
    return chan_select(chan_case_recv(scene.idle, NULL), chan_case_timeout(0));
}

static int later_select_default(void)
{
    return chan_select(chan_case_recv(scene.idle, NULL), chan_case_default);
}

static int later_sleep(void)
{
    return weft_sleep(1);
}

static int later_sleep_zero(void)
{
    return weft_sleep(0);
}

static int later_join(void)
{
    return task_join(scene.idle_task, NULL);
}

static int later_next(void)
{
    return gen_next(scene.idle_gen, NULL);
}

static int later_yield_value(void)
{
    return gen_yield(scene.own_gen, RESULT);
}

static int later_close(void)
{
    gen(int) g = gen_new(int, end_slowly);

    weft_shield(weft_within(1, gen_next(g, NULL)));
    return gen_close(g);
}

static int later_yield(void)
{
    weft_yield();
    return 0;
}

static int later_shield(void)
{
    return weft_shield(weft_within(1, chan_recv(scene.idle, NULL)));
}

static int later_ask(void)
{
    return weft_is_cancelled();
}

/* Each is made under a deadline, and twice. */
static const struct later {
    const char *name;
    int (*call)(void);
    int on;
    int off;
} laters[] = {
    {"send", later_send, -ETIMEDOUT, -ECANCELED},
    {"recv", later_recv, -ETIMEDOUT, -ECANCELED},
    {"trysend", later_trysend, -EAGAIN, -EAGAIN},
    {"tryrecv", later_tryrecv, -EAGAIN, -EAGAIN},
    {"select", later_select, -ETIMEDOUT, -ECANCELED},
    {"select with a timeout", later_select_timeout, 1, -ECANCELED},
    {"select with no time", later_select_no_time, 1, -ECANCELED},
    {"select with a default", later_select_default, 1, 1},
    {"sleep", later_sleep, 0, -ECANCELED},
    {"sleep(0)", later_sleep_zero, 0, -ECANCELED},
    {"join", later_join, -ETIMEDOUT, -ECANCELED},
    {"gen_next", later_next, -ETIMEDOUT, -ECANCELED},
    {"gen_yield", later_yield_value, -ETIMEDOUT, -ECANCELED},
    {"gen_close", later_close, 0, 0},
    {"yield", later_yield, 0, 0},
    {"shield", later_shield, -ETIMEDOUT, -ETIMEDOUT},
    {"is_cancelled", later_ask, 0, 1},
};

enum { LATERS = sizeof laters / sizeof laters[0] };

static void make_later_calls(void)
{
    int on = 0, off = 0, made = 0;

    for (int i = 0; i < 2 * LATERS; i++) {
        const struct later *l = &laters[i % LATERS];
        int result;

        if (l->call == later_yield_value && scene.state != IN_YIELD)
            continue;
        result = weft_within(SHORT_NS, l->call());
        made++;
        on += result == l->on;
        off += result == l->off;
        if (result != l->on && result != l->off)
            snprintf(scene.odd, sizeof scene.odd, " %s: %d", l->name, result);
    }
    scene.later = on == made ? "on" : off == made ? "off" : "on and off";
}

static int live(void)
{
    scene.called = make_the_call();
    if (scene.state != DONE && scene.state != STALE && scene.state != DETACHED_ENDED)
        make_later_calls();
    return RESULT;
}

static void live_as_body(gen(int) self)
{
    scene.own_gen = self;
    scene.thread = (task(int))(void *)weft__thread_handle(weft__self->current->thread);
    weft_sleep(2); /* its consumer leaves meanwhile */
    live();
}

/* ---- the operation ---- */

static int join_seven(int64_t limit_ns)
{
    int n = -1, result = weft_within(limit_ns, task_join(scene.thread, &n));

    if (n != (result == 0 ? RESULT : -1))
        snprintf(scene.odd, sizeof scene.odd, " joined %d", n);
    return result;
}

static int operate(void)
{
    switch (scene.operation) {
    case CANCEL_TWICE:
        scene.operated_before = task_cancel(scene.thread);
        /* FALLTHROUGH */
    case CANCEL:
        return task_cancel(scene.thread);
    case DETACH:
        return task_detach(scene.thread);
    case JOIN_WITHIN:
        return join_seven(SHORT_NS);
    case CANCEL_JOIN:
        scene.operated_before = task_cancel(scene.thread);
        /* FALLTHROUGH */
    default:
        return join_seven(WEFT_FOREVER);
    }
}

static bool is_joined_or_detached(void)
{
    if (scene.operation == DETACH || scene.state >= STALE || scene.state == BEING_JOINED)
        return true;
    return scene.operation >= JOIN && scene.operated == 0;
}

/* ---- a scene ---- */

static void join_it(void)
{
    task_join(scene.thread, NULL);
}

/* Whoever makes the releaser first leaves no stack where none is to be had. */
static void begin_scene(enum state state, enum operation operation)
{
    memset(&scene, 0, sizeof scene);
    scene.state = state;
    scene.operation = operation;
    scene.called = NO_CALL;
    scene.later = "-";
    scene.busy = chan_new(int);
    scene.gate = chan_new(int);
    scene.idle = chan_new(int);
    scene.end = chan_new(int);
    check_watch(scene.busy);
    check_watch(scene.gate);
    check_watch(scene.idle);
    if (state == STARVED)
        check_allow_stacks(1);
    go(release);
    weft_yield();
    if (state == IN_YIELD) {
        scene.own_gen = gen_new(int, live_as_body);
        weft_within(1, gen_next(scene.own_gen, NULL));
    } else {
        scene.thread = spawn(live);
    }
    scene.busy_task = spawn(wait_for, scene.gate);
    scene.idle_task = spawn(wait_for, scene.end);
    scene.busy_gen = gen_new(int, yield_after, scene.gate);
    scene.idle_gen = gen_new(int, yield_after, scene.end);
}

/* What is to happen before the operation. */
static void reach_the_state(void)
{
    if (scene.state == UNSTARTED || scene.state == RUNNING)
        return;
    weft_sleep(5);
    if (scene.state == READY)
        chan_trysend(scene.busy, 1);
    if (scene.state == BEING_JOINED) {
        scene.joiner = spawn(join_it);
        weft_yield();
    }
    if (scene.state == STALE)
        task_join(scene.thread, NULL);
    if (scene.state == DETACHED || scene.state == DETACHED_ENDED)
        task_detach(scene.thread);
}

/* What the runtime knows of it then: the state of its record, and if it is parked, the wait. */
static const struct truth {
    enum weft__thread_state record;
    const char *wait;
} truths[STATES] = {
    [UNSTARTED] = {WEFT__THREAD_UNSTARTED, NULL},
    [STARVED] = {WEFT__THREAD_STARVED, NULL},
    [READY] = {WEFT__THREAD_STARTED, NULL},
    [IN_SEND] = {WEFT__THREAD_STARTED, "sending on channel"},
    [IN_RECV] = {WEFT__THREAD_STARTED, "receiving from channel"},
    [IN_SELECT] = {WEFT__THREAD_STARTED, "selecting over"},
    [IN_SELECT_TIMEOUT] = {WEFT__THREAD_STARTED, "selecting over"},
    [IN_SLEEP] = {WEFT__THREAD_STARTED, "sleeping"},
    [IN_JOIN] = {WEFT__THREAD_STARTED, "joining"},
    [IN_NEXT] = {WEFT__THREAD_STARTED, "waiting for a value of generator"},
    [IN_CLOSE] = {WEFT__THREAD_STARTED, "waiting for the end of generator"},
    [IN_YIELD] = {WEFT__THREAD_STARTED, "offering a value of generator"},
    [IN_SHIELD] = {WEFT__THREAD_STARTED, "receiving from channel"},
    [BEING_JOINED] = {WEFT__THREAD_STARTED, "receiving from channel"},
    [DONE] = {WEFT__THREAD_DONE, NULL},
    [STALE] = {WEFT__THREAD_FREE, NULL},
    [DETACHED] = {WEFT__THREAD_STARTED, "receiving from channel"},
    [DETACHED_ENDED] = {WEFT__THREAD_FREE, NULL},
};

static bool is_reached(void)
{
    const struct truth *truth = &truths[scene.state];
    const struct weft_wait *wait;
    struct weft_thread *t = NULL;

    weft__thread_find(&weft__self->threads, (struct weft_thread *)(void *)scene.thread, &t);
    if (!t || truth->record == WEFT__THREAD_FREE)
        return !t && truth->record == WEFT__THREAD_FREE;
    if (t->state != truth->record || t->state != WEFT__THREAD_STARTED)
        return t->state == truth->record;
    wait = t->at.control->wait;
    return wait && truth->wait ? strcmp(wait->name, truth->wait) == 0 : !wait && !truth->wait;
}

static void end_scene(void)
{
    weft_sleep(LONG_NS);
    if (scene.joiner)
        task_join(scene.joiner);
    if (!is_joined_or_detached() && scene.state != IN_YIELD)
        task_join(scene.thread, NULL);
    chan_close(scene.end);
    if (!(scene.state == IN_JOIN && scene.called == 0))
        task_join(scene.busy_task, NULL);
    task_join(scene.idle_task, NULL);
    gen_close(scene.own_gen);
    gen_close(scene.busy_gen);
    gen_close(scene.idle_gen);
    check_unwatch(scene.busy);
    check_unwatch(scene.gate);
    check_unwatch(scene.idle);
    chan_free(scene.busy);
    chan_free(scene.gate);
    chan_free(scene.idle);
    chan_free(scene.end);
}

static bool is_two(enum operation operation)
{
    return operation == CANCEL_TWICE || operation == CANCEL_JOIN;
}

static const char *play(enum state state, enum operation operation)
{
    begin_scene(state, operation);
    reach_the_state();
    if (state != RUNNING && !is_reached())
        snprintf(scene.odd, sizeof scene.odd, " from another state");
    if (state != RUNNING)
        scene.operated = operate();
    end_scene();
    note("%s%s %s %s%s", is_two(operation) ? name_of(scene.operated_before) : "",
         name_of(scene.operated), scene.called == NO_CALL ? "-" : name_of(scene.called),
         scene.later, scene.odd);
    return noted();
}

static bool is_mistake(enum state state, enum operation operation)
{
    return strcmp(outcomes[state][operation], STOPS) == 0;
}

static void every_operation_has_its_result_in_every_state(void **state)
{
    int wrong = 0;

    for (enum state s = 0; s < STATES; s++)
        for (enum operation o = 0; o < OPERATIONS; o++) {
            const char *got;

            if (is_mistake(s, o))
                continue;
            got = play(s, o);
            if (strcmp(got, outcomes[s][o]) != 0 || check_over(state) != 0) {
                print_error("state %d, operation %d: %s, not %s\n", s, o, got, outcomes[s][o]);
                wrong++;
            }
            check_over(state);
            check_fresh(state);
        }
    assert_int_equal(wrong, 0);
}

struct pair {
    enum state state;
    enum operation operation;
};

static int play_child(const void *data)
{
    const struct pair *pair = data;

    play(pair->state, pair->operation);
    return 0;
}

static void every_other_operation_stops_the_program(void **state)
{
    (void)state;
    for (enum state s = 0; s < STATES; s++)
        for (enum operation o = 0; o < OPERATIONS; o++) {
            const struct pair pair = {s, o};
            struct child c;

            if (!is_mistake(s, o))
                continue;
            c = child_run(play_child, &pair);
            if (c.signal != SIGABRT || !strstr(c.said, o == DETACH ? "task_detach" : "task_join"))
                fail_msg("state %d, operation %d: signal %d, %s", s, o, c.signal, c.said);
        }
}

/* ---- cancelling ---- */

static void note_arguments(const char *text, int n)
{
    note("%s %d %d ", text, n, weft_sleep(1) == -ECANCELED);
}

static void a_thread_cancelled_before_it_runs_still_runs(void **state)
{
    task(void) t = spawn(note_arguments, "text", 5);

    (void)state;
    assert_int_equal(task_cancel(t), 0);
    assert_noted("");
    assert_int_equal(task_join(t), 0);
    assert_noted("text 5 1 ");
}

static void receive_and_note(chan_rx(int) c, int name)
{
    int result = chan_recv(c, NULL);

    note("%d%s ", name, result == -ECANCELED ? "" : " not cancelled");
}

static void the_cancelled_run_in_the_order_of_their_cancelling_and_no_sooner(void **state)
{
    chan(int) c = chan_new(int);
    task(void) tasks[4];

    (void)state;
    check_watch(c);
    for (int i = 0; i < 4; i++)
        tasks[i] = spawn(receive_and_note, c, i);
    check_settle();
    for (int i = 0; i < 4; i++)
        task_cancel(tasks[i ^ 2]);
    assert_noted("");
    assert_true(check_now(CHECK_RUNNING));
    for (int i = 0; i < 4; i++)
        task_join(tasks[i]);
    assert_noted("2 3 0 1 ");
    check_unwatch(c);
    chan_free(c);
}

static void start_and_fail(chan_rx(int) c)
{
    go(receive_and_note, c, 1);
    weft_sleep(WEFT_FOREVER);
    go(note_arguments, "started", 0); /* a cancelled thread may start others */
}

static void cancelling_is_not_passed_on_to_threads_started(void **state)
{
    chan(int) c = chan_new(int);
    task(void) t = spawn(start_and_fail, c);

    (void)state;
    check_settle();
    task_cancel(t);
    task_join(t);
    check_settle();
    assert_noted("started 0 0 ");
    assert_int_equal(chan_trysend(c, 1), 0);
    check_settle();
    assert_noted("1 not cancelled ");
    chan_free(c);
}

static void ignore_results(chan_rx(int) c, const bool *stop)
{
    while (!*stop)
        chan_recv(c, NULL);
}

static void who_ignores_being_cancelled_keeps_nobody_waiting(void **state)
{
    chan(int) c = chan_new(int);
    bool stop = false;
    task(void) t = spawn(ignore_results, c, &stop);

    (void)state;
    task_cancel(t);
    for (int i = 0; i < 1000; i++)
        weft_yield();
    stop = true;
    assert_int_equal(task_join(t), 0);
    chan_free(c);
}

static int calculate(void)
{
    int turns = 0;

    for (; !weft_is_cancelled(); turns++)
        weft_yield();
    return turns + 100 * weft_shield(weft_is_cancelled());
}

static void a_loop_that_parks_nowhere_can_ask_whether_it_is_cancelled(void **state)
{
    task(int) t = spawn(calculate);
    int turns = -1;

    (void)state;
    for (int i = 0; i < 5; i++)
        weft_yield();
    task_cancel(t);
    task_join(t, &turns);
    assert_int_equal(turns, 5);
    assert_int_equal(weft_is_cancelled(), 0);
}

static int give_five(void)
{
    return 5;
}

static int sleep_and_give_five(void)
{
    int result = weft_sleep(10);

    return result == 0 ? 5 : result;
}

/* The record of the first is the second's now. */
static void a_handle_from_before_cancels_nobody_else(void **state)
{
    task(int) first = spawn(give_five), second;
    int n = 0;

    (void)state;
    task_join(first, NULL);
    second = spawn(sleep_and_give_five);
    assert_ptr_not_equal(first, second);
    check_settle();
    assert_int_equal(task_cancel(first), -ESRCH);
    assert_int_equal(task_join(second, &n), 0);
    assert_int_equal(n, 5);
}

static void a_stack_that_was_a_cancelled_threads_is_like_any_other(void **state)
{
    task(int) t = spawn(sleep_and_give_five);
    int n = 0;

    (void)state;
    task_cancel(t);
    task_join(t, &n);
    assert_int_equal(n, -ECANCELED);
    task_join(spawn(sleep_and_give_five), &n);
    assert_int_equal(n, 5);
}

static void nothing_is_no_task(void **state)
{
    (void)state;
    assert_int_equal(task_cancel((task(int))NULL), -EINVAL);
    assert_int_equal(task_detach((task(void))NULL), -EINVAL);
    assert_int_equal(weft_is_cancelled(), 0);
}

static task(void) task_evaluated(task(void) t, int *evaluated)
{
    ++*evaluated;
    return t;
}

static void the_task_is_evaluated_once(void **state)
{
    task(void) t = spawn(weft_yield);
    int evaluated = 0;

    (void)state;
    task_cancel(task_evaluated(t, &evaluated));
    assert_int_equal(evaluated, 1);
    task_detach(task_evaluated(t, &evaluated));
    assert_int_equal(evaluated, 2);
    check_settle();
}

/* ---- detaching ---- */

struct words {
    long of[2];
};

static long sum(struct words a, struct words b, struct words c, struct words d, struct words e)
{
    weft_yield();
    return a.of[0] + b.of[1] + c.of[0] + d.of[1] + e.of[0];
}
WEFT_FN(sum, struct words, struct words, struct words, struct words, struct words);

/* Its arguments are so many that they have memory of their own, which goes as well. */
static void a_detached_thread_leaves_nothing_behind(void **state)
{
    const struct words w = {{1, 2}};

    (void)state;
    for (int before = 0; before < 3; before++) {
        task(long) t = spawn(sum, w, w, w, w, w);

        for (int i = 0; i < before; i++)
            weft_yield(); /* unstarted, parked, done */
        assert_int_equal(check_threads(), 1);
        assert_int_equal(task_detach(t), 0);
        check_settle();
        assert_int_equal(check_threads(), 0);
        assert_int_equal(check_stacks(), 0);
        assert_int_equal(task_cancel(t), -ESRCH);
    }
}

/* ---- names ---- */

static const char *name_now(void)
{
    return weft__thread_name(weft__self->current->thread);
}

static void name_oneself(const char *name)
{
    note("%s ", name_now() ? name_now() : "-");
    note("%d ", weft_set_name(name));
    note("%s ", name_now() ? name_now() : "-");
}

static void a_thread_names_itself(void **state)
{
    const struct weft_spawn_opts opts = {.size = sizeof opts, .name = "parser"};

    (void)state;
    task_join(spawn(name_oneself, "writer"));
    assert_noted("- 0 writer ");
    task_join(spawn_with(&opts, name_oneself, "writer"));
    assert_noted("parser 0 writer ");
    task_join(spawn_with(&opts, name_oneself, NULL));
    assert_noted("parser 0 - ");
    task_join(spawn(name_oneself, ""));
    assert_noted("- 0  ");
    task_join(spawn(name_oneself, NULL)); /* nothing is left of those before */
    assert_noted("- 0 - ");
    assert_int_equal(weft_set_name("first"), 0);
    assert_string_equal(name_now(), "first");
}

static void a_name_is_copied_and_cut_off(void **state)
{
    char name[100] = "0123456789012345678901234567890";

    (void)state;
    weft_set_name(name);
    memset(name, 'x', sizeof name - 1);
    assert_string_equal(name_now(), "0123456789012345678901234567890");
    weft_set_name(name);
    assert_int_equal(strlen(name_now()), WEFT__THREAD_NAME_BYTES - 1);
    weft_set_name("short");
    assert_string_equal(name_now(), "short");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_other_operation_stops_the_program), /* while there is no worker */
        check_test(every_operation_has_its_result_in_every_state),
        check_test(a_thread_cancelled_before_it_runs_still_runs),
        check_test(the_cancelled_run_in_the_order_of_their_cancelling_and_no_sooner),
        check_test(cancelling_is_not_passed_on_to_threads_started),
        check_test(who_ignores_being_cancelled_keeps_nobody_waiting),
        check_test(a_loop_that_parks_nowhere_can_ask_whether_it_is_cancelled),
        check_test(a_handle_from_before_cancels_nobody_else),
        check_test(a_stack_that_was_a_cancelled_threads_is_like_any_other),
        check_test(nothing_is_no_task),
        check_test(the_task_is_evaluated_once),
        check_test(a_detached_thread_leaves_nothing_behind),
        check_test(a_thread_names_itself),
        check_test(a_name_is_copied_and_cut_off),
    };

    setenv("WEFT_CLOCK", "virtual", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
