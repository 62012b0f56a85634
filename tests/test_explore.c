/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <weft/explore.h>

#include "child.h"
#include "faults.h"

enum { THREADS_MAX = 8 };

static const struct weft_explore_opts usual = {.size = sizeof usual};
static struct weft_explored found;

/* What weft_explore answers; what it found is in `found`. */
static int explore(int (*fn)(void *), struct weft_explore_opts opts)
{
    free(found.schedule);
    opts.size = sizeof opts;
    return weft_explore(fn, NULL, &opts, &found);
}

/* What people are told of it. */
static const char *printed(const struct weft_explored *what)
{
    static char said[512];
    FILE *file = tmpfile();
    size_t length;

    assert_non_null(file);
    weft_explored_print(what, fileno(file));
    rewind(file);
    length = fread(said, 1, sizeof said - 1, file);
    said[length] = '\0';
    fclose(file);
    return said;
}

static int end_all(void **state)
{
    free(found.schedule);
    found.schedule = NULL;
    unsetenv("WEFT_REPLAY");
    return check_over(state);
}

#define test(name) cmocka_unit_test_setup_teardown(name, check_fresh, end_all)

/* ---- how many schedules there are ---- */

static struct weft_waitgroup running;
static int threads, steps;

static void step(void)
{
    for (int i = 1; i < steps; i++)
        weft_yield();
    weft_waitgroup_done(&running);
}

static int all_step(void *argument)
{
    (void)argument;
    running = (struct weft_waitgroup){.count = 0};
    weft_waitgroup_add(&running, threads);
    for (int i = 0; i < threads; i++)
        go(step);
    return weft_waitgroup_wait(&running);
}

static uint64_t factorial(int n)
{
    return n < 2 ? 1 : (uint64_t)n * factorial(n - 1);
}

/* Threads of k steps each can be shuffled in (t * k)! / (k!)^t ways. */
static void independent_threads_run_in_every_order_once(void **state)
{
    (void)state;
    for (threads = 1; threads <= 3; threads++)
        for (steps = 1; steps <= 3; steps++) {
            uint64_t expected = factorial(threads * steps);

            for (int i = 0; i < threads; i++)
                expected /= factorial(steps);
            assert_int_equal(explore(all_step, usual), 0);
            assert_int_equal(found.schedules, expected);
            assert_true(found.is_exhausted);
            assert_int_equal(found.failures, 0);
            assert_null(found.schedule);
        }
}

static chan(int) c;
static int senders, receivers, received;

static void send_value(int value)
{
    chan_send(c, value);
    weft_waitgroup_done(&running);
}

static void receive_value(void)
{
    int value;

    if (chan_recv(c, &value) == 0)
        received += value;
    weft_waitgroup_done(&running);
}

static int send_and_receive(void *argument)
{
    int result;

    (void)argument;
    received = 0;
    running = (struct weft_waitgroup){.count = 0};
    c = chan_new(int);
    weft_waitgroup_add(&running, senders + receivers);
    for (int i = 0; i < senders; i++)
        go(send_value, 1 << i);
    for (int i = 0; i < receivers; i++)
        go(receive_value);
    result = weft_waitgroup_wait(&running);
    if (result == 0)
        chan_free(c);
    return result != 0 ? result : received != (1 << senders) - 1;
}

/* All that can happen, counted without weft: of those that have not begun, some wait (ws, wr), and
 * some have met their partner and will end. */
static uint64_t count_model(int s, int r, int ws, int wr, int ending)
{
    uint64_t sum = 0;

    if (s + r + ending == 0)
        return 1;
    if (s > 0)
        sum += (uint64_t)s * (wr > 0 ? count_model(s - 1, r, ws, wr - 1, ending + 2)
                                     : count_model(s - 1, r, ws + 1, wr, ending));
    if (r > 0)
        sum += (uint64_t)r * (ws > 0 ? count_model(s, r - 1, ws - 1, wr, ending + 2)
                                     : count_model(s, r - 1, ws, wr + 1, ending));
    if (ending > 0)
        sum += (uint64_t)ending * count_model(s, r, ws, wr, ending - 1);
    return sum;
}

static void meetings_are_as_many_as_a_model_counts(void **state)
{
    (void)state;
    for (senders = 0; senders <= 2; senders++)
        for (receivers = 0; receivers <= 2; receivers++) {
            int expected = senders != receivers;

            assert_int_equal(explore(send_and_receive, usual), expected);
            assert_int_equal(found.schedules, count_model(senders, receivers, 0, 0, 0));
            assert_true(found.is_exhausted);
            assert_int_equal(found.failures, expected ? found.schedules : 0);
            assert_int_equal(found.failure, expected ? WEFT_EXPLORE_DEADLOCK : WEFT_EXPLORE_GOOD);
        }
}

static void schedules_can_be_limited(void **state)
{
    (void)state;
    threads = 3;
    steps = 3;
    assert_int_equal(explore(all_step, (struct weft_explore_opts){.schedules_max = 10}), 0);
    assert_int_equal(found.schedules, 10);
    assert_false(found.is_exhausted);
    assert_int_equal(
        explore(all_step, (struct weft_explore_opts){.random_schedules = 100, .schedules_max = 10}),
        0);
    assert_int_equal(found.schedules, 10);
    senders = 2;
    receivers = 1;
    assert_int_equal(explore(send_and_receive, (struct weft_explore_opts){.failures_max = 3}), 1);
    assert_int_equal(found.failures, 3);
    assert_false(found.is_exhausted);
}

/* ---- planted bugs ---- */

static int shared;

static void add_one(void)
{
    int seen = shared;

    weft_yield();
    shared = seen + 1;
    weft_waitgroup_done(&running);
}

static int check_then_act(void *argument)
{
    (void)argument;
    shared = 0;
    running = (struct weft_waitgroup){.count = 0};
    weft_waitgroup_add(&running, 2);
    go(add_one);
    go(add_one);
    weft_waitgroup_wait(&running);
    return shared == 2 ? 0 : 42;
}

