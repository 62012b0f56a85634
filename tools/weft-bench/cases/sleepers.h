/* SPDX-License-Identifier: MIT */
/* n threads that sleep for a second, for the programs that differ in what they do before. */
#ifndef WEFT_BENCH_SLEEPERS_H
#define WEFT_BENCH_SLEEPERS_H

#include <stdlib.h>
#include <weft.h>

#include "../bench.h"

static uint64_t sleeper(void)
{
    return weft_sleep(BENCH_SECOND) == 0;
}

/* Prints by how much it takes longer than the second. */
static void sleepers_run(uint64_t n)
{
    task(uint64_t) *threads = calloc(n, sizeof *threads);
    uint64_t slept, sum = 0, began = bench_now_ns();

    bench_check(threads != NULL, "no memory");
    for (uint64_t i = 0; i < n; i++)
        threads[i] = spawn(sleeper);
    for (uint64_t i = 0; i < n; i++) {
        bench_check(task_join(threads[i], &slept) == 0, "a thread was not started");
        sum += slept;
    }
    bench_print(1, bench_now_ns() - began - BENCH_SECOND, sum);
    free(threads);
}

#endif
