/* SPDX-License-Identifier: MIT */
/* A client sends numbers to a server, which answers each with the next. */
#include "chan.h"
#include "samples.h"
#include "thread.h"
#include "../../bench.h"

static struct chan questions, answers;

static void *serve(void *unused)
{
    for (uint64_t i = 0; i < BENCH_ROUNDTRIPS; i++)
        chan_send_word(&answers, chan_recv_word(&questions) + 1);
    return unused;
}

static uint64_t ask(void)
{
    uint64_t sum = 0;

    for (uint64_t i = 0; i < BENCH_ROUNDTRIPS; i++) {
        chan_send_word(&questions, i);
        sum += chan_recv_word(&answers);
    }
    return sum;
}

int main(int argc, char **argv)
{
    uint64_t size, samples;

    bench_arguments(argc, argv, &size, &samples);
    thread_setup(1);
    chan_make(&questions, CHAN_CAPACITY, sizeof(uint64_t));
    chan_make(&answers, CHAN_CAPACITY, sizeof(uint64_t));
    while (samples_next(&samples)) {
        thread_id server = thread_start(serve, NULL);
        uint64_t began = bench_now_ns(), sum = ask();

        bench_print(BENCH_ROUNDTRIPS, bench_now_ns() - began, sum);
        thread_join(server);
    }
    chan_drop(&questions);
    chan_drop(&answers);
    return 0;
}
