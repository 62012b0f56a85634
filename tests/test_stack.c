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

#include "faults.h"
#include "runtime/sanitize.h"
#include "runtime/stack.h"

/* The constants of stack.c that its header promises in words. */
enum {
    SLAB_BYTES = 64 * 1024 * 1024,
    SPARE_MIN = 64,
    RETURNS_MIN = 1024,
    LONG_NS = 1000 * 1000 * 1000,
    SHORT_NS = 1000 * 1000,
};

enum { TOP_BYTES = 320, STACKS_MAX = 4096, STRIDE = 64 * 1024 };

/* What lies at the top of these stacks in place of a control block. */
struct top {
    char *base;
    struct weft_pool *pool;
    int marker; /* zero when booted, then the test's */
};

static struct weft_stacks stacks;
static struct weft_pool *pool; /* of the default class */
static struct top *taken[STACKS_MAX];
static size_t taken_count;
static size_t boots, retires, page_bytes;

static void boot(struct weft_pool *p, char *const *bases, void *const *tops, size_t n)
{
    for (size_t i = 0; i < n; i++)
        *(struct top *)tops[i] = (struct top){.base = bases[i], .pool = p};
    boots += n;
}

static char *retire(void *top)
{
    retires++;
    return ((struct top *)top)->base;
}

static void begin(void)
{
    weft__stack_init(&stacks, TOP_BYTES, boot, retire);
    pool = weft__stack_pool(&stacks, WEFT__STACK_CLASS_DEFAULT);
    page_bytes = stacks.guard.page_bytes;
    boots = retires = taken_count = 0;
}

static int fresh(void **state)
{
    (void)state;
    faults_install();
    begin();
    return 0;
}

static int over(void **state)
{
    (void)state;
    weft__stack_fini(&stacks);
    faults_remove();
    return 0;
}

/* ---- taking and giving many ---- */

static struct top *take(void)
{
    struct top *top = weft__stack_take(pool);

    if (top)
        taken[taken_count++] = top;
    return top;
}

static void take_n(size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_non_null(take());
}

static void give_all(void)
{
    while (taken_count > 0)
        weft__stack_give(pool, taken[--taken_count]);
}

static void give_n(size_t n)
{
    for (size_t i = 0; i < n; i++)
        weft__stack_give(pool, taken[--taken_count]);
}

static size_t warm(void)
{
    return weft__ring_count(&pool->warm);
}

static size_t raw(void)
{
    return weft__ring_count(&pool->raw);
}

static void assert_sound(void)
{
    assert_int_equal(pool->used, taken_count);
    assert_int_equal(pool->cut, taken_count + warm() + raw());
    assert_true(pool->peak >= pool->used);
    assert_true(weft__ring_capacity(&pool->warm) >= pool->cut);
    assert_true(weft__ring_capacity(&pool->raw) >= pool->cut);
}

static bool is_guarded(char *page)
{
    return faults_real.touch(page) == -1 && errno == EFAULT;
}

/* Of the process, between the lowest and the highest stack that was taken. */
static size_t mappings(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    uintptr_t low = UINTPTR_MAX, high = 0, from, to;
    size_t count = 0;

    assert_non_null(maps);
    for (size_t i = 0; i < taken_count; i++) {
        uintptr_t base = (uintptr_t)taken[i]->base;

        low = base < low ? base : low;
        high = base > high ? base : high;
    }
    while (fscanf(maps, "%" SCNxPTR "-%" SCNxPTR " %*[^\n]", &from, &to) == 2)
        count += from <= high && to > low;
    fclose(maps);
    return count;
}

/* Pages of memory that the process has. */
static size_t resident(void)
{
    FILE *statm = fopen("/proc/self/statm", "r");
    size_t all = 0, pages = 0;

    assert_non_null(statm);
    assert_int_equal(fscanf(statm, "%zu %zu", &all, &pages), 2);
    fclose(statm);
    return pages;
}

/* ---- sizes ---- */

