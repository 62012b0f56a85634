/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <errno.h>
#include <string.h>

#include "child.h"
#include "runtime/list.h"

static chan(int) c;

/* ---- threads ---- */

static void recv_and_say(const char *who)
{
    note("%s %d\n", who, chan_recv(c, NULL));
}

static void send_and_say(const char *who)
{
    note("%s %d\n", who, chan_send(c, 1));
}

static void sleep_and_say(const char *who)
{
    note("%s %d\n", who, weft_sleep(WEFT_FOREVER));
}

static int sleep_for_ever(void)
{
    return weft_sleep(WEFT_FOREVER);
}

static void every_thread_ends_with_ecanceled(void **state)
{
    (void)state;
    c = chan_new(int);
    go(recv_and_say, "recv");
    go(sleep_and_say, "sleep");
    weft_yield();
    weft_yield();
    go(recv_and_say, "unstarted");
    assert_int_equal(weft_shutdown(), 0);
    assert_noted("recv -125\nsleep -125\nunstarted -125\n");
    assert_int_equal(check_threads(), 0);
}

static void without_a_worker_there_is_nothing_to_do(void **state)
{
    (void)state;
    assert_int_equal(weft_shutdown(), 0);
    assert_null(weft__self);
}

static void channels_and_tasks_that_are_left_are_freed(void **state)
{
    (void)state;
    c = chan_new(int);
    chan_close(chan_new(double));
    assert_non_null(spawn(sleep_for_ever));
    assert_non_null(spawn(sleep_for_ever));
    check_settle();
    assert_int_equal(weft_shutdown(), 0);
    assert_true(weft__list_is_empty(&weft__self->chans));
    assert_int_equal(weft__self->threads.live, 1);
}

static void weft_can_be_used_again_afterwards(void **state)
{
    int got = 0;

    (void)state;
    c = chan_new(int);
    go(recv_and_say, "first");
    check_settle();
    assert_int_equal(weft_shutdown(), 0);
    c = chan_new(int);
    go(send_and_say, "second");
    assert_int_equal(chan_recv(c, &got), 0);
    assert_int_equal(got, 1);
    assert_int_equal(weft_shutdown(), 0);
    assert_noted("first -125\nsecond 0\n");
}

/* ---- cleaning up ---- */

static void say_goodbye(chan_tx(int) to)
{
    int result = chan_recv(c, NULL);

    note("ends %d\n", result);
    result = weft_shield(chan_send(to, 7));
    note("said %d\n", result);
}

static void hear_goodbye(chan_rx(int) from)
{
    int said = 0, result = weft_shield(chan_recv(from, &said));

    note("heard %d %d\n", result, said);
}

static void cleaning_up_in_a_shield_is_waited_for(void **state)
{
    chan(int) last = chan_new(int);

    (void)state;
    c = chan_new(int);
    go(say_goodbye, last);
    go(hear_goodbye, last);
    check_settle();
    assert_int_equal(weft_shutdown(), 0);
    assert_noted("ends -125\nsaid 0\nheard 0 7\n");
}

static void sleep_in_a_shield(int64_t ns)
{
    note("slept %d\n", weft_shield(weft_sleep(ns)));
}

static void a_timer_of_one_that_cleans_up_is_waited_for(void **state)
{
    int64_t before;

    (void)state;
    go(sleep_in_a_shield, WEFT_SEC(3));
    check_settle();
    before = weft_now();
    assert_int_equal(weft_shutdown(), 0);
    assert_true(weft_now() - before >= WEFT_SEC(2));
    assert_noted("slept 0\n");
}

static void start_another(int more)
{
    note("%d: %d\n", more, weft_sleep(WEFT_FOREVER));
    if (more > 0)
        go(start_another, more - 1);
}

static void threads_that_cleaning_up_starts_end_too(void **state)
{
    (void)state;
    go(start_another, 2);
    check_settle();
    assert_int_equal(weft_shutdown(), 0);
    assert_noted("2: -125\n1: -125\n0: -125\n");
}

