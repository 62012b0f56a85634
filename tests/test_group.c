/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "expect.h"
#include "faults.h"
#include "runtime/group.h"

typedef struct weft_group *group_ptr;

static int give(int result)
{
    return result;
}

/* Sleeps, says how that ended, and returns the result, or the sleep's if that failed. */
static int nap(int64_t ns, const char *name, int result)
{
    int slept = weft_sleep(ns);

    note("%s%s ", name, slept == -ECANCELED ? " cancelled" : slept ? " late" : "");
    return slept ? slept : result;
}

static int nothing_yet(void)
{
    return 0;
}

/* ---- the whole of it ---- */

static void a_wait_is_over_when_no_member_is_left(void **state)
{
    group_ptr g = group_new(0);

    (void)state;
    assert_int_equal(group_wait(g), 0);
    assert_int_equal(group_go(g, nothing_yet), 0);
    assert_int_equal(group_go(g, nap, 30, "a", 0), 0);
    assert_int_equal(group_go(g, nap, 10, "b", 0), 0);
    assert_int_equal(group_wait(g), 0);
    assert_noted("b a ");
    assert_int_equal(weft_now(), 30);
    assert_null(group_who(g));
    assert_int_equal(group_wait(g), 0);
    assert_int_equal(group_go(g, nap, 5, "c", 0), 0); /* and again */
    assert_int_equal(group_wait(g), 0);
    assert_noted("c ");
    group_free(g);
    group_free(NULL);
}

static void the_first_result_that_is_not_zero_is_the_groups_and_cancels_the_rest(void **state)
{
    group_ptr g = group_new(0);

    (void)state;
    group_go(g, nap, 5, "a", 0);
    group_go(g, nap, 50, "b", -EIO);
    group_go(g, nap, 10, "c", -EBADF);
    group_go(g, nap, 60, "d", 0);
    assert_int_equal(group_wait(g), -EBADF);
    assert_int_equal(weft_now(), 10);
    assert_noted("a c b cancelled d cancelled ");
    assert_int_equal(group_wait(g), -EBADF);
    assert_non_null(strstr(group_who(g), "(nap at "));
    group_free(g);
}

static void a_positive_result_is_a_failure_too(void **state)
{
    group_ptr g = group_new(0);

    (void)state;
    group_go(g, give, 7);
    group_go(g, give, -3);
    assert_int_equal(group_wait(g), 7);
    group_free(g);
}

static int fail_by_name(const char *name)
{
    weft_set_name(name);
    return -EIO;
}

static void who_failed_is_known_by_name_and_site(void **state)
{
    group_ptr g = group_new(0);
    char expected[256];
    int line;

    (void)state;
    group_go(g, give, 0);
    line = __LINE__ + 1;
    group_go(g, fail_by_name, "parser");
    assert_int_equal(group_wait(g), -EIO);
    snprintf(expected, sizeof expected, " 'parser' (fail_by_name at %s:%d)", __FILE__, line);
    assert_int_equal(strncmp(group_who(g), "thread ", 7), 0);
    assert_non_null(strstr(group_who(g), expected));
    group_free(g);
    assert_null(group_who(NULL));
}

static void null_is_no_group(void **state)
{
    int evaluated = 0;

    (void)state;
    assert_int_equal(group_go(NULL, give, evaluated++), -EINVAL);
    assert_int_equal(evaluated, 0);
    assert_int_equal(group_wait(NULL), -EINVAL);
    assert_int_equal(group_cancel(NULL), -EINVAL);
}

/* ---- the limit ---- */

static int running, running_most, ran;

static int count_running(int64_t ns, int id)
{
    running++;
    running_most = running > running_most ? running : running_most;
    ran += 1 + id;
    weft_sleep(ns);
    running--;
    return 0;
}

static void no_more_run_at_once_than_the_limit_says(void **state)
{
    enum { TASKS = 10000, LIMIT = 17 };
    group_ptr g = group_new(LIMIT);
    int failed = 0;

    (void)state;
    running = running_most = ran = 0;
    for (int i = 0; i < TASKS; i++) {
        failed += group_go(g, count_running, 1 + i % 7, i) != 0;
        failed += check_threads() > LIMIT;
    }
    assert_int_equal(group_wait(g), 0);
    assert_int_equal(failed, 0);
    assert_int_equal(ran, TASKS * (TASKS + 1) / 2);
    assert_int_equal(running, 0);
    assert_int_equal(running_most, LIMIT);
    assert_noted("");
    group_free(g);
}

static int start_naps(group_ptr g, const char *name)
{
    for (int i = 0; i < 2; i++) {
        int result = group_go(g, nap, 10, name, 0);

        if (result != 0)
            note("%s: %d ", name, result);
    }
    return 0;
}

