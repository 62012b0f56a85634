/* SPDX-License-Identifier: MIT */
#include "floor.h"

#include "../bench.h"

struct floor_ring floor_run;
uint64_t floor_alive;
struct floor_thread *floor_joiner;

#ifdef FLOOR_UCONTEXT

struct floor_thread *floor_to;

static void floor_begin(void)
{
    floor_to->entry(floor_to);
}

void floor_make(struct floor_thread *t, void *stack, floor_entry *entry)
{
    getcontext(&t->context);
    t->context.uc_stack.ss_sp = stack;
    t->context.uc_stack.ss_size = (size_t)((char *)t - (char *)stack);
    t->entry = entry;
    makecontext(&t->context, floor_begin, 0);
}

#endif

void floor_ring_init(struct floor_ring *ring, uint64_t threads)
{
    uint64_t capacity = 8;

    ring->head = ring->tail = 0;
    if (ring->slots)
        return;
    while (capacity < threads)
        capacity *= 2;
    ring->slots = calloc(capacity, sizeof(struct floor_thread *));
    ring->mask = capacity - 1;
    bench_check(ring->slots != NULL, "no memory");
}

void floor_init(uint64_t threads)
{
    floor_alive = 0;
    floor_ring_init(&floor_run, threads + 1);
    floor_stacks_init(threads);
}

struct floor_thread *floor_new(floor_entry *entry, uint64_t value)
{
    void *stack = floor_stack_take();
    uintptr_t top = (uintptr_t)floor_stack_top(stack) - sizeof(struct floor_thread);
    struct floor_thread *t = (struct floor_thread *)(top & ~(uintptr_t)63);

    floor_make(t, stack, entry);
    t->value = value;
    floor_alive++;
    return t;
}
