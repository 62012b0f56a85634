/* SPDX-License-Identifier: MIT */
/* What every thread of a worker is doing, on demand. */
#ifndef WEFT_RUNTIME_DUMP_H
#define WEFT_RUNTIME_DUMP_H

struct weft_registers;
struct weft_worker;

/* Writes it to a descriptor. By this worker's OS thread only, also by a signal handler of it. */
void weft__dump(struct weft_worker *w, int fd);

/* The same, where the running thread's registers are known: a handler's, which interrupted it. */
void weft__dump_from(struct weft_worker *w, int fd, const struct weft_registers *here);

#endif
