/* SPDX-License-Identifier: MIT */
#include "reference.h"

#include <errno.h>
#include <string.h>

enum state { UNBORN, READY, RUNNING, PARKED, ENDED };
enum handle { JOINABLE, JOINING, GONE };
enum wait { WAIT_CLAUSES, WAIT_SLEEP, WAIT_JOIN };

enum { CANCELLED = 1, EXPIRED = 2, TRY = 4 };

/* The result of a select whose clause i found its channel closed. */
static int closed_clause(int i)
{
    return -4096 - i;
}

struct timer {
    bool runs;
    int64_t when;
    uint64_t order; /* in which they were set */
};

/* A deadline or a shield that a thread is in. */
struct scope {
    bool is_shield;
    bool is_try;
    bool is_over;
    int64_t when; /* of it and those around it the soonest; INT64_MAX: never */
    struct timer timer;
};

struct actor {
    enum state state;
    enum handle handle;
    int pc;
    bool in_call; /* the operation at pc was begun */
    int result;   /* of that operation */
    int value;
    bool cancelled;
    int scopes_count;
    struct scope scopes[PROGRAM_SCOPES];
    /* parked: */
    enum wait wait;
    const struct program_op *op;
    uint64_t arrival; /* the place among all who ever waited */
    struct timer timer;
};

struct reference {
    const struct program *p;
    struct trace *trace;
    struct program_random random;
    int64_t now;
    uint64_t order;
    bool closed[PROGRAM_CHANS];
    int ready[PROGRAM_THREADS]; /* the first is next */
    int ready_count;
    struct actor actors[PROGRAM_THREADS];
    bool is_too_long;
};

/* ---- choices and events ---- */

static uint32_t choose(struct reference *r, uint32_t n, bool of_clauses)
{
    uint32_t answer = 0;

    if (n == 1)
        return 0;
    if (r->trace->choices_count < r->p->given_count)
        answer = r->p->given[r->trace->choices_count] % n;
    else if (r->p->schedule != 0)
        answer = program_draw(&r->random, n);
    if (r->trace->choices_count < TRACE_CHOICES)
        r->trace->choices[r->trace->choices_count++] =
            (struct trace_choice){.of = n, .answer = answer, .of_clauses = of_clauses};
    else
        r->is_too_long = true;
    return answer;
}

/* What a thread's calls are to mind: outwards to the first shield, and beyond the last scope lies
 * cancellation. */
static unsigned minds(const struct actor *a)
{
    unsigned what = 0;

    for (int i = a->scopes_count - 1; i >= 0; i--) {
        if (a->scopes[i].is_shield)
            return what;
        what |= (a->scopes[i].is_over ? EXPIRED : 0u) | (a->scopes[i].is_try ? TRY : 0u);
    }
    return what | (a->cancelled ? CANCELLED : 0u);
}

static int64_t deadline(const struct actor *a)
{
    return a->scopes_count > 0 ? a->scopes[a->scopes_count - 1].when : INT64_MAX;
}

static int64_t remaining(const struct reference *r, const struct actor *a)
{
    if (deadline(a) == INT64_MAX)
        return INT64_MAX;
    return deadline(a) > r->now ? deadline(a) - r->now : 0;
}

static void tell(struct reference *r, struct actor *a)
{
    if (r->trace->events_count == TRACE_EVENTS) {
        r->is_too_long = true;
        return;
    }
    r->trace->events[r->trace->events_count++] = (struct trace_event){
        .thread = (int)(a - r->actors),
        .pc = a->pc,
        .result = a->result,
        .value = a->value,
        .choices = r->trace->choices_count,
        .is_cancelled = minds(a) & CANCELLED,
        .now = r->now - r->p->base_ns,
        .remaining = remaining(r, a),
    };
}

/* ---- ready and parked ---- */

static void make_ready(struct reference *r, struct actor *a)
{
    a->state = READY;
    a->timer.runs = false;
    r->ready[r->ready_count++] = (int)(a - r->actors);
}

static void wake(struct reference *r, struct actor *a, int result)
{
    a->result = result;
    make_ready(r, a);
}

