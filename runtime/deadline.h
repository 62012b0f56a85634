/* SPDX-License-Identifier: MIT */
/* What a thread is to be told of: deadlines, cancellation, and what a shield keeps from it. */
#ifndef WEFT_RUNTIME_DEADLINE_H
#define WEFT_RUNTIME_DEADLINE_H

#include <stdbool.h>

struct weft_control;
struct weft_thread;
struct weft_timer;
struct weft_worker;

/* From now on every call of the thread's that may park fails with -ECANCELED, but in a shield; the
 * one that is parked, too. Once is for good. */
void weft__cancel(struct weft_worker *w, struct weft_thread *t);

/* Something will end every wait of this thread's without another thread's doing. */
bool weft__deadline_is_armed(const struct weft_control *c);

/* Whether an armed timer of any kind will end a wait as things are. */
bool weft__deadline_timer_matters(const struct weft_timer *timer);

#endif
