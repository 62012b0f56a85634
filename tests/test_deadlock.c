/* SPDX-License-Identifier: MIT */
/* Nothing can ever run again: that is reported, and ends the program with status 2; and there is no
 * report while something can. Each program is a child process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include <weft.h>

#include "child.h"
#include "runtime/calls.h"
#include "runtime/context.h"
#include "runtime/sanitize.h"
#include "runtime/sched.h"

static chan(int) never;

static void receive(void)
{
    chan_recv(never, NULL);
}

/* ---- programs ---- */

static int main_receives(const void *unused)
{
    (void)unused;
    chan_recv(never = chan_new(int), NULL);
    return 0;
}

static void send(void)
{
    chan_send(never, 1);
}

static void select_both(void)
{
    chan(int) other = chan_new(int);

    chan_select(chan_case_recv(other, NULL), chan_case_send(other, 1));
}

static void sleep_for_ever(void)
{
    weft_sleep(WEFT_FOREVER);
}

static void join(task(void) t)
{
    task_join(t);
}

static void never_yield(gen(int) self)
{
    (void)self;
    select_both();
}

static void ask(gen(int) g)
{
    gen_next(g, NULL);
}

static void count(gen(int) self)
{
    for (int i = 0; gen_yield(self, i) == 0; i++)
        ;
}

static int everyone_waits(const void *unused)
{
    const struct weft_spawn_opts opts = {.size = sizeof opts, .name = "joiner"};
    gen(int) suspended = gen_new(int, count);

    (void)unused;
    never = chan_new(int);
    gen_next(suspended, NULL);
    go(send);
    go(select_both);
    go(ask, gen_new(int, never_yield));
    go_with(&opts, join, spawn(sleep_for_ever));
    weft_sleep(WEFT_SEC(1));
    select_both();
    return 0;
}

static void count_slowly(gen(int64_t) self)
{
    for (int64_t i = 0; gen_yield(self, i) == 0; i++)
        weft_sleep(1);
}

/* Its values take the straight path; between them the body waits for other things. */
static int a_body_has_slept_between_its_values(const void *unused)
{
    gen(int64_t) slow = gen_new(int64_t, count_slowly);

    (void)unused;
    never = chan_new(int);
    for (int i = 0; i < 3; i++)
        gen_next(slow, NULL);
    weft_dump(STDERR_FILENO);
    return 0;
}

static int many_wait(const void *unused)
{
    (void)unused;
    never = chan_new(int);
    for (int i = 0; i < 99; i++)
        go(receive);
    chan_recv(never, NULL);
    return 0;
}

static int main_selects_nothing(const void *unused)
{
    (void)unused;
    chan_select_n(NULL, 0);
    return 0;
}

static int main_selects_among_ten(const void *unused)
{
    struct weft_case cases[10];

    (void)unused;
    never = chan_new(int);
    for (int i = 0; i < 10; i++)
        cases[i] = chan_set_recv(never, NULL);
    chan_select_n(cases, 10);
    return 0;
}

/* The last to park has the smallest stack, and the report is written on it. */
static void park_last(void)
{
    weft_yield();
    receive();
}

static int the_last_to_park_has_a_small_stack(const void *unused)
{
    const struct weft_spawn_opts small = {.size = sizeof small, .stack_bytes = (size_t)16 * 1024};

    (void)unused;
    never = chan_new(int);
    go_with(&small, park_last);
    chan_recv(never, NULL);
    return 0;
}

/* Nearly all of its stack is in use when it parks. */
static __attribute__((noinline)) void park_deep(size_t bytes)
{
    volatile char *used = __builtin_alloca(bytes);

    used[0] = 1;
    chan_recv(never, NULL);
    used[bytes - 1] = used[0];
}

