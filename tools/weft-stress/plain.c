/* SPDX-License-Identifier: MIT */
#include "plain.h"

#include <stdlib.h>

/* Filter k takes the multiples of its prime, from that place of the window on, that none before it
 * took. */
static void plain_cross_out(struct plain *p, size_t k, uint64_t place)
{
    for (; place < PLAIN_WINDOW; place += p->primes[k])
        if (p->taker[place] == p->filters)
            p->taker[place] = (uint16_t)k;
}

static void plain_fill(struct plain *p, uint64_t base)
{
    p->base = base;
    for (size_t i = 0; i < PLAIN_WINDOW; i++)
        p->taker[i] = (uint16_t)p->filters;
    for (size_t k = 0; k < p->found; k++)
        plain_cross_out(p, k, (p->primes[k] - base % p->primes[k]) % p->primes[k]);
    for (size_t i = base == 0 ? 2 : 0; i < PLAIN_WINDOW && p->found < p->filters; i++) {
        if (p->taker[i] != p->filters)
            continue;
        p->primes[p->found] = base + i;
        plain_cross_out(p, p->found++, i);
    }
}

struct plain *plain_new(size_t filters)
{
    struct plain *p = calloc(1, sizeof *p);

    if (!p)
        return NULL;
    p->filters = filters;
    p->primes = calloc(filters + 1, sizeof *p->primes);
    if (!p->primes) {
        free(p);
        return NULL;
    }
    plain_fill(p, 0);
    return p;
}

void plain_free(struct plain *p)
{
    free(p->primes);
    free(p);
}

size_t plain_taker(struct plain *p, uint64_t n)
{
    while (n - p->base >= PLAIN_WINDOW)
        plain_fill(p, p->base + PLAIN_WINDOW);
    return p->taker[n - p->base];
}

uint64_t plain_next(struct plain *p, uint64_t n)
{
    if (n < p->base)
        n = p->base;
    for (;; n++) {
        size_t taker = plain_taker(p, n);

        if (taker == p->filters || p->primes[taker] == n)
            return n;
    }
}