/* Of the six orders of aabb, only two leave nothing out. */
static void a_check_that_is_old_when_acted_on_is_found(void **state)
{
    (void)state;
    assert_int_equal(explore(check_then_act, usual), 1);
    assert_int_equal(found.schedules, 6);
    assert_int_equal(found.failures, 4);
    assert_int_equal(found.failure, WEFT_EXPLORE_RETURNED);
    assert_int_equal(found.code, 42);
    assert_string_equal(found.schedule, "0");
}

static void wait_for_it(void)
{
    chan_recv(c, NULL);
}

static void tell_whoever_waits(void)
{
    chan_trysend(c, 1);
}

static int lose_wake_up(void *argument)
{
    task(void) waits, tells;
    int result;

    (void)argument;
    c = chan_new(int);
    waits = spawn(wait_for_it);
    tells = spawn(tell_whoever_waits);
    result = task_join(waits);
    if (task_join(tells) == 0 && result == 0)
        chan_free(c);
    return result;
}

/* main parks first; then the one that waits is 0, and the one that tells is 1. */
static void a_lost_wake_up_is_found(void **state)
{
    (void)state;
    assert_int_equal(explore(lose_wake_up, usual), 1);
    assert_int_equal(found.failure, WEFT_EXPLORE_DEADLOCK);
    assert_int_equal(found.code, -EDEADLK);
    assert_string_equal(found.schedule, "1");
    assert_true(found.failures < found.schedules);
}

static struct weft_mutex locks[2];

static void lock_both(int first)
{
    if (weft_mutex_lock(&locks[first]) != 0)
        return;
    if (weft_mutex_lock(&locks[!first]) == 0)
        weft_mutex_unlock(&locks[!first]);
    weft_mutex_unlock(&locks[first]);
}

static int lock_in_two_orders(void *argument)
{
    task(void) t[2];

    (void)argument;
    memset(locks, 0, sizeof locks);
    for (int i = 0; i < 2; i++)
        t[i] = spawn(lock_both, i);
    for (int i = 0; i < 2; i++)
        if (task_join(t[i]) != 0)
            return 1;
    return 0;
}

static void a_deadlock_of_two_mutexes_is_found_in_silence(void **state)
{
    (void)state;
    assert_int_equal(explore(lock_in_two_orders, usual), 1);
    assert_int_equal(found.failure, WEFT_EXPLORE_DEADLOCK);
    assert_true(found.is_exhausted);
    assert_in_range(found.failures, 1, found.schedules - 1);
}

static char order[THREADS_MAX + 1];

static void sign(int letter)
{
    order[strlen(order)] = (char)letter; /* zeros follow */
    weft_waitgroup_done(&running);
}

static int forbid(void *forbidden)
{
    memset(order, 0, sizeof order);
    running = (struct weft_waitgroup){.count = 0};
    weft_waitgroup_add(&running, 4);
    for (int i = 0; i < 4; i++)
        go(sign, 'a' + i);
    weft_waitgroup_wait(&running);
    return strncmp(order, forbidden, strlen(forbidden)) == 0;
}

static void the_shortest_failing_choice_string_is_told(void **state)
{
    char forbidden[][5] = {"c", "cb", "dcb", "abdc", "ba"};
    const char *strings[] = {"2", "2.1", "3.2.1", "0.0.1", "1"};

    (void)state;
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        assert_int_equal(weft_explore(forbid, forbidden[i], NULL, &found), 1);
        assert_int_equal(found.schedules, 24);
        assert_string_equal(found.schedule, strings[i]);
        free(found.schedule);
        found.schedule = NULL;
    }
}

/* Depth first, 0.0.1 comes before 1. */
static int forbid_a_late_and_an_early_one(void *unused)
{
    char late[] = "abdc", early[] = "ba";

    (void)unused;
    return forbid(late) || strncmp(order, early, strlen(early)) == 0;
}

static void a_shorter_one_takes_the_place_of_the_first_that_fails(void **state)
{
    (void)state;
    assert_int_equal(explore(forbid_a_late_and_an_early_one, usual), 1);
    assert_int_equal(found.failures, 3);
    assert_string_equal(found.schedule, "1");
}

static void at_random_it_is_shortened(void **state)
{
    const struct weft_explore_opts opts = {
        .size = sizeof opts, .random_schedules = 1000, .seed = 5};
    char forbidden[] = "cb";

    (void)state;
    assert_int_equal(weft_explore(forbid, forbidden, &opts, &found), 1);
    assert_int_equal(found.schedules, 1000);
    assert_false(found.is_exhausted);
    assert_in_range(found.failures, 50, 120); /* one of twelve */
    assert_int_equal(found.seed, 5);
    assert_string_equal(found.schedule, "2.1");
}

static void sign_and_start(int letter, int others)
{
    if (!order[0])
        for (int i = 0; i < others; i++) {
            weft_waitgroup_add(&running, 1);
            go(sign, 'c' + i);
        }
    sign(letter);
}

/* How many there are to choose from is up to who comes first: a starts one, b starts four. */
static int fear_others_as_second(void *argument)
{
    (void)argument;
    memset(order, 0, sizeof order);
    running = (struct weft_waitgroup){.count = 0};
    weft_waitgroup_add(&running, 2);
    go(sign_and_start, 'a', 1);
    go(sign_and_start, 'b', 4);
    weft_waitgroup_wait(&running);
    return order[1] >= 'c' ? order[1] : 0;
}

/* Every answer becomes 0, from the last, if it then still fails so. Of those behind it, some may be
 * larger than there are choices then: they stand for 0. */
