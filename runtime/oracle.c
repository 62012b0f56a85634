/* SPDX-License-Identifier: MIT */
#include "oracle.h"

#include <stddef.h>

/* The finalizer of splitmix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
 * generators", 2014). */
uint64_t weft__oracle_mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

void weft__oracle_init(struct weft_oracle *o, uint64_t seed)
{
    o->choose = NULL;
    o->state = NULL;
    o->alone = NULL;
    o->tell = NULL;
    o->jumps = 0;
    o->random = weft__oracle_mix(seed);
    if (o->random == 0) /* one seed in 2^64 would give a generator of zeros */
        o->random = 1;
}

/* xorshift64* (Marsaglia; Vigna, "An experimental exploration of Marsaglia's xorshift generators,
 * scrambled", 2016): its high half is the well distributed one. */
static uint32_t oracle_random(struct weft_oracle *o)
{
    uint64_t x = o->random;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    o->random = x;
    return (uint32_t)((x * 0x2545f4914f6cdd1du) >> 32);
}

uint32_t weft__oracle_draw(struct weft_oracle *o, uint32_t n)
{
    /* A multiplication in place of the remainder; the bias is below n / 2^32. */
    return (uint32_t)(((uint64_t)oracle_random(o) * n) >> 32);
}

uint32_t weft__oracle_choose(struct weft_oracle *o, uint32_t n, enum weft__choice kind)
{
    return o->choose ? o->choose(o->state, n, kind) : weft__oracle_draw(o, n);
}
