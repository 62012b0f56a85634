/* SPDX-License-Identifier: MIT */
/* n producers send to one consumer, which is main; all of them wait when the clock starts. */
#include <stdlib.h>
#include <weft.h>

#include "../bench.h"

static void produce(chan_tx(uint64_t) out, uint64_t index)
{
    for (int i = 0; i < BENCH_FANIN_EACH; i++)
        chan_send(out, index);
}

static uint64_t consume(chan_rx(uint64_t) in, uint64_t messages)
{
    uint64_t value, sum = 0;

    while (messages-- > 0) {
        chan_recv(in, &value);
        sum += value;
    }
    return sum;
}

int main(int argc, char **argv)
{
    uint64_t n, samples;

    bench_arguments(argc, argv, &n, &samples);
    task(void) *threads = calloc(n, sizeof *threads);
    bench_check(threads != NULL, "no memory");
    while (samples-- > 0) {
        chan(uint64_t) channel = chan_new(uint64_t);
        uint64_t messages = n * BENCH_FANIN_EACH;

        for (uint64_t i = 0; i < n; i++)
            threads[i] = spawn(produce, channel, i);
        weft_yield(); /* until all are parked */
        uint64_t began = bench_now_ns(), sum = consume(channel, messages);
        bench_print(messages, bench_now_ns() - began, sum);
        for (uint64_t i = 0; i < n; i++)
            bench_check(task_join(threads[i]) == 0, "a thread was not started");
        chan_free(channel);
    }
    free(threads);
    return 0;
}