static struct timer *sooner(struct timer *a, struct timer *b)
{
    if (!a || !a->runs || !b || !b->runs)
        return a && a->runs ? a : b;
    if (a->when != b->when)
        return a->when < b->when ? a : b;
    return a->order < b->order ? a : b;
}

static struct timer *next_timer(struct reference *r)
{
    struct timer *first = NULL;

    for (int i = 0; i < r->p->threads; i++) {
        struct actor *a = &r->actors[i];

        first = sooner(first, &a->timer);
        for (int k = 0; k < a->scopes_count; k++)
            first = sooner(first, &a->scopes[k].timer);
    }
    return first && first->runs ? first : NULL;
}

static void set_timer(struct reference *r, struct timer *timer, int64_t when)
{
    *timer = (struct timer){.runs = true, .when = when, .order = r->order++};
}

static int timeout_clause(const struct program_op *op)
{
    for (int i = 0; i < op->n; i++)
        if (op->clauses[i].kind == PROGRAM_CLAUSE_TIMEOUT)
            return i;
    return -1;
}

static void fire_scopes(struct reference *r, struct actor *a, const struct timer *timer)
{
    for (int k = 0; k < a->scopes_count; k++)
        if (timer == &a->scopes[k].timer) {
            a->scopes[k].is_over = true;
            if (a->state == PARKED && minds(a) & EXPIRED)
                wake(r, a, -ETIMEDOUT);
        }
}

static void fire(struct reference *r, struct timer *timer)
{
    timer->runs = false;
    for (int i = 0; i < r->p->threads; i++) {
        struct actor *a = &r->actors[i];

        if (timer == &a->timer)
            wake(r, a, a->wait == WAIT_SLEEP ? 0 : timeout_clause(a->op));
        else
            fire_scopes(r, a, timer);
    }
}

static void look_at_timers(struct reference *r)
{
    struct timer *timer;

    while ((timer = next_timer(r)) != NULL && timer->when <= r->now)
        fire(r, timer);
}

/* ---- how a call ends ---- */

/* At once: its thread goes on running. */
static void returns(struct actor *a, int result)
{
    a->result = result;
}

/* It may have parked, but need not. */
static void returns_in_turn(struct reference *r, struct actor *a, int result)
{
    a->result = result;
    look_at_timers(r);
    make_ready(r, a);
}

static void fails_in_turn(struct reference *r, struct actor *a, int result)
{
    a->result = result;
    make_ready(r, a);
    look_at_timers(r);
}

static void parks(struct reference *r, struct actor *a, enum wait wait, const struct program_op *op)
{
    a->state = PARKED;
    a->wait = wait;
    a->op = op;
    a->arrival = r->order++;
    look_at_timers(r);
}

/* Whether the call is over before it was tried. */
static bool is_called_off(struct reference *r, struct actor *a)
{
    const unsigned what = minds(a);

    if (!(what & (CANCELLED | EXPIRED)))
        return false;
    fails_in_turn(r, a, what & CANCELLED ? -ECANCELED : -ETIMEDOUT);
    return true;
}

static bool may_only_try(struct reference *r, struct actor *a)
{
    if (!(minds(a) & TRY))
        return false;
    fails_in_turn(r, a, -ETIMEDOUT);
    return true;
}

/* ---- channels ---- */

static bool has_chan(const struct program_clause *k)
{
    return k->kind <= PROGRAM_CLAUSE_RECV && k->chan != PROGRAM_NO_CHAN;
}

/* Whoever has waited longest in a channel with such a clause; which one. NULL: nobody. */
static struct actor *first_waiting(struct reference *r, int chan, int kind, int *clause)
{
    struct actor *first = NULL;

    for (int i = 0; i < r->p->threads; i++) {
        struct actor *a = &r->actors[i];

        if (a->state != PARKED || a->wait != WAIT_CLAUSES || (first && first->arrival < a->arrival))
            continue;
        for (int k = a->op->n - 1; k >= 0; k--)
            if (has_chan(&a->op->clauses[k]) && a->op->clauses[k].chan == chan &&
                a->op->clauses[k].kind == kind) {
                first = a;
                *clause = k;
            }
    }
    return first;
}

