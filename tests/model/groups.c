/* SPDX-License-Identifier: MIT */
#include "groups.h"

#include <errno.h>

/* ---- who is in it ---- */

static bool is_member(const struct actor *a, int group)
{
    return a->role == MEMBER && a->group == group && a->state != UNBORN && a->state != ENDED;
}

/* The operation of a call that another thread is in, if that is one of these. */
static const struct program_op *call_of(const struct reference *r, const struct actor *a, int kind,
                                        int group)
{
    const struct program_op *op = program_op(r->p, (int)(a - r->actors), a->pc);

    return a->in_call && op && op->kind == kind && op->which == group ? op : NULL;
}

static int running(const struct reference *r, int group)
{
    int n = 0;

    for (int i = 0; i < r->p->threads; i++) {
        const struct actor *a = &r->actors[i];

        n += is_member(a, group);
        n += a->has_place && call_of(r, a, PROGRAM_GO, group);
    }
    return n;
}

static bool is_full(const struct reference *r, int group)
{
    return r->p->limits[group] > 0 && running(r, group) >= r->p->limits[group];
}

/* Whoever has waited longest; NULL: nobody. */
static struct actor *first_waiting(struct reference *r, int group, enum actor_wait wait)
{
    struct actor *first = NULL;

    for (int i = 0; i < r->p->threads; i++) {
        struct actor *a = &r->actors[i];

        if (a->state == PARKED && a->wait == wait && a->op->which == group &&
            (!first || a->arrival < first->arrival))
            first = a;
    }
    return first;
}

/* ---- what makes no sense: see program.h ---- */

/* The least number of a member, or of a thread that is being made one. */
static int least_member(const struct reference *r, const struct actor *but, int group, int *count)
{
    int least = PROGRAM_THREADS;

    *count = 0;
    for (int i = r->p->threads - 1; i >= 0; i--) {
        const struct actor *a = &r->actors[i];
        const struct program_op *go = a == but ? NULL : call_of(r, a, PROGRAM_GO, group);
        const int coming = go ? (int)go->thread : PROGRAM_THREADS;

        *count += is_member(a, group) + (go != NULL);
        if (is_member(a, group) && i < least)
            least = i;
        if (coming < least)
            least = coming;
    }
    return least;
}

/* The greatest number of a thread that is in a wait for the group or for a place in it; or -1. */
static int greatest_waiting(const struct reference *r, const struct actor *but, int group)
{
    for (int i = r->p->threads - 1; i >= 0; i--)
        if (&r->actors[i] != but && (call_of(r, &r->actors[i], PROGRAM_GO, group) ||
                                     call_of(r, &r->actors[i], PROGRAM_GROUP_WAIT, group)))
            return i;
    return -1;
}

static bool may_go(const struct reference *r, const struct actor *a, const struct program_op *op)
{
    int count;
    const int least = least_member(r, a, op->which, &count), limit = r->p->limits[op->which];

    if (op->thread <= greatest_waiting(r, a, op->which))
        return false;
    return limit == 0 || count < limit || least > a - r->actors;
}

static bool may_wait(const struct reference *r, const struct actor *a, int group)
{
    int count;

    for (int i = 0; i < r->p->threads; i++)
        if (&r->actors[i] != a && call_of(r, &r->actors[i], PROGRAM_GROUP_WAIT, group))
            return false;
    return least_member(r, a, group, &count) > a - r->actors;
}

/* ---- cancelling ---- */

static void refuse_callers(struct reference *r, int group)
{
    struct actor *caller;

    while ((caller = first_waiting(r, group, WAIT_GO)) != NULL)
        actor_wake(r, caller, -ECANCELED);
}

/* The member that was started next after some other; NULL: that was the last. */
static struct actor *next_member(struct reference *r, int group, const struct actor *after)
{
    struct actor *next = NULL;

    for (int i = 0; i < r->p->threads; i++) {
        struct actor *a = &r->actors[i];

        if (is_member(a, group) && (!after || a->born > after->born) &&
            (!next || a->born < next->born))
            next = a;
    }
    return next;
}

