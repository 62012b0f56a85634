/* SPDX-License-Identifier: MIT */
/* The start stub: what a call made now puts into registers and onto the stack arrives unchanged in
 * a call made later, whatever its types. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "plain.h"

#include <complex.h>
#include <fenv.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <unwind.h>

#include "runtime/start.h"

#ifdef WEFT_HAVE_STUB

#include "capture.h"

struct point {
    int x, y;
};

struct mixed {
    int i;
    double d;
};

struct floats {
    float a, b, c, d;
};

struct longs {
    long a, b;
};

struct __attribute__((packed)) crooked {
    char c;
    int i;
};

__extension__ typedef __int128 int128;
typedef int vector16 __attribute__((vector_size(16)));
typedef float vector8 __attribute__((vector_size(8)));

/* ---- what arrives ---- */

static struct {
    int calls;
    char c;
    short s;
    float f;
    double d;
    struct point point;
    void *p;
    long l;
    unsigned char uc;
    struct mixed mixed;
    unsigned u;
    double d2;
    int i;
    uint64_t u64;
} got;

static void thirteen(char c, short s, float f, double d, struct point point, void *p, long l,
                     unsigned char uc, struct mixed mixed, unsigned u, double d2, int i,
                     uint64_t u64)
{
    got.calls++;
    got.c = c;
    got.s = s;
    got.f = f;
    got.d = d;
    got.point = point;
    got.p = p;
    got.l = l;
    got.uc = uc;
    got.mixed = mixed;
    got.u = u;
    got.d2 = d2;
    got.i = i;
    got.u64 = u64;
}

static void thirteen_arguments_of_mixed_types_arrive(void **state)
{
    (void)state;
    memset(&got, 0, sizeof got);
    CAPTURE(thirteen, 'x', -7, 1.5f, -2.25, ((struct point){3, -4}), &got, -5L, 200,
            ((struct mixed){6, 7.5}), 4000000000u, 1e300, INT32_MIN, UINT64_MAX - 1);
    assert_int_equal(got.calls, 0);
    assert_int_equal(kept.commits, 1);
    RUN(thirteen);
    assert_int_equal(got.calls, 1);
    assert_int_equal(got.c, 'x');
    assert_int_equal(got.s, -7);
    assert_true(got.f == 1.5f);
    assert_true(got.d == -2.25);
    assert_int_equal(got.point.x, 3);
    assert_int_equal(got.point.y, -4);
    assert_ptr_equal(got.p, &got);
    assert_int_equal(got.l, -5);
    assert_int_equal(got.uc, 200);
    assert_int_equal(got.mixed.i, 6);
    assert_true(got.mixed.d == 7.5);
    assert_true(got.u == 4000000000u);
    assert_true(got.d2 == 1e300);
    assert_int_equal(got.i, INT32_MIN);
    assert_true(got.u64 == UINT64_MAX - 1);
}

static int wide_sum;

static void wide(struct mixed m, struct floats f, struct longs l, int128 i, long double x,
                 vector16 v, vector8 w, double complex z, struct crooked odd)
{
    int128 expected = ((int128)0x0123456789abcdef << 64) + 42;

    wide_sum = (m.i == 1 && m.d == 2.0) + (f.a == 3 && f.b == 4 && f.c == 5 && f.d == 6) +
               (l.a == 7 && l.b == 8) + (i == expected) + (x == 9.0625L) +
               (v[0] == 10 && v[1] == 11 && v[2] == 12 && v[3] == 13) + (w[0] == 14 && w[1] == 15) +
               (creal(z) == 16 && cimag(z) == 17) + (odd.c == 18 && odd.i == 19);
}

static void arguments_of_sixteen_bytes_arrive(void **state)
{
    (void)state;
    wide_sum = 0;
    CAPTURE(wide, ((struct mixed){1, 2.0}), ((struct floats){3, 4, 5, 6}), ((struct longs){7, 8}),
            ((int128)0x0123456789abcdef << 64) + 42, 9.0625L, ((vector16){10, 11, 12, 13}),
            ((vector8){14, 15}), 16 + 17 * I, ((struct crooked){18, 19}));
    RUN(wide);
    assert_int_equal(wide_sum, 9);
}

static int aligned_sum;

static void aligned(long double a, int b, int c, int d, int e, int f, int g, int h, int i, char j,
                    long double x, char k, int128 y)
{
    long double here __attribute__((aligned(64))) = x;

    __asm__ volatile("" : : "r"(&here) : "memory");
    aligned_sum = (int)a + b + c + d + e + f + g + h + i + j + (int)here + k + (int)y +
                  ((uintptr_t)&here % 64 == 0) * 1000 +
                  ((uintptr_t)__builtin_frame_address(0) % 16 == 0) * 2000;
}

