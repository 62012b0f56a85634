/* SPDX-License-Identifier: MIT */
#include "beside.h"

#include <errno.h>

/* Whoever has waited longest for the object; NULL: nobody. */
static struct actor *first_waiting(struct reference *r, int kind, int which)
{
    struct actor *first = NULL;

    for (int i = 0; i < r->p->threads; i++) {
        struct actor *a = &r->actors[i];

        if (a->state == PARKED && a->wait == WAIT_BESIDE && a->op->kind == kind &&
            a->op->which == which && (!first || a->arrival < first->arrival))
            first = a;
    }
    return first;
}

/* Takes something if it is there; else waits for it. */
static void take(struct reference *r, struct actor *a, const struct program_op *op, bool is_there)
{
    if (is_there)
        actor_returns_in_turn(r, a, 0);
    else if (!actor_may_only_try(r, a))
        actor_parks(r, a, WAIT_BESIDE, op);
}

/* ---- mutexes ---- */

static void lock(struct reference *r, struct actor *a, const struct program_op *op)
{
    const struct actor *holder = r->holders[op->which];

    if (holder == a || !actor_can_be_cancelled(a)) {
        actor_returns(a, TRACE_SKIPPED);
        return;
    }
    if (actor_is_called_off(r, a))
        return;
    if (!holder)
        r->holders[op->which] = a;
    take(r, a, op, !holder);
}

static void trylock(struct reference *r, struct actor *a, int which)
{
    actor_returns(a, r->holders[which] ? -EAGAIN : 0);
    if (!r->holders[which])
        r->holders[which] = a;
}

static void pass_on(struct reference *r, int which)
{
    struct actor *next = first_waiting(r, PROGRAM_LOCK, which);

    r->holders[which] = next;
    if (next)
        actor_wake(r, next, 0);
}

static void unlock(struct reference *r, struct actor *a, int which)
{
    if (r->holders[which] == a)
        pass_on(r, which);
    else
        actor_returns(a, TRACE_SKIPPED);
}

void unlock_all(struct reference *r, const struct actor *a)
{
    for (int i = 0; i < r->p->besides; i++)
        if (r->holders[i] == a)
            pass_on(r, i);
}

/* ---- semaphores ---- */

static void acquire(struct reference *r, struct actor *a, const struct program_op *op)
{
    const bool is_there = r->permits[op->which] > 0;

    if (!actor_can_be_cancelled(a)) {
        actor_returns(a, TRACE_SKIPPED);
        return;
    }
    if (actor_is_called_off(r, a))
        return;
    r->permits[op->which] -= is_there;
    take(r, a, op, is_there);
}

static void tryacquire(struct reference *r, struct actor *a, int which)
{
    actor_returns(a, r->permits[which] > 0 ? 0 : -EAGAIN);
    r->permits[which] -= r->permits[which] > 0;
}

static void release(struct reference *r, int which)
{
    struct actor *next = first_waiting(r, PROGRAM_ACQUIRE, which);

    if (next)
        actor_wake(r, next, 0);
    else
        r->permits[which]++;
}

/* ---- completions ---- */

static void set(struct reference *r, int which)
{
    struct actor *waiting;

    r->is_set[which] = true;
    while ((waiting = first_waiting(r, PROGRAM_AWAIT, which)) != NULL)
        actor_wake(r, waiting, 0);
}

static void await(struct reference *r, struct actor *a, const struct program_op *op)
{
    if (!actor_is_called_off(r, a))
        take(r, a, op, r->is_set[op->which]);
}

void call_beside(struct reference *r, struct actor *a, const struct program_op *op)
{
    if (op->which >= r->p->besides) {
        actor_returns(a, TRACE_SKIPPED);
        return;
    }
    switch ((enum program_kind)op->kind) {
    case PROGRAM_LOCK:
        lock(r, a, op);
        break;
    case PROGRAM_TRYLOCK:
        trylock(r, a, op->which);
        break;
    case PROGRAM_UNLOCK:
        unlock(r, a, op->which);
        break;
    case PROGRAM_ACQUIRE:
        acquire(r, a, op);
        break;
    case PROGRAM_TRYACQUIRE:
        tryacquire(r, a, op->which);
        break;
    case PROGRAM_RELEASE:
        release(r, op->which);
        break;
    case PROGRAM_SET:
        set(r, op->which);
        break;
    default:
        await(r, a, op);
    }
}
