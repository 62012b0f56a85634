/* SPDX-License-Identifier: MIT */
/* What every file of the runtime may assume of the compiler: attributes, and arithmetic without
 * surprises. */
#ifndef WEFT_RUNTIME_BASE_H
#define WEFT_RUNTIME_BASE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

/* The compiler knows no more what is in the word. MemorySanitizer would want it initialised, and
 * what pads a struct is not. */
#define WEFT__OPAQUE(word) __asm__("" : "+r"(word))
#if defined __has_feature
#if __has_feature(memory_sanitizer)
#undef WEFT__OPAQUE
#define WEFT__OPAQUE(word) ((void)0)
#endif
#endif

enum { WEFT__COPY_WORDS_MAX = 16 };

/* The object of the given type whose member this is. */
#define WEFT__CONTAINER_OF(pointer, type, member) \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/* memcpy for the sizes of values: a few words go without a call. Words, since what was written by
 * words is slow to read back by vectors. */
static inline void weft__copy(void *into, const void *from, size_t size)
{
    char *to = into;
    const char *at = from;
    uint64_t word;

    if (size % sizeof word != 0 || size > WEFT__COPY_WORDS_MAX * sizeof word) {
        memcpy(into, from, size);
        return;
    }
    for (; size > 0; size -= sizeof word, to += sizeof word, at += sizeof word) {
        memcpy(&word, at, sizeof word);
        WEFT__OPAQUE(word); /* else the compiler makes vectors of it */
        memcpy(to, &word, sizeof word);
    }
}

/* How many bits are set. The compiler's own function is a call where the processor need not have
 * the instruction. */
static inline uint32_t weft__bits(uint64_t word)
{
    word -= word >> 1 & UINT64_C(0x5555555555555555);
    word = (word & UINT64_C(0x3333333333333333)) + (word >> 2 & UINT64_C(0x3333333333333333));
    word = (word + (word >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (uint32_t)(word * UINT64_C(0x0101010101010101) >> 56);
}

/* The place of the bit that is set above n others; there are more than n. */
static inline size_t weft__nth_bit(uint64_t word, uint32_t n)
{
    for (; n > 0; n--)
        word &= word - 1;
    return (size_t)__builtin_ctzll(word);
}

/* a + b, held at the end of the range that it would leave. */
static inline int64_t weft__add_saturating(int64_t a, int64_t b)
{
    int64_t sum;

    if (__builtin_add_overflow(a, b, &sum))
        return b < 0 ? INT64_MIN : INT64_MAX;
    return sum;
}

#endif