static void a_single_failure_at_random_is_shortened(void **state)
{
    const char *const shortest[] = {['c'] = "0.1", ['d'] = "1.2", ['e'] = "1.3", ['f'] = "1.4"};
    bool has_found['f' + 1] = {false};

    (void)state;
    for (uint64_t seed = 1; seed <= 64; seed++) {
        int result = explore(fear_others_as_second,
                             (struct weft_explore_opts){.random_schedules = 1, .seed = seed});

        assert_int_equal(found.failures, result);
        if (result == 0)
            continue;
        assert_in_range(found.code, 'c', 'f');
        assert_string_equal(found.schedule, shortest[found.code]);
        has_found[found.code] = true;
    }
    for (int letter = 'c'; letter <= 'f'; letter++)
        assert_true(has_found[letter]);
}

static void equal_seeds_find_the_same(void **state)
{
    const struct weft_explore_opts opts = {.random_schedules = 50, .seed = 77};
    uint64_t failures;

    (void)state;
    explore(check_then_act, opts);
    failures = found.failures;
    assert_in_range(failures, 1, 49);
    for (int i = 0; i < 20; i++) {
        explore(check_then_act, opts);
        assert_int_equal(found.failures, failures);
    }
}

/* ---- replays ---- */

static void a_replay_fails_the_same_a_hundred_times(void **state)
{
    char forbidden[] = "dcb";
    struct weft_explore_opts opts = {.size = sizeof opts, .replay = "3.2.1"};

    (void)state;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(weft_explore(forbid, forbidden, &opts, &found), 1);
        assert_int_equal(found.schedules, 1);
        assert_int_equal(found.failure, WEFT_EXPLORE_RETURNED);
        assert_string_equal(found.schedule, "3.2.1");
        assert_string_equal(order, "dcba");
        free(found.schedule);
    }
    opts.replay = "3.2";
    assert_int_equal(weft_explore(forbid, forbidden, &opts, &found), 0);
    assert_string_equal(order, "dcab");
}

static void a_replay_is_traced(void **state)
{
    char forbidden[] = "c", text[2048] = "";
    FILE *file = tmpfile();
    struct weft_explore_opts opts = {
        .size = sizeof opts, .replay = "2.0.1", .trace_fd = fileno(file)};

    (void)state;
    assert_int_equal(weft_explore(forbid, forbidden, &opts, &found), 1);
    rewind(file);
    assert_true(fread(text, 1, sizeof text - 1, file) > 0);
    fclose(file);
    assert_non_null(strstr(text, "choice 0: 2 of 4 ready: thread 4 (sign at "));
    assert_non_null(strstr(text, "choice 1: 0 of 3 ready: thread 2 (sign at "));
    assert_non_null(strstr(text, "choice 2: 1 of 2 ready: thread 5 (sign at "));
    assert_null(strstr(text, "choice 3"));
}

static int wait_a_while(void *argument);

/* What a replay says of its choices. */
static const char *traced(int (*fn)(void *), const char *replay)
{
    static char text[2048];
    FILE *file = tmpfile();
    size_t size;

    explore(fn,
            (struct weft_explore_opts){.replay = replay, .trace_fd = fileno(file), .jumps_max = 1});
    rewind(file);
    size = fread(text, 1, sizeof text - 1, file);
    text[size] = '\0';
    fclose(file);
    return text;
}

static int leave_two(void *argument)
{
    (void)argument;
    go(weft_yield);
    go(weft_yield);
    return 0;
}

static void close_both(chan(int) a, chan(int) b)
{
    chan_close(a);
    chan_close(b);
}

static int select_of_two(void *argument)
{
    chan(int) a = chan_new(int), b = chan_new(int);
    int i;

    (void)argument;
    close_both(a, b);
    i = chan_select(chan_case_recv(a, NULL), chan_case_recv(b, NULL));
    chan_free(a);
    chan_free(b);
    return i;
}

static void a_trace_tells_of_clauses_and_of_time(void **state)
{
    const char *text = traced(wait_a_while, "0.1");

    (void)state;
    assert_non_null(strstr(text, ": a thread runs before time passes\n"));
    assert_non_null(strstr(text, "choice 1: 1 of 2: time passes before a thread runs\n"));
    assert_string_equal(traced(select_of_two, "1"),
                        "choice 0: 1 of 2 clauses: thread 1 (main) takes it\n");
}

/* Whoever ran without a choice was a line without a beginning, and the choice that did not fit had the
 * number before 0. */
static void what_chooses_nothing_is_not_traced(void **state)
{
    (void)state;
    threads = steps = 2;
    assert_string_equal(traced(all_step, "2"), "");
    assert_int_equal(found.failure, WEFT_EXPLORE_DIVERGED);
    assert_null(strstr(traced(leave_two, "0"), "\n ready:"));
    assert_int_equal(found.choices, 3);
}

static void the_environment_replays_the_scenario_that_it_names(void **state)
{
    (void)state;
    setenv("WEFT_REPLAY", "second:1", 1);
    assert_int_equal(explore(check_then_act, (struct weft_explore_opts){.name = "first"}), 1);
    assert_int_equal(found.schedules, 6);
    assert_string_equal(found.schedule, "first:0");
    assert_int_equal(explore(lose_wake_up, (struct weft_explore_opts){.name = "second"}), 1);
    assert_int_equal(found.schedules, 1);
    assert_string_equal(found.schedule, "second:1");
    assert_int_equal(explore(lose_wake_up, (struct weft_explore_opts){.name = "second"}), 1);
    assert_true(found.schedules > 1); /* for one call, it was */
}

static void a_replay_is_not_random(void **state)
{
    (void)state;
    assert_int_equal(
        explore(check_then_act, (struct weft_explore_opts){.replay = "0", .random_schedules = 100}),
        1);
    assert_int_equal(found.schedules, 1);
    assert_int_equal(found.seed, 0);
}

static void a_replay_may_leave_out_the_name(void **state)
{
    const struct weft_explore_opts opts = {.name = "second", .replay = "1"};

    (void)state;
    assert_int_equal(explore(check_then_act, opts), 1);
    assert_int_equal(found.schedules, 1);
    assert_string_equal(found.schedule, "second:1");
}

