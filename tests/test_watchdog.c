/* SPDX-License-Identifier: MIT */
/* The watchdog names the thread that has not yielded, and nobody else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>

#include <weft.h>

#include "child.h"
#include "emulator.h"
#include "expect.h"
#include "faults.h"
#include "overheard.h"
#include "runtime/sched.h"

static const struct weft_spawn_opts named = {.size = sizeof named, .name = "hog"};

static volatile int is_seen;
static int pipe_ends[2];

/* What is said from now on is heard by the parent alone. */
static void see(void)
{
    dup2(overheard_to, STDERR_FILENO);
    is_seen = 1;
    if (write(pipe_ends[1], "", 1) != 1)
        _exit(1);
}

static void watch(const char *limit)
{
    setenv("WEFT_WATCHDOG", limit, 1);
    if (pipe(pipe_ends) != 0)
        _exit(1);
}

static int os_threads(void)
{
    DIR *tasks = opendir("/proc/self/task");
    int n = 0;

    for (const struct dirent *entry; (entry = readdir(tasks)) != NULL;)
        n += entry->d_name[0] != '.';
    closedir(tasks);
    return n;
}

static int occurrences(const char *text, const char *of)
{
    int n = 0;

    while ((text = strstr(text, of)) != NULL) {
        text++;
        n++;
    }
    return n;
}

static void nothing(void) {}

/* "weft: thread 2 'hog' (WHAT at FILE:LINE) has not yielded for N ms, while 2 others are ready to run"
 * and its frames, once: main and one more are ready. */
static void assert_named(const struct child *child, const char *what)
{
    char head[128];

    snprintf(head, sizeof head, "weft: thread 2 'hog' (%s at ", what);
    if (strncmp(child->said, head, strlen(head)) != 0 ||
        !strstr(child->said, ") has not yielded for ") ||
        !strstr(child->said, ", while 2 others are ready to run\n    #0 ") ||
        occurrences(child->said, "weft: thread") != 1)
        fail_msg("status %d, signal %d, the child said: %s", child->status, child->signal,
                 child->said);
    assert_int_equal(child->status, 7);
}

static void skip_under_tsan(void)
{
#ifdef WEFT__TSAN
    skip();
#endif
}

/* TSan allows no new thread in a child, and qemu-user breaks on one. */
static void skip_where_children_have_one_thread(void)
{
    skip_under_tsan();
    if (is_emulated())
        skip();
}

/* ---- hogs ---- */

/* Some limits longer: it must not be told again. */
static void compute(void)
{
    const int64_t wait_ms = 100;
    int64_t until_ms;

    while (!is_seen)
        ;
    until_ms = child_now_ms() + wait_ms;
    while (child_now_ms() < until_ms)
        ;
}

static void wait_in_the_kernel(void)
{
    char byte;

    while (read(pipe_ends[0], &byte, 1) < 0)
        expect(errno == EINTR);
}

static int run_computing_hog(const void *argument)
{
    (void)argument;
    watch("20ms");
    overhear("#0 ", see);
    go_with(&named, compute);
    go(nothing);
    weft_yield();
    return 7;
}

static int run_waiting_hog(const void *argument)
{
    (void)argument;
    watch("20ms");
    overhear("#0 ", see);
    go_with(&named, wait_in_the_kernel);
    go(nothing);
    weft_yield();
    return 7;
}

static void a_thread_that_computes_is_named_once(void **state)
{
    struct child child;

    (void)state;
    skip_under_tsan(); /* it keeps signals back until a call that it knows */
    child = child_run(run_computing_hog, NULL);
    assert_named(&child, "compute");
}

static void a_thread_that_waits_in_the_kernel_is_named(void **state)
{
    struct child child;

    (void)state;
    skip_under_tsan(); /* it keeps signals back until a call that it knows */
    child = child_run(run_waiting_hog, NULL);
    assert_named(&child, "wait_in_the_kernel");
}

static void *run_hog_elsewhere(void *argument)
{
    expect(run_computing_hog(argument) == 7);
    return NULL;
}

static int run_on_another_os_thread(const void *argument)
{
    pthread_t os_thread;

    (void)argument;
    pthread_create(&os_thread, NULL, run_hog_elsewhere, NULL);
    pthread_join(os_thread, NULL);
    return 7;
}

static void a_thread_on_another_os_thread_is_named(void **state)
{
    struct child child;

    (void)state;
    skip_under_tsan(); /* it keeps signals back until a call that it knows */
    child = child_run(run_on_another_os_thread, NULL);
    assert_named(&child, "compute");
}

static int fork_first(const void *argument)
{
    int how = 0;
    pid_t pid;

    watch("20ms");
    weft_yield();
    pid = fork();
    if (pid == 0)
        _exit(run_computing_hog(argument));
    while (waitpid(pid, &how, 0) < 0)
        expect(errno == EINTR);
    return WEXITSTATUS(how);
}

/* What the parent does meanwhile, in waitpid, is named as well. */
static void a_forks_child_has_a_watchdog_of_its_own(void **state)
{
    struct child child;

    (void)state;
    skip_where_children_have_one_thread();
    child = child_run(fork_first, NULL);
    assert_non_null(strstr(child.said, "weft: thread 2 'hog' (compute at "));
    assert_int_equal(child.status, 7);
}

/* ---- no hogs ---- */

static int sleep_for_long(const void *argument)
{
    (void)argument;
    watch("5ms");
    weft_sleep(WEFT_MS(100));
    return 7;
}

