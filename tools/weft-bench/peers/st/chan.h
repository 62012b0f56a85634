/* SPDX-License-Identifier: MIT */
/* A minimal channel for State Threads, which has none: no buffer, no close, one process thread. Each
 * message is copied once, from a sender that waits or to a receiver that waits. */
#ifndef WEFT_BENCH_ST_CHAN_H
#define WEFT_BENCH_ST_CHAN_H

#include <st.h>
#include <stdbool.h>

#include "../../bench.h"

enum { CHAN_CAPACITY = 0 };

/* Lies on the stack of the thread that waits. */
struct chan_waiter {
    st_thread_t thread;
    void *message;
    struct chan_waiter *next;
};

struct chan {
    struct chan_waiter *first, *last; /* all senders or all receivers */
    uint64_t waiting;
    bool senders;
    st_cond_t arrival; /* signalled when a sender begins to wait, if somebody cares */
};

static inline void chan_make(struct chan *c, uint64_t capacity, uint64_t bytes)
{
    (void)capacity, (void)bytes;
    *c = (struct chan){0};
}

static inline void chan_drop(struct chan *c)
{
    bench_check(!c->first, "a thread waits at a channel that is dropped");
}

static inline void chan_wait(struct chan *c, bool sends, void *message)
{
    struct chan_waiter me = {st_thread_self(), message, NULL};

    c->senders = sends;
    *(c->first ? &c->last->next : &c->first) = &me;
    c->last = &me;
    c->waiting++;
    if (sends && c->arrival)
        st_cond_signal(c->arrival);
    st_usleep(ST_UTIME_NO_TIMEOUT); /* until interrupted */
}

static inline void chan_wake_first(struct chan *c)
{
    struct chan_waiter *waiter = c->first;

    c->first = waiter->next;
    c->waiting--;
    st_thread_interrupt(waiter->thread);
}

static inline void chan_send(struct chan *c, void *message, uint64_t bytes)
{
    if (!c->first || c->senders) {
        chan_wait(c, true, message);
        return;
    }
    memcpy(c->first->message, message, bytes);
    chan_wake_first(c);
}

static inline void chan_recv(struct chan *c, void *message, uint64_t bytes)
{
    if (!c->first || !c->senders) {
        chan_wait(c, false, message);
        return;
    }
    memcpy(message, c->first->message, bytes);
    chan_wake_first(c);
}

#include "../texts/words.h"

static inline uint64_t chan_waiting(const struct chan *c)
{
    return c->waiting;
}

#endif
