/* SPDX-License-Identifier: MIT */
/* The soak: all patterns at once in one process, round after round, and some that give up on
 * purpose; afterwards the process holds what it held after the warm-up. */
#ifndef STRESS_SOAK_H
#define STRESS_SOAK_H

#include <stddef.h>
#include <stdint.h>

#include "pattern.h"
#include "run.h"
#include "usage.h"

/* In memory that the process that soaks shares with the one that watches. */
struct soak {
    struct run all; /* its messages and findings are those of all patterns in all rounds */
    size_t patterns;
    size_t rounds;
    size_t rounds_warm; /* of them, until the first look at what the process holds */
    struct usage warm, end;
};

/* What the soak is among the patterns; run is the `all` of a struct soak. */
extern const struct pattern soak_pattern;

void soak_run(struct run *all);

#endif
