/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "child.h"
#include "expect.h"
#include "faults.h"
#include "runtime/local.h"
#include "runtime/worker.h"

static void say_value(void *value)
{
    note("~%s ", (char *)value);
}

static struct weft_local plain; /* all zero: no destructor */
static struct weft_local said = WEFT_LOCAL(say_value);

static char texts[4][2] = {"a", "b", "c", "d"};

static const char *text_of(const struct weft_local *key)
{
    const char *text = weft_local_get(key);

    return text ? text : "-";
}

/* ---- values ---- */

static void keep_own(char *value)
{
    note("%s", text_of(&plain));
    weft_local_set(&plain, value);
    weft_yield();
    note("%s", text_of(&plain));
}

static void each_thread_has_a_value_of_its_own(void **state)
{
    (void)state;
    assert_null(weft_local_get(&plain));
    assert_int_equal(weft_local_set(&plain, texts[0]), 0);
    go(keep_own, texts[1]);
    go(keep_own, texts[2]);
    check_settle();
    assert_noted("--bc");
    assert_string_equal(text_of(&plain), "a");
    assert_int_equal(weft_local_set(&plain, NULL), 0);
    assert_null(weft_local_get(&plain));
}

static void a_body(gen(int) self)
{
    weft_local_set(&said, texts[1]);
    gen_yield(self, 1);
    note("%s ", text_of(&said));
}

static void a_generators_body_has_its_own_and_its_closer_sees_them_destroyed(void **state)
{
    gen(int) g = gen_new(int, a_body);

    (void)state;
    gen_next(g, NULL);
    assert_null(weft_local_get(&said));
    gen_close(g);
    assert_noted("b ~b ");
}

enum { KEYS = 100 };

static struct weft_local keys[KEYS];

static void set_all(char *base)
{
    for (int i = 0; i < KEYS; i++) {
        expect(weft_local_get(&keys[i]) == NULL);
        expect(weft_local_set(&keys[i], base + i) == 0);
    }
    for (int i = 0; i < KEYS; i++)
        expect(weft_local_get(&keys[i]) == base + i);
}

static void a_thread_may_have_values_under_many_keys(void **state)
{
    static char bases[2][KEYS];

    (void)state;
    task_join(spawn(set_all, bases[0]));
    task_join(spawn(set_all, bases[1]));
}

static void setting_nothing_where_nothing_is_needs_no_memory(void **state)
{
    static struct weft_local unused;

    (void)state;
    weft_now(); /* makes the worker */
    faults_install();
    assert_int_equal(weft_local_set(&unused, NULL), 0);
    assert_int_equal(faults_blocks(), 0);
    assert_int_equal(unused.index_, 0);
    faults_remove();
}

static void *no_calloc(size_t n, size_t size)
{
    (void)n;
    (void)size;
    return NULL;
}

static void without_a_worker_only_nothing_can_be_set(void **state)
{
    const struct weft__calls calls = weft__calls;

    (void)state;
    weft__calls.calloc = no_calloc;
    assert_int_equal(weft_local_set(&said, texts[1]), -ENOMEM);
    assert_int_equal(weft_local_set(&said, NULL), 0);
    assert_null(weft_local_get(&said));
    assert_null(weft__self);
    weft__calls = calls;
    assert_int_equal(weft_local_set(&said, texts[1]), 0);
    assert_int_equal(weft_local_set(&said, NULL), 0);
}

/* ---- ends ---- */

static int set_and_return(int result)
{
    weft_local_set(&said, texts[1]);
    return result;
}

static void whoever_waits_for_a_threads_end_sees_its_values_destroyed(void **state)
{
    struct weft_group *g = group_new(0);
    int result;

    (void)state;
    assert_int_equal(task_join(spawn(set_and_return, 5), &result), 0);
    assert_int_equal(result, 5);
    assert_noted("~b ");
    go(set_and_return, 5);
    check_settle();
    assert_noted("~b ");
    group_go(g, set_and_return, 7);
    assert_int_equal(group_wait(g), 7);
    assert_noted("~b ");
    group_free(g);
}

static void a_value_that_was_taken_back_is_not_destroyed(void **state);

static void set_and_unset(void)
{
    weft_local_set(&said, texts[1]);
    weft_local_set(&said, texts[2]); /* the first is the caller's business */
    weft_local_set(&said, NULL);
}

static void a_value_that_was_taken_back_is_not_destroyed(void **state)
{
    (void)state;
    task_join(spawn(set_and_unset));
    assert_noted("");
}

static void see_slot_and_park(void *value);
static struct weft_local parking = WEFT_LOCAL(see_slot_and_park);

