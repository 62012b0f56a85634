/* SPDX-License-Identifier: MIT */
/* Timers, to the nanosecond: a hierarchical wheel whose levels are the 6-bit digits of a deadline.
 *
 * The level of a timer is the highest digit in which its deadline differs from the wheel's `now`,
 * zero if none does; its slot there is the deadline's digit. A slot of level 0 holds one instant, a
 * slot of level n a stretch of 64^n ns. When time enters such a stretch, its timers are dealt out
 * to the levels below, in order. The wheel calls nobody: it hands back what is due.
 *
 * Known weaknesses. A slot is dealt out in one go, and asking for the next deadline reads all
 * timers of one slot: with a million of them in one stretch that is milliseconds, once for each
 * level that a timer falls through. If the wheel is asked often while time does not get there (a
 * poller that wakes for other reasons), the answer should be kept until it is cancelled. */
#ifndef WEFT_RUNTIME_WHEEL_H
#define WEFT_RUNTIME_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "list.h"

/* Eleven digits cover the 63 bits of a time; times start at zero. */
enum { WEFT__WHEEL_DIGIT_BITS = 6, WEFT__WHEEL_SLOTS = 64, WEFT__WHEEL_LEVELS = 11 };

/* Belongs to its owner, who keeps it where it is while it is armed. All zeroes: not armed. */
struct weft_timer {
    struct weft_list link; /* on a slot, or on a list of due ones; next is NULL when not armed */
    int64_t when;          /* absolute, in ns; not to be written while armed */
    void (*due)(struct weft_timer *timer); /* for the owner's use: the wheel never calls it */
};

/* Invariants:
 * - now never goes back, and no timer of the wheel has an earlier deadline.
 * - Every timer's level and slot are those that its deadline has relative to the present `now`:
 *   above its level the digits of both agree, and at its level the deadline's is greater (equal
 *   only if the whole deadline is). So whatever is on a lower level is due before whatever is on a
 *   higher one, and within a level a lower slot before a higher.
 * - Timers of one deadline are in one slot, in the order in which they were armed.
 * - A bit of used[level] is set exactly if that slot is not empty, a bit of levels exactly if
 *   used[level] is not zero.
 * now may move to any time that is not after the start of the first slot in use: digits that agree
 * with those of a time on either side agree in between. */
struct weft_wheel {
    int64_t now;
    uint32_t levels;
    uint64_t used[WEFT__WHEEL_LEVELS];
    struct weft_list slots[WEFT__WHEEL_LEVELS][WEFT__WHEEL_SLOTS];
};

/* An empty wheel, at `now` (zero if negative). */
void weft__wheel_init(struct weft_wheel *wheel, int64_t now);

/* Arms a timer that is not armed. A deadline that is past becomes the wheel's present: it comes out
 * of the next advance, first, behind those that were armed for that instant before it. */
void weft__wheel_arm(struct weft_wheel *wheel, struct weft_timer *timer, int64_t when);

/* Takes an armed timer off the wheel, or off the list of due ones that it was handed out on. False
 * if it was not armed. */
bool weft__wheel_cancel(struct weft_wheel *wheel, struct weft_timer *timer);

/* The earliest deadline, exactly; INT64_MAX if there is none. Reads the timers of one slot. */
int64_t weft__wheel_next(const struct weft_wheel *wheel);

/* Whether there is a timer for which that holds; asks the earliest slot first. */
bool weft__wheel_any(const struct weft_wheel *wheel, bool (*holds)(const struct weft_timer *timer));

/* Moves the wheel to `now` (nowhere if that is earlier) and every timer whose deadline is then
 * reached to the end of `due`, the earliest first and equal ones in the order they were armed. They
 * stay armed until they are popped from there, and can still be cancelled. */
void weft__wheel_advance(struct weft_wheel *wheel, int64_t now, struct weft_list *due);

/* The first of the due timers, no longer armed; NULL if there is none. */
struct weft_timer *weft__wheel_pop_due(struct weft_list *due);

/* Timers that were handed out as due are not counted. */
static inline bool weft__wheel_is_empty(const struct weft_wheel *wheel)
{
    return wheel->levels == 0;
}

static inline bool weft__timer_is_armed(const struct weft_timer *timer)
{
    return timer->link.next != NULL;
}

#endif
