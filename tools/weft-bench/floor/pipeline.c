/* SPDX-License-Identifier: MIT */
#include "chan.h"

#include "../bench.h"

static struct floor_chan *channels; /* channels[i] leads to stage i, the last to main */

static void source(struct floor_thread *self)
{
    (void)self;
    for (uint64_t i = 0; i < BENCH_PIPELINE; i++)
        floor_send(&channels[0], i);
    floor_end();
}

static void stage(struct floor_thread *self)
{
    struct floor_chan *in = &channels[self->value];

    for (uint64_t i = 0; i < BENCH_PIPELINE; i++)
        floor_send(in + 1, floor_recv(in) + 1);
    floor_end();
}

static uint64_t pipeline(uint64_t stages)
{
    uint64_t sum = 0;

    floor_spawn(source, 0);
    for (uint64_t i = 0; i < stages; i++)
        floor_spawn(stage, i);
    for (uint64_t i = 0; i < BENCH_PIPELINE; i++)
        sum += floor_recv(&channels[stages]);
    floor_join();
    return sum;
}

int main(int argc, char **argv)
{
    uint64_t stages, samples;

    bench_arguments(argc, argv, &stages, &samples);
    channels = calloc(stages + 1, sizeof *channels);
    bench_check(channels != NULL, "no memory");
    while (samples-- > 0) {
        floor_init(stages + 1);
        uint64_t began = bench_now_ns(), sum = pipeline(stages);
        bench_print(BENCH_PIPELINE * (stages + 1), bench_now_ns() - began, sum);
    }
    free(channels);
    return 0;
}
