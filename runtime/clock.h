/* SPDX-License-Identifier: MIT */
/* The one clock: monotonic nanoseconds, or virtual ones.
 *
 * The virtual clock (WEFT_CLOCK=virtual, and whenever schedules are seeded unless it is `real`)
 * starts at zero, stands still while any thread can run and jumps to the next deadline when all are
 * parked: a day of sleeps takes as long as its work. */
#ifndef WEFT_RUNTIME_CLOCK_H
#define WEFT_RUNTIME_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct weft_clock {
    bool is_virtual;
    int64_t virtual_ns; /* what a virtual clock shows; never goes back */
    bool is_sharp;      /* the OS thread's timer slack has been lowered */
};

/* Reads WEFT_CLOCK, of which it is said once in a process that a value makes no sense. What the clock
 * is without that is said by is_seeded. */
void weft__clock_init(struct weft_clock *c, bool is_seeded);

int64_t weft__clock_now(const struct weft_clock *c);

/* Waits in the kernel until the clock shows `until_ns`, or jumps there; a signal may end the wait
 * early. */
void weft__clock_wait(struct weft_clock *c, int64_t until_ns);

#endif
