/* SPDX-License-Identifier: MIT */
/* Stands in for what makes threads: keeps one captured call, and makes it later. */
#ifndef WEFT_TESTS_CAPTURE_H
#define WEFT_TESTS_CAPTURE_H

#include <string.h>

#include "runtime/base.h"
#include "runtime/start.h"

extern void (*const weft_start_stub_)(void);

/* What a record would keep. */
static struct {
    struct weft_packed head;
    uint64_t words[64];
    size_t count;
    size_t stack_bytes; /* what the caller says may be on the stack; set before the capture */
    uint32_t fp_control;
    int commits;
    struct weft_capture capture;
} kept;

/* Leaves something in every register that may hold an argument. */
static WEFT__NOIPA double litter(long a, long b, long c, long d, long e, long f, long g, long h,
                                 double i, double j, double k, double l, double m, double n,
                                 double o, double p)
{
    __asm__ volatile("" : : : "memory");
    return (double)(a + b + c + d + e + f + g + h) + i + j + k + l + m + n + o + p;
}

#define LITTER() litter(1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8)

void weft__start_commit(const struct weft_capture *c)
{
    memset(kept.words, 0xee, sizeof kept.words);
    if (weft__start_is_plain(c, kept.stack_bytes)) { /* as a start does */
        kept.count = weft__start_plain_words(c);
        weft__start_pack_plain(c, &kept.head, kept.words, kept.count);
    } else {
        kept.count = weft__start_pack(c, kept.stack_bytes, &kept.head, kept.words,
                                      sizeof kept.words / sizeof *kept.words);
    }
    weft__start_save_fp_control(&kept.fp_control);
    kept.commits++;
    kept.capture = *c;
    LITTER();
}

static void begin(size_t stack_bytes)
{
    kept.stack_bytes = stack_bytes;
    weft__start_zero();
}

/* fn(arguments) later, with at most so many bytes of them on the stack. */
#define STUB(fn) ((__typeof__(&*(fn)))weft_start_stub_)
#define CAPTURE_AT_MOST(bytes, fn, ...) (begin(bytes), (void)STUB(fn)(__VA_ARGS__))
#define CAPTURE(fn, ...) CAPTURE_AT_MOST(16 * 13, fn, __VA_ARGS__)
#define CAPTURE_NONE(fn) (begin(0), (void)STUB(fn)())
#define RUN(fn) run((void (*)(void))(fn))

static __attribute__((noinline)) struct weft_result run(void (*fn)(void))
{
    LITTER(); /* what the capture left in registers must not help */
    return weft__start_call(fn, &kept.head, kept.words, kept.fp_control);
}

static inline double result_double(struct weft_result r)
{
    double d;

    memcpy(&d, &r.vector, sizeof d);
    return d;
}

static inline float result_float(struct weft_result r)
{
    float f;

    memcpy(&f, &r.vector, sizeof f);
    return f;
}

#endif