static void yield_on(void)
{
    while (!weft_is_cancelled())
        weft_yield();
    note("told ");
}

static void sleep_on(void)
{
    note("%d ", sleep_for_ever());
}

static void start_and_join_at_the_end(void (*fn)(void))
{
    task(void) newcomer;

    sleep_for_ever();
    newcomer = spawn(fn);
    note("joined %d ", weft_shield(task_join(newcomer)));
}

/* The newcomer ends only if it is cancelled as well, while all who are cancelled already wait for it. */
static void one_that_cleaning_up_starts_and_waits_for_ends(void **state)
{
    (void)state;
    go(start_and_join_at_the_end, sleep_on);
    check_settle();
    assert_int_equal(weft_shutdown(), 0);
    assert_noted("-125 joined 0 ");
}

/* The same, and the run queue is never empty. */
static void one_that_cleaning_up_starts_and_that_runs_on_ends(void **state)
{
    (void)state;
    go(start_and_join_at_the_end, yield_on);
    check_settle();
    assert_int_equal(weft_shutdown(), 0);
    assert_noted("told joined 0 ");
}

static void a_deadline_ends_the_wait_and_a_second_call_goes_on(void **state)
{
    (void)state;
    c = chan_new(int);
    go(sleep_in_a_shield, WEFT_SEC(10));
    check_settle();
    assert_int_equal(weft_within(WEFT_SEC(1), weft_shutdown()), -ETIMEDOUT);
    assert_int_equal(check_threads(), 1);
    assert_false(weft__list_is_empty(&weft__self->chans));
    assert_int_equal(weft_within(0, weft_shutdown()), -ETIMEDOUT);
    assert_int_equal(weft_within(WEFT_SEC(10), weft_shutdown()), 0);
    assert_noted("slept 0\n");
}

static void recv_in_a_shield(void)
{
    note("never %d\n", weft_shield(chan_recv(c, NULL)));
}

static void one_that_can_never_end_is_a_deadlock(void **state)
{
    (void)state;
    c = chan_new(int);
    go(recv_in_a_shield);
    check_settle();
    weft_deadlock_returns(1);
    assert_int_equal(weft_shutdown(), -EDEADLK);
    assert_int_equal(check_threads(), 1);
    chan_close(c);
    check_settle();
    assert_int_equal(weft_shutdown(), 0);
    assert_noted("never -32\n");
}

static int shut_down_in_vain(const void *unused)
{
    (void)unused;
    c = chan_new(int);
    go(recv_in_a_shield);
    weft_yield();
    return weft_shutdown();
}

static void the_report_of_that_deadlock_says_what_main_waits_for(void **state)
{
    struct child child = child_run(shut_down_in_vain, NULL);

    (void)state;
    assert_int_equal(child.status, 2);
    assert_non_null(strstr(child.said, "  thread 1 (main): waiting for all others to end, for "));
}

/* ---- waiting for stacks ---- */

static void those_who_wait_for_a_stack_get_one_and_end(void **state)
{
    (void)state;
    c = chan_new(int);
    check_allow_stacks(1);
    for (int i = 0; i < 3; i++)
        go(recv_and_say, "got one");
    check_settle();
    assert_int_equal(check_threads(), 3);
    assert_int_equal(weft_shutdown(), 0);
    assert_noted("got one -125\ngot one -125\ngot one -125\n");
}

/* ---- generators ---- */

static void count(gen(int) self)
{
    int i = 0;

    while (gen_yield(self, i) == 0)
        i++;
    note("counted to %d\n", i);
}

static void a_suspended_body_is_ended(void **state)
{
    gen(int) g = gen_new(int, count);

    (void)state;
    for (int i = 0; i < 3; i++)
        gen_next(g, NULL);
    assert_int_equal(weft_shutdown(), 0);
    assert_noted("counted to 2\n");
    assert_true(weft__list_is_empty(&weft__self->gens));
}

