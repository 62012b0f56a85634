/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <errno.h>

enum { LIMIT = 10 };

/* ---- what tests share ---- */

static struct weft_semaphore semaphore;

static int fresh(void **state)
{
    semaphore = (struct weft_semaphore){0};
    return check_fresh(state);
}

#define fresh_test(test) cmocka_unit_test_setup_teardown(test, fresh, check_over)

static void acquire(const char *name)
{
    note("%s%d ", name, weft_semaphore_acquire(&semaphore));
}

static void acquire_within(const char *name, int64_t ns)
{
    weft_within(ns, acquire(name));
}

/* How many permits lie there; it takes them. */
static int drain(void)
{
    int n = 0;

    while (weft_semaphore_tryacquire(&semaphore) == 0)
        n++;
    return n;
}

/* ---- permits ---- */

static struct weft_semaphore three = WEFT_SEMAPHORE(3);

static void there_are_as_many_permits_as_it_is_made_with(void **state)
{
    struct weft_semaphore two = WEFT_SEMAPHORE(2);

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(weft_semaphore_acquire(&three), 0);
    assert_int_equal(weft_semaphore_tryacquire(&three), -EAGAIN);
    assert_int_equal(weft_semaphore_tryacquire(&two), 0);
    assert_int_equal(weft_within(0, weft_semaphore_acquire(&two)), 0);
    assert_int_equal(weft_within(0, weft_semaphore_acquire(&two)), -ETIMEDOUT);
    assert_int_equal(weft_semaphore_tryacquire(&semaphore), -EAGAIN);
}

static void a_permit_that_nobody_waits_for_is_kept(void **state)
{
    (void)state;
    weft_semaphore_release(&semaphore);
    weft_semaphore_release(&semaphore);
    acquire("a");
    assert_noted("a0 ");
    assert_int_equal(drain(), 1);
}

static void those_who_wait_get_permits_in_the_order_in_which_they_came(void **state)
{
    const char *const names[] = {"a", "b", "c", "d"};

    (void)state;
    for (int i = 0; i < 4; i++)
        go(acquire, names[i]);
    check_settle();
    assert_noted("");
    for (int i = 0; i < 3; i++)
        weft_semaphore_release(&semaphore);
    assert_int_equal(weft_semaphore_tryacquire(&semaphore), -EAGAIN); /* they are theirs already */
    check_settle();
    assert_noted("a0 b0 c0 ");
    weft_semaphore_release(&semaphore);
    check_settle();
    assert_noted("d0 ");
}

static void acquire_and_release(const int *others_ran)
{
    while (*others_ran == 0) {
        weft_semaphore_acquire(&semaphore);
        weft_semaphore_release(&semaphore);
    }
}

static void run(int *ran)
{
    ++*ran;
}

static void a_loop_of_acquires_does_not_hold_the_worker(void **state)
{
    int ran = 0;

    (void)state;
    weft_semaphore_release(&semaphore);
    go(acquire_and_release, &ran);
    go(run, &ran);
    check_settle();
    assert_int_equal(ran, 1);
}

/* ---- the end of a wait before its time ---- */

static void a_deadline_ends_the_wait_and_takes_no_permit(void **state)
{
    (void)state;
    go(acquire_within, "a", LIMIT);
    go(acquire, "b");
    weft_sleep(2 * LIMIT);
    assert_noted("a-110 ");
    weft_semaphore_release(&semaphore);
    weft_semaphore_release(&semaphore);
    check_settle();
    assert_noted("b0 ");
    assert_int_equal(drain(), 1);
}

/* The oracle makes the scheduler look at the timers before the waiter runs. */
static void a_permit_before_the_deadline_counts(void **state)
{
    (void)state;
    check_randomly(1);
    go(acquire_within, "a", LIMIT);
    check_settle();
    weft_semaphore_release(&semaphore);
    check_compute(LIMIT);
    weft_yield();
    check_settle();
    assert_noted("a0 ");
    assert_int_equal(drain(), 0);
}

static void a_cancelled_wait_ends_and_a_permit_before_that_counts(void **state)
{
    (void)state;
    for (int handed_over = 0; handed_over < 2; handed_over++) {
        task(void) t = spawn(acquire, "a");

        check_settle();
        if (handed_over)
            weft_semaphore_release(&semaphore);
        task_cancel(t);
        if (!handed_over)
            weft_semaphore_release(&semaphore);
        check_settle();
        assert_string_equal(noted(), handed_over ? "a0 " : "a-125 ");
        assert_int_equal(drain(), !handed_over);
        task_join(t);
    }
}

