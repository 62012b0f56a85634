/* SPDX-License-Identifier: MIT */
/* n threads in a ring, main among them, hand one token round; each adds 1 to it. */
#include <stdlib.h>
#include <weft.h>

#include "../bench.h"

static void hand_on(chan_rx(uint64_t) in, chan_tx(uint64_t) out)
{
    chan_each(token, in)
        chan_send(out, token + 1);
    chan_close(out);
}

static uint64_t rounds(chan_tx(uint64_t) out, chan_rx(uint64_t) in, uint64_t token, int count)
{
    while (count-- > 0) {
        chan_send(out, token + 1);
        chan_recv(in, &token);
    }
    return token;
}

static void run(chan(uint64_t) *ring, uint64_t n)
{
    chan(uint64_t) in = ring[n - 1], out = ring[0];

    for (uint64_t i = 0; i + 1 < n; i++)
        go(hand_on, ring[i], ring[i + 1]);
    uint64_t token = rounds(out, in, 0, 1), began = bench_now_ns();
    token = rounds(out, in, token, BENCH_RING_ROUNDS);
    bench_print(BENCH_RING_ROUNDS * n, bench_now_ns() - began, token);
    chan_close(out);
    chan_recv(in, NULL); /* closed in turn: all have ended */
}

int main(int argc, char **argv)
{
    uint64_t n, samples;

    bench_arguments(argc, argv, &n, &samples);
    chan(uint64_t) *ring = calloc(n, sizeof *ring);
    bench_check(ring != NULL, "no memory");
    while (samples-- > 0) {
        for (uint64_t i = 0; i < n; i++)
            ring[i] = chan_new(uint64_t);
        run(ring, n);
        for (uint64_t i = 0; i < n; i++)
            chan_free(ring[i]);
    }
    free(ring);
    return 0;
}
