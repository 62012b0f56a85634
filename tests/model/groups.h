/* SPDX-License-Identifier: MIT */
/* What groups do, by the contract (include/weft/group.h):
 *
 * - While as many members run as may, who starts another waits, first come, first served; a place
 *   is handed over before the one who gets it runs, and counts until that has started its member.
 * - The first result other than 0 is the group's, and cancels it: the members, and for good all
 *   starts, those that wait too.
 * - A wait ends when there is neither a member nor a place that was handed over. A cancellation
 *   does not end it, but cancels the group, and so reaches groups within groups.
 *
 * Where the contract is open, this says what weft does: a member for which there was a place when
 * the group was cancelled starts all the same, cancelled; members are cancelled in the order in which
 * they were started, and those of groups within the group after all of these. */
#ifndef WEFT_TESTS_MODEL_GROUPS_H
#define WEFT_TESTS_MODEL_GROUPS_H

#include "actors.h"

void call_go(struct reference *r, struct actor *a, const struct program_op *op);
void call_group_wait(struct reference *r, struct actor *a, const struct program_op *op);
void call_group_cancel(struct reference *r, struct actor *a, const struct program_op *op);

/* The calls are over. */
void end_go(struct reference *r, struct actor *a, const struct program_op *op);
void end_group_wait(const struct reference *r, struct actor *a, const struct program_op *op);

/* A member has returned. */
void end_member(struct reference *r, struct actor *member);

void group_cancel(struct reference *r, int group);

#endif
