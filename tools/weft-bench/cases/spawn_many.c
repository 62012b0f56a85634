/* SPDX-License-Identifier: MIT */
/* n threads are started, then all are joined. */
#include <stdlib.h>
#include <weft.h>

#include "../bench.h"

static uint64_t same(uint64_t number)
{
    return number;
}

static uint64_t spawn_all(task(uint64_t) *threads, uint64_t n)
{
    uint64_t result, sum = 0;

    for (uint64_t i = 0; i < n; i++)
        threads[i] = spawn(same, i);
    for (uint64_t i = 0; i < n; i++) {
        bench_check(task_join(threads[i], &result) == 0, "a thread was not started");
        sum += result;
    }
    return sum;
}

int main(int argc, char **argv)
{
    uint64_t n, samples;

    bench_arguments(argc, argv, &n, &samples);
    task(uint64_t) *threads = calloc(n, sizeof *threads);
    bench_check(threads != NULL, "no memory");
    spawn_all(threads, n); /* warm */
    while (samples-- > 0) {
        uint64_t began = bench_now_ns(), sum = spawn_all(threads, n);

        bench_print(n, bench_now_ns() - began, sum);
    }
    free(threads);
    return 0;
}
