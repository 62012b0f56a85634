/* SPDX-License-Identifier: MIT */
/* The census of stacks: how deep the threads of each spawn site really went (WEFT_REPORT=stacks).
 *
 * Nothing is painted: a fresh stack is zero, so the lowest word that is not tells how deep it was
 * used, and is searched for when a thread ends. What was used is cleared at both ends of a thread's
 * life, whatever the stack has gone through in between. Frames that hold nothing but zeros are not
 * seen, nor are pages that the system has swapped out: a depth is a lower bound. A worker without a
 * census pays nothing. */
#ifndef WEFT_RUNTIME_CENSUS_H
#define WEFT_RUNTIME_CENSUS_H

#include "runtime/sched.h"

/* From now on the threads that begin are counted. Says so where there can be no census. The process
 * reports at its exit what the worker of the OS thread that exits knows. */
void weft__census_begin(struct weft_worker *w);

/* Prints how deep the threads went that have ended since the last report, and those that live. Says
 * nothing if there are none, or without a census. */
void weft__census_report(struct weft_worker *w, struct weft_print *p);

/* In a fork's child: what was counted is its parent's to report. */
void weft__census_forked(struct weft_worker *w);

/* Reports on standard error, and is freed. */
void weft__census_end(struct weft_worker *w);

#endif