static void a_choice_that_there_is_not_is_told(void **state)
{
    (void)state;
    assert_int_equal(explore(check_then_act, (struct weft_explore_opts){.replay = "0.2"}), 1);
    assert_int_equal(found.failure, WEFT_EXPLORE_DIVERGED);
    assert_int_equal(found.diverged_at, 1);
    assert_int_equal(found.diverged_was, 0);
    assert_int_equal(found.diverged_is, 2);
    assert_non_null(
        strstr(printed(&found),
               "(the choice string does not fit: at choice 1 there are 2 to choose from)"));
    assert_int_equal(explore(check_then_act, (struct weft_explore_opts){.replay = ""}), -EINVAL);
    assert_int_equal(explore(check_then_act, (struct weft_explore_opts){.replay = "1."}), -EINVAL);
    assert_int_equal(explore(check_then_act, (struct weft_explore_opts){.replay = "1,2"}), -EINVAL);
    assert_int_equal(explore(check_then_act, (struct weft_explore_opts){.replay = "99999999999"}),
                     -EINVAL);
}

/* The environment counts once: this test comes before others that use it. */
static int replay_by_environment(const void *text)
{
    setenv("WEFT_REPLAY", text, 1);
    return explore(check_then_act, usual) != -EINVAL;
}

static void a_choice_string_of_the_environment_that_is_none_is_told(void **state)
{
    struct child child = child_run(replay_by_environment, "0.1,");

    (void)state;
    assert_int_equal(child.status, 0);
    assert_string_equal(child.said,
                        "weft: WEFT_REPLAY=0.1, is no choice string; say 0.2.1 or NAME:0.2.1\n");
}

/* ---- what else fails ---- */

static void receive_once(void)
{
    chan_recv(c, NULL);
}

static int leave_thread(void *argument)
{
    (void)argument;
    c = chan_new(int);
    go(receive_once);
    return 0;
}

static int leave_channel(void *argument)
{
    (void)argument;
    c = chan_new(int);
    return 0;
}

static int leave_task(void *argument)
{
    (void)argument;
    running = (struct weft_waitgroup){.count = 0};
    weft_waitgroup_add(&running, 1);
    memset(order, 0, sizeof order);
    spawn(sign, 'x');
    return 0;
}

static int leave_sleeper(void *argument)
{
    (void)argument;
    go(weft_sleep, WEFT_SEC(3600));
    return 0;
}

static void what_is_left_is_a_failure_and_is_ended(void **state)
{
    (void)state;
    assert_int_equal(explore(leave_thread, usual), 1);
    assert_int_equal(found.failure, WEFT_EXPLORE_LEFT);
    assert_int_equal(check_threads(), 0);
    assert_true(weft__list_is_empty(&weft__self->chans));
    assert_int_equal(explore(leave_channel, usual), 1);
    assert_int_equal(found.failure, WEFT_EXPLORE_LEAK);
    assert_true(weft__list_is_empty(&weft__self->chans));
    assert_int_equal(explore(leave_task, usual), 1);
    assert_int_equal(found.failure, WEFT_EXPLORE_LEAK);
    assert_int_equal(explore(leave_sleeper, usual), 0); /* it ends */
}

static int end_all_by_shutdown(void *argument)
{
    (void)argument;
    c = chan_new(int);
    for (int i = 0; i < 2; i++)
        spawn(receive_once);
    go(weft_sleep, WEFT_SEC(3600));
    weft_yield();
    return weft_shutdown();
}

static void a_scenario_may_shut_down(void **state)
{
    (void)state;
    assert_int_equal(explore(end_all_by_shutdown, (struct weft_explore_opts){.choices_max = 1000}),
                     0);
    assert_true(found.is_exhausted);
    assert_in_range(found.schedules, 2, 1000);
}

static void yield_for_ever(void)
{
    while (!weft_is_cancelled())
        weft_yield();
}

static int never_settle(void *argument)
{
    (void)argument;
    go(yield_for_ever);
    return 0;
}

static int never_end(void *argument)
{
    task(void) t = spawn(yield_for_ever), other = spawn(yield_for_ever);

    (void)argument;
    task_join(t);
    task_join(other);
    return 0;
}

static void a_run_without_end_is_ended(void **state)
{
    const struct weft_explore_opts opts = {.choices_max = 100, .failures_max = 2};

    (void)state;
    assert_int_equal(explore(never_settle, opts), 1);
    assert_int_equal(found.failure, WEFT_EXPLORE_ENDLESS);
    assert_int_equal(explore(never_end, opts), 1);
    assert_int_equal(found.failure, WEFT_EXPLORE_ENDLESS);
    assert_int_equal(found.failures, 2);
}

static void sleep_for_ever(void)
{
    while (weft_sleep(WEFT_MS(1)) == 0)
        ;
}

static int wait_for_a_yielder(void *argument)
{
    (void)argument;
    return task_join(spawn(yield_for_ever));
}

static int wait_for_a_sleeper(void *argument)
{
    (void)argument;
    return task_join(spawn(sleep_for_ever));
}

static int sleep_alone(void *argument)
{
    (void)argument;
    for (int i = 0; i < 99; i++)
        weft_sleep(WEFT_MS(1));
    return 0;
}

static void a_run_without_end_or_choice_is_ended(void **state)
{
    const struct weft_explore_opts opts = {.choices_max = 100};

    (void)state;
    assert_int_equal(explore(wait_for_a_yielder, opts), 1);
    assert_int_equal(found.failure, WEFT_EXPLORE_ENDLESS);
    assert_int_equal(found.schedules, 1);
    assert_int_equal(explore(wait_for_a_sleeper, opts), 1);
    assert_int_equal(found.failure, WEFT_EXPLORE_ENDLESS);
    assert_int_equal(found.schedules, 1);
    assert_int_equal(explore(sleep_alone, opts), 0);
}

