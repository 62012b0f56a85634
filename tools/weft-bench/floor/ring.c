/* SPDX-License-Identifier: MIT */
#include "chan.h"

#include "../bench.h"

static struct floor_chan *channels; /* channels[i] leads to thread i, the last to main */

static void hand_on(struct floor_thread *self)
{
    struct floor_chan *in = &channels[self->value];

    for (;;)
        floor_send(in + 1, floor_recv(in) + 1);
}

static uint64_t rounds(uint64_t n, uint64_t token, int count)
{
    while (count-- > 0) {
        floor_send(&channels[0], token + 1);
        token = floor_recv(&channels[n - 1]);
    }
    return token;
}

int main(int argc, char **argv)
{
    uint64_t n, samples;

    bench_arguments(argc, argv, &n, &samples);
    channels = calloc(n, sizeof *channels);
    bench_check(channels != NULL, "no memory");
    floor_init(n);
    for (uint64_t i = 0; i + 1 < n; i++)
        floor_spawn(hand_on, i);
    while (samples-- > 0) {
        uint64_t token = rounds(n, 0, 1), began = bench_now_ns();

        token = rounds(n, token, BENCH_RING_ROUNDS);
        bench_print(BENCH_RING_ROUNDS * n, bench_now_ns() - began, token);
    }
    free(channels);
    return 0;
}