static void arguments_and_frames_are_aligned(void **state)
{
    (void)state;
    CAPTURE(aligned, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13);
    RUN(aligned);
    assert_int_equal(aligned_sum, 91 + 3000);
}

static int zeros_bits;

static void zeros(int a, long b, void *p, double d, float f, struct mixed m, long after, double g,
                  int128 i, char on_stack, long last)
{
    zeros_bits = (a == 0) | (b == 0) << 1 | (p == NULL) << 2 | (d == 0 && !signbit(d)) << 3 |
                 (f == 0) << 4 | (m.i == 0 && m.d == 0) << 5 | (after == 1) << 6 |
                 (g == 0 && signbit(g) != 0) << 7 | (i == 0) << 8 | (on_stack == 0) << 9 |
                 (last == 0) << 10;
}

static void arguments_that_are_zero_arrive_as_zero(void **state)
{
    (void)state;
    CAPTURE(zeros, 0, 0, NULL, 0.0, 0.0f, ((struct mixed){0, 0}), 1, -0.0, 0, 0, 0);
    RUN(zeros);
    assert_int_equal(zeros_bits, 0x7ff);
}

static char said[200];

static int say(const char *format, ...)
{
    va_list list;
    int n;

    va_start(list, format);
    n = vsnprintf(said, sizeof said, format, list);
    va_end(list);
    return n;
}

static void variadic_functions_find_their_arguments(void **state)
{
    struct weft_result r;
    char text[100];

    (void)state;
    CAPTURE(snprintf, text, sizeof text, "%d %s %.2f %c %ld %.3f %x", 1, "two", 3.25, '4', 5L,
            6.125, 7u);
    r = RUN(snprintf);
    assert_string_equal(text, "1 two 3.25 4 5 6.125 7");
    assert_int_equal((int)r.word, strlen(text));
    CAPTURE(say, "%g %g %g %g %g %g %g %g %g %g %Lg", 1., 2., 3., 4., 5., 6., 7., 8., 9., 10.,
            11.L);
    r = RUN(say);
    assert_string_equal(said, "1 2 3 4 5 6 7 8 9 10 11");
    assert_int_equal((int)r.word, strlen(said));
    CAPTURE(say, "nothing");
    RUN(say);
    assert_string_equal(said, "nothing");
}

/* ---- what comes back ---- */

static int result_of_int(int i)
{
    return -i;
}

static char *result_of_pointer(char *p, long n)
{
    return p + n;
}

static double result_of_double(double a, int b)
{
    return a / b;
}

static double result_of_word(int a)
{
    return a / 8.;
}

static float result_of_float(float a)
{
    return a * 2;
}

static bool result_of_bool(int a)
{
    return a > 3;
}

static signed char result_of_char(int a)
{
    return (signed char)a;
}

static uint64_t result_of_u64(void)
{
    return UINT64_MAX;
}

static void results_come_back(void **state)
{
    (void)state;
    CAPTURE(result_of_int, 5);
    assert_int_equal((int)RUN(result_of_int).word, -5);
    CAPTURE(result_of_pointer, said, 7);
    assert_ptr_equal((char *)(uintptr_t)RUN(result_of_pointer).word, said + 7);
    CAPTURE(result_of_double, 1, 3);
    assert_true(result_double(RUN(result_of_double)) == 1. / 3);
    CAPTURE_AT_MOST(0, result_of_word, 9);
    assert_true(result_double(RUN(result_of_word)) == 1.125);
    CAPTURE(result_of_float, 0.7f);
    assert_true(result_float(RUN(result_of_float)) == 0.7f * 2);
    CAPTURE(result_of_bool, 4);
    assert_int_equal((uint8_t)RUN(result_of_bool).word, 1);
    CAPTURE(result_of_bool, 3);
    assert_int_equal((uint8_t)RUN(result_of_bool).word, 0);
    CAPTURE(result_of_char, -3);
    assert_int_equal((signed char)RUN(result_of_char).word, -3);
    CAPTURE_NONE(result_of_u64);
    assert_true(RUN(result_of_u64).word == UINT64_MAX);
}

static void the_stub_itself_returns_zero(void **state)
{
    (void)state;
    begin(0);
    assert_int_equal(STUB(result_of_int)(5), 0);
    assert_true(STUB(result_of_double)(5, 0) == 0);
}

