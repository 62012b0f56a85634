/* SPDX-License-Identifier: MIT */
/* A tree of threads: leaves send their numbers up, nodes the sums of their ten children. */
#include <weft.h>

#include "../bench.h"

static void node(chan_tx(uint64_t) up, uint64_t first, uint64_t leaves)
{
    if (leaves == 1) {
        chan_send(up, first);
        return;
    }

    chan(uint64_t) parts = chan_new(uint64_t);
    uint64_t each = leaves / BENCH_TREE_FANOUT, part, sum = 0;

    for (uint64_t i = 0; i < BENCH_TREE_FANOUT; i++)
        go(node, parts, first + i * each, each);
    for (uint64_t i = 0; i < BENCH_TREE_FANOUT; i++) {
        chan_recv(parts, &part);
        sum += part;
    }
    chan_free(parts);
    chan_send(up, sum);
}

int main(int argc, char **argv)
{
    uint64_t leaves, samples;

    bench_arguments(argc, argv, &leaves, &samples);
    while (samples-- > 0) {
        chan(uint64_t) top = chan_new(uint64_t);
        uint64_t sum = 0, began = bench_now_ns();

        go(node, top, 0, leaves);
        chan_recv(top, &sum);
        uint64_t ns = bench_now_ns() - began;
        bench_print_tree(ns, sum, bench_peak_bytes());
        chan_free(top);
    }
    return 0;
}
