/* SPDX-License-Identifier: MIT */
/* What every file of the runtime may assume of the compiler: attributes, and arithmetic without
 * surprises. */
#ifndef WEFT_RUNTIME_BASE_H
#define WEFT_RUNTIME_BASE_H

#include <stddef.h>
#include <stdint.h>

#define WEFT__LIKELY(condition) __builtin_expect(!!(condition), 1)
#define WEFT__UNLIKELY(condition) __builtin_expect(!!(condition), 0)
#define WEFT__NOINLINE __attribute__((noinline))
#define WEFT__COLD __attribute__((cold, noinline))

/* No caller may conclude anything from the body: not which registers it leaves alone, not what it
 * reads. Clang has no such attribute, and draws no such conclusions about a function that it
 * does not inline. */
#if defined(__clang__)
#define WEFT__NOIPA __attribute__((noinline))
#else
#define WEFT__NOIPA __attribute__((noipa))
#endif

/* The object of the given type whose member this is. */
#define WEFT__CONTAINER_OF(pointer, type, member) \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/* a + b, held at the end of the range that it would leave. */
static inline int64_t weft__add_saturating(int64_t a, int64_t b)
{
    int64_t sum;

    if (__builtin_add_overflow(a, b, &sum))
        return b < 0 ? INT64_MIN : INT64_MAX;
    return sum;
}

#endif
