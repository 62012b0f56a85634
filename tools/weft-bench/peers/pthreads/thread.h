/* SPDX-License-Identifier: MIT */
/* Threads of the system. */
#ifndef WEFT_BENCH_PTHREADS_THREAD_H
#define WEFT_BENCH_PTHREADS_THREAD_H

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "../../bench.h"

enum { THREAD_STACK_BYTES = 64 * 1024 };

typedef pthread_t thread_id;

static pthread_attr_t thread_attributes;
static uint64_t thread_limit;
static atomic_uint_fast64_t thread_count; /* started and not joined */

/* A setting below /proc/sys. */
static inline uint64_t thread_setting(const char *path)
{
    FILE *file = fopen(path, "re");
    uint64_t value = 0;

    bench_check(file && fscanf(file, "%" SCNu64, &value) == 1, path);
    fclose(file);
    return value;
}

static inline void thread_refuse(uint64_t count, const char *why)
{
    char sentence[200];

    snprintf(sentence, sizeof sentence, "%" PRIu64 " threads at a time are too many: %s.", count,
             why);
    bench_cannot(sentence);
}

/* For so many threads at a time. They take at most three quarters of the system's process numbers:
 * whoever took all would stop every other program from starting one. */
static inline void thread_setup(uint64_t threads)
{
    thread_limit = thread_setting("/proc/sys/kernel/pid_max") / 4 * 3;
    if (threads > thread_limit)
        thread_refuse(threads, "more than three quarters of kernel.pid_max");
    pthread_attr_init(&thread_attributes);
    pthread_attr_setstacksize(&thread_attributes, THREAD_STACK_BYTES);
}

/* Why one more could not be started; a stack and its guard are two mappings. */
static inline const char *thread_limit_reached(void)
{
    return bench_mappings() + 2 > thread_setting("/proc/sys/vm/max_map_count")
               ? "their stacks reach vm.max_map_count"
               : "the system has no more (kernel.threads-max, ulimit -u, memory)";
}

static inline thread_id thread_start(void *(*function)(void *), void *argument)
{
    uint64_t count = atomic_fetch_add(&thread_count, 1) + 1;
    thread_id thread;

    if (count > thread_limit)
        thread_refuse(count, "more than three quarters of kernel.pid_max");
    if (pthread_create(&thread, &thread_attributes, function, argument) != 0)
        thread_refuse(count, thread_limit_reached());
    return thread;
}

static inline void *thread_join(thread_id thread)
{
    void *result;

    bench_check(pthread_join(thread, &result) == 0, "a thread cannot be joined");
    atomic_fetch_sub(&thread_count, 1);
    return result;
}

static inline void thread_yield(void)
{
    sched_yield();
}

static inline void thread_sleep_ns(int64_t ns)
{
    struct timespec time = {ns / BENCH_SECOND, ns % BENCH_SECOND};

    nanosleep(&time, NULL);
}

#endif
