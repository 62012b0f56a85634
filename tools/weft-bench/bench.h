/* SPDX-License-Identifier: MIT */
/* What the C and C++ programs of weft-bench share: the work of one sample of each case, the clock,
 * what a program is called with, and the lines that it prints.
 *
 * A program is called WHO-TEXT SIZE SAMPLES and prints a line for each sample, by bench_print().
 * Exit status 0: done; 77: cannot do this case, see bench_cannot(); any other: it failed. */
#ifndef WEFT_BENCH_H
#define WEFT_BENCH_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    BENCH_YIELDS = 2000000,     /* of all threads together */
    BENCH_MESSAGES = 1000000,   /* over one channel */
    BENCH_ROUNDTRIPS = 500000,  /* there and back */
    BENCH_PIPELINE = 10000,     /* values through all stages */
    BENCH_RING_ROUNDS = 100,    /* after one that is not timed */
    BENCH_FANIN_EACH = 100,     /* values from each producer */
    BENCH_SPAWNS = 1000000,     /* one by one */
    BENCH_SPAWNS_WARM = 1000,   /* before them, not timed */
    BENCH_TREE_FANOUT = 10,     /* children of a node of the tree */
    BENCH_GENERATED = 2000000,  /* values from the generator */
    BENCH_DEADLINES = 1000000,  /* armed and cancelled */
    BENCH_SECOND = 1000000000,  /* nanoseconds, and how long a sleeper sleeps */
    BENCH_DEADLINE_SECONDS = 50 /* of a deadline that is cancelled; shorter than all pending */
};

/* The message of 64 bytes: word j of message i holds i + j. */
struct bench_64 {
    uint64_t word[8];
};

static inline struct bench_64 bench_64_make(uint64_t i)
{
    struct bench_64 message = {{i, i + 1, i + 2, i + 3, i + 4, i + 5, i + 6, i + 7}};

    return message;
}

/* What it adds to the checksum. */
static inline uint64_t bench_64_sum(const struct bench_64 *message)
{
    return message->word[0] + message->word[7];
}

/* How often each of n threads yields in the timed region. */
static inline uint64_t bench_yield_rounds(uint64_t n)
{
    return n > BENCH_YIELDS / 10 ? 10 : BENCH_YIELDS / n;
}

/* How many messages are received by a select over n channels. */
static inline uint64_t bench_select_messages(uint64_t n)
{
    return n <= 2 ? 1000000 : n <= 10 ? 500000 : 200000;
}

/* How long the next sleeper of the deadline cases sleeps: 100 to 200 s, at random (splitmix64).
 * *seed begins as 1. */
static inline int64_t bench_pending_ns(uint64_t *seed)
{
    uint64_t x = *seed += 0x9e3779b97f4a7c15;

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return (int64_t)(100 + (x ^ x >> 31) % 100) * BENCH_SECOND +
           (int64_t)((x >> 32) % BENCH_SECOND);
}

static inline uint64_t bench_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * BENCH_SECOND + (uint64_t)now.tv_nsec;
}

/* Ends the program, which has failed: what went wrong, in a few words. */
static inline void bench_fail(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(1);
}

/* Ends the program, which cannot do this case: why not, in one sentence. */
static inline void bench_cannot(const char *why)
{
    fprintf(stderr, "%s\n", why);
    exit(77);
}

static inline void bench_check(int holds, const char *what)
{
    if (!holds)
        bench_fail(what);
}

static inline uint64_t bench_number(int argc, char **argv, int i)
{
    uint64_t number = i < argc ? strtoull(argv[i], NULL, 10) : 1;

    return number > 0 ? number : 1;
}

/* WHO-TEXT SIZE SAMPLES: both at least 1. */
static inline void bench_arguments(int argc, char **argv, uint64_t *size, uint64_t *samples)
{
    *size = bench_number(argc, argv, 1);
    *samples = bench_number(argc, argv, 2);
}

/* One sample: the operations that were timed, how long they took, and a sum of what travelled. */
static inline void bench_print(uint64_t ops, uint64_t ns, uint64_t checksum)
{
    printf("%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", ops, ns, checksum);
    fflush(stdout);
}

/* The sample of a park program. */
static inline void bench_print_park(uint64_t ns, uint64_t checksum, uint64_t bytes_each,
                                    uint64_t mappings)
{
    printf("1 %" PRIu64 " %" PRIu64 " bytes_each=%" PRIu64 " mappings=%" PRIu64 "\n", ns, checksum,
           bytes_each, mappings);
}

/* The sample of the tree program. */
static inline void bench_print_tree(uint64_t ns, uint64_t checksum, uint64_t peak_bytes)
{
    printf("1 %" PRIu64 " %" PRIu64 " peak_bytes=%" PRIu64 "\n", ns, checksum, peak_bytes);
}

/* "VmRSS:" and so on, of this process; 0 if the system does not tell. Call it from main: a green
 * thread's stack may be too small for stdio. */
static inline uint64_t bench_status_bytes(const char *name)
{
    FILE *status = fopen("/proc/self/status", "re");
    uint64_t kib = 0;
    char line[256];

    while (status && fgets(line, sizeof line, status))
        if (strncmp(line, name, strlen(name)) == 0)
            kib = strtoull(line + strlen(name), NULL, 10);
    if (status)
        fclose(status);
    return kib * 1024;
}

/* What the threads of a park program cost: resident bytes, page tables included. */
static inline uint64_t bench_resident_bytes(void)
{
    return bench_status_bytes("VmRSS:") + bench_status_bytes("VmPTE:");
}

static inline uint64_t bench_peak_bytes(void)
{
    return bench_status_bytes("VmHWM:");
}

/* The memory mappings of this process. */
static inline uint64_t bench_mappings(void)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    uint64_t lines = 0;

    for (int c; maps && (c = getc(maps)) != EOF;)
        lines += c == '\n';
    if (maps)
        fclose(maps);
    return lines;
}

#endif