static int the_last_to_park_has_no_room_left(const void *unused)
{
    const struct weft_spawn_opts small = {.size = sizeof small, .stack_bytes = (size_t)16 * 1024};
    size_t bytes = 8000;
    task(void) t;

    (void)unused;
#ifdef __aarch64__
    if (weft__context_choose() == weft__switch_ucontext)
        bytes -= sizeof(ucontext_t); /* of a switch, 4.5 KiB */
#endif
    t = spawn_with(&small, park_deep, bytes);
    never = chan_new(int);
    return task_join(t);
}

static int threads_wait_but_main_returns(const void *unused)
{
    (void)unused;
    never = chan_new(int);
    for (int i = 0; i < 10; i++)
        go(receive);
    weft_yield();
    return 0;
}

static void wake_later(int64_t ns)
{
    weft_sleep(ns);
    chan_send(never, 1);
}

static int a_timer_runs(const void *unused)
{
    (void)unused;
    never = chan_new(int);
    go(wake_later, WEFT_SEC(86400));
    if (chan_recv(never, NULL) != 0)
        return 1;
    if (chan_select(chan_case_recv(never, NULL), chan_case_timeout(WEFT_SEC(86400))) != 1)
        return 1;
    if (weft_within(WEFT_SEC(86400), chan_recv(never, NULL)) != -ETIMEDOUT)
        return 1;
    return weft_now() == 3 * WEFT_SEC(86400) ? 0 : 1;
}

static int main_sleeps_while_others_are_stuck(const void *unused)
{
    (void)unused;
    never = chan_new(int);
    for (int i = 0; i < 10; i++)
        go(receive);
    return weft_sleep(WEFT_SEC(10)) == 0 && weft_now() == WEFT_SEC(10) ? 0 : 1;
}

static struct weft_control *listener;
static int waits;

/* Whatever main waits for comes when it has been waited for three times. */
static void wait_outside(struct weft_worker *w, int64_t until_ns)
{
    if (until_ns == INT64_MIN || ++waits < 3)
        return;
    w->outside.awaited = 0;
    weft__interrupt(w, listener, -EIO);
}

static int listen_outside(void)
{
    struct weft_worker *w;

    never = chan_new(int);
    w = weft__self;
    w->outside.wait = wait_outside;
    w->outside.awaited = 1;
    listener = w->current;
    waits = 0;
    return chan_recv(never, NULL);
}

static int a_wake_up_from_outside_is_awaited(const void *unused)
{
    (void)unused;
    for (int i = 0; i < 10; i++)
        go(receive);
    return listen_outside() == -EIO && waits == 3 ? 0 : 1;
}

static int no_wake_up_from_outside_is_awaited_any_more(const void *unused)
{
    (void)unused;
    listen_outside();
    chan_recv(never, NULL);
    return 0;
}

static int deadlock_returns(const void *unused)
{
    (void)unused;
    weft_deadlock_returns(1);
    never = chan_new(int);
    for (int i = 0; i < 10; i++)
        go(receive);
    for (int i = 0; i < 3; i++)
        if (chan_recv(never, NULL) != -EDEADLK)
            return 1;
    chan_close(never);
    weft_sleep(1);
    chan_free(never);
    return 0;
}

static int deadlock_returns_no_more(const void *unused)
{
    (void)unused;
    weft_deadlock_returns(1);
    never = chan_new(int);
    if (chan_recv(never, NULL) != -EDEADLK)
        return 1;
    weft_deadlock_returns(0);
    chan_recv(never, NULL);
    return 0;
}

static void yield_then_wait(gen(int) self)
{
    gen_yield(self, 1);
    sleep_for_ever();
}

/* Its body never returns, so main cannot be called back. */
static int main_closes_a_generator_that_never_ends(const void *unused)
{
    gen(int) g = gen_new(int, yield_then_wait);

    (void)unused;
    weft_deadlock_returns(1);
    gen_next(g, NULL);
    gen_close(g);
    return 0;
}

static int main_closes_in_vain_under_a_deadline(const void *unused)
{
    gen(int) g = gen_new(int, yield_then_wait);

    (void)unused;
    gen_next(g, NULL);
    weft_within(WEFT_SEC(3600), gen_close(g));
    return 0;
}

