/* SPDX-License-Identifier: MIT */
/* A million threads are started and joined, one after the other. */
#include "samples.h"
#include "thread.h"
#include "../../bench.h"

static void *same(void *number)
{
    return number;
}

static uint64_t spawn_one_by_one(uint64_t count)
{
    uint64_t sum = 0;

    for (uint64_t i = 0; i < count; i++)
        sum += (uintptr_t)thread_join(thread_start(same, (void *)(uintptr_t)i));
    return sum;
}

int main(int argc, char **argv)
{
    uint64_t size, samples;

    bench_arguments(argc, argv, &size, &samples);
    thread_setup(1);
    spawn_one_by_one(BENCH_SPAWNS_WARM);
    while (samples_next(&samples)) {
        uint64_t began = bench_now_ns(), sum = spawn_one_by_one(BENCH_SPAWNS);

        bench_print(BENCH_SPAWNS, bench_now_ns() - began, sum);
    }
    return 0;
}