static void who_waits_for_a_place_is_served_first_come_first_served(void **state)
{
    group_ptr g = group_new(1);

    (void)state;
    group_go(g, nap, 10, "main", 0);
    go(start_naps, g, "a");
    go(start_naps, g, "b");
    go(start_naps, g, "c");
    check_settle();
    weft_sleep(100);
    assert_noted("main a b c a b c ");
    assert_int_equal(group_wait(g), 0);
    group_free(g);
}

static void waiting_for_a_place_honours_a_deadline(void **state)
{
    group_ptr g = group_new(1);
    int evaluated = 0;

    (void)state;
    group_go(g, nap, 50, "a", 0);
    assert_int_equal(weft_within(10, group_go(g, give, evaluated++)), -ETIMEDOUT);
    assert_int_equal(weft_now(), 10);
    assert_int_equal(weft_within(0, group_go(g, give, evaluated++)), -ETIMEDOUT);
    assert_int_equal(weft_within(10, (weft_sleep(20), group_go(g, give, evaluated++))), -ETIMEDOUT);
    assert_int_equal(evaluated, 0);
    assert_int_equal(weft_within(100, group_go(g, give, evaluated++)), 0);
    assert_int_equal(weft_now(), 50);
    assert_int_equal(weft_within(0, group_wait(g)), -ETIMEDOUT);
    assert_int_equal(group_wait(g), 0);
    assert_int_equal(weft_within(0, group_go(g, give, 0 * evaluated++)), 0);
    assert_int_equal(group_wait(g), 0);
    assert_int_equal(evaluated, 2);
    group_free(g);
}

static int start_one(group_ptr g)
{
    return group_go(g, nap, 10, "started", 0);
}

static void a_cancelled_thread_starts_nothing(void **state)
{
    group_ptr g = group_new(1);
    task(int) waits, begins;
    int result;

    (void)state;
    group_go(g, nap, 50, "a", 0);
    waits = spawn(start_one, g);
    check_settle();
    task_cancel(waits);
    assert_int_equal(task_join(waits, &result), 0);
    assert_int_equal(result, -ECANCELED);
    begins = spawn(start_one, g);
    task_cancel(begins);
    assert_int_equal(task_join(begins, &result), 0);
    assert_int_equal(result, -ECANCELED);
    assert_int_equal(group_wait(g), 0); /* the group goes on */
    assert_noted("a ");
    assert_int_equal(group_go(g, give, 0), 0);
    assert_int_equal(group_wait(g), 0);
    group_free(g);
}

static void a_cancelled_group_refuses_those_that_wait_for_a_place(void **state)
{
    group_ptr g = group_new(1);
    task(int) t[2];
    int evaluated = 0, result;

    (void)state;
    group_go(g, nap, 50, "a", 0);
    for (int i = 0; i < 2; i++)
        t[i] = spawn(start_one, g);
    check_settle();
    assert_int_equal(group_cancel(g), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(task_join(t[i], &result), 0);
        assert_int_equal(result, -ECANCELED);
    }
    assert_int_equal(group_go(g, give, evaluated++), -ECANCELED);
    assert_int_equal(evaluated, 0);
    assert_int_equal(group_wait(g), -ECANCELED); /* the member's own result */
    assert_noted("a cancelled ");
    assert_non_null(group_who(g));
    group_free(g);
}

static void a_failed_group_starts_nothing_more(void **state)
{
    group_ptr g = group_new(2);
    int started = 0, evaluated = 0;

    (void)state;
    group_go(g, nap, 10, "a", -EIO);
    while (group_go(g, nap, 4, "b", (evaluated++, 0)) == 0)
        started++;
    assert_int_equal(started, 3);
    assert_int_equal(evaluated, 3);
    assert_int_equal(group_wait(g), -EIO);
    assert_noted("b b a b cancelled ");
    group_free(g);
}

/* ---- arguments that take their time ---- */

static int slow_argument(int64_t ns)
{
    weft_sleep(ns);
    return 3;
}

static int say_cancelled(int n)
{
    note("%d%s ", n, weft_sleep(1) == -ECANCELED ? " cancelled" : "");
    return 0;
}

static void start_slowly(group_ptr g)
{
    note("go %d ", group_go(g, say_cancelled, slow_argument(20)));
}

static void a_wait_includes_members_whose_arguments_are_being_evaluated(void **state)
{
    group_ptr g = group_new(1);

    (void)state;
    go(start_slowly, g);
    weft_yield();
    assert_int_equal(g->running, 1);
    assert_int_equal(group_wait(g), 0);
    assert_noted("go 0 3 ");
    group_free(g);
}

static void a_member_whose_group_was_cancelled_meanwhile_begins_cancelled(void **state)
{
    group_ptr g = group_new(1);

    (void)state;
    go(start_slowly, g);
    weft_yield();
    assert_int_equal(group_cancel(g), 0);
    assert_int_equal(group_wait(g), 0);
    assert_noted("go 0 3 cancelled ");
    group_free(g);
}

