/* SPDX-License-Identifier: MIT */
/* The one choice oracle: every free choice of the scheduler is a question to it, and there is no
 * question where there is no choice.
 *
 * In production it is silent: the run queue is FIFO without asking, and select draws from a
 * generator of the worker's own. A test installs `choose`, which then answers everything. */
#ifndef WEFT_RUNTIME_ORACLE_H
#define WEFT_RUNTIME_ORACLE_H

#include <stdint.h>

enum weft__choice {
    WEFT__CHOICE_READY,  /* which ready thread runs next, counted from the queue's head */
    WEFT__CHOICE_SELECT, /* which of the ready clauses, counted in the order of the clauses */
};

struct weft_oracle {
    uint32_t (*choose)(void *state, uint32_t n, enum weft__choice kind); /* NULL in production */
    void *state;                                                         /* for choose */
    uint64_t random; /* generator of the production choices; never zero */
};

void weft__oracle_init(struct weft_oracle *o, uint64_t seed);

/* One of 0..n-1, n at least 2. */
uint32_t weft__oracle_choose(struct weft_oracle *o, uint32_t n, enum weft__choice kind);

#endif