static void acquire_shielded(void)
{
    acquire("bare");
    weft_shield(acquire("shielded"));
}

static void a_cancelled_thread_gets_a_permit_only_within_a_shield(void **state)
{
    task(void) t = spawn(acquire_shielded);

    (void)state;
    weft_semaphore_release(&semaphore);
    task_cancel(t);
    task_join(t);
    assert_noted("bare-125 shielded0 ");
    assert_int_equal(drain(), 0);
}

static void acquire_in_body(gen(int) self)
{
    (void)self;
    acquire("body");
}

static void a_body_that_waits_for_a_permit_can_be_closed(void **state)
{
    gen(int) g = gen_new(int, acquire_in_body);

    (void)state;
    assert_int_equal(weft_within(LIMIT, gen_next(g, NULL)), -ETIMEDOUT);
    assert_int_equal(gen_close(g), 0);
    assert_noted("body-125 ");
    weft_semaphore_release(&semaphore);
    assert_int_equal(drain(), 1);
}

static void main_is_told_of_a_deadlock(void **state)
{
    (void)state;
    weft_deadlock_returns(1);
    assert_int_equal(weft_semaphore_acquire(&semaphore), -EDEADLK);
    weft_semaphore_release(&semaphore);
    assert_int_equal(weft_semaphore_acquire(&semaphore), 0);
}

/* ---- at random ---- */

enum { THREADS = 10, ROUNDS = 40, PERMITS = 3, MANY = 3000 };

static int inside, most, turns, wrongs;

static void use(void)
{
    turns++;
    if (++inside > most)
        most = inside;
    if (check_random(2))
        weft_yield();
    if (check_random(4) == 0)
        weft_sleep(check_random(5));
    inside--;
    weft_semaphore_release(&semaphore);
}

static void acquire_at_random(void)
{
    for (int i = 0; i < ROUNDS; i++) {
        int64_t ns = check_random(2) ? (int64_t)check_random(8) : WEFT_FOREVER;
        int result = check_random(4) ? weft_within(ns, weft_semaphore_acquire(&semaphore))
                                     : weft_semaphore_tryacquire(&semaphore);

        if (result == 0)
            use();
        else
            wrongs += result != -ETIMEDOUT && result != -EAGAIN && result != -ECANCELED;
    }
}

static void no_permit_is_lost_and_none_is_given_twice(void **state)
{
    const uint64_t seed = check_seed(1);

    (void)state;
    print_message("WEFT_TEST_SEED=%llu\n", (unsigned long long)seed);
    turns = wrongs = most = 0;
    for (int i = 0; i < PERMITS; i++)
        weft_semaphore_release(&semaphore);
    for (uint64_t i = 0; i < 20; i++) {
        task(void) some[THREADS];

        check_randomly(seed + i);
        for (int n = 0; n < THREADS; n++)
            some[n] = spawn(acquire_at_random);
        weft_sleep(20);
        task_cancel(some[check_random(THREADS)]);
        for (int n = 0; n < THREADS; n++)
            task_join(some[n]);
        assert_int_equal(wrongs, 0);
        assert_int_equal(most, PERMITS);
        assert_int_equal(semaphore.permits, PERMITS);
    }
    assert_true(turns > 20 * THREADS);
}

static void pass_through(int *through)
{
    weft_semaphore_acquire(&semaphore);
    weft_yield();
    ++*through;
    weft_semaphore_release(&semaphore);
}

static void thousands_of_threads_share_one_permit(void **state)
{
    int through = 0;

    (void)state;
    for (int i = 0; i < MANY; i++)
        go(pass_through, &through);
    check_settle();
    assert_int_equal(through, 0);
    weft_semaphore_release(&semaphore);
    check_settle();
    assert_int_equal(through, MANY);
    assert_int_equal(drain(), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fresh_test(there_are_as_many_permits_as_it_is_made_with),
        fresh_test(a_permit_that_nobody_waits_for_is_kept),
        fresh_test(those_who_wait_get_permits_in_the_order_in_which_they_came),
        fresh_test(a_loop_of_acquires_does_not_hold_the_worker),
        fresh_test(a_deadline_ends_the_wait_and_takes_no_permit),
        fresh_test(a_permit_before_the_deadline_counts),
        fresh_test(a_cancelled_wait_ends_and_a_permit_before_that_counts),
        fresh_test(a_cancelled_thread_gets_a_permit_only_within_a_shield),
        fresh_test(a_body_that_waits_for_a_permit_can_be_closed),
        fresh_test(main_is_told_of_a_deadlock),
        fresh_test(no_permit_is_lost_and_none_is_given_twice),
        fresh_test(thousands_of_threads_share_one_permit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
