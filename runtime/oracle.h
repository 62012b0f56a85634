/* SPDX-License-Identifier: MIT */
/* The one choice oracle: every free choice of the scheduler is a question to it, and there is no
 * question where there is no choice.
 *
 * In production it is silent: the run queue is FIFO without asking, and select draws from a
 * generator of the worker's own. A test, a seed or the explorer installs `choose`, which then
 * answers everything.
 *
 * Not free, and never asked: in which order waiters of one channel, mutex or group are served, and
 * starved threads get stacks (the first come first); who runs when a generator is asked, or yields
 * (it and its consumer are one thread of control); and the order of timers that are due at once. Of
 * these, those of several threads only make them ready, and who of them runs is asked; those of one
 * thread, its deadline and its sleep, have the order in which they were set, as on a real clock the
 * later one would be due later. */
#ifndef WEFT_RUNTIME_ORACLE_H
#define WEFT_RUNTIME_ORACLE_H

#include <stdint.h>

enum weft__choice {
    WEFT__CHOICE_READY,  /* which ready thread runs next, counted from the queue's head */
    WEFT__CHOICE_SELECT, /* which of the ready clauses, counted in the order of the clauses */
    WEFT__CHOICE_TIME,   /* 0: a ready thread runs; 1: the next timer is due before */
};

struct weft_print;

struct weft_oracle {
    uint32_t (*choose)(void *state, uint32_t n, enum weft__choice kind); /* NULL in production */
    void *state;                                                         /* of these functions */
    void (*alone)(void *state); /* or NULL: one thread is ready, and goes on without a choice */
    /* "WEFT_SEED=7": what makes it answer so again; NULL: there is nothing to be said. */
    void (*tell)(const void *state, struct weft_print *out);
    uint32_t jumps;  /* so often more it is asked whether a virtual clock goes on before its time */
    uint64_t random; /* generator of the production choices; never zero */
};

void weft__oracle_init(struct weft_oracle *o, uint64_t seed);

/* A bijection that mixes all bits, so that near numbers give far ones. */
uint64_t weft__oracle_mix(uint64_t x);

/* The generator's answer, whoever is installed. */
uint32_t weft__oracle_draw(struct weft_oracle *o, uint32_t n);

/* One of 0..n-1, n at least 2. */
uint32_t weft__oracle_choose(struct weft_oracle *o, uint32_t n, enum weft__choice kind);

#endif