static void see_slot_and_park(void *value)
{
    note("%s%s", (char *)value, text_of(&parking));
    weft_sleep(10);
    note("%lld ", (long long)weft_now());
}

static double set_parking(void)
{
    weft_local_set(&parking, texts[0]);
    return 1.5;
}

static void a_destructor_finds_its_slot_empty_and_may_park(void **state)
{
    task(double) t = spawn(set_parking);
    double result = 0;

    (void)state;
    assert_int_equal(task_join(t, &result), 0);
    assert_true(result == 1.5);
    assert_int_equal(weft_now(), 10);
    assert_noted("a-10 ");
}

static void set_again(void *value);
static struct weft_local again = WEFT_LOCAL(set_again);

static void set_again(void *value)
{
    note("%s", (char *)value);
    weft_local_set(&again, value);
    weft_local_set(&keys[KEYS - 1], value); /* moves the array */
}

static void set_again_first(void)
{
    weft_local_set(&again, texts[3]);
}

static void values_that_destructors_set_are_destroyed_in_four_rounds_at_most(void **state)
{
    (void)state;
    task_join(spawn(set_again_first));
    assert_noted("dddd");
}

static void start_another(void *value);
static struct weft_local starting = WEFT_LOCAL(start_another);

static void start_another(void *value)
{
    int *left = value;

    note("%d", *left);
    if (--*left > 0)
        go(weft_local_set, &starting, value);
}

static void a_destructor_may_start_threads(void **state)
{
    int left = 3;

    (void)state;
    go(weft_local_set, &starting, (void *)&left);
    check_settle();
    assert_noted("321");
}

static void sleep_in_vain(void *value)
{
    note("%s%d ", (char *)value, weft_sleep(5) == -ECANCELED);
    weft_shield(weft_sleep(5));
}
static struct weft_local cancelled_key = WEFT_LOCAL(sleep_in_vain);

static void sleep_with_value(void)
{
    weft_local_set(&cancelled_key, texts[0]);
    weft_sleep(100);
}

static void destructors_of_a_cancelled_thread_run_cancelled(void **state)
{
    task(void) t = spawn(sleep_with_value);

    (void)state;
    weft_sleep(1);
    task_cancel(t);
    assert_int_equal(task_join(t), 0);
    assert_int_equal(weft_now(), 6);
    assert_noted("a1 ");
}

static void shutdown_destroys_mains_values(void **state)
{
    (void)state;
    weft_local_set(&said, texts[0]);
    weft_local_set(&parking, texts[1]);
    assert_int_equal(weft_shutdown(), 0);
    assert_string_equal(strstr(noted(), "~a") ? "yes" : "no", "yes");
    assert_null(weft_local_get(&said));
    weft_local_set(&said, texts[0]);
    assert_int_equal(weft_shutdown(), 0);
    assert_noted("~a ");
}

static void sleep_for_ever(void)
{
    weft_local_set(&said, texts[3]);
    weft_sleep(WEFT_FOREVER);
}

static void *live_on_os_thread(void *unused)
{
    weft_local_set(&said, texts[2]);
    go(sleep_for_ever);
    weft_yield();
    return unused;
}

/* Its green threads do not return, and what they have is only freed. */
static void the_end_of_an_os_thread_destroys_its_own_values_alone(void **state)
{
    pthread_t other;
    int64_t blocks;

    (void)state;
    weft_now();
    faults_install();
    assert_int_equal(pthread_create(&other, NULL, live_on_os_thread, NULL), 0);
    assert_int_equal(pthread_join(other, NULL), 0);
    assert_noted("~c ");
    blocks = faults_blocks();
    assert_true(blocks <= 1); /* a slab of records */
    faults_remove();
}

/* ---- fork ---- */

static int end_in_child(const void *blocks_before)
{
    if (faults_blocks() != *(const int64_t *)blocks_before - 1)
        return 1;
    if (strcmp(text_of(&said), "a") != 0 || check_threads() != 0)
        return 2;
    return weft_shutdown() == 0 && strcmp(noted(), "~a ") == 0 ? 7 : 3;
}

static void a_forks_child_drops_the_values_of_threads_that_it_does_not_have(void **state)
{
    int64_t blocks;
    task(void) t;

    (void)state;
    weft_now();
    faults_install();
    weft_local_set(&said, texts[0]);
    t = spawn(sleep_for_ever);
    check_settle();
    blocks = faults_blocks();
    assert_int_equal(child_run(end_in_child, &blocks).status, 7);
    faults_remove();
    task_cancel(t);
    task_join(t);
    assert_noted("~d ");
    weft_local_set(&said, NULL);
}

