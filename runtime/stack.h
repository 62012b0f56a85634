/* SPDX-License-Identifier: MIT */
/* Stacks: carved from slabs of address space, guarded at the low end, pooled and reused.
 *
 * A stack takes one stride of address space, a power of two: a guard page, the stack proper, and at
 * the top a block of `top_bytes` that belongs to whoever uses the stack (the control block). The
 * tops are shifted by one of 16 colours, 64 bytes apart, so that equal offsets do not fight for the
 * same cache sets. A stack is in one of four states:
 *
 *     uncut   address space of a slab that was never handed out; no guard yet
 *     raw     guarded, without memory: its pages were given back
 *     warm    guarded, its top page resident, booted: a context waits on it; named by its top block
 *     used    a thread runs or is parked on it; the pool counts it and knows nothing else
 *
 * Slabs are never unmapped while the worker lives: an uncut or raw stack costs address space. */
#ifndef WEFT_RUNTIME_STACK_H
#define WEFT_RUNTIME_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base.h"
#include "guard.h"
#include "ring.h"
#include "sanitize.h"

enum {
    WEFT__STACK_BYTES_MIN = 16 * 1024,
    WEFT__STACK_CLASS_MIN = 14,    /* log2 of the smallest stride */
    WEFT__STACK_CLASS_DEFAULT = 2, /* 64 KiB */
    WEFT__STACK_CLASSES = 24,      /* up to 2^37 bytes */
    WEFT__STACK_COLOURS = 16,
};

struct weft_slab;
struct weft_stacks;

struct weft_pool {
    struct weft_stacks *stacks;
    size_t stride;   /* bytes of address space a stack takes; zero: class not in use yet */
    size_t used;     /* stacks out with threads */
    size_t peak;     /* the most used at once of late: decays with returns, falls in a long idle */
    size_t cut;      /* stacks that have a guard: used + warm + raw */
    size_t reserved; /* so many stacks stay warm or in use, whatever trimming thinks */
    size_t batch;    /* how many the next miss prepares; doubles up to the bound */
    size_t until_trim;      /* returns left before the pool is looked at */
    struct weft_ring warm;  /* top blocks, the hottest at the back; room for every cut stack */
    struct weft_ring raw;   /* lowest addresses; room for every cut stack */
    struct weft_slab *slab; /* the newest one, from which stacks are cut; linked to the older */
};

struct weft_stacks {
    struct weft_guard guard;
    struct weft_pool pools[WEFT__STACK_CLASSES];
    size_t top_bytes; /* size of the top block */
    /* Boots n stacks: writes their top blocks and leaves on each a context that waits for work. */
    void (*boot)(struct weft_pool *pool, char *const *bases, void *const *tops, size_t n);
    /* The stack under this top block is about to lose its memory; answers its lowest address. */
    char *(*retire)(void *top);
    const char *failed_call; /* why the last stack could not be had, NULL if none was refused */
    int failed_errno;
};

void weft__stack_init(struct weft_stacks *s, size_t top_bytes,
                      void (*boot)(struct weft_pool *, char *const *, void *const *, size_t),
                      char *(*retire)(void *));

/* Unmaps every slab; nothing may run on any of them. */
void weft__stack_fini(struct weft_stacks *s);

/* The class of stacks of at least `bytes`, guard included; -EINVAL if too small or too large. */
int weft__stack_class(size_t bytes);

struct weft_pool *weft__stack_pool_make(struct weft_stacks *s, int stack_class);

static inline struct weft_pool *weft__stack_pool(struct weft_stacks *s, int stack_class)
{
    struct weft_pool *p = &s->pools[stack_class];

    return WEFT__LIKELY(p->stride != 0) ? p : weft__stack_pool_make(s, stack_class);
}

/* Makes some stacks warm: 0, or -1 with failed_call set. */
int weft__stack_miss(struct weft_pool *p);

/* The top block of a warm stack, which is then used; NULL if none can be had: failed_call and
 * failed_errno then say why. No system call while the pool has warm ones. */
static inline void *weft__stack_take(struct weft_pool *p)
{
    if (WEFT__UNLIKELY(weft__ring_count(&p->warm) == 0) && weft__stack_miss(p) != 0)
        return NULL;
    p->used++;
    if (p->peak < p->used)
        p->peak = p->used;
#ifdef WEFT__SANITIZED
    return weft__ring_pop_front(&p->warm); /* the oldest: a stale pointer meets it late */
#else
    return weft__ring_pop_back(&p->warm);
#endif
}

/* Stands for a stack that is given back and taken again at once: true, unless the pool wants to be
 * looked at, as it does now and then. */
static inline bool weft__stack_keep(struct weft_pool *p)
{
    return WEFT__LIKELY(p->until_trim > 1) && p->until_trim-- > 0;
}

/* Gives back what the pool has no use for; the peak decays. */
void weft__stack_trim(struct weft_pool *p);

/* A used stack comes back, warm; the caller may still be running on it. One return in many also
 * trims the pool. */
static inline void weft__stack_give(struct weft_pool *p, void *top)
{
    p->used--;
    weft__ring_push_back(&p->warm, top);
    if (WEFT__UNLIKELY(--p->until_trim == 0))
        weft__stack_trim(p);
}

/* A used stack comes back whose context is lost: its memory is given back, it is raw. */
void weft__stack_drop(struct weft_pool *p, void *top);

/* The top block of the stack that this address belongs to, guard included; NULL: of none. The stack
 * may be in any state but uncut. Reads only what stands still while stacks are used. */
void *weft__stack_find(const struct weft_stacks *s, const void *address);

/* Makes sure that n stacks are warm and stay so: 0, or -1 with failed_call set. */
int weft__stack_reserve(struct weft_pool *p, size_t n);

/* The worker is about to wait for wait_ns: if that is long, every pool's peak falls to what is in
 * use, and the memory of what is beyond twice that is given back. */
void weft__stack_idle(struct weft_stacks *s, int64_t wait_ns);

#endif
