/* SPDX-License-Identifier: MIT */
/* What is beside channels, by the contract (include/weft/sync.h): mutexes, semaphores, completions.
 *
 * - Who waits is served first come, first served. A mutex or a permit is handed over before the one
 *   who gets it runs: nobody gets ahead, and no deadline or cancellation comes after it.
 * - A completion that is set ends all waits, in the order in which they began, and stays. */
#ifndef WEFT_TESTS_MODEL_BESIDE_H
#define WEFT_TESTS_MODEL_BESIDE_H

#include "actors.h"

/* Of LOCK to AWAIT. */
void call_beside(struct reference *r, struct actor *a, const struct program_op *op);

/* A thread gives back the mutexes that it holds before it returns. */
void unlock_all(struct reference *r, const struct actor *a);

#endif
