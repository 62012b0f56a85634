/* SPDX-License-Identifier: MIT */
/* Records: what is known of a green thread from its spawn to its join.
 *
 * A thread has two parts. The record lives in type-stable slabs and is small, because a million of
 * them may wait to be run: one cache line, and beside it, for the few that need it, a side of 144
 * bytes, which is not touched otherwise. The control block (sched.h) lives at the top of the
 * stack, from the first run to the end. A slab belongs to one worker and is never given to another
 * type, so that a stale handle finds a record whose generation differs, and no freed memory. */
#ifndef WEFT_RUNTIME_THREAD_H
#define WEFT_RUNTIME_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base.h"
#include "list.h"
#include "start.h"

struct weft_control;
struct weft_gen;
struct weft_worker;

/* What may be known of a thread that is not running, in the order of a life. Whether a started one
 * is ready, running or parked is the control block's business. */
enum weft__thread_state {
    WEFT__THREAD_FREE,      /* on its worker's list of free records; or a start has taken it off */
    WEFT__THREAD_UNSTARTED, /* on the run queue; has no stack */
    WEFT__THREAD_STARVED,   /* on its pool's queue for a stack, in order */
    WEFT__THREAD_STARTED,   /* has a control block */
    WEFT__THREAD_DONE,      /* only the record remains, until it is joined */
};

enum { WEFT__THREAD_CANCELLED_BIT = 15 };

enum {
    WEFT__THREAD_DETACHED = 1,  /* nobody joins it: its record is freed at its end */
    WEFT__THREAD_FLOAT = 2,     /* its result comes in a vector register */
    WEFT__THREAD_FAR = 4,       /* arguments.far holds its arguments */
    WEFT__THREAD_COPY = 8,      /* words hold a copied object, not captured registers */
    WEFT__THREAD_BODY = 16,     /* a generator's body: waits_for_end is its generator */
    WEFT__THREAD_ROOT = 32,     /* an OS thread's own stack */
    WEFT__THREAD_NAMED = 64,    /* its side holds a name */
    WEFT__THREAD_OWNS = 128,    /* arguments.far is from malloc */
    WEFT__THREAD_GROUPED = 256, /* a group's member: waits_for_end is its group */
    WEFT__THREAD_GROUPS = 512,  /* it has made groups: its side lists them */
    WEFT__THREAD_LOCALS = 1024, /* it has thread-local values: its control block knows them */
    WEFT__THREAD_LOCKS = 2048,  /* it has held a mutex: its control block counts those it holds */
    WEFT__THREAD_LEFT = 4096,   /* the last look for abandoned ones found it (abandoned.h) */
    WEFT__THREAD_TOLD = 8192,   /* and it was reported */
    WEFT__THREAD_CANCELLED = 1 << WEFT__THREAD_CANCELLED_BIT, /* for good */

    /* There is more to its end than its record. */
    WEFT__THREAD_ENDS = WEFT__THREAD_BODY | WEFT__THREAD_GROUPED | WEFT__THREAD_GROUPS |
                        WEFT__THREAD_LOCALS | WEFT__THREAD_LOCKS | WEFT__THREAD_CANCELLED,
};

enum {
    WEFT__THREAD_WORDS = 2,       /* of arguments, in the record */
    WEFT__THREAD_SIDE_WORDS = 8,  /* beside it */
    WEFT__THREAD_NAME_BYTES = 32, /* with the zero */
    WEFT__THREAD_SLAB = 1024,     /* records allocated at once */
    WEFT__THREAD_SLABS_MAX = 16384,
    WEFT__THREAD_BYTES = 64,
    WEFT__THREAD_SLOT_BITS = sizeof(uintptr_t) * 8 / 2, /* of a handle */
};

