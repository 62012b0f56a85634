/* SPDX-License-Identifier: MIT */
/* Semaphores. While somebody waits there is no permit: it would have been handed over. */
#include <weft/sync.h>

#include <errno.h>

#include "report.h"
#include "sync.h"

static const struct weft_wait semaphore_wait = {
    .name = "acquiring semaphore",
    .describe = weft__sync_describe,
    .unhook = weft__sync_unhook,
};

WEFT_API WEFT__NOIPA int weft_semaphore_acquire(struct weft_semaphore *s)
{
    struct weft_worker *w = weft__worker();
    struct weft_control *me;

    if (!w)
        return -ENOMEM;
    weft__sync_enter(w, s, "weft_semaphore_acquire");
    me = w->current;
    if (WEFT__UNLIKELY(me->interrupt & WEFT__INTERRUPT_FAIL))
        return weft__sched_interrupted(w, me);
    if (s->permits > 0) {
        s->permits--;
        return weft__spend(w, 0);
    }
    if (WEFT__UNLIKELY(me->interrupt & WEFT__INTERRUPT_TRY))
        return weft__sched_tail(w, -ETIMEDOUT);
    return weft__sync_park(w, me, &s->waiters, &semaphore_wait);
}

WEFT_API int weft_semaphore_tryacquire(struct weft_semaphore *s)
{
    struct weft_worker *w = weft__worker();

    if (!w)
        return -ENOMEM;
    weft__sync_enter(w, s, "weft_semaphore_tryacquire");
    if (s->permits <= 0)
        return -EAGAIN;
    s->permits--;
    return 0;
}

/* Nobody waits for it. */
static void semaphore_keep(struct weft_semaphore *s)
{
    if (WEFT__UNLIKELY(s->permits == INT64_MAX))
        weft__mistake("weft_semaphore_release of semaphore %p, which its %lld permits do not allow",
                      (void *)s, (long long)s->permits);
    s->permits++;
}

WEFT_API void weft_semaphore_release(struct weft_semaphore *s)
{
    struct weft_control *first;

    weft__sync_enter(weft__worker(), s, "weft_semaphore_release");
    first = weft__sync_first(&s->waiters);
    if (first)
        weft__sync_wake(first, 0);
    else
        semaphore_keep(s);
}