static int leave_among_the_arguments(group_ptr g)
{
    return group_go(g, give, __extension__({
                        if (g)
                            return 5;
                        weft_is_cancelled();
                    }));
}

static int leave_late_among_the_arguments(group_ptr g)
{
    return group_go(g, give, __extension__({
                        if (weft_sleep(10) == 0)
                            return 5;
                        weft_is_cancelled();
                    }));
}

static void who_leaves_last_from_among_the_arguments_ends_the_wait(void **state)
{
    group_ptr g = group_new(1);
    task(int) t = spawn(leave_late_among_the_arguments, g);
    int result = 0;

    (void)state;
    weft_yield();
    assert_int_equal(group_wait(g), 0);
    assert_int_equal(weft_now(), 10);
    assert_int_equal(task_join(t, &result), 0);
    assert_int_equal(result, 5);
    group_free(g);
}

static void leaving_from_among_the_arguments_gives_the_place_back(void **state)
{
    group_ptr g = group_new(1);

    (void)state;
    for (int i = 0; i < 3; i++) {
        task(int) t = spawn(leave_among_the_arguments, g);
        int result;

        assert_int_equal(task_join(t, &result), 0);
        assert_int_equal(result, 5);
    }
    assert_int_equal(g->running, 0);
    assert_int_equal(group_wait(g), 0);
    group_free(g);
}

/* ---- cancelling ---- */

static int receive_int(chan_rx(int) c)
{
    return chan_recv(c, NULL);
}

static int send_int(chan_tx(int) c)
{
    return chan_send(c, 1);
}

static int select_int(chan(int) c)
{
    return chan_select(chan_case_recv(c, NULL), chan_case_timeout(WEFT_SEC(1)));
}

static int join_sleeper(void)
{
    task(int) t = spawn(nap, 10, "joined", 0);
    int result = task_join(t);

    return result < 0 ? weft_shield(task_join(t)), result : 0;
}

static int in_shield(void)
{
    weft_shield(nap(20, "shielded", 0));
    return weft_sleep(1);
}

static int already_done(void)
{
    note("done ");
    return 0;
}

/* Every state that a member may be in. */
static void a_cancel_reaches_members_in_every_state(void **state)
{
    chan(int) in = chan_new(int), out = chan_new(int), both = chan_new(int);
    group_ptr g = group_new(0);

    (void)state;
    group_go(g, already_done);
    group_go(g, receive_int, in);
    group_go(g, send_int, out);
    group_go(g, select_int, both);
    group_go(g, join_sleeper);
    group_go(g, in_shield);
    group_go(g, nap, 1000, "asleep", 0);
    check_settle();
    group_go(g, nap, 1000, "unstarted", 0);
    assert_int_equal(group_cancel(g), 0);
    assert_int_equal(group_cancel(g), 0);
    assert_int_equal(group_wait(g), -ECANCELED);
    assert_true(weft_now() < 100);
    assert_noted("done asleep cancelled unstarted cancelled joined shielded ");
    assert_int_equal(chan_trysend(in, 1), -EAGAIN);
    assert_int_equal(chan_tryrecv(out, NULL), -EAGAIN);
    group_free(g);
    chan_free(in);
    chan_free(out);
    chan_free(both);
}

static int wait_for_naps(int64_t ns, bool shielded)
{
    group_ptr g = group_new(0);
    int result;

    group_go(g, nap, ns, "x", 0);
    group_go(g, nap, ns + 1, "y", 0);
    result = shielded ? weft_shield(group_wait(g)) : group_wait(g);
    group_free(g);
    return result;
}

static void a_cancelled_waiter_cancels_its_group_and_waits_on(void **state)
{
    task(int) t = spawn(wait_for_naps, 50, false);
    int result;

    (void)state;
    weft_sleep(10);
    task_cancel(t);
    assert_int_equal(task_join(t, &result), 0);
    assert_int_equal(result, -ECANCELED);
    assert_int_equal(weft_now(), 10);
    assert_noted("x cancelled y cancelled ");

    t = spawn(wait_for_naps, 50, false); /* before it waits */
    task_cancel(t);
    assert_int_equal(task_join(t, &result), 0);
    assert_int_equal(result, -ECANCELED);
    assert_noted(""); /* it has started nothing */
}

static void a_shield_keeps_a_waiters_cancellation_from_its_group(void **state)
{
    task(int) t = spawn(wait_for_naps, 50, true);
    int result;

    (void)state;
    weft_sleep(10);
    task_cancel(t);
    assert_int_equal(task_join(t, &result), 0);
    assert_int_equal(result, 0);
    assert_int_equal(weft_now(), 51);
    assert_noted("x y ");
}