static void the_class_of_a_size_is_the_power_of_two_that_holds_it(void **state)
{
    (void)state;
    assert_int_equal(weft__stack_class(WEFT__STACK_BYTES_MIN), 0);
    assert_int_equal(weft__stack_class(WEFT__STACK_BYTES_MIN + 1), 1);
    assert_int_equal(weft__stack_class(STRIDE), WEFT__STACK_CLASS_DEFAULT);
    assert_int_equal(weft__stack_class(STRIDE + 1), WEFT__STACK_CLASS_DEFAULT + 1);
    assert_int_equal(weft__stack_class((size_t)1 << 37), WEFT__STACK_CLASSES - 1);
}

static void sizes_that_are_too_small_or_too_large_are_refused(void **state)
{
    (void)state;
    assert_int_equal(weft__stack_class(0), -EINVAL);
    assert_int_equal(weft__stack_class(WEFT__STACK_BYTES_MIN - 1), -EINVAL);
    assert_int_equal(weft__stack_class(((size_t)1 << 37) + 1), -EINVAL);
    assert_int_equal(weft__stack_class(SIZE_MAX), -EINVAL);
}

static void each_class_has_a_pool_of_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < WEFT__STACK_CLASSES; i++) {
        struct weft_pool *p = weft__stack_pool(&stacks, i);

        assert_ptr_equal(p, &stacks.pools[i]);
        assert_int_equal(p->stride, (size_t)1 << (i + WEFT__STACK_CLASS_MIN));
    }
}

/* As on kernels with pages of 64 KiB. */
static void no_class_is_smaller_than_a_guard_page_and_another(void **state)
{
    const size_t large = (size_t)64 * 1024;

    (void)state;
    stacks.guard.page_bytes = large;
    for (int i = 0; i < WEFT__STACK_CLASSES; i++) {
        size_t own = (size_t)1 << (i + WEFT__STACK_CLASS_MIN);

        assert_int_equal(weft__stack_pool_make(&stacks, i)->stride,
                         own > 2 * large ? own : 2 * large);
    }
    stacks.guard.page_bytes = page_bytes;
}

/* ---- one stack ---- */

static void a_new_pool_has_asked_for_nothing(void **state)
{
    (void)state;
    assert_int_equal(faults_counted(), 0);
    assert_sound();
}

static void the_top_block_is_at_the_high_end_and_aligned(void **state)
{
    (void)state;
    take_n(100);
    for (size_t i = 0; i < 100; i++) {
        char *top = (char *)taken[i], *high = taken[i]->base + STRIDE;

        assert_int_equal((uintptr_t)top % 64, 0);
        assert_true(top + TOP_BYTES <= high);
        assert_true(top + TOP_BYTES + WEFT__STACK_COLOURS * 64 > high);
        assert_ptr_equal(taken[i]->pool, pool);
    }
}

static void the_low_end_is_a_guard_page_and_the_rest_may_be_written(void **state)
{
    (void)state;
    take_n(40);
    for (size_t i = 0; i < 40; i++) {
        char *base = taken[i]->base;

        assert_true(is_guarded(base));
        memset(base + page_bytes, 'x', STRIDE - page_bytes - TOP_BYTES - 64 * WEFT__STACK_COLOURS);
        assert_false(is_guarded(base + STRIDE - 1 - 400));
    }
}

static void neighbours_do_not_share_a_stride(void **state)
{
    (void)state;
    take_n(200);
    for (size_t i = 0; i < 200; i++)
        for (size_t k = 0; k < i; k++)
            assert_true(labs(taken[i]->base - taken[k]->base) >= STRIDE);
}

static void the_tops_come_in_sixteen_colours(void **state)
{
    uint32_t seen[64] = {0};

    (void)state;
    assert_int_equal(weft__stack_reserve(pool, 160), 0);
    take_n(160);
    for (size_t i = 0; i < 160; i++)
        seen[(uintptr_t)taken[i] % page_bytes / 64 % 64]++;
    for (size_t i = 0, colours = 0; i < 64; i++) {
        if (seen[i] == 0)
            continue;
        assert_int_equal(seen[i], 160 / WEFT__STACK_COLOURS);
        assert_true(++colours <= WEFT__STACK_COLOURS);
    }
}

