/* SPDX-License-Identifier: MIT */
/* What a thread is doing, in the words of a report. */
#ifndef WEFT_RUNTIME_DOING_H
#define WEFT_RUNTIME_DOING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backtrace.h"
#include "runtime/print.h"

struct weft_registers;
struct weft_thread;
struct weft_worker;

/* In the order in which a report has them. */
enum weft__doing {
    WEFT__DOING_RUN,       /* at most one */
    WEFT__DOING_PARKED,    /* waits for something */
    WEFT__DOING_READY,     /* has run, and will */
    WEFT__DOING_STARVED,   /* waits for a stack */
    WEFT__DOING_UNSTARTED, /* is still to be run */
    WEFT__DOING_SUSPENDED, /* a generator's body between two values, or before the first */
    WEFT__DOING_DONE,      /* waits to be joined */
    WEFT__DOINGS,
};

extern const char *const weft__doing_names[WEFT__DOINGS];

enum weft__doing weft__doing(const struct weft_worker *w, const struct weft_thread *t);

/* How a report sees a worker, and where it goes. The running thread may be parked already: then it
 * looks for the next one, or waits for it, or was interrupted there. */
struct weft_view {
    const struct weft_worker *worker;
    const struct weft_registers *here; /* the running thread's, or NULL */
    struct weft_print *out;
    bool has_frames; /* a frame was printed */
};

/* The frames of a thread, as weft__backtrace_trim stores and counts them: none without a stack. */
size_t weft__view_frames(const struct weft_view *v, const struct weft_thread *t,
                         uintptr_t frames[WEFT__BACKTRACE_RAW], size_t *all);

/* "thread 3 (worker at main.c:12): receiving from channel 0x1234 (made at main.c:9), for 1.50 s" */
void weft__view_thread(struct weft_view *v, const struct weft_thread *t);

/* The lines of its backtrace, if it has a stack. */
void weft__view_backtrace(struct weft_view *v, const struct weft_thread *t);

/* If there were frames: what makes lines of their offsets. */
void weft__view_hint(struct weft_view *v);

#endif
