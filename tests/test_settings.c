/* SPDX-License-Identifier: MIT */
/* The WEFT_ variables: what they may hold, and what is said of what they may not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>

#include "child.h"
#include "runtime/settings.h"

static void reports_are_a_list_of_words(void **state)
{
    const struct {
        const char *list;
        uint32_t bits;
        const char *unknown;
    } table[] = {
        {"", 0, NULL},
        {"leaks", WEFT__REPORT_LEAKS, NULL},
        {"leaks,stacks", WEFT__REPORT_LEAKS | WEFT__REPORT_STACKS, NULL},
        {"deadlocks", WEFT__REPORT_DEADLOCKS, NULL},
        {"all", WEFT__REPORT_ALL, NULL},
        {"leaks,leaks,", WEFT__REPORT_LEAKS, NULL},
        {",,stacks", WEFT__REPORT_STACKS, NULL},
        {"leak", 0, "leak"},
        {"leakss,stacks,x", WEFT__REPORT_STACKS, "leakss,stacks,x"},
        {"LEAKS", 0, "LEAKS"},
        {" leaks", 0, " leaks"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const char *unknown;

        assert_int_equal(weft__settings_parse_reports(table[i].list, &unknown), table[i].bits);
        if (table[i].unknown)
            assert_string_equal(unknown, table[i].unknown);
        else
            assert_null(unknown);
    }
}

static int read_twice(const void *list)
{
    uint32_t first;

    setenv("WEFT_REPORT", list, 1);
    first = weft__settings_reports();
    setenv("WEFT_REPORT", "", 1);
    return weft__settings_reports() == first ? (int)first : -1;
}

static void the_environment_is_read_once(void **state)
{
    struct child c = child_run(read_twice, "stacks,leaks");

    (void)state;
    assert_int_equal(c.status, WEFT__REPORT_LEAKS | WEFT__REPORT_STACKS);
    assert_null(strstr(c.said, "weft:"));
}

static void a_word_that_is_no_report_is_named_once(void **state)
{
    struct child c = child_run(read_twice, "leaks,leeks");

    (void)state;
    assert_int_equal(c.status, WEFT__REPORT_LEAKS);
    assert_non_null(strstr(c.said, "weft: WEFT_REPORT: 'leeks' is no report: there are leaks, "));
    assert_null(strstr(strstr(c.said, "weft:") + 1, "weft:"));
}

static void durations_are_a_whole_number_and_a_unit(void **state)
{
    const struct {
        const char *text;
        int64_t ns;
    } table[] = {
        {"1ns", 1},
        {"250us", 250000},
        {"100ms", 100000000},
        {"2s", 2000000000},
        {"9223372036s", INT64_C(9223372036000000000)},
        {"9223372037s", -1},
        {"99999999999999999999ns", -1},
        {"0s", -1},
        {"100", -1},
        {"ms", -1},
        {"", -1},
        {"1 s", -1},
        {"1.5s", -1},
        {"-1s", -1},
        {"1sec", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_true(weft__settings_duration(table[i].text) == table[i].ns);
}

static void seeds_are_numbers(void **state)
{
    const struct {
        const char *text;
        bool is_seed;
        uint64_t seed;
    } table[] = {
        {"0", true, 0},
        {"7", true, 7},
        {"0x1F", true, 31},
        {"0xffffffffffffffff", true, UINT64_MAX},
        {"18446744073709551615", true, UINT64_MAX},
        {"18446744073709551616", false, 0},
        {"0x10000000000000000", false, 0},
        {"", false, 0},
        {"0x", false, 0},
        {"1f", false, 0},
        {"-1", false, 0},
        {"7 ", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        uint64_t seed = 0;

        assert_int_equal(weft__settings_parse_seed(table[i].text, &seed), table[i].is_seed);
        assert_true(seed == table[i].seed);
    }
}

static void signals_have_names_and_numbers(void **state)
{
    const struct {
        const char *text;
        int signo;
    } table[] = {
        {"USR1", SIGUSR1},
        {"SIGUSR2", SIGUSR2},
        {"QUIT", SIGQUIT},
        {"10", 10},
        {"64", SIGRTMAX},
        {"RTMIN", SIGRTMIN},
        {"RTMIN+3", SIGRTMIN + 3},
        {"SIGRTMIN+0", SIGRTMIN},
        {"32", SIGRTMIN > 32 ? -1 : 32}, /* libc's own */
        {"RTMIN+99", -1},
        {"RTMIN+", -1},
        {"RTMIN-1", -1},
        {"RTMIN+1x", -1},
        {"usr1", -1},
        {"0", -1},
        {"65", -1},
        {"-1", -1},
        {"1x", -1},
        {"SIG", -1},
        {"SIGSIGINT", -1},
        {"", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_int_equal(weft__settings_signal(table[i].text), table[i].signo);
}

static int read_overflow(const void *text)
{
    setenv("WEFT_OVERFLOW", text, 1);
    weft__settings_read();
    return weft__settings.overflow;
}

static void overflow_reports_are_turned_off_by_a_word_and_others_are_told_of(void **state)
{
    struct child off = child_run(read_overflow, "off"), none = child_run(read_overflow, ""),
                 other = child_run(read_overflow, "no");

    (void)state;
    assert_int_equal(off.status, 0);
    assert_string_equal(off.said, "");
    assert_int_equal(none.status, 1);
    assert_string_equal(none.said, "");
    assert_int_equal(other.status, 1);
    assert_string_equal(other.said, "weft: WEFT_OVERFLOW=no is ignored: the only value is off\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports_are_a_list_of_words),
        cmocka_unit_test(durations_are_a_whole_number_and_a_unit),
        cmocka_unit_test(seeds_are_numbers),
        cmocka_unit_test(signals_have_names_and_numbers),
        cmocka_unit_test(the_environment_is_read_once),
        cmocka_unit_test(a_word_that_is_no_report_is_named_once),
        cmocka_unit_test(overflow_reports_are_turned_off_by_a_word_and_others_are_told_of),
    };

    return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