static int runs;

static int differ(void *argument)
{
    (void)argument;
    threads = ++runs == 3 ? 3 : 2;
    steps = 2;
    return all_step(NULL);
}

static int differ_by_ending(void *argument)
{
    (void)argument;
    threads = 2;
    steps = ++runs == 2 ? 1 : 3;
    return all_step(NULL);
}

static void yield_often(int turns)
{
    for (int i = 0; i < turns; i++)
        weft_yield();
}

static int differ_and_leave(void *argument)
{
    (void)argument;
    for (int i = 0; i < 2; i++)
        go(yield_often, 3);
    for (int i = 0; i < 2 && runs > 0; i++)
        go(yield_often, 0);
    runs++;
    weft_yield();
    return 0;
}

static void a_scenario_that_does_not_do_the_same_again_is_told(void **state)
{
    (void)state;
    runs = 0;
    assert_int_equal(explore(differ, usual), 1);
    assert_int_equal(found.failure, WEFT_EXPLORE_DIVERGED);
    assert_int_equal(found.schedules, 3);
    assert_int_equal(found.diverged_at, 0);
    assert_int_equal(found.diverged_was, 2);
    assert_int_equal(found.diverged_is, 3);
    assert_non_null(strstr(printed(&found),
                           "the scenario did not do the same again: at choice 0 there are 3 "
                           "to choose from, and were 2"));
    runs = 0;
    assert_int_equal(explore(differ_by_ending, usual), 1);
    assert_int_equal(found.failure, WEFT_EXPLORE_DIVERGED);
    assert_int_equal(found.diverged_is, 0);
    runs = 0;
    assert_int_equal(explore(differ_and_leave, usual), 1);
    assert_int_equal(found.diverged_at, 0);
    assert_int_equal(found.diverged_was, 3);
    assert_int_equal(found.diverged_is, 5); /* and not what there was when it had returned */
}

static bool is_untrue; /* a select was told of a close that there was not */

static void send_one(chan(int) to)
{
    chan_send(to, 1);
}

/* From its second run on it is not the same, and nothing is chosen any more. */
static int differ_and_select(void *argument)
{
    chan(int) a = chan_new(int), b = chan_new(int);
    task(void) of_a = spawn(send_one, a), of_b = spawn(send_one, b);
    int i;

    (void)argument;
    if (runs++ > 0)
        go(weft_yield);
    weft_yield();
    i = chan_select(chan_case_recv(a, NULL), chan_case_recv(b, NULL));
    is_untrue |= i == CHAN_CLOSED(0) || i == CHAN_CLOSED(1);
    chan_close(a);
    chan_close(b);
    task_join(of_a);
    task_join(of_b);
    chan_free(a);
    chan_free(b);
    return 0;
}

/* The limit could be reached within a select's choice. The senders were cancelled there and then, and
 * the clause that had been found ready had no partner any more. */
static void a_select_at_the_limit_still_has_the_partner_that_it_saw(void **state)
{
    (void)state;
    for (uint32_t limit = 1; limit <= 10; limit++) {
        runs = 0;
        is_untrue = false;
        assert_int_equal(
            explore(differ_and_select, (struct weft_explore_opts){.choices_max = limit}), 1);
        assert_int_equal(runs, 2);
        assert_false(is_untrue);
    }
}

/* ---- time ---- */

static int late; /* runs in which the time was over first */

static void send_in_time(void)
{
    weft_within(WEFT_SEC(7200), chan_send(c, 1));
}

static int wait_a_while(void *argument)
{
    task(void) t;
    int x, i;

    (void)argument;
    if (weft_now() != 0)
        return 1;
    c = chan_new(int);
    t = spawn(send_in_time);
    i = chan_select(chan_case_recv(c, &x), chan_case_timeout(WEFT_SEC(3600)));
    late += i == 1;
    if (i == 1)
        chan_close(c);
    task_join(t);
    weft_sleep(WEFT_SEC(86400));
    chan_free(c);
    return i < 0;
}

static void time_begins_anew_and_stands_still(void **state)
{
    int64_t before = weft_now();

    (void)state;
    late = 0;
    assert_int_equal(explore(wait_a_while, usual), 0);
    assert_true(found.is_exhausted);
    assert_int_equal(late, 0);
    assert_int_equal(weft_now(), before);
}

static void time_may_pass_while_threads_are_ready(void **state)
{
    (void)state;
    late = 0;
    assert_int_equal(explore(wait_a_while, (struct weft_explore_opts){.jumps_max = 1}), 0);
    assert_true(found.is_exhausted);
    assert_in_range(late, 1, found.schedules - 1);
}

/* ---- what is there besides ---- */

static void count_up(gen(int) g)
{
    for (int i = 0;; i++)
        if (gen_yield(g, i) < 0)
            return;
}

static void a_shutdown_explored_ends_nothing_of_before(void **state)
{
    gen(int) before = gen_new(int, count_up);
    int value = -1;

    (void)state;
    gen_next(before, NULL);
    assert_int_equal(explore(end_all_by_shutdown, usual), 0);
    assert_int_equal(gen_next(before, &value), 0);
    assert_int_equal(value, 1);
    gen_close(before);
}

static chan(int) older;

static int use_older(void *argument)
{
    gen(int) g = gen_new(int, count_up);
    task(void) t[2];
    int x;

    for (int i = 0; i < 2; i++)
        t[i] = spawn(sign, 'a' + i);
    gen_next(g, &x);
    gen_next((gen(int))argument, &x);
    for (int i = 0; i < 2; i++)
        task_join(t[i]);
    chan_free(older);
    older = chan_new(int);
    return gen_close(g);
}

