/* SPDX-License-Identifier: MIT */
/* Abandoned threads (WEFT_REPORT=deadlocks): those that wait on channels to which nobody can come any
 * more, and those that wait for such, while others go on.
 *
 * They are the greatest set of parked threads without a time limit, of each of which is true: it waits
 * for channels whose creator and known users are in the set or have ended, and whose handles are found
 * nowhere but on the stacks of the set; or it waits for the doing of one thread alone that is in the set.
 *
 * A handle is looked for as a word (and a stack of the set that somebody has a pointer into is looked at as
 * well), in the stacks of all others from where they are to their first
 * frames, in arguments of threads that have not started, in results that nobody has fetched, and in all
 * other memory of the process but the library's own. Found there it may be of no use to anybody, and
 * nothing is reported: what is said is true of every program that keeps handles as they are. Not seen
 * are those that a program has outside of its memory, or keeps in disguise. */
#ifndef WEFT_RUNTIME_ABANDONED_H
#define WEFT_RUNTIME_ABANDONED_H

#include <stdbool.h>

struct weft_worker;

/* The worker's threads are watched from now on; before its first channel and its first thread. */
void weft__abandoned_begin(struct weft_worker *w);

/* Sees to it that the process looks at its exit, if it is asked to. To be called once. */
void weft__abandoned_watch(void);

/* Looks for them, if it is asked to, and tells of those that it has not told of, on standard error. The
 * rest goes on, or does not. */
void weft__abandoned_look(struct weft_worker *w, bool rest_goes_on);

/* Nothing can ever run again: tells of them only if there are others beside them. */
void weft__abandoned_look_last(struct weft_worker *w);

#endif