static int clean_up_slowly(int64_t ns, int result)
{
    weft_sleep(WEFT_FOREVER);
    weft_shield(weft_sleep(ns));
    return result;
}

static int wait_for_cleanup(int result)
{
    group_ptr g = group_new(0);

    group_go(g, clean_up_slowly, 30, result);
    result = weft_within(20, group_wait(g));
    note("%d ", result == -ETIMEDOUT);
    if (result == -ETIMEDOUT)
        result = group_wait(g);
    group_free(g);
    return result;
}

static void a_cancelled_waiter_gets_the_first_result_or_ecanceled(void **state)
{
    const int results[] = {-EIO, 0};

    (void)state;
    for (int i = 0; i < 2; i++) {
        task(int) t = spawn(wait_for_cleanup, results[i]);
        int64_t start = weft_now();
        int result = 1;

        weft_sleep(10);
        task_cancel(t);
        assert_int_equal(task_join(t, &result), 0);
        assert_int_equal(result, results[i] ? results[i] : -ECANCELED);
        assert_int_equal(weft_now(), start + 40); /* the first wait ended at its deadline */
        assert_noted("1 ");
    }
}

static int wait_late(void)
{
    group_ptr g = group_new(0);
    int result;

    group_go(g, nap, 1000, "x", 0);
    weft_sleep(100);
    result = group_wait(g);
    group_free(g);
    return result;
}

static void a_waiter_that_was_cancelled_before_cancels_its_group(void **state)
{
    task(int) t = spawn(wait_late);
    int result;

    (void)state;
    weft_sleep(10);
    task_cancel(t);
    assert_int_equal(task_join(t, &result), 0);
    assert_int_equal(result, -ECANCELED);
    assert_int_equal(weft_now(), 10);
    assert_noted("x cancelled ");
}

/* ---- waiting under a deadline ---- */

static void a_wait_whose_deadline_is_over_leaves_the_members_running(void **state)
{
    group_ptr g = group_new(0);

    (void)state;
    group_go(g, nap, 50, "a", 0);
    assert_int_equal(weft_within(10, group_wait(g)), -ETIMEDOUT);
    assert_int_equal(weft_now(), 10);
    assert_int_equal(weft_within(0, group_wait(g)), -ETIMEDOUT);
    assert_int_equal(weft_within(5, (weft_sleep(6), group_wait(g))), -ETIMEDOUT);
    assert_noted("");
    assert_int_equal(weft_within(100, group_wait(g)), 0);
    assert_int_equal(weft_now(), 50);
    assert_noted("a ");
    assert_int_equal(weft_within(0, group_wait(g)), 0);
    group_free(g);
}

static void a_deadlock_ends_mains_wait_if_asked_to(void **state)
{
    chan(int) c = chan_new(int);
    group_ptr g = group_new(1);

    (void)state;
    weft_deadlock_returns(1);
    group_go(g, receive_int, c);
    assert_int_equal(group_wait(g), -EDEADLK);
    assert_int_equal(group_go(g, give, 0), -EDEADLK);
    chan_close(c);
    assert_int_equal(group_wait(g), -EPIPE);
    group_free(g);
    chan_free(c);
}

/* ---- groups in groups ---- */

static int nest(int depth, int fails_at, int64_t ns)
{
    group_ptr g;
    int result = 0;

    if (depth == 0)
        return nap(ns, "leaf", 0);
    g = group_new(0);
    for (int i = 0; i < 3 && result == 0; i++)
        result = group_go(g, nest, depth - 1, fails_at, ns + i);
    if (fails_at == depth)
        group_go(g, nap, 5, "fails", -EIO);
    result = group_wait(g);
    group_free(g);
    return result;
}

static int count_words(const char *text, const char *word)
{
    int n = 0;

    for (; (text = strstr(text, word)) != NULL; text++)
        n++;
    return n;
}

static void a_failure_in_a_group_three_deep_ends_all_of_them(void **state)
{
    (void)state;
    assert_int_equal(nest(3, 0, 10), 0);
    assert_int_equal(count_words(noted(), "leaf "), 27);
    for (int fails_at = 1; fails_at <= 3; fails_at++) {
        int64_t start = weft_now();
        const char *said;

        assert_int_equal(nest(3, fails_at, 10), -EIO);
        said = noted();
        assert_int_equal(weft_now(), start + 5);
        assert_int_equal(count_words(said, "leaf cancelled"), 27);
    }
}

static void cancelling_the_outermost_reaches_the_innermost(void **state)
{
    task(int) t = spawn(nest, 3, 0, WEFT_SEC(1));
    int result;

    (void)state;
    weft_sleep(10);
    task_cancel(t);
    assert_int_equal(task_join(t, &result), 0);
    assert_int_equal(result, -ECANCELED);
    assert_int_equal(weft_now(), 10);
    assert_int_equal(count_words(noted(), "leaf cancelled"), 27);
}

