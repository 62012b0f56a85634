/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/calls.h"
#include "runtime/guard.h"

/* ---- a kernel that refuses what the test says, and counts ---- */

static struct weft__calls real_calls;

enum lie { HONEST, REFUSES, PRETENDS }; /* the last: says yes and installs nothing */

static struct {
    enum lie batch, madvise, mprotect;
    bool mmap_refuses;
    bool lacks_memory; /* for guard markers */
    bool touch_refuses;
    int batch_calls, madvise_calls, mprotect_calls, touch_calls, mmap_calls, munmap_calls;
    int mprotect_left; /* so many calls go on to the kernel before it is full; -1: all */
    ssize_t batch_short_by;
} kernel;

static int refuse(int error)
{
    errno = error;
    return -1;
}

static ssize_t kernel_process_madvise(const struct iovec *ranges, size_t n, int advice)
{
    size_t bytes = 0;

    kernel.batch_calls++;
    if (kernel.lacks_memory)
        return refuse(ENOMEM);
    if (kernel.batch == REFUSES)
        return refuse(ENOSYS);
    for (size_t i = 0; i < n; i++)
        bytes += ranges[i].iov_len;
    if (kernel.batch == PRETENDS)
        return (ssize_t)bytes - kernel.batch_short_by;
    return real_calls.process_madvise(ranges, n, advice);
}

static int kernel_madvise(void *at, size_t size, int advice)
{
    kernel.madvise_calls++;
    if (kernel.lacks_memory)
        return refuse(ENOMEM);
    if (kernel.madvise == REFUSES)
        return refuse(EINVAL);
    return kernel.madvise == PRETENDS ? 0 : real_calls.madvise(at, size, advice);
}

static int kernel_mprotect(void *at, size_t size, int protection)
{
    kernel.mprotect_calls++;
    if (kernel.mprotect == REFUSES || kernel.mprotect_left == 0)
        return refuse(ENOMEM);
    if (kernel.mprotect_left > 0)
        kernel.mprotect_left--;
    return kernel.mprotect == PRETENDS ? 0 : real_calls.mprotect(at, size, protection);
}

static int kernel_touch(void *page)
{
    kernel.touch_calls++;
    if (kernel.touch_refuses)
        return refuse(ENOSYS);
    return real_calls.touch(page);
}

static void *kernel_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    kernel.mmap_calls++;
    if (kernel.mmap_refuses) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    return real_calls.mmap(at, size, protection, flags, fd, offset);
}

static int kernel_munmap(void *at, size_t size)
{
    kernel.munmap_calls++;
    return real_calls.munmap(at, size);
}

/* ---- pages to guard: each second one of a mapping ---- */

enum { PAGES = WEFT__GUARD_BATCH_MAX };

static struct weft_guard guard;
static size_t page_bytes;
static char *mapping;
static char *pages[PAGES];

