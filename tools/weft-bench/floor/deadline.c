/* SPDX-License-Identifier: MIT */
/* A wheel of one level: in the slot of a tick is whoever waits for it, in any order. */
#include "floor.h"
#include "ticks.h"

#include "../bench.h"

enum {
    SLOTS = 1 << 18,
    SLOT_SHIFT = 22, /* of a slot about a millisecond; once round takes longer than any deadline */
};

struct timer {
    struct timer *next, **link; /* what points here */
};

static struct timer *wheel[SLOTS];
static uint64_t per_second;

FLOOR_INLINE void arm(struct timer *t, uint64_t after)
{
    struct timer **slot = &wheel[((ticks_now() + after) >> SLOT_SHIFT) % SLOTS];

    t->link = slot;
    if (*slot)
        (*slot)->link = &t->next;
    t->next = *slot;
    *slot = t;
}

FLOOR_INLINE void cancel(struct timer *t)
{
    *t->link = t->next;
    if (t->next)
        t->next->link = t->link;
}

static void sleeper(struct floor_thread *start)
{
    struct floor_thread self;
    struct timer timer;

    arm(&timer, start->value / BENCH_SECOND * per_second);
    floor_park(&self);
    __builtin_unreachable(); /* the process ends before */
}

static uint64_t arm_and_cancel(void)
{
    uint64_t cancelled = 0;

    for (; cancelled < BENCH_DEADLINES; cancelled++) {
        struct timer timer;

        arm(&timer, BENCH_DEADLINE_SECONDS * per_second);
        __asm__ volatile("" ::: "memory"); /* an operation that does nothing */
        cancel(&timer);
    }
    return cancelled;
}

int main(int argc, char **argv)
{
    uint64_t n, samples, seed = 1;

    bench_arguments(argc, argv, &n, &samples);
    floor_init(n);
    per_second = ticks_per_second();
    for (uint64_t i = 0; i < n; i++)
        floor_start(sleeper, (uint64_t)bench_pending_ns(&seed));
    while (samples-- > 0) {
        uint64_t began = bench_now_ns(), cancelled = arm_and_cancel();

        bench_print(BENCH_DEADLINES, bench_now_ns() - began, cancelled);
    }
    return 0;
}
