/* SPDX-License-Identifier: MIT */
/* n threads are parked in one channel: how long it takes until they are, and what memory. One
 * sample only, in a process that has started none before. */
#include <weft.h>

#include "../bench.h"

static void hand_back(chan_rx(uint64_t) in, chan_tx(uint64_t) out)
{
    uint64_t value;

    if (chan_recv(in, &value) == 0)
        chan_send(out, value);
}

static uint64_t park(uint64_t n, chan(uint64_t) in, chan(uint64_t) out)
{
    uint64_t began = bench_now_ns();

    for (uint64_t i = 0; i < n; i++)
        bench_check(go(hand_back, in, out) == 0, "no memory");
    weft_yield(); /* until all are parked */
    return bench_now_ns() - began;
}

static uint64_t wake(uint64_t n, chan(uint64_t) in, chan(uint64_t) out)
{
    uint64_t value, sum = 0;

    for (uint64_t i = 0; i < n; i++)
        chan_send(in, i);
    for (uint64_t i = 0; i < n; i++)
        if (chan_recv(out, &value) == 0)
            sum += value;
    return sum;
}

int main(int argc, char **argv)
{
    uint64_t n, samples;

    bench_arguments(argc, argv, &n, &samples);
    chan(uint64_t) in = chan_new(uint64_t), out = chan_new(uint64_t);
    uint64_t resident = bench_resident_bytes();
    uint64_t ns = park(n, in, out);
    uint64_t bytes_each = (bench_resident_bytes() - resident) / n, mappings = bench_mappings();

    bench_print_park(ns, wake(n, in, out), bytes_each, mappings);
    chan_free(in);
    chan_free(out);
    return 0;
}
