/* SPDX-License-Identifier: MIT */
/* The processor's own counter, which the system's clock is made from. */
#ifndef WEFT_FLOOR_TICKS_H
#define WEFT_FLOOR_TICKS_H

#include "../bench.h"

enum { TICKS_MEASURED_NS = 10000000 };

static inline uint64_t ticks_now(void)
{
#if defined __x86_64__
    return __builtin_ia32_rdtsc();
#elif defined __aarch64__
    uint64_t now;

    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(now));
    return now;
#else
    return bench_now_ns();
#endif
}

/* How many there are in a second, nearly. */
static inline uint64_t ticks_per_second(void)
{
    uint64_t began_ns = bench_now_ns(), began = ticks_now(), ns;

    while ((ns = bench_now_ns() - began_ns) < TICKS_MEASURED_NS)
        ;
    return (ticks_now() - began) * BENCH_SECOND / ns;
}

#endif
