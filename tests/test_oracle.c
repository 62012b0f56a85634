/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <weft.h>

#include "runtime/oracle.h"
#include "runtime/sched.h"
#include "runtime/worker.h"

/* ---- the generator of production ---- */

static uint32_t draw(struct weft_oracle *o, uint32_t n)
{
    return weft__oracle_choose(o, n, WEFT__CHOICE_SELECT);
}

static void a_choice_is_one_of_those_there_are(void **state)
{
    const uint32_t sizes[] = {2, 3, 5, 64, 1000, 1u << 31, UINT32_MAX};
    struct weft_oracle o;

    (void)state;
    weft__oracle_init(&o, 1);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (int k = 0; k < 1000; k++)
            assert_true(draw(&o, sizes[i]) < sizes[i]);
}

static void every_choice_is_made_about_equally_often(void **state)
{
    enum { DRAWS = 60000 };

    (void)state;
    for (uint32_t n = 2; n <= 6; n++) {
        uint32_t counts[6] = {0};
        struct weft_oracle o;

        weft__oracle_init(&o, 0); /* one seed: the counts are the same each time */
        for (int k = 0; k < DRAWS; k++)
            counts[draw(&o, n)]++;
        for (uint32_t i = 0; i < n; i++)
            assert_in_range(counts[i], DRAWS / n * 97 / 100, DRAWS / n * 103 / 100);
    }
}

/* Zeros would follow one another for ever. */
static void the_seed_that_would_give_zeros_does_not(void **state)
{
    const uint64_t of_zeros = -UINT64_C(0x9e3779b97f4a7c15);
    int counts[2] = {0};
    struct weft_oracle o;

    (void)state;
    assert_true(weft__oracle_mix(of_zeros) == 0);
    weft__oracle_init(&o, of_zeros);
    for (int k = 0; k < 1000; k++)
        counts[draw(&o, 2)]++;
    assert_in_range(counts[1], 400, 600);
}

static void a_choice_tells_nothing_of_the_next(void **state)
{
    enum { DRAWS = 40000 };
    uint32_t pairs[2][2] = {{0}}, last = 0;
    struct weft_oracle o;

    (void)state;
    weft__oracle_init(&o, 0);
    for (int k = 0; k < DRAWS; k++) {
        uint32_t next = draw(&o, 2);

        pairs[last][next]++;
        last = next;
    }
    for (int i = 0; i < 4; i++)
        assert_in_range(pairs[i / 2][i % 2], DRAWS / 4 * 97 / 100, DRAWS / 4 * 103 / 100);
}

static bool draw_alike(uint64_t one_seed, uint64_t other_seed)
{
    struct weft_oracle one, other;

    weft__oracle_init(&one, one_seed);
    weft__oracle_init(&other, other_seed);
    for (int k = 0; k < 100; k++)
        if (draw(&one, 1000) != draw(&other, 1000))
            return false;
    return true;
}

static void equal_seeds_choose_alike_and_others_differently(void **state)
{
    (void)state;
    assert_true(draw_alike(7, 7));
    assert_false(draw_alike(7, 70));
    for (uint64_t seed = 0; seed < 10; seed++)
        assert_false(draw_alike(seed, seed + 1));
}

/* Only zero would be a dead end for the generator. */
static void no_seed_stops_the_generator(void **state)
{
    const uint64_t seeds[] = {0, 1, UINT64_MAX, 0x9e3779b97f4a7c15u, 0x9e3779b97f4a7c14u};

    (void)state;
    for (size_t i = 0; i < sizeof seeds / sizeof seeds[0]; i++) {
        struct weft_oracle o;
        uint32_t seen = 0;

        weft__oracle_init(&o, seeds[i]);
        for (int k = 0; k < 1000; k++) {
            assert_int_not_equal(o.random, 0);
            seen |= 1u << draw(&o, 8);
        }
        assert_int_equal(seen, 0xff);
    }
}

/* ---- a test's answers ---- */

enum { QUESTIONS_MAX = 256 };

static struct {
    enum weft__choice kinds[QUESTIONS_MAX];
    uint32_t sizes[QUESTIONS_MAX];
    int count;
    int select_count;
    int time_count;
} asked;
static uint32_t answer; /* to all; the last one if it is more */

static uint32_t choose(void *state, uint32_t n, enum weft__choice kind)
{
    if (state != &asked || asked.count == QUESTIONS_MAX)
        abort();
    asked.kinds[asked.count] = kind;
    asked.sizes[asked.count] = n;
    asked.count++;
    asked.select_count += kind == WEFT__CHOICE_SELECT;
    asked.time_count += kind == WEFT__CHOICE_TIME;
    return answer < n ? answer : n - 1;
}

static int with_oracle(void **state)
{
    (void)state;
    setenv("WEFT_CLOCK", "virtual", 1);
    memset(&asked, 0, sizeof asked);
    answer = 0;
    weft_now();
    weft__sched_set_oracle(weft__self, choose, &asked);
    return 0;
}

static int end_worker(void **state)
{
    (void)state;
    if (weft__self)
        weft__worker_end(weft__self);
    return 0;
}

static void an_installed_oracle_answers_everything(void **state)
{
    struct weft_oracle o;

    (void)state;
    memset(&asked, 0, sizeof asked);
    weft__oracle_init(&o, 5);
    o.choose = choose;
    o.state = &asked;
    answer = 2;
    assert_int_equal(weft__oracle_choose(&o, 3, WEFT__CHOICE_READY), 2);
    assert_int_equal(weft__oracle_choose(&o, 17, WEFT__CHOICE_SELECT), 2);
    assert_int_equal(asked.count, 2);
    assert_int_equal(asked.kinds[0], WEFT__CHOICE_READY);
    assert_int_equal(asked.sizes[0], 3);
    assert_int_equal(asked.kinds[1], WEFT__CHOICE_SELECT);
    assert_int_equal(asked.sizes[1], 17);
}

