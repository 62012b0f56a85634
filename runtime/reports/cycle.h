/* SPDX-License-Identifier: MIT */
/* Partial deadlocks: threads that wait for one another in a ring, while others go on.
 *
 * A wait knows the one thread whose doing it waits for, where there is just one (waits_for). A ring
 * of such waits closes when its last thread parks, so that is when it is looked for. A thread that
 * some deadline will free is part of none. */
#ifndef WEFT_RUNTIME_CYCLE_H
#define WEFT_RUNTIME_CYCLE_H

#include "runtime/sched.h"

struct weft_view;

enum { WEFT__CYCLE_MAX = 64 /* threads; a longer ring is not seen */ };

/* How many threads wait for one another in the ring that this one is in; 0: it is in none. */
unsigned weft__cycle_length(const struct weft_thread *t);

/* The next in the ring: whom t waits for. */
const struct weft_thread *weft__cycle_next(const struct weft_thread *t);

/* Of all in its ring this one has the lowest number. */
bool weft__cycle_begins(const struct weft_thread *t);

/* The lines of all in the ring, from this one on. */
void weft__cycle_view(struct weft_view *v, const struct weft_thread *t);

/* Reports the ring that `last`, which is parked, has closed, if there is one. */
void weft__cycle_told(struct weft_worker *w, const struct weft_thread *last);

void weft__cycle_look(struct weft_worker *w, struct weft_control *me, const struct weft_wait *why);

/* Whoever waits for this one may close a ring: it waits for another. */
static inline bool weft__cycle_is_possible(const struct weft_thread *on)
{
    return on && on->state == WEFT__THREAD_STARTED && on->at.control->wait &&
           on->at.control->wait->waits_for;
}

/* To be called by a thread that is about to park, for the doing of `on` alone, if that is known:
 * reports the ring that it closes, if it does. */
static inline void weft__cycle_watch(struct weft_worker *w, struct weft_control *me,
                                     const struct weft_wait *why, const struct weft_thread *on)
{
    if (WEFT__UNLIKELY(weft__cycle_is_possible(on)))
        weft__cycle_look(w, me, why);
}

#endif
