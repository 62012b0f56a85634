/* SPDX-License-Identifier: MIT */
#include "floor.h"

#include "../bench.h"

static struct {
    struct floor_thread *inside, *outside; /* whichever does not run */
    uint64_t value;
} generator;

static void count_up(struct floor_thread *self)
{
    (void)self;
    for (uint64_t i = 0;; i++) {
        struct floor_thread here;

        generator.value = i;
        generator.inside = &here;
        floor_switch(&here, generator.outside);
    }
}

FLOOR_INLINE uint64_t next(void)
{
    static struct floor_thread here;

    generator.outside = &here;
    floor_switch(&here, generator.inside);
    return generator.value;
}

int main(int argc, char **argv)
{
    uint64_t size, samples;

    bench_arguments(argc, argv, &size, &samples);
    while (samples-- > 0) {
        uint64_t sum = 0;

        floor_init(1);
        generator.inside = floor_new(count_up, 0);
        uint64_t began = bench_now_ns();
        for (int i = 0; i < BENCH_GENERATED; i++)
            sum += next();
        bench_print(BENCH_GENERATED, bench_now_ns() - began, sum);
    }
    return 0;
}
