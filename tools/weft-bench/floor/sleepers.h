/* SPDX-License-Identifier: MIT */
/* n threads that sleep for a second. All sleep equally long, so who is due first is in front: the
 * sleepers are a plain array. */
#ifndef WEFT_FLOOR_SLEEPERS_H
#define WEFT_FLOOR_SLEEPERS_H

#include <sys/prctl.h>

#include "floor.h"

#include "../bench.h"

struct sleeper {
    struct floor_thread *thread;
    uint64_t deadline_ns;
};

static struct sleeper *sleepers, *sleepers_first, *sleepers_end;
static uint64_t slept;

static void sleepers_wake(uint64_t now)
{
    while (sleepers_first < sleepers_end && sleepers_first->deadline_ns <= now)
        floor_push(&floor_run, sleepers_first++->thread);
}

static void sleeper(struct floor_thread *start)
{
    struct floor_thread self;
    uint64_t now = bench_now_ns();

    (void)start;
    *sleepers_end++ = (struct sleeper){&self, now + BENCH_SECOND};
    sleepers_wake(now);
    floor_park(&self);
    slept++;
    floor_end();
}

static void sleepers_wait(void)
{
    struct timespec until = {
        .tv_sec = (time_t)(sleepers_first->deadline_ns / BENCH_SECOND),
        .tv_nsec = (long)(sleepers_first->deadline_ns % BENCH_SECOND),
    };

    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

/* Prints by how much it takes longer than the second. */
static void sleepers_run(uint64_t n)
{
    uint64_t began = bench_now_ns();

    for (uint64_t i = 0; i < n; i++)
        floor_start(sleeper, 0);
    while (sleepers_first < sleepers_end) {
        sleepers_wait();
        sleepers_wake(bench_now_ns());
        floor_yield();
    }
    bench_print(1, bench_now_ns() - began - BENCH_SECOND, slept);
}

static void sleepers_init(uint64_t n)
{
    floor_init(n);
    sleepers = sleepers_first = sleepers_end = calloc(n, sizeof *sleepers);
    bench_check(sleepers != NULL, "no memory");
    prctl(PR_SET_TIMERSLACK, 1UL);
}

#endif