/* A member that waits for a group cancels that: its members' turn is after all others'. */
void group_cancel(struct reference *r, int group)
{
    const bool is_first = r->cancelling_count == 0;

    if (r->groups[group].is_cancelled)
        return;
    r->groups[group].is_cancelled = true;
    refuse_callers(r, group);
    r->cancelling[r->cancelling_count++] = group;
    for (int i = 0; is_first && i < r->cancelling_count; i++)
        for (struct actor *a = NULL; (a = next_member(r, r->cancelling[i], a)) != NULL;)
            actor_cancel(r, a);
    if (is_first)
        r->cancelling_count = 0;
}

void call_group_cancel(struct reference *r, struct actor *a, const struct program_op *op)
{
    if (op->which < r->p->groups)
        group_cancel(r, op->which);
    else
        actor_returns(a, TRACE_SKIPPED);
}

/* ---- starting members ---- */

void call_go(struct reference *r, struct actor *a, const struct program_op *op)
{
    struct actor *member = &r->actors[op->thread];

    if (op->which >= r->p->groups || !may_go(r, a, op) || !actor_is_made(r, member, MEMBER)) {
        actor_returns(a, TRACE_SKIPPED);
        return;
    }
    member->group = op->which;
    if (actor_is_called_off(r, a))
        return;
    if (r->groups[op->which].is_cancelled) {
        actor_returns_in_turn(r, a, -ECANCELED);
        return;
    }
    if (is_full(r, op->which)) {
        if (!actor_may_only_try(r, a))
            actor_parks(r, a, WAIT_GO, op);
        return;
    }
    a->has_place = true;
    if (r->p->limits[op->which] > 0)
        actor_returns_in_turn(r, a, 0);
}

void end_go(struct reference *r, struct actor *a, const struct program_op *op)
{
    struct actor *member = &r->actors[op->thread];

    if (a->result == TRACE_SKIPPED)
        return;
    a->has_place = false;
    if (a->result != 0) {
        member->role = NOBODY;
        return;
    }
    member->born = r->order++;
    actor_ready(r, member);
    if (r->groups[op->which].is_cancelled)
        actor_cancel(r, member);
}

/* ---- the end ---- */

static int result_for(const struct reference *r, const struct actor *a, int group)
{
    if (r->groups[group].result != 0)
        return r->groups[group].result;
    return actor_minds(a) & CANCELLED ? -ECANCELED : 0;
}

void call_group_wait(struct reference *r, struct actor *a, const struct program_op *op)
{
    if (op->which >= r->p->groups || !may_wait(r, a, op->which)) {
        actor_returns(a, TRACE_SKIPPED);
        return;
    }
    if (actor_minds(a) & CANCELLED)
        group_cancel(r, op->which);
    else if (actor_is_called_off(r, a))
        return;
    if (running(r, op->which) == 0)
        actor_returns_in_turn(r, a, result_for(r, a, op->which));
    else if (actor_minds(a) & (TRY | EXPIRED))
        actor_fails_in_turn(r, a, -ETIMEDOUT);
    else
        actor_parks(r, a, WAIT_GROUP, op);
}

void end_group_wait(const struct reference *r, struct actor *a, const struct program_op *op)
{
    if (a->result != TRACE_SKIPPED && r->groups[op->which].result != 0)
        a->value = TRACE_FAILED;
}

/* A place is free. */
static void vacate(struct reference *r, int group)
{
    struct actor *caller = first_waiting(r, group, WAIT_GO);
    struct actor *waiter = first_waiting(r, group, WAIT_GROUP);

    if (caller) {
        caller->has_place = true;
        actor_wake(r, caller, 0);
    } else if (waiter && running(r, group) == 0) {
        actor_wake(r, waiter, result_for(r, waiter, group));
    }
}

void end_member(struct reference *r, struct actor *member)
{
    const int group = member->group;

    if (member->fails != 0 && r->groups[group].result == 0) {
        r->groups[group].result = member->fails;
        group_cancel(r, group);
    }
    vacate(r, group);
}