static int main_waits_in_a_shield_under_a_deadline(const void *unused)
{
    (void)unused;
    never = chan_new(int);
    weft_within(WEFT_SEC(3600), weft_shield(weft_within(WEFT_FOREVER, chan_recv(never, NULL))));
    return 0;
}

static void yield_under_a_deadline(gen(int) self)
{
    weft_within(WEFT_SEC(3600), gen_yield(self, 1));
}

static int main_waits_beside_a_body_with_a_deadline(const void *unused)
{
    (void)unused;
    never = chan_new(int);
    gen_next(gen_new(int, yield_under_a_deadline), NULL);
    chan_recv(never, NULL);
    return 0;
}

static void sleep_and_send(int64_t ns)
{
    weft_sleep(ns);
    chan_send(never, 1);
}

/* The first deadline ends nothing, and nor does the last; in between there is a sleeper. */
static int deadlines_without_effect_are_around_a_sleeper(const void *unused)
{
    int result;

    (void)unused;
    never = chan_new(int);
    gen_next(gen_new(int, yield_under_a_deadline), NULL);
    go(sleep_and_send, WEFT_SEC(100));
    result = weft_within(WEFT_SEC(1), weft_shield(chan_recv(never, NULL)));
    return result == 0 && weft_now() == WEFT_SEC(100) ? 0 : 1;
}

static void *map_no_stack(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    if (size >= (size_t)64 * 1024) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    return mmap(at, size, protection, flags, fd, offset);
}

static int no_thread_gets_a_stack(const void *unused)
{
    (void)unused;
    weft__calls.mmap = map_no_stack;
    never = chan_new(int);
    for (int i = 0; i < 7; i++)
        go(receive);
    chan_recv(never, NULL);
    return 0;
}

static int lack_markers(void *at, size_t size, int advice)
{
    if (advice != WEFT__MADV_GUARD_INSTALL)
        return madvise(at, size, advice);
    errno = EINVAL;
    return -1;
}

static ssize_t lack_batches(const struct iovec *ranges, size_t n, int advice)
{
    (void)ranges;
    (void)n;
    (void)advice;
    errno = ENOSYS;
    return -1;
}

/* As where guards are made by protection, and the kernel refuses another mapping. */
static int no_further_thread_gets_a_stack(const void *unused)
{
    const struct weft_spawn_opts large = {.size = sizeof large, .stack_bytes = (size_t)1 << 20};

    (void)unused;
    weft__calls.madvise = lack_markers;
    weft__calls.process_madvise = lack_batches;
    never = chan_new(int);
    go(receive);
    weft_yield();
    weft__calls.mmap = map_no_stack;
    go_with(&large, receive);
    chan_recv(never, NULL);
    return 0;
}

static int no_thread_gets_a_stack_but_deadlock_returns(const void *unused)
{
    (void)unused;
    weft__calls.mmap = map_no_stack;
    weft_deadlock_returns(1);
    never = chan_new(int);
    go(send);
    return chan_recv(never, NULL) == -EDEADLK ? 0 : 1;
}

/* ---- what comes of them ---- */

/* How many begin so. */
static size_t lines(const char *text, const char *beginning)
{
    size_t n = 0;

    for (; text && *text; text = strchr(text, '\n'), text += text != NULL)
        n += strncmp(text, beginning, strlen(beginning)) == 0;
    return n;
}

/* What the child said, without what a sanitizer says of itself. */
static const char *report(const struct child *c)
{
    const char *line = c->said;

    while (strncmp(line, "==", 2) == 0 && strchr(line, '\n'))
        line = strchr(line, '\n') + 1;
    return line;
}

static void assert_reported(const struct child *c)
{
    assert_false(c->late);
    assert_int_equal(c->signal, 0);
    assert_int_equal(c->status, 2);
    assert_non_null(strstr(c->said, "weft: deadlock: "));
}