static void a_stack_larger_than_a_slab_has_one_of_its_own(void **state)
{
    struct weft_pool *p = weft__stack_pool(&stacks, weft__stack_class(4 * (size_t)SLAB_BYTES));
    struct top *one = weft__stack_take(p), *other = weft__stack_take(p);

    (void)state;
    assert_non_null(one);
    assert_non_null(other);
    assert_true(labs(one->base - other->base) >= 4 * (long)SLAB_BYTES);
    assert_true(is_guarded(one->base));
    one->base[page_bytes] = 'x';
    assert_int_equal(p->used, 2);
}

/* ---- whose an address is ---- */

static void assert_owns(const void *top, const char *base, size_t stride)
{
    for (size_t at = 0; at < stride; at += 512)
        assert_ptr_equal(weft__stack_find(&stacks, base + at), top);
    assert_ptr_equal(weft__stack_find(&stacks, base + stride - 1), top);
    assert_ptr_not_equal(weft__stack_find(&stacks, base - 1), top);
    assert_ptr_not_equal(weft__stack_find(&stacks, base + stride), top);
}

static void every_address_of_a_stack_leads_to_its_top(void **state)
{
    (void)state;
    take_n(40);
    for (size_t i = 0; i < 40; i++)
        assert_owns(taken[i], taken[i]->base, STRIDE);
}

static void every_slab_is_looked_through(void **state)
{
    (void)state;
    faults->mmap_bytes_max = 2 * STRIDE;
    take_n(40);
    for (size_t i = 0; i < 40; i++)
        assert_owns(taken[i], taken[i]->base, STRIDE);
}

static void every_class_is_looked_through(void **state)
{
    struct top *tops[7];

    (void)state;
    for (int i = 0; i < 7; i++)
        tops[i] = weft__stack_take(weft__stack_pool(&stacks, i));
    for (int i = 0; i < 7; i++)
        assert_owns(tops[i], tops[i]->base, (size_t)1 << (i + WEFT__STACK_CLASS_MIN));
}

static void a_stack_that_is_not_used_is_found_too(void **state)
{
    struct top *top;
    char *base;

    (void)state;
    take_n(1);
    top = taken[0];
    base = top->base;
    give_all();
    assert_owns(top, base, STRIDE);
    while (take() != top)
        ;
    taken_count--;
    weft__stack_drop(pool, top);
    assert_int_equal(raw(), 1);
    assert_owns(top, base, STRIDE);
}

static void other_memory_is_of_no_stack(void **state)
{
    const char *slab;

    (void)state;
    assert_null(weft__stack_find(&stacks, &stacks)); /* there is none yet */
    take_n(1);
    slab = taken[0]->base;
    for (size_t i = 0; i < pool->cut; i++) /* the lowest may not be the first that is taken */
        if (weft__stack_find(&stacks, slab - STRIDE))
            slab -= STRIDE;
    assert_non_null(weft__stack_find(&stacks, slab + pool->cut * STRIDE - 1));
    assert_null(weft__stack_find(&stacks, slab + pool->cut * STRIDE)); /* uncut */
    assert_null(weft__stack_find(&stacks, slab - 1));
    assert_null(weft__stack_find(&stacks, NULL));
    assert_null(weft__stack_find(&stacks, &stacks));
    assert_null(weft__stack_find(&stacks, &slab));
    assert_null(weft__stack_find(&stacks, (void *)UINTPTR_MAX));
}

/* ---- the pool ---- */

/* Three are taken, and given back beginning with the last: how many were there already. */
static size_t three_come_back(struct top *from[3])
{
    size_t others;

    take_n(3);
    others = warm();
    memcpy(from, taken, 3 * sizeof *from);
    give_all();
    return others;
}

#ifdef WEFT__SANITIZED
static void what_was_given_back_longest_ago_is_taken_first(void **state)
{
    struct top *from[3];

    (void)state;
    take_n(three_come_back(from));
    assert_ptr_equal(take(), from[2]);
    assert_ptr_equal(take(), from[1]);
    assert_ptr_equal(take(), from[0]);
}
#else
static void what_was_given_back_last_is_taken_first(void **state)
{
    struct top *from[3];

    (void)state;
    three_come_back(from);
    assert_ptr_equal(take(), from[0]);
    assert_ptr_equal(take(), from[1]);
    assert_ptr_equal(take(), from[2]);
}
#endif