struct weft_thread {
    union {
        void (*fn)(void); /* until it is called */
        uint64_t word;    /* DONE: the result, as wide as it is */
    } does;
    union {
        struct weft_control *control; /* STARTED */
        struct weft_thread *next;     /* FREE, STARVED: the one behind it on that list */
    } at;
    union {
        struct weft_control *joiner; /* parked in join, or NULL */
        struct weft_gen *generator;  /* BODY */
        struct weft_group *group;    /* GROUPED */
    } waits_for_end;
    const char *site;    /* "worker at main.c:12", static */
    uint32_t generation; /* of the slot; never zero; grows when the record is freed */
    uint32_t fp_control; /* floating-point control of the spawner, which the thread starts with */
    uint8_t state;
    uint8_t stack_class;
    uint16_t flags;
    struct weft_packed packed;
    union {
        uint64_t words[WEFT__THREAD_WORDS];
        uint64_t *far; /* FAR: on its side, or from malloc */
    } arguments;       /* dead once the function is called; a copy, once it returns */
} __attribute__((aligned(WEFT__THREAD_BYTES)));

_Static_assert(sizeof(struct weft_thread) == WEFT__THREAD_BYTES, "a record is a cache line");

enum {
    WEFT__MARK_SEEN = 1,  /* others may look at what its stack holds */
    WEFT__MARK_SHOWN = 2, /* and so the look has, too */
};

/* Set only where a flag says so. */
struct weft_thread_side {
    _Alignas(16) uint64_t words[WEFT__THREAD_SIDE_WORDS]; /* as weft_go_copy promises */
    char name[WEFT__THREAD_NAME_BYTES];
    struct weft_list member;    /* GROUPED: in its group's list */
    struct weft_thread *thread; /* GROUPED: the record beside it */
    struct weft_list groups;    /* GROUPS: those that it has made and nobody has freed */
    uint8_t marks;              /* WEFT__MARK_ bits of a look for abandoned ones, while it lasts */
};

/* Aligned to the size of all its records, so that a record knows its slab. */
struct weft_thread_slab {
    struct weft_thread records[WEFT__THREAD_SLAB];
    struct weft_threads *owner; /* NULL: its worker has ended, and another may take it over */
    uint32_t first_slot;        /* of the directory */
    struct weft_thread_side sides[WEFT__THREAD_SLAB];
};

/* The directory of all slabs of the process. An entry, once set, never changes: slabs of ended
 * workers are taken over, not freed, so that a handle can always be looked up without a lock. */
extern struct weft_thread_slab *weft__thread_slabs[WEFT__THREAD_SLABS_MAX]
    __attribute__((visibility("hidden")));

/* A worker's records. */
struct weft_threads {
    struct weft_worker *worker;
    struct weft_thread *free; /* linked by at.next */
    size_t live;              /* records that are not free */
};

void weft__threads_init(struct weft_threads *all, struct weft_worker *worker);

/* The slabs go back; no handle of theirs may be used any more. */
void weft__threads_fini(struct weft_threads *all);

static inline struct weft_thread_slab *weft__thread_slab(const struct weft_thread *t)
{
    return (struct weft_thread_slab *)((uintptr_t)t &
                                       ~(uintptr_t)(sizeof t[0] * WEFT__THREAD_SLAB - 1));
}

/* Its place in the directory, for life and beyond. */
static inline uint32_t weft__thread_slot(const struct weft_thread *t)
{
    const struct weft_thread_slab *slab = weft__thread_slab(t);

    return slab->first_slot + (uint32_t)(t - slab->records);
}

static inline struct weft_thread_side *weft__thread_side(const struct weft_thread *t)
{
    struct weft_thread_slab *slab = weft__thread_slab(t);

    return &slab->sides[t - slab->records];
}

/* NULL if it has none. */
static inline const char *weft__thread_name(const struct weft_thread *t)
{
    return t->flags & WEFT__THREAD_NAMED ? weft__thread_side(t)->name : NULL;
}

/* A slab's worth of free records more: 0, or -1. */
int weft__threads_grow(struct weft_threads *all);

/* A record with nothing set but its generation, state and flags, and no joiner; NULL if there is no
 * memory. */
