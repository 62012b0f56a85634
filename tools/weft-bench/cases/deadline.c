/* SPDX-License-Identifier: MIT */
/* A deadline is armed and cancelled, a million times, while n others are pending. */
#include <weft.h>

#include "../bench.h"

static void sleeper(int64_t ns)
{
    weft_sleep(ns);
}

static uint64_t arm_and_cancel(void)
{
    uint64_t cancelled = 0;

    for (int i = 0; i < BENCH_DEADLINES; i++)
        cancelled += weft_within(WEFT_SEC(BENCH_DEADLINE_SECONDS), (uint64_t)1);
    return cancelled;
}

int main(int argc, char **argv)
{
    uint64_t n, samples, seed = 1;

    bench_arguments(argc, argv, &n, &samples);
    for (uint64_t i = 0; i < n; i++)
        bench_check(go(sleeper, bench_pending_ns(&seed)) == 0, "no memory");
    weft_yield(); /* until all sleep */
    while (samples-- > 0) {
        uint64_t began = bench_now_ns(), cancelled = arm_and_cancel();

        bench_print(BENCH_DEADLINES, bench_now_ns() - began, cancelled);
    }
    return 0; /* the sleepers end with the process */
}