static void taking_a_warm_stack_calls_nothing(void **state)
{
    uint32_t before;

    (void)state;
    take_n(500);
    give_all();
    before = faults_counted();
    take_n(500);
    give_all();
    assert_int_equal(faults_counted(), before);
    assert_sound();
}

static void misses_are_served_in_growing_batches(void **state)
{
    (void)state;
    take_n(1);
    assert_int_equal(pool->cut, 1); /* a program of few threads pays for few */
    take_n(1000);
    assert_true(pool->cut < 1001 + 32);
    assert_true(faults_counts[FAULT_MPROTECT] > 1000 || faults_counts[FAULT_MADVISE] > 1000 ||
                faults_counts[FAULT_PROCESS_MADVISE] < 150);
    assert_int_equal(boots, pool->cut);
}

static struct {
    int protection, flags, advice;
    void *at;
    size_t bytes, advised_bytes;
} slab;

static void *note_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    void *got = faults_mmap(at, size, protection, flags, fd, offset);

    if (size >= SLAB_BYTES) {
        slab.protection = protection;
        slab.flags = flags;
        slab.at = got;
        slab.bytes = size;
    }
    return got;
}

static int note_madvise(void *at, size_t size, int advice)
{
    if (at == slab.at && advice != WEFT__MADV_GUARD_INSTALL) {
        slab.advice = advice;
        slab.advised_bytes = size;
    }
    return faults_madvise(at, size, advice);
}

/* A stack costs what is used of it: no commitment, no huge pages, and nothing shared with a fork's
 * child. */
static void address_space_is_private_unreserved_and_without_huge_pages(void **state)
{
    (void)state;
    weft__calls.mmap = note_mmap;
    weft__calls.madvise = note_madvise;
    take_n(1);
    assert_int_equal(slab.protection, PROT_READ | PROT_WRITE);
    assert_int_equal(slab.flags, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK);
    assert_int_equal(slab.advice, MADV_NOHUGEPAGE);
    assert_int_equal(slab.advised_bytes, slab.bytes);
}

static void stacks_come_from_few_mappings(void **state)
{
    (void)state;
    take_n(2048); /* two slabs */
    if (stacks.guard.way == WEFT__GUARD_MPROTECT)
        skip();
    assert_in_range(mappings(), 1, 4);
}

static void guards_by_protection_cost_two_mappings_a_stack(void **state)
{
    (void)state;
    faults->has_no_markers = true;
    take_n(500);
    assert_int_equal(stacks.guard.way, WEFT__GUARD_MPROTECT);
    assert_in_range(mappings(), 2 * 500 - 1, 2 * (500 + 32));
    for (size_t i = 0; i < 500; i++)
        assert_true(is_guarded(taken[i]->base));
}

static void everything_is_given_back_at_the_end(void **state)
{
    struct weft_pool *small = weft__stack_pool(&stacks, 0);

    (void)state;
    take_n(1500);
    give_n(700);
    for (int i = 0; i < 100; i++)
        weft__stack_take(small);
    weft__stack_fini(&stacks);
    assert_int_equal(faults_blocks(), 0);
    assert_int_equal(faults_counts[FAULT_MMAP], faults_counts[FAULT_MUNMAP]);
    begin();
}

/* ---- memory is given back ---- */

static void a_long_wait_gives_back_all_but_a_few(void **state)
{
    (void)state;
    take_n(1000);
    give_all();
    weft__stack_idle(&stacks, SHORT_NS);
    assert_true(warm() >= 1000);
    weft__stack_idle(&stacks, LONG_NS);
    assert_int_equal(warm(), SPARE_MIN);
    assert_int_equal(retires, raw());
    assert_sound();
}

static void a_long_wait_keeps_as_many_spares_as_stacks_in_use(void **state)
{
    (void)state;
    take_n(1000);
    give_n(700);
    weft__stack_idle(&stacks, LONG_NS);
    assert_int_equal(pool->peak, 300);
    assert_int_equal(warm(), 300);
    assert_sound();
}

