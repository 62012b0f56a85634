/* SPDX-License-Identifier: MIT */
#include "run.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "channels/chan.h"
#include "run_own.h"
#include "runtime/group.h"

bool run_forgets_closes;

static void stop(void)
{
    _exit(1);
}

void (*run_stop)(void) = stop;

struct run run;

/* ---- comparing ---- */

__attribute__((format(printf, 1, 2), noreturn)) static void differ(const char *format, ...)
{
    va_list values;

    va_start(values, format);
    vsnprintf(run.report->wrong, sizeof run.report->wrong, format, values);
    va_end(values);
    run_stop();
    abort();
}

/* Walks all structures. */
static void look(enum check_moment moment)
{
    const char *wrong = run_besides_wrong();

    if (wrong)
        differ("%s", wrong);
    if (!check_now(moment))
        differ("an invariant is broken");
}

static uint32_t run_choose(void *state, uint32_t n, enum weft__choice kind)
{
    struct trace *actual = &run.report->actual;
    const struct trace_choice *expected = &run.expected->choices[actual->choices_count];
    const bool of_clauses = kind == WEFT__CHOICE_SELECT;

    (void)state;
    if (run.look == RUN_LOOKS_AT_CHOICES)
        look(of_clauses ? CHECK_RUNNING : CHECK_CHOOSING);
    if (actual->choices_count >= run.expected->choices_count)
        differ("one of %u %s is to be chosen, and no choice was due", n,
               of_clauses ? "clauses" : "threads");
    if (expected->of != n || expected->of_clauses != of_clauses)
        differ("one of %u %s is to be chosen, and one of %u %s was due", n,
               of_clauses ? "clauses" : "threads", expected->of,
               expected->of_clauses ? "clauses" : "threads");
    actual->choices[actual->choices_count++] = *expected;
    return expected->answer;
}

void run_tell(const struct run_thread *t, int result, int value)
{
    struct trace *actual = &run.report->actual;
    const int at = actual->events_count;

    if (at == TRACE_EVENTS)
        differ("this goes on for ever");
    actual->events[actual->events_count++] = (struct trace_event){
        .thread = t->name,
        .pc = t->pc,
        .result = result,
        .value = value,
        .choices = actual->choices_count,
        .is_cancelled = weft_is_cancelled(),
        .now = weft_now() - run.base_ns,
        .remaining = weft_remaining(),
    };
    if (at >= run.expected->events_count)
        differ("an operation ended after the last that was due");
    if (!trace_is_same_event(&actual->events[at], &run.expected->events[at]))
        differ("an operation ended otherwise");
}

/* ---- one set of calls for each size ---- */