static int use_all(void *argument)
{
    struct weft_group *g = group_new(0);

    (void)argument;
    memset(order, 0, sizeof order);
    running = (struct weft_waitgroup){.count = 0};
    weft_waitgroup_add(&running, 2);
    group_wait(g);
    group_free(g);
    return use_older(argument);
}

/* The channel that the scenario makes anew is a leak of its, and the old one, which it frees, none. */
static void what_was_there_before_stays(void **state)
{
    gen(int) g = gen_new(int, count_up);
    chan(int) old = chan_new(int);
    int x = -1;

    (void)state;
    older = chan_new(int);
    gen_next(g, &x);
    assert_int_equal(weft_explore(use_all, (void *)g,
                                  &(struct weft_explore_opts){
                                      .size = sizeof(struct weft_explore_opts), .failures_max = 1},
                                  &found),
                     1);
    assert_int_equal(found.failure, WEFT_EXPLORE_LEAK);
    assert_int_equal(gen_next(g, &x), 0);
    assert_int_equal(x, 2);
    gen_close(g);
    chan_free(old);
    assert_true(weft__list_is_empty(&weft__self->chans));
}

static int explore_within(void *argument)
{
    (void)argument;
    return weft_explore(all_step, NULL, NULL, NULL) == -EINVAL ? 0 : 1;
}

static int told;

static void explore_green(void)
{
    told = weft_explore(all_step, NULL, NULL, NULL);
}

static void it_is_refused_where_it_would_not_be_alone(void **state)
{
    task(void) t;

    (void)state;
    assert_int_equal(explore(explore_within, usual), 0);
    t = spawn(explore_green);
    assert_int_equal(weft_explore(all_step, NULL, NULL, NULL), -EINVAL);
    task_join(t);
    assert_int_equal(told, -EPERM);
    told = weft_within(WEFT_SEC(1), weft_explore(all_step, NULL, NULL, NULL));
    assert_int_equal(told, -EINVAL);
    told = weft_shield(weft_explore(all_step, NULL, NULL, NULL));
    assert_int_equal(told, -EINVAL);
    assert_int_equal(weft_explore(NULL, NULL, NULL, &found), -EINVAL);
    assert_int_equal(weft_explore(all_step, NULL, &(struct weft_explore_opts){.size = 1}, NULL),
                     -EINVAL);
}

/* ---- death ---- */

static void fail_assertion(int letter)
{
    if (letter == 'c' && strcmp(order, "b") == 0)
        abort();
    sign(letter);
}

static int abort_if_cb(void *argument)
{
    (void)argument;
    memset(order, 0, sizeof order);
    running = (struct weft_waitgroup){.count = 0};
    weft_waitgroup_add(&running, 3);
    for (int i = 0; i < 3; i++)
        go(fail_assertion, 'a' + i);
    return weft_waitgroup_wait(&running);
}

static int explore_abort(const void *argument)
{
    (void)argument;
    return explore(abort_if_cb, (struct weft_explore_opts){.name = "abc"});
}

static void an_abort_names_its_schedule(void **state)
{
    struct child child = child_run(explore_abort, NULL);

    (void)state;
    assert_int_equal(child.signal, SIGABRT);
    assert_string_equal(child.said, "weft: this run's schedule: WEFT_REPLAY=abc:1.1\n");
}

static int explore_in_silence(const void *argument)
{
    int results = 0;

    (void)argument;
    setenv("WEFT_REPORT", "deadlocks", 1);
    results += explore(lose_wake_up, usual);
    results += explore(lock_in_two_orders, usual);
    results += explore(leave_thread, usual);
    return results + explore(wait_a_while, usual);
}

static void nothing_is_reported_while_it_looks(void **state)
{
    struct child child = child_run(explore_in_silence, NULL);

    (void)state;
    assert_int_equal(child.status, 3);
    assert_string_equal(child.said, "");
}

/* ---- no memory ---- */

static int try_meeting(void *argument)
{
    task(void) t;
    int x = 0;

    (void)argument;
    c = chan_new(int);
    t = c ? spawn(receive_once) : (task(void)){0};
    if (t) {
        chan_send(c, 1);
        task_join(t);
    }
    (void)x;
    chan_free(c);
    return 0;
}

static int try_long(void *argument)
{
    (void)argument;
    threads = 3;
    steps = 40;
    running = (struct weft_waitgroup){.count = 0};
    for (int i = 0; i < threads; i++) {
        weft_waitgroup_add(&running, 1);
        if (go(step) != 0)
            weft_waitgroup_done(&running);
    }
    weft_waitgroup_wait(&running);
    return 1;
}

static void without_memory_it_says_so(void **state)
{
    int ended = 0;

    (void)state;
    weft_now();
    for (uint32_t nth = 1; !ended; nth++) {
        int result;

        faults_install();
        faults_fail(FAULTS_ALL, nth, nth);
        explore(try_meeting, usual);
        result = explore(try_long, (struct weft_explore_opts){.schedules_max = 2});
        ended = !faults->has_failed;
        faults_stop();
        assert_true(result == 1 || result == -ENOMEM);
        assert_true(found.schedule || result == -ENOMEM);
        free(found.schedule);
        found.schedule = NULL;
        assert_int_equal(check_threads(), 0);
        faults_remove();
        assert_in_range(nth, 1, 1000);
    }
}

/* Fails in every order but the usual one, and needs many choices. */
static int want_order(void *argument)
{
    (void)argument;
    memset(order, 0, sizeof order);
    running = (struct weft_waitgroup){.count = 0};
    weft_waitgroup_add(&running, 2);
    for (int i = 0; i < 2; i++)
        if (go(sign, 'a' + i) != 0)
            weft_waitgroup_done(&running);
    weft_waitgroup_wait(&running);
    return strcmp(order, "ba") == 0;
}