static int fresh(void **state)
{
    (void)state;
    real_calls = weft__calls;
    memset(&kernel, 0, sizeof kernel);
    kernel.mprotect_left = -1;
    weft__calls.process_madvise = kernel_process_madvise;
    weft__calls.madvise = kernel_madvise;
    weft__calls.mprotect = kernel_mprotect;
    weft__calls.touch = kernel_touch;
    weft__calls.mmap = kernel_mmap;
    weft__calls.munmap = kernel_munmap;
    weft__guard_init(&guard);
    page_bytes = guard.page_bytes;
    mapping = mmap(NULL, (2 * PAGES + 1) * page_bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (size_t i = 0; i < PAGES; i++)
        pages[i] = mapping + (2 * i + 1) * page_bytes;
    return mapping == MAP_FAILED ? -1 : 0;
}

static int over(void **state)
{
    (void)state;
    weft__calls = real_calls;
    return munmap(mapping, (2 * PAGES + 1) * page_bytes);
}

static bool is_guarded(char *page)
{
    errno = 0;
    return real_calls.touch(page) == -1 && errno == EFAULT;
}

/* The first n pages are guarded, and what lies between and behind is not. */
static void assert_guarded(size_t n)
{
    for (size_t i = 0; i < PAGES; i++) {
        assert_int_equal(is_guarded(pages[i]), i < n);
        assert_false(is_guarded(pages[i] - page_bytes));
    }
    assert_false(is_guarded(pages[PAGES - 1] + page_bytes));
}

static int install(size_t n)
{
    return weft__guard_install(&guard, pages, n);
}

/* What this kernel can do: some have guard markers, and not all of them take batches. */
static enum weft__guard_way best_way(void)
{
    char *page = real_calls.mmap(NULL, page_bytes, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct weft_guard probe;

    assert_ptr_not_equal(page, MAP_FAILED);
    weft__guard_init(&probe);
    weft__guard_install(&probe, &page, 1);
    real_calls.munmap(page, page_bytes);
    return probe.way;
}

static bool kernel_has(enum weft__guard_way way)
{
    return best_way() <= way;
}

/* How many mappings the pages lie in. */
static size_t mappings(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    uintptr_t low = (uintptr_t)pages[0], high = (uintptr_t)pages[PAGES - 1], from, to;
    size_t count = 0;

    assert_non_null(maps);
    while (fscanf(maps, "%" SCNxPTR "-%" SCNxPTR " %*[^\n]", &from, &to) == 2)
        count += from <= high && to > low;
    fclose(maps);
    return count;
}

/* ---- each way guards ---- */

static void a_new_one_knows_the_page_size_and_has_tried_nothing(void **state)
{
    (void)state;
    assert_int_equal(guard.page_bytes, sysconf(_SC_PAGESIZE));
    assert_int_equal(guard.way, WEFT__GUARD_UNPROBED);
    assert_null(guard.failed_call);
    assert_int_equal(kernel.mmap_calls, 0);
}

static void exactly_the_given_pages_are_guarded(void **state)
{
    const size_t counts[] = {1, 2, 7, PAGES};

    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        assert_int_equal(install(counts[i]), 0);
        assert_guarded(counts[i]);
    }
}

static void guarding_a_page_again_does_no_harm(void **state)
{
    (void)state;
    assert_int_equal(install(3), 0);
    assert_int_equal(install(3), 0);
    assert_guarded(3);
}

static void the_best_way_that_works_is_taken(void **state)
{
    (void)state;
    if (!kernel_has(WEFT__GUARD_BATCH))
        skip();
    kernel.madvise_calls = 0;
    assert_int_equal(install(PAGES), 0);
    assert_int_equal(guard.way, WEFT__GUARD_BATCH);
    assert_null(guard.failed_call);
    assert_int_equal(kernel.madvise_calls, 0);
    assert_int_equal(kernel.mprotect_calls, 0);
}

static void without_batches_markers_are_made_one_by_one(void **state)
{
    (void)state;
    if (!kernel_has(WEFT__GUARD_MADVISE))
        skip();
    kernel.batch = REFUSES;
    assert_int_equal(install(PAGES), 0);
    assert_int_equal(guard.way, WEFT__GUARD_MADVISE);
    assert_guarded(PAGES);
    assert_int_equal(kernel.mprotect_calls, 0);
}

static void without_markers_pages_are_protected(void **state)
{
    (void)state;
    kernel.batch = REFUSES;
    kernel.madvise = REFUSES;
    assert_int_equal(install(PAGES), 0);
    assert_int_equal(guard.way, WEFT__GUARD_MPROTECT);
    assert_guarded(PAGES);
}

/* As under qemu-user, which accepts advice that it does not know. */
static void a_way_that_says_yes_and_installs_nothing_is_not_trusted(void **state)
{
    (void)state;
    kernel.batch = PRETENDS;
    kernel.madvise = PRETENDS;
    assert_int_equal(install(5), 0);
    assert_int_equal(guard.way, WEFT__GUARD_MPROTECT);
    assert_guarded(5);
}

static void markers_cost_no_mapping(void **state)
{
    (void)state;
    if (!kernel_has(WEFT__GUARD_MADVISE))
        skip();
    assert_int_equal(install(PAGES), 0);
    assert_int_equal(mappings(), 1);
}

static void protection_costs_two_mappings_a_page(void **state)
{
    (void)state;
    kernel.batch = REFUSES;
    kernel.madvise = REFUSES;
    assert_int_equal(install(PAGES), 0);
    assert_int_equal(mappings(), 2 * PAGES - 1); /* and one on each side */
}

static void guards_outlive_the_memory_around_them(void **state)
{
    (void)state;
    assert_int_equal(install(PAGES), 0);
    assert_int_equal(madvise(mapping, 2 * PAGES * page_bytes, MADV_DONTNEED), 0);
    assert_guarded(PAGES);
}

/* ---- the probe ---- */

static void the_probe_happens_once_and_leaves_nothing(void **state)
{
    (void)state;
    assert_int_equal(install(1), 0);
    assert_int_equal(kernel.mmap_calls, kernel.munmap_calls);
    assert_int_not_equal(kernel.touch_calls, 0);
    kernel.touch_calls = kernel.mmap_calls = 0;
    assert_int_equal(install(2), 0);
    assert_int_equal(kernel.touch_calls, 0);
    assert_int_equal(kernel.mmap_calls, 0);
}

static void where_no_way_works_nothing_is_guarded_and_the_reason_is_told(void **state)
{
    (void)state;
    kernel.batch = kernel.madvise = kernel.mprotect = PRETENDS;
    assert_int_equal(install(1), -1);
    assert_int_equal(guard.way, WEFT__GUARD_REFUSED);
    assert_string_equal(guard.failed_call, "guard probe");
    assert_int_equal(guard.failed_errno, ENOTSUP);
    assert_int_equal(install(1), -1);
    assert_int_equal(kernel.mmap_calls, kernel.munmap_calls);
}

/* A page to probe on cannot be had: that says nothing about guards. It used to be taken for a
 * kernel without any, for good. */
static void a_lack_of_memory_for_the_probe_is_not_a_lack_of_guards(void **state)
{
    (void)state;
    kernel.mmap_refuses = true;
    if (install(1) != 0) {
        assert_string_equal(guard.failed_call, "mmap");
        assert_int_equal(guard.failed_errno, ENOMEM);
    }
    kernel.mmap_refuses = false;
    assert_int_equal(install(2), 0);
    assert_int_equal(guard.way, best_way());
    assert_guarded(2);
}

/* The call that looks whether a page is guarded does not even try. On kernels without markers that
 * used to be taken for a kernel without guards, for good. */
static void a_look_that_fails_is_not_a_lack_of_guards(void **state)
{
    (void)state;
    kernel.batch = kernel.madvise = REFUSES;
    kernel.touch_refuses = true;
    assert_int_equal(install(1), -1);
    assert_string_equal(guard.failed_call, "guard probe");
    assert_int_equal(guard.failed_errno, ENOSYS);
    kernel.touch_refuses = false;
    assert_int_equal(install(2), 0);
    assert_int_equal(guard.way, WEFT__GUARD_MPROTECT);
    assert_guarded(2);
}

/* The process has all the mappings it may have, when its first stack is made. */
static void a_probe_that_meets_the_limit_of_mappings_can_be_repeated(void **state)
{
    (void)state;
    kernel.batch = kernel.madvise = REFUSES;
    kernel.mprotect_left = 0;
    assert_int_equal(install(1), -1);
    assert_string_equal(guard.failed_call, "mprotect");
    assert_int_equal(guard.failed_errno, ENOMEM);
    kernel.mprotect_left = -1;
    assert_int_equal(install(1), 0);
    assert_guarded(1);
}

/* ---- after the probe ---- */

/* As for memory that was locked since. */
static void a_way_that_fails_later_gives_way_to_the_next(void **state)
{
    (void)state;
    assert_int_equal(install(1), 0);
    kernel.batch = kernel.madvise = REFUSES;
    assert_int_equal(install(PAGES), 0);
    assert_int_equal(guard.way, WEFT__GUARD_MPROTECT);
    assert_guarded(PAGES);
}

static void a_batch_that_stops_half_way_is_made_good(void **state)
{
    (void)state;
    if (!kernel_has(WEFT__GUARD_BATCH))
        skip();
    assert_int_equal(install(1), 0);
    kernel.batch = PRETENDS;
    kernel.batch_short_by = (ssize_t)page_bytes;
    assert_int_equal(install(PAGES), 0);
    assert_guarded(PAGES);
}

/* It used to be taken for a kernel without markers: all later stacks took two mappings. */
static void a_moment_without_memory_is_no_reason_for_another_way(void **state)
{
    (void)state;
    if (!kernel_has(WEFT__GUARD_MADVISE))
        skip(); /* there are no markers on this kernel: nothing to be refused */
    kernel.lacks_memory = true;
    assert_int_equal(install(1), -1); /* at the probe */
    assert_int_equal(guard.failed_errno, ENOMEM);
    kernel.lacks_memory = false;
    assert_int_equal(install(1), 0);
    assert_int_equal(guard.way, best_way());
    kernel.lacks_memory = true;
    assert_int_equal(install(PAGES), -1); /* and after it */
    assert_int_equal(guard.failed_errno, ENOMEM);
    kernel.lacks_memory = false;
    assert_int_equal(install(PAGES), 0);
    assert_int_equal(guard.way, best_way());
    assert_guarded(PAGES);
}

static void at_the_limit_of_mappings_the_call_and_its_errno_are_told(void **state)
{
    (void)state;
    kernel.batch = kernel.madvise = REFUSES;
    assert_int_equal(install(1), 0);
    kernel.mprotect_left = 5;
    assert_int_equal(install(PAGES), -1);
    assert_string_equal(guard.failed_call, "mprotect");
    assert_int_equal(guard.failed_errno, ENOMEM);
    kernel.mprotect_left = -1; /* others have given mappings back */
    assert_int_equal(install(PAGES), 0);
    assert_guarded(PAGES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(test) cmocka_unit_test_setup_teardown(test, fresh, over)
        TEST(a_new_one_knows_the_page_size_and_has_tried_nothing),
        TEST(exactly_the_given_pages_are_guarded),
        TEST(guarding_a_page_again_does_no_harm),
        TEST(the_best_way_that_works_is_taken),
        TEST(without_batches_markers_are_made_one_by_one),
        TEST(without_markers_pages_are_protected),
        TEST(a_way_that_says_yes_and_installs_nothing_is_not_trusted),
        TEST(markers_cost_no_mapping),
        TEST(protection_costs_two_mappings_a_page),
        TEST(guards_outlive_the_memory_around_them),
        TEST(the_probe_happens_once_and_leaves_nothing),
        TEST(where_no_way_works_nothing_is_guarded_and_the_reason_is_told),
        TEST(a_lack_of_memory_for_the_probe_is_not_a_lack_of_guards),
        TEST(a_look_that_fails_is_not_a_lack_of_guards),
        TEST(a_probe_that_meets_the_limit_of_mappings_can_be_repeated),
        TEST(a_way_that_fails_later_gives_way_to_the_next),
        TEST(a_batch_that_stops_half_way_is_made_good),
        TEST(a_moment_without_memory_is_no_reason_for_another_way),
        TEST(at_the_limit_of_mappings_the_call_and_its_errno_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
