/* SPDX-License-Identifier: MIT */
/* The checkers: was every value received exactly once, and in its channel's order?
 *
 * Where a channel has one sender and one receiver, or a value names its sender, values are
 * sequence numbers and each must be the one that is due: check_value(). Where several receive
 * from one channel, each must see rising numbers, check_rising(), and what all of them saw is
 * tallied. Counts find what is lost at the end, where no later number shows the gap. */
#ifndef STRESS_CHECK_H
#define STRESS_CHECK_H

#include <stdint.h>

enum { CHECK_TEXT_BYTES = 120 };

/* What a whole pattern found wrong. Its threads share one: they run one at a time. */
struct check {
    uint64_t wrong;               /* how many findings */
    char first[CHECK_TEXT_BYTES]; /* the first one */
};

__attribute__((cold, format(printf, 2, 3))) void check_fail(struct check *c, const char *format,
                                                            ...);

/* Not inline: what the two below say. */
__attribute__((cold)) void check_fail_value(struct check *c, uint64_t channel, uint64_t due,
                                            uint64_t value);
__attribute__((cold)) void check_fail_rising(struct check *c, uint64_t channel, uint64_t floor,
                                             uint64_t value);

/* The value that came on the channel must be the one that is due. Answers what came, so that
 * what is due next follows from it and one loss is one finding. */
static inline uint64_t check_value(struct check *c, uint64_t channel, uint64_t due, uint64_t value)
{
    if (__builtin_expect(value != due, 0))
        check_fail_value(c, channel, due, value);
    return value;
}

/* The value that came on the channel must be floor at least. Answers what came. */
static inline uint64_t check_rising(struct check *c, uint64_t channel, uint64_t floor,
                                    uint64_t value)
{
    if (__builtin_expect(value < floor, 0))
        check_fail_rising(c, channel, floor, value);
    return value;
}

/* The number of values received on the channel. */
void check_count(struct check *c, uint64_t channel, uint64_t got, uint64_t due);

/* Which values were there, whatever their order: the count, the sum and the sum of the squares,
 * modulo 2^64. Up to two values that took the place of others cannot leave all three as they were,
 * since two numbers are known by their sum and the sum of their squares. */
struct tally {
    uint64_t count;
    uint64_t sum;
    uint64_t squares;
};

static inline void tally_add(struct tally *t, uint64_t value)
{
    t->count++;
    t->sum += value;
    t->squares += value * value;
}

void tally_merge(struct tally *t, const struct tally *other);

/* Of the numbers below n. */
struct tally tally_below(uint64_t n);

void check_tally(struct check *c, uint64_t channel, const struct tally *got,
                 const struct tally *due);

#endif
