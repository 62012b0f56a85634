/* SPDX-License-Identifier: MIT */
/* The channel of the floor: one sender, one receiver, eight bytes. */
#ifndef WEFT_FLOOR_CHAN_H
#define WEFT_FLOOR_CHAN_H

#include "floor.h"

struct floor_chan {
    struct floor_thread *waiter; /* the sender or the receiver, whoever came first, or NULL */
};

/* The thread that waits, which can run again; NULL if there is none. */
FLOOR_INLINE struct floor_thread *floor_meet(struct floor_chan *c)
{
    struct floor_thread *peer = c->waiter;

    if (peer) {
        c->waiter = NULL;
        floor_push(&floor_run, peer);
    }
    return peer;
}

FLOOR_INLINE void floor_wait(struct floor_chan *c, struct floor_thread *self)
{
    c->waiter = self;
    floor_park(self);
}

FLOOR_INLINE void floor_send(struct floor_chan *c, uint64_t value)
{
    struct floor_thread self, *peer = floor_meet(c);

    if (peer) {
        peer->value = value;
        return;
    }
    self.value = value;
    floor_wait(c, &self);
}

FLOOR_INLINE uint64_t floor_recv(struct floor_chan *c)
{
    struct floor_thread self, *peer = floor_meet(c);

    if (peer)
        return peer->value;
    floor_wait(c, &self);
    return self.value;
}

#endif
