/* SPDX-License-Identifier: MIT */
/* A written list of small programs, in each of which something meets something else, to be tried by
 * every schedule. */
#ifndef WEFT_TESTS_MODEL_SCENARIOS_H
#define WEFT_TESTS_MODEL_SCENARIOS_H

#include "program.h"

struct scenario {
    const char *name;
    struct program program;
};

extern const struct scenario scenarios[];
extern const int scenarios_count;

/* Larger ones, some of which have more schedules than anybody could try. */
extern const struct scenario scenarios_large[];
extern const int scenarios_large_count;

#endif
