/* SPDX-License-Identifier: MIT */
/* The runtime of the floor: threads that yield, park and end, and a ring of those that can run.
 * It checks nothing: the rings have room for as many threads as floor_init was told, and there is
 * always somebody to run. Main is a thread like the others. */
#ifndef WEFT_FLOOR_H
#define WEFT_FLOOR_H

#include <stddef.h>

#include "stack.h"
#include "switch.h"

/* How far ahead of its turn a thread is fetched into the cache. */
enum { FLOOR_AHEAD = 8 };

/* A queue of parked threads. */
struct floor_ring {
    struct floor_thread **slots;
    uint64_t mask, head, tail;
};

extern struct floor_ring floor_run; /* who can run, besides who does */
extern uint64_t floor_alive;        /* threads that were spawned and have not ended */
extern struct floor_thread *floor_joiner;

/* Before each sample, always for as many threads; those of the last sample are forgotten. */
void floor_init(uint64_t threads);

/* An empty ring with room for so many. */
void floor_ring_init(struct floor_ring *ring, uint64_t threads);

/* A thread on a stack of its own, ready to be switched to. */
struct floor_thread *floor_new(floor_entry *entry, uint64_t value);

FLOOR_INLINE void floor_push(struct floor_ring *ring, struct floor_thread *t)
{
    ring->slots[ring->tail++ & ring->mask] = t;
}

FLOOR_INLINE struct floor_thread *floor_pop(struct floor_ring *ring)
{
    return ring->slots[ring->head++ & ring->mask];
}

FLOOR_INLINE struct floor_thread *floor_pop_last(struct floor_ring *ring)
{
    return ring->slots[--ring->tail & ring->mask];
}

/* Whose turn comes soon is fetched; a slot that holds nobody's block does no harm. */
FLOOR_INLINE void floor_prefetch(const struct floor_ring *ring)
{
    __builtin_prefetch(ring->slots[(ring->head + FLOOR_AHEAD) & ring->mask]);
}

/* Runs the others until somebody pushes the block, which is the caller's. */
FLOOR_INLINE void floor_park(struct floor_thread *self)
{
    floor_switch(self, floor_pop(&floor_run));
}

FLOOR_INLINE void floor_yield(void)
{
    struct floor_thread self;

    floor_push(&floor_run, &self);
    floor_prefetch(&floor_run);
    floor_park(&self);
}

/* The new thread runs when its turn comes. */
FLOOR_INLINE void floor_spawn(floor_entry *entry, uint64_t value)
{
    floor_push(&floor_run, floor_new(entry, value));
}

/* It runs at once, while its stack is in the cache; the caller when its turn comes. */
FLOOR_INLINE void floor_start(floor_entry *entry, uint64_t value)
{
    struct floor_thread self, *started = floor_new(entry, value);

    floor_push(&floor_run, &self);
    floor_switch(&self, started);
}

/* Ends the thread that runs. */
FLOOR_INLINE void floor_end(void)
{
    struct floor_thread self;

    floor_stack_give(&self);
    if (--floor_alive == 0 && floor_joiner)
        floor_push(&floor_run, floor_joiner);
    floor_park(&self);
}

/* Parks main until all threads have ended. */
FLOOR_INLINE void floor_join(void)
{
    struct floor_thread self;

    floor_joiner = &self;
    if (floor_alive > 0)
        floor_park(&self);
    floor_joiner = NULL;
}

#endif
