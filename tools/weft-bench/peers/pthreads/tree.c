/* SPDX-License-Identifier: MIT */
/* A tree of threads: every leaf sends its number up, every node the sum of its children. */
#include "chan.h"
#include "thread.h"
#include "../texts/samples.h"
#include "../../bench.h"

struct node {
    struct chan *up;
    uint64_t first, leaves;
};

static void *node_run(void *node);

static uint64_t node_sum(const struct node *node)
{
    struct node children[BENCH_TREE_FANOUT];
    thread_id threads[BENCH_TREE_FANOUT];
    uint64_t each = node->leaves / BENCH_TREE_FANOUT, sum = 0;
    struct chan parts;

    chan_make(&parts, BENCH_TREE_FANOUT, sizeof(uint64_t));
    for (uint64_t i = 0; i < BENCH_TREE_FANOUT; i++) {
        children[i] = (struct node){&parts, node->first + i * each, each};
        threads[i] = thread_start(node_run, &children[i]);
    }
    for (int i = 0; i < BENCH_TREE_FANOUT; i++)
        sum += chan_recv_word(&parts);
    for (int i = 0; i < BENCH_TREE_FANOUT; i++)
        thread_join(threads[i]);
    chan_drop(&parts);
    return sum;
}

static void *node_run(void *node)
{
    struct node *n = node;

    chan_send_word(n->up, n->leaves == 1 ? n->first : node_sum(n));
    return NULL;
}

int main(int argc, char **argv)
{
    uint64_t leaves, samples;
    struct chan top;

    bench_arguments(argc, argv, &leaves, &samples);
    thread_setup(1);
    chan_make(&top, 1, sizeof(uint64_t));
    while (samples_next(&samples)) {
        struct node root = {&top, 0, leaves};
        uint64_t began = bench_now_ns();
        thread_id thread = thread_start(node_run, &root);
        uint64_t sum = chan_recv_word(&top), ns = bench_now_ns() - began;

        bench_print_tree(ns, sum, bench_peak_bytes());
        thread_join(thread);
    }
    return 0;
}
