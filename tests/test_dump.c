/* SPDX-License-Identifier: MIT */
/* What every thread is doing, on demand: all of the text is compared. Each program is a child
 * process. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include <weft.h>

#include "child.h"
#include "masked.h"
#include "runtime/calls.h"
#include "runtime/report.h"
#include "runtime/reports/backtrace.h"
#include "runtime/reports/turn.h"
#include "runtime/sched.h"
#include "runtime/unwind/unwind.h"

static chan(int) never;

static WEFT__NOIPA void receive(void)
{
    chan_recv(never, NULL);
    __asm__ volatile(""); /* else it has no frame in optimised builds */
}

static void nothing(void) {}

static void count(gen(int) self)
{
    for (int i = 0; gen_yield(self, i) == 0; i++)
        ;
}

/* ---- programs ---- */

static int one_of_each(const void *unused)
{
    const struct weft_spawn_opts named = {.size = sizeof named, .name = "reader"};
    gen(int) asked = gen_new(int, count);
    task(void) ended = spawn(nothing), waiting;

    (void)unused;
    gen_new(int, count);
    gen_next(asked, NULL);
    never = chan_new(int);
    go_with(&named, receive);
    waiting = spawn(receive);
    weft_sleep(WEFT_SEC(2));
    task_cancel(waiting);
    go(nothing);
    weft_dump(STDERR_FILENO);
    return ended ? 0 : 1;
}

static int many_are_equal(const void *unused)
{
    (void)unused;
    never = chan_new(int);
    for (int i = 0; i < 10000; i++)
        go(receive);
    for (int i = 0; i < 2; i++)
        go(receive); /* elsewhere */
    weft_yield();
    weft_dump(STDERR_FILENO);
    return 0;
}

static WEFT__NOIPA void receive_here(void)
{
    receive();
    __asm__ volatile("# here");
}

static WEFT__NOIPA void receive_there(void)
{
    receive();
    __asm__ volatile("# there");
}

static WEFT__NOIPA void receive_somewhere(int there)
{
    if (there)
        receive_there();
    else
        receive_here();
    __asm__ volatile("");
}

static int two_wait_in_different_places(const void *unused)
{
    (void)unused;
    never = chan_new(int);
    for (int i = 0; i < 2; i++)
        go(receive_somewhere, i);
    weft_yield();
    weft_dump(STDERR_FILENO);
    return 0;
}

static WEFT__NOIPA int descend(int n)
{
    int depth = 0;

    if (n > 0)
        depth = descend(n - 1) + 1;
    else
        receive();
    __asm__ volatile("" : "+r"(depth)); /* else it becomes a loop */
    return depth;
}

/* Says the end of a long dump alone. */
static int all_have_different_stacks(const void *unused)
{
    static char text[1 << 20];
    int file = memfd_create("dump", MFD_CLOEXEC);
    const char *more;

    (void)unused;
    never = chan_new(int);
    for (int i = 0; i < 70; i++)
        task_detach(spawn(descend, i));
    weft_yield();
    weft_dump(file);
    pread(file, text, sizeof text - 1, 0) < 0 ? abort() : (void)0;
    close(file);
    more = strstr(text, "\n  and ");
    if (strstr(text, "\n    ... ") && more)
        write(STDERR_FILENO, more + 1, strlen(more + 1)) < 0 ? abort() : (void)0;
    return 0;
}

static int nobody_is_there(const void *unused)
{
    (void)unused;
    weft_dump(STDERR_FILENO);
    return 0;
}

static int the_descriptor_is_closed(const void *unused)
{
    (void)unused;
    weft_yield();
    errno = 7;
    weft_dump(-1);
    weft_dump(1000);
    return errno == 7 ? 0 : 1;
}

static void handle(int signal)
{
    (void)signal;
    weft_dump(STDERR_FILENO);
}

static int a_handler_dumps(const void *unused)
{
    const struct sigaction action = {.sa_handler = handle};

    (void)unused;
    sigaction(SIGUSR1, &action, NULL);
    never = chan_new(int);
    go(receive);
    weft_yield();
    raise(SIGUSR1);
    return 0;
}