static int descend(int depth)
{
    group_ptr g;
    int result;

    if (depth == 0)
        return weft_sleep(WEFT_FOREVER);
    g = group_new(0);
    group_go(g, descend, depth - 1);
    result = group_wait(g);
    group_free(g);
    return result;
}

/* Each level would take its part of one stack, which is small. */
static void cancelling_takes_no_more_stack_the_deeper_the_groups_are(void **state)
{
    const struct weft_spawn_opts small = {.size = sizeof small, .stack_bytes = 128 * 1024};
    group_ptr g = group_new(0);

    (void)state;
    group_go(g, descend, 3000);
    check_settle();
    task_join(spawn_with(&small, weft_group_cancel, g));
    assert_int_equal(group_wait(g), -ECANCELED);
    group_free(g);
}

static int crawl(group_ptr g, int depth)
{
    for (int i = 0; i < 2 && depth > 0; i++)
        if (group_go(g, crawl, g, depth - 1) != 0)
            return -ENOMEM;
    ran++;
    return 0;
}

static void members_may_start_members(void **state)
{
    group_ptr g = group_new(0);

    (void)state;
    ran = 0;
    group_go(g, crawl, g, 9);
    assert_int_equal(group_wait(g), 0);
    assert_int_equal(ran, 1023);
    group_free(g);
}

static void count_down(gen(int) self, int from)
{
    group_ptr g = group_new(0);

    for (int i = from; i > 0; i--) {
        group_go(g, nap, i, "member", 0);
        if (group_wait(g) != 0 || gen_yield(self, i) != 0)
            break;
    }
    group_free(g);
}

static void a_generators_body_may_have_a_group(void **state)
{
    gen(int) g = gen_new(int, count_down, 3);
    int sum = 0;

    (void)state;
    gen_each(i, g)
        sum += i;
    assert_int_equal(sum, 6);
    assert_noted("member member member ");
    gen_close(g);
}

/* ---- no memory ---- */

static int sum_of_nine(int a, int b, int c, int d, int e, int f, int g, int h, int i)
{
    expect(a + b + c + d + e + f + g + h + i == 45);
    ran++;
    return 0;
}

/* How many of the starts went well; the n-th call for memory fails. */
static void start_some_with_the_nth_call_failing(uint32_t n)
{
    int started = 0;
    group_ptr g;

    ran = 0;
    faults_fail((1 << FAULT_MALLOC) | (1 << FAULT_CALLOC), n, n);
    g = group_new(3);
    for (int i = 0; g && i < 8; i++) {
        int result = group_go(g, sum_of_nine, 1, 2, 3, 4, 5, 6, 7, 8, 9);

        assert_true(result == 0 || result == -ENOMEM);
        started += result == 0;
        assert_true(g->running <= 3);
    }
    faults_stop();
    if (!g)
        return;
    assert_int_equal(group_wait(g), 0);
    assert_int_equal(ran, started);
    assert_true(started >= 7);
    assert_int_equal(g->running, 0);
    group_free(g);
}

static void without_memory_nothing_starts_and_the_place_is_given_back(void **state)
{
    uint32_t n = 0;
    bool failed;

    (void)state;
    weft_now(); /* makes the worker */
    do {
        int64_t blocks;

        faults_install();
        start_some_with_the_nth_call_failing(++n);
        failed = faults->has_failed;
        blocks = faults_blocks();
        faults_remove();
        assert_true(blocks == 0 || n <= 3); /* the worker's own */
        assert_int_equal(check_threads(), 0);
    } while (failed);
    assert_true(n > 8);
}

/* ---- fork ---- */

static group_ptr forked_group;

static int wait_in_child(const void *unused)
{
    (void)unused;
    if (group_wait(forked_group) != 0 || group_go(forked_group, give, 0) != 0)
        return 1;
    if (group_wait(forked_group) != 0)
        return 2;
    group_free(forked_group);
    return check_now(CHECK_RUNNING) ? 7 : 3;
}

static void a_forks_child_has_no_members_that_were_left_behind(void **state)
{
    (void)state;
    forked_group = group_new(4);
    group_go(forked_group, nap, 50, "parked", 0);
    go(start_slowly, forked_group);
    go(start_slowly, forked_group);
    check_settle();
    group_go(forked_group, nap, 50, "unstarted", 0);
    assert_int_equal(forked_group->running, 4);
    go(start_one, forked_group);
    weft_yield();
    assert_int_equal(child_run(wait_in_child, NULL).status, 7);
    assert_int_equal(group_wait(forked_group), 0);
    noted();
    group_free(forked_group);
}

