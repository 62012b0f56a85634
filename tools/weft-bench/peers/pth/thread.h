/* SPDX-License-Identifier: MIT */
/* Threads of GNU Pth, on its default stacks of 64 KiB. */
#ifndef WEFT_BENCH_PTH_THREAD_H
#define WEFT_BENCH_PTH_THREAD_H

#include <pth.h>

#include "../../bench.h"

/* Every switch looks through all threads that wait, and a thread that becomes ready passes those that
 * are. The programs that switch for every operation are built with a lower bound. */
#ifndef THREADS_MAX
#define THREADS_MAX 10000
#endif

typedef pth_t thread_id;

static inline void thread_setup(uint64_t threads)
{
    if (threads > THREADS_MAX)
        bench_cannot(
            "Every switch of GNU Pth looks through all threads: with so many, it takes minutes.");
    bench_check(pth_init(), "GNU Pth does not start");
}

static inline thread_id thread_start(void *(*function)(void *), void *argument)
{
    pth_t thread = pth_spawn(PTH_ATTR_DEFAULT, function, argument);

    if (!thread)
        bench_cannot("GNU Pth has no memory for so many stacks.");
    return thread;
}

static inline void *thread_join(thread_id thread)
{
    void *result;

    bench_check(pth_join(thread, &result), "a thread cannot be joined");
    return result;
}

static inline void thread_yield(void)
{
    pth_yield(NULL);
}

static inline void thread_sleep_ns(int64_t ns)
{
    pth_usleep((unsigned)(ns / 1000));
}

#endif
