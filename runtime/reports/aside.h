/* SPDX-License-Identifier: MIT */
/* A stack for reports: the thread that is to make one may have little room left on its own. */
#ifndef WEFT_RUNTIME_ASIDE_H
#define WEFT_RUNTIME_ASIDE_H

struct weft_worker;

/* Calls fn(argument) on a stack that is made for this call, or, where there is no memory for one, on
 * this one. fn must not park. Needs some 2 KiB of the caller's stack. Not for a signal handler. */
void weft__aside(struct weft_worker *w, void (*fn)(void *argument), void *argument);

#endif
