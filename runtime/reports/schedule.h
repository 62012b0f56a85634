/* SPDX-License-Identifier: MIT */
/* Which schedule a run had, where that was chosen (WEFT_SEED, weft_explore) and the run has failed. */
#ifndef WEFT_RUNTIME_SCHEDULE_H
#define WEFT_RUNTIME_SCHEDULE_H

/* Sees to it that this process, if a signal for failures ends it, or if it exits with a status other
 * than 0, says so. */
void weft__schedule_watch(void);

/* "weft: this run's schedule: WEFT_SEED=7 (...)", once, and only if there is something to be said.
 * For handlers, too. */
void weft__schedule_tell(void);

#endif
