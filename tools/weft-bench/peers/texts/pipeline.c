/* SPDX-License-Identifier: MIT */
/* Values go through a hundred stages that add 1 each, to a sink, which is main. */
#include "chan.h"
#include "samples.h"
#include "thread.h"
#include "../../bench.h"

static void *source(void *pipe)
{
    for (uint64_t i = 0; i < BENCH_PIPELINE; i++)
        chan_send_word(pipe, i);
    return NULL;
}

/* From one pipe to the next. */
static void *stage(void *pipe)
{
    struct chan *in = pipe, *out = in + 1;

    for (uint64_t i = 0; i < BENCH_PIPELINE; i++)
        chan_send_word(out, chan_recv_word(in) + 1);
    return NULL;
}

static uint64_t pump(struct chan *pipes, thread_id *threads, uint64_t stages)
{
    uint64_t sum = 0;

    threads[stages] = thread_start(source, &pipes[0]);
    for (uint64_t i = 0; i < stages; i++)
        threads[i] = thread_start(stage, &pipes[i]);
    for (uint64_t i = 0; i < BENCH_PIPELINE; i++)
        sum += chan_recv_word(&pipes[stages]);
    return sum;
}

int main(int argc, char **argv)
{
    uint64_t stages, samples;

    bench_arguments(argc, argv, &stages, &samples);
    thread_setup(stages + 1);
    struct chan *pipes = calloc(stages + 1, sizeof *pipes);
    thread_id *threads = calloc(stages + 1, sizeof *threads);
    bench_check(pipes && threads, "no memory");
    for (uint64_t i = 0; i <= stages; i++)
        chan_make(&pipes[i], CHAN_CAPACITY, sizeof(uint64_t));
    while (samples_next(&samples)) {
        uint64_t began = bench_now_ns(), sum = pump(pipes, threads, stages);

        bench_print(BENCH_PIPELINE * (stages + 1), bench_now_ns() - began, sum);
        for (uint64_t i = 0; i <= stages; i++)
            thread_join(threads[i]);
    }
    return 0;
}
