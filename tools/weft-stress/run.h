/* SPDX-License-Identifier: MIT */
/* One run of one pattern: what it is to do, what came out, and what all patterns do alike. */
#ifndef STRESS_RUN_H
#define STRESS_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft.h>

#include "check.h"
#include "quota.h"

enum { RUN_EXIT_REFUSED = 3 }; /* the status of a process that was refused memory, and said why */

/* It lies in memory that the process running the pattern shares with the one that watches. */
struct run {
    size_t threads; /* green threads, beside main */
    uint64_t seed;
    size_t stack_bytes; /* of address space that each stack takes */
    struct quota quota;
    struct check check;

    uint64_t messages;   /* out: how many were received, all checked */
    uint64_t broken_off; /* calls, groups and generators that were, on purpose */
    int64_t end_ns;
    uint64_t resident_before;
    uint64_t resident_alive; /* while all threads were alive; 0: not measured yet */
    bool is_over;            /* the pattern came to its end */

    /* The gate: threads park at it until all of them are there. */
    size_t arrived;
    chan(bool) all_arrived;
    chan(bool) opened;
};

/* Before the first thread: the stacks of so many that are parked at once are made ready. */
void run_begin(struct run *r, size_t parked);

/* In a thread that would start to send: waits until main opens the gate. */
void run_enter(struct run *r);

/* In a thread that will park of itself, for it has to receive first. */
void run_arrive(struct run *r);

/* In main: when all threads have come to one or the other and are parked, measures memory,
 * starts the clock and opens the gate. */
void run_open(struct run *r);

/* The same for patterns without a gate, in pieces. All threads are alive now: */
void run_measure(struct run *r);

/* After the last value was received and the last thread has ended: the clock stops. */
void run_end(struct run *r, uint64_t messages);

/* x, unless it is NULL: then the machine refused something, and the process ends with a sentence
 * that says which limit that was. */
#define run_need(r, x)                 \
    __extension__({                    \
        __auto_type run_need_x_ = (x); \
        if (!run_need_x_)              \
            run_refused(r);            \
        run_need_x_;                   \
    })
__attribute__((noreturn, cold)) void run_refused(const struct run *r);

/* Zeroed memory for n objects of that size. */
void *run_memory(struct run *r, size_t n, size_t size);

/* n channels, to be freed together. */
chan(uint64_t) *run_channels(struct run *r, size_t n);
void run_free_channels(chan(uint64_t) *channels, size_t n);

/* Joins a thread: its result. */
uint64_t run_join(struct run *r, task(uint64_t) t);

/* The next of a sequence of random numbers whose state is *seed, by splitmix64 (Steele, Lea and
 * Flood, "Fast splittable pseudorandom number generators", 2014). */
uint64_t run_random(uint64_t *seed);

#endif
