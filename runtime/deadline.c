/* SPDX-License-Identifier: MIT */
/* weft_within, weft_shield: a thread's deadlines and cancellation set bits in its control block, and
 * every call looks there. */
#include "deadline.h"

#include <errno.h>

#include <weft/deadline.h>

#include "sched.h"

/* What is in the user's struct weft_deadline. What a thread is in is a chain from the innermost
 * outwards; each deadline has a timer of its own unless an enclosing one is sooner. Those outside of
 * a shield are without effect while the thread is in it, but go on. */
struct deadline {
    struct weft_timer timer;
    struct weft_control *control; /* NULL: there was no memory for a worker, and nothing to limit */
    struct deadline *outer;
    int64_t when;       /* the sooner of its own time and the enclosing one's */
    uint32_t interrupt; /* what it has set: EXPIRED or TRY */
    bool shields;       /* it is no deadline, and hides those outside, and cancellation */
};

_Static_assert(sizeof(struct deadline) <= sizeof(struct weft_deadline),
               "the public struct has room");

static struct deadline *deadline_of(struct weft_deadline *d)
{
    return (struct deadline *)(void *)d;
}

static struct deadline *deadline_innermost(const struct weft_control *c)
{
    return deadline_of(c->deadline);
}

/* What a thread is to be told of is what it is in, outwards to the first shield. Cancellation lies
 * outside of all. */
static inline struct deadline *deadline_gather(struct weft_control *c, uint32_t interrupt)
{
    struct deadline *d;

    for (d = deadline_innermost(c); d && !d->shields; d = d->outer)
        interrupt |= d->interrupt;
    c->interrupt = interrupt;
    return d;
}

static void deadline_refresh(struct weft_control *c)
{
    if (!deadline_gather(c, c->interrupt & WEFT__INTERRUPT_WATCHED))
        c->interrupt |= (uint32_t)c->thread->flags >> WEFT__THREAD_CANCELLED_BIT;
}

static void deadline_due(struct weft_timer *timer)
{
    struct deadline *d = WEFT__CONTAINER_OF(timer, struct deadline, timer);

    d->interrupt = WEFT__INTERRUPT_EXPIRED;
    deadline_refresh(d->control);
    if (d->control->interrupt & WEFT__INTERRUPT_EXPIRED)
        weft__interrupt(weft__self, d->control, -ETIMEDOUT);
}

/* Not in a wait that no deadline ends, nor beyond a shield. */
bool weft__deadline_timer_matters(const struct weft_timer *timer)
{
    const struct deadline *d = WEFT__CONTAINER_OF(timer, const struct deadline, timer), *at;

    if (timer->due != deadline_due)
        return true;
    if (d->control->wait && d->control->wait->deaf)
        return false;
    for (at = deadline_innermost(d->control); at != d && !at->shields; at = at->outer)
        ;
    return at == d;
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

/* The running thread enters; false: there is no memory for a worker. */
static inline bool deadline_enter(struct weft_worker *w, struct deadline *d)
{
    d->control = NULL;
    if (WEFT__UNLIKELY(!w))
        return false;
    d->timer.link.next = NULL; /* not armed */
    d->timer.due = deadline_due;
    d->control = w->current;
    d->outer = deadline_innermost(w->current);
    d->interrupt = 0;
    w->current->deadline = (struct weft_deadline *)(void *)d;
    return true;
}

WEFT_API void weft_within_begin_(struct weft_deadline *user, int64_t ns)
{
    struct weft_worker *w = weft__worker();
    struct deadline *d = deadline_of(user);

    if (!deadline_enter(w, d))
        return;
    d->shields = false;
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
    if (WEFT__UNLIKELY(d->shields))
        deadline_refresh(c);
    else
        deadline_gather(c, c->interrupt & (WEFT__INTERRUPT_CANCELLED | WEFT__INTERRUPT_WATCHED));
}

WEFT_API void weft_shield_begin_(struct weft_deadline *user)
{
    struct deadline *d = deadline_of(user);

    if (!deadline_enter(weft__worker(), d))
        return;
    d->shields = true;
    d->when = INT64_MAX;
    d->control->interrupt &= WEFT__INTERRUPT_WATCHED;
}

WEFT_API int64_t weft_remaining(void)
{
    struct weft_worker *w = weft__worker();
    struct deadline *d = w ? deadline_innermost(w->current) : NULL;
    int64_t now;

    if (!d || d->when == INT64_MAX)
        return WEFT_FOREVER;
    now = weft__clock_now(&w->clock);
    return d->when > now ? d->when - now : 0;
}

bool weft__deadline_is_armed(const struct weft_control *c)
{
    struct deadline *d = deadline_innermost(c);

    return d && d->when != INT64_MAX;
}

/* ---- cancellation ---- */

void weft__cancel(struct weft_worker *w, struct weft_thread *t)
{
    struct weft_control *c;

    if (t->flags & WEFT__THREAD_CANCELLED)
        return;
    t->flags |= WEFT__THREAD_CANCELLED;
    if (t->state != WEFT__THREAD_STARTED)
        return; /* it begins so */
    c = t->at.control;
    deadline_refresh(c);
    if (!(c->interrupt & WEFT__INTERRUPT_CANCELLED))
        return; /* when its shield ends */
    if (c->wait && c->wait->cancelled)
        c->wait->cancelled(c);
    else
        weft__interrupt(w, c, -ECANCELED);
}

WEFT_API int weft_is_cancelled(void)
{
    const struct weft_worker *w = weft__self;

    return w && w->current->interrupt & WEFT__INTERRUPT_CANCELLED;
}