/* ---- limits ---- */

static void set_eight_and_twenty(void)
{
    static struct weft_local far[WEFT__THREAD_SLAB / 50];
    int result;

    expect(weft_local_set(&said, texts[0]) == 0 || weft_local_get(&said) == NULL);
    for (size_t i = 0; i < sizeof far / sizeof far[0]; i++) {
        result = weft_local_set(&far[i], texts[1]);
        expect(result == 0 || result == -ENOMEM);
        expect(weft_local_get(&far[i]) == (result == 0 ? texts[1] : NULL));
    }
    note("%s", text_of(&said));
}

static void without_memory_a_value_is_what_it_was(void **state)
{
    bool failed;
    uint32_t n = 0;

    (void)state;
    task_join(spawn(set_eight_and_twenty)); /* makes worker and stack */
    noted();
    do {
        faults_install();
        n++;
        faults_fail(1 << FAULT_MALLOC, n, n);
        task_join(spawn(set_eight_and_twenty));
        failed = faults->has_failed;
        assert_int_equal(faults_blocks(), 0);
        faults_remove();
        assert_true(strcmp(noted(), n == 1 && failed ? "-" : "a~a ") == 0);
    } while (failed);
    assert_true(n > 2);
}

static int use_up_the_keys(const void *unused)
{
    static struct weft_local many[WEFT_LOCAL_MAX + 1];
    static struct weft_local one_more;
    int n = 0;

    (void)unused;
    while (n <= WEFT_LOCAL_MAX && weft_local_set(&many[n], &many[n]) == 0)
        n++;
    if (n < WEFT_LOCAL_MAX / 2 || n > WEFT_LOCAL_MAX)
        return 1;
    if (weft_local_set(&one_more, &n) != -ENOSPC || weft_local_get(&one_more) != NULL)
        return 2;
    for (int i = 0; i < n; i++)
        if (weft_local_get(&many[i]) != &many[i])
            return 3;
    return weft_local_set(&one_more, NULL) == 0 ? 7 : 4;
}

static void there_are_so_many_keys_and_no_more(void **state)
{
    (void)state;
    assert_int_equal(child_run(use_up_the_keys, NULL).status, 7);
}

/* ---- several OS threads ---- */

enum { RACERS = 4, RACED = 150 };

static struct weft_local raced[RACED];
static pthread_barrier_t start_line;

static void *race(void *own)
{
    pthread_barrier_wait(&start_line);
    for (int i = 0; i < RACED; i++)
        expect(weft_local_set(&raced[i], (char *)own + i) == 0);
    for (int i = 0; i < RACED; i++)
        expect(weft_local_get(&raced[i]) == (char *)own + i);
    return NULL;
}

static void os_threads_that_set_a_key_first_agree_on_it(void **state)
{
    static char own[RACERS][RACED];
    pthread_t racers[RACERS];

    (void)state;
    pthread_barrier_init(&start_line, NULL, RACERS);
    for (int i = 0; i < RACERS; i++)
        assert_int_equal(pthread_create(&racers[i], NULL, race, own[i]), 0);
    for (int i = 0; i < RACERS; i++)
        pthread_join(racers[i], NULL);
    pthread_barrier_destroy(&start_line);
    for (int i = 0; i < RACED; i++)
        for (int k = 0; k < i; k++)
            assert_int_not_equal(raced[i].index_, raced[k].index_);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        check_test(each_thread_has_a_value_of_its_own),
        check_test(a_generators_body_has_its_own_and_its_closer_sees_them_destroyed),
        check_test(a_thread_may_have_values_under_many_keys),
        check_test(setting_nothing_where_nothing_is_needs_no_memory),
        check_test(without_a_worker_only_nothing_can_be_set),
        check_test(whoever_waits_for_a_threads_end_sees_its_values_destroyed),
        check_test(a_value_that_was_taken_back_is_not_destroyed),
        check_test(a_destructor_finds_its_slot_empty_and_may_park),
        check_test(values_that_destructors_set_are_destroyed_in_four_rounds_at_most),
        check_test(a_destructor_may_start_threads),
        check_test(destructors_of_a_cancelled_thread_run_cancelled),
        check_test(shutdown_destroys_mains_values),
        check_test(the_end_of_an_os_thread_destroys_its_own_values_alone),
        check_test(a_forks_child_drops_the_values_of_threads_that_it_does_not_have),
        check_test(without_memory_a_value_is_what_it_was),
        check_test(there_are_so_many_keys_and_no_more),
        check_test(os_threads_that_set_a_key_first_agree_on_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
