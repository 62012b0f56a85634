/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "runtime/base.h"
#include "runtime/wheel.h"

enum { TIMERS = 400 };

static struct weft_wheel wheel;
static struct weft_list due;
static struct weft_timer timers[TIMERS];

static void start_at(int64_t now)
{
    weft__wheel_init(&wheel, now);
    weft__list_init(&due);
    memset(timers, 0, sizeof timers);
}

static int fresh(void **state)
{
    (void)state;
    start_at(0);
    return 0;
}

static void arm(int i, int64_t when)
{
    weft__wheel_arm(&wheel, &timers[i], when);
}

static void advance(int64_t now)
{
    weft__wheel_advance(&wheel, now, &due);
}

static void assert_next_due_is(int i)
{
    assert_ptr_equal(weft__wheel_pop_due(&due), &timers[i]);
    assert_false(weft__timer_is_armed(&timers[i]));
}

static void assert_none_due(void)
{
    assert_null(weft__wheel_pop_due(&due));
}

/* One timer at `when`: nothing before it, and it at its instant. */
static void assert_exact(int64_t when)
{
    arm(0, when);
    assert_int_equal(weft__wheel_next(&wheel), when);
    advance(when - 1);
    assert_none_due();
    assert_int_equal(weft__wheel_next(&wheel), when);
    advance(when);
    assert_next_due_is(0);
    assert_none_due();
    assert_true(weft__wheel_is_empty(&wheel));
}

/* Walks the whole wheel and asserts the invariants of its header. */
static void assert_sound(void)
{
    for (unsigned level = 0; level < WEFT__WHEEL_LEVELS; level++) {
        unsigned shift = level * WEFT__WHEEL_DIGIT_BITS;

        assert_int_equal(wheel.levels >> level & 1, wheel.used[level] != 0);
        for (unsigned slot = 0; slot < WEFT__WHEEL_SLOTS; slot++) {
            struct weft_list *head = &wheel.slots[level][slot];

            assert_int_equal(wheel.used[level] >> slot & 1, !weft__list_is_empty(head));
            for (struct weft_list *link = head->next; link != head; link = link->next) {
                const struct weft_timer *timer = WEFT__CONTAINER_OF(link, struct weft_timer, link);
                uint64_t differing = (uint64_t)(timer->when ^ wheel.now);

                assert_ptr_equal(link->next->prev, link);
                assert_true(timer->when >= wheel.now);
                assert_int_equal((uint64_t)timer->when >> shift & 63, slot);
                assert_true(level == 0 || differing >> shift != 0);
                assert_true(differing >> shift < 64);
            }
        }
    }
}

static void an_empty_wheel_has_no_next_deadline(void **state)
{
    (void)state;
    assert_true(weft__wheel_is_empty(&wheel));
    assert_int_equal(weft__wheel_next(&wheel), INT64_MAX);
    advance(INT64_MAX);
    assert_none_due();
}

static void a_wheel_that_starts_before_zero_starts_at_zero(void **state)
{
    (void)state;
    start_at(-5);
    arm(0, -3);
    assert_int_equal(weft__wheel_next(&wheel), 0);
    assert_sound();
}

static void a_timer_is_due_at_its_instant_and_never_before(void **state)
{
    static const int64_t starts[] = {0, 1, 62, 63, 64, 4095, 4096, 1000000007, INT64_MAX / 2};

    (void)state;
    for (size_t s = 0; s < sizeof starts / sizeof starts[0]; s++) {
        for (unsigned shift = 0; shift < 62; shift++) {
            for (int64_t off = -1; off <= 1; off++) {
                int64_t when = (INT64_C(1) << shift) + off;

                start_at(starts[s]);
                assert_exact(when > starts[s] ? when : starts[s] + when + 1);
            }
        }
    }
}

static void the_ends_of_time_are_deadlines_like_others(void **state)
{
    (void)state;
    arm(0, 0);
    arm(1, INT64_MAX);
    arm(2, INT64_MAX - 1);
    assert_int_equal(weft__wheel_next(&wheel), 0);
    advance(0);
    assert_next_due_is(0);
    assert_none_due();
    assert_int_equal(weft__wheel_next(&wheel), INT64_MAX - 1);
    advance(INT64_MAX);
    assert_next_due_is(2);
    assert_next_due_is(1);
    arm(3, INT64_MAX);
    advance(INT64_MAX);
    assert_next_due_is(3);
}