static int wait_for_members_child(void)
{
    group_ptr g = group_new(0);
    pid_t pid;
    int status, result;

    group_go(g, nap, 50, "other", 0);
    weft_yield();
    pid = fork();
    if (pid == 0)
        _exit(group_wait(g) == 0 && g->running == 0 ? 7 : 1);
    waitpid(pid, &status, 0);
    result = group_wait(g);
    group_free(g);
    return result == 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void a_member_that_forks_is_in_its_group_on_both_sides(void **state)
{
    group_ptr g = group_new(0);

    (void)state;
    group_go(g, wait_for_members_child);
    assert_int_equal(group_wait(g), 7);
    group_free(g);
}

/* In the child the place that it holds is still its own. */
static void who_forks_among_the_arguments_starts_a_member_on_both_sides(void **state)
{
    group_ptr g = group_new(1);
    int status, result;
    pid_t pid = -1;

    (void)state;
    result = group_go(g, give, __extension__({
                          pid = fork();
                          pid == 0 ? 7 : 0;
                      }));
    if (pid == 0)
        _exit(result == 0 && g->running == 1 && group_wait(g) == 7 && g->running == 0 ? 7 : 1);
    assert_int_equal(result, 0);
    assert_int_equal(group_wait(g), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 7);
    group_free(g);
}

/* ---- mistakes ---- */

static void free_with_members(void)
{
    group_ptr g = group_new(0);

    for (int i = 0; i < 3; i++)
        group_go(g, nap, 50, "x", 0);
    group_free(g);
}

static int return_with_a_member(void)
{
    group_ptr g = group_new(0);

    group_go(g, nap, 50, "x", 0);
    return 0;
}

static void return_without_waiting(void)
{
    task_join(spawn(return_with_a_member));
}

static int wait_only(group_ptr g)
{
    return group_wait(g);
}

static void wait_twice_at_once(void)
{
    group_ptr g = group_new(0);

    group_go(g, nap, 50, "x", 0);
    go(wait_only, g);
    weft_yield();
    group_wait(g);
}

static void wait_by_a_member(void)
{
    group_ptr g = group_new(0);

    group_go(g, wait_only, g);
    group_wait(g);
}

static void go_outside(group_ptr g)
{
    group_go(g, nothing_yet);
}

static void wait_outside(group_ptr g)
{
    group_wait(g);
}

static void cancel_outside(group_ptr g)
{
    group_cancel(g);
}

static void free_outside(group_ptr g)
{
    group_free(g);
}

static void who_outside(group_ptr g)
{
    group_who(g);
}

static void (*use_outside)(group_ptr g);

static void *use_from_outside(void *g)
{
    use_outside(g);
    return NULL;
}

static void from_another_os_thread(void (*use)(group_ptr g))
{
    pthread_t other;

    use_outside = use;
    pthread_create(&other, NULL, use_from_outside, group_new(0));
    pthread_join(other, NULL);
}

static void go_from_another_os_thread(void)
{
    from_another_os_thread(go_outside);
}

static void wait_from_another_os_thread(void)
{
    from_another_os_thread(wait_outside);
}

static void cancel_from_another_os_thread(void)
{
    from_another_os_thread(cancel_outside);
}

static void free_from_another_os_thread(void)
{
    from_another_os_thread(free_outside);
}

static void who_from_another_os_thread(void)
{
    from_another_os_thread(who_outside);
}

static int shut_down(void)
{
    return weft_shutdown();
}

static int take_int(int unused)
{
    return unused;
}
WEFT_FN(take_int, int);

static void shut_down_in_an_argument(void)
{
    group_ptr g = group_new(0);

    group_go(g, take_int, shut_down());
}

static int free_group(group_ptr g)
{
    group_free(g);
    return 0;
}

static void free_in_an_argument(void)
{
    group_ptr g = group_new(0);

    group_go(g, nap, 50, "x", 0);
    group_go(g, take_int, free_group(g));
}

static const struct mistake {
    void (*make)(void);
    const char *says[3];
} mistakes[] = {
    {free_with_members,
     {": group_free of group 0x", "which 3 threads still run in: group_wait it first", NULL}},
    {return_without_waiting,
     {"(return_with_a_member at ", "return by the creator of group 0x",
      "which 1 thread still runs in: group_wait it first"}},
    {shut_down_in_an_argument,
     {": weft_shutdown of group 0x", "), of which a start is under way\n", NULL}},
    {free_in_an_argument,
     {": group_free of group 0x",
      "which 1 thread still runs in, and of which a start is under way: group_wait it first",
      NULL}},
    {wait_twice_at_once, {"group_wait of group 0x", "which another thread is waiting for", NULL}},
    {wait_by_a_member, {"group_wait of group 0x", "by a thread that runs in it", NULL}},
    {go_from_another_os_thread,
     {"group_go of group 0x", "which was freed, or belongs to another OS thread", NULL}},
    {wait_from_another_os_thread,
     {"group_wait of group 0x", "which was freed, or belongs to another OS thread", NULL}},
    {cancel_from_another_os_thread,
     {"group_cancel of group 0x", "which was freed, or belongs to another OS thread", NULL}},
    {free_from_another_os_thread,
     {"group_free of group 0x", "which was freed, or belongs to another OS thread", NULL}},
    {who_from_another_os_thread,
     {"group_who of group 0x", "which was freed, or belongs to another OS thread", NULL}},
};

static int make_mistake(const void *mistake)
{
    ((const struct mistake *)mistake)->make();
    return 0;
}

static void mistakes_stop_the_program_with_a_sentence(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        struct child c = child_run(make_mistake, &mistakes[i]);

        print_message("             %s", c.said);
        assert_int_equal(c.signal, SIGABRT);
        assert_non_null(strstr(c.said, "weft: thread "));
        assert_non_null(strstr(c.said, "test_group.c:"));
        for (int k = 0; k < 3 && mistakes[i].says[k]; k++)
            assert_non_null(strstr(c.said, mistakes[i].says[k]));
    }
}

