/* SPDX-License-Identifier: MIT */
/* The sieve of Eratosthenes over the first so many primes, done plainly: which filter takes a
 * number out, and which numbers come out at the end. A window at a time, ever further up. */
#ifndef STRESS_PLAIN_H
#define STRESS_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PLAIN_WINDOW = 8192 };

struct plain {
    size_t filters; /* that there will be; filter k takes out the multiples of prime k */
    size_t found;   /* primes known so far */
    uint64_t *primes;
    uint64_t base;                /* the first number of the window */
    uint16_t taker[PLAIN_WINDOW]; /* the filter that takes the number out; `filters`: none does */
};

/* At most UINT16_MAX filters. NULL: no memory. */
struct plain *plain_new(size_t filters);
void plain_free(struct plain *p);

/* The filter that takes n out, a filter's own prime included, or `filters`. n is at least 2; the
 * window never goes down. */
size_t plain_taker(struct plain *p, uint64_t n);

/* The first number from n on that comes out: a filter's prime, before there is that filter, or one
 * that all filters let through. */
uint64_t plain_next(struct plain *p, uint64_t n);

#endif
