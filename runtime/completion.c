/* SPDX-License-Identifier: MIT */
/* What threads wait for without taking it: a completion, a wait group at zero, the end of once. */
#include <weft/sync.h>

#include <errno.h>

#include "report.h"
#include "sync.h"

/* Waits in the queue unless what it is for has come already. */
static inline __attribute__((always_inline)) int completion_await(struct weft_worker *w,
                                                                  struct weft_waiters *q,
                                                                  bool has_come,
                                                                  const struct weft_wait *why)
{
    struct weft_control *me = w->current;

    if (WEFT__UNLIKELY(me->interrupt & WEFT__INTERRUPT_FAIL))
        return weft__sched_interrupted(w, me);
    if (has_come)
        return weft__spend(w, 0);
    if (WEFT__UNLIKELY(me->interrupt & WEFT__INTERRUPT_TRY))
        return weft__sched_tail(w, -ETIMEDOUT);
    return weft__sync_park(w, me, q, why);
}

/* ---- completion ---- */

static const struct weft_wait completion_wait = {
    .name = "waiting for completion",
    .describe = weft__sync_describe,
    .unhook = weft__sync_unhook,
};

WEFT_API void weft_completion_set(struct weft_completion *c)
{
    weft__sync_enter(weft__worker(), c, "weft_completion_set");
    c->is_set = 1;
    weft__sync_wake_all(&c->waiters);
}

WEFT_API WEFT__NOIPA int weft_completion_wait(struct weft_completion *c)
{
    struct weft_worker *w = weft__worker();

    if (!w)
        return -ENOMEM;
    weft__sync_enter(w, c, "weft_completion_wait");
    return completion_await(w, &c->waiters, c->is_set, &completion_wait);
}

WEFT_API int weft_completion_is_set(const struct weft_completion *c)
{
    if (!c)
        weft__sync_refuse_null("weft_completion_is_set");
    if (c->waiters.owner)
        weft__sync_enter(weft__worker(), (void *)(uintptr_t)c, "weft_completion_is_set");
    return c->is_set != 0;
}

/* ---- wait group ---- */

static const struct weft_wait completion_wait_group = {
    .name = "waiting for wait group",
    .describe = weft__sync_describe,
    .unhook = weft__sync_unhook,
};

static void completion_add(struct weft_waitgroup *g, int64_t n, const char *call)
{
    int64_t count;

    weft__sync_enter(weft__worker(), g, call);
    if (__builtin_add_overflow(g->count, n, &count) || count < 0)
        weft__mistake("%s of wait group %p by %lld, which its count of %lld does not allow", call,
                      (void *)g, (long long)n, (long long)g->count);
    g->count = count;
    if (count == 0)
        weft__sync_wake_all(&g->waiters);
}

WEFT_API void weft_waitgroup_add(struct weft_waitgroup *g, int64_t n)
{
    completion_add(g, n, "weft_waitgroup_add");
}

WEFT_API void weft_waitgroup_done(struct weft_waitgroup *g)
{
    completion_add(g, -1, "weft_waitgroup_done");
}

WEFT_API WEFT__NOIPA int weft_waitgroup_wait(struct weft_waitgroup *g)
{
    struct weft_worker *w = weft__worker();

    if (!w)
        return -ENOMEM;
    weft__sync_enter(w, g, "weft_waitgroup_wait");
    return completion_await(w, &g->waiters, g->count == 0, &completion_wait_group);
}

/* ---- once ---- */

static const struct weft_once *once_of(const struct weft_control *c)
{
    return WEFT__CONTAINER_OF((struct weft_waiters *)c->on, struct weft_once, waiters);
}

static void once_describe(const struct weft_control *c, struct weft_print *out)
{
    weft__sync_describe_whose(c, once_of(c)->runner, "runs", out);
}

static struct weft_thread *once_waits_for(const struct weft_control *c)
{
    return weft__sync_alive(weft__self, once_of(c)->runner);
}

static const struct weft_wait once_wait = {
    .name = "waiting for once",
    .describe = once_describe,
    .unhook = weft__sync_unhook,
    .waits_for = once_waits_for,
};

/* Somebody runs it: another thread, which has not ended. */
static void once_check_runner(const struct weft_worker *w, const struct weft_once *o)
{
    const struct weft_thread *runner = weft__sync_alive(w, o->runner);

    if (runner == w->current->thread)
        weft__mistake("weft_once of once %p from within the function that it runs",
                      (const void *)o);
    if (!runner)
        weft__mistake("weft_once of once %p, whose function's thread has ended inside it",
                      (const void *)o);
}

static int once_run(struct weft_worker *w, struct weft_once *o, void (*fn)(void *), void *argument)
{
    o->runner = weft__thread_handle(w->current->thread);
    fn(argument);
    o->runner = NULL;
    o->is_done = 1;
    weft__sync_wake_all(&o->waiters);
    return weft__spend(w, 0);
}

WEFT_API WEFT__NOIPA int weft_once(struct weft_once *o, void (*fn)(void *argument), void *argument)
{
    struct weft_worker *w = weft__worker();

    if (!w)
        return -ENOMEM;
    weft__sync_enter(w, o, "weft_once");
    if (o->runner)
        once_check_runner(w, o);
    if (!o->runner && !o->is_done && !(w->current->interrupt & WEFT__INTERRUPT_FAIL))
        return once_run(w, o, fn, argument);
    return completion_await(w, &o->waiters, o->is_done, &once_wait);
}