static void a_past_deadline_comes_out_first_at_the_next_advance(void **state)
{
    (void)state;
    start_at(1000);
    arm(0, 1001);
    arm(1, 1000);
    arm(2, 3);
    arm(3, INT64_MIN);
    assert_int_equal(weft__wheel_next(&wheel), 1000);
    advance(2000);
    assert_next_due_is(1);
    assert_next_due_is(2);
    assert_next_due_is(3);
    assert_next_due_is(0);
}

static void time_does_not_go_back(void **state)
{
    (void)state;
    start_at(1000);
    arm(0, 1000);
    arm(1, 1001);
    advance(5);
    assert_next_due_is(0);
    assert_none_due();
    arm(2, 900);
    assert_int_equal(weft__wheel_next(&wheel), 1000);
    advance(INT64_MIN);
    assert_next_due_is(2);
    assert_sound();
}

static void equal_deadlines_come_out_in_the_order_they_were_armed(void **state)
{
    static const int64_t armed_at[] = {0, 1, 64, 4096, 70000, 99000, 99968, 99999};
    int n = (int)(sizeof armed_at / sizeof armed_at[0]);

    (void)state;
    for (int i = 0; i < n; i++) {
        advance(armed_at[i]);
        arm(i, 100000);
        assert_sound();
    }
    advance(100000);
    arm(n, 100000);
    for (int i = 0; i < n; i++)
        assert_next_due_is(i);
    advance(100000);
    assert_next_due_is(n);
}

static void one_jump_hands_out_all_in_the_order_of_their_deadlines(void **state)
{
    (void)state;
    for (int i = 0; i < TIMERS; i++)
        arm(i, (int64_t)(TIMERS - i) * 1234567);
    advance(INT64_MAX);
    for (int i = TIMERS - 1; i >= 0; i--)
        assert_next_due_is(i);
    assert_none_due();
}

static void due_timers_go_behind_those_already_handed_out(void **state)
{
    (void)state;
    arm(0, 10);
    arm(1, 20);
    advance(10);
    advance(20);
    assert_next_due_is(0);
    assert_next_due_is(1);
}

static void any_timer_of_a_slot_can_be_cancelled(void **state)
{
    (void)state;
    for (int gone = 0; gone < 3; gone++) {
        start_at(0);
        for (int i = 0; i < 3; i++)
            arm(i, 5000 + i);
        assert_true(weft__wheel_cancel(&wheel, &timers[gone]));
        assert_false(weft__timer_is_armed(&timers[gone]));
        assert_int_equal(weft__wheel_next(&wheel), gone == 0 ? 5001 : 5000);
        assert_sound();
        advance(6000);
        for (int i = 0; i < 3; i++)
            if (i != gone)
                assert_next_due_is(i);
        assert_none_due();
    }
}

static void a_wheel_is_empty_when_its_last_timer_is_cancelled(void **state)
{
    (void)state;
    for (unsigned shift = 0; shift < 63; shift++) {
        arm(0, INT64_C(1) << shift);
        assert_false(weft__wheel_is_empty(&wheel));
        assert_true(weft__wheel_cancel(&wheel, &timers[0]));
        assert_true(weft__wheel_is_empty(&wheel));
        assert_int_equal(weft__wheel_next(&wheel), INT64_MAX);
        assert_sound();
    }
}

static void cancelling_a_timer_that_is_not_armed_does_nothing(void **state)
{
    (void)state;
    assert_false(weft__wheel_cancel(&wheel, &timers[0]));
    arm(0, 7);
    assert_true(weft__wheel_cancel(&wheel, &timers[0]));
    assert_false(weft__wheel_cancel(&wheel, &timers[0]));
    arm(0, 7);
    advance(7);
    assert_next_due_is(0);
    assert_false(weft__wheel_cancel(&wheel, &timers[0]));
}

static void a_due_timer_can_be_cancelled_before_it_is_popped(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        arm(i, 100 + i);
    arm(4, 200);
    advance(150);
    assert_true(weft__wheel_cancel(&wheel, &timers[0]));
    assert_true(weft__wheel_cancel(&wheel, &timers[2]));
    assert_next_due_is(1);
    assert_true(weft__wheel_cancel(&wheel, &timers[3]));
    assert_none_due();
    assert_int_equal(weft__wheel_next(&wheel), 200);
    assert_sound();
}

/* A due timer alone on its list has that list's head for both neighbours, and a head just behind
 * the wheel is the nearest miss of being one of its slots. */
