/* SPDX-License-Identifier: MIT */
/* weft_within: a deadline sets a bit in its thread's control block, and every call looks there. */
#include <weft/deadline.h>

#include <errno.h>

#include "sched.h"

/* What is in the user's struct weft_deadline. The deadlines of a thread are a chain from the
 * innermost outwards; each has a timer of its own unless an enclosing one is sooner. */
struct deadline {
    struct weft_timer timer;
    struct weft_control *control; /* NULL: there was no memory for a worker, and nothing to limit */
    struct deadline *outer;
    int64_t when;       /* the sooner of its own time and the enclosing one's */
    uint32_t interrupt; /* what it has set: EXPIRED or TRY */
};

_Static_assert(sizeof(struct deadline) <= sizeof(struct weft_deadline),
               "the public struct has room");

static struct deadline *deadline_of(struct weft_deadline *d)
{
    return (struct deadline *)(void *)d;
}

static void deadline_due(struct weft_timer *timer)
{
    struct deadline *d = WEFT__CONTAINER_OF(timer, struct deadline, timer);

    d->interrupt = WEFT__INTERRUPT_EXPIRED;
    d->control->interrupt |= WEFT__INTERRUPT_EXPIRED;
    weft__interrupt(weft__self, d->control, -ETIMEDOUT);
}

static void deadline_arm(struct weft_worker *w, struct deadline *d, int64_t ns)
{
    int64_t outer_when = d->outer ? d->outer->when : INT64_MAX;

    if (ns <= 0) {
        d->when = INT64_MIN;
        d->interrupt = WEFT__INTERRUPT_TRY;
        d->control->interrupt |= WEFT__INTERRUPT_TRY;
        return;
    }
    d->when = weft__add_saturating(weft__clock_now(&w->clock), ns);
    if (d->when >= outer_when)
        d->when = outer_when;
    else
        weft__wheel_arm(&w->timers, &d->timer, d->when);
}

WEFT_API void weft_within_begin_(struct weft_deadline *user, int64_t ns)
{
    struct weft_worker *w = weft__worker();
    struct deadline *d = deadline_of(user);

    d->control = NULL;
    if (WEFT__UNLIKELY(!w))
        return;
    d->timer.link.next = NULL; /* not armed */
    d->timer.due = deadline_due;
    d->control = w->current;
    d->outer = (struct deadline *)(void *)w->current->deadline;
    d->interrupt = 0;
    w->current->deadline = user;
    deadline_arm(w, d, ns);
}

WEFT_API void weft_within_end_(struct weft_deadline *user)
{
    struct deadline *d = deadline_of(user);
    struct weft_control *c = d->control;

    if (WEFT__UNLIKELY(!c))
        return;
    if (weft__timer_is_armed(&d->timer))
        weft__wheel_cancel(&weft__self->timers, &d->timer);
    c->deadline = (struct weft_deadline *)(void *)d->outer;
    c->interrupt &= WEFT__INTERRUPT_CANCELLED;
    for (d = d->outer; d; d = d->outer)
        c->interrupt |= d->interrupt;
}