static int partner_kind(const struct program_clause *k)
{
    return k->kind == PROGRAM_CLAUSE_SEND ? PROGRAM_CLAUSE_RECV : PROGRAM_CLAUSE_SEND;
}

static bool can_go(struct reference *r, const struct program_clause *k)
{
    int clause;

    return has_chan(k) &&
           (r->closed[k->chan] || first_waiting(r, k->chan, partner_kind(k), &clause));
}

static int done_result(const struct program_op *op, int clause)
{
    return op->kind == PROGRAM_SELECT ? clause : 0;
}

static int closed_result(const struct program_op *op, int clause)
{
    return op->kind == PROGRAM_SELECT ? closed_clause(clause) : -EPIPE;
}

static void receive(struct reference *r, struct actor *a, const struct program_clause *k, int value)
{
    a->value = k->drops ? TRACE_UNTOUCHED : program_seen(r->p, k->chan, value);
}

/* Does a clause that can go: what its call gives. */
static int do_clause(struct reference *r, struct actor *a, const struct program_op *op, int i)
{
    const struct program_clause *mine = &op->clauses[i], *theirs;
    struct actor *partner;
    int clause = 0;

    if (r->closed[mine->chan])
        return closed_result(op, i);
    partner = first_waiting(r, mine->chan, partner_kind(mine), &clause);
    theirs = &partner->op->clauses[clause];
    if (mine->kind == PROGRAM_CLAUSE_RECV)
        receive(r, a, mine, theirs->value);
    else
        receive(r, partner, theirs, mine->value);
    wake(r, partner, done_result(partner->op, clause));
    return done_result(op, i);
}

static int count_ready(struct reference *r, const struct program_op *op)
{
    int n = 0;

    for (int i = 0; i < op->n; i++)
        n += can_go(r, &op->clauses[i]);
    return n;
}

/* One of those that can go: what the call gives. */
static int do_any(struct reference *r, struct actor *a, const struct program_op *op, int ready)
{
    int skip = (int)choose(r, (uint32_t)ready, true), i = 0;

    while (!can_go(r, &op->clauses[i]) || skip-- > 0)
        i++;
    return do_clause(r, a, op, i);
}

static int default_clause(const struct program_op *op)
{
    for (int i = 0; i < op->n; i++)
        if (op->clauses[i].kind == PROGRAM_CLAUSE_DEFAULT)
            return i;
    return -1;
}

/* Send, receive and select: a plain call is a select of one clause. */
static void call_clauses(struct reference *r, struct actor *a, const struct program_op *op)
{
    const int ready = count_ready(r, op), other = default_clause(op), timeout = timeout_clause(op);

    if (other >= 0) {
        returns(a, ready > 0 ? do_any(r, a, op, ready) : other);
        return;
    }
    if (is_called_off(r, a))
        return;
    if (ready > 0) {
        returns_in_turn(r, a, do_any(r, a, op, ready));
        return;
    }
    if (timeout >= 0 && op->clauses[timeout].time <= 0) {
        returns_in_turn(r, a, timeout);
        return;
    }
    if (may_only_try(r, a))
        return;
    if (timeout >= 0)
        set_timer(r, &a->timer, r->now + program_ns(r->p, op->clauses[timeout].time));
    parks(r, a, WAIT_CLAUSES, op);
}

static void call_plain(struct reference *r, struct actor *a, const struct program_op *op)
{
    if (op->clauses[0].chan == PROGRAM_NO_CHAN)
        returns(a, -EINVAL);
    else
        call_clauses(r, a, op);
}

static void call_try(struct reference *r, struct actor *a, const struct program_op *op)
{
    if (op->clauses[0].chan == PROGRAM_NO_CHAN)
        returns(a, -EINVAL);
    else
        returns(a, can_go(r, &op->clauses[0]) ? do_clause(r, a, op, 0) : -EAGAIN);
}

static void dismiss(struct reference *r, int chan, int kind)
{
    struct actor *waiting;
    int clause = 0;

    while ((waiting = first_waiting(r, chan, kind, &clause)) != NULL)
        wake(r, waiting, closed_result(waiting->op, clause));
}