static void an_idle_worker_is_no_hog(void **state)
{
    struct child child = child_run(sleep_for_long, NULL);

    (void)state;
    assert_string_equal(child.said, "");
    assert_int_equal(child.status, 7);
}

static void yield_often(int turns)
{
    for (int i = 0; i < turns; i++)
        weft_yield();
}

static int yield_alone_and_with_others(const void *argument)
{
    (void)argument;
    watch("2s");
    yield_often(100000);
    go(yield_often, 100000);
    yield_often(100000);
    return 7;
}

static void threads_that_yield_are_no_hogs(void **state)
{
    struct child child = child_run(yield_alone_and_with_others, NULL);

    (void)state;
    assert_string_equal(child.said, "");
    assert_int_equal(child.status, 7);
}

/* As by a debugger: for longer than is allowed. */
static int be_stopped(const void *argument)
{
    pid_t stopped = getpid(), pid;

    (void)argument;
    watch("1s");
    weft_yield();
    pid = fork();
    if (pid == 0) {
        close(STDERR_FILENO);
        usleep(1500 * 1000);
        kill(stopped, SIGCONT);
        _exit(0);
    }
    raise(SIGSTOP);
    weft_yield();
    return 7;
}

static void a_process_that_was_stopped_has_no_hog(void **state)
{
    struct child child;

    (void)state;
    skip_where_children_have_one_thread();
    child = child_run(be_stopped, NULL);
    assert_string_equal(child.said, "");
    assert_int_equal(child.status, 7);
}

/* ---- its OS thread and its signal ---- */

static int count_os_threads(const void *limit)
{
    int before = os_threads();

    if (limit)
        watch(limit);
    weft_yield();
    return os_threads() - before;
}

static void it_is_there_only_if_asked_for(void **state)
{
    struct child without, with, wrong;

    (void)state;
    skip_under_tsan(); /* it has a thread of its own */
    without = child_run(count_os_threads, NULL);
    with = child_run(count_os_threads, "1s");
    wrong = child_run(count_os_threads, "1 s");
    assert_int_equal(without.status, 0);
    assert_int_equal(with.status, 1);
    assert_int_equal(wrong.status, 0);
    assert_string_equal(with.said, "");
    assert_string_equal(wrong.said, "weft: WEFT_WATCHDOG=1 s is ignored: not a duration; say 100ms "
                                    "(or ns, us, s)\n");
}

static int fail_to_start(const void *argument)
{
    int before = os_threads();

    (void)argument;
    watch("5ms");
    faults_install();
    faults_fail(1U << FAULT_PTHREAD_CREATE, 1, 1);
    weft_yield();
    expect(faults->has_failed);
    expect(os_threads() == before);
    return weft_sleep(WEFT_MS(1)) == 0 ? 7 : 1;
}

static void without_memory_for_it_the_program_goes_on(void **state)
{
    struct child child = child_run(fail_to_start, NULL);

    (void)state;
    assert_string_equal(child.said, "");
    assert_int_equal(child.status, 7);
}

static void end_on_urgent(int signo)
{
    _exit(signo == SIGURG ? 7 : 1);
}

static int be_urged(const void *argument)
{
    (void)argument;
    signal(SIGURG, end_on_urgent);
    watch("10s");
    weft_yield();
    raise(SIGURG);
    return 1;
}

static void the_programs_own_handler_of_its_signal_is_called(void **state)
{
    struct child child = child_run(be_urged, NULL);

    (void)state;
    assert_int_equal(child.status, 7);
}

static int64_t paused_ns;
static int pauses;

static int note_pause(clockid_t clock, int flags, const struct timespec *pause,
                      struct timespec *left)
{
    __atomic_store_n(&paused_ns, pause->tv_sec * WEFT_SEC(1) + pause->tv_nsec, __ATOMIC_RELAXED);
    __atomic_add_fetch(&pauses, 1, __ATOMIC_RELEASE);
    return clock_nanosleep(clock, flags, pause, left);
}

static int have_a_limit_of_a_microsecond(const void *argument)
{
    (void)argument;
    weft__calls.clock_nanosleep = note_pause;
    watch("1us");
    while (__atomic_load_n(&pauses, __ATOMIC_ACQUIRE) < 3)
        weft_yield();
    return __atomic_load_n(&paused_ns, __ATOMIC_RELAXED) == 250000 ? 7 : 1;
}

static void it_looks_four_thousand_times_a_second_at_most(void **state)
{
    struct child child = child_run(have_a_limit_of_a_microsecond, NULL);

    (void)state;
    assert_int_equal(child.status, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_that_computes_is_named_once),
        cmocka_unit_test(a_thread_that_waits_in_the_kernel_is_named),
        cmocka_unit_test(a_thread_on_another_os_thread_is_named),
        cmocka_unit_test(a_forks_child_has_a_watchdog_of_its_own),
        cmocka_unit_test(an_idle_worker_is_no_hog),
        cmocka_unit_test(threads_that_yield_are_no_hogs),
        cmocka_unit_test(a_process_that_was_stopped_has_no_hog),
        cmocka_unit_test(it_is_there_only_if_asked_for),
        cmocka_unit_test(without_memory_for_it_the_program_goes_on),
        cmocka_unit_test(the_programs_own_handler_of_its_signal_is_called),
        cmocka_unit_test(it_looks_four_thousand_times_a_second_at_most),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
