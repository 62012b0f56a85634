/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/ring.h"

enum { CAPACITY_MAX = 16 };

static const uint32_t capacities[] = {1, 2, 4, 8, CAPACITY_MAX};
static void *slots[CAPACITY_MAX];
static void *bigger[2 * CAPACITY_MAX];
static char entries[2 * CAPACITY_MAX]; /* only their addresses matter */

/* An empty ring whose front is at any place, the last before the indices wrap included. */
static struct weft_ring ring_at(uint32_t capacity, uint32_t head)
{
    memset(slots, 0, sizeof slots);
    return (struct weft_ring){.slots = slots, .mask = capacity - 1, .head = head, .tail = head};
}

static void push(struct weft_ring *ring, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        weft__ring_push_back(ring, &entries[i]);
}

typedef void check_fn(uint32_t capacity, uint32_t head);

/* Runs the check for every capacity, with the front at every place, across the wrap as well. */
static void everywhere(check_fn *check)
{
    for (size_t c = 0; c < sizeof capacities / sizeof capacities[0]; c++)
        for (uint32_t offset = 0; offset <= 2 * capacities[c]; offset++)
            check(capacities[c], offset - capacities[c]);
}

static void a_ring_of_zeroes_is_empty_and_has_no_room(void **state)
{
    struct weft_ring ring = {0};

    (void)state;
    assert_int_equal(weft__ring_count(&ring), 0);
    assert_int_equal(weft__ring_capacity(&ring), 0);
}

static void a_ring_of_zeroes_adopts_its_first_array(void **state)
{
    struct weft_ring ring = {0};

    (void)state;
    assert_null(weft__ring_adopt(&ring, slots, 1));
    assert_int_equal(weft__ring_capacity(&ring), 1);
    push(&ring, 1);
    assert_ptr_equal(weft__ring_pop_front(&ring), &entries[0]);
}

static void check_front(uint32_t capacity, uint32_t head)
{
    struct weft_ring ring = ring_at(capacity, head);

    push(&ring, capacity);
    assert_int_equal(weft__ring_count(&ring), capacity);
    for (uint32_t i = 0; i < capacity; i++)
        assert_ptr_equal(weft__ring_pop_front(&ring), &entries[i]);
    assert_int_equal(weft__ring_count(&ring), 0);
}

static void a_full_ring_gives_the_oldest_from_its_front(void **state)
{
    (void)state;
    everywhere(check_front);
}

static void check_back(uint32_t capacity, uint32_t head)
{
    struct weft_ring ring = ring_at(capacity, head);

    push(&ring, capacity);
    for (uint32_t i = capacity; i > 0; i--)
        assert_ptr_equal(weft__ring_pop_back(&ring), &entries[i - 1]);
    assert_int_equal(weft__ring_count(&ring), 0);
}

static void a_full_ring_gives_the_newest_from_its_back(void **state)
{
    (void)state;
    everywhere(check_back);
}

static void check_take(uint32_t capacity, uint32_t head)
{
    for (uint32_t k = 0; k < capacity; k++) {
        struct weft_ring ring = ring_at(capacity, head);

        push(&ring, capacity);
        weft__ring_take_at(&ring, k);
        assert_int_equal(weft__ring_count(&ring), capacity);
        assert_ptr_equal(weft__ring_pop_front(&ring), &entries[k]);
        for (uint32_t i = 0; i < capacity; i++)
            if (i != k)
                assert_ptr_equal(weft__ring_pop_front(&ring), &entries[i]);
    }
}

static void taking_one_to_the_front_keeps_the_order_of_the_others(void **state)
{
    (void)state;
    everywhere(check_take);
}

static void check_rotate(uint32_t capacity, uint32_t head)
{
    for (uint32_t count = 0; count <= capacity; count++)
        for (uint32_t n = 0; n <= count; n++) {
            struct weft_ring ring = ring_at(capacity, head);

            push(&ring, count);
            weft__ring_rotate(&ring, n);
            assert_int_equal(weft__ring_count(&ring), count);
            for (uint32_t i = 0; i < count; i++)
                assert_ptr_equal(weft__ring_peek(&ring, i), &entries[(count - n + i) % count]);
        }
}

static void the_last_ones_go_before_all_others_in_order(void **state)
{
    (void)state;
    everywhere(check_rotate);
}

static void check_adopt(uint32_t capacity, uint32_t head)
{
    for (uint32_t count = 0; count <= capacity; count++) {
        struct weft_ring ring = ring_at(capacity, head);

        push(&ring, count);
        assert_ptr_equal(weft__ring_adopt(&ring, bigger, 2 * capacity), slots);
        memset(slots, 0, sizeof slots);
        assert_int_equal(weft__ring_capacity(&ring), 2 * capacity);
        for (uint32_t i = count; i < 2 * capacity; i++)
            weft__ring_push_back(&ring, &entries[i]);
        for (uint32_t i = 0; i < 2 * capacity; i++)
            assert_ptr_equal(weft__ring_peek(&ring, i), &entries[i]);
    }
}

static void a_bigger_array_takes_over_all_entries_in_order(void **state)
{
    (void)state;
    everywhere(check_adopt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ring_of_zeroes_is_empty_and_has_no_room),
        cmocka_unit_test(a_ring_of_zeroes_adopts_its_first_array),
        cmocka_unit_test(a_full_ring_gives_the_oldest_from_its_front),
        cmocka_unit_test(a_full_ring_gives_the_newest_from_its_back),
        cmocka_unit_test(taking_one_to_the_front_keeps_the_order_of_the_others),
        cmocka_unit_test(the_last_ones_go_before_all_others_in_order),
        cmocka_unit_test(a_bigger_array_takes_over_all_entries_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
