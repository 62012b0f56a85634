/* SPDX-License-Identifier: MIT */
#include "reference.h"

#include <errno.h>
#include <string.h>

#include "actors.h"
#include "beside.h"
#include "generators.h"
#include "groups.h"

/* ---- channels ---- */

/* The result of a select whose clause i found its channel closed. */
static int closed_clause(int i)
{
    return -4096 - i;
}

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
    a->value = k->drops ? TRACE_UNTOUCHED : program_seen(r->p->sizes[k->chan], value);
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
    actor_wake(r, partner, done_result(partner->op, clause));
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
    int skip = (int)actor_choose(r, (uint32_t)ready, true), i = 0;

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
    const int ready = count_ready(r, op), other = default_clause(op),
              timeout = actor_timeout_clause(op);

    if (other >= 0) {
        actor_returns(a, ready > 0 ? do_any(r, a, op, ready) : other);
        return;
    }
    if (actor_is_called_off(r, a))
        return;
    if (ready > 0) {
        actor_returns_in_turn(r, a, do_any(r, a, op, ready));
        return;
    }
    if (timeout >= 0 && op->clauses[timeout].time <= 0) {
        actor_returns_in_turn(r, a, timeout);
        return;
    }
    if (actor_may_only_try(r, a))
        return;
    if (timeout >= 0)
        actor_set_timer(r, &a->timer, r->now + program_ns(r->p, op->clauses[timeout].time));
    actor_parks(r, a, WAIT_CLAUSES, op);
}

static void call_plain(struct reference *r, struct actor *a, const struct program_op *op)
{
    if (op->clauses[0].chan == PROGRAM_NO_CHAN)
        actor_returns(a, -EINVAL);
    else
        call_clauses(r, a, op);
}

static void call_try(struct reference *r, struct actor *a, const struct program_op *op)
{
    if (op->clauses[0].chan == PROGRAM_NO_CHAN)
        actor_returns(a, -EINVAL);
    else
        actor_returns(a, can_go(r, &op->clauses[0]) ? do_clause(r, a, op, 0) : -EAGAIN);
}

static void dismiss(struct reference *r, int chan, int kind)
{
    struct actor *waiting;
    int clause = 0;

    while ((waiting = first_waiting(r, chan, kind, &clause)) != NULL)
        actor_wake(r, waiting, closed_result(waiting->op, clause));
}

static void call_close(struct reference *r, struct actor *a, int chan)
{
    if (chan == PROGRAM_NO_CHAN || chan >= r->p->chans) {
        actor_returns(a, -EINVAL);
        return;
    }
    actor_returns(a, r->closed[chan] ? -EPIPE : 0);
    r->closed[chan] = true;
    dismiss(r, chan, PROGRAM_CLAUSE_RECV);
    dismiss(r, chan, PROGRAM_CLAUSE_SEND);
}

/* ---- time ---- */

static void call_sleep(struct reference *r, struct actor *a, const struct program_op *op)
{
    if (actor_is_called_off(r, a))
        return;
    if (op->time <= 0) {
        actor_returns_in_turn(r, a, 0);
        return;
    }
    if (actor_may_only_try(r, a))
        return;
    actor_set_timer(r, &a->timer, r->now + program_ns(r->p, op->time));
    actor_parks(r, a, WAIT_SLEEP, op);
}

static void enter_within(struct reference *r, struct actor *a, int64_t ns)
{
    const int64_t outer = actor_deadline(a);
    struct scope *s = &a->scopes[a->scopes_count++];

    *s = (struct scope){.when = outer};
    if (ns <= 0) {
        s->is_try = true;
        s->when = INT64_MIN;
    } else if (ns < INT64_MAX - r->now && r->now + ns < outer) {
        s->when = r->now + ns;
        actor_set_timer(r, &s->timer, s->when);
    }
}

static void enter_shield(struct actor *a)
{
    a->scopes[a->scopes_count++] = (struct scope){.is_shield = true, .when = INT64_MAX};
}

/* ---- threads ---- */

static void call_spawn(struct reference *r, struct actor *a, struct actor *born)
{
    if (actor_is_made(r, born, TASK))
        actor_ready(r, born);
    else
        actor_returns(a, TRACE_SKIPPED);
}

static bool is_joinable(const struct actor *a)
{
    return a->role == TASK && a->handle == JOINABLE;
}

static void call_join(struct reference *r, struct actor *a, const struct program_op *op)
{
    struct actor *joined = &r->actors[op->thread];

    if (!is_joinable(joined)) {
        actor_returns(a, TRACE_SKIPPED);
        return;
    }
    joined->handle = JOINING;
    if (actor_is_called_off(r, a))
        return;
    if (joined->state == ENDED) {
        a->value = TRACE_THREAD + op->thread;
        actor_returns_in_turn(r, a, 0);
        return;
    }
    if (actor_may_only_try(r, a))
        return;
    actor_parks(r, a, WAIT_JOIN, op);
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

    actor_returns(a, is_joinable(detached) ? 0 : TRACE_SKIPPED);
    if (is_joinable(detached))
        detached->handle = GONE;
}

static void call_cancel(struct reference *r, struct actor *a, struct actor *cancelled)
{
    if (cancelled->role != TASK) {
        actor_returns(a, TRACE_SKIPPED);
        return;
    }
    actor_returns(a, cancelled->state == ENDED ? -ESRCH : 0);
    if (cancelled->state != ENDED)
        actor_cancel(r, cancelled);
}

/* Whoever waits for it has its result. */
static void end_task(struct reference *r, const struct actor *a)
{
    for (int i = 0; i < r->p->threads; i++) {
        struct actor *joiner = &r->actors[i];

        if (joiner->state == PARKED && joiner->wait == WAIT_JOIN &&
            &r->actors[joiner->op->thread] == a) {
            joiner->value = TRACE_THREAD + joiner->op->thread;
            actor_wake(r, joiner, 0);
        }
    }
}