/* The shortest is kept in memory of its own, and what is to be replayed is too. */
static void without_memory_for_a_choice_string_it_says_so(void **state)
{
    static const char long_replay[] =
        "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0"
        ".0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0";
    bool ended = false;
    int refused = 0;

    (void)state;
    explore(want_order, usual); /* what stays with the worker is there */
    faults_install();
    for (uint32_t nth = 1; !ended; nth++) {
        int64_t blocks = faults_blocks();
        int result;

        faults_fail(1 << FAULT_CALLOC, nth, nth);
        result = weft_explore(want_order, NULL, NULL, NULL);
        ended = !faults->has_failed;
        assert_int_equal(result, ended ? 1 : -ENOMEM);
        assert_int_equal(faults_blocks(), blocks);
        refused += !ended;
    }
    assert_int_equal(refused, 2); /* of the choices that are made, and of those that are kept */
    ended = false;
    for (uint32_t nth = 1; !ended; nth++) {
        int64_t blocks = faults_blocks();
        int result;

        faults_fail(1 << FAULT_CALLOC, nth, nth);
        result =
            explore(want_order, (struct weft_explore_opts){.replay = long_replay, .trace_fd = -1});
        ended = !faults->has_failed;
        if (!ended) {
            assert_int_equal(result, -ENOMEM);
            assert_int_equal(found.schedules, nth <= 2 ? 0 : 1);
            assert_int_equal(faults_blocks(), blocks);
        }
        refused += !ended;
    }
    assert_int_equal(refused, 2 + 3); /* the string is of more than one block */
    faults_stop();
    faults_remove();
}

/* ---- what cannot be ended ---- */

static chan(int) stubborn;

static void listen_to_nobody(void)
{
    weft_shield(chan_recv(stubborn, NULL));
}

static int leave_a_stubborn_one(void *argument)
{
    (void)argument;
    stubborn = chan_new(int);
    go(listen_to_nobody);
    weft_yield();
    return 0;
}

static void a_thread_that_cannot_be_ended_ends_the_exploration(void **state)
{
    (void)state;
    assert_int_equal(explore(leave_a_stubborn_one, usual), -EDEADLK);
    assert_int_equal(found.failure, WEFT_EXPLORE_LEFT);
    assert_int_equal(found.failures, 1);
    assert_string_equal(found.schedule, "0");
    assert_int_equal(check_threads(), 1);
    chan_close(stubborn);
    check_settle();
    assert_int_equal(check_threads(), 0);
    chan_free(stubborn);
    threads = steps = 2;
    assert_int_equal(explore(all_step, usual), 0);
}

static int go_on_whatever_happens(void *argument)
{
    (void)argument;
    threads = steps = 2;
    while (all_step(NULL) == 0 || threads > 0)
        ;
    return 0;
}

static void yield_whatever_happens(void)
{
    for (;;)
        weft_yield();
}

static int yield_alone_for_ever(void *argument)
{
    (void)argument;
    yield_whatever_happens();
    return 0;
}

static int leave_one_that_never_ends(void *argument)
{
    (void)argument;
    go(yield_whatever_happens);
    return 0;
}

static int shut_down_one_that_never_ends(void *argument)
{
    (void)argument;
    go(yield_whatever_happens);
    return weft_shutdown();
}

static int explore_the_endless(const void *fn)
{
    return explore(*(int (*const *)(void *))fn, (struct weft_explore_opts){.choices_max = 10});
}

static void what_never_ends_is_a_mistake(void **state)
{
    static int (*const endless[])(void *) = {go_on_whatever_happens, yield_alone_for_ever,
                                             shut_down_one_that_never_ends,
                                             leave_one_that_never_ends};

    (void)state;
    for (size_t i = 0; i < sizeof endless / sizeof *endless; i++) {
        struct child child = child_run(explore_the_endless, &endless[i]);

        assert_int_equal(child.signal, SIGABRT);
        assert_non_null(strstr(child.said, "and still it does not end"));
    }
}

static int receive_again_and_again(void *argument)
{
    (void)argument;
    c = chan_new(int);
    while (chan_recv(c, NULL) != 0)
        ;
    return 0;
}

static int explore_the_deaf(const void *argument)
{
    (void)argument;
    return explore(receive_again_and_again, usual);
}

/* A thousand times it was told, and goes on as if nothing had been. */
static void a_scenario_that_does_not_listen_ends_in_its_deadlock(void **state)
{
    struct child child = child_run(explore_the_deaf, NULL);

    (void)state;
    assert_int_equal(child.status, 2);
    assert_non_null(strstr(child.said, "weft: deadlock: 1 thread is parked"));
}

static jmp_buf out_of_it;

static int sleep_and_jump(void)
{
    weft_sleep(1);
    longjmp(out_of_it, 1);
}

static int leave_within(void *argument)
{
    (void)argument;
    if (setjmp(out_of_it) == 0)
        weft_within(WEFT_SEC(1), sleep_and_jump());
    return 0;
}

static int explore_leave_within(const void *argument)
{
    (void)argument;
    return explore(leave_within, (struct weft_explore_opts){.random_schedules = 2, .seed = 1});
}

static void a_deadline_that_a_longjmp_has_left_is_a_mistake(void **state)
{
    struct child child = child_run(explore_leave_within, NULL);

    (void)state;
    assert_int_equal(child.signal, SIGABRT);
    assert_non_null(strstr(child.said, "weft_explore: the scenario has left a weft_within()"));
}

/* ---- for people ---- */

