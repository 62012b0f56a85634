/* SPDX-License-Identifier: MIT */
/* A stand-in for CMocka, as far as the tests of the assembly use it: they must also run where CMocka
 * is not, built by a cross compiler or by many settings of one. With WEFT_PLAIN_TESTS it is this
 * one, else CMocka. */
#ifndef WEFT_TESTS_PLAIN_H
#define WEFT_TESTS_PLAIN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#ifndef WEFT_PLAIN_TESTS
#include <cmocka.h>
#else

#include <stdio.h>
#include <string.h>

struct CMUnitTest {
    const char *name;
    void (*function)(void **state);
};

static jmp_buf plain_failed;

static inline void plain_check(int good, const char *what, const char *file, int line)
{
    if (good)
        return;
    printf("%s:%d: error: Failure! %s\n", file, line, what);
    longjmp(plain_failed, 1);
}

#define plain_assert(good, what) plain_check((good), what, __FILE__, __LINE__)
#define assert_true(c) plain_assert(!!(c), #c)
#define assert_false(c) plain_assert(!(c), "not " #c)
#define assert_null(p) plain_assert((p) == NULL, #p " is NULL")
#define assert_non_null(p) plain_assert((p) != NULL, #p " is not NULL")
#define assert_int_equal(a, b) \
    plain_assert((unsigned long long)(a) == (unsigned long long)(b), #a " == " #b)
#define assert_int_not_equal(a, b) \
    plain_assert((unsigned long long)(a) != (unsigned long long)(b), #a " != " #b)
#define assert_in_range(n, low, high) \
    plain_assert((n) >= (low) && (n) <= (high), #n " is in " #low ".." #high)
#define assert_ptr_equal(a, b) plain_assert((const void *)(a) == (const void *)(b), #a " == " #b)
#define assert_string_equal(a, b) plain_assert(strcmp((a), (b)) == 0, #a " == " #b)
#define assert_memory_equal(a, b, n) plain_assert(memcmp((a), (b), (n)) == 0, #a " == " #b)

#define cmocka_unit_test(f) \
    {                       \
#f, f               \
    }

static inline int plain_run(const struct CMUnitTest *test)
{
    void *state = NULL;

    printf("[ RUN      ] %s\n", test->name);
    fflush(stdout);
    if (setjmp(plain_failed)) {
        printf("[  FAILED  ] %s\n", test->name);
        return 0;
    }
    test->function(&state);
    printf("[       OK ] %s\n", test->name);
    return 1;
}

static inline int plain_run_group(const char *name, const struct CMUnitTest *tests, size_t n,
                                  int (*setup)(void **state))
{
    size_t passed = 0;

    printf("[==========] %s: %zu test(s).\n", name, n);
    if (setup && setup(NULL) != 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        passed += (size_t)plain_run(&tests[i]);
    printf("%zu passed, %zu failed\n", passed, n - passed);
    return (int)(n - passed);
}

#define cmocka_run_group_tests_name(name, tests, setup, teardown) \
    plain_run_group(name, tests, sizeof(tests) / sizeof *(tests), setup)
#define cmocka_run_group_tests(tests, setup, teardown) \
    cmocka_run_group_tests_name(#tests, tests, setup, teardown)

#endif
#endif
