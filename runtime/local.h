/* SPDX-License-Identifier: MIT */
/* Thread-local values, where threads and workers end. */
#ifndef WEFT_RUNTIME_LOCAL_H
#define WEFT_RUNTIME_LOCAL_H

#include <stdint.h>

struct weft_control;
struct weft_thread;

/* A thread's values, by the index of their keys: as many as its keys have needed so far. */
struct weft_locals {
    uint32_t size;
    void *values[]; /* the one at index 0 is nobody's, and NULL */
};

/* Destroys the values of the running thread, whose control block this is, if it has any. It may
 * park, and have others later. */
void weft__locals_end(struct weft_control *c);

/* Frees what a thread that will not return has of them; calls no destructor. */
void weft__locals_drop(struct weft_thread *t);

#endif
