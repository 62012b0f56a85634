/* SPDX-License-Identifier: MIT */
#include "chan.h"

#include "../bench.h"

static struct floor_chan there, back;

static void serve(struct floor_thread *self)
{
    (void)self;
    for (;;)
        floor_send(&back, floor_recv(&there) + 1);
}

static uint64_t ask(uint64_t times)
{
    uint64_t sum = 0;

    for (uint64_t i = 0; i < times; i++) {
        floor_send(&there, i);
        sum += floor_recv(&back);
    }
    return sum;
}

int main(int argc, char **argv)
{
    uint64_t size, samples;

    bench_arguments(argc, argv, &size, &samples);
    floor_init(1);
    floor_spawn(serve, 0);
    while (samples-- > 0) {
        uint64_t began = bench_now_ns(), sum = ask(BENCH_ROUNDTRIPS);

        bench_print(BENCH_ROUNDTRIPS, bench_now_ns() - began, sum);
    }
    return 0;
}
