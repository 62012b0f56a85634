/* SPDX-License-Identifier: MIT */
/* How many messages a pattern is to pass: a given number, or as many as about a second allows.
 *
 * Those who start messages take leave for some at a time, so that nothing is asked per message and
 * no trial run is needed to know what a second holds. Who is told zero starts no more. */
#ifndef STRESS_QUOTA_H
#define STRESS_QUOTA_H

#include <stdint.h>

struct quota {
    uint64_t limit; /* no more than these; falls to `taken` when the time is over */
    uint64_t taken;
    uint64_t look_at;  /* when so many are taken, the clock is looked at */
    int64_t begin_ns;  /* 0: not begun */
    int64_t budget_ns; /* of time; INT64_MAX: the limit alone counts */
    uint64_t passed;   /* of the taken: counted by who takes them long before they are all passed */
};

/* The time by the system's own clock, which nothing in the library moves. */
int64_t quota_now(void);

/* messages: how many, or 0 for about a second's worth. */
void quota_init(struct quota *q, uint64_t messages);

/* The time starts to count. */
void quota_begin(struct quota *q);

/* Leave to pass that many messages, at most `most`; 0: none are left. */
uint64_t quota_take(struct quota *q, uint64_t most);

/* How many each of so many senders should take at a time: few enough that all get some, and that
 * what is outstanding when the time is over is little. */
uint64_t quota_portion(const struct quota *q, uint64_t senders);

/* How much of it is done, from 0 to 1. */
double quota_done(const struct quota *q);

#endif
