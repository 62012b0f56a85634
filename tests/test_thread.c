/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stdbool.h>

#include "child.h"
#include "faults.h"
#include "runtime/thread.h"

enum { MANY = 3 * WEFT__THREAD_SLAB + 5 };

static struct weft_threads all;
static struct weft_thread *made[MANY];
static struct weft_thread *handles[MANY];

static int fresh(void **state)
{
    (void)state;
    faults_install();
    weft__threads_init(&all, NULL);
    return 0;
}

static int over(void **state)
{
    (void)state;
    faults_stop();
    weft__threads_fini(&all);
    faults_remove();
    return 0;
}

static void make(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        made[i] = weft__thread_new(&all);
        assert_non_null(made[i]);
        handles[i] = weft__thread_handle(made[i]);
    }
}

static enum weft__thread_found find(const struct weft_thread *handle, struct weft_thread **found)
{
    return weft__thread_find(&all, handle, found);
}

static void assert_found(size_t i)
{
    struct weft_thread *found = NULL;

    assert_int_equal(find(handles[i], &found), WEFT__THREAD_FOUND);
    assert_ptr_equal(found, made[i]);
}

static void assert_not_found(const struct weft_thread *handle, enum weft__thread_found why)
{
    struct weft_thread *found = NULL;

    assert_int_equal(find(handle, &found), why);
    assert_null(found);
}

/* ---- records ---- */

static void a_million_records_and_their_places_in_the_queue_are_small(void **state)
{
    (void)state;
    if (sizeof(void *) == 8)
        assert_true(sizeof(struct weft_thread) + sizeof(void *) <= 128);
}

static void a_new_record_is_unstarted_and_nobodys(void **state)
{
    (void)state;
    make(1);
    assert_int_equal(made[0]->state, WEFT__THREAD_UNSTARTED);
    assert_int_equal(made[0]->flags, 0);
    assert_null(weft__thread_name(made[0]));
    assert_null(made[0]->waits_for_end.joiner);
    assert_int_equal(all.live, 1);
}

static void a_record_that_is_used_again_is_as_new(void **state)
{
    struct weft_thread *again;

    (void)state;
    make(1);
    made[0]->state = WEFT__THREAD_DONE;
    made[0]->flags =
        WEFT__THREAD_FAR | WEFT__THREAD_OWNS | WEFT__THREAD_NAMED | WEFT__THREAD_DETACHED;
    made[0]->arguments.far = weft__calls.malloc(8);
    made[0]->waits_for_end.joiner = (void *)&all;
    weft__thread_free(&all, made[0]);
    assert_int_equal(made[0]->state, WEFT__THREAD_FREE);
    again = weft__thread_new(&all);
    assert_ptr_equal(again, made[0]);
    assert_int_equal(again->state, WEFT__THREAD_UNSTARTED);
    assert_int_equal(again->flags, 0);
    assert_null(weft__thread_name(again));
    assert_null(again->waits_for_end.joiner);
}

static void the_end_of_a_record_frees_arguments_from_malloc(void **state)
{
    int64_t before;

    (void)state;
    make(1);
    before = faults_blocks();
    made[0]->flags |= WEFT__THREAD_FAR | WEFT__THREAD_OWNS;
    made[0]->arguments.far = weft__calls.malloc(100);
    weft__thread_free(&all, made[0]);
    assert_int_equal(faults_blocks(), before);
}

static void records_are_all_different(void **state)
{
    (void)state;
    make(MANY);
    assert_int_equal(all.live, MANY);
    for (size_t i = 0; i < MANY; i++) {
        made[i]->state = WEFT__THREAD_STARTED;
        made[i]->does.word = i;
        made[i]->arguments.words[WEFT__THREAD_WORDS - 1] = ~(uint64_t)i;
    }
    for (size_t i = 0; i < MANY; i++) {
        assert_true(made[i]->does.word == i);
        assert_true(made[i]->arguments.words[WEFT__THREAD_WORDS - 1] == ~(uint64_t)i);
    }
}

static void sides_are_all_different_and_part_of_no_record(void **state)
{
    (void)state;
    make(MANY);
    for (size_t i = 0; i < MANY; i++) {
        memset(weft__thread_side(made[i]), (int)(i % 251), sizeof(struct weft_thread_side));
        made[i]->arguments.words[0] = i;
    }
    for (size_t i = 0; i < MANY; i++) {
        const unsigned char *side = (const unsigned char *)weft__thread_side(made[i]);

        assert_true(made[i]->arguments.words[0] == i);
        for (size_t k = 0; k < sizeof(struct weft_thread_side); k++)
            assert_int_equal(side[k], i % 251);
    }
}

static void slots_are_all_different_and_never_change(void **state)
{
    static uint32_t slots[MANY];
    static bool seen[MANY + 64 * WEFT__THREAD_SLAB];

    (void)state;
    make(MANY);
    for (size_t i = 0; i < MANY; i++) {
        slots[i] = weft__thread_slot(made[i]);
        assert_true(slots[i] < sizeof seen);
        assert_false(seen[slots[i]]);
        seen[slots[i]] = true;
    }
    for (size_t i = 0; i < MANY; i++)
        weft__thread_free(&all, made[i]);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(weft__thread_slot(made[i]), slots[i]);
}

