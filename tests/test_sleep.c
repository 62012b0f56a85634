/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <errno.h>

static void sleep_and_note(int64_t ns, const char *name)
{
    weft_sleep(ns);
    note("%s@%lld ", name, (long long)weft_now());
}

static void a_sleep_takes_exactly_its_time(void **state)
{
    const int64_t times[] = {1, 2, 63, 64, 65, WEFT_US(1), WEFT_MS(1), WEFT_SEC(86400)};
    int64_t until = 0;

    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        until += times[i];
        assert_int_equal(weft_sleep(times[i]), 0);
        assert_int_equal(weft_now(), until);
    }
}

static void the_sooner_one_wakes_first(void **state)
{
    (void)state;
    go(sleep_and_note, 300, "c");
    go(sleep_and_note, 100, "a");
    go(sleep_and_note, 200, "b");
    weft_sleep(1000);
    assert_noted("a@100 b@200 c@300 ");
}

static void those_due_at_one_time_wake_in_the_order_they_fell_asleep(void **state)
{
    (void)state;
    go(sleep_and_note, 100, "1");
    go(sleep_and_note, 100, "2");
    go(sleep_and_note, 99, "0");
    weft_sleep(50);
    go(sleep_and_note, 50, "3");
    go(sleep_and_note, 50, "4");
    weft_sleep(100);
    assert_noted("0@99 1@100 2@100 3@100 4@100 ");
}

static void zero_and_less_do_not_park(void **state)
{
    (void)state;
    go(sleep_and_note, 1, "never yet ");
    assert_int_equal(weft_sleep(0), 0);
    assert_int_equal(weft_sleep(-1), 0);
    assert_int_equal(weft_sleep(INT64_MIN), 0);
    assert_noted("");
    assert_int_equal(weft_now(), 0);
    weft_sleep(2);
}

static void a_sleep_beyond_the_end_of_time_lasts_for_ever(void **state)
{
    const int64_t times[] = {WEFT_FOREVER, WEFT_FOREVER - 1, WEFT_FOREVER - 5};

    (void)state;
    weft_sleep(5);
    for (int i = 0; i < 3; i++) {
        int64_t until = weft_now() + 10;

        assert_int_equal(weft_within(10, weft_sleep(times[i])), -ETIMEDOUT);
        assert_int_equal(weft_now(), until);
    }
}

static void a_sleep_may_last_to_the_last_instant_but_one(void **state)
{
    (void)state;
    assert_int_equal(weft_sleep(INT64_MAX - 2), 0);
    assert_int_equal(weft_now(), INT64_MAX - 2);
    assert_int_equal(weft_sleep(1), 0);
    assert_int_equal(weft_now(), INT64_MAX - 1);
}

static void a_deadline_wakes_a_sleeper_sooner_than_it_asked(void **state)
{
    (void)state;
    assert_int_equal(weft_within(10, weft_sleep(20)), -ETIMEDOUT);
    assert_int_equal(weft_now(), 10);
    assert_int_equal(weft_within(10, weft_sleep(9)), 0);
    assert_int_equal(weft_now(), 19);
    assert_int_equal(weft_within(0, weft_sleep(1)), -ETIMEDOUT);
    assert_int_equal(weft_within(0, weft_sleep(0)), 0);
    assert_int_equal(weft_now(), 19);
}

/* ---- many ---- */

enum { SLEEPERS = 10000 };

static struct {
    int64_t due[SLEEPERS];
    int woke[SLEEPERS];
    int count;
    int wrong_times;
} crowd;

static void sleep_in_the_crowd(int name)
{
    weft_sleep(crowd.due[name]);
    crowd.wrong_times += weft_now() != crowd.due[name];
    crowd.woke[crowd.count++] = name;
}

/* The times are spread over every magnitude, and many are equal. */
static void ten_thousand_sleepers_wake_on_time_and_in_order(void **state)
{
    (void)state;
    crowd.count = crowd.wrong_times = 0;
    check_randomly(check_seed(1));
    weft__sched_set_oracle(weft__self, NULL, NULL); /* in FIFO order, only the times are random */
    for (int i = 0; i < SLEEPERS; i++) {
        crowd.due[i] = 1 + (check_random(1u << (1 + check_random(30))) & 0x3fffff00);
        go(sleep_in_the_crowd, i);
    }
    weft_sleep(WEFT_SEC(2));
    assert_int_equal(crowd.count, SLEEPERS);
    assert_int_equal(crowd.wrong_times, 0);
    for (int i = 1; i < SLEEPERS; i++) {
        int before = crowd.woke[i - 1], after = crowd.woke[i];

        if (crowd.due[before] > crowd.due[after] ||
            (before > after && crowd.due[before] == crowd.due[after]))
            fail();
    }
}

static void ten_thousand_that_sleep_a_second_take_a_second(void **state)
{
    static task(void) tasks[SLEEPERS];

    (void)state;
    for (int i = 0; i < SLEEPERS; i++) {
        crowd.due[i] = WEFT_SEC(1);
        tasks[i] = spawn(sleep_in_the_crowd, i % SLEEPERS);
    }
    crowd.count = crowd.wrong_times = 0;
    for (int i = 0; i < SLEEPERS; i++)
        task_join(tasks[i]);
    assert_int_equal(weft_now(), WEFT_SEC(1));
    assert_int_equal(crowd.count, SLEEPERS);
    assert_int_equal(crowd.wrong_times, 0);
}

static void the_clock_is_the_same_for_all_threads_and_never_goes_back(void **state)
{
    int64_t before = 0;

    (void)state;
    go(sleep_and_note, 7, "other");
    for (int i = 0; i < 20; i++) {
        weft_sleep(i % 3);
        assert_true(weft_now() >= before);
        before = weft_now();
    }
    assert_noted("other@7 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        check_test(a_sleep_takes_exactly_its_time),
        check_test(the_sooner_one_wakes_first),
        check_test(those_due_at_one_time_wake_in_the_order_they_fell_asleep),
        check_test(zero_and_less_do_not_park),
        check_test(a_sleep_beyond_the_end_of_time_lasts_for_ever),
        check_test(a_sleep_may_last_to_the_last_instant_but_one),
        check_test(a_deadline_wakes_a_sleeper_sooner_than_it_asked),
        check_test(ten_thousand_sleepers_wake_on_time_and_in_order),
        check_test(ten_thousand_that_sleep_a_second_take_a_second),
        check_test(the_clock_is_the_same_for_all_threads_and_never_goes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
