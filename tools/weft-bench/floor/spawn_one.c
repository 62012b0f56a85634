/* SPDX-License-Identifier: MIT */
#include "late.h"

#include "../bench.h"

static void same(struct floor_job *self)
{
    self->result = self->argument;
}

static uint64_t spawn_and_join(uint64_t times)
{
    uint64_t sum = 0;

    for (uint64_t i = 0; i < times; i++) {
        struct floor_job job = {.run = same, .argument = i};

        floor_go(&job);
        sum += floor_late_join(&job);
    }
    return sum;
}

int main(int argc, char **argv)
{
    uint64_t size, samples;

    bench_arguments(argc, argv, &size, &samples);
    floor_init(1);
    spawn_and_join(BENCH_SPAWNS_WARM);
    while (samples-- > 0) {
        uint64_t began = bench_now_ns(), sum = spawn_and_join(BENCH_SPAWNS);

        bench_print(BENCH_SPAWNS, bench_now_ns() - began, sum);
    }
    return 0;
}