static void a_list_of_due_timers_may_lie_right_behind_the_wheel(void **state)
{
    static struct {
        struct weft_wheel wheel;
        struct weft_list due;
    } worker;
    struct weft_timer timer = {0};

    (void)state;
    weft__wheel_init(&worker.wheel, 0);
    weft__list_init(&worker.due);
    weft__wheel_arm(&worker.wheel, &timer, 1);
    weft__wheel_advance(&worker.wheel, 1, &worker.due);
    assert_true(weft__wheel_cancel(&worker.wheel, &timer));
    assert_true(weft__list_is_empty(&worker.due));
    assert_int_equal(weft__wheel_next(&worker.wheel), INT64_MAX);
}

static struct weft_timer *ran;

static void run_again_later(struct weft_timer *timer)
{
    ran = timer;
    weft__wheel_arm(&wheel, timer, timer->when + 100);
}

static const struct weft_timer *sought;

static bool is_sought(const struct weft_timer *timer)
{
    return timer == sought;
}

/* In slots of all levels, and behind others in theirs. */
static void any_timer_is_found_wherever_it_is(void **state)
{
    int n = 0;

    (void)state;
    for (int64_t when = 1; when < INT64_MAX / 8 && n < TIMERS - 1; when *= 3)
        for (int k = 0; k < 3; k++)
            arm(n++, when);
    for (int i = 0; i < TIMERS; i++) {
        sought = &timers[i];
        assert_int_equal(weft__wheel_any(&wheel, is_sought), i < n);
    }
}

static void a_due_timer_can_be_armed_again_while_it_runs(void **state)
{
    (void)state;
    timers[0].due = run_again_later;
    arm(0, 100);
    for (int64_t now = 100; now <= 1000; now += 100) {
        struct weft_timer *timer;

        advance(now);
        ran = NULL;
        while ((timer = weft__wheel_pop_due(&due)) != NULL)
            timer->due(timer);
        assert_ptr_equal(ran, &timers[0]);
        assert_int_equal(weft__wheel_next(&wheel), now + 100);
    }
}

/* The model: all armed timers, sorted by deadline, equal ones in the order they were armed. */
static struct weft_timer *model[TIMERS];
static int model_count;

static void model_insert(struct weft_timer *timer)
{
    int at = model_count++;

    for (; at > 0 && model[at - 1]->when > timer->when; at--)
        model[at] = model[at - 1];
    model[at] = timer;
}

static void model_remove(int at)
{
    model_count--;
    memmove(&model[at], &model[at + 1], (size_t)(model_count - at) * sizeof model[0]);
}

static uint64_t random_state;

/* xorshift64* */
static uint64_t random_word(void)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * UINT64_C(2685821657736338717);
}

static int random_below(int n)
{
    return (int)(random_word() % (uint64_t)n);
}

/* A length of time of any magnitude: at most `bits` bits, each number of them as likely. */
static int64_t random_span(int bits)
{
    return (int64_t)(random_word() & ((UINT64_C(1) << random_below(bits + 1)) - 1));
}

static int64_t random_deadline(int bits)
{
    int64_t span = random_span(bits);

    switch (random_below(8)) {
    case 0:
        return wheel.now - span;
    case 1: /* one that is taken already */
        return model_count > 0 ? model[random_below(model_count)]->when : wheel.now;
    default:
        return span > INT64_MAX - wheel.now ? INT64_MAX : wheel.now + span;
    }
}

static int64_t random_target(int bits)
{
    int64_t next = weft__wheel_next(&wheel);

    switch (random_below(8)) {
    case 0:
        return next < INT64_MAX ? next : wheel.now;
    case 1:
        return next < INT64_MAX ? next - 1 : wheel.now;
    default:
        return random_deadline(bits);
    }
}

static void random_arm(struct weft_timer *timer, int bits)
{
    int64_t when = random_deadline(bits);

    weft__wheel_arm(&wheel, timer, when);
    assert_int_equal(timer->when, when < wheel.now ? wheel.now : when);
    model_insert(timer);
}

static void random_cancel(struct weft_timer *timer)
{
    int at = 0;

    while (model[at] != timer)
        at++;
    assert_true(weft__wheel_cancel(&wheel, timer));
    model_remove(at);
}

static int model_count_due(void)
{
    int n = 0;

    while (n < model_count && model[n]->when <= wheel.now)
        n++;
    return n;
}

/* What comes out is the head of the model. One in eight is cancelled just before it would be
 * popped, and one in eight is armed again at once, which is then behind all that are due. */
static void random_advance(int bits)
{
    int64_t now = random_target(bits);

    advance(now);
    assert_true(wheel.now >= now);
    for (int n = model_count_due(); n > 0; n--) {
        struct weft_timer *timer = model[0];

        model_remove(0);
        if (random_below(8) == 0)
            assert_true(weft__wheel_cancel(&wheel, timer));
        else
            assert_ptr_equal(weft__wheel_pop_due(&due), timer);
        assert_false(weft__timer_is_armed(timer));
        if (random_below(8) == 0)
            random_arm(timer, bits);
    }
    assert_none_due();
}

