/* SPDX-License-Identifier: MIT */
/* A sender that was served runs at once, its stack being in the cache: it is back at the end of
 * the channel's queue before the next one is looked at. */
#include "floor.h"

#include "../bench.h"

static struct floor_ring senders;

static void produce(struct floor_thread *start)
{
    uint64_t index = start->value;

    for (int i = 0; i < BENCH_FANIN_EACH; i++) {
        struct floor_thread self;

        self.value = index;
        floor_push(&senders, &self);
        floor_park(&self);
    }
    floor_end();
}

static uint64_t consume(uint64_t messages)
{
    uint64_t sum = 0;

    while (messages-- > 0) {
        struct floor_thread self, *sender = floor_pop(&senders);

        sum += sender->value;
        floor_prefetch(&senders);
        floor_push(&floor_run, &self);
        floor_switch(&self, sender);
    }
    return sum;
}

int main(int argc, char **argv)
{
    uint64_t n, samples;

    bench_arguments(argc, argv, &n, &samples);
    while (samples-- > 0) {
        uint64_t messages = n * BENCH_FANIN_EACH;

        floor_init(n);
        floor_ring_init(&senders, n);
        for (uint64_t i = 0; i < n; i++)
            floor_spawn(produce, i);
        floor_yield(); /* until all are parked */
        uint64_t began = bench_now_ns(), sum = consume(messages);
        bench_print(messages, bench_now_ns() - began, sum);
    }
    return 0;
}
