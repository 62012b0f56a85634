/* SPDX-License-Identifier: MIT */
/* n threads are started, then all are joined; a first time without the clock. */
#include "samples.h"
#include "thread.h"
#include "../../bench.h"

static void *same(void *number)
{
    return number;
}

static uint64_t spawn_all(thread_id *threads, uint64_t n)
{
    uint64_t sum = 0;

    for (uint64_t i = 0; i < n; i++)
        threads[i] = thread_start(same, (void *)(uintptr_t)i);
    for (uint64_t i = 0; i < n; i++)
        sum += (uintptr_t)thread_join(threads[i]);
    return sum;
}

int main(int argc, char **argv)
{
    uint64_t n, samples;

    bench_arguments(argc, argv, &n, &samples);
    thread_setup(n);
    thread_id *threads = calloc(n, sizeof *threads);
    bench_check(threads != NULL, "no memory");
    spawn_all(threads, n);
    while (samples_next(&samples)) {
        uint64_t began = bench_now_ns(), sum = spawn_all(threads, n);

        bench_print(n, bench_now_ns() - began, sum);
    }
    return 0;
}