/* ---- what is kept ---- */

static long sum_of_words;

static void words6(long a, long b, long c, long d, long e, long f)
{
    sum_of_words = a + 10 * b + 100 * c + 1000 * d + 10000 * e + 100000 * f;
}

static void words8(long a, long b, long c, long d, long e, long f, long g, long h)
{
    words6(a, b, c, d, e, f);
    sum_of_words += 1000000 * g + 10000000 * h;
}

static void words9(long a, long b, long c, long d, long e, long f, long g, long h, long i)
{
    words8(a, b, c, d, e, f, g, h);
    sum_of_words += 100000000 * i + (long)((uintptr_t)__builtin_frame_address(0) % 16);
}

static void words2(void *p, long b)
{
    sum_of_words = *(int *)p + b;
}

static void words1(long a)
{
    sum_of_words = a;
}

/* Without optimization, and with calls into a sanitizer, registers hold something of the calls
 * themselves; elsewhere than on x86-64 one may hold the address that is called. It costs room,
 * nothing else. */
#if defined __OPTIMIZE__ && !defined WEFT__SANITIZED && defined __x86_64__
#define assert_kept(n) assert_int_equal(kept.count, (n))
#else
#define assert_kept(n) assert_true(kept.count >= (n))
#endif

static void only_what_may_be_an_argument_is_kept(void **state)
{
    int five = 5;

    (void)state;
    CAPTURE_AT_MOST(0, words2, &five, 6);
    assert_kept(2);
    RUN(words2);
    assert_int_equal(sum_of_words, 11);
    CAPTURE_AT_MOST(0, words1, 7);
    assert_kept(2);
    RUN(words1);
    assert_int_equal(sum_of_words, 7);
    CAPTURE_AT_MOST(0, words6, 1, 2, 3, 4, 5, 6);
    assert_kept(6);
    RUN(words6);
    assert_int_equal(sum_of_words, 654321);
    CAPTURE_AT_MOST(0, result_of_double, 1, 3);
    assert_kept(3);
    assert_true(result_double(RUN(result_of_double)) == 1. / 3);
}

static const long sums[] = {0, 1, 21, 321, 4321, 54321, 654321, 7654321, 87654321, 987654321};

static void any_number_of_words_arrives(void **state)
{
    (void)state;
    for (long n = 0; n <= 9; n++) {
        CAPTURE_AT_MOST(24, words9, n > 0 ? 1 : 0, n > 1 ? 2 : 0, n > 2 ? 3 : 0, n > 3 ? 4 : 0,
                        n > 4 ? 5 : 0, n > 5 ? 6 : 0, n > 6 ? 7 : 0, n > 7 ? 8 : 0, n > 8 ? 9 : 0);
        RUN(words9);
        assert_int_equal(sum_of_words, sums[n]);
        if (n > 6)
            continue;
        CAPTURE_AT_MOST(0, words6, n > 0 ? 1 : 0, n > 1 ? 2 : 0, n > 2 ? 3 : 0, n > 3 ? 4 : 0,
                        n > 4 ? 5 : 0, n > 5 ? 6 : 0);
        RUN(words6);
        assert_int_equal(sum_of_words, sums[n]);
    }
}

static void registers_that_were_left_out_come_back_as_zero(void **state)
{
    (void)state;
    for (uint8_t n = 2; n <= WEFT_CAPTURE_REGISTERS; n += 2) {
        kept.head = (struct weft_packed){.registers = n};
        memset(kept.words, 0xee, sizeof kept.words);
        for (size_t i = 0; i < n; i++)
            kept.words[i] = i + 1;
#if WEFT_CAPTURE_REGISTERS == 8
        RUN(words8);
#else
        RUN(words6);
#endif
        assert_int_equal(sum_of_words, sums[n]);
    }
}

static double sum_of_doubles;

static void doubles8(double a, double b, double c, double d, double e, double f, double g, double h)
{
    sum_of_doubles =
        a + 10 * b + 100 * c + 1000 * d + 10000 * e + 100000 * f + 1000000 * g + 10000000 * h;
}

static void vectors8(vector16 a, vector16 b, vector16 c, vector16 d, vector16 e, vector16 f,
                     vector16 g, vector16 h)
{
    doubles8(a[3], b[3], c[3], d[3], e[3], f[3], g[3], h[3]);
    sum_of_doubles += a[0] + b[0] + c[0] + d[0] + e[0] + f[0] + g[0] + h[0];
}

