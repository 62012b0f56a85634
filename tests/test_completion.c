/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <errno.h>
#include <string.h>

#include "child.h"

enum { LIMIT = 10, MANY = 3000 };

/* ---- what tests share ---- */

static struct weft_completion completion;
static struct weft_waitgroup group;
static struct weft_once once;

static int fresh(void **state)
{
    completion = (struct weft_completion){0};
    group = (struct weft_waitgroup){0};
    once = (struct weft_once){0};
    return check_fresh(state);
}

#define fresh_test(test) cmocka_unit_test_setup_teardown(test, fresh, check_over)

static void await(const char *name)
{
    note("%s%d ", name, weft_completion_wait(&completion));
}

static void await_within(const char *name, int64_t ns)
{
    weft_within(ns, await(name));
}

static void await_group(const char *name)
{
    note("%s%d ", name, weft_waitgroup_wait(&group));
}

/* ---- completion ---- */

static void all_who_wait_are_woken_in_the_order_in_which_they_came(void **state)
{
    (void)state;
    go(await, "a");
    go(await, "b");
    go(await, "c");
    check_settle();
    assert_noted("");
    assert_int_equal(weft_completion_is_set(&completion), 0);
    weft_completion_set(&completion);
    assert_int_equal(weft_completion_is_set(&completion), 1);
    check_settle();
    assert_noted("a0 b0 c0 ");
}

static void once_set_it_stays_so(void **state)
{
    (void)state;
    weft_completion_set(&completion);
    weft_completion_set(&completion);
    await("a");
    await_within("b", 0);
    await("c");
    assert_noted("a0 b0 c0 ");
    assert_int_equal(weft_completion_is_set(&completion), 1);
}

static void asking_a_fresh_one_makes_it_nobodys(void **state)
{
    static const struct weft_completion never;

    (void)state;
    assert_int_equal(weft_completion_is_set(&never), 0);
}

static void a_deadline_ends_the_wait_of_one(void **state)
{
    (void)state;
    go(await_within, "a", LIMIT);
    go(await_within, "b", 0);
    go(await, "c");
    weft_sleep(2 * LIMIT);
    assert_noted("b-110 a-110 ");
    weft_completion_set(&completion);
    check_settle();
    assert_noted("c0 ");
}

/* The oracle makes the scheduler look at the timers before the waiter runs. */
static void a_set_before_the_deadline_counts(void **state)
{
    (void)state;
    check_randomly(1);
    go(await_within, "a", LIMIT);
    check_settle();
    weft_completion_set(&completion);
    check_compute(LIMIT);
    weft_yield();
    check_settle();
    assert_noted("a0 ");
}

static void a_cancelled_wait_ends_and_a_set_before_that_counts(void **state)
{
    task(void) a = spawn(await, "a"), b;

    (void)state;
    check_settle();
    task_cancel(a);
    b = spawn(await, "b");
    check_settle();
    weft_completion_set(&completion);
    task_cancel(b);
    check_settle();
    assert_noted("a-125 b0 ");
    task_join(a);
    task_join(b);
    a = spawn(await, "c");
    task_cancel(a);
    task_join(a);
    assert_noted("c-125 "); /* a cancelled thread's calls fail without looking */
}

static void await_in_body(gen(int) self)
{
    (void)self;
    await("body");
}

static void a_body_that_waits_can_be_closed(void **state)
{
    gen(int) g = gen_new(int, await_in_body);

    (void)state;
    assert_int_equal(weft_within(LIMIT, gen_next(g, NULL)), -ETIMEDOUT);
    assert_int_equal(gen_close(g), 0);
    assert_noted("body-125 ");
}

static void main_is_told_of_a_deadlock(void **state)
{
    (void)state;
    weft_deadlock_returns(1);
    assert_int_equal(weft_completion_wait(&completion), -EDEADLK);
    weft_waitgroup_add(&group, 1);
    assert_int_equal(weft_waitgroup_wait(&group), -EDEADLK);
    weft_waitgroup_done(&group);
    assert_int_equal(weft_waitgroup_wait(&group), 0);
}

/* A woken call does not touch the object again. */
static void its_memory_may_be_used_for_the_next_as_soon_as_it_is_set(void **state)
{
    (void)state;
    go(await, "a");
    go(await, "b");
    check_settle();
    weft_completion_set(&completion);
    memset(&completion, 0xff, sizeof completion);
    check_settle();
    assert_noted("a0 b0 ");
    completion = (struct weft_completion){0};
    go(await, "c");
    check_settle();
    assert_noted("");
    weft_completion_set(&completion);
    check_settle();
    assert_noted("c0 ");
}

static void thousands_wait_for_one(void **state)
{
    (void)state;
    for (int i = 0; i < MANY; i++)
        go(await, ".");
    check_settle();
    weft_completion_set(&completion);
    check_settle();
    assert_int_equal(strlen(noted()), MANY * strlen(".0 "));
}

