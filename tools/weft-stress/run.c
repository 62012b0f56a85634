/* SPDX-License-Identifier: MIT */
#include "run.h"

#include <stdlib.h>

#include "limits.h"
#include "memory.h"

void run_refused(const struct run *r)
{
    limits_explain(r->threads, r->stack_bytes);
    exit(RUN_EXIT_REFUSED);
}

void *run_memory(struct run *r, size_t n, size_t size)
{
    return run_need(r, calloc(n, size));
}

void run_begin(struct run *r, size_t parked)
{
    r->resident_before = memory_resident();
    if (weft_reserve(parked) != 0)
        run_refused(r);
    r->all_arrived = run_need(r, chan_new(bool));
    r->opened = run_need(r, chan_new(bool));
}

void run_arrive(struct run *r)
{
    if (++r->arrived == r->threads)
        chan_close(r->all_arrived); /* main runs when this thread has parked */
}

void run_enter(struct run *r)
{
    run_arrive(r);
    chan_recv(r->opened, NULL);
}

void run_open(struct run *r)
{
    chan_recv(r->all_arrived, NULL);
    run_measure(r);
    quota_begin(&r->quota);
    chan_close(r->opened);
}

void run_measure(struct run *r)
{
    if (r->resident_alive == 0)
        r->resident_alive = memory_resident();
}

void run_end(struct run *r, uint64_t messages)
{
    r->end_ns = quota_now();
    r->messages = messages;
    chan_free(r->all_arrived);
    chan_free(r->opened);
    r->is_over = true;
}

chan(uint64_t) *run_channels(struct run *r, size_t n)
{
    chan(uint64_t) *channels = run_memory(r, n, sizeof *channels);

    for (size_t i = 0; i < n; i++)
        channels[i] = run_need(r, chan_new(uint64_t));
    return channels;
}

void run_free_channels(chan(uint64_t) *channels, size_t n)
{
    for (size_t i = 0; i < n; i++)
        chan_free(channels[i]);
    free(channels);
}

uint64_t run_join(struct run *r, task(uint64_t) t)
{
    uint64_t result = 0;
    int error = task_join(t, &result);

    if (error != 0)
        check_fail(&r->check, "task_join returned %d", error);
    return result;
}

uint64_t run_random(uint64_t *seed)
{
    uint64_t z = *seed += 0x9e3779b97f4a7c15;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}
