/* SPDX-License-Identifier: MIT */
#include "floor.h"

#include "../bench.h"

static struct floor_ring receivers;
static uint64_t sum;

static void receive(struct floor_thread *start)
{
    struct floor_thread self;

    (void)start;
    floor_push(&receivers, &self);
    floor_park(&self);
    sum += self.value;
    floor_end();
}

static uint64_t park(uint64_t n)
{
    uint64_t began = bench_now_ns();

    for (uint64_t i = 0; i < n; i++)
        floor_start(receive, 0);
    return bench_now_ns() - began;
}

static void wake(uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        struct floor_thread *receiver = floor_pop(&receivers);

        receiver->value = i;
        floor_push(&floor_run, receiver);
    }
    floor_join();
}

int main(int argc, char **argv)
{
    uint64_t n, samples;

    bench_arguments(argc, argv, &n, &samples);
    uint64_t resident = bench_resident_bytes();
    floor_init(n);
    floor_ring_init(&receivers, n);
    uint64_t ns = park(n);
    uint64_t bytes_each = (bench_resident_bytes() - resident) / n, mappings = bench_mappings();
    wake(n);
    bench_print_park(ns, sum, bytes_each, mappings);
    return 0;
}
