/* SPDX-License-Identifier: MIT */
#include "thread.h"

#include "base.h"
#include "calls.h"

enum { THREAD_SLOT_BITS = sizeof(uintptr_t) * 8 / 2 };

_Static_assert(sizeof(void *) != 8 || sizeof(struct weft_thread) <= 112,
               "a million unstarted threads cost at most 128 bytes each, the run queue included");

struct thread_slab {
    struct weft_threads *owner; /* NULL: its worker has ended, and another may take it over */
    struct weft_thread records[WEFT__THREAD_SLAB];
};

/* The directory of all slabs of the process. An entry, once set, never changes: slabs of ended
 * workers are taken over, not freed, so that a handle can always be looked up without a lock. */
static struct thread_slab *thread_slabs[WEFT__THREAD_SLABS_MAX];
static uint32_t thread_slabs_used; /* may pass the maximum when the directory is full */

void weft__threads_init(struct weft_threads *all, struct weft_worker *worker)
{
    *all = (struct weft_threads){.worker = worker};
}

static uint32_t thread_slabs_count(void)
{
    uint32_t used = __atomic_load_n(&thread_slabs_used, __ATOMIC_ACQUIRE);

    return used < WEFT__THREAD_SLABS_MAX ? used : WEFT__THREAD_SLABS_MAX;
}

static struct thread_slab *thread_slab_at(uint32_t index)
{
    return __atomic_load_n(&thread_slabs[index], __ATOMIC_ACQUIRE);
}

static struct weft_threads *thread_slab_owner(const struct thread_slab *slab)
{
    return __atomic_load_n(&slab->owner, __ATOMIC_ACQUIRE);
}

/* Links the free records of a slab, the lowest slot first. */
static void thread_slab_link(struct weft_threads *all, struct thread_slab *slab)
{
    for (size_t i = WEFT__THREAD_SLAB; i > 0; i--) {
        slab->records[i - 1].at.next = all->free;
        all->free = &slab->records[i - 1];
    }
}

static struct thread_slab *thread_slab_adopt(struct weft_threads *all)
{
    uint32_t count = thread_slabs_count();

    for (uint32_t i = 0; i < count; i++) {
        struct thread_slab *slab = thread_slab_at(i);
        struct weft_threads *nobody = NULL;

        if (slab && __atomic_compare_exchange_n(&slab->owner, &nobody, all, false, __ATOMIC_ACQ_REL,
                                                __ATOMIC_RELAXED))
            return slab;
    }
    return NULL;
}

static struct thread_slab *thread_slab_new(struct weft_threads *all)
{
    struct thread_slab *slab;
    uint32_t index;

    if (thread_slabs_count() == WEFT__THREAD_SLABS_MAX)
        return NULL;
    slab = weft__calls.calloc(1, sizeof *slab);
    if (!slab)
        return NULL;
    index = __atomic_fetch_add(&thread_slabs_used, 1, __ATOMIC_ACQ_REL);
    if (index >= WEFT__THREAD_SLABS_MAX) {
        weft__calls.free(slab);
        return NULL;
    }
    slab->owner = all;
    for (uint32_t i = 0; i < WEFT__THREAD_SLAB; i++) {
        slab->records[i].slot = index * WEFT__THREAD_SLAB + i;
        slab->records[i].generation = 1;
    }
    __atomic_store_n(&thread_slabs[index], slab, __ATOMIC_RELEASE);
    return slab;
}

static WEFT__NOINLINE int thread_grow(struct weft_threads *all)
{
    struct thread_slab *slab = thread_slab_adopt(all);

    if (!slab)
        slab = thread_slab_new(all);
    if (!slab)
        return -1;
    thread_slab_link(all, slab);
    return 0;
}

struct weft_thread *weft__thread_new(struct weft_threads *all)
{
    struct weft_thread *t;

    if (WEFT__UNLIKELY(!all->free) && thread_grow(all) != 0)
        return NULL;
    t = all->free;
    all->free = t->at.next;
    all->live++;
    t->waits_for_end.joiner = NULL;
    t->name = NULL;
    t->state = WEFT__THREAD_UNSTARTED;
    t->flags = 0;
    return t;
}

void weft__thread_free(struct weft_threads *all, struct weft_thread *t)
{
    if (WEFT__UNLIKELY(t->flags & WEFT__THREAD_SIDE))
        weft__calls.free(t->arguments.side);
    if (WEFT__UNLIKELY(t->name != NULL))
        weft__calls.free(t->name);
    t->state = WEFT__THREAD_FREE;
    if (++t->generation == 0)
        t->generation = 1;
    t->at.next = all->free;
    all->free = t;
    all->live--;
}

void weft__thread_each(const struct weft_threads *all,
                       void (*visit)(struct weft_thread *t, void *data), void *data)
{
    uint32_t count = thread_slabs_count();

    for (uint32_t i = 0; i < count; i++) {
        struct thread_slab *slab = thread_slab_at(i);

        if (!slab || thread_slab_owner(slab) != all)
            continue;
        for (size_t k = 0; k < WEFT__THREAD_SLAB; k++)
            if (slab->records[k].state != WEFT__THREAD_FREE)
                visit(&slab->records[k], data);
    }
}

static void thread_end(struct weft_thread *t, void *data)
{
    weft__thread_free(data, t);
}

void weft__threads_fini(struct weft_threads *all)
{
    uint32_t count = thread_slabs_count();

    weft__thread_each(all, thread_end, all);
    for (uint32_t i = 0; i < count; i++) {
        struct thread_slab *slab = thread_slab_at(i);

        if (slab && thread_slab_owner(slab) == all)
            __atomic_store_n(&slab->owner, NULL, __ATOMIC_RELEASE);
    }
}

struct weft_thread *weft__thread_handle(const struct weft_thread *t)
{
    return (struct weft_thread *)(((uintptr_t)t->generation << THREAD_SLOT_BITS) | t->slot);
}

enum weft__thread_found weft__thread_find(const struct weft_threads *all,
                                          const struct weft_thread *handle,
                                          struct weft_thread **found)
{
    uintptr_t bits = (uintptr_t)handle;
    uint32_t slot = (uint32_t)(bits & (((uintptr_t)1 << THREAD_SLOT_BITS) - 1));
    uint32_t generation = (uint32_t)(bits >> THREAD_SLOT_BITS);
    struct thread_slab *slab;
    struct weft_thread *t;

    if (slot / WEFT__THREAD_SLAB >= thread_slabs_count() || generation == 0)
        return WEFT__THREAD_FOUND_NEVER;
    slab = thread_slab_at(slot / WEFT__THREAD_SLAB);
    if (!slab)
        return WEFT__THREAD_FOUND_NEVER;
    if (thread_slab_owner(slab) != all)
        return WEFT__THREAD_FOUND_FOREIGN;
    t = &slab->records[slot % WEFT__THREAD_SLAB];
    if (t->generation != generation || t->state == WEFT__THREAD_FREE)
        return WEFT__THREAD_FOUND_STALE;
    *found = t;
    return WEFT__THREAD_FOUND;
}
