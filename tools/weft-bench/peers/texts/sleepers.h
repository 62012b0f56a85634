/* SPDX-License-Identifier: MIT */
/* n threads that sleep for a second, for the programs that differ in what they do before. */
#ifndef WEFT_BENCH_PEERS_SLEEPERS_H
#define WEFT_BENCH_PEERS_SLEEPERS_H

#include "thread.h"
#include "../../bench.h"

static void *sleeper(void *one)
{
    thread_sleep_ns(BENCH_SECOND);
    return one;
}

/* How many have slept. */
static inline uint64_t sleepers_run(thread_id *threads, uint64_t n)
{
    uint64_t slept = 0;

    for (uint64_t i = 0; i < n; i++)
        threads[i] = thread_start(sleeper, (void *)(uintptr_t)1);
    for (uint64_t i = 0; i < n; i++)
        slept += (uintptr_t)thread_join(threads[i]);
    return slept;
}

/* The one sample: by how much they take longer than the second. */
static inline void sleepers_print(thread_id *threads, uint64_t n)
{
    uint64_t began = bench_now_ns(), slept = sleepers_run(threads, n);

    bench_print(1, bench_now_ns() - began - BENCH_SECOND, slept);
}

#endif