static void dump_here(void)
{
    weft_dump(STDERR_FILENO);
    __asm__ volatile("");
}

static int a_small_stack_dumps(const void *unused)
{
    const struct weft_spawn_opts small = {.size = sizeof small, .stack_bytes = (size_t)16 * 1024};

    (void)unused;
    return task_join(spawn_with(&small, dump_here));
}

static struct weft_thread *record_of(void *handle)
{
    struct weft_thread *t = NULL;

    if (weft__thread_find(&weft__self->threads, handle, &t) != WEFT__THREAD_FOUND)
        abort();
    return t;
}

/* A thread's backtrace is its program's frames and nothing else. */
static int frames_are_counted(const void *depth)
{
    uintptr_t frames[WEFT__BACKTRACE_RAW];
    const int n = *(const int *)depth;
    task(int) parked = spawn(descend, n);
    struct weft_control *c;
    size_t all, stored;

    never = chan_new(int);
    weft_yield();
    c = record_of(parked)->at.control;
    all = weft__backtrace_parked(c, frames, WEFT__BACKTRACE_RAW, WEFT__BACKTRACE_RAW_OUTER);
    stored = weft__backtrace_trim(c, true, frames, &all);
    if (all != (size_t)n + 2)
        return 1;
    if (stored != (all < WEFT__BACKTRACE_MAX ? all : WEFT__BACKTRACE_MAX))
        return 2;
    if (frames[0] - (uintptr_t)receive > 200)
        return 3;
    for (size_t i = 1; i < stored; i++)
        if (frames[i] - (uintptr_t)descend > 200)
            return 4;
    return 0;
}

/* ---- what they say ---- */

static void assert_dumped(int (*program)(const void *), const char *expected)
{
    struct child c = child_run(program, NULL);

    assert_false(c.late);
    assert_int_equal(c.signal, 0);
    assert_int_equal(c.status, 0);
    assert_string_equal(masked(c.said), expected);
}

static void a_dump_tells_what_every_thread_is_doing(void **state)
{
    (void)state;
    assert_dumped(
        one_of_each,
        "weft: 7 threads: 1 running, 1 parked, 1 ready, 1 not started yet, 2 suspended, 1 not "
        "joined yet\n"
        "  thread 1 (main): running\n" FRAMES
        "  thread 5 'reader' (receive at test_dump.c:N): receiving from channel 0x (made at "
        "test_dump.c:N), for 2 s\n" FRAMES
        "  thread 6 (receive at test_dump.c:N): ready, cancelled\n" FRAMES
        "  thread 7 (nothing at test_dump.c:N): not started yet\n"
        "  thread 2 (count at test_dump.c:N): suspended in generator 0x (made at "
        "test_dump.c:N)\n" FRAMES
        "  thread 4 (count at test_dump.c:N): not started, since nobody has asked its generator "
        "for a value\n"
        "  thread 3 (nothing at test_dump.c:N): has ended, and is not joined yet\n" HINT);
}

static void equal_threads_are_told_once_with_their_number(void **state)
{
    (void)state;
    assert_dumped(many_are_equal,
                  "weft: 10,003 threads: 1 running, 10,002 parked\n"
                  "  thread 1 (main): running\n" FRAMES
                  "  thread 2 (receive at test_dump.c:N): receiving from channel 0x (made at "
                  "test_dump.c:N), for less than 1 ms\n"
                  "    10,000 threads like this: thread 2, 3, 4 and 9,997 more\n" FRAMES
                  "  thread 10002 (receive at test_dump.c:N): receiving from channel 0x (made at "
                  "test_dump.c:N), for less than 1 ms\n"
                  "    2 threads like this: thread 10002 and 10003\n" FRAMES HINT);
}