static void what_was_found_is_told_in_words(void **state)
{
    char schedule[] = "0.1";
    struct weft_explored what = {.schedules = 1, .is_exhausted = 1};
    const struct {
        enum weft_explore_failure failure;
        const char *words;
    } table[] = {
        {WEFT_EXPLORE_DEADLOCK, "(a deadlock)"},
        {WEFT_EXPLORE_RETURNED, "(the scenario returns -7)"},
        {WEFT_EXPLORE_LEFT, "(a thread is left that can never end)"},
        {WEFT_EXPLORE_LEAK, "(a channel, generator, group or task is left)"},
        {WEFT_EXPLORE_ENDLESS, "(it does not end)"},
        {WEFT_EXPLORE_DIVERGED,
         "(the scenario did not do the same again: at choice 3 there are 2 to choose from, and "
         "were 5)"},
    };

    (void)state;
    assert_string_equal(printed(&what), "weft: explored 1 schedule, which are all: 0 failed\n");
    what = (struct weft_explored){.schedules = 12045,
                                  .seed = 9,
                                  .failures = 2,
                                  .schedule = schedule,
                                  .code = -7,
                                  .diverged_at = 3,
                                  .diverged_is = 2,
                                  .diverged_was = 5};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char expected[512];

        what.failure = table[i].failure;
        snprintf(expected, sizeof expected,
                 "weft: explored 12,045 schedules at random, seed 9: 2 failed\n"
                 "weft: the shortest that fails: WEFT_REPLAY=0.1 %s\n",
                 table[i].words);
        assert_string_equal(printed(&what), expected);
    }
}

/* ---- progress ---- */

static int take_a_millisecond(void *argument)
{
    faults->fake_ns += WEFT_MS(1);
    return all_step(argument);
}

/* What the exploration says to a terminal, its line ends as they were. */
static const char *on_a_terminal(struct weft_explore_opts opts)
{
    static char said[4096];
    int terminal = posix_openpt(O_RDWR | O_NOCTTY), before = dup(STDERR_FILENO), shown;
    struct termios how;
    size_t length = 0;
    ssize_t size;

    memset(said, 0, sizeof said);
    assert_true(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
    shown = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    assert_true(shown >= 0);
    tcgetattr(shown, &how);
    how.c_oflag &= ~(tcflag_t)OPOST;
    tcsetattr(shown, TCSANOW, &how);
    dup2(shown, STDERR_FILENO);
    threads = steps = 3;
    opts.progress = 1;
    explore(take_a_millisecond, opts);
    (void)!write(STDERR_FILENO, "end", 3);
    dup2(before, STDERR_FILENO);
    while (!strstr(said, "end") && (size = read(terminal, said + length, 1000)) > 0)
        length += (size_t)size;
    close(terminal);
    close(shown);
    close(before);
    return said;
}

static void a_terminal_sees_how_far_it_is(void **state)
{
    (void)state;
    weft_now();
    faults_install();
    faults->has_fake_time = true;
    faults->fake_ns = WEFT_SEC(1);
    assert_string_equal(on_a_terminal(usual), "\rweft: explored 1,024 schedules, 0 failed\nend");
    assert_int_equal(found.schedules, 1680);
    assert_string_equal(
        on_a_terminal((struct weft_explore_opts){.random_schedules = 2048, .seed = 1}),
        "\rweft: explored 1,024 of 2,048 schedules, 0 failed"
        "\rweft: explored 2,048 of 2,048 schedules, 0 failed\nend");
    assert_string_equal(on_a_terminal((struct weft_explore_opts){.schedules_max = 900}), "end");
    faults_remove();
}

static int explore_into_a_pipe(const void *argument)
{
    (void)argument;
    weft_now();
    faults_install();
    faults->has_fake_time = true;
    threads = steps = 3;
    return explore(take_a_millisecond, (struct weft_explore_opts){.progress = 1});
}

static void what_is_no_terminal_sees_nothing(void **state)
{
    struct child child = child_run(explore_into_a_pipe, NULL);

    (void)state;
    assert_int_equal(child.status, 0);
    assert_string_equal(child.said, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(an_abort_names_its_schedule), /* before the handlers are installed here */
        test(nothing_is_reported_while_it_looks),
        test(what_never_ends_is_a_mistake),
        test(a_scenario_that_does_not_listen_ends_in_its_deadlock),
        test(a_deadline_that_a_longjmp_has_left_is_a_mistake),
        test(what_is_no_terminal_sees_nothing),
        test(independent_threads_run_in_every_order_once),
        test(meetings_are_as_many_as_a_model_counts),
        test(schedules_can_be_limited),
        test(a_check_that_is_old_when_acted_on_is_found),
        test(a_lost_wake_up_is_found),
        test(a_deadlock_of_two_mutexes_is_found_in_silence),
        test(the_shortest_failing_choice_string_is_told),
        test(a_shorter_one_takes_the_place_of_the_first_that_fails),
        test(at_random_it_is_shortened),
        test(a_single_failure_at_random_is_shortened),
        test(equal_seeds_find_the_same),
        test(a_replay_fails_the_same_a_hundred_times),
        test(a_replay_is_traced),
        test(a_trace_tells_of_clauses_and_of_time),
        test(what_chooses_nothing_is_not_traced),
        test(a_choice_string_of_the_environment_that_is_none_is_told),
        test(the_environment_replays_the_scenario_that_it_names),
        test(a_replay_is_not_random),
        test(a_replay_may_leave_out_the_name),
        test(a_choice_that_there_is_not_is_told),
        test(what_is_left_is_a_failure_and_is_ended),
        test(a_scenario_may_shut_down),
        test(a_shutdown_explored_ends_nothing_of_before),
        test(a_run_without_end_is_ended),
        test(a_run_without_end_or_choice_is_ended),
        test(a_scenario_that_does_not_do_the_same_again_is_told),
        test(a_select_at_the_limit_still_has_the_partner_that_it_saw),
        test(time_begins_anew_and_stands_still),
        test(time_may_pass_while_threads_are_ready),
        test(what_was_there_before_stays),
        test(it_is_refused_where_it_would_not_be_alone),
        test(without_memory_it_says_so),
        test(without_memory_for_a_choice_string_it_says_so),
        test(a_thread_that_cannot_be_ended_ends_the_exploration),
        test(a_terminal_sees_how_far_it_is),
        test(what_was_found_is_told_in_words),
    };

    return cmocka_run_group_tests_name("explore", tests, NULL, NULL);
}
