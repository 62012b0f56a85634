/* SPDX-License-Identifier: MIT */
#include "generators.h"

#include <errno.h>

void call_gen(const struct reference *r, struct actor *a, struct actor *body)
{
    actor_returns(a, actor_is_made(r, body, BODY) ? 0 : TRACE_SKIPPED);
}

static bool is_waiting(const struct actor *a, enum actor_wait wait)
{
    return a->state == PARKED && a->wait == wait;
}

/* Whoever waits for the body's next value, or for its end; NULL: nobody. */
static struct actor *consumer_of(struct reference *r, const struct actor *body)
{
    for (int i = 0; i < r->p->threads; i++) {
        struct actor *a = &r->actors[i];

        if ((is_waiting(a, WAIT_NEXT) || is_waiting(a, WAIT_FINISH)) &&
            &r->actors[a->op->thread] == body)
            return a;
    }
    return NULL;
}

/* The one that goes in. NULL: it makes no sense, and the call is over. */
static struct actor *enter(struct reference *r, struct actor *a, const struct program_op *op)
{
    struct actor *body = &r->actors[op->thread];

    if (body->role != BODY || body->is_asked || body->is_closed) {
        actor_returns(a, TRACE_SKIPPED);
        return NULL;
    }
    body->is_asked = true;
    return body;
}

/* What was sent, or nothing: zero. */
static int sent_by(const struct program_op *op)
{
    return op->kind == PROGRAM_ASK ? op->value : 0;
}

/* To a body that is in a yield. */
static void deliver(struct actor *body, const struct program_op *give, int value)
{
    if (give->kind == PROGRAM_GIVE_TAKE)
        body->value = value;
}

static void receive(struct actor *consumer, const struct program_op *next, int value)
{
    consumer->value = next->drops ? TRACE_UNTOUCHED : value;
}

/* The value of a body that waits with it. */
static void take(struct reference *r, struct actor *a, struct actor *body,
                 const struct program_op *op)
{
    receive(a, op, body->op->value);
    body->wait = WAIT_SUSPENDED;
    if (op->kind == PROGRAM_ASK) {
        deliver(body, body->op, op->value);
        actor_wake(r, body, 0);
    }
    actor_returns_in_turn(r, a, 0);
}

void call_next(struct reference *r, struct actor *a, const struct program_op *op)
{
    struct actor *body = enter(r, a, op);

    if (!body || actor_is_called_off(r, a))
        return;
    if (body->state == ENDED) {
        actor_returns_in_turn(r, a, -EPIPE);
        return;
    }
    if (body->state == UNBORN && op->kind == PROGRAM_ASK) {
        actor_returns_in_turn(r, a, -EINVAL);
        return;
    }
    if (is_waiting(body, WAIT_OFFER)) {
        take(r, a, body, op);
        return;
    }
    if (actor_may_only_try(r, a))
        return;
    a->sends_later = false;
    if (body->state == UNBORN) {
        actor_ready(r, body);
    } else if (is_waiting(body, WAIT_SUSPENDED)) {
        deliver(body, body->op, sent_by(op));
        actor_wake(r, body, 0);
    } else {
        a->sends_later = op->kind == PROGRAM_ASK;
    }
    actor_parks(r, a, WAIT_NEXT, op);
}

void call_finish(struct reference *r, struct actor *a, const struct program_op *op)
{
    struct actor *body = enter(r, a, op);

    if (!body)
        return;
    body->is_closed = true;
    if (body->state == UNBORN || body->state == ENDED) {
        actor_returns_in_turn(r, a, 0);
        return;
    }
    if (is_waiting(body, WAIT_SUSPENDED) || is_waiting(body, WAIT_OFFER)) {
        body->is_refused = true;
        actor_wake(r, body, -EPIPE);
    } else {
        actor_cancel(r, body);
    }
    actor_parks(r, a, WAIT_FINISH, op);
}

void end_next(struct reference *r, struct actor *a, const struct program_op *op)
{
    if (a->result == TRACE_SKIPPED)
        return;
    r->actors[op->thread].is_asked = false;
    if (op->kind == PROGRAM_EACH && a->result != 0)
        a->result = TRACE_NO_MORE;
}

/* ---- the body's side ---- */

static void hand_over(struct reference *r, struct actor *a, const struct program_op *op,
                      struct actor *consumer)
{
    receive(consumer, consumer->op, op->value);
    actor_wake(r, consumer, 0);
    if (consumer->sends_later) {
        deliver(a, op, consumer->op->value);
        actor_returns_in_turn(r, a, 0);
    } else {
        actor_parks(r, a, WAIT_SUSPENDED, op);
    }
}

void call_give(struct reference *r, struct actor *a, const struct program_op *op)
{
    struct actor *consumer = consumer_of(r, a);

    if (a->role != BODY || a->is_refused) {
        actor_returns(a, TRACE_SKIPPED);
        return;
    }
    if (a->is_closed) {
        a->is_refused = true;
        actor_returns_in_turn(r, a, -EPIPE);
        return;
    }
    if (actor_is_called_off(r, a))
        return;
    if (consumer)
        hand_over(r, a, op, consumer);
    else if (!actor_may_only_try(r, a))
        actor_parks(r, a, WAIT_OFFER, op);
}

void end_body(struct reference *r, struct actor *body)
{
    struct actor *consumer = consumer_of(r, body);

    if (consumer)
        actor_wake(r, consumer, consumer->wait == WAIT_FINISH ? 0 : -EPIPE);
}