static void a_single_vector_register_is_noticed(void **state)
{
    double expected = 1;

    (void)state;
    for (int n = 0; n < 8; n++, expected *= 10) {
        vector16 v[8] = {{0}};

        CAPTURE_AT_MOST(0, doubles8, n == 0, n == 1, n == 2, n == 3, n == 4, n == 5, n == 6,
                        n == 7);
        RUN(doubles8);
        assert_true(sum_of_doubles == expected);
        v[n][3] = 1;
        CAPTURE(vectors8, v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]);
        RUN(vectors8);
        assert_true(sum_of_doubles == expected);
    }
    CAPTURE_AT_MOST(0, doubles8, 1, 2, 3, 4, 5, 6, 7, 8);
    RUN(doubles8);
    assert_true(sum_of_doubles == 87654321);
}

/* But for one, perhaps, which holds the address that is called. */
static void argument_registers_are_zero_beforehand(void **state)
{
    size_t used = 0;

    (void)state;
    LITTER();
    CAPTURE_NONE(result_of_u64);
    for (size_t i = 0; i < WEFT_CAPTURE_REGISTERS; i++)
        used += kept.capture.registers[i] != 0;
#if defined __OPTIMIZE__ && !defined WEFT__SANITIZED
    assert_true(used <= 1);
    assert_int_equal(kept.capture.vectors_used, 0);
#else
    (void)used;
#endif
}

static void what_other_calls_left_in_registers_does_no_harm(void **state)
{
    int five = 5;

    (void)state;
    LITTER();
    kept.stack_bytes = 16 * 13;
    STUB(words2)(&five, 6);
    RUN(words2);
    assert_int_equal(sum_of_words, 11);
    CAPTURE_AT_MOST(16 * 13, words2, &five, (long)LITTER());
    RUN(words2);
    assert_int_equal(sum_of_words, 77);
}

static void captures_nest_in_arguments(void **state)
{
    static struct weft_packed inner;
    static uint64_t inner_words[64];

    (void)state;
    CAPTURE_AT_MOST(0, words6, 1, 2,
                    (CAPTURE_AT_MOST(0, result_of_double, 9., 4), inner = kept.head,
                     memcpy(inner_words, kept.words, sizeof inner_words), 3),
                    4, 5, 6);
    RUN(words6);
    assert_int_equal(sum_of_words, 654321);
    assert_true(result_double(weft__start_call((void (*)(void))result_of_double, &inner,
                                               inner_words, kept.fp_control)) == 2.25);
}

static void too_little_room_is_told_and_left_alone(void **state)
{
    struct weft_capture c = {.registers = {1, 2, 3, 4, 5, 6}};
    uint64_t words[6] = {9, 9, 9, 9, 9, 9};
    struct weft_packed head;

    (void)state;
    assert_int_equal(weft__start_pack(&c, 0, &head, words, 4), 6);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(words[i], 9);
    assert_int_equal(weft__start_pack(&c, 0, &head, words, 6), 6);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(words[i], i + 1);
}

static void no_more_of_the_callers_stack_is_read_than_it_says(void **state)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct weft_capture c = {.registers = {1}};
    struct weft_packed head;
    uint64_t words[8];

    (void)state;
    assert_true(pages != MAP_FAILED);
    assert_int_equal(mprotect(pages + page, page, PROT_NONE), 0);
    memset(pages, 0x11, page);
    for (size_t n = 0; n <= 6; n++) {
        c.stack = (uint64_t *)(void *)(pages + page) - n;
        assert_int_equal(weft__start_pack(&c, 8 * n, &head, words, 8), 2 + n);
        assert_int_equal(head.stack_words, n);
        assert_int_equal(words[1 + n], n == 0 ? 0 : 0x1111111111111111);
    }
    munmap(pages, 2 * page);
}

/* A thread that ends gives its record back, and another's arguments go there. */
static void overwrite(long a, double b, long c, struct longs d, long e, long f, long g)
{
    memset(&kept, 0xff, sizeof kept);
    sum_of_words = a + (long)b + c + d.a + d.b + e + f + g;
}

static void the_kept_words_may_be_overwritten_once_the_function_runs(void **state)
{
    (void)state;
    CAPTURE(overwrite, 1, 2, 3, ((struct longs){4, 5}), 6, 7, 8);
    RUN(overwrite);
    assert_int_equal(sum_of_words, 36);
    memset(&kept, 0, sizeof kept);
}

/* ---- around the call ---- */

