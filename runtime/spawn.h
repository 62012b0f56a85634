/* SPDX-License-Identifier: MIT */
/* Starting a thread, and running it to its end. */
#ifndef WEFT_RUNTIME_SPAWN_H
#define WEFT_RUNTIME_SPAWN_H

#include <string.h>

#include "sched.h"

/* Runs the function of a control block's thread and ends the record; see struct weft_worker. */
struct weft_control *weft__thread_run(struct weft_worker *w, struct weft_control *c);

/* A joiner takes the result with it, and the record is free. */
static inline void weft__thread_deliver(struct weft_worker *w, struct weft_thread *t, void *into,
                                        size_t size)
{
    if (WEFT__LIKELY(into && size == sizeof(uint64_t)))
        memcpy(into, &t->does.word, sizeof(uint64_t));
    else if (into)
        memcpy(into, &t->does.word, size);
    weft__thread_free(&w->threads, t);
}

#endif