static void a_body_that_has_not_started_never_runs(void **state)
{
    (void)state;
    assert_non_null(gen_new(int, count));
    assert_int_equal(weft_shutdown(), 0);
    assert_noted("");
    assert_int_equal(weft__self->threads.live, 1);
}

static void wait_in_body(gen(int) self)
{
    (void)self;
    note("body %d\n", chan_recv(c, NULL));
}

static void consume(gen(int) g)
{
    note("consumer %d\n", gen_next(g, NULL));
}

static void a_body_parked_elsewhere_is_cancelled(void **state)
{
    gen(int) g = gen_new(int, wait_in_body);

    (void)state;
    c = chan_new(int);
    go(consume, g);
    check_settle();
    assert_int_equal(weft_shutdown(), 0);
    assert_noted("consumer -125\nbody -125\n");
}

static void pass_on(gen(int) self, gen(int) source)
{
    gen_each(i, source)
        if (gen_yield(self, i) != 0)
            break;
    note("passed\n");
    gen_close(source);
}

/* The one that closes is newer than what it closes. */
static void a_body_may_close_its_source_while_it_is_ended(void **state)
{
    gen(int) stage = gen_new(int, count);

    (void)state;
    for (int i = 0; i < 3; i++)
        stage = gen_new(int, pass_on, stage);
    gen_next(stage, NULL);
    assert_int_equal(weft_shutdown(), 0);
    assert_noted("passed\npassed\npassed\ncounted to 0\n");
}

static void make_its_own(gen(int) self, int depth)
{
    gen(int) inner = depth > 0 ? gen_new(int, make_its_own, depth - 1) : gen_new(int, count);

    gen_each(i, inner)
        if (gen_yield(self, i) != 0)
            break;
    note("closes at %d\n", depth);
    gen_close(inner);
}

/* The one that closes is older: what it closes has been ended by then, and is still there. */
static void a_body_may_close_what_was_ended_before(void **state)
{
    gen(int) g = gen_new(int, make_its_own, 2);

    (void)state;
    gen_next(g, NULL);
    assert_int_equal(weft_shutdown(), 0);
    assert_noted("counted to 0\ncloses at 0\ncloses at 1\ncloses at 2\n");
}

static void hear_and_close(gen(int) self, gen(int) *other)
{
    (void)self;
    note("heard %d\n", chan_recv(c, NULL));
    note("closed %d\n", gen_close(*other));
}

static void tell_at_the_end(gen(int) self)
{
    while (gen_yield(self, 1) == 0)
        ;
    chan_close(c);
    for (int i = 0; i < 3; i++)
        weft_yield();
    note("ends\n");
}

/* The one that closes is older, and goes on while what it closes is being ended. */
static void a_body_may_close_what_is_being_ended(void **state)
{
    gen(int) newer = NULL, older = gen_new(int, hear_and_close, &newer);

    (void)state;
    c = chan_new(int);
    assert_int_equal(weft_within(1, gen_next(older, NULL)), -ETIMEDOUT);
    newer = gen_new(int, tell_at_the_end);
    assert_int_equal(gen_next(newer, NULL), 0);
    assert_int_equal(weft_shutdown(), 0);
    assert_noted("heard -32\nends\nclosed 0\n");
    assert_true(weft__list_is_empty(&weft__self->gens));
}

static void ask_its_own(gen(int) self)
{
    gen(int) inner = gen_new(int, count);

    (void)self;
    note("asked %d\n", gen_next(inner, NULL));
    gen_close(inner);
}

/* Its stack never comes. */
static void who_asks_a_body_that_waits_for_a_stack_is_told(void **state)
{
    gen(int) g = gen_new(int, ask_its_own);

    (void)state;
    check_allow_stacks(1);
    assert_int_equal(weft_within(1, gen_next(g, NULL)), -ETIMEDOUT);
    assert_int_equal(check_threads(), 2);
    assert_int_equal(weft_shutdown(), 0);
    assert_noted("asked -32\n");
    assert_int_equal(weft__self->threads.live, 1);
}

