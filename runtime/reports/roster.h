/* SPDX-License-Identifier: MIT */
/* The process's workers and their OS threads, for signals that concern them all: a fixed table, so
 * that a handler can walk it without a lock. Those beyond its size are not in it. */
#ifndef WEFT_RUNTIME_ROSTER_H
#define WEFT_RUNTIME_ROSTER_H

#include <sys/types.h>

struct weft_worker;

enum { WEFT__SEATS = 256 };

struct weft_seat {
    pid_t tid;                  /* of the OS thread; 0: nobody's. Atomic: handlers read it */
    struct weft_worker *worker; /* under the lock */
};

extern struct weft_seat weft__seats[WEFT__SEATS];

/* The calling OS thread's worker. Once it has left, nobody reads it any more. */
void weft__roster_join(struct weft_worker *w);
void weft__roster_leave(const struct weft_worker *w);

/* While it is held no worker leaves. Not for handlers. */
void weft__roster_lock(void);
void weft__roster_unlock(void);

/* In a fork's child, the lock held: it has the caller's worker, or none (NULL). */
void weft__roster_forked(struct weft_worker *w);

/* The OS thread at a seat, or 0. */
static inline pid_t weft__seat_tid(int seat)
{
    return __atomic_load_n(&weft__seats[seat].tid, __ATOMIC_RELAXED);
}

#endif