/* ---- wait group ---- */

static void work(int64_t ns)
{
    weft_sleep(ns);
    weft_waitgroup_done(&group);
}

static void a_group_at_zero_parks_nobody(void **state)
{
    (void)state;
    await_group("a");
    weft_waitgroup_add(&group, 0);
    assert_int_equal(weft_within(0, weft_waitgroup_wait(&group)), 0);
    weft_waitgroup_add(&group, 2);
    assert_int_equal(weft_within(0, weft_waitgroup_wait(&group)), -ETIMEDOUT);
    weft_waitgroup_add(&group, -2);
    await_group("b");
    assert_noted("a0 b0 ");
}

static void all_who_wait_are_woken_by_the_last_that_is_done(void **state)
{
    (void)state;
    weft_waitgroup_add(&group, 3);
    go(work, 1 * LIMIT);
    go(work, 3 * LIMIT);
    go(await_group, "a");
    go(await_group, "b");
    work(2 * LIMIT);
    weft_sleep(LIMIT - 1);
    assert_noted("");
    weft_waitgroup_add(&group, 1);
    weft_sleep(2);
    assert_noted("");
    weft_waitgroup_done(&group);
    check_settle();
    assert_noted("a0 b0 ");
}

static void whoever_was_woken_stays_so_when_the_count_rises_again(void **state)
{
    (void)state;
    weft_waitgroup_add(&group, 1);
    go(await_group, "a");
    check_settle();
    weft_waitgroup_done(&group);
    weft_waitgroup_add(&group, 1);
    go(await_group, "b");
    check_settle();
    assert_noted("a0 ");
    weft_waitgroup_done(&group);
    check_settle();
    assert_noted("b0 ");
}

static void await_group_within(const char *name, int64_t ns)
{
    weft_within(ns, await_group(name));
}

static void a_wait_for_a_group_ends_at_its_deadline_or_when_cancelled(void **state)
{
    task(void) t;

    (void)state;
    weft_waitgroup_add(&group, 1);
    go(await_group_within, "a", LIMIT);
    t = spawn(await_group, "b");
    weft_sleep(2 * LIMIT);
    assert_noted("a-110 ");
    task_cancel(t);
    weft_waitgroup_done(&group);
    task_join(t);
    assert_noted("b-125 ");
}

static void work_at_random(int *done)
{
    if (check_random(4) == 0) {
        weft_waitgroup_add(&group, 1);
        go(work_at_random, done);
    }
    weft_sleep(check_random(5));
    ++*done;
    weft_waitgroup_done(&group);
}

static int early;

static void await_all(const int *done)
{
    int64_t ns = check_random(2) ? (int64_t)check_random(10) : WEFT_FOREVER;

    if (weft_within(ns, weft_waitgroup_wait(&group)) == 0)
        early += group.count != 0 || *done < 10;
}

static void whatever_the_order_a_wait_ends_when_all_is_done(void **state)
{
    const uint64_t seed = check_seed(1);

    (void)state;
    print_message("WEFT_TEST_SEED=%llu\n", (unsigned long long)seed);
    for (uint64_t i = 0; i < 50; i++) {
        int done = 0;

        check_randomly(seed + i);
        weft_waitgroup_add(&group, 10);
        for (int n = 0; n < 10; n++)
            go(work_at_random, &done);
        for (int n = 0; n < 5; n++)
            go(await_all, &done);
        assert_int_equal(weft_waitgroup_wait(&group), 0);
        check_settle();
        assert_int_equal(check_threads(), 0);
        assert_int_equal(early, 0);
        assert_true(done >= 10);
    }
}

/* ---- once ---- */

static void prepare(void *what)
{
    note("<%s", (const char *)what);
    weft_sleep(LIMIT);
    note("> ");
}

static char text[] = "made";

static void need(const char *name)
{
    int result = weft_once(&once, prepare, text);

    note("%s%d ", name, result);
}

static void need_within(const char *name, int64_t ns)
{
    weft_within(ns, need(name));
}

static void the_first_runs_it_and_the_others_wait_for_its_end(void **state)
{
    (void)state;
    go(need, "b");
    go(need, "c");
    need("a");
    check_settle();
    assert_noted("<made> a0 b0 c0 ");
    need("d");
    assert_int_equal(weft_within(0, weft_once(&once, prepare, text)), 0);
    assert_noted("d0 ");
}

static void a_deadline_ends_the_wait_of_one_who_does_not_run_it(void **state)
{
    (void)state;
    go(need, "a");
    go(need_within, "b", LIMIT / 2);
    go(need_within, "c", 0);
    go(need, "d");
    weft_sleep(2 * LIMIT);
    assert_noted("<madec-110 b-110 > a0 d0 ");
}

