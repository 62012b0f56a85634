/* SPDX-License-Identifier: MIT */
/* The life of a worker: made by the first call from an OS thread, ended with that OS thread. */
#ifndef WEFT_RUNTIME_WORKER_H
#define WEFT_RUNTIME_WORKER_H

struct weft_worker;

/* Frees the calling OS thread's worker with everything parked on it. Its root is running. */
void weft__worker_end(struct weft_worker *w);

#endif
