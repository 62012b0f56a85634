/* SPDX-License-Identifier: MIT */
/* How many samples a program takes. */
#ifndef WEFT_BENCH_PEERS_SAMPLES_H
#define WEFT_BENCH_PEERS_SAMPLES_H

#include <stdbool.h>

#include "../../bench.h"

enum { SAMPLES_SECONDS = 10 };

/* Whether to take one more of the *samples that are left. A program that has run for so long already
 * takes no more, or the slowest peers would decide how long a run is. */
static inline bool samples_next(uint64_t *samples)
{
    static uint64_t began;

    if (began == 0)
        began = bench_now_ns();
    else if (bench_now_ns() - began > (uint64_t)SAMPLES_SECONDS * BENCH_SECOND)
        return false;
    return (*samples)-- > 0;
}

#endif