/* The function is part of the call; what it has not achieved is its own affair. */
static void a_deadline_hurries_the_function_and_it_counts_as_done(void **state)
{
    (void)state;
    go(need_within, "a", LIMIT / 2);
    go(need, "b");
    weft_sleep(LIMIT / 2 + 1);
    assert_noted("<made> a0 b0 ");
    weft_sleep(LIMIT);
}

static void a_cancelled_thread_neither_runs_it_nor_waits(void **state)
{
    task(void) t = spawn(need, "a"), waiting;

    (void)state;
    task_cancel(t);
    task_join(t);
    assert_noted("a-125 ");
    go(need, "b");
    waiting = spawn(need, "c");
    weft_sleep(1);
    task_cancel(waiting);
    task_join(waiting);
    assert_noted("<madec-125 ");
    weft_sleep(LIMIT);
    assert_noted("> b0 ");
}

static void whoever_waits_for_once_waits_for_who_runs_it(void **state)
{
    task(void) a = spawn(need, "a"), b = spawn(need, "b");
    const struct weft_control *c;

    (void)state;
    weft_sleep(1);
    c = WEFT__CONTAINER_OF(once.waiters.list.next, struct weft_control, waiter.link);
    assert_ptr_equal(weft__thread_handle(c->wait->waits_for(c)), (void *)a);
    task_join(a);
    task_join(b);
    noted();
}

static void never_return(void *unused)
{
    (void)unused;
    weft_sleep(WEFT_FOREVER);
}

static void need_what_never_comes(void)
{
    weft_once(&once, never_return, NULL);
}

static int everybody_waits(const void *unused)
{
    (void)unused;
    weft_waitgroup_add(&group, 1);
    go(need_what_never_comes);
    weft_yield();
    go(need_what_never_comes);
    go(await, "a");
    weft_yield();
    weft_waitgroup_wait(&group);
    return 0;
}

static void the_report_of_a_deadlock_names_what_each_waits_for(void **state)
{
    struct child c = child_run(everybody_waits, NULL);

    (void)state;
    assert_int_equal(c.status, 2);
    assert_non_null(strstr(c.said, "waiting for wait group 0x"));
    assert_non_null(strstr(c.said, "waiting for completion 0x"));
    assert_non_null(strstr(c.said, "waiting for once 0x"));
    assert_non_null(strstr(c.said, ", which thread 2 (need_what_never_comes at "));
    assert_non_null(strstr(c.said, ") runs, for "));
}

static jmp_buf out_of_once;

static void jump_out(void *unused)
{
    (void)unused;
    weft_yield();
    longjmp(out_of_once, 1);
}

static void leave_once(void)
{
    if (setjmp(out_of_once) == 0)
        weft_once(&once, jump_out, NULL);
}

static int one_waits_for_what_was_left(const void *unused)
{
    (void)unused;
    go(leave_once);
    weft_yield();
    weft_once(&once, never_return, NULL);
    return 0;
}

static void the_report_tells_that_who_ran_it_has_ended(void **state)
{
    struct child c = child_run(one_waits_for_what_was_left, NULL);

    (void)state;
    assert_int_equal(c.status, 2);
    assert_non_null(strstr(c.said, "thread 1 (main): waiting for once 0x"));
    assert_non_null(strstr(c.said, ", which a thread that has ended runs, for "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fresh_test(all_who_wait_are_woken_in_the_order_in_which_they_came),
        fresh_test(once_set_it_stays_so),
        fresh_test(asking_a_fresh_one_makes_it_nobodys),
        fresh_test(a_deadline_ends_the_wait_of_one),
        fresh_test(a_set_before_the_deadline_counts),
        fresh_test(a_cancelled_wait_ends_and_a_set_before_that_counts),
        fresh_test(a_body_that_waits_can_be_closed),
        fresh_test(main_is_told_of_a_deadlock),
        fresh_test(its_memory_may_be_used_for_the_next_as_soon_as_it_is_set),
        fresh_test(thousands_wait_for_one),
        fresh_test(a_group_at_zero_parks_nobody),
        fresh_test(all_who_wait_are_woken_by_the_last_that_is_done),
        fresh_test(whoever_was_woken_stays_so_when_the_count_rises_again),
        fresh_test(a_wait_for_a_group_ends_at_its_deadline_or_when_cancelled),
        fresh_test(whatever_the_order_a_wait_ends_when_all_is_done),
        fresh_test(the_first_runs_it_and_the_others_wait_for_its_end),
        fresh_test(a_deadline_ends_the_wait_of_one_who_does_not_run_it),
        fresh_test(a_deadline_hurries_the_function_and_it_counts_as_done),
        fresh_test(a_cancelled_thread_neither_runs_it_nor_waits),
        fresh_test(whoever_waits_for_once_waits_for_who_runs_it),
        fresh_test(the_report_of_a_deadlock_names_what_each_waits_for),
        fresh_test(the_report_tells_that_who_ran_it_has_ended),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
