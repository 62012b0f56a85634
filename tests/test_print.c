/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/calls.h"
#include "runtime/print.h"

static char text[256];

static struct weft_print into_text(void)
{
    return (struct weft_print){.fd = -1, .text = text, .size = sizeof text};
}

#define assert_prints(expected, ...)                           \
    do {                                                       \
        struct weft_print p = into_text();                     \
        weft__print(&p, __VA_ARGS__);                          \
        assert_string_equal(weft__print_string(&p), expected); \
    } while (0)

/* It knows a part of printf: what it knows, it does alike. */
#define assert_as_printf(...)                             \
    do {                                                  \
        char expected[256];                               \
        snprintf(expected, sizeof expected, __VA_ARGS__); \
        assert_prints(expected, __VA_ARGS__);             \
    } while (0)

static void it_prints_what_printf_does(void **state)
{
    (void)state;
    assert_as_printf("plain");
    assert_as_printf("%s and %s%%", "one", "two");
    assert_as_printf("%d %d %d", 0, INT_MAX, INT_MIN);
    assert_as_printf("%u %x", UINT_MAX, 0xbeefu);
    assert_as_printf("%lld %lld", LLONG_MIN, LLONG_MAX);
    assert_as_printf("%llu %zu %zu", ULLONG_MAX, SIZE_MAX, (size_t)0);
    assert_as_printf("%p", (void *)text);
}

static void a_conversion_that_it_does_not_know_is_its_letter(void **state)
{
    const char *volatile format = "%c is no %s";

    (void)state;
    assert_prints("c is no letter", format, 'x', "letter");
}

static void a_string_cannot_smuggle_in_control_characters(void **state)
{
    (void)state;
    assert_prints("name: a?b?\xc3\xa9\n", "name: %s\n", "a\nb\x1b\xc3\xa9");
}

static void durations_have_three_digits_and_their_unit(void **state)
{
    static const struct {
        int64_t ns;
        const char *expected;
    } table[] = {
        {-5, "0 ns"},           {0, "0 ns"},
        {999, "999 ns"},        {1000, "1 us"},
        {1500, "1.50 us"},      {20000000, "20 ms"},
        {20500000, "20.5 ms"},  {123456789, "123 ms"},
        {1500000000, "1.50 s"}, {3600000000000, "3600 s"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct weft_print p = into_text();

        weft__print_duration(&p, table[i].ns);
        assert_string_equal(weft__print_string(&p), table[i].expected);
    }
}

static void sizes_have_the_largest_unit_that_divides_them(void **state)
{
    struct weft_print p = into_text();

    (void)state;
    weft__print_size(&p, 65536);
    weft__print(&p, ", ");
    weft__print_size(&p, (size_t)3 << 20);
    weft__print(&p, ", ");
    weft__print_size(&p, 1025);
    assert_string_equal(weft__print_string(&p), "64 KiB, 3 MiB, 1025 bytes");
}

static void counts_are_parted_into_thousands(void **state)
{
    const struct {
        uint64_t n;
        const char *expected;
    } table[] = {
        {0, "0"},          {999, "999"},           {1000, "1,000"},
        {12045, "12,045"}, {1000001, "1,000,001"}, {UINT64_MAX, "18,446,744,073,709,551,615"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct weft_print p = into_text();

        weft__print_count(&p, table[i].n);
        assert_string_equal(weft__print_string(&p), table[i].expected);
    }
}

static void what_does_not_fit_is_cut_off_where_it_goes_nowhere(void **state)
{
    char small[8];
    struct weft_print p = {.fd = -1, .text = small, .size = sizeof small};

    (void)state;
    weft__print(&p, "%s", "0123456789");
    assert_string_equal(weft__print_string(&p), "0123456");
}

static void a_full_buffer_is_written_and_nothing_is_lost(void **state)
{
    char small[3], got[64];
    struct weft_print p;
    int ends[2];
    ssize_t size;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    p = weft__print_to(ends[1], small, sizeof small);
    weft__print(&p, "%s %u\n", "a longer line", 42u);
    weft__print_flush(&p);
    close(ends[1]);
    size = read(ends[0], got, sizeof got);
    close(ends[0]);
    assert_int_equal(size, 17);
    assert_memory_equal(got, "a longer line 42\n", 17);
}

static void a_descriptor_that_refuses_loses_the_text_and_keeps_errno(void **state)
{
    char small[4];
    struct weft_print p = weft__print_to(-1, small, sizeof small);

    (void)state;
    p.fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    errno = 7;
    weft__print(&p, "more than four bytes");
    weft__print_flush(&p);
    assert_int_equal(errno, 7);
    close(p.fd);
}

/* ---- a descriptor with moods ---- */

static char written[64];
static size_t written_size, writes;
static const int
    *moods; /* how many bytes a write takes at the most; or what it fails with, negative */

static ssize_t write_moody(int fd, const void *from, size_t size)
{
    int mood = moods[writes++];

    (void)fd;
    if (mood < 0) {
        errno = -mood;
        return -1;
    }
    if (size > (size_t)mood)
        size = (size_t)mood;
    memcpy(written + written_size, from, size);
    written_size += size;
    return (ssize_t)size;
}

/* What arrives of "0123456789" at a descriptor that behaves so, in so many writes. */
static void assert_arrives(const char *expected, size_t expected_writes, const int *how)
{
    char buffer[16];
    struct weft_print p = weft__print_to(1, buffer, sizeof buffer);

    moods = how;
    writes = written_size = 0;
    weft__calls.write = write_moody;
    errno = 7;
    weft__print(&p, "0123456789");
    weft__print_flush(&p);
    weft__calls.write = write;
    assert_int_equal(errno, 7);
    assert_int_equal(written_size, strlen(expected));
    assert_memory_equal(written, expected, written_size);
    assert_int_equal(writes, expected_writes);
}

static void a_write_goes_on_where_it_was_interrupted_or_fell_short(void **state)
{
    (void)state;
    assert_arrives("0123456789", 1, (const int[]){100});
    assert_arrives("0123456789", 4, (const int[]){-EINTR, 3, -EINTR, 100});
    assert_arrives("0123456789", 4, (const int[]){1, 1, 1, 100});
}

static void a_write_that_takes_nothing_ends_it(void **state)
{
    (void)state;
    assert_arrives("", 1, (const int[]){0});
    assert_arrives("0123", 2, (const int[]){4, 0});
    assert_arrives("0123", 2, (const int[]){4, -EAGAIN});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_prints_what_printf_does),
        cmocka_unit_test(a_conversion_that_it_does_not_know_is_its_letter),
        cmocka_unit_test(a_string_cannot_smuggle_in_control_characters),
        cmocka_unit_test(durations_have_three_digits_and_their_unit),
        cmocka_unit_test(sizes_have_the_largest_unit_that_divides_them),
        cmocka_unit_test(counts_are_parted_into_thousands),
        cmocka_unit_test(what_does_not_fit_is_cut_off_where_it_goes_nowhere),
        cmocka_unit_test(a_full_buffer_is_written_and_nothing_is_lost),
        cmocka_unit_test(a_descriptor_that_refuses_loses_the_text_and_keeps_errno),
        cmocka_unit_test(a_write_goes_on_where_it_was_interrupted_or_fell_short),
        cmocka_unit_test(a_write_that_takes_nothing_ends_it),
    };

    return cmocka_run_group_tests_name("print", tests, NULL, NULL);
}