static void every_pool_is_trimmed_by_a_long_wait(void **state)
{
    struct weft_pool *small = weft__stack_pool(&stacks, 0);
    void *tops[300];

    (void)state;
    for (int i = 0; i < 300; i++)
        tops[i] = weft__stack_take(small);
    for (int i = 0; i < 300; i++)
        weft__stack_give(small, tops[i]);
    weft__stack_idle(&stacks, LONG_NS);
    assert_int_equal(weft__ring_count(&small->warm), SPARE_MIN);
}

/* After a burst of threads a program that goes on with few of them must not keep the burst's
 * memory until it is idle. */
static void returns_alone_trim_a_pool_that_is_past_its_peak(void **state)
{
    (void)state;
    take_n(4000);
    give_all();
    for (int i = 0; i < 100 * RETURNS_MIN; i++) {
        take_n(10);
        give_all();
    }
    assert_true(warm() <= 2 * SPARE_MIN);
    assert_true(pool->peak < SPARE_MIN);
    assert_sound();
}

static void a_steady_load_is_never_trimmed(void **state)
{
    uint32_t before;

    (void)state;
    take_n(2000);
    give_all();
    before = faults_counted();
    for (int i = 0; i < 50; i++) {
        take_n(2000);
        give_all();
    }
    assert_int_equal(faults_counted(), before);
    assert_int_equal(retires, 0);
}

static void fill(struct top *top)
{
    memset(top->base + page_bytes, 'x', (size_t)((char *)top - top->base) - page_bytes);
}

static void a_raw_stack_has_lost_its_memory_and_kept_its_guard(void **state)
{
    char *base;

    (void)state;
    take_n(1);
    fill(taken[0]);
    base = taken[0]->base;
    weft__stack_drop(pool, taken[--taken_count]);
    assert_int_equal(raw(), 1);
    for (size_t at = page_bytes; at < STRIDE; at += 64)
        assert_int_equal(base[at], 0);
    assert_true(is_guarded(base));
    assert_sound();
}

static void a_raw_stack_is_booted_again_without_a_new_guard(void **state)
{
    uint32_t guards;
    char *base;

    (void)state;
    faults->has_no_markers = true; /* count mprotect */
    take_n(1);
    base = taken[0]->base;
    weft__stack_drop(pool, taken[--taken_count]);
    boots = 0;
    guards = faults_counts[FAULT_MPROTECT];
    pool->batch = 1;
    take_n(1);
    assert_ptr_equal(taken[0]->base, base);
    assert_int_equal(boots, 1);
    assert_int_equal(faults_counts[FAULT_MPROTECT], guards);
    assert_sound();
}

static void resident_memory_falls_after_a_long_wait(void **state)
{
    enum { MANY = 4000 };
    size_t before, full, after;

    (void)state;
    resident();
    before = resident();
    take_n(MANY);
    for (size_t i = 0; i < MANY; i++)
        fill(taken[i]);
    full = resident();
    give_all();
    weft__stack_idle(&stacks, LONG_NS);
    after = resident();
    /* The kernel's own count lags behind by some pages for each processor. */
    assert_true(full - before >= MANY * (STRIDE / page_bytes - 1) * 99 / 100);
    assert_true(full - after >= (MANY - SPARE_MIN) * (STRIDE / page_bytes - 1) * 99 / 100);
}

static void without_batches_memory_is_given_back_stack_by_stack(void **state)
{
    (void)state;
    take_n(200);
    for (size_t i = 0; i < 200; i++)
        fill(taken[i]);
    give_all();
    faults_fail(1 << FAULT_PROCESS_MADVISE, 1, UINT32_MAX);
    faults_counts[FAULT_MADVISE] = 0;
    weft__stack_idle(&stacks, LONG_NS);
    assert_int_equal(raw(), faults_counts[FAULT_MADVISE]);
    while (raw() > 0) {
        char *base = weft__ring_pop_back(&pool->raw);

        pool->cut--;
        assert_int_equal(base[page_bytes], 0);
    }
}

static void a_release_that_fails_leaves_the_stacks_usable(void **state)
{
    (void)state;
    take_n(300);
    give_all();
    faults_fail(FAULTS_ALL, 1, UINT32_MAX);
    weft__stack_idle(&stacks, LONG_NS);
    faults_stop();
    take_n(300);
    for (size_t i = 0; i < 300; i++)
        assert_true(is_guarded(taken[i]->base));
    assert_sound();
}