static void the_record_freed_last_is_used_next(void **state)
{
    (void)state;
    make(10);
    weft__thread_free(&all, made[3]);
    weft__thread_free(&all, made[7]);
    assert_ptr_equal(weft__thread_new(&all), made[7]);
    assert_ptr_equal(weft__thread_new(&all), made[3]);
}

static void records_in_use_again_need_no_memory(void **state)
{
    uint32_t before;

    (void)state;
    make(MANY);
    for (size_t i = 0; i < MANY; i++)
        weft__thread_free(&all, made[i]);
    before = faults_counted();
    make(MANY);
    assert_int_equal(faults_counted(), before);
}

/* ---- visits ---- */

static size_t visits;

static void visit(struct weft_thread *t, void *data)
{
    assert_ptr_equal(data, &visits);
    assert_int_not_equal(t->state, WEFT__THREAD_FREE);
    t->does.word++;
    visits++;
}

static void a_walk_meets_every_live_record_once(void **state)
{
    (void)state;
    make(MANY);
    for (size_t i = 0; i < MANY; i++)
        made[i]->does.word = 0;
    for (size_t i = 0; i < MANY; i += 3)
        weft__thread_free(&all, made[i]);
    visits = 0;
    weft__thread_each(&all, visit, &visits);
    assert_int_equal(visits, all.live);
    for (size_t i = 0; i < MANY; i++)
        if (i % 3 != 0)
            assert_true(made[i]->does.word == 1);
}

static void end(struct weft_thread *t, void *data)
{
    weft__thread_free(data, t);
}

static void a_walk_may_end_the_records_that_it_meets(void **state)
{
    (void)state;
    make(MANY);
    weft__thread_each(&all, end, &all);
    assert_int_equal(all.live, 0);
    for (size_t i = 0; i < MANY; i++)
        assert_not_found(handles[i], WEFT__THREAD_FOUND_STALE);
}

/* ---- handles ---- */

static void a_handle_names_its_record(void **state)
{
    (void)state;
    make(MANY);
    for (size_t i = 0; i < MANY; i++) {
        assert_non_null(handles[i]);
        assert_found(i);
    }
}

static void a_handle_is_stale_once_its_record_has_ended(void **state)
{
    (void)state;
    make(3);
    weft__thread_free(&all, made[1]);
    assert_not_found(handles[1], WEFT__THREAD_FOUND_STALE);
    assert_found(0);
    assert_found(2);
}

static void a_handle_is_stale_although_its_record_is_in_use_again(void **state)
{
    struct weft_thread *old;

    (void)state;
    make(1);
    for (int i = 0; i < 1000; i++) {
        old = handles[0];
        weft__thread_free(&all, made[0]);
        make(1);
        assert_ptr_not_equal(handles[0], old);
        assert_not_found(old, WEFT__THREAD_FOUND_STALE);
        assert_found(0);
    }
}

/* After the last generation the first comes again; there is none that is zero, which would make the
 * first slot's handle NULL. */
static void no_generation_is_zero(void **state)
{
    struct weft_thread *last;

    (void)state;
    make(1);
    made[0]->generation = UINT32_MAX;
    last = weft__thread_handle(made[0]);
    weft__thread_free(&all, made[0]);
    assert_int_not_equal(made[0]->generation, 0);
    make(1);
    assert_non_null(handles[0]);
    assert_found(0);
    assert_not_found(last, WEFT__THREAD_FOUND_STALE);
}

static void what_never_was_a_handle_is_told_from_one(void **state)
{
    (void)state;
    make(1);
    assert_not_found(NULL, WEFT__THREAD_FOUND_NEVER);
    assert_not_found((void *)(uintptr_t)1, WEFT__THREAD_FOUND_NEVER);
    assert_not_found((void *)UINTPTR_MAX, WEFT__THREAD_FOUND_NEVER);
    assert_not_found((void *)(((uintptr_t)1 << WEFT__THREAD_SLOT_BITS) |
                              (uintptr_t)WEFT__THREAD_SLAB * (WEFT__THREAD_SLABS_MAX - 1)),
                     WEFT__THREAD_FOUND_NEVER); /* of a slab that there is not */
}

static void anothers_handle_is_foreign(void **state)
{
    struct weft_threads others;
    struct weft_thread *t, *found = NULL;

    (void)state;
    make(1);
    weft__threads_init(&others, NULL);
    t = weft__thread_new(&others);
    assert_not_found(weft__thread_handle(t), WEFT__THREAD_FOUND_FOREIGN);
    assert_int_equal(weft__thread_find(&others, handles[0], &found), WEFT__THREAD_FOUND_FOREIGN);
    assert_int_equal(weft__thread_find(&others, weft__thread_handle(t), &found),
                     WEFT__THREAD_FOUND);
    assert_ptr_equal(found, t);
    weft__threads_fini(&others);
}

