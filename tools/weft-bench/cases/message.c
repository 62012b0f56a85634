/* SPDX-License-Identifier: MIT */
/* A producer sends a million messages of 8 or of 64 bytes to a consumer. */
#include <weft.h>

#include "../bench.h"

static void produce_8(chan_tx(uint64_t) out)
{
    for (uint64_t i = 0; i < BENCH_MESSAGES; i++)
        chan_send(out, i);
    chan_close(out);
}

static void consume_8(chan_rx(uint64_t) in, uint64_t *sum)
{
    chan_each(message, in)
        *sum += message;
}

static void produce_64(chan_tx(struct bench_64) out)
{
    for (uint64_t i = 0; i < BENCH_MESSAGES; i++)
        chan_send(out, bench_64_make(i));
    chan_close(out);
}

static void consume_64(chan_rx(struct bench_64) in, uint64_t *sum)
{
    chan_each(message, in)
        *sum += bench_64_sum(&message);
}

static void run(uint64_t bytes)
{
    chan(uint64_t) small = chan_new(uint64_t);
    chan(struct bench_64) large = chan_new(struct bench_64);
    uint64_t sum = 0, began = bench_now_ns();
    task(void) producer = bytes == 8 ? spawn(produce_8, small) : spawn(produce_64, large);
    task(void) consumer =
        bytes == 8 ? spawn(consume_8, small, &sum) : spawn(consume_64, large, &sum);

    bench_check(task_join(producer) == 0 && task_join(consumer) == 0, "a thread was not started");
    bench_print(BENCH_MESSAGES, bench_now_ns() - began, sum);
    chan_free(small);
    chan_free(large);
}

int main(int argc, char **argv)
{
    uint64_t bytes, samples;

    bench_arguments(argc, argv, &bytes, &samples);
    while (samples-- > 0)
        run(bytes);
    return 0;
}
