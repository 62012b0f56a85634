/* SPDX-License-Identifier: MIT */
/* Unbuffered channels: a value goes from the sender's object to the receiver's, and nowhere in
 * between. */
#ifndef WEFT_CHANNELS_CHAN_H
#define WEFT_CHANNELS_CHAN_H

#include <string.h>

#include <weft/chan.h>
#include <weft/select.h>

#include "runtime/list.h"
#include "runtime/sched.h"

/* Invariants:
 * - Both queues are non-empty only if every waiter in them belongs to one and the same select.
 * - A closed channel has no waiters.
 * - Every waiter's thread is parked, in the order in which they came; whoever takes a waiter off
 *   completes its operation, and takes the other clauses of its select off their channels. */
struct weft_chan {
    struct weft_worker *owner; /* only its threads may use the channel */
    size_t size;               /* of an element */
    struct weft_list receivers;
    struct weft_list senders;
    bool closed;
    const char *site; /* where it was made, static */
};

extern const struct weft_wait weft__wait_select;

/* Why an operation may not touch the channel: -EINVAL for NULL, else a mistake that stops. */
int weft__chan_refuse(const struct weft_chan *c, size_t size, const char *call);

/* Takes a select's clauses, this one among them, and its timeout off everything: what the select
 * returns. */
int weft__select_claim(struct weft_waiter *waiter, bool closed);

static inline struct weft_waiter *weft__chan_first(struct weft_list *queue)
{
    return WEFT__CONTAINER_OF(queue->next, struct weft_waiter, link);
}

static inline bool weft__chan_selects(const struct weft_waiter *waiter)
{
    return waiter->control->wait == &weft__wait_select;
}

/* The object of a waiter on a channel's queue: its own, or its clause's. */
static inline void *weft__chan_object(struct weft_waiter *waiter)
{
    if (weft__chan_selects(waiter))
        return WEFT__CONTAINER_OF(waiter, struct weft_case, waiter)->object;
    return waiter->object;
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

/* One word between two plain operations has a straight path. A waiter with an object is plain. */
static inline bool weft__chan_is_straight(const void *into, const void *from, size_t size)
{
    return WEFT__LIKELY(size == sizeof(uint64_t)) && WEFT__LIKELY(into != NULL) &&
           WEFT__LIKELY(from != NULL);
}

static inline __attribute__((always_inline)) void
weft__chan_meet_straight(struct weft_worker *w, struct weft_control *me, struct weft_waiter *waiter,
                         void *into, const void *from)
{
    weft__list_remove(&waiter->link);
    memcpy(into, from, sizeof(uint64_t));
    weft__wake(w, me, WEFT__CONTAINER_OF(waiter, struct weft_control, waiter), 0);
}

#endif
