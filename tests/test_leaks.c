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
#include <sys/mman.h>
#include <ucontext.h>

#include <cmocka.h>

#include <weft.h>

#include "child.h"
#include "emulator.h"
#include "masked.h"
#include "runtime/sched.h"
#include "runtime/calls.h"

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

/* Most of its stack is in use; what is left is what exit itself needs, and a switch to another stack
 * by swapcontext: a ucontext_t has 1 KiB, or on aarch64 more than 4. */
static __attribute__((noinline)) void end_process_deep(void)
{
    volatile char used[7900 - sizeof(ucontext_t)];

    used[0] = 1;
    exit(3 + used[0] - 1);
}

static int a_green_thread_without_room_exits(const void *list)
{
    const struct weft_spawn_opts small = {.size = sizeof small, .stack_bytes = (size_t)16 * 1024};

    setenv("WEFT_REPORT", list, 1);
    leave_all();
    return task_join(spawn_with(&small, end_process_deep));
}

static int it_is_shut_down(const void *list)
{
    setenv("WEFT_REPORT", list, 1);
    leave_all();
    weft_shutdown();
    exit(3);
}

static int shut_down_explored(void *unused)
{
    (void)unused;
    chan_new(int);
    return weft_shutdown();
}

static int it_is_shut_down_in_an_exploration(const void *list)
{
    setenv("WEFT_REPORT", list, 1);
    if (weft_explore(shut_down_explored, NULL, NULL, NULL) != 0)
        exit(1);
    exit(3);
}

static int a_group_is_left(const void *list)
{
    setenv("WEFT_REPORT", list, 1);
    group_new(0);
    exit(3);
}

static char *module_text; /* as of a module's that is there no more */

static void have_unloaded_site(struct weft_thread *t, void *unused)
{
    (void)unused;
    if (!(t->flags & WEFT__THREAD_ROOT))
        t->site = module_text;
}

/* A page of text goes, like all of a module's by dlclose. */
static chan(int) leave_what_an_unloaded_module_made(void)
{
    static const char text[] = "plugin at plugin.c:1";
    chan(int) c;

    module_text = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(module_text, text, sizeof text);
    c = (chan(int))weft_chan_new_(sizeof(int), module_text);
    (void)weft_group_new_(0, module_text);
    go(receive, c);
    weft_sleep(WEFT_SEC(1));
    weft__thread_each(&weft__self->threads, have_unloaded_site, NULL);
    munmap(module_text, 4096);
    return c;
}

static int a_module_is_unloaded(const void *list)
{
    setenv("WEFT_REPORT", list, 1);
    leave_what_an_unloaded_module_made();
    errno = 99;
    weft_dump(STDERR_FILENO);
    exit(errno == 99 ? 3 : 4);
}

static int a_module_is_unloaded_and_a_mistake_made(const void *unused)
{
    (void)unused;
    chan_free(leave_what_an_unloaded_module_made());
    return 0;
}

static ssize_t refuse_to_peek(void *into, uintptr_t from, size_t size)
{
    (void)into;
    (void)from;
    (void)size;
    errno = EPERM;
    return -1;
}

static int a_module_is_unloaded_where_nobody_may_peek(const void *unused)
{
    weft__calls.peek = refuse_to_peek;
    return a_module_is_unloaded_and_a_mistake_made(unused);
}

/* The first of weft's calls finds no thread key, and gives NULL. */
static int refuse_key(pthread_key_t *key, void (*ends)(void *value))
{
    *key = 0;
    (void)ends;
    return EAGAIN;
}

