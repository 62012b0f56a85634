/* SPDX-License-Identifier: MIT */
/* Threads of State Threads, on its default stacks of 64 KiB, which it never gives back. */
#ifndef WEFT_BENCH_ST_THREAD_H
#define WEFT_BENCH_ST_THREAD_H

#include <st.h>

#include "../../bench.h"

typedef st_thread_t thread_id;

static inline void thread_setup(uint64_t threads)
{
    (void)threads;                     /* there is no limit but memory */
    st_set_eventsys(ST_EVENTSYS_POLL); /* cheaper than its default, select(2) */
    bench_check(st_init() == 0, "State Threads does not start");
}

static inline thread_id thread_start(void *(*function)(void *), void *argument)
{
    st_thread_t thread = st_thread_create(function, argument, 1, 0);

    if (!thread)
        bench_cannot("State Threads has no memory for so many stacks.");
    return thread;
}

/* One that is not joined. */
static inline void thread_go(void *(*function)(void *), void *argument)
{
    if (!st_thread_create(function, argument, 0, 0))
        bench_cannot("State Threads has no memory for so many stacks.");
}

static inline void *thread_join(thread_id thread)
{
    void *result;

    bench_check(st_thread_join(thread, &result) == 0, "a thread cannot be joined");
    return result;
}

/* The only yield that it has: a sleep, which ends when all threads sleep and the system was asked. */
static inline void thread_yield(void)
{
    st_usleep(0);
}

static inline void thread_sleep_ns(int64_t ns)
{
    st_usleep((st_utime_t)ns / 1000);
}

#endif
