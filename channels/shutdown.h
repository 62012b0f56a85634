/* SPDX-License-Identifier: MIT */
/* How everything of a worker's is ended. */
#ifndef WEFT_CHANNELS_SHUTDOWN_H
#define WEFT_CHANNELS_SHUTDOWN_H

#include <stddef.h>

struct weft_worker;

/* Cancels all threads but the root and generators' bodies; how many of them have not ended. */
size_t weft__cancel_threads(struct weft_worker *w);

/* Ends all threads but the root, which calls this, and all generators' bodies; then frees generators,
 * tasks, groups and channels. 0, or the code that ended the wait: nothing is freed then. */
int weft__end_made(struct weft_worker *w);

#endif
