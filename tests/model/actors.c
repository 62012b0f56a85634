/* SPDX-License-Identifier: MIT */
#include "actors.h"

#include <errno.h>

#include "groups.h"

/* ---- choices and events ---- */

uint32_t actor_choose(struct reference *r, uint32_t n, bool of_clauses)
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
unsigned actor_minds(const struct actor *a)
{
    unsigned what = 0;

    for (int i = a->scopes_count - 1; i >= 0; i--) {
        if (a->scopes[i].is_shield)
            return what;
        what |= (a->scopes[i].is_over ? EXPIRED : 0u) | (a->scopes[i].is_try ? TRY : 0u);
    }
    return what | (a->cancelled ? CANCELLED : 0u);
}

int64_t actor_deadline(const struct actor *a)
{
    return a->scopes_count > 0 ? a->scopes[a->scopes_count - 1].when : INT64_MAX;
}

static int64_t actor_remaining(const struct reference *r, const struct actor *a)
{
    if (actor_deadline(a) == INT64_MAX)
        return INT64_MAX;
    return actor_deadline(a) > r->now ? actor_deadline(a) - r->now : 0;
}

void actor_tell(struct reference *r, struct actor *a)
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
        .is_cancelled = actor_minds(a) & CANCELLED,
        .now = r->now - r->p->base_ns,
        .remaining = actor_remaining(r, a),
    };
}

/* ---- ready and parked ---- */

void actor_ready(struct reference *r, struct actor *a)
{
    a->state = READY;
    a->timer.runs = false;
    r->ready[r->ready_count++] = (int)(a - r->actors);
}

void actor_wake(struct reference *r, struct actor *a, int result)
{
    a->result = result;
    actor_ready(r, a);
}

bool actor_is_made(const struct reference *r, struct actor *a, enum actor_role role)
{
    if (a->role != NOBODY || r->is_ending)
        return false;
    a->role = role;
    return true;
}

bool actor_can_be_cancelled(const struct actor *a)
{
    for (int i = 0; i < a->scopes_count; i++)
        if (a->scopes[i].is_shield)
            return false;
    return a->role != BODY;
}

bool actor_is_deaf(const struct actor *a)
{
    return a->wait == WAIT_FINISH || a->wait == WAIT_SUSPENDED;
}

/* Ends its wait, if that minds. */
static void interrupt(struct reference *r, struct actor *a, unsigned why, int result)
{
    if (a->state != PARKED || actor_is_deaf(a) || !(actor_minds(a) & why))
        return;
    if (a->wait == WAIT_GROUP && why == CANCELLED)
        group_cancel(r, a->op->which);
    else
        actor_wake(r, a, result);
}

void actor_cancel(struct reference *r, struct actor *a)
{
    a->cancelled = true;
    interrupt(r, a, CANCELLED, -ECANCELED);
}

static struct timer *sooner(struct timer *a, struct timer *b)
{
    if (!a || !a->runs || !b || !b->runs)
        return a && a->runs ? a : b;
    if (a->when != b->when)
        return a->when < b->when ? a : b;
    return a->order < b->order ? a : b;
}

struct timer *actor_next_timer(struct reference *r)
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

void actor_set_timer(struct reference *r, struct timer *timer, int64_t when)
{
    *timer = (struct timer){.runs = true, .when = when, .order = r->order++};
}

int actor_timeout_clause(const struct program_op *op)
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
            interrupt(r, a, EXPIRED, -ETIMEDOUT);
        }
}

static void fire(struct reference *r, struct timer *timer)
{
    timer->runs = false;
    for (int i = 0; i < r->p->threads; i++) {
        struct actor *a = &r->actors[i];

        if (timer == &a->timer)
            actor_wake(r, a, a->wait == WAIT_SLEEP ? 0 : actor_timeout_clause(a->op));
        else
            fire_scopes(r, a, timer);
    }
}

void actor_look_at_timers(struct reference *r)
{
    struct timer *timer;

    while ((timer = actor_next_timer(r)) != NULL && timer->when <= r->now)
        fire(r, timer);
}

/* ---- how a call ends ---- */

void actor_returns(struct actor *a, int result)
{
    a->result = result;
}

void actor_returns_in_turn(struct reference *r, struct actor *a, int result)
{
    a->result = result;
    actor_look_at_timers(r);
    actor_ready(r, a);
}

void actor_fails_in_turn(struct reference *r, struct actor *a, int result)
{
    a->result = result;
    actor_ready(r, a);
    actor_look_at_timers(r);
}

void actor_parks(struct reference *r, struct actor *a, enum actor_wait wait,
                 const struct program_op *op)
{
    a->state = PARKED;
    a->wait = wait;
    a->op = op;
    a->arrival = r->order++;
    actor_look_at_timers(r);
}

bool actor_is_called_off(struct reference *r, struct actor *a)
{
    const unsigned what = actor_minds(a);

    if (!(what & (CANCELLED | EXPIRED)))
        return false;
    actor_fails_in_turn(r, a, what & CANCELLED ? -ECANCELED : -ETIMEDOUT);
    return true;
}

bool actor_may_only_try(struct reference *r, struct actor *a)
{
    if (!(actor_minds(a) & TRY))
        return false;
    actor_fails_in_turn(r, a, -ETIMEDOUT);
    return true;
}