static int wait_for_ever(const void *unused)
{
    group_ptr g = group_new(1);
    chan(int) c = chan_new(int);

    (void)unused;
    group_go(g, receive_int, c);
    go(start_one, g);
    group_wait(g);
    return 0;
}

static void a_deadlock_report_tells_of_the_group(void **state)
{
    struct child c = child_run(wait_for_ever, NULL);

    (void)state;
    assert_int_equal(c.status, 2);
    assert_non_null(strstr(c.said, "waiting for the end of group 0x"));
    assert_non_null(strstr(c.said, "waiting for a place in group 0x"));
    assert_non_null(strstr(c.said, "in which 1 thread runs"));
}

static int wait_in_an_argument(const void *with_a_member)
{
    group_ptr g = group_new(0);
    chan(int) c = chan_new(int);

    if (with_a_member)
        group_go(g, receive_int, c);
    return group_go(g, take_int, group_wait(g));
}

static void a_deadlock_report_tells_starts_from_threads(void **state)
{
    struct child c = child_run(wait_in_an_argument, NULL);

    (void)state;
    assert_int_equal(c.status, 2);
    assert_non_null(strstr(c.said, "), of which a start is under way"));
    c = child_run(wait_in_an_argument, "");
    assert_int_equal(c.status, 2);
    assert_non_null(strstr(c.said, "), in which 1 thread runs, and of which a start is under way"));
}

static group_ptr left_group;

static void make_and_leave(void)
{
    left_group = group_new(0);
    group_free(group_new(0));
}

static void a_group_without_members_may_outlive_its_creator(void **state)
{
    (void)state;
    task_join(spawn(make_and_leave));
    assert_null(left_group->creator);
    group_go(left_group, give, 0);
    assert_int_equal(group_wait(left_group), 0);
    group_free(left_group);
}

static void a_shutdown_ends_the_members_and_frees_the_groups(void **state)
{
    group_ptr g = group_new(0);

    (void)state;
    group_go(g, nap, WEFT_SEC(1), "x", 0);
    group_new(3);
    go(start_slowly, g);
    check_settle();
    assert_int_equal(weft_shutdown(), 0);
    assert_noted("x cancelled go 0 3 cancelled ");
    assert_true(weft__list_is_empty(&weft__self->groups));
}

/* ---- random programs ---- */

static struct {
    int live;    /* threads that are inside a member's function */
    int started; /* members, by result 0 of group_go */
    int ended;   /* members that have returned */
    int wrong;   /* what must not be */
} world;

static int grow(int depth, int id);

static void random_wait(group_ptr g, bool must_end)
{
    int result;

    do {
        switch (check_random(4)) {
        case 0:
            result = weft_within((int64_t)check_random(30), group_wait(g));
            break;
        case 1:
            result = weft_shield(group_wait(g));
            break;
        default:
            result = group_wait(g);
        }
        world.wrong += result != -ETIMEDOUT && g->running > 0;
    } while (must_end && result == -ETIMEDOUT);
}

static void random_group(int depth)
{
    size_t limit = check_random(4);
    group_ptr g = group_new(limit);
    int n = (int)check_random(6);

    for (int i = 0; i < n; i++) {
        int result = weft_within(check_random(8) ? WEFT_FOREVER : (int64_t)check_random(20),
                                 group_go(g, grow, depth - 1, i));

        world.started += result == 0;
        world.wrong += result != 0 && result != -ECANCELED && result != -ETIMEDOUT;
        world.wrong += limit > 0 && g->running > limit;
        world.wrong += !check_now(CHECK_RUNNING);
        if (check_random(20) == 0)
            group_cancel(g);
        if (check_random(6) == 0)
            random_wait(g, false);
    }
    random_wait(g, true);
    world.wrong += (g->result != 0) != (group_who(g) != NULL);
    group_free(g);
}