static void assert_says(const struct child *c, const char *text)
{
    if (!strstr(c->said, text))
        print_error("not said: %s\n%s", text, c->said);
    assert_non_null(strstr(c->said, text));
}

static void assert_quiet(int (*program)(const void *))
{
    struct child c = child_run(program, NULL);

    assert_false(c.late);
    assert_int_equal(c.signal, 0);
    assert_int_equal(c.status, 0);
    assert_string_equal(report(&c), "");
}

static void a_main_that_waits_for_nobody_is_reported(void **state)
{
    struct child c = child_run(main_receives, NULL);

    (void)state;
    assert_reported(&c);
    assert_says(&c, "1 thread is parked");
    assert_says(&c, "thread 1 (main): receiving from channel 0x");
    assert_int_equal(lines(report(&c), ""), lines(report(&c), "    #") + 3);
}

static void a_main_that_selects_among_no_clauses_is_reported(void **state)
{
    struct child c = child_run(main_selects_nothing, NULL);

    (void)state;
    assert_reported(&c);
    assert_says(&c, "(main): selecting");
}

static void of_many_clauses_some_are_named(void **state)
{
    struct child c = child_run(main_selects_among_ten, NULL);
    int named = 0;

    (void)state;
    assert_reported(&c);
    assert_says(&c, "(main): selecting over 10 clauses: receive from channel 0x");
    assert_says(&c, "), and 2 more, for less than 1 ms\n");
    for (const char *at = c.said; (at = strstr(at, "receive from channel")) != NULL; at++)
        named++;
    assert_int_equal(named, 8);
}

static void the_report_names_every_thread_and_what_it_waits_for(void **state)
{
    struct child c = child_run(everyone_waits, NULL);

    (void)state;
    assert_reported(&c);
    assert_says(&c, "(main): selecting");
    assert_says(&c, "(send at ");
    assert_says(&c, "): sending on channel 0x");
    assert_says(&c, "(select_both at ");
    assert_says(&c, "): selecting over ");
    assert_says(&c, "(ask at ");
    assert_says(&c, "): waiting for a value of generator 0x");
    assert_says(&c, "(never_yield at ");
    assert_says(&c, " 'joiner' (join at ");
    assert_says(&c, "): joining ");
    assert_says(&c, "(sleep_for_ever at ");
    assert_says(&c, "): sleeping");
    assert_says(&c, ", for 1 s\n");
    assert_says(&c, "\n  and 1 generator is suspended until somebody asks it for a value\n");
    assert_says(&c, "test_deadlock.c:");
    assert_int_equal(lines(report(&c), "  thread "), 7);
    assert_null(strstr(c.said, "(count at "));
}

static void a_suspended_body_is_reported_whatever_it_waited_for_before(void **state)
{
    struct child c = child_run(a_body_has_slept_between_its_values, NULL);

    (void)state;
    assert_int_equal(c.status, 0);
    assert_says(&c, "(count_slowly at ");
    assert_says(&c, "): suspended in generator 0x");
}

static void a_report_of_a_hundred_threads_is_short(void **state)
{
    struct child c = child_run(many_wait, NULL);

    (void)state;
    assert_reported(&c);
    assert_says(&c, "100 threads are parked");
    assert_says(&c, "\n    99 threads like this: thread 2, 3, 4 and 96 more\n");
    assert_int_equal(lines(report(&c), "  thread "), 2);
}

static void the_report_fits_the_smallest_stack(void **state)
{
    struct child c;

    (void)state;
    if (frames_are_large())
        skip();
    c = child_run(the_last_to_park_has_a_small_stack, NULL);
    assert_reported(&c);
    assert_says(&c, "(park_last at ");
}

/* The report used to be written on its stack, and overflowed it. */
static void the_report_needs_little_of_the_last_stack(void **state)
{
    struct child c;

    (void)state;
#ifdef WEFT__SANITIZED
    skip(); /* its frames are larger, and the report has no stack of its own */
#endif
    c = child_run(the_last_to_park_has_no_room_left, NULL);
    assert_reported(&c);
    assert_says(&c, "(park_deep at ");
}

