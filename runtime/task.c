/* SPDX-License-Identifier: MIT */
/* What can be done with a task: joining, cancelling and detaching it. */
#include <errno.h>

#include <weft/thread.h>

#include "reports/cycle.h"
#include "deadline.h"
#include "report.h"
#include "spawn.h"

static void task_unhook_join(struct weft_control *c)
{
    struct weft_thread *t = c->on;

    t->waits_for_end.joiner = NULL;
}

static void task_describe_join(const struct weft_control *c, struct weft_print *out)
{
    weft__print(out, "joining ");
    weft__print_thread(out, c->on);
}

static struct weft_thread *task_waits_for(const struct weft_control *c)
{
    return c->on;
}

static const struct weft_wait task_wait_join = {
    .name = "joining",
    .describe = task_describe_join,
    .unhook = task_unhook_join,
    .waits_for = task_waits_for,
};

enum { TASK_UNJOINABLE = WEFT__THREAD_DETACHED | WEFT__THREAD_BODY | WEFT__THREAD_ROOT };

/* The record that a handle names; NULL: its thread has ended, and it is gone. Other handles are
 * mistakes. */
static struct weft_thread *task_find(struct weft_worker *w, struct weft_thread *handle,
                                     const char *call)
{
    struct weft_thread *t = NULL;

    switch (weft__thread_find(&w->threads, handle, &t)) {
    case WEFT__THREAD_FOUND:
    case WEFT__THREAD_FOUND_STALE:
        break;
    case WEFT__THREAD_FOUND_FOREIGN:
        weft__mistake("%s of task %p, which belongs to another OS thread", call, (void *)handle);
    case WEFT__THREAD_FOUND_NEVER:
        weft__mistake("%s of %p, which is no task", call, (void *)handle);
    }
    return t;
}

/* The record of a task that is still to be joined, by nobody yet. */
static struct weft_thread *task_joinable(struct weft_worker *w, struct weft_thread *handle,
                                         const char *call)
{
    struct weft_thread *t = task_find(w, handle, call);

    if (!t)
        weft__mistake("%s of task %p, which was joined before, or detached", call, (void *)handle);
    if (t->flags & TASK_UNJOINABLE)
        weft__mistake("%s of task %p, which is detached", call, (void *)handle);
    if (t->waits_for_end.joiner)
        weft__mistake("%s of task %p, which another thread is joining", call, (void *)handle);
    return t;
}

/* It waits in turn, and may close a ring. Not inline: parking else is a tail call that saves nothing. */
static WEFT__NOINLINE int task_join_park_watched(struct weft_worker *w, struct weft_control *me,
                                                 struct weft_thread *t)
{
    weft__cycle_watch(w, me, &task_wait_join, t);
    return weft__park(w, me, &task_wait_join);
}

static int task_join_park(struct weft_worker *w, struct weft_control *me, struct weft_thread *t,
                          void *result, size_t result_size)
{
    t->waits_for_end.joiner = me;
    me->on = t;
    me->waiter.object = result;
    me->on_stride = result_size;
    if (WEFT__UNLIKELY(weft__cycle_is_possible(t)))
        return task_join_park_watched(w, me, t);
    return weft__park(w, me, &task_wait_join);
}

static WEFT__NOINLINE int task_join_any(struct weft_thread *handle, void *result,
                                        size_t result_size)
{
    struct weft_worker *w = weft__worker();
    struct weft_control *me;
    struct weft_thread *t;

    if (!handle)
        return -EINVAL;
    if (!w)
        return -ENOMEM;
    me = w->current;
    t = task_joinable(w, handle, "task_join");
    if (t == me->thread)
        weft__mistake("task_join of task %p by itself", (void *)handle);
    if (me->interrupt & WEFT__INTERRUPT_FAIL)
        return weft__sched_interrupted(w, me);
    if (t->state == WEFT__THREAD_DONE) {
        weft__thread_deliver(w, t, result, result_size);
        return weft__spend(w, 0);
    }
    if (me->interrupt & WEFT__INTERRUPT_TRY)
        return weft__sched_tail(w, -ETIMEDOUT);
    return task_join_park(w, me, t, result, result_size);
}

/* Of one's own kind, joined by nobody yet. */
static inline bool task_join_is_plain(const struct weft_thread *t)
{
    return !t->waits_for_end.joiner && !(t->flags & TASK_UNJOINABLE);
}

WEFT_API WEFT__NOIPA int weft_task_join_(struct weft_thread *handle, void *result,
                                         size_t result_size)
{
    struct weft_worker *w = weft__self;
    struct weft_thread *t = NULL;

    if (WEFT__UNLIKELY(!w || w->current->interrupt ||
                       weft__thread_find(&w->threads, handle, &t) != WEFT__THREAD_FOUND ||
                       t == w->current->thread || !task_join_is_plain(t)))
        return task_join_any(handle, result, result_size);
    if (t->state != WEFT__THREAD_DONE)
        return task_join_park(w, w->current, t, result, result_size);
    if (WEFT__UNLIKELY(!result || result_size != sizeof(uint64_t) || t->flags & WEFT__THREAD_OWNS))
        return task_join_any(handle, result, result_size);
    weft__thread_deliver(w, t, result, sizeof(uint64_t));
    return weft__spend(w, 0);
}

WEFT_API int weft_task_cancel_(struct weft_thread *handle)
{
    struct weft_worker *w = weft__worker();
    struct weft_thread *t;

    if (!handle)
        return -EINVAL;
    if (!w)
        return -ENOMEM;
    t = task_find(w, handle, "task_cancel");
    if (!t || t->state == WEFT__THREAD_DONE)
        return -ESRCH;
    weft__cancel(w, t);
    return 0;
}

WEFT_API int weft_task_detach_(struct weft_thread *handle)
{
    struct weft_worker *w = weft__worker();
    struct weft_thread *t;

    if (!handle)
        return -EINVAL;
    if (!w)
        return -ENOMEM;
    t = task_joinable(w, handle, "task_detach");
    if (t->state == WEFT__THREAD_DONE)
        weft__thread_free(&w->threads, t);
    else
        t->flags |= WEFT__THREAD_DETACHED;
    return 0;
}

WEFT_API int weft_set_name(const char *name)
{
    struct weft_worker *w = weft__worker();

    if (!w)
        return -ENOMEM;
    weft__thread_set_name(w->current->thread, name);
    return 0;
}