static volatile double one = 1, three = 3;
static int mode_seen;
static double third_seen;

static void look_at_mode(void)
{
    mode_seen = fegetround();
    third_seen = one / three;
}

static void the_callers_rounding_mode_goes_with_the_call(void **state)
{
    int before = fegetround();
    double up, near = one / three;
    uint32_t now;

    (void)state;
    fesetround(FE_UPWARD);
    CAPTURE_NONE(look_at_mode);
    up = one / three;
    fesetround(before);
    RUN(look_at_mode);
    assert_int_equal(mode_seen, FE_UPWARD);
    assert_true(third_seen == up);
    fesetround(FE_DOWNWARD);
    CAPTURE(result_of_double, 1, 3);
    fesetround(before);
    assert_true(result_double(RUN(result_of_double)) == near); /* which lies below a third */
    assert_int_equal(fegetround(), FE_DOWNWARD);
    CAPTURE_NONE(look_at_mode);
    weft__start_save_fp_control(&now);
    assert_int_equal(kept.fp_control & ~0x3fu, now & ~0x3fu);
    fesetround(before);
    CAPTURE_NONE(look_at_mode);
    RUN(look_at_mode);
    assert_int_equal(fegetround(), before);
    assert_true(third_seen == near);
}

#ifdef __GLIBC__ /* elsewhere the compiler's unwinder may not link */
static void *frames[32];
static size_t frames_count;

static _Unwind_Reason_Code frame_note(struct _Unwind_Context *context, void *data)
{
    (void)data;
    if (frames_count < sizeof frames / sizeof *frames)
        frames[frames_count++] = (void *)_Unwind_GetIP(context);
    return _URC_NO_REASON;
}

/* By frame pointers: where the call of the started function returns to. Only riscv64 has no fixed
 * place for it. */
static void *frame_return;

static void look_back(long a, double b)
{
#ifndef __riscv
    void **outer = *(void **)__builtin_frame_address(0);

    frame_return = outer[1];
#endif
    (void)a;
    (void)b;
    frames_count = 0;
    _Unwind_Backtrace(frame_note, NULL);
}

static bool frame_seen(void *address)
{
    for (size_t i = 0; i < frames_count; i++)
        if (frames[i] == address)
            return true;
    return false;
}

static __attribute__((noinline)) bool run_is_seen(void (*fn)(void))
{
    run(fn);
    return frame_seen(__builtin_return_address(0));
}

static void a_backtrace_goes_through_the_call(void **state)
{
    (void)state;
    CAPTURE_AT_MOST(0, look_back, 1, 0);
    assert_true(run_is_seen((void (*)(void))look_back));
    assert_true(!frame_return || frame_seen(frame_return));
    CAPTURE(look_back, 1, 2);
    assert_true(run_is_seen((void (*)(void))look_back));
    assert_true(!frame_return || frame_seen(frame_return));
}

#endif

int main(void)
{
    const struct CMUnitTest start_tests[] = {
        cmocka_unit_test(thirteen_arguments_of_mixed_types_arrive),
        cmocka_unit_test(arguments_of_sixteen_bytes_arrive),
        cmocka_unit_test(arguments_and_frames_are_aligned),
        cmocka_unit_test(arguments_that_are_zero_arrive_as_zero),
        cmocka_unit_test(variadic_functions_find_their_arguments),
        cmocka_unit_test(results_come_back),
        cmocka_unit_test(the_stub_itself_returns_zero),
        cmocka_unit_test(only_what_may_be_an_argument_is_kept),
        cmocka_unit_test(any_number_of_words_arrives),
        cmocka_unit_test(registers_that_were_left_out_come_back_as_zero),
        cmocka_unit_test(a_single_vector_register_is_noticed),
        cmocka_unit_test(argument_registers_are_zero_beforehand),
        cmocka_unit_test(what_other_calls_left_in_registers_does_no_harm),
        cmocka_unit_test(captures_nest_in_arguments),
        cmocka_unit_test(too_little_room_is_told_and_left_alone),
        cmocka_unit_test(no_more_of_the_callers_stack_is_read_than_it_says),
        cmocka_unit_test(the_kept_words_may_be_overwritten_once_the_function_runs),
        cmocka_unit_test(the_callers_rounding_mode_goes_with_the_call),
#ifdef __GLIBC__
        cmocka_unit_test(a_backtrace_goes_through_the_call),
#endif
    };

    return cmocka_run_group_tests(start_tests, NULL, NULL);
}

#else

int main(void)
{
    return 0;
}

#endif