static void threads_that_wait_in_different_places_are_told_apart(void **state)
{
    (void)state;
#ifdef WEFT__UNWIND
#define RECEIVES(n)                                                                            \
    "  thread " n " (receive_somewhere at test_dump.c:N): receiving from channel 0x (made at " \
    "test_dump.c:N), for less than 1 ms\n" FRAMES
    assert_dumped(two_wait_in_different_places,
                  "weft: 3 threads: 1 running, 2 parked\n"
                  "  thread 1 (main): running\n" FRAMES RECEIVES("2") RECEIVES("3") HINT);
#else
    skip();
#endif
}

static void threads_of_which_too_many_differ_are_counted(void **state)
{
    (void)state;
#ifdef WEFT__UNWIND
    assert_dumped(all_have_different_stacks, "  and 7 more, parked\n" HINT);
#else
    skip();
#endif
}

static void without_threads_a_dump_says_so(void **state)
{
    (void)state;
    assert_dumped(nobody_is_there, "weft: this OS thread has no green threads\n");
}

static void a_dump_that_cannot_be_written_is_lost(void **state)
{
    (void)state;
    assert_dumped(the_descriptor_is_closed, "");
}

static void a_signal_handler_may_dump(void **state)
{
    (void)state;
    assert_dumped(a_handler_dumps,
                  "weft: 2 threads: 1 running, 1 parked\n"
                  "  thread 1 (main): running\n" FRAMES
                  "  thread 2 (receive at test_dump.c:N): receiving from channel 0x (made at "
                  "test_dump.c:N), for less than 1 ms\n" FRAMES HINT);
}

static void a_dump_fits_the_smallest_stack(void **state)
{
    (void)state;
    if (frames_are_large())
        skip();
    assert_dumped(a_small_stack_dumps,
                  "weft: 2 threads: 1 running, 1 parked\n"
                  "  thread 2 (dump_here at test_dump.c:N): running\n" FRAMES
                  "  thread 1 (main): joining thread 2 (dump_here at test_dump.c:N), for less than "
                  "1 ms\n" FRAMES HINT);
}

/* ---- reports that meet ---- */

static bool has_met;
static int pauses;

static int no_pause(clockid_t clock, int flags, const struct timespec *until, struct timespec *left)
{
    (void)clock;
    (void)flags;
    (void)until;
    (void)left;
    pauses++;
    return 0;
}

static void *dump_elsewhere(void *unused)
{
    weft_yield();
    weft_dump(STDOUT_FILENO);
    return unused;
}

static void meet_itself(void)
{
    weft_dump(STDOUT_FILENO);
}

static void meet_another(void)
{
    pthread_t thread;

    weft__calls.clock_nanosleep = no_pause;
    pthread_create(&thread, NULL, dump_elsewhere, NULL);
    pthread_join(thread, NULL);
}

static void (*meet)(void);

/* In the midst of the list, the text of what comes before it being full. */
static ssize_t meet_in_write(int fd, const void *from, size_t size)
{
    if (!has_met) {
        has_met = true;
        meet();
    }
    return write(fd, from, size);
}

/* The list is written in more than one piece. */
static int dumps_meet(const void *how)
{
    char text[4096] = "";
    int file = memfd_create("dump", MFD_CLOEXEC);

    memcpy(&meet, how, sizeof meet);
    never = chan_new(int);
    for (int i = 0; i < 30; i++)
        go(descend, i);
    weft_yield();
    dup2(file, STDOUT_FILENO);
    weft__calls.write = meet_in_write;
    weft_dump(STDERR_FILENO);
    if (pread(file, text, sizeof text - 1, 0) < 0 || !has_met)
        return 1;
    return strstr(text, "\n  (another report is being written)\n") ? pauses / 1000 : 3;
}

/* One that this OS thread is writing is not waited for, another's for two seconds. */
static void a_dump_in_the_midst_of_another_says_so(void **state)
{
    void (*const itself)(void) = meet_itself, (*const another)(void) = meet_another;
    struct child c = child_run(dumps_meet, &itself);

    (void)state;
    assert_int_equal(c.status, 0);
    assert_null(strstr(c.said, "another report"));
    c = child_run(dumps_meet, &another);
    assert_int_equal(c.status, 2);
    assert_null(strstr(c.said, "another report"));
}