#define RUN_CALLS(size, T)                                                      \
    static struct weft_chan *make_##size(void)                                  \
    {                                                                           \
        return (union run_chan){.of_##size = chan_new(T)}.any;                  \
    }                                                                           \
    static int send_##size(union run_chan c, const union element *e)            \
    {                                                                           \
        return chan_send(c.of_##size, e->of_##size);                            \
    }                                                                           \
    static int recv_##size(union run_chan c, union element *e)                  \
    {                                                                           \
        return chan_recv(c.of_##size, e ? &e->of_##size : NULL);                \
    }                                                                           \
    static int trysend_##size(union run_chan c, const union element *e)         \
    {                                                                           \
        return chan_trysend(c.of_##size, e->of_##size);                         \
    }                                                                           \
    static int tryrecv_##size(union run_chan c, union element *e)               \
    {                                                                           \
        return chan_tryrecv(c.of_##size, e ? &e->of_##size : NULL);             \
    }                                                                           \
    static struct weft_case set_send_##size(union run_chan c, union element *e) \
    {                                                                           \
        return chan_set_send(c.of_##size, &e->of_##size);                       \
    }                                                                           \
    static struct weft_case set_recv_##size(union run_chan c, union element *e) \
    {                                                                           \
        return chan_set_recv(c.of_##size, e ? &e->of_##size : NULL);            \
    }

RUN_CALLS(1, uint8_t)
RUN_CALLS(4, uint32_t)
RUN_CALLS(8, uint64_t)
RUN_CALLS(40, struct element_wide)

struct run_calls {
    struct weft_chan *(*make)(void);
    int (*send)(union run_chan c, const union element *e);
    int (*recv)(union run_chan c, union element *e);
    int (*trysend)(union run_chan c, const union element *e);
    int (*tryrecv)(union run_chan c, union element *e);
    struct weft_case (*set_send)(union run_chan c, union element *e);
    struct weft_case (*set_recv)(union run_chan c, union element *e);
};

#define RUN_CALLS_OF(size)                                                                      \
    {                                                                                           \
        make_##size, send_##size, recv_##size, trysend_##size, tryrecv_##size, set_send_##size, \
            set_recv_##size                                                                     \
    }

static const struct run_calls *calls_of(int chan)
{
    static const struct run_calls of_1 = RUN_CALLS_OF(1), of_4 = RUN_CALLS_OF(4),
                                  of_8 = RUN_CALLS_OF(8), of_40 = RUN_CALLS_OF(40);

    if (chan == PROGRAM_NO_CHAN)
        return &of_4;
    switch (run.p->sizes[chan]) {
    case 1:
        return &of_1;
    case 4:
        return &of_4;
    case 8:
        return &of_8;
    default:
        return &of_40;
    }
}

static union run_chan chan_of(int chan)
{
    union run_chan none = {.any = NULL};

    return chan == PROGRAM_NO_CHAN ? none : run.chans[chan];
}

/* ---- operations ---- */

static void fill(const struct program_clause *k, union element *e)
{
    if (k->kind == PROGRAM_CLAUSE_SEND && k->chan != PROGRAM_NO_CHAN)
        element_write(e, run.p->sizes[k->chan], k->value);
    else
        element_clear(e);
}

static int received(const struct program_clause *k, const union element *e)
{
    if (k->kind == PROGRAM_CLAUSE_SEND || k->chan == PROGRAM_NO_CHAN)
        return TRACE_UNTOUCHED;
    return element_read(e, run.p->sizes[k->chan]);
}

static void do_message(const struct run_thread *t, const struct program_op *op)
{
    const struct program_clause *k = &op->clauses[0];
    const struct run_calls *calls = calls_of(k->chan);
    const union run_chan c = chan_of(k->chan);
    union element e, *into = k->drops ? NULL : &e;
    int result;

    fill(k, &e);
    switch (op->kind) {
    case PROGRAM_SEND:
        result = calls->send(c, &e);
        break;
    case PROGRAM_RECV:
        result = calls->recv(c, into);
        break;
    case PROGRAM_TRYSEND:
        result = calls->trysend(c, &e);
        break;
    default:
        result = calls->tryrecv(c, into);
    }
    run_tell(t, result, received(k, &e));
}

static struct weft_case make_case(const struct program_clause *k, union element *e)
{
    fill(k, e);
    switch (k->kind) {
    case PROGRAM_CLAUSE_SEND:
        return calls_of(k->chan)->set_send(chan_of(k->chan), e);
    case PROGRAM_CLAUSE_RECV:
        return calls_of(k->chan)->set_recv(chan_of(k->chan), k->drops ? NULL : e);
    case PROGRAM_CLAUSE_TIMEOUT:
        return (struct weft_case){.op = WEFT_OP_TIMEOUT, .amount = program_ns(run.p, k->time)};
    default:
        return (struct weft_case){.op = WEFT_OP_DEFAULT};
    }
}

/* What the clause received that was done; the others have touched nothing. */
static int selected(const struct program_op *op, const union element *e, int result)
{
    int value = TRACE_UNTOUCHED;

    for (int i = 0; i < op->n; i++) {
        const int got = received(&op->clauses[i], &e[i]);

        if (i == result)
            value = got;
        else if (got != TRACE_UNTOUCHED)
            return TRACE_SPOILT;
    }
    return value;
}

static void do_select(const struct run_thread *t, const struct program_op *op)
{
    struct weft_case cases[PROGRAM_CLAUSES];
    union element e[PROGRAM_CLAUSES];
    int result;

    for (int i = 0; i < op->n; i++)
        cases[i] = make_case(&op->clauses[i], &e[i]);
    result = chan_select_n(cases, op->n);
    run_tell(t, result, selected(op, e, result));
}

static int close_chan(int chan)
{
    return run_forgets_closes ? 0 : chan_close(chan_of(chan).of_4);
}

static int act(int name)
{
    run_act(name);
    return TRACE_THREAD + name;
}

bool run_makes(int thread, enum run_role role)
{
    if (run.roles[thread] != RUN_NOBODY || run.is_ending)
        return false;
    run.roles[thread] = role;
    return true;
}

static int do_spawn(int thread)
{
    if (!run_makes(thread, RUN_TASK))
        return TRACE_SKIPPED;
    run.tasks[thread] = spawn(act, thread);
    return 0;
}

static bool is_joinable(int thread)
{
    return run.roles[thread] == RUN_TASK && !run.claimed[thread];
}

static void do_join(const struct run_thread *t, int thread)
{
    int value = TRACE_UNTOUCHED, result;

    if (!is_joinable(thread)) {
        run_tell(t, TRACE_SKIPPED, value);
        return;
    }
    run.claimed[thread] = true;
    result = task_join(run.tasks[thread], &value);
    run.claimed[thread] = result == 0;
    run_tell(t, result, value);
}

static int do_detach(int thread)
{
    if (!is_joinable(thread))
        return TRACE_SKIPPED;
    run.claimed[thread] = true;
    return task_detach(run.tasks[thread]);
}

static int do_cancel(int thread)
{
    return run.roles[thread] == RUN_TASK ? task_cancel(run.tasks[thread]) : TRACE_SKIPPED;
}

static bool is_still_there(int thread)
{
    return (run.roles[thread] == RUN_TASK ||
            (run.roles[thread] == RUN_MEMBER && run.has_begun[thread])) &&
           !run.ended[thread];
}

static bool all_others_have_ended(void)
{
    for (int i = 1; i < PROGRAM_THREADS; i++)
        if (is_still_there(i))
            return false;
    return true;
}

static void do_drain(const struct run_thread *t, int64_t ns)
{
    run.is_ending = true;
    do
        run_tell(t, weft_sleep(ns), TRACE_UNTOUCHED);
    while (!all_others_have_ended());
}

static int do_yield(void)
{
    weft_yield();
    return 0;
}

static int do_compute(int64_t ns)
{
    check_compute(ns);
    return 0;
}

static int do_fail(struct run_thread *t, int value)
{
    t->fails = value;
    return run.roles[t->name] == RUN_MEMBER ? 0 : TRACE_SKIPPED;
}

static void do_ops(struct run_thread *t);

static void do_block(struct run_thread *t)
{
    run_tell(t, 0, TRACE_UNTOUCHED);
    t->pc++;
    do_ops(t);
}

/* It is at its end when the scope has been left. */
static void do_scope(struct run_thread *t, const struct program_op *op)
{
    const bool is_shield = op->kind == PROGRAM_SHIELD;

    t->shields += is_shield;
    if (is_shield)
        weft_shield(do_block(t));
    else
        weft_within(program_ns(run.p, op->time), do_block(t));
    t->shields -= is_shield;
    run_tell(t, 0, TRACE_UNTOUCHED);
}

static void do_op(struct run_thread *t, const struct program_op *op)
{
    switch ((enum program_kind)op->kind) {
    case PROGRAM_SEND:
    case PROGRAM_RECV:
    case PROGRAM_TRYSEND:
    case PROGRAM_TRYRECV:
        do_message(t, op);
        break;
    case PROGRAM_SELECT:
        do_select(t, op);
        break;
    case PROGRAM_WITHIN:
    case PROGRAM_SHIELD:
        do_scope(t, op);
        break;
    case PROGRAM_JOIN:
        do_join(t, op->thread);
        break;
    case PROGRAM_DRAIN:
        do_drain(t, program_ns(run.p, op->time));
        break;
    case PROGRAM_CLOSE:
        run_tell(t, close_chan(op->chan), TRACE_UNTOUCHED);
        break;
    case PROGRAM_SLEEP:
        run_tell(t, weft_sleep(program_ns(run.p, op->time)), TRACE_UNTOUCHED);
        break;
    case PROGRAM_YIELD:
        run_tell(t, do_yield(), TRACE_UNTOUCHED);
        break;
    case PROGRAM_COMPUTE:
        run_tell(t, do_compute(program_ns(run.p, op->time)), TRACE_UNTOUCHED);
        break;
    case PROGRAM_SPAWN:
        run_tell(t, do_spawn(op->thread), TRACE_UNTOUCHED);
        break;
    case PROGRAM_DETACH:
        run_tell(t, do_detach(op->thread), TRACE_UNTOUCHED);
        break;
    case PROGRAM_CANCEL:
        run_tell(t, do_cancel(op->thread), TRACE_UNTOUCHED);
        break;
    case PROGRAM_GEN:
        run_gen(t, op);
        break;
    case PROGRAM_NEXT:
    case PROGRAM_EACH:
    case PROGRAM_ASK:
    case PROGRAM_FINISH:
        run_ask(t, op);
        break;
    case PROGRAM_GIVE:
    case PROGRAM_GIVE_TAKE:
        run_give(t, op);
        break;
    case PROGRAM_GO:
        run_go(t, op);
        break;
    case PROGRAM_GROUP_WAIT:
        run_group_wait(t, op);
        break;
    case PROGRAM_GROUP_CANCEL:
        run_group_cancel(t, op);
        break;
    case PROGRAM_FAIL:
        run_tell(t, do_fail(t, op->value), TRACE_UNTOUCHED);
        break;
    case PROGRAM_LOCK:
    case PROGRAM_TRYLOCK:
    case PROGRAM_UNLOCK:
    case PROGRAM_ACQUIRE:
    case PROGRAM_TRYACQUIRE:
    case PROGRAM_RELEASE:
    case PROGRAM_SET:
    case PROGRAM_AWAIT:
        run_beside(t, op);
        break;
    case PROGRAM_END:
        break;
    }
}

/* Up to the end of a scope, or of the thread. */
static void do_ops(struct run_thread *t)
{
    const struct program_op *op;

    while ((op = program_op(run.p, t->name, t->pc)) != NULL && op->kind != PROGRAM_END) {
        do_op(t, op);
        t->pc++;
    }
}

int run_act(int name)
{
    struct run_thread t = {.name = name};

    do_ops(&t);
    run_unlock_all(&t);
    run.ended[name] = true;
    return t.fails;
}

/* ---- the whole ---- */

static void make_channel(int i)
{
    run.chans[i].any = calls_of(i)->make();
    check_watch_(run.chans[i].any);
}

static void free_channel(int i)
{
    check_unwatch_(run.chans[i].any);
    chan_free(run.chans[i].of_4);
}

/* The same place in time, whatever ran before in this process. */
static void begin(void)
{
    weft__sched_set_oracle(weft__self, NULL, NULL);
    weft_deadlock_returns(1);
    weft__self->explored = true; /* rings of mutexes are no news: cancellation breaks them */
    if (weft_now() < run.p->base_ns - 1)
        check_compute(run.p->base_ns - 1 - weft_now());
    weft_sleep(1);
    run.base_ns = weft_now();
    for (int i = 0; i < run.p->chans; i++)
        make_channel(i);
    for (int i = 0; i < run.p->groups; i++)
        run.groups[i] = group_new(run.p->limits[i]);
    run_make_besides();
    weft__sched_set_oracle(weft__self, run_choose, NULL);
}

static bool holds_nobody(const struct weft_group *g)
{
    return weft__list_is_empty(&g->members) && weft__list_is_empty(&g->slots) &&
           weft__list_is_empty(&g->callers) && !g->waiter;
}

/* What is still in a queue; NULL: nothing. */
static const char *queues_left(void)
{
    for (int i = 0; i < run.p->chans; i++)
        if (!weft__list_is_empty(&run.chans[i].any->receivers) ||
            !weft__list_is_empty(&run.chans[i].any->senders))
            return "a waiter is left in a channel";
    for (int i = 0; i < run.p->groups; i++)
        if (!holds_nobody(run.groups[i]))
            return "a thread is left in a group";
    if (!weft__list_is_empty(&weft__self->gens))
        return "a generator is left";
    return run_besides_left();
}

static void end(void)
{
    const struct run_report *report = run.report;
    const char *left = queues_left();

    weft__sched_set_oracle(weft__self, NULL, NULL);
    if (left)
        differ("%s", left);
    for (int i = 0; i < run.p->chans; i++)
        free_channel(i);
    for (int i = 0; i < run.p->groups; i++)
        group_free(run.groups[i]);
    if (report->actual.events_count != run.expected->events_count)
        differ("an operation that was due has not ended");
    if (check_threads() > 0 || check_stacks() > 0)
        differ("%zu threads and %zu stacks are left", check_threads(), check_stacks());
    if (!weft__wheel_is_empty(&weft__self->timers))
        differ("a timer is left");
    if (run.look != RUN_LOOKS_NEVER)
        look(CHECK_RUNNING);
}

void run_program(const struct program *p, const struct trace *expected, struct run_report *report,
                 enum run_look when)
{
    memset(&run, 0, sizeof run);
    run.p = p;
    run.expected = expected;
    run.report = report;
    run.look = when;
    report->wrong[0] = '\0';
    report->actual.events_count = 0;
    report->actual.choices_count = 0;
    weft_now(); /* makes the worker */
    begin();
    run_act(0);
    end();
}