static void where_there_is_no_choice_there_is_no_question(void **state)
{
    (void)state;
    weft_yield();
    weft_yield(); /* only main is ready */
    weft_sleep(1);
    assert_int_equal(asked.count, 0);
}

static char order[8];
static size_t order_size;

static void sign(int letter)
{
    order[order_size++] = (char)letter;
    order[order_size] = '\0';
}

/* Starts a, b, c and waits for all of them. */
static const char *order_of_three(void)
{
    task(void) t[3];

    order_size = 0;
    for (int i = 0; i < 3; i++)
        t[i] = spawn(sign, 'a' + i);
    for (int i = 0; i < 3; i++)
        task_join(t[i]);
    return order;
}

static void it_says_which_ready_thread_runs_next(void **state)
{
    (void)state;
    assert_string_equal(order_of_three(), "abc");
    answer = UINT32_MAX;
    assert_string_equal(order_of_three(), "cba");
    answer = 1;
    assert_string_equal(order_of_three(), "bca");
    for (int i = 0; i < asked.count; i++) {
        assert_int_equal(asked.kinds[i], WEFT__CHOICE_READY);
        assert_in_range(asked.sizes[i], 2, 4);
    }
}

static void without_one_the_order_is_first_come_first_served(void **state)
{
    (void)state;
    weft__sched_set_oracle(weft__self, NULL, NULL);
    answer = UINT32_MAX;
    assert_string_equal(order_of_three(), "abc");
    assert_int_equal(asked.count, 0);
}

static void send_one(chan_tx(int) c, int value)
{
    chan_send(c, value);
}

static void it_says_which_ready_clause_a_select_takes(void **state)
{
    chan(int) c[4];
    int x = -1;

    (void)state;
    for (int i = 0; i < 4; i++)
        c[i] = chan_new(int);
    for (int i = 0; i < 4; i++)
        if (i != 1)
            go(send_one, c[i], i);
    weft_sleep(1);
    asked.count = asked.select_count = 0;
    answer = 1; /* of 0, 2 and 3 */
    assert_int_equal(chan_select(chan_case_recv(c[0], &x), chan_case_recv(c[1], &x),
                                 chan_case_recv(c[2], &x), chan_case_recv(c[3], &x),
                                 chan_case_default),
                     2);
    assert_int_equal(x, 2);
    assert_int_equal(asked.select_count, 1);
    assert_int_equal(asked.sizes[0], 3);
    answer = 0;
    chan_recv(c[0], &x);
    assert_int_equal(chan_select(chan_case_recv(c[0], &x), chan_case_recv(c[3], &x)), 1);
    assert_int_equal(asked.select_count, 1); /* one was ready: no question */
    weft_sleep(1);
    for (int i = 0; i < 4; i++)
        chan_free(c[i]);
}

static void sleep_and_sign(int letter)
{
    weft_sleep(WEFT_SEC(letter - '`')); /* a: 1 */
    sign(letter);
}

/* a and b sleep, c yields; main waits for all. */
static const char *order_with_time(void)
{
    task(void) t[3] = {spawn(sleep_and_sign, 'a'), spawn(sleep_and_sign, 'b')};

    order_size = 0;
    weft_sleep(1);
    t[2] = spawn(sign, 'c');
    for (int i = 0; i < 3; i++)
        task_join(t[i]);
    return order;
}

static void time_passes_only_if_the_oracle_may_say_so(void **state)
{
    (void)state;
    answer = UINT32_MAX;
    assert_string_equal(order_with_time(), "cab");
    assert_int_equal(asked.time_count, 0);
}

/* Both jumps come before c, which is ready all the while. */
static void it_says_whether_time_passes_while_a_thread_is_ready(void **state)
{
    (void)state;
    answer = 0;
    weft__self->oracle.jumps = 2;
    assert_string_equal(order_with_time(), "cab");
    assert_true(asked.time_count > 0);
    assert_int_equal(weft__self->oracle.jumps, 2);
    answer = 1;
    order_size = 0;
    weft_sleep(1);
    assert_int_equal(weft__self->oracle.jumps, 2); /* nobody was ready */
    weft_yield();
    assert_int_equal(weft__self->oracle.jumps, 2); /* no timer ran */
    assert_string_equal(order_with_time(), "bca"); /* of those ready, the second runs */
    assert_int_equal(weft__self->oracle.jumps, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_choice_is_one_of_those_there_are),
        cmocka_unit_test(every_choice_is_made_about_equally_often),
        cmocka_unit_test(the_seed_that_would_give_zeros_does_not),
        cmocka_unit_test(a_choice_tells_nothing_of_the_next),
        cmocka_unit_test(equal_seeds_choose_alike_and_others_differently),
        cmocka_unit_test(no_seed_stops_the_generator),
        cmocka_unit_test(an_installed_oracle_answers_everything),
#define TEST(test) cmocka_unit_test_setup_teardown(test, with_oracle, end_worker)
        TEST(where_there_is_no_choice_there_is_no_question),
        TEST(it_says_which_ready_thread_runs_next),
        TEST(without_one_the_order_is_first_come_first_served),
        TEST(it_says_which_ready_clause_a_select_takes),
        TEST(time_passes_only_if_the_oracle_may_say_so),
        TEST(it_says_whether_time_passes_while_a_thread_is_ready),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
