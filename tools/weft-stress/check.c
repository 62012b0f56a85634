/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

void check_fail(struct check *c, const char *format, ...)
{
    va_list values;

    if (c->wrong++ > 0)
        return;
    va_start(values, format);
    vsnprintf(c->first, sizeof c->first, format, values);
    va_end(values);
}

void check_fail_value(struct check *c, uint64_t channel, uint64_t due, uint64_t value)
{
    check_fail(c, "channel %" PRIu64 ": %" PRIu64 " came where %" PRIu64 " was due", channel, value,
               due);
}

void check_fail_rising(struct check *c, uint64_t channel, uint64_t floor, uint64_t value)
{
    check_fail(c, "channel %" PRIu64 ": %" PRIu64 " came where %" PRIu64 " or more was due",
               channel, value, floor);
}

void check_count(struct check *c, uint64_t channel, uint64_t got, uint64_t due)
{
    if (got != due)
        check_fail(c, "channel %" PRIu64 ": %" PRIu64 " values came where %" PRIu64 " were due",
                   channel, got, due);
}

void check_tally(struct check *c, uint64_t channel, const struct tally *got,
                 const struct tally *due)
{
    check_count(c, channel, got->count, due->count);
    if (got->sum != due->sum || got->squares != due->squares)
        check_fail(c, "channel %" PRIu64 ": some values came twice and others not at all", channel);
}

void tally_merge(struct tally *t, const struct tally *other)
{
    t->count += other->count;
    t->sum += other->sum;
    t->squares += other->squares;
}

struct tally tally_below(uint64_t n)
{
    struct tally t = {.count = n};
    uint64_t a = n - 1, b = n, c = 2 * n - 1;

    if (n == 0)
        return t;
    /* Divided before they are multiplied, for the products are taken modulo 2^64. */
    if (a % 2 == 0)
        a /= 2;
    else
        b /= 2;
    t.sum = a * b;
    if (a % 3 == 0)
        a /= 3;
    else if (b % 3 == 0)
        b /= 3;
    else
        c /= 3;
    t.squares = a * b * c;
    return t;
}
