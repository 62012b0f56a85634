/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/list.h"

enum { NODES = 6 };

static struct weft_list list;
static struct weft_list nodes[NODES];

static int fresh(void **state)
{
    (void)state;
    weft__list_init(&list);
    for (int i = 0; i < NODES; i++)
        nodes[i] = (struct weft_list){NULL, NULL};
    return 0;
}

static void push(int first, int last)
{
    for (int i = first; i <= last; i++)
        weft__list_push_back(&list, &nodes[i]);
}

/* Reads the list both ways: `expected` holds the digits of the nodes, front first. */
static void assert_holds(const struct weft_list *head, const char *expected)
{
    const struct weft_list *link = head;

    for (const char *digit = expected; *digit != '\0'; digit++) {
        const struct weft_list *node = &nodes[*digit - '0'];

        assert_ptr_equal(link->next, node);
        assert_ptr_equal(node->prev, link);
        link = node;
    }
    assert_ptr_equal(link->next, head);
    assert_ptr_equal(head->prev, link);
    assert_int_equal(weft__list_is_empty(head), *expected == '\0');
}

static void a_new_list_is_empty(void **state)
{
    (void)state;
    assert_holds(&list, "");
}

static void what_is_pushed_first_is_popped_first(void **state)
{
    (void)state;
    push(0, 2);
    assert_holds(&list, "012");
    for (int i = 0; i < 3; i++)
        assert_ptr_equal(weft__list_pop_front(&list), &nodes[i]);
    assert_holds(&list, "");
}

static void any_node_can_leave_without_naming_its_list(void **state)
{
    (void)state;
    push(0, 4);
    weft__list_remove(&nodes[2]);
    assert_holds(&list, "0134");
    weft__list_remove(&nodes[0]);
    assert_holds(&list, "134");
    weft__list_remove(&nodes[4]);
    assert_holds(&list, "13");
    weft__list_remove(&nodes[1]);
    weft__list_remove(&nodes[3]);
    assert_holds(&list, "");
}

static void a_node_can_come_back_after_leaving(void **state)
{
    (void)state;
    push(0, 2);
    weft__list_remove(&nodes[0]);
    push(0, 0);
    assert_holds(&list, "120");
}

static void removing_twice_does_no_harm_to_a_node_linked_to_itself(void **state)
{
    (void)state;
    push(0, 2);
    weft__list_remove_init(&nodes[1]);
    assert_true(weft__list_is_empty(&nodes[1]));
    weft__list_remove_init(&nodes[1]);
    assert_true(weft__list_is_empty(&nodes[1]));
    assert_holds(&list, "02");
}

static void splicing_keeps_the_order_and_empties_the_source(void **state)
{
    const char *expected[3][3] = {{"", "3", "34"}, {"0", "03", "034"}, {"01", "013", "0134"}};

    for (int kept = 0; kept < 3; kept++) {
        for (int moved = 0; moved < 3; moved++) {
            struct weft_list from;

            fresh(state);
            weft__list_init(&from);
            push(0, kept - 1);
            for (int i = 0; i < moved; i++)
                weft__list_push_back(&from, &nodes[3 + i]);
            weft__list_splice_back(&list, &from);
            assert_holds(&list, expected[kept][moved]);
            assert_holds(&from, "");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_new_list_is_empty, fresh),
        cmocka_unit_test_setup(what_is_pushed_first_is_popped_first, fresh),
        cmocka_unit_test_setup(any_node_can_leave_without_naming_its_list, fresh),
        cmocka_unit_test_setup(a_node_can_come_back_after_leaving, fresh),
        cmocka_unit_test_setup(removing_twice_does_no_harm_to_a_node_linked_to_itself, fresh),
        cmocka_unit_test_setup(splicing_keeps_the_order_and_empties_the_source, fresh),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
