/* SPDX-License-Identifier: MIT */
#include "late.h"

#include "../bench.h"

static void same(struct floor_job *self)
{
    self->result = self->argument;
}

static uint64_t spawn_all(struct floor_job *jobs, uint64_t n)
{
    uint64_t sum = 0;

    for (uint64_t i = 0; i < n; i++) {
        jobs[i] = (struct floor_job){.run = same, .argument = i};
        floor_go(&jobs[i]);
    }
    for (uint64_t i = 0; i < n; i++)
        sum += floor_late_join(&jobs[i]);
    return sum;
}

int main(int argc, char **argv)
{
    uint64_t n, samples;

    bench_arguments(argc, argv, &n, &samples);
    struct floor_job *jobs = calloc(n, sizeof *jobs);
    bench_check(jobs != NULL, "no memory");
    floor_init(n);
    spawn_all(jobs, n); /* warm */
    while (samples-- > 0) {
        uint64_t began = bench_now_ns(), sum = spawn_all(jobs, n);

        bench_print(n, bench_now_ns() - began, sum);
    }
    free(jobs);
    return 0;
}
