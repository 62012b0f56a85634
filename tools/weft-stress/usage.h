/* SPDX-License-Identifier: MIT */
/* What a process holds of the system: after a soak it must be what it was after the warm-up. */
#ifndef STRESS_USAGE_H
#define STRESS_USAGE_H

#include <stdint.h>

#include "check.h"

enum {
    USAGE_SLACK_PAGES = 16,
    USAGE_SLACK_MAPPINGS = 2, /* a heap that shrinks and grows may come to lie in several */
};

struct usage {
    uint64_t resident_bytes; /* anonymous memory; what malloc can give back it has given back */
    uint64_t mappings;
    uint64_t descriptors;
    uint64_t os_threads;
};

/* Of this process, now. */
struct usage usage_now(void);

/* Nothing has come to it beyond the slack. Where a sanitizer takes memory for
 * itself, memory is not compared, nor mappings. */
void usage_compare(struct check *c, const struct usage *before, const struct usage *after);

#endif