static void end_thread(struct reference *r, struct actor *a)
{
    unlock_all(r, a);
    a->state = ENDED;
    if (a->role == BODY)
        end_body(r, a);
    else if (a->role == MEMBER)
        end_member(r, a);
    else
        end_task(r, a);
    actor_look_at_timers(r);
}

/* ---- running ---- */

/* Bodies wait until they are asked, or closed. */
static bool is_still_there(const struct actor *a)
{
    return (a->role == TASK || a->role == MEMBER) && a->state != ENDED && a->state != UNBORN;
}

static bool all_others_have_ended(const struct reference *r, const struct actor *a)
{
    for (int i = 0; i < r->p->threads; i++)
        if (&r->actors[i] != a && is_still_there(&r->actors[i]))
            return false;
    return true;
}

static void call_fail(struct actor *a, int value)
{
    actor_returns(a, a->role == MEMBER ? 0 : TRACE_SKIPPED);
    a->fails = value;
}

static void call(struct reference *r, struct actor *a, const struct program_op *op)
{
    a->value = TRACE_UNTOUCHED;
    actor_returns(a, 0);
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
        actor_fails_in_turn(r, a, 0);
        break;
    case PROGRAM_COMPUTE:
        r->now += program_ns(r->p, op->time);
        break;
    case PROGRAM_SPAWN:
        call_spawn(r, a, &r->actors[op->thread]);
        break;
    case PROGRAM_JOIN:
        call_join(r, a, op);
        break;
    case PROGRAM_DETACH:
        call_detach(r, a, op->thread);
        break;
    case PROGRAM_CANCEL:
        call_cancel(r, a, &r->actors[op->thread]);
        break;
    case PROGRAM_GEN:
        call_gen(r, a, &r->actors[op->thread]);
        break;
    case PROGRAM_NEXT:
    case PROGRAM_EACH:
    case PROGRAM_ASK:
        call_next(r, a, op);
        break;
    case PROGRAM_FINISH:
        call_finish(r, a, op);
        break;
    case PROGRAM_GIVE:
    case PROGRAM_GIVE_TAKE:
        call_give(r, a, op);
        break;
    case PROGRAM_GO:
        call_go(r, a, op);
        break;
    case PROGRAM_GROUP_WAIT:
        call_group_wait(r, a, op);
        break;
    case PROGRAM_GROUP_CANCEL:
        call_group_cancel(r, a, op);
        break;
    case PROGRAM_FAIL:
        call_fail(a, op->value);
        break;
    case PROGRAM_LOCK:
    case PROGRAM_TRYLOCK:
    case PROGRAM_UNLOCK:
    case PROGRAM_ACQUIRE:
    case PROGRAM_TRYACQUIRE:
    case PROGRAM_RELEASE:
    case PROGRAM_SET:
    case PROGRAM_AWAIT:
        call_beside(r, a, op);
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
        r->is_ending = true;
        call_sleep(r, a, op);
        break;
    }
}

/* What is only now settled about a call. */
static void end_call(struct reference *r, struct actor *a, const struct program_op *op)
{
    switch ((enum program_kind)op->kind) {
    case PROGRAM_JOIN:
        end_join(r, a, op);
        break;
    case PROGRAM_NEXT:
    case PROGRAM_EACH:
    case PROGRAM_ASK:
    case PROGRAM_FINISH:
        end_next(r, a, op);
        break;
    case PROGRAM_GO:
        end_go(r, a, op);
        break;
    case PROGRAM_GROUP_WAIT:
        end_group_wait(r, a, op);
        break;
    default:
        break;
    }
}

/* Some calls are begun again until they are not needed. */
static bool is_over(const struct reference *r, const struct actor *a, const struct program_op *op)
{
    if (op->kind == PROGRAM_EACH)
        return a->result != 0;
    return op->kind != PROGRAM_DRAIN || all_others_have_ended(r, a);
}

/* From where a thread is to where it leaves running. */
static void run_actor(struct reference *r, struct actor *a)
{
    const struct program_op *op;

    while (a->state == RUNNING) {
        op = program_op(r->p, (int)(a - r->actors), a->pc);
        if (a->in_call) {
            end_call(r, a, op);
            actor_tell(r, a);
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

/* Those of deadlines beyond a shield end nothing, nor do any in a wait that only its partner ends. */
static bool timer_ends_something(const struct actor *a)
{
    if (a->state == PARKED && actor_is_deaf(a))
        return false;
    for (int k = a->scopes_count; k > 0 && !a->scopes[k - 1].is_shield; k--)
        if (a->scopes[k - 1].timer.runs)
            return true;
    return a->timer.runs;
}

static bool is_deadlock(const struct reference *r)
{
    for (int i = 0; i < r->p->threads; i++)
        if (timer_ends_something(&r->actors[i]))
            return false;
    return true;
}

/* Nobody is ready: time passes. */
static void wait_for_timer(struct reference *r)
{
    const struct timer *timer = actor_next_timer(r);

    if (is_deadlock(r)) {
        r->is_too_long |= actor_is_deaf(&r->actors[0]);
        actor_wake(r, &r->actors[0], -EDEADLK);
        return;
    }
    if (timer->when > r->now)
        r->now = timer->when;
    actor_look_at_timers(r);
}

static struct actor *pick(struct reference *r)
{
    uint32_t i;
    int thread;

    while (r->ready_count == 0)
        wait_for_timer(r);
    i = actor_choose(r, (uint32_t)r->ready_count, false);
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
    for (int i = 0; i < PROGRAM_BESIDES; i++)
        r.permits[i] = program_permits(i);
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