static void wait_long(gen(int) self, chan_rx(int) from)
{
    (void)self;
    note("waited %d\n", chan_recv(from, NULL));
}

/* The outer body is parked in gen_next of the inner, whose body waits. */
static void a_body_parked_in_another_is_cancelled_and_closes_it(void **state)
{
    gen(int) inner, outer;

    (void)state;
    c = chan_new(int);
    outer = gen_new(int, pass_on, inner = gen_new(int, wait_long, c));
    go(consume, outer);
    check_settle();
    assert_int_equal(weft_shutdown(), 0);
    assert_noted("consumer -125\npassed\nwaited -125\n");
}

/* ---- what ending starts ---- */

static void sleep_long(const char *who)
{
    note("%s %d\n", who, weft_sleep(WEFT_SEC(1)));
}

static void start_when_closed(gen(int) self)
{
    while (gen_yield(self, 1) == 0)
        ;
    go(sleep_long, "late");
    weft_yield();
    weft_yield();
}

/* It used to stay, and its stack was unmapped under it. */
static void a_thread_that_a_body_starts_at_its_end_ends_too(void **state)
{
    gen(int) g = gen_new(int, start_when_closed);

    (void)state;
    gen_next(g, NULL);
    assert_int_equal(weft_shutdown(), 0);
    assert_noted("late -125\n");
    weft_sleep(WEFT_SEC(2));
}

static void start_more(void *value)
{
    note("destroyed %s\n", (const char *)value);
    go(sleep_long, value);
    assert_int_equal(gen_next(gen_new(int, count), NULL), 0);
}

static struct weft_local own_value = WEFT_LOCAL(start_more);

static void what_destructors_of_main_s_values_start_ends_too(void **state)
{
    static char value[] = "value";

    (void)state;
    weft_local_set(&own_value, value);
    assert_int_equal(weft_shutdown(), 0);
    assert_noted("destroyed value\nvalue -125\ncounted to 0\n");
    assert_int_equal(weft__self->threads.live, 1);
}

static void shut_down_again(void *value)
{
    (void)value;
    note("again %d\n", weft_shutdown());
}

static struct weft_local shutting_value = WEFT_LOCAL(shut_down_again);

/* It used to free the array that the first call was going through. */
static void a_second_call_from_within_the_first_does_nothing(void **state)
{
    static int value;

    (void)state;
    weft_local_set(&shutting_value, &value);
    assert_int_equal(weft_shutdown(), 0);
    assert_noted("again -1\n");
}

static void sleep_once_more(void)
{
    while (weft_sleep(WEFT_SEC(1)) == 0)
        ;
    note("ended\n");
}

/* They used to be refused their turn. */
static void calls_without_time_let_the_others_run(void **state)
{
    int calls = 1;

    (void)state;
    go(sleep_once_more);
    weft_yield();
    while (weft_within(0, weft_shutdown()) == -ETIMEDOUT && calls < 10)
        calls++;
    assert_noted("ended\n");
    assert_true(calls < 10);
}

static void end_slowly(gen(int) self)
{
    while (gen_yield(self, 1) == 0)
        ;
    note("slowly %d\n", weft_shield(weft_sleep(WEFT_SEC(3))));
}

static void a_deadline_ends_the_wait_for_a_body_as_well(void **state)
{
    gen(int) g = gen_new(int, end_slowly);

    (void)state;
    gen_next(g, NULL);
    assert_int_equal(weft_within(WEFT_SEC(1), weft_shutdown()), -ETIMEDOUT);
    assert_int_equal(weft_shutdown(), 0);
    assert_noted("slowly 0\n");
}

static void get_stuck(gen(int) self)
{
    gen_yield(self, 1);
    note("stuck %d\n", weft_shield(chan_recv(c, NULL)));
}