static void call_close(struct reference *r, struct actor *a, int chan)
{
    if (chan == PROGRAM_NO_CHAN || chan >= r->p->chans) {
        returns(a, -EINVAL);
        return;
    }
    returns(a, r->closed[chan] ? -EPIPE : 0);
    r->closed[chan] = true;
    dismiss(r, chan, PROGRAM_CLAUSE_RECV);
    dismiss(r, chan, PROGRAM_CLAUSE_SEND);
}

/* ---- time ---- */

static void call_sleep(struct reference *r, struct actor *a, const struct program_op *op)
{
    if (is_called_off(r, a))
        return;
    if (op->time <= 0) {
        returns_in_turn(r, a, 0);
        return;
    }
    if (may_only_try(r, a))
        return;
    set_timer(r, &a->timer, r->now + program_ns(r->p, op->time));
    parks(r, a, WAIT_SLEEP, op);
}

static void enter_within(struct reference *r, struct actor *a, int64_t ns)
{
    const int64_t outer = deadline(a);
    struct scope *s = &a->scopes[a->scopes_count++];

    *s = (struct scope){.when = outer};
    if (ns <= 0) {
        s->is_try = true;
        s->when = INT64_MIN;
    } else if (ns < INT64_MAX - r->now && r->now + ns < outer) {
        s->when = r->now + ns;
        set_timer(r, &s->timer, s->when);
    }
}

static void enter_shield(struct actor *a)
{
    a->scopes[a->scopes_count++] = (struct scope){.is_shield = true, .when = INT64_MAX};
}

/* ---- threads ---- */

static void call_spawn(struct reference *r, struct actor *a, int thread)
{
    struct actor *born = &r->actors[thread];

    returns(a, born->state == UNBORN ? 0 : TRACE_SKIPPED);
    if (born->state == UNBORN)
        make_ready(r, born);
}

static bool is_joinable(const struct actor *a)
{
    return a->state != UNBORN && a->handle == JOINABLE;
}

static void call_join(struct reference *r, struct actor *a, const struct program_op *op)
{
    struct actor *joined = &r->actors[op->thread];

    if (!is_joinable(joined)) {
        returns(a, TRACE_SKIPPED);
        return;
    }
    joined->handle = JOINING;
    if (is_called_off(r, a))
        return;
    if (joined->state == ENDED) {
        a->value = TRACE_THREAD + op->thread;
        returns_in_turn(r, a, 0);
        return;
    }
    if (may_only_try(r, a))
        return;
    parks(r, a, WAIT_JOIN, op);
}

/* Until the call is over nobody knows whether the task may be joined once more. */
static void end_join(struct reference *r, const struct actor *a, const struct program_op *op)
{
    if (a->result != TRACE_SKIPPED)
        r->actors[op->thread].handle = a->result == 0 ? GONE : JOINABLE;
}

static void call_detach(struct reference *r, struct actor *a, int thread)
{
    struct actor *detached = &r->actors[thread];

    returns(a, is_joinable(detached) ? 0 : TRACE_SKIPPED);
    if (is_joinable(detached))
        detached->handle = GONE;
}

static void call_cancel(struct reference *r, struct actor *a, int thread)
{
    struct actor *cancelled = &r->actors[thread];

    if (cancelled->state == UNBORN || cancelled->state == ENDED) {
        returns(a, cancelled->state == UNBORN ? TRACE_SKIPPED : -ESRCH);
        return;
    }
    returns(a, 0);
    cancelled->cancelled = true;
    if (cancelled->state == PARKED && minds(cancelled) & CANCELLED)
        wake(r, cancelled, -ECANCELED);
}

static void end_thread(struct reference *r, struct actor *a)
{
    a->state = ENDED;
    for (int i = 0; i < r->p->threads; i++) {
        struct actor *joiner = &r->actors[i];

        if (joiner->state == PARKED && joiner->wait == WAIT_JOIN &&
            &r->actors[joiner->op->thread] == a) {
            joiner->value = TRACE_THREAD + joiner->op->thread;
            wake(r, joiner, 0);
        }
    }
    look_at_timers(r);
}

