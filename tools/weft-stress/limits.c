/* SPDX-License-Identifier: MIT */
#include "limits.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "memory.h"

enum {
    LIMITS_SENTENCE_BYTES = 512,
    LIMITS_AMOUNT_BYTES = 32,
    LIMITS_SLACK_BYTES = 16 * 1024 * 1024, /* the program itself, heap and tables */
    LIMITS_SLACK_MAPPINGS = 64,
};

#define LIMITS_PROCESSOR_BYTES ((uint64_t)1 << 47)

/* No stdio: the caller may be a green thread on a small stack, or out of memory. */
__attribute__((format(printf, 1, 2))) static void limits_say(const char *format, ...)
{
    char sentence[LIMITS_SENTENCE_BYTES];
    va_list values;
    int size;

    va_start(values, format);
    size = vsnprintf(sentence, sizeof sentence, format, values);
    va_end(values);
    if (size >= (int)sizeof sentence)
        size = (int)sizeof sentence - 1;
    if (size > 0 && write(STDERR_FILENO, sentence, (size_t)size) < 0)
        return; /* nobody is left to be told */
}

/* "43.0 GB" */
static const char *limits_amount(char out[LIMITS_AMOUNT_BYTES], uint64_t bytes)
{
    if (bytes >= 1000000000000)
        snprintf(out, LIMITS_AMOUNT_BYTES, "%.1f TB", (double)bytes / 1e12);
    else if (bytes >= 1000000000)
        snprintf(out, LIMITS_AMOUNT_BYTES, "%.1f GB", (double)bytes / 1e9);
    else
        snprintf(out, LIMITS_AMOUNT_BYTES, "%.1f MB", (double)bytes / 1e6);
    return out;
}

/* A page with the top of its stack, its record, and its part of the page tables and of the heap. */
static uint64_t limits_thread_bytes(void)
{
    uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);

    return page_bytes + page_bytes / 20;
}

static uint64_t limits_times(uint64_t a, uint64_t b)
{
    uint64_t product;

    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

bool limits_allow(size_t threads)
{
    uint64_t need = limits_times(threads, limits_thread_bytes()), have = memory_available();
    char needed[LIMITS_AMOUNT_BYTES], had[LIMITS_AMOUNT_BYTES];

    if (need <= have)
        return true;
    limits_say("weft-stress: memory is the limit: %zu threads need about %s of it (%.1f KB each), "
               "and %s can be had: give the machine, or this process's control group, more, or "
               "take fewer threads\n",
               threads, limits_amount(needed, need), (double)limits_thread_bytes() / 1e3,
               limits_amount(had, have));
    return false;
}

static bool limits_explain_processor(size_t threads, size_t stack_bytes)
{
    uint64_t need = limits_times(threads, stack_bytes);
    char needed[LIMITS_AMOUNT_BYTES], had[LIMITS_AMOUNT_BYTES];

    if (need < LIMITS_PROCESSOR_BYTES)
        return false;
    limits_say("weft-stress: address space is the limit: the stacks of %zu threads take %s of it "
               "(%zu KiB each), and a process has %s on common processors: take fewer threads or "
               "smaller stacks (--stack)\n",
               threads, limits_amount(needed, need), stack_bytes / 1024,
               limits_amount(had, LIMITS_PROCESSOR_BYTES));
    return true;
}

/* A limit of the process on its address space, if that is too small. */
static bool limits_explain_space(size_t threads, size_t stack_bytes, struct rlimit limit,
                                 const char *letter)
{
    uint64_t need = limits_times(threads, stack_bytes);
    char needed[LIMITS_AMOUNT_BYTES], had[LIMITS_AMOUNT_BYTES];

    if (limit.rlim_cur == RLIM_INFINITY ||
        (need <= limit.rlim_cur && memory_mapped() + LIMITS_SLACK_BYTES <= limit.rlim_cur))
        return false;
    limits_say(
        "weft-stress: address space is the limit: the stacks of %zu threads take %s of it "
        "(%zu KiB each), and all of this process may take %s: raise it by `ulimit -%s unlimited`, "
        "or take fewer threads or smaller stacks (--stack)\n",
        threads, limits_amount(needed, need), stack_bytes / 1024,
        limits_amount(had, limit.rlim_cur), letter);
    return true;
}

static bool limits_explain_mappings(size_t threads)
{
    uint64_t have = memory_mappings(), most = memory_mappings_max();

    if (most == UINT64_MAX || have + LIMITS_SLACK_MAPPINGS < most)
        return false;
    limits_say("weft-stress: the number of mappings is the limit: %" PRIu64 " of at most %" PRIu64
               " are in use, because a guard page made by mprotect costs two: raise it by `sysctl "
               "-w vm.max_map_count=%" PRIu64 "`, use Linux 6.13 or later, whose guard pages cost "
               "none, or take fewer threads\n",
               have, most, 2 * (uint64_t)threads + 1000);
    return true;
}

static bool limits_explain_overcommit(void)
{
    if (memory_overcommit() != 2)
        return false;
    limits_say("weft-stress: promised memory is the limit, since vm.overcommit_memory is 2: raise "
               "vm.overcommit_ratio, set `sysctl -w vm.overcommit_memory=0`, or take fewer threads "
               "or smaller stacks (--stack)\n");
    return true;
}

void limits_explain(size_t threads, size_t stack_bytes)
{
    struct rlimit space = {RLIM_INFINITY, RLIM_INFINITY}, data = space;

    getrlimit(RLIMIT_AS, &space);
    getrlimit(RLIMIT_DATA, &data);
    if (limits_explain_mappings(threads) || limits_explain_processor(threads, stack_bytes) ||
        limits_explain_space(threads, stack_bytes, space, "v") ||
        limits_explain_space(threads, stack_bytes, data, "d") || limits_explain_overcommit() ||
        !limits_allow(threads))
        return;
    limits_say(
        "weft-stress: the system refused memory for %zu threads, and none of the limits known "
        "here tells why (ulimit -v, ulimit -d, vm.max_map_count, vm.overcommit_memory, free "
        "memory): take fewer threads\n",
        threads);
}
