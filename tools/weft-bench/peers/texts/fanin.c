/* SPDX-License-Identifier: MIT */
/* n producers send to one consumer, which is main; all of them wait when the clock starts. */
#include "chan.h"
#include "samples.h"
#include "thread.h"
#include "../../bench.h"

static struct chan channel;

static void *produce(void *index)
{
    for (int i = 0; i < BENCH_FANIN_EACH; i++)
        chan_send_word(&channel, (uintptr_t)index);
    return NULL;
}

static uint64_t consume(uint64_t messages)
{
    uint64_t sum = 0;

    while (messages-- > 0)
        sum += chan_recv_word(&channel);
    return sum;
}

int main(int argc, char **argv)
{
    uint64_t n, samples;

    bench_arguments(argc, argv, &n, &samples);
    thread_setup(n);
    thread_id *threads = calloc(n, sizeof *threads);
    bench_check(threads != NULL, "no memory");
    chan_make(&channel, CHAN_CAPACITY, sizeof(uint64_t));
    while (samples_next(&samples)) {
        for (uint64_t i = 0; i < n; i++)
            threads[i] = thread_start(produce, (void *)(uintptr_t)i);
        while (chan_waiting(&channel) < n)
            thread_yield();
        uint64_t messages = n * BENCH_FANIN_EACH, began = bench_now_ns(), sum = consume(messages);
        bench_print(messages, bench_now_ns() - began, sum);
        for (uint64_t i = 0; i < n; i++)
            thread_join(threads[i]);
    }
    return 0;
}