/* Ends early at the end of time. Answers the number of operations done. */
static int random_round(int pending_max, int bits, int operations_max)
{
    int done = 0;

    start_at(random_span(62));
    model_count = 0;
    for (; done < operations_max && wheel.now < INT64_MAX; done++) {
        struct weft_timer *timer = &timers[random_below(pending_max)];

        if (random_below(8) == 0)
            random_advance(bits);
        else if (weft__timer_is_armed(timer))
            random_cancel(timer);
        else
            random_arm(timer, bits);
        assert_int_equal(weft__wheel_next(&wheel), model_count > 0 ? model[0]->when : INT64_MAX);
        assert_int_equal(weft__wheel_is_empty(&wheel), model_count == 0);
        if (done % 64 == 0)
            assert_sound();
    }
    return done;
}

/* Half of them are cancelled, in an order of their own; the others come out in theirs. */
static void a_million_timers_are_cancelled_or_come_out_in_order(void **state)
{
    enum { MANY = 1000000, STEP = 7919 }; /* a prime: every index once */
    struct weft_timer *many = calloc(MANY, sizeof *many);
    int64_t last = 0;
    int count = 0;

    (void)state;
    assert_non_null(many);
    random_state = 1;
    for (int i = 0; i < MANY; i++)
        weft__wheel_arm(&wheel, &many[i], random_span(40));
    for (int i = 0, k = 0; i < MANY / 2; i++, k = (k + STEP) % MANY)
        assert_true(weft__wheel_cancel(&wheel, &many[k]));
    advance((int64_t)1 << 40);
    for (struct weft_timer *timer; (timer = weft__wheel_pop_due(&due)) != NULL; count++) {
        if (timer->when < last)
            fail_msg("number %d comes out too late", count);
        last = timer->when;
    }
    assert_int_equal(count, MANY - MANY / 2);
    assert_true(weft__wheel_is_empty(&wheel));
    free(many);
}

static void random_operations_agree_with_a_sorted_list(void **state)
{
    static const int pendings[] = {3, 30, TIMERS};
    const char *seed = getenv("WEFT_TEST_SEED");
    int done = 0;

    (void)state;
    random_state = seed ? strtoull(seed, NULL, 0) : (uint64_t)time(NULL);
    print_message("WEFT_TEST_SEED=%" PRIu64 "\n", random_state);
    random_state = random_state * 2 + 1;
    while (done < 2000000)
        done += random_round(pendings[random_below(3)], 1 + random_below(63), 4000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_empty_wheel_has_no_next_deadline, fresh),
        cmocka_unit_test_setup(a_wheel_that_starts_before_zero_starts_at_zero, fresh),
        cmocka_unit_test_setup(a_timer_is_due_at_its_instant_and_never_before, fresh),
        cmocka_unit_test_setup(the_ends_of_time_are_deadlines_like_others, fresh),
        cmocka_unit_test_setup(a_past_deadline_comes_out_first_at_the_next_advance, fresh),
        cmocka_unit_test_setup(time_does_not_go_back, fresh),
        cmocka_unit_test_setup(equal_deadlines_come_out_in_the_order_they_were_armed, fresh),
        cmocka_unit_test_setup(one_jump_hands_out_all_in_the_order_of_their_deadlines, fresh),
        cmocka_unit_test_setup(due_timers_go_behind_those_already_handed_out, fresh),
        cmocka_unit_test_setup(any_timer_of_a_slot_can_be_cancelled, fresh),
        cmocka_unit_test_setup(a_wheel_is_empty_when_its_last_timer_is_cancelled, fresh),
        cmocka_unit_test_setup(cancelling_a_timer_that_is_not_armed_does_nothing, fresh),
        cmocka_unit_test_setup(a_due_timer_can_be_cancelled_before_it_is_popped, fresh),
        cmocka_unit_test(a_list_of_due_timers_may_lie_right_behind_the_wheel),
        cmocka_unit_test_setup(any_timer_is_found_wherever_it_is, fresh),
        cmocka_unit_test_setup(a_due_timer_can_be_armed_again_while_it_runs, fresh),
        cmocka_unit_test_setup(a_million_timers_are_cancelled_or_come_out_in_order, fresh),
        cmocka_unit_test_setup(random_operations_agree_with_a_sorted_list, fresh),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