/* Generators that had been ended by then used to be freed. */
static void after_a_deadlock_nothing_is_freed(void **state)
{
    gen(int) stuck = gen_new(int, get_stuck), good = gen_new(int, count);

    (void)state;
    c = chan_new(int);
    gen_next(stuck, NULL);
    gen_next(good, NULL);
    weft_deadlock_returns(1);
    assert_int_equal(weft_shutdown(), -EDEADLK);
    assert_int_equal(gen_next(good, NULL), -EPIPE);
    assert_int_equal(gen_close(good), 0);
    chan_close(c);
    assert_int_equal(weft_shutdown(), 0);
    assert_noted("counted to 0\nstuck -32\n");
}

static void evaluate_and_ask(gen(int) self, int result)
{
    (void)self;
    note("argument %d\n", result);
}

static void a_generator_that_is_being_made_is_not_freed(void **state)
{
    gen(int) g = gen_new(int, evaluate_and_ask, weft_shutdown());

    (void)state;
    assert_int_equal(gen_next(g, NULL), -EPIPE);
    assert_int_equal(gen_close(g), 0);
    assert_noted("argument 0\n");
}

static void sleep_shielded(int i)
{
    weft_shield(weft_sleep(WEFT_MS(1) * (i + 1)));
}

/* Each of them ends in a turn of its own; every turn used to look at all. */
static void many_that_end_one_by_one_cost_no_more_each(void **state)
{
    (void)state;
    for (int i = 0; i < 20000; i++)
        go(sleep_shielded, i);
    check_settle();
    assert_int_equal(weft_shutdown(), 0);
    assert_int_equal(check_threads(), 0);
}

static void abandon(int n)
{
    for (int i = 0; i < n; i++) {
        gen(int) g = gen_new(int, count);

        if (i % 4 != 0)
            gen_next(g, NULL);
    }
}

static void a_hundred_thousand_abandoned_generators_leave_nothing_behind(void **state)
{
    (void)state;
#ifdef WEFT__SANITIZED
    abandon(2000);
#else
    /* Guards may be protected pages here, and then vm.max_map_count is the limit. */
    assert_int_equal(weft_reserve(1), 0);
    abandon(weft__self->stacks.guard.way == WEFT__GUARD_MPROTECT ? 20000 : 100000);
#endif
    assert_int_equal(weft_shutdown(), 0);
    noted();
    assert_true(weft__list_is_empty(&weft__self->gens));
    assert_int_equal(weft__self->threads.live, 1);
    assert_int_equal(check_stacks(), 0);
}

/* ---- other ends of a process ---- */

static void say_at_exit(void)
{
    char text[64];

    snprintf(text, sizeof text, "handler, stack of %d bytes", 1);
    fprintf(stderr, "%s, %.3f\n", text, 1.5);
}

static void end_process(int status)
{
    atexit(say_at_exit);
    exit(status);
}

static int exit_in_a_green_thread(const void *unused)
{
    struct weft_spawn_opts small = {.size = sizeof small, .stack_bytes = (size_t)16 * 1024};

    (void)unused;
#if defined WEFT__SANITIZED || defined __aarch64__
    small.stack_bytes = 0; /* its functions need more, or glibc's fprintf, which takes 12 KiB */
#endif
    c = chan_new(int);
    go(sleep_and_say, "parked");
    go_with(&small, end_process, 7);
    chan_recv(c, NULL);
    return 0;
}

/* Its handlers run on that thread's stack. */
static void a_green_thread_may_exit(void **state)
{
    struct child child = child_run(exit_in_a_green_thread, NULL);

    (void)state;
    assert_int_equal(child.signal, 0);
    assert_int_equal(child.status, 7);
    assert_string_equal(child.said, "handler, stack of 1 bytes, 1.500\n");
}

static void shut_down(int *result)
{
    *result = weft_shutdown();
}