/* ---- running ---- */

static bool all_others_have_ended(const struct reference *r, const struct actor *a)
{
    for (int i = 0; i < r->p->threads; i++)
        if (&r->actors[i] != a && r->actors[i].state != UNBORN && r->actors[i].state != ENDED)
            return false;
    return true;
}

static void call(struct reference *r, struct actor *a, const struct program_op *op)
{
    a->value = TRACE_UNTOUCHED;
    returns(a, 0);
    switch ((enum program_kind)op->kind) {
    case PROGRAM_SEND:
    case PROGRAM_RECV:
        call_plain(r, a, op);
        break;
    case PROGRAM_TRYSEND:
    case PROGRAM_TRYRECV:
        call_try(r, a, op);
        break;
    case PROGRAM_SELECT:
        call_clauses(r, a, op);
        break;
    case PROGRAM_CLOSE:
        call_close(r, a, op->chan);
        break;
    case PROGRAM_SLEEP:
        call_sleep(r, a, op);
        break;
    case PROGRAM_YIELD:
        fails_in_turn(r, a, 0);
        break;
    case PROGRAM_COMPUTE:
        r->now += program_ns(r->p, op->time);
        break;
    case PROGRAM_SPAWN:
        call_spawn(r, a, op->thread);
        break;
    case PROGRAM_JOIN:
        call_join(r, a, op);
        break;
    case PROGRAM_DETACH:
        call_detach(r, a, op->thread);
        break;
    case PROGRAM_CANCEL:
        call_cancel(r, a, op->thread);
        break;
    case PROGRAM_WITHIN:
        enter_within(r, a, program_ns(r->p, op->time));
        break;
    case PROGRAM_SHIELD:
        enter_shield(a);
        break;
    case PROGRAM_END:
        a->scopes_count--;
        break;
    case PROGRAM_DRAIN:
        call_sleep(r, a, op);
        break;
    }
}

/* A sleep that is over is begun again until it is not needed. */
static bool is_over(const struct reference *r, const struct actor *a, const struct program_op *op)
{
    return op->kind != PROGRAM_DRAIN || all_others_have_ended(r, a);
}

/* From where a thread is to where it leaves running. */
static void run_actor(struct reference *r, struct actor *a)
{
    const struct program_op *op;

    while (a->state == RUNNING) {
        op = program_op(r->p, (int)(a - r->actors), a->pc);
        if (a->in_call) {
            tell(r, a);
            if (op->kind == PROGRAM_JOIN)
                end_join(r, a, op);
            a->pc += is_over(r, a, op);
            op = program_op(r->p, (int)(a - r->actors), a->pc);
        }
        a->in_call = op != NULL;
        if (op)
            call(r, a, op);
        else
            end_thread(r, a);
    }
}

/* Nobody is ready: time passes. */
static void wait_for_timer(struct reference *r)
{
    const struct timer *timer = next_timer(r);

    if (!timer) {
        wake(r, &r->actors[0], -EDEADLK);
        return;
    }
    if (timer->when > r->now)
        r->now = timer->when;
    look_at_timers(r);
}

static struct actor *pick(struct reference *r)
{
    uint32_t i;
    int thread;

    while (r->ready_count == 0)
        wait_for_timer(r);
    i = choose(r, (uint32_t)r->ready_count, false);
    thread = r->ready[i];
    memmove(&r->ready[i], &r->ready[i + 1],
            (size_t)(--r->ready_count - (int)i) * sizeof r->ready[0]);
    return &r->actors[thread];
}

bool reference_run(const struct program *p, struct trace *trace)
{
    struct reference r = {.p = p, .trace = trace, .now = p->base_ns};
    struct actor *running = &r.actors[0];

    r.random.state = p->schedule;
    trace->events_count = 0;
    trace->choices_count = 0;
    while (r.actors[0].state != ENDED && !r.is_too_long) {
        running->state = RUNNING;
        run_actor(&r, running);
        if (r.actors[0].state != ENDED)
            running = pick(&r);
    }
    return !r.is_too_long;
}