static int a_group_is_left_at_the_second_try(const void *list)
{
    setenv("WEFT_REPORT", list, 1);
    weft__calls.pthread_key_create = refuse_key;
    if (group_new(0))
        return 1;
    weft__calls.pthread_key_create = pthread_key_create;
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

enum { PLACES = 40 };

/* Each where no other is. */
static int channels_are_left_in_many_places(const void *list)
{
    static char sites[PLACES][24];

    setenv("WEFT_REPORT", list, 1);
    for (int i = 0; i < PLACES; i++) {
        snprintf(sites[i], sizeof sites[i], "main.c:%d", 100 + i);
        weft_chan_new_(sizeof(int), sites[i]);
    }
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

#define UNLOADED                                                                            \
    "  thread 2 (unloaded code): receiving from channel 0x (made at unloaded code), for 1 " \
    "s\n" FRAMES

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
    assert_leaks(it_is_shut_down_in_an_exploration, "leaks", "weft: no leaks\n");
}

static void groups_that_are_left_are_told(void **state)
{
    (void)state;
    assert_leaks(a_group_is_left, "leaks",
                 "weft: leaks: 1 group not freed\n"
                 "  1 group not freed: made at test_leaks.c:N\n");
}

static void of_many_places_the_first_are_told_and_the_rest_counted(void **state)
{
    struct child c = child_run(channels_are_left_in_many_places, "leaks");

    (void)state;
    assert_int_equal(c.status, 3);
    assert_non_null(strstr(c.said, "weft: leaks: 40 channels not freed\n"));
    assert_non_null(strstr(c.said, "  1 channel not freed: made at main.c:100\n"));
    assert_non_null(strstr(c.said, "  1 channel not freed: made at main.c:131\n"
                                   "  and 8 more channels, made elsewhere\n"));
}

/* The reports used to be written on its stack, and overflowed it. */
static void reports_at_exit_need_little_of_the_last_stack(void **state)
{
    const char *const lists[] = {"leaks", "stacks"};

    (void)state;
#ifdef WEFT__SANITIZED
    skip(); /* their frames are larger, and reports have no stack of their own */
#endif
    for (size_t i = 0; i < 2; i++) {
        struct child c = child_run(a_green_thread_without_room_exits, lists[i]);

        assert_int_equal(c.signal, 0);
        assert_int_equal(c.status, 3);
        assert_non_null(strstr(c.said, i == 0 ? "weft: leaks: " : "weft: stacks used"));
    }
}

/* Reports used to crash; and do under an emulator, which lets nobody ask for memory: emulator.h. */
static void what_an_unloaded_module_made_is_told_without_its_text(void **state)
{
    struct child c;

    (void)state;
    if (is_emulated())
        skip();
    c = child_run(a_module_is_unloaded_and_a_mistake_made, NULL);
    assert_int_equal(c.signal, SIGABRT);
    assert_non_null(strstr(c.said, "chan_free of channel 0x"));
    assert_non_null(strstr(c.said, " (made at unloaded code) while threads wait in it"));
    assert_leaks(
        a_module_is_unloaded, "leaks",
        "weft: 2 threads: 1 running, 1 parked\n"
        "  thread 1 (main): running\n" FRAMES UNLOADED HINT
        "weft: leaks: 1 thread not ended, 1 channel not freed, 1 group not freed\n" UNLOADED
        "  1 channel not freed: made at unloaded code\n"
        "  1 group not freed: made at unloaded code\n" HINT);
    c = child_run(a_module_is_unloaded, "stacks");
    assert_int_equal(c.status, 3);
    assert_non_null(strstr(c.said, "unloaded code"));
}

/* A filter of system calls may forbid a program to read memory by a call: the text was taken to be there,
 * and the report crashed. */
static void an_unloaded_text_is_not_read_where_nobody_may_peek(void **state)
{
    struct child c;

    (void)state;
    if (is_emulated())
        skip(); /* its sigprocmask looks at what is to be done first */
    c = child_run(a_module_is_unloaded_where_nobody_may_peek, NULL);
    assert_int_equal(c.signal, SIGABRT);
    assert_non_null(strstr(c.said, "chan_free of channel 0x"));
    assert_non_null(strstr(c.said, " (made at unloaded code) while threads wait in it"));
}

static void it_is_told_once_where_the_first_call_had_failed(void **state)
{
    (void)state;
    assert_leaks(a_group_is_left_at_the_second_try, "leaks",
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
        cmocka_unit_test(of_many_places_the_first_are_told_and_the_rest_counted),
        cmocka_unit_test(reports_at_exit_need_little_of_the_last_stack),
        cmocka_unit_test(what_an_unloaded_module_made_is_told_without_its_text),
        cmocka_unit_test(an_unloaded_text_is_not_read_where_nobody_may_peek),
        cmocka_unit_test(it_is_told_once_where_the_first_call_had_failed),
        cmocka_unit_test(an_os_thread_tells_what_it_leaves),
        cmocka_unit_test(a_forked_child_leaves_what_was_its_parents),
        cmocka_unit_test(a_deadlock_report_stands_for_a_leak_report),
    };

    setenv("WEFT_CLOCK", "virtual", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