static int grow(int depth, int id)
{
    int result = 0;

    world.live++;
    weft_sleep((int64_t)check_random(10));
    if (depth > 0)
        random_group(depth);
    if (check_random(3) == 0)
        result = weft_sleep((int64_t)check_random(20));
    if (check_random(10) == 0)
        result = -EIO - id;
    world.live--;
    world.ended++;
    return result;
}

static void random_programs_start_and_end_as_many(void **state)
{
    const uint64_t seed = check_seed(1);

    (void)state;
    print_message("WEFT_TEST_SEED=%llu\n", (unsigned long long)seed);
    for (uint64_t i = 0; i < 60; i++) {
        task(int) t;

        check_randomly(seed + i);
        memset(&world, 0, sizeof world);
        t = spawn(grow, 3, 0);
        if (check_random(2)) {
            weft_sleep((int64_t)check_random(60));
            task_cancel(t);
        }
        assert_int_equal(task_join(t), 0);
        assert_int_equal(world.wrong, 0);
        assert_int_equal(world.live, 0);
        assert_int_equal(world.ended, world.started + 1);
        assert_int_equal(check_threads(), 0);
    }
}

static int sleep_shielded_long(void)
{
    return weft_shield(weft_sleep(1000));
}

static int wait_too_late(int *result)
{
    struct weft_group *g = group_new(0);
    int64_t began = weft_now();

    group_go(g, sleep_shielded_long);
    *result = weft_within(10, (weft_shield(weft_sleep(20)), group_wait(g)));
    note("after %d ", (int)(weft_now() - began));
    weft_shield(group_wait(g));
    group_free(g);
    return 0;
}

/* It used to wait for the members without a limit, if the caller was cancelled as well. */
static void a_deadline_that_is_over_ends_the_wait_of_the_cancelled_too(void **state)
{
    int result = 0;
    task(int) t = spawn(wait_too_late, &result);

    (void)state;
    weft_sleep(5);
    task_cancel(t);
    task_join(t);
    assert_int_equal(result, -ETIMEDOUT);
    assert_noted("after 20 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        check_test(a_wait_is_over_when_no_member_is_left),
        check_test(the_first_result_that_is_not_zero_is_the_groups_and_cancels_the_rest),
        check_test(a_positive_result_is_a_failure_too),
        check_test(who_failed_is_known_by_name_and_site),
        check_test(null_is_no_group),
        check_test(no_more_run_at_once_than_the_limit_says),
        check_test(who_waits_for_a_place_is_served_first_come_first_served),
        check_test(waiting_for_a_place_honours_a_deadline),
        check_test(a_cancelled_thread_starts_nothing),
        check_test(a_cancelled_group_refuses_those_that_wait_for_a_place),
        check_test(a_failed_group_starts_nothing_more),
        check_test(a_wait_includes_members_whose_arguments_are_being_evaluated),
        check_test(a_member_whose_group_was_cancelled_meanwhile_begins_cancelled),
        check_test(who_leaves_last_from_among_the_arguments_ends_the_wait),
        check_test(leaving_from_among_the_arguments_gives_the_place_back),
        check_test(a_cancel_reaches_members_in_every_state),
        check_test(a_cancelled_waiter_cancels_its_group_and_waits_on),
        check_test(a_shield_keeps_a_waiters_cancellation_from_its_group),
        check_test(a_cancelled_waiter_gets_the_first_result_or_ecanceled),
        check_test(a_waiter_that_was_cancelled_before_cancels_its_group),
        check_test(a_wait_whose_deadline_is_over_leaves_the_members_running),
        check_test(a_deadlock_ends_mains_wait_if_asked_to),
        check_test(a_failure_in_a_group_three_deep_ends_all_of_them),
        check_test(cancelling_the_outermost_reaches_the_innermost),
        check_test(cancelling_takes_no_more_stack_the_deeper_the_groups_are),
        check_test(members_may_start_members),
        check_test(a_generators_body_may_have_a_group),
        check_test(without_memory_nothing_starts_and_the_place_is_given_back),
        check_test(a_forks_child_has_no_members_that_were_left_behind),
        check_test(a_member_that_forks_is_in_its_group_on_both_sides),
        check_test(who_forks_among_the_arguments_starts_a_member_on_both_sides),
        check_test(mistakes_stop_the_program_with_a_sentence),
        check_test(a_deadlock_report_tells_of_the_group),
        check_test(a_deadlock_report_tells_starts_from_threads),
        check_test(a_group_without_members_may_outlive_its_creator),
        check_test(a_shutdown_ends_the_members_and_frees_the_groups),
        check_test(random_programs_start_and_end_as_many),
        check_test(a_deadline_that_is_over_ends_the_wait_of_the_cancelled_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
