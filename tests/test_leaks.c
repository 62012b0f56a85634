/* SPDX-License-Identifier: MIT */
/* What is left at the end, on request: all of the text is compared. Each program is a child process
 * that ends by exit. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <weft.h>

#include "child.h"
#include "masked.h"

static void receive(chan(int) c)
{
    chan_recv(c, NULL);
    __asm__ volatile(""); /* else there is no frame of its own in optimised builds */
}

static void nothing(void) {}

static void count(gen(int) self)
{
    for (int i = 0; gen_yield(self, i) == 0; i++)
        ;
}

static void leave_all(void)
{
    chan(int) used = chan_new(int);
    gen(int) g = gen_new(int, count);
    task(void) task = spawn(nothing);

    (void)task;
    for (int i = 0; i < 3; i++)
        chan_new(char);
    gen_next(g, NULL);
    for (int i = 0; i < 2; i++)
        go(receive, used);
    weft_sleep(WEFT_SEC(1));
    go(nothing);
}

static void leave_nothing(void)
{
    chan(int) c = chan_new(int);
    gen(int) g = gen_new(int, count);
    task(void) t = spawn(receive, c);

    gen_next(g, NULL);
    gen_close(g);
    chan_send(c, 1);
    task_join(t);
    chan_free(c);
}

/* ---- programs: the argument is WEFT_REPORT ---- */

static int all_is_left(const void *list)
{
    setenv("WEFT_REPORT", list, 1);
    leave_all();
    exit(3);
}

static int nothing_is_left(const void *list)
{
    setenv("WEFT_REPORT", list, 1);
    leave_nothing();
    exit(3);
}

static void end_process(void)
{
    exit(3);
}

static int a_green_thread_exits(const void *list)
{
    setenv("WEFT_REPORT", list, 1);
    return task_join(spawn(end_process));
}

static int it_is_shut_down(const void *list)
{
    setenv("WEFT_REPORT", list, 1);
    leave_all();
    weft_shutdown();
    exit(3);
}

static int a_group_is_left(const void *list)
{
    setenv("WEFT_REPORT", list, 1);
    group_new(0);
    exit(3);
}

static void *leave_a_channel(void *unused)
{
    (void)unused;
    return chan_new(int);
}

static int an_os_thread_ends(const void *list)
{
    pthread_t other;

    setenv("WEFT_REPORT", list, 1);
    pthread_create(&other, NULL, leave_a_channel, NULL);
    pthread_join(other, NULL);
    exit(3);
}

static int a_child_exits(const void *list)
{
    pid_t pid;
    int how;

    setenv("WEFT_REPORT", list, 1);
    leave_nothing();
    pid = fork();
    if (pid == 0)
        exit(0);
    waitpid(pid, &how, 0);
    exit(3);
}

static int there_is_a_deadlock(const void *list)
{
    setenv("WEFT_REPORT", list, 1);
    receive(chan_new(int));
    return 0;
}

/* ---- what they say ---- */

#define ALL                                                                                       \
    "weft: leaks: 3 threads not ended, 1 task not joined, 4 channels not freed, 1 generator not " \
    "closed\n"                                                                                    \
    "  thread 4 (receive at test_leaks.c:N): receiving from channel 0x (made at "                 \
    "test_leaks.c:N), for 1 s\n"                                                                  \
    "    2 threads like this: thread 4 and 5\n" FRAMES                                            \
    "  thread 6 (nothing at test_leaks.c:N): not started yet\n"                                   \
    "  thread 3 (nothing at test_leaks.c:N): has ended, and is not joined yet\n"                  \
    "  1 channel not freed: made at test_leaks.c:N\n"                                             \
    "  3 channels not freed: made at test_leaks.c:N\n"                                            \
    "  1 generator not closed: made at test_leaks.c:N\n" HINT

static void assert_leaks(int (*program)(const void *), const char *list, const char *expected)
{
    struct child c = child_run(program, list);

    assert_false(c.late);
    assert_int_equal(c.signal, 0);
    assert_int_equal(c.status, 3);
    assert_string_equal(masked(c.said), expected);
}

static void what_is_left_at_exit_is_told_by_its_places(void **state)
{
    (void)state;
    assert_leaks(all_is_left, "leaks", ALL);
}

static void that_nothing_is_left_is_told_in_a_line(void **state)
{
    (void)state;
    assert_leaks(nothing_is_left, "leaks", "weft: no leaks\n");
    assert_leaks(a_green_thread_exits, "leaks", "weft: no leaks\n");
}

static void nothing_is_told_unasked(void **state)
{
    (void)state;
    assert_leaks(all_is_left, "", "");
    assert_leaks(nothing_is_left, "deadlocks", "");
}

static void a_shutdown_tells_what_it_ends_and_frees(void **state)
{
    (void)state;
    assert_leaks(it_is_shut_down, "leaks", ALL);
}

static void groups_that_are_left_are_told(void **state)
{
    (void)state;
    assert_leaks(a_group_is_left, "leaks",
                 "weft: leaks: 1 group not freed\n"
                 "  1 group not freed: made at test_leaks.c:N\n");
}

static void an_os_thread_tells_what_it_leaves(void **state)
{
    (void)state;
    assert_leaks(an_os_thread_ends, "leaks",
                 "weft: leaks: 1 channel not freed\n"
                 "  1 channel not freed: made at test_leaks.c:N\n");
}

static void a_forked_child_leaves_what_was_its_parents(void **state)
{
    (void)state;
    assert_leaks(a_child_exits, "leaks", "weft: no leaks\n");
}

static void a_deadlock_report_stands_for_a_leak_report(void **state)
{
    struct child c = child_run(there_is_a_deadlock, "leaks");

    (void)state;
    assert_int_equal(c.status, 2);
    assert_non_null(strstr(c.said, "weft: deadlock: 1 thread"));
    assert_null(strstr(c.said, "weft: leaks"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_left_at_exit_is_told_by_its_places),
        cmocka_unit_test(that_nothing_is_left_is_told_in_a_line),
        cmocka_unit_test(nothing_is_told_unasked),
        cmocka_unit_test(a_shutdown_tells_what_it_ends_and_frees),
        cmocka_unit_test(groups_that_are_left_are_told),
        cmocka_unit_test(an_os_thread_tells_what_it_leaves),
        cmocka_unit_test(a_forked_child_leaves_what_was_its_parents),
        cmocka_unit_test(a_deadlock_report_stands_for_a_leak_report),
    };

    setenv("WEFT_CLOCK", "virtual", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
