/* SPDX-License-Identifier: MIT */
/* n threads wait to receive from one channel: how long it takes, and what each costs in memory. One
 * sample only, in a process that has started none before. */
#include "chan.h"
#include "thread.h"
#include "../../bench.h"

static struct chan channel;

static void *receive(void *unused)
{
    (void)unused;
    return (void *)(uintptr_t)chan_recv_word(&channel);
}

static uint64_t park(thread_id *threads, uint64_t n)
{
    uint64_t began = bench_now_ns();

    for (uint64_t i = 0; i < n; i++)
        threads[i] = thread_start(receive, NULL);
    while (chan_waiting(&channel) < n)
        thread_yield();
    return bench_now_ns() - began;
}

static uint64_t wake(thread_id *threads, uint64_t n)
{
    uint64_t sum = 0;

    for (uint64_t i = 0; i < n; i++)
        chan_send_word(&channel, i);
    for (uint64_t i = 0; i < n; i++)
        sum += (uintptr_t)thread_join(threads[i]);
    return sum;
}

int main(int argc, char **argv)
{
    uint64_t n, samples;

    bench_arguments(argc, argv, &n, &samples);
    thread_setup(n);
    thread_id *threads = malloc(n * sizeof *threads);
    bench_check(threads != NULL, "no memory");
    memset(threads, 0, n * sizeof *threads); /* resident before the first measurement */
    chan_make(&channel, n, sizeof(uint64_t));
    uint64_t resident = bench_resident_bytes(), ns = park(threads, n);
    uint64_t bytes_each = (bench_resident_bytes() - resident) / n, mappings = bench_mappings();

    bench_print_park(ns, wake(threads, n), bytes_each, mappings);
    return 0;
}
