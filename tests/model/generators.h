/* SPDX-License-Identifier: MIT */
/* What generators do, by the contract (include/weft/gen.h):
 *
 * - The body runs from the first next on, and whenever it is asked for a value; the consumer waits
 *   until it has yielded or returned. In between it is a thread like others, which may park, and
 *   the consumer then waits on.
 * - A body whose value was taken is suspended, which nothing but the next call or the close ends.
 *   One whose consumer has gone waits with its value, which its own deadlines end.
 * - What is sent reaches the yield that the body waits in, or the next one if it is busy.
 * - Close ends a body that has not run, resumes one that waits in a yield with -EPIPE, and cancels
 *   any other, whose yields then give -EPIPE; it waits for the end whatever comes. */
#ifndef WEFT_TESTS_MODEL_GENERATORS_H
#define WEFT_TESTS_MODEL_GENERATORS_H

#include "actors.h"

void call_gen(const struct reference *r, struct actor *a, struct actor *body);

/* Of NEXT, EACH and ASK. */
void call_next(struct reference *r, struct actor *a, const struct program_op *op);

void call_finish(struct reference *r, struct actor *a, const struct program_op *op);

/* Of GIVE and GIVE_TAKE. */
void call_give(struct reference *r, struct actor *a, const struct program_op *op);

/* The call of a consumer is over. */
void end_next(struct reference *r, struct actor *a, const struct program_op *op);

/* The body has returned. */
void end_body(struct reference *r, struct actor *body);

#endif
