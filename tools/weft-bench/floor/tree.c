/* SPDX-License-Identifier: MIT */
#include "chan.h"
#include "late.h"

#include "../bench.h"

enum { ALIVE_MAX = 1000 }; /* ten for each level, so many times more than there are */

struct node {
    struct floor_job job; /* first: the job is the node */
    struct floor_chan *up;
    uint64_t first, leaves;
};

/* Who receives here waits already: it parks before any of its children begins, and when one has
 * sent runs before the next. */
static void send(struct floor_chan *c, uint64_t value)
{
    floor_meet(c)->value = value;
}

static uint64_t receive(struct floor_chan *c)
{
    struct floor_thread self;

    floor_late_await(&c->waiter, &self);
    return self.value;
}

static void node(struct floor_job *job)
{
    struct node *n = (struct node *)job, child[BENCH_TREE_FANOUT];
    uint64_t each = n->leaves / BENCH_TREE_FANOUT, sum = 0;
    struct floor_chan parts;

    if (n->leaves == 1) {
        send(n->up, n->first);
        return;
    }
    for (uint64_t i = 0; i < BENCH_TREE_FANOUT; i++) {
        child[i] = (struct node){{.run = node}, &parts, n->first + i * each, each};
        floor_go(&child[i].job);
    }
    for (uint64_t i = 0; i < BENCH_TREE_FANOUT; i++)
        sum += receive(&parts);
    send(n->up, sum);
}

int main(int argc, char **argv)
{
    uint64_t leaves, samples;

    bench_arguments(argc, argv, &leaves, &samples);
    floor_init(ALIVE_MAX);
    while (samples-- > 0) {
        struct floor_chan top;
        struct node root = {{.run = node}, &top, 0, leaves};
        uint64_t began = bench_now_ns(), sum;

        floor_go(&root.job);
        sum = receive(&top);
        bench_print_tree(bench_now_ns() - began, sum, bench_peak_bytes());
    }
    return 0;
}
