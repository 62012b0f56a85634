/* SPDX-License-Identifier: MIT */
/* A source, n stages that each add 1, and a sink, which is main. */
#include <stdlib.h>
#include <weft.h>

#include "../bench.h"

static void source(chan_tx(uint64_t) out)
{
    for (uint64_t i = 0; i < BENCH_PIPELINE; i++)
        chan_send(out, i);
    chan_close(out);
}

static void stage(chan_rx(uint64_t) in, chan_tx(uint64_t) out)
{
    chan_each(value, in)
        chan_send(out, value + 1);
    chan_close(out);
}

static uint64_t pump(chan(uint64_t) *pipes, uint64_t stages)
{
    uint64_t sum = 0;

    go(source, pipes[0]);
    for (uint64_t i = 0; i < stages; i++)
        go(stage, pipes[i], pipes[i + 1]);
    chan_each(value, pipes[stages])
        sum += value;
    return sum;
}

int main(int argc, char **argv)
{
    uint64_t stages, samples;

    bench_arguments(argc, argv, &stages, &samples);
    chan(uint64_t) *pipes = calloc(stages + 1, sizeof *pipes);
    bench_check(pipes != NULL, "no memory");
    while (samples-- > 0) {
        for (uint64_t i = 0; i <= stages; i++)
            pipes[i] = chan_new(uint64_t);
        uint64_t began = bench_now_ns(), sum = pump(pipes, stages);
        bench_print(BENCH_PIPELINE * (stages + 1), bench_now_ns() - began, sum);
        for (uint64_t i = 0; i <= stages; i++)
            chan_free(pipes[i]);
    }
    free(pipes);
    return 0;
}
