/* SPDX-License-Identifier: MIT */
/* A generator, here a thread with a channel, is asked for two million numbers. */
#include "chan.h"
#include "samples.h"
#include "thread.h"
#include "../../bench.h"

static struct chan numbers;

static void *count_up(void *unused)
{
    for (uint64_t i = 0; i < BENCH_GENERATED; i++)
        chan_send_word(&numbers, i);
    return unused;
}

int main(int argc, char **argv)
{
    uint64_t size, samples;

    bench_arguments(argc, argv, &size, &samples);
    thread_setup(1);
    chan_make(&numbers, 1, sizeof(uint64_t)); /* a generator makes none that is not asked for */
    while (samples_next(&samples)) {
        thread_id generator = thread_start(count_up, NULL);
        uint64_t sum = 0, began = bench_now_ns();

        for (int i = 0; i < BENCH_GENERATED; i++)
            sum += chan_recv_word(&numbers);
        bench_print(BENCH_GENERATED, bench_now_ns() - began, sum);
        thread_join(generator);
    }
    return 0;
}
