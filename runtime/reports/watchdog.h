/* SPDX-License-Identifier: MIT */
/* The watchdog: an OS thread that looks from outside whether each worker in the roster gets on.
 *
 * It reads five words of a worker now and then, which costs the worker nothing. As long as the same
 * thread runs, and neither the head of the run queue moves nor the countdown, nor what was spent
 * before it, no call that may park was made. What it finds is told by the OS thread that it found it
 * of, in a handler of SIGURG, which programs ignore unless they ask for it. */
#ifndef WEFT_RUNTIME_WATCHDOG_H
#define WEFT_RUNTIME_WATCHDOG_H

#include <stdint.h>

/* From now on, for the whole process: a thread that has not called weft for so long is reported on
 * standard error, once until it does. If there can be no such OS thread, nothing is. */
void weft__watchdog_watch(int64_t limit_ns);

/* In a fork's child, which has no such OS thread. */
void weft__watchdog_forked(void);

#endif