/* ---- reserving ---- */

static void what_is_reserved_is_there_without_a_call(void **state)
{
    uint32_t before;

    (void)state;
    assert_int_equal(weft__stack_reserve(pool, 1000), 0);
    assert_true(warm() >= 1000);
    before = faults_counted();
    take_n(1000);
    assert_int_equal(faults_counted(), before);
}

static void a_reserve_counts_from_what_is_in_use(void **state)
{
    (void)state;
    take_n(100);
    assert_int_equal(weft__stack_reserve(pool, 50), 0);
    assert_true(warm() >= 50);
    assert_int_equal(weft__stack_reserve(pool, 0), 0);
    assert_int_equal(pool->reserved, 150);
}

static void no_wait_takes_away_what_is_reserved(void **state)
{
    uint32_t before;

    (void)state;
    assert_int_equal(weft__stack_reserve(pool, 500), 0);
    take_n(200);
    weft__stack_idle(&stacks, LONG_NS);
    assert_true(warm() >= 300);
    give_all();
    weft__stack_idle(&stacks, LONG_NS);
    before = faults_counted();
    take_n(500);
    assert_int_equal(faults_counted(), before);
}

static void a_reserve_that_fails_keeps_what_it_got(void **state)
{
    size_t got;

    (void)state;
    take_n(1);
    faults->mmap_bytes_max = 1; /* nothing beyond the first slab */
    assert_int_equal(weft__stack_reserve(pool, SLAB_BYTES / STRIDE), -1);
    assert_string_equal(stacks.failed_call, "mmap");
    assert_int_equal(stacks.failed_errno, ENOMEM);
    got = warm();
    assert_int_equal(got, SLAB_BYTES / STRIDE - 1);
    take_n(got);
    faults->mmap_bytes_max = 0;
    assert_int_equal(weft__stack_reserve(pool, 10), 0);
    assert_sound();
}

/* ---- limits ---- */

static void a_slab_is_halved_until_it_fits(void **state)
{
    (void)state;
    weft__stack_take(weft__stack_pool(&stacks, 0)); /* guards are probed now */
    faults_counts[FAULT_MMAP] = 0;
    faults->mmap_bytes_max = 8 * STRIDE;
    take_n(8); /* 64 MiB and the next six are too large */
    assert_int_equal(faults_counts[FAULT_MMAP], 7 + 1);
    for (int i = 1; i < 8; i++)
        assert_true(labs(taken[i]->base - taken[0]->base) < 8 * STRIDE);
    take_n(1);
    assert_int_equal(faults_counts[FAULT_MMAP], 2 * (7 + 1));
}

static void a_slab_may_be_a_single_stack(void **state)
{
    (void)state;
    faults->mmap_bytes_max = STRIDE;
    take_n(20);
    assert_sound();
}

static void without_address_space_there_is_no_stack_and_the_reason_is_told(void **state)
{
    (void)state;
    faults->mmap_bytes_max = STRIDE - 1;
    assert_null(take());
    assert_string_equal(stacks.failed_call, "mmap");
    assert_int_equal(stacks.failed_errno, ENOMEM);
    assert_int_equal(pool->used, 0);
    assert_int_equal(faults_blocks(), 2); /* the pool's rings stay */
    faults->mmap_bytes_max = 0;
    take_n(10);
}

static void no_call_that_fails_breaks_anything(void **state)
{
    uint32_t n = 0;

    (void)state;
    do {
        weft__stack_fini(&stacks);
        begin();
        n++;
        faults_fail(FAULTS_ALL, n, n);
        for (int missed = 0; taken_count < 100;)
            if (!take() && ++missed > 1)
                fail_msg("no stack again, although call %u alone has failed", n);
        faults_stop();
        for (size_t i = 0; i < 100; i++)
            assert_true(is_guarded(taken[i]->base));
        assert_sound();
    } while (faults->has_failed);
    assert_true(n > 20);
}

enum { GUARDS_MAX = 777 };

static void *guarded[GUARDS_MAX];
static size_t guarded_count;