static void there_is_no_report_when_main_returns(void **state)
{
    (void)state;
    assert_quiet(threads_wait_but_main_returns);
}

static void there_is_no_report_while_a_timer_runs(void **state)
{
    (void)state;
    assert_quiet(a_timer_runs);
    assert_quiet(main_sleeps_while_others_are_stuck);
}

static void there_is_no_report_while_something_outside_may_wake_a_thread(void **state)
{
    struct child c = child_run(no_wake_up_from_outside_is_awaited_any_more, NULL);

    (void)state;
    assert_reported(&c);
    assert_quiet(a_wake_up_from_outside_is_awaited);
}

static void mains_call_returns_edeadlk_where_the_program_asked_for_that(void **state)
{
    (void)state;
    assert_quiet(deadlock_returns);
}

static void the_report_comes_back_when_it_is_asked_for(void **state)
{
    struct child c = child_run(deadlock_returns_no_more, NULL);

    (void)state;
    assert_reported(&c);
}

static void a_close_that_never_ends_is_reported_in_any_case(void **state)
{
    struct child c = child_run(main_closes_a_generator_that_never_ends, NULL);

    (void)state;
    assert_reported(&c);
    assert_says(&c, "(main): waiting for the end of generator 0x");
}

/* It used to be told when the hour was over. */
static void a_deadline_that_ends_nothing_hides_no_deadlock(void **state)
{
    int (*const programs[])(const void *) = {
        main_closes_in_vain_under_a_deadline,
        main_waits_in_a_shield_under_a_deadline,
        main_waits_beside_a_body_with_a_deadline,
    };

    (void)state;
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        struct child c = child_run(programs[i], NULL);

        assert_reported(&c);
        assert_says(&c, ", for less than 1 ms\n");
    }
    assert_quiet(deadlines_without_effect_are_around_a_sleeper);
}

static void threads_that_never_got_a_stack_are_counted_and_the_limit_is_named(void **state)
{
    struct child c = child_run(no_thread_gets_a_stack, NULL);

    (void)state;
    assert_reported(&c);
    assert_says(&c, "weft: 7 threads never got a stack: mmap: " SAYS_ENOMEM);
    assert_says(&c, "raise");
    assert_quiet(no_thread_gets_a_stack_but_deadlock_returns);
    c = child_run(no_further_thread_gets_a_stack, NULL);
    assert_reported(&c);
    assert_says(&c, "weft: 1 thread never got a stack: mmap: " SAYS_ENOMEM
                    "; two mappings a stack are used here: if vm.max_map_count is the limit");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_main_that_waits_for_nobody_is_reported),
        cmocka_unit_test(a_main_that_selects_among_no_clauses_is_reported),
        cmocka_unit_test(of_many_clauses_some_are_named),
        cmocka_unit_test(the_report_names_every_thread_and_what_it_waits_for),
        cmocka_unit_test(a_suspended_body_is_reported_whatever_it_waited_for_before),
        cmocka_unit_test(a_report_of_a_hundred_threads_is_short),
        cmocka_unit_test(the_report_fits_the_smallest_stack),
        cmocka_unit_test(the_report_needs_little_of_the_last_stack),
        cmocka_unit_test(there_is_no_report_when_main_returns),
        cmocka_unit_test(there_is_no_report_while_a_timer_runs),
        cmocka_unit_test(there_is_no_report_while_something_outside_may_wake_a_thread),
        cmocka_unit_test(mains_call_returns_edeadlk_where_the_program_asked_for_that),
        cmocka_unit_test(the_report_comes_back_when_it_is_asked_for),
        cmocka_unit_test(a_close_that_never_ends_is_reported_in_any_case),
        cmocka_unit_test(a_deadline_that_ends_nothing_hides_no_deadlock),
        cmocka_unit_test(threads_that_never_got_a_stack_are_counted_and_the_limit_is_named),
    };

    setenv("WEFT_CLOCK", "virtual", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
