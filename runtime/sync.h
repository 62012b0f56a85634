/* SPDX-License-Identifier: MIT */
/* What mutex, condition, semaphore and the others share: a queue of waiters, and whose it is.
 *
 * Invariants:
 * - An object without an owner has never been used, or only by calls that need no worker: its list
 *   is all zero, and empty. With an owner the list is well linked.
 * - Every waiter on it is that of a parked control block, whose `on` is the queue, in the order in
 *   which they came. Whoever takes one off hands over what it waits for before it readies it. */
#ifndef WEFT_RUNTIME_SYNC_H
#define WEFT_RUNTIME_SYNC_H

#include <weft/sync.h>

#include "reports/cycle.h"
#include "list.h"
#include "sched.h"

__attribute__((noreturn, cold)) void weft__sync_refuse_null(const char *call);
void weft__sync_adopt(const struct weft_worker *w, struct weft_waiters *q, const char *call);

/* Every call begins here. Makes the object, whose first member is its queue, this worker's if it is
 * nobody's; a mistake if it is another's. The worker may be NULL, for calls that can do without. */
static inline void weft__sync_enter(const struct weft_worker *w, void *object, const char *call)
{
    struct weft_waiters *q = object;

    if (WEFT__UNLIKELY(!q))
        weft__sync_refuse_null(call);
    if (!weft__owns(w, q->owner))
        weft__sync_adopt(w, q, call);
}

/* Who has waited longest; NULL: nobody waits. */
static inline struct weft_control *weft__sync_first(const struct weft_waiters *q)
{
    if (!q->owner || weft__list_is_empty(&q->list))
        return NULL;
    return WEFT__CONTAINER_OF(q->list.next, struct weft_control, waiter.link);
}

static inline void weft__sync_queue(struct weft_waiters *q, struct weft_control *c)
{
    c->on = q;
    weft__list_push_back(&q->list, &c->waiter.link);
}

/* The unhook of all these waits. */
void weft__sync_unhook(struct weft_control *c);

static inline __attribute__((always_inline)) int weft__sync_park(struct weft_worker *w,
                                                                 struct weft_control *me,
                                                                 struct weft_waiters *q,
                                                                 const struct weft_wait *why)
{
    weft__sync_queue(q, me);
    if (why->waits_for)
        weft__cycle_watch(w, me, why, why->waits_for(me));
    return weft__park(w, me, why);
}

/* The running thread ends the first one's wait. */
static inline void weft__sync_wake(struct weft_control *c, int result)
{
    struct weft_worker *w = weft__self;

    weft__list_remove(&c->waiter.link);
    weft__wake(w, w->current, c, result);
}

void weft__sync_wake_all(struct weft_waiters *q);

/* The record of a thread that has not ended; NULL for no thread's handle, or if it has. */
struct weft_thread *weft__sync_alive(const struct weft_worker *w, const struct weft_thread *handle);

/* "waiting for wait group 0x1234" */
void weft__sync_describe(const struct weft_control *c, struct weft_print *out);

/* The same, with ", which thread 3 (worker at main.c:12) holds": who, and what it does. */
void weft__sync_describe_whose(const struct weft_control *c, const struct weft_thread *handle,
                               const char *does, struct weft_print *out);

#endif