static inline struct weft_thread *weft__thread_new(struct weft_threads *all)
{
    struct weft_thread *t;

    if (WEFT__UNLIKELY(!all->free) && weft__threads_grow(all) != 0)
        return NULL;
    t = all->free;
    all->free = t->at.next;
    all->live++;
    t->waits_for_end.joiner = NULL;
    t->state = WEFT__THREAD_UNSTARTED;
    t->flags = 0;
    return t;
}

/* Copies what its side has room for; NULL: it has none any more. */
void weft__thread_set_name(struct weft_thread *t, const char *name);

/* By the last look, and not reported yet. */
static inline bool weft__thread_is_newly_left(const struct weft_thread *t)
{
    return (t->flags & (WEFT__THREAD_LEFT | WEFT__THREAD_TOLD)) == WEFT__THREAD_LEFT;
}

void weft__thread_free_far(struct weft_thread *t);

/* Ends a record: its handle is stale from now on. Frees its arguments. */
static inline void weft__thread_free(struct weft_threads *all, struct weft_thread *t)
{
    if (WEFT__UNLIKELY(t->flags & WEFT__THREAD_OWNS))
        weft__thread_free_far(t);
    t->state = WEFT__THREAD_FREE;
    __atomic_signal_fence(__ATOMIC_RELEASE); /* a handler that walks the records leaves it alone */
    if (WEFT__UNLIKELY(++t->generation == 0))
        t->generation = 1;
    t->at.next = all->free;
    all->free = t;
    all->live--;
}

/* Calls visit for every record that is not free. */
void weft__thread_each(const struct weft_threads *all,
                       void (*visit)(struct weft_thread *t, void *data), void *data);

/* A handle is a number in the shape of a pointer, and nobody follows it: slot and generation. */
static inline struct weft_thread *weft__thread_handle(const struct weft_thread *t)
{
    return (struct weft_thread *)(((uintptr_t)t->generation << WEFT__THREAD_SLOT_BITS) |
                                  weft__thread_slot(t));
}

enum weft__thread_found {
    WEFT__THREAD_FOUND,
    WEFT__THREAD_FOUND_STALE,   /* it was joined, or detached and has ended */
    WEFT__THREAD_FOUND_FOREIGN, /* it belongs to another worker */
    WEFT__THREAD_FOUND_NEVER,   /* no spawn ever returned such a handle */
};

/* The record that a handle names; *found is set only if it is WEFT__THREAD_FOUND. */
static inline enum weft__thread_found weft__thread_find(const struct weft_threads *all,
                                                        const struct weft_thread *handle,
                                                        struct weft_thread **found)
{
    uintptr_t bits = (uintptr_t)handle;
    uintptr_t slot = bits & (((uintptr_t)1 << WEFT__THREAD_SLOT_BITS) - 1);
    uint32_t generation = (uint32_t)(bits >> WEFT__THREAD_SLOT_BITS);
    struct weft_thread_slab *slab;
    struct weft_thread *t;

    if (WEFT__UNLIKELY(slot / WEFT__THREAD_SLAB >= WEFT__THREAD_SLABS_MAX || generation == 0))
        return WEFT__THREAD_FOUND_NEVER;
    slab = __atomic_load_n(&weft__thread_slabs[slot / WEFT__THREAD_SLAB], __ATOMIC_ACQUIRE);
    if (WEFT__UNLIKELY(!slab))
        return WEFT__THREAD_FOUND_NEVER;
    if (WEFT__UNLIKELY(__atomic_load_n(&slab->owner, __ATOMIC_ACQUIRE) != all))
        return WEFT__THREAD_FOUND_FOREIGN;
    t = &slab->records[slot % WEFT__THREAD_SLAB];
    if (WEFT__UNLIKELY(t->generation != generation || t->state == WEFT__THREAD_FREE))
        return WEFT__THREAD_FOUND_STALE;
    *found = t;
    return WEFT__THREAD_FOUND;
}

#endif
