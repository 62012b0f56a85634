/* SPDX-License-Identifier: MIT */
#include "thread.h"

#include "base.h"
#include "calls.h"

enum { THREAD_SLAB_ALIGNMENT = WEFT__THREAD_BYTES * WEFT__THREAD_SLAB };

struct weft_thread_slab *weft__thread_slabs[WEFT__THREAD_SLABS_MAX];
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

static struct weft_thread_slab *thread_slab_at(uint32_t index)
{
    return __atomic_load_n(&weft__thread_slabs[index], __ATOMIC_ACQUIRE);
}

static struct weft_threads *thread_slab_owner(const struct weft_thread_slab *slab)
{
    return __atomic_load_n(&slab->owner, __ATOMIC_ACQUIRE);
}

/* Links the free records of a slab, the lowest slot first. */
static void thread_slab_link(struct weft_threads *all, struct weft_thread_slab *slab)
{
    for (size_t i = WEFT__THREAD_SLAB; i > 0; i--) {
        slab->records[i - 1].at.next = all->free;
        all->free = &slab->records[i - 1];
    }
}

static struct weft_thread_slab *thread_slab_adopt(struct weft_threads *all)
{
    uint32_t count = thread_slabs_count();

    for (uint32_t i = 0; i < count; i++) {
        struct weft_thread_slab *slab = thread_slab_at(i);
        struct weft_threads *nobody = NULL;

        if (slab && __atomic_compare_exchange_n(&slab->owner, &nobody, all, false, __ATOMIC_ACQ_REL,
                                                __ATOMIC_RELAXED))
            return slab;
    }
    return NULL;
}

/* Where memory for a slab begins, and the one before it. Leak checkers see the slabs by these: the
 * directory points into the midst of them. */
struct thread_block {
    _Alignas(16) struct thread_block *before;
};
static struct thread_block *thread_blocks;

static void thread_block_keep(struct thread_block *block)
{
    block->before = __atomic_load_n(&thread_blocks, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&thread_blocks, &block->before, block, true,
                                        __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        ;
}

/* The slab in such memory, aligned to its records' size. */
static struct weft_thread_slab *thread_block_slab(struct thread_block *block)
{
    return (struct weft_thread_slab *)(((uintptr_t)(block + 1) + THREAD_SLAB_ALIGNMENT - 1) &
                                       ~(uintptr_t)(THREAD_SLAB_ALIGNMENT - 1));
}

static struct weft_thread_slab *thread_slab_new(struct weft_threads *all)
{
    struct weft_thread_slab *slab;
    struct thread_block *block;
    uint32_t index;

    if (thread_slabs_count() == WEFT__THREAD_SLABS_MAX)
        return NULL;
    /* Not cleared, since clearing would touch the sides. */
    block = weft__calls.malloc(sizeof *block + THREAD_SLAB_ALIGNMENT + sizeof *slab);
    if (!block)
        return NULL;
    index = __atomic_fetch_add(&thread_slabs_used, 1, __ATOMIC_ACQ_REL);
    if (index >= WEFT__THREAD_SLABS_MAX) {
        weft__calls.free(block);
        return NULL;
    }
    thread_block_keep(block);
    slab = thread_block_slab(block);
    slab->owner = all;
    slab->first_slot = index * WEFT__THREAD_SLAB;
    for (uint32_t i = 0; i < WEFT__THREAD_SLAB; i++) {
        slab->records[i].state = WEFT__THREAD_FREE;
        slab->records[i].generation = 1;
        slab->records[i].site = NULL; /* a handler may look between taking one and setting it */
    }
    __atomic_store_n(&weft__thread_slabs[index], slab, __ATOMIC_RELEASE);
    return slab;
}

WEFT__COLD int weft__threads_grow(struct weft_threads *all)
{
    struct weft_thread_slab *slab = thread_slab_adopt(all);

    if (!slab)
        slab = thread_slab_new(all);
    if (!slab)
        return -1;
    thread_slab_link(all, slab);
    return 0;
}

WEFT__COLD void weft__thread_set_name(struct weft_thread *t, const char *name)
{
    char *copy = weft__thread_side(t)->name;
    size_t length = name ? strnlen(name, WEFT__THREAD_NAME_BYTES - 1) : 0;

    memcpy(copy, name ? name : "", length);
    copy[length] = '\0';
    t->flags &= (uint16_t)~WEFT__THREAD_NAMED;
    if (name)
        t->flags |= WEFT__THREAD_NAMED;
}

WEFT__COLD void weft__thread_free_far(struct weft_thread *t)
{
    weft__calls.free(t->arguments.far);
}

void weft__thread_each(const struct weft_threads *all,
                       void (*visit)(struct weft_thread *t, void *data), void *data)
{
    uint32_t count = thread_slabs_count();

    for (uint32_t i = 0; i < count; i++) {
        struct weft_thread_slab *slab = thread_slab_at(i);

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
        struct weft_thread_slab *slab = thread_slab_at(i);

        if (slab && thread_slab_owner(slab) == all)
            __atomic_store_n(&slab->owner, NULL, __ATOMIC_RELEASE);
    }
}
