/* SPDX-License-Identifier: MIT */
/* A thread is started, runs and is joined, a million times, one by one. */
#include <weft.h>

#include "../bench.h"

static uint64_t same(uint64_t number)
{
    return number;
}

static uint64_t spawn_one_by_one(uint64_t count)
{
    uint64_t result, sum = 0;

    for (uint64_t i = 0; i < count; i++) {
        bench_check(task_join(spawn(same, i), &result) == 0, "a thread was not started");
        sum += result;
    }
    return sum;
}

int main(int argc, char **argv)
{
    uint64_t size, samples;

    bench_arguments(argc, argv, &size, &samples);
    spawn_one_by_one(BENCH_SPAWNS_WARM);
    while (samples-- > 0) {
        uint64_t began = bench_now_ns(), sum = spawn_one_by_one(BENCH_SPAWNS);

        bench_print(BENCH_SPAWNS, bench_now_ns() - began, sum);
    }
    return 0;
}
