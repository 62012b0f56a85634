/* SPDX-License-Identifier: MIT */
/* A producer sends a million messages of 8 or of 64 bytes to a consumer. */
#include "chan.h"
#include "samples.h"
#include "thread.h"
#include "../../bench.h"

static struct chan channel;

static void *produce_8(void *unused)
{
    for (uint64_t i = 0; i < BENCH_MESSAGES; i++)
        chan_send(&channel, &i, sizeof i);
    return unused;
}

static void *consume_8(void *sum)
{
    for (uint64_t i = 0, message; i < BENCH_MESSAGES; i++) {
        chan_recv(&channel, &message, sizeof message);
        *(uint64_t *)sum += message;
    }
    return NULL;
}

static void *produce_64(void *unused)
{
    for (uint64_t i = 0; i < BENCH_MESSAGES; i++) {
        struct bench_64 message = bench_64_make(i);

        chan_send(&channel, &message, sizeof message);
    }
    return unused;
}

static void *consume_64(void *sum)
{
    struct bench_64 message;

    for (uint64_t i = 0; i < BENCH_MESSAGES; i++) {
        chan_recv(&channel, &message, sizeof message);
        *(uint64_t *)sum += bench_64_sum(&message);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    uint64_t bytes, samples;

    bench_arguments(argc, argv, &bytes, &samples);
    thread_setup(2);
    while (samples_next(&samples)) {
        chan_make(&channel, CHAN_CAPACITY, bytes);
        uint64_t sum = 0, began = bench_now_ns();
        thread_id producer = thread_start(bytes == 8 ? produce_8 : produce_64, NULL);
        thread_id consumer = thread_start(bytes == 8 ? consume_8 : consume_64, &sum);

        thread_join(producer);
        thread_join(consumer);
        bench_print(BENCH_MESSAGES, bench_now_ns() - began, sum);
        chan_drop(&channel);
    }
    return 0;
}
