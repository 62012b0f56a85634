/* SPDX-License-Identifier: MIT */
/* What workers have to do for the sake of signal handlers. Nothing where all three, overflow report,
 * dump signal and watchdog, are off. */
#ifndef WEFT_RUNTIME_SIGNALS_H
#define WEFT_RUNTIME_SIGNALS_H

struct weft_worker;

/* Before the first worker of the process is used. */
void weft__signals_begin(const struct weft_worker *w);

/* The calling OS thread's worker has been made; is about to be freed. */
void weft__signals_join(struct weft_worker *w);
void weft__signals_leave(struct weft_worker *w);

/* The OS thread ends on one of the stacks of its worker, which stays. */
void weft__signals_abandon(const struct weft_worker *w);

/* Around a fork, in the parent; and in the child, whose worker it is, or NULL. */
void weft__signals_fork_begins(void);
void weft__signals_fork_ended(void);
void weft__signals_forked(struct weft_worker *w);

#endif
