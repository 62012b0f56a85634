/* SPDX-License-Identifier: MIT */
/* What a program does, by the contract alone: a second implementation that shares nothing with
 * the library, as naive as can be. Threads are program counters, there are no queues of waiters,
 * and whatever can be worked out by looking at everything is never kept.
 *
 * The contract:
 *
 * - Who comes first to a channel is served first. A value goes to one receiver; whoever
 *   completes an operation ends it for both sides at once, so that no deadline or cancellation
 *   comes after it.
 * - A select does one of the clauses that can go, as the oracle says; a closed channel can go,
 *   NULL never. It does not meet itself. Default and timeout as the header says.
 * - A call that may park looks first whether its thread has been cancelled, then whether a
 *   deadline is over, then tries, then parks. Cancellation stays. A shield hides both. Under a
 *   deadline of zero or less it tries and does not park.
 * - Close wakes all who wait.
 * - Time passes only when nobody is ready, and only to the next timer; no timer is early; those
 *   that are due go by their deadlines, then in the order in which they were set.
 * - Ready threads are in the order in which they became so; the oracle is asked who is next when
 *   there are several.
 * - When nothing can ever run, main's call ends with -EDEADLK; a deadline that would end no wait runs
 *   no thread.
 * - Generators, groups, and what is beside channels: see generators.h, groups.h, beside.h.
 *
 * And what the oracle's quantum of one makes of the rule that the scheduler looks outside when a
 * countdown is spent:
 *
 * - Every call that may park is a place to switch and to look at the timers; the others are not.
 *   One that need not park looks, then goes to the tail; one that fails without trying, and a
 *   yield, goes to the tail, then looks.
 *
 * Where the contract is open, this says what weft does: a close wakes receivers before senders. */
#ifndef WEFT_TESTS_MODEL_REFERENCE_H
#define WEFT_TESTS_MODEL_REFERENCE_H

#include "program.h"
#include "trace.h"

/* Chooses as the program says. False: it was too long to be told, or nothing ends it. */
bool reference_run(const struct program *p, struct trace *trace);

#endif
