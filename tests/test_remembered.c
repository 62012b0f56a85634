/* SPDX-License-Identifier: MIT */
/* All memory of the process, as the kernel lists it: a list that is not as it should be is never taken
 * for all. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

#include "runtime/calls.h"
#include "runtime/reports/memory.h"

enum { MAPS = 1000, PAGEMAP = 1001 };

static const char *maps;      /* what the kernel lists */
static int pagemap;           /* the descriptor, or -1 */
static ssize_t pagemap_bytes; /* so many it tells of at once, at the most; -1: it fails */
static size_t peeked, visited;

static int open_fake(const char *path)
{
    return strcmp(path, "/proc/self/maps") == 0 ? MAPS : pagemap;
}

/* Of pages, those with an even number were used. */
static ssize_t read_pagemap(uint64_t *into, size_t size, off_t at)
{
    if (pagemap_bytes < 0) {
        errno = EIO;
        return -1;
    }
    if (size > (size_t)pagemap_bytes)
        size = (size_t)pagemap_bytes;
    for (size_t i = 0; i < size / sizeof *into; i++)
        into[i] = ((uint64_t)at / sizeof *into + i) % 2 == 0 ? UINT64_C(1) << 63 : 0;
    return (ssize_t)size;
}

static ssize_t pread_fake(int fd, void *into, size_t size, off_t at)
{
    size_t left;

    if (fd == PAGEMAP)
        return read_pagemap(into, size, at);
    left = strlen(maps) - (size_t)at;
    if (size > left)
        size = left;
    memcpy(into, maps + at, size);
    return (ssize_t)size;
}

static int close_fake(int fd)
{
    return fd == MAPS || fd == PAGEMAP ? 0 : -1;
}

static ssize_t peek_fake(void *into, uintptr_t from, size_t size)
{
    (void)into;
    (void)from;
    peeked += size;
    return (ssize_t)size;
}

static void count(const struct weft_memory_part *part, void *data)
{
    (void)data;
    visited += part->n * sizeof(uintptr_t);
}

static bool visit_all(const char *list)
{
    static _Alignas(4096) char work[WEFT__MEMORY_WORK_BYTES];

    maps = list;
    peeked = visited = 0;
    return weft__memory_each(work, count, NULL);
}

static struct weft__calls real_calls;

static int pretend(void **state)
{
    (void)state;
    real_calls = weft__calls;
    weft__calls.open = open_fake;
    weft__calls.pread = pread_fake;
    weft__calls.close = close_fake;
    weft__calls.peek = peek_fake;
    pagemap = PAGEMAP;
    pagemap_bytes = 1 << 20;
    return 0;
}

static int stop_pretending(void **state)
{
    (void)state;
    weft__calls = real_calls;
    return 0;
}

#define TEN_PAGES "10000000-1000a000 rw-p 00000000 00:00 0\n"
#define UNREADABLE "20000000-2000a000 ---p 00000000 00:00 0\n"

static void what_is_readable_and_was_used_is_visited(void **state)
{
    (void)state;
    assert_true(visit_all(TEN_PAGES UNREADABLE TEN_PAGES));
    assert_int_equal(visited, 2 * 5 * 4096);
}

static void without_knowledge_of_its_pages_all_of_a_mapping_is_visited(void **state)
{
    static const ssize_t poor[] = {-1, 0, 4, 7};

    (void)state;
    for (size_t i = 0; i < sizeof poor / sizeof poor[0]; i++) {
        pagemap_bytes = poor[i];
        assert_true(visit_all(TEN_PAGES));
        assert_int_equal(visited, 10 * 4096);
    }
    pagemap = -1;
    assert_true(visit_all(TEN_PAGES));
    assert_int_equal(visited, 10 * 4096);
}

static void knowledge_of_pages_may_come_in_pieces(void **state)
{
    (void)state;
    pagemap_bytes = 24 + 4; /* three pages, and a part of one */
    assert_true(visit_all(TEN_PAGES));
    assert_int_equal(visited, 5 * 4096);
}

static void a_list_that_is_cut_off_is_not_all(void **state)
{
    static const char *const cut[] = {
        "", "1", "10000000", "10000000-", "10000000-1000a000", "10000000-1000a000 rw"};

    (void)state;
    for (size_t i = 0; i < sizeof cut / sizeof cut[0]; i++)
        assert_false(visit_all(cut[i]));
    assert_false(visit_all(TEN_PAGES "2000"));
    assert_int_equal(visited, 5 * 4096);
}

static void a_line_may_be_longer_than_is_read_at_once(void **state)
{
    static char list[sizeof TEN_PAGES + 10000 + sizeof TEN_PAGES];

    (void)state;
    memcpy(list, TEN_PAGES, sizeof TEN_PAGES);
    memset(list + sizeof TEN_PAGES - 2, 'x', 10000); /* a path */
    memcpy(list + sizeof TEN_PAGES - 2 + 10000, "\n" TEN_PAGES, sizeof "\n" TEN_PAGES);
    assert_true(visit_all(list));
    assert_int_equal(visited, 2 * 5 * 4096);
}

/* It would take seconds. */
static void of_more_than_4_gib_not_all_is_visited(void **state)
{
    (void)state;
    pagemap = -1;
    assert_false(visit_all("100000000-300000000 rw-p 00000000 00:00 0\n"));
    assert_in_range(visited, (UINT64_C(1) << 32) - WEFT__MEMORY_WORK_BYTES, UINT64_C(1) << 32);
    assert_in_range(peeked, visited, visited + WEFT__MEMORY_WORK_BYTES);
}

int main(void)
{
    if (sysconf(_SC_PAGESIZE) != 4096) /* the lists above are of such */
        return 0;
#define TEST(name) cmocka_unit_test_setup_teardown(name, pretend, stop_pretending)
    const struct CMUnitTest tests[] = {
        TEST(what_is_readable_and_was_used_is_visited),
        TEST(without_knowledge_of_its_pages_all_of_a_mapping_is_visited),
        TEST(knowledge_of_pages_may_come_in_pieces),
        TEST(a_list_that_is_cut_off_is_not_all),
        TEST(a_line_may_be_longer_than_is_read_at_once),
        TEST(of_more_than_4_gib_not_all_is_visited),
    };

    return cmocka_run_group_tests_name("memory that is looked at", tests, NULL, NULL);
}
