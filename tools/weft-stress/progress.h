/* SPDX-License-Identifier: MIT */
/* The progress bar: one line on standard error, if that is a terminal. */
#ifndef STRESS_PROGRESS_H
#define STRESS_PROGRESS_H

#include <stdbool.h>

enum { PROGRESS_MS = 100 }; /* between two drawings */

bool progress_is_seen(void);

/* done: from 0 to 1. */
void progress_draw(const char *pattern, double done);

/* Leaves the line as if there had been no bar. */
void progress_erase(void);

#endif