static void a_green_thread_may_not_shut_down(void **state)
{
    int result = 0;

    (void)state;
    c = chan_new(int);
    go(recv_and_say, "goes on");
    go(shut_down, &result);
    check_settle();
    assert_int_equal(result, -EPERM);
    assert_int_equal(chan_close(c), 0);
    check_settle();
    assert_noted("goes on -32\n");
}

static void end_with_a_channel(void)
{
    int received = chan_tryrecv(c, NULL), timed = weft_within(WEFT_MS(1), chan_recv(c, NULL));

    fprintf(stderr, "at exit: %d %d %d\n", received, timed, weft_shutdown());
}

static int deadlock_with_a_handler(const void *main_is_last)
{
    c = chan_new(int);
    atexit(end_with_a_channel);
    go(recv_and_say, "never");
    if (main_is_last)
        weft_yield();
    chan_recv(c, NULL);
    return 0;
}

/* The handlers used to run on behalf of a thread that was still parked. */
static void handlers_may_use_weft_after_a_deadlock(void **state)
{
    struct child by_thread = child_run(deadlock_with_a_handler, NULL);
    struct child by_main = child_run(deadlock_with_a_handler, "");

    (void)state;
    assert_int_equal(by_thread.status, 2);
    assert_non_null(strstr(by_thread.said, "weft: deadlock: 2 threads"));
    assert_non_null(strstr(by_thread.said, "at exit: -11 -110 -1\n"));
    assert_int_equal(by_main.status, 2);
    assert_non_null(strstr(by_main.said, "at exit: -11 -110 0\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        check_test(every_thread_ends_with_ecanceled),
        check_test(without_a_worker_there_is_nothing_to_do),
        check_test(channels_and_tasks_that_are_left_are_freed),
        check_test(weft_can_be_used_again_afterwards),
        check_test(cleaning_up_in_a_shield_is_waited_for),
        check_test(a_timer_of_one_that_cleans_up_is_waited_for),
        check_test(threads_that_cleaning_up_starts_end_too),
        check_test(one_that_cleaning_up_starts_and_waits_for_ends),
        check_test(one_that_cleaning_up_starts_and_that_runs_on_ends),
        check_test(a_deadline_ends_the_wait_and_a_second_call_goes_on),
        check_test(one_that_can_never_end_is_a_deadlock),
        check_test(the_report_of_that_deadlock_says_what_main_waits_for),
        check_test(those_who_wait_for_a_stack_get_one_and_end),
        check_test(a_suspended_body_is_ended),
        check_test(a_body_that_has_not_started_never_runs),
        check_test(a_body_parked_elsewhere_is_cancelled),
        check_test(a_body_may_close_its_source_while_it_is_ended),
        check_test(a_body_may_close_what_was_ended_before),
        check_test(a_body_may_close_what_is_being_ended),
        check_test(who_asks_a_body_that_waits_for_a_stack_is_told),
        check_test(a_body_parked_in_another_is_cancelled_and_closes_it),
        check_test(a_thread_that_a_body_starts_at_its_end_ends_too),
        check_test(what_destructors_of_main_s_values_start_ends_too),
        check_test(a_second_call_from_within_the_first_does_nothing),
        check_test(calls_without_time_let_the_others_run),
        check_test(a_deadline_ends_the_wait_for_a_body_as_well),
        check_test(after_a_deadlock_nothing_is_freed),
        check_test(a_generator_that_is_being_made_is_not_freed),
        check_test(many_that_end_one_by_one_cost_no_more_each),
        check_test(a_hundred_thousand_abandoned_generators_leave_nothing_behind),
        cmocka_unit_test(a_green_thread_may_exit),
        check_test(a_green_thread_may_not_shut_down),
        cmocka_unit_test(handlers_may_use_weft_after_a_deadlock),
    };

    return cmocka_run_group_tests_name("shutdown", tests, NULL, NULL);
}
