/* SPDX-License-Identifier: MIT */
/* WEFT_SEED: a seeded generator answers every free choice, so that a run can be had again. */
#ifndef WEFT_RUNTIME_SEED_H
#define WEFT_RUNTIME_SEED_H

#include <stdbool.h>
#include <stdint.h>

#include "oracle.h"

struct weft_worker;

/* The main OS thread's answers come of the seed itself. Those of other OS threads, which come in what
 * order they like, of the seed and their number, and those of a fork's child of its parent's seed
 * and how often that had forked. */
struct weft_seed {
    bool is_on;
    uint64_t given;   /* WEFT_SEED */
    uint64_t own;     /* what this worker makes of it */
    uint32_t forks;   /* of this OS thread, so far */
    uint64_t choices; /* answered so far */
    uint64_t hash;    /* of all numbers and answers, in order */
    struct weft_oracle generator;
};

/* Reads WEFT_SEED, for the calling OS thread. */
void weft__seed_init(struct weft_seed *s);

/* Makes it the worker's oracle. */
void weft__seed_install(struct weft_worker *w);

/* In a fork's child, whose choices begin anew. */
void weft__seed_forked(struct weft_seed *s);

#endif