/* ---- slabs ---- */

static void slabs_are_taken_over_and_old_handles_stay_stale(void **state)
{
    struct weft_threads next;
    struct weft_thread *found = NULL;
    uint32_t mallocs;

    (void)state;
    make(MANY);
    mallocs = faults_counts[FAULT_MALLOC];
    weft__threads_fini(&all);
    for (size_t i = 0; i < MANY; i++) /* nobody's, for now */
        assert_int_not_equal(find(handles[i], &found), WEFT__THREAD_FOUND);
    weft__threads_init(&next, NULL);
    for (size_t i = 0; i < MANY; i++)
        assert_non_null(weft__thread_new(&next));
    assert_int_equal(faults_counts[FAULT_MALLOC], mallocs);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(weft__thread_find(&next, handles[i], &found), WEFT__THREAD_FOUND_STALE);
    weft__threads_fini(&next);
    weft__threads_init(&all, NULL);
}

static void the_end_frees_the_arguments_from_malloc_of_all(void **state)
{
    int64_t before;

    (void)state;
    make(MANY);
    before = faults_blocks();
    for (size_t i = 0; i < MANY; i++) {
        made[i]->flags |= WEFT__THREAD_FAR | WEFT__THREAD_OWNS;
        made[i]->arguments.far = weft__calls.malloc(100);
    }
    weft__threads_fini(&all);
    assert_int_equal(faults_blocks(), before);
    weft__threads_init(&all, NULL);
}

/* The first call takes over what others left; then there is no slab to be had. */
static void without_memory_there_is_no_record_and_later_there_is(void **state)
{
    size_t n = 0;

    (void)state;
    faults_fail(1 << FAULT_MALLOC, 1, UINT32_MAX);
    while (weft__thread_new(&all))
        n++;
    assert_int_equal(all.live, n);
    assert_int_equal(n % WEFT__THREAD_SLAB, 0);
    assert_null(weft__thread_new(&all));
    faults_stop();
    make(1);
    assert_found(0);
    assert_int_equal(all.live, n + 1);
}

/* ---- as many as there may be ---- */

/* Each slab looks at all before it: 134 million atomic loads take TSan longer than a child has. */
#ifndef WEFT__TSAN

static struct weft_threads others;
static bool others_take_one; /* while memory is being looked for */
static void *only_block;
static int frees;

/* One block stands for all, or this would take gigabytes. */
static void *same_block(size_t size)
{
    if (!only_block)
        only_block = malloc(size);
    if (others_take_one) {
        others_take_one = false;
        if (weft__threads_grow(&others) != 0)
            _exit(2);
    }
    return only_block;
}

static void count_free(void *p)
{
    frees += p == only_block;
}

static int grow_to_the_limit(const void *unused)
{
    uint32_t slabs = 0;

    (void)unused;
    weft__calls.malloc = same_block;
    weft__calls.free = count_free;
    weft__threads_init(&all, NULL);
    weft__threads_init(&others, NULL);
    for (; slabs < WEFT__THREAD_SLABS_MAX - 1; slabs++)
        if (weft__threads_grow(&all) != 0)
            return 3;
    others_take_one = true; /* the last, while we are about to */
    if (weft__threads_grow(&all) == 0 || others_take_one || frees != 1)
        return 4;
    frees = 0;
    return weft__threads_grow(&all) == 0 || frees != 0 ? 5 : 0;
}

/* In a process where nobody has any yet. */
static void there_are_so_many_slabs_and_no_more(void **state)
{
    struct child child;

    (void)state;
    child = child_run(grow_to_the_limit, NULL);
    assert_string_equal(child.said, "");
    assert_int_equal(child.status, 0);
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(test) cmocka_unit_test_setup_teardown(test, fresh, over)
#ifndef WEFT__TSAN
        cmocka_unit_test(there_are_so_many_slabs_and_no_more),
#endif
        TEST(a_million_records_and_their_places_in_the_queue_are_small),
        TEST(a_new_record_is_unstarted_and_nobodys),
        TEST(a_record_that_is_used_again_is_as_new),
        TEST(the_end_of_a_record_frees_arguments_from_malloc),
        TEST(records_are_all_different),
        TEST(sides_are_all_different_and_part_of_no_record),
        TEST(slots_are_all_different_and_never_change),
        TEST(the_record_freed_last_is_used_next),
        TEST(records_in_use_again_need_no_memory),
        TEST(a_walk_meets_every_live_record_once),
        TEST(a_walk_may_end_the_records_that_it_meets),
        TEST(a_handle_names_its_record),
        TEST(a_handle_is_stale_once_its_record_has_ended),
        TEST(a_handle_is_stale_although_its_record_is_in_use_again),
        TEST(no_generation_is_zero),
        TEST(what_never_was_a_handle_is_told_from_one),
        TEST(anothers_handle_is_foreign),
        TEST(slabs_are_taken_over_and_old_handles_stay_stale),
        TEST(the_end_frees_the_arguments_from_malloc_of_all),
        TEST(without_memory_there_is_no_record_and_later_there_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