/* So many different pages can be protected, and no more. */
static int limited_mprotect(void *at, size_t size, int protection)
{
    size_t i = 0;

    while (i < guarded_count && guarded[i] != at)
        i++;
    if (i == GUARDS_MAX) {
        errno = ENOMEM;
        return -1;
    }
    guarded[i] = at;
    guarded_count = i == guarded_count ? i + 1 : guarded_count;
    return mprotect(at, size, protection);
}

/* Stacks are made in batches; of the last batch, too, as many as possible are had. */
static void at_the_limit_of_mappings_stacks_end_and_those_there_are_go_on(void **state)
{
    (void)state;
    faults->has_no_markers = true;
    weft__stack_take(weft__stack_pool(&stacks, 0)); /* guards are probed now */
    assert_int_equal(stacks.guard.way, WEFT__GUARD_MPROTECT);
    guarded_count = 0;
    weft__calls.mprotect = limited_mprotect;
    while (taken_count < STACKS_MAX && take())
        ;
    assert_int_equal(taken_count, GUARDS_MAX);
    assert_string_equal(stacks.failed_call, "mprotect");
    assert_int_equal(stacks.failed_errno, ENOMEM);
    for (size_t i = 0; i < taken_count; i++) {
        assert_true(is_guarded(taken[i]->base));
        fill(taken[i]);
    }
    give_n(5);
    take_n(5);
    assert_null(take());
    assert_sound();
    weft__calls.mprotect = mprotect;
    take_n(1);
    assert_sound();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(test) cmocka_unit_test_setup_teardown(test, fresh, over)
        TEST(the_class_of_a_size_is_the_power_of_two_that_holds_it),
        TEST(sizes_that_are_too_small_or_too_large_are_refused),
        TEST(each_class_has_a_pool_of_its_own),
        TEST(no_class_is_smaller_than_a_guard_page_and_another),
        TEST(a_new_pool_has_asked_for_nothing),
        TEST(the_top_block_is_at_the_high_end_and_aligned),
        TEST(the_low_end_is_a_guard_page_and_the_rest_may_be_written),
        TEST(neighbours_do_not_share_a_stride),
        TEST(the_tops_come_in_sixteen_colours),
        TEST(a_stack_larger_than_a_slab_has_one_of_its_own),
        TEST(every_address_of_a_stack_leads_to_its_top),
        TEST(every_slab_is_looked_through),
        TEST(every_class_is_looked_through),
        TEST(a_stack_that_is_not_used_is_found_too),
        TEST(other_memory_is_of_no_stack),
#ifdef WEFT__SANITIZED
        TEST(what_was_given_back_longest_ago_is_taken_first),
#else
        TEST(what_was_given_back_last_is_taken_first),
#endif
        TEST(taking_a_warm_stack_calls_nothing),
        TEST(misses_are_served_in_growing_batches),
        TEST(address_space_is_private_unreserved_and_without_huge_pages),
        TEST(stacks_come_from_few_mappings),
        TEST(guards_by_protection_cost_two_mappings_a_stack),
        TEST(everything_is_given_back_at_the_end),
        TEST(a_long_wait_gives_back_all_but_a_few),
        TEST(a_long_wait_keeps_as_many_spares_as_stacks_in_use),
        TEST(every_pool_is_trimmed_by_a_long_wait),
        TEST(returns_alone_trim_a_pool_that_is_past_its_peak),
        TEST(a_steady_load_is_never_trimmed),
        TEST(a_raw_stack_has_lost_its_memory_and_kept_its_guard),
        TEST(a_raw_stack_is_booted_again_without_a_new_guard),
        TEST(resident_memory_falls_after_a_long_wait),
        TEST(without_batches_memory_is_given_back_stack_by_stack),
        TEST(a_release_that_fails_leaves_the_stacks_usable),
        TEST(what_is_reserved_is_there_without_a_call),
        TEST(a_reserve_counts_from_what_is_in_use),
        TEST(no_wait_takes_away_what_is_reserved),
        TEST(a_reserve_that_fails_keeps_what_it_got),
        TEST(a_slab_is_halved_until_it_fits),
        TEST(a_slab_may_be_a_single_stack),
        TEST(without_address_space_there_is_no_stack_and_the_reason_is_told),
        TEST(no_call_that_fails_breaks_anything),
        TEST(at_the_limit_of_mappings_stacks_end_and_those_there_are_go_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