static void *take_turn_elsewhere(void *taken)
{
    *(bool *)taken = weft__turn_take();
    return NULL;
}

static void a_turn_is_one_os_threads_at_a_time(void **state)
{
    bool taken = true;
    pthread_t thread;

    (void)state;
    weft__calls.clock_nanosleep = no_pause;
    pauses = 0;
    assert_true(weft__turn_take());
    assert_false(weft__turn_take());
    assert_int_equal(pauses, 0);
    assert_int_equal(pthread_create(&thread, NULL, take_turn_elsewhere, &taken), 0);
    pthread_join(thread, NULL);
    assert_false(taken);
    assert_int_equal(pauses, 1000);
    weft__turn_give(false); /* it was not taken */
    assert_false(weft__turn_take());
    weft__turn_give(true);
    assert_true(weft__turn_take());
    weft__turn_give(true);
    weft__calls.clock_nanosleep = clock_nanosleep;
}

static void a_backtrace_has_the_frames_of_the_program_alone(void **state)
{
    (void)state;
#ifdef WEFT__UNWIND
    const int depths[] = {0, 1, 5, 14, 15, 40, 300};

    for (size_t i = 0; i < sizeof depths / sizeof depths[0]; i++)
        assert_int_equal(child_run(frames_are_counted, &depths[i]).status, 0);
#else
    skip();
#endif
}

static void a_frame_that_lies_in_no_module_is_its_address(void **state)
{
    const uintptr_t frames[] = {0x20, 0x31};
    char text[100];
    struct weft_print p = {.fd = -1, .text = text, .size = sizeof text};

    (void)state;
    weft__print_backtrace(&p, frames, 2, 2, 0);
    assert_string_equal(weft__print_string(&p), "    #0 0x1f\n    #1 0x30\n");
}

/* Where a module's text was, there may be anything. */
static void a_site_that_has_no_end_is_not_told(void **state)
{
    static char text[4096];

    (void)state;
    memset(text, 'x', sizeof text);
    assert_string_equal(weft__site(text), "unloaded code");
    text[900] = '\0';
    assert_ptr_equal(weft__site(text), text);
}

/* With clang they used to be there: its section for them has a name of its own. */
static void the_librarys_cold_functions_are_not_the_programs(void **state)
{
    const struct weft_control nobody = {.pool = NULL};
    const uintptr_t receives = (uintptr_t)receive + 1;
    uintptr_t frames[WEFT__BACKTRACE_RAW] = {(uintptr_t)weft__worker_make + 1, receives};
    size_t all = 2;

    (void)state;
    assert_int_equal(weft__backtrace_trim(&nobody, false, frames, &all), 1);
    assert_int_equal(all, 1);
    assert_int_equal(frames[0], receives);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dump_tells_what_every_thread_is_doing),
        cmocka_unit_test(equal_threads_are_told_once_with_their_number),
        cmocka_unit_test(threads_that_wait_in_different_places_are_told_apart),
        cmocka_unit_test(threads_of_which_too_many_differ_are_counted),
        cmocka_unit_test(without_threads_a_dump_says_so),
        cmocka_unit_test(a_dump_that_cannot_be_written_is_lost),
        cmocka_unit_test(a_signal_handler_may_dump),
        cmocka_unit_test(a_dump_fits_the_smallest_stack),
        cmocka_unit_test(a_backtrace_has_the_frames_of_the_program_alone),
        cmocka_unit_test(a_frame_that_lies_in_no_module_is_its_address),
        cmocka_unit_test(a_site_that_has_no_end_is_not_told),
        cmocka_unit_test(the_librarys_cold_functions_are_not_the_programs),
        cmocka_unit_test(a_dump_in_the_midst_of_another_says_so),
        cmocka_unit_test(a_turn_is_one_os_threads_at_a_time),
    };

    setenv("WEFT_CLOCK", "virtual", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
