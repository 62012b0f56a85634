/* SPDX-License-Identifier: MIT */
/* Unbuffered channels: a value goes from the sender's object to the receiver's, and nowhere in
 * between. */
#ifndef WEFT_CHANNELS_CHAN_H
#define WEFT_CHANNELS_CHAN_H

#include <string.h>

#include <weft/chan.h>
#include <weft/select.h>

#include "runtime/list.h"
#include "runtime/reports/users.h"
#include "runtime/sched.h"

/* Invariants:
 * - Both queues are non-empty only if every waiter in them belongs to one and the same select.
 * - A closed channel has no waiters.
 * - Every waiter's thread is parked, in the order in which they came; whoever takes a waiter off
 *   completes its operation, and takes the other clauses of its select off their channels. */
struct weft_chan {
    const struct weft_thread *owner; /* the id of the worker whose threads may use the channel */
    size_t shape;                    /* the size of an element, and WEFT__CHAN_CLOSED */
    struct weft_list receivers;
    struct weft_list senders;
    const char *site;                  /* where it was made, static */
    const struct weft_thread *creator; /* the handle of who made it */
    struct weft_list link;             /* in its worker's list of all */
};

/* What a channel of a worker is whose threads are watched. */
struct weft_chan_watched {
    struct weft_chan chan;
    struct weft_users users;
};

static inline struct weft_users *weft__chan_users(const struct weft_chan *c)
{
    return &WEFT__CONTAINER_OF(c, struct weft_chan_watched, chan)->users;
}

/* For reports on watched threads. */
static inline void weft__chan_use(const struct weft_chan *c, struct weft_use *out)
{
    *out = (struct weft_use){.of = c, .creator = c->creator, .users = weft__chan_users(c)};
}

/* By this thread, which is in a call that may park. */
static inline void weft__chan_used(struct weft_worker *w, const struct weft_control *me,
                                   const struct weft_chan *c)
{
    if (me->interrupt & WEFT__INTERRUPT_WATCHED)
        weft__users_add(w, weft__chan_users(c), weft__thread_handle(me->thread));
}

/* No element is as large. One comparison tells the right size and an open channel from all else. */
#define WEFT__CHAN_CLOSED (~(SIZE_MAX / 2))

static inline size_t weft__chan_size(const struct weft_chan *c)
{
    return c->shape & ~WEFT__CHAN_CLOSED;
}

static inline bool weft__chan_is_closed(const struct weft_chan *c)
{
    return c->shape & WEFT__CHAN_CLOSED;
}

extern const struct weft_wait weft__wait_select;

/* Frees what a channel takes. It is on no list. */
void weft__chan_release(const struct weft_worker *w, struct weft_chan *c);

/* Why an operation may not touch the channel: -EINVAL for NULL, -EPIPE if it is its own and closed,
 * else a mistake that stops. */
int weft__chan_refuse(const struct weft_chan *c, size_t size, const char *call);

/* Takes a select's clauses, this one among them, and its timeout off everything: what the select
 * returns. */
int weft__select_claim(struct weft_waiter *waiter, bool closed);

static inline struct weft_waiter *weft__chan_first(struct weft_list *queue)
{
    return WEFT__CONTAINER_OF(queue->next, struct weft_waiter, link);
}

/* What stands for the object in a waiter that is a select's clause. The others are part of their
 * thread's control block; their object is the user's, or NULL. */
#define WEFT__CHAN_CLAUSE ((void *)(uintptr_t)1)

static inline struct weft_case *weft__chan_clause(struct weft_waiter *waiter)
{
    return WEFT__CONTAINER_OF(waiter, struct weft_case, waiter);
}

static inline struct weft_control *weft__chan_plain(struct weft_waiter *waiter)
{
    return WEFT__CONTAINER_OF(waiter, struct weft_control, waiter);
}

static inline bool weft__chan_selects(const struct weft_waiter *waiter)
{
    return waiter->object == WEFT__CHAN_CLAUSE;
}

static inline void *weft__chan_object(struct weft_waiter *waiter)
{
    return weft__chan_selects(waiter) ? weft__chan_clause(waiter)->object : waiter->object;
}

static inline struct weft_control *weft__chan_control(struct weft_waiter *waiter)
{
    return weft__chan_selects(waiter) ? weft__chan_clause(waiter)->control
                                      : weft__chan_plain(waiter);
}

/* The one function that decides: a waiter is taken off its queue, and its operation completed. What
 * its call will return. */
static inline int weft__chan_claim(struct weft_waiter *waiter, bool closed, int result)
{
    if (WEFT__UNLIKELY(weft__chan_selects(waiter)))
        return weft__select_claim(waiter, closed);
    weft__list_remove(&waiter->link);
    return result;
}

/* The meeting of two: the running thread completes the waiter's operation. It copies the value from
 * the waiter's object to its own, or the other way round, and readies the waiter's thread. Spends
 * nothing. */
void weft__chan_give(struct weft_worker *w, struct weft_waiter *receiver, const void *from,
                     size_t size);
void weft__chan_take(struct weft_worker *w, struct weft_waiter *sender, void *into, size_t size);

/* One word between two plain operations that both have an object: that has a straight path. */
static inline bool weft__chan_is_straight(const void *into, const void *from, size_t size)
{
    return WEFT__LIKELY(size == sizeof(uint64_t)) &&
           WEFT__LIKELY((uintptr_t)into > (uintptr_t)WEFT__CHAN_CLAUSE) &&
           WEFT__LIKELY((uintptr_t)from > (uintptr_t)WEFT__CHAN_CLAUSE);
}

static inline __attribute__((always_inline)) void
weft__chan_meet_straight(struct weft_worker *w, struct weft_control *me, struct weft_waiter *waiter,
                         void *into, const void *from)
{
    weft__list_remove(&waiter->link);
    memcpy(into, from, sizeof(uint64_t));
    weft__wake(w, me, weft__chan_plain(waiter), 0);
}

#endif
