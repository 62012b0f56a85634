/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include <weft/thread.h>

#include "sched.h"

WEFT_API int64_t weft_now(void)
{
    struct weft_worker *w = weft__worker();
    static const struct weft_clock real;

    return weft__clock_now(w ? &w->clock : &real);
}

static void sleep_due(struct weft_timer *timer)
{
    weft__ready(weft__self, WEFT__CONTAINER_OF(timer, struct weft_control, timer), 0);
}

static void sleep_unhook(struct weft_control *c)
{
    if (weft__timer_is_armed(&c->timer))
        weft__wheel_cancel(&weft__self->timers, &c->timer);
}

static void sleep_describe(const struct weft_control *c, struct weft_print *out)
{
    int64_t now = weft__clock_now(&weft__self->clock);

    if (!weft__timer_is_armed(&c->timer)) {
        weft__print(out, "sleeping for ever");
        return;
    }
    weft__print(out, "sleeping (");
    weft__print_duration(out, c->timer.when - now);
    weft__print(out, " to go)");
}

static const struct weft_wait sleep_wait = {
    .name = "sleeping",
    .describe = sleep_describe,
    .unhook = sleep_unhook,
};

/* A cached clock would sleep short by its age, so this one is read. */
static void sleep_arm(struct weft_worker *w, struct weft_control *me, int64_t ns)
{
    int64_t when = weft__add_saturating(weft__clock_now(&w->clock), ns);

    me->timer.due = sleep_due;
    if (when != INT64_MAX)
        weft__wheel_arm(&w->timers, &me->timer, when);
}

WEFT_API WEFT__NOIPA int weft_sleep(int64_t ns)
{
    struct weft_worker *w = weft__worker();
    struct weft_control *me;

    if (!w)
        return -ENOMEM;
    me = w->current;
    if (WEFT__UNLIKELY(me->interrupt & WEFT__INTERRUPT_FAIL))
        return weft__sched_interrupted(w, me);
    if (ns <= 0)
        return weft__spend(w, 0);
    if (WEFT__UNLIKELY(me->interrupt & WEFT__INTERRUPT_TRY))
        return weft__sched_tail(w, -ETIMEDOUT);
    sleep_arm(w, me, ns);
    me->on = NULL;
    return weft__park(w, me, &sleep_wait);
}
