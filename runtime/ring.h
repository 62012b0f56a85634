/* SPDX-License-Identifier: MIT */
/* A queue of pointers with two ends in one flat array: the run queue, and the pool of stacks.
 *
 * Invariants: the capacity is a power of two, at most 2^31. `head` and `tail` run freely and wrap;
 * tail - head is the count and never more than the capacity. The entry k places behind the front
 * is in slots[(head + k) & mask]. A ring of all zeroes is empty and has no room.
 *
 * A ring never allocates: whoever needs room hands in a bigger array, so that pushing cannot
 * fail. */
#ifndef WEFT_RUNTIME_RING_H
#define WEFT_RUNTIME_RING_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

struct weft_ring {
    void **slots;  /* NULL while there is no room at all */
    uint32_t mask; /* capacity - 1 */
    uint32_t head;
    uint32_t tail;
};

static inline uint32_t weft__ring_count(const struct weft_ring *ring)
{
    return ring->tail - ring->head;
}

static inline uint32_t weft__ring_capacity(const struct weft_ring *ring)
{
    return ring->slots ? ring->mask + 1 : 0;
}

/* There is room. */
static inline void weft__ring_push_back(struct weft_ring *ring, void *entry)
{
    assert(weft__ring_count(ring) < weft__ring_capacity(ring));
    ring->slots[ring->tail++ & ring->mask] = entry;
}

/* The ring is not empty. */
static inline void *weft__ring_pop_front(struct weft_ring *ring)
{
    assert(weft__ring_count(ring) > 0);
    return ring->slots[ring->head++ & ring->mask];
}

/* The ring is not empty. */
static inline void *weft__ring_pop_back(struct weft_ring *ring)
{
    assert(weft__ring_count(ring) > 0);
    return ring->slots[--ring->tail & ring->mask];
}

/* The entry k places behind the front; k is less than the count. */
static inline void *weft__ring_peek(const struct weft_ring *ring, uint32_t k)
{
    assert(k < weft__ring_count(ring));
    return ring->slots[(ring->head + k) & ring->mask];
}

/* Moves the entry k places behind the front to the front; the others keep their order. k is less
 * than the count, and the cost is proportional to it. */
static inline void weft__ring_take_at(struct weft_ring *ring, uint32_t k)
{
    void *taken = weft__ring_peek(ring, k);

    for (uint32_t at = ring->head + k; at != ring->head; at--)
        ring->slots[at & ring->mask] = ring->slots[(at - 1) & ring->mask];
    ring->slots[ring->head & ring->mask] = taken;
}

/* Moves the last n entries before all others; they keep their order. n is at most the count. */
static inline void weft__ring_rotate(struct weft_ring *ring, uint32_t n)
{
    uint32_t from = ring->tail - n, to = ring->head - n;

    assert(n <= weft__ring_count(ring));
    /* In a full ring the places are the same, else the new ones lie behind the old: last first. */
    for (uint32_t k = n; k > 0; k--)
        ring->slots[(to + k - 1) & ring->mask] = ring->slots[(from + k - 1) & ring->mask];
    ring->head = to;
    ring->tail = from;
}

/* Moves the entries into `bigger`, which has room for `capacity` of them, a power of two and at
 * least the count; head and tail stay. Answers the old array (NULL if there was none), which is the
 * caller's again. */
static inline void **weft__ring_adopt(struct weft_ring *ring, void **bigger, uint32_t capacity)
{
    void **old = ring->slots;
    uint32_t count = weft__ring_count(ring);

    assert(capacity > 0);
    assert((capacity & (capacity - 1)) == 0);
    assert(capacity >= count);
    for (uint32_t k = 0; k < count; k++)
        bigger[(ring->head + k) & (capacity - 1)] = weft__ring_peek(ring, k);
    ring->slots = bigger;
    ring->mask = capacity - 1;
    return old;
}

#endif
