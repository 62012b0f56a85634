/* SPDX-License-Identifier: MIT */
#include "floor.h"

#include "../bench.h"

static uint64_t rounds, yields, began, ended;

static void take_turns(struct floor_thread *self)
{
    uint64_t index = self->value, count = 0;

    floor_yield(); /* all have begun */
    if (index == 0)
        began = bench_now_ns();
    for (; count < rounds; count++)
        floor_yield();
    if (index == 0)
        ended = bench_now_ns();
    yields += count;
    floor_end();
}

int main(int argc, char **argv)
{
    uint64_t n, samples;

    bench_arguments(argc, argv, &n, &samples);
    rounds = bench_yield_rounds(n);
    while (samples-- > 0) {
        floor_init(n);
        yields = 0;
        for (uint64_t i = 0; i < n; i++)
            floor_spawn(take_turns, i);
        floor_join();
        bench_print(n * rounds, ended - began, yields);
    }
    return 0;
}
