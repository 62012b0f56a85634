/* SPDX-License-Identifier: MIT */
/* On a signal every worker of the process tells what its threads do: at once if it is idle, else where
 * its running thread is, and the rest when that thread calls weft, or at a second signal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <weft.h>

#include "child.h"
#include "expect.h"
#include "overheard.h"
#include "runtime/calls.h"
#include "runtime/reports/roster.h"
#include "runtime/sched.h"
#include "runtime/unwind/unwind.h"

static const struct weft_spawn_opts named_small = {
    .size = sizeof named_small, .stack_bytes = 16 * 1024, .name = "small"};
static const struct weft_spawn_opts named_sleeper = {.size = sizeof named_sleeper,
                                                     .name = "sleeper"};

static void say(const char *text)
{
    if (write(STDERR_FILENO, text, strlen(text)) < 0)
        _exit(1);
}

static void ask_for_dumps(const char *signal)
{
    setenv("WEFT_DUMP_SIGNAL", signal, 1);
}

static void sleep_on(void)
{
    weft_sleep(WEFT_FOREVER);
}

/* ThreadSanitizer keeps signals back until the OS thread makes a call that it knows. */
static void skip_if_signals_are_late(void)
{
#ifdef WEFT__TSAN
    skip();
#endif
}

/* ---- a worker that runs a thread ---- */

static void be_asked(int times)
{
    for (int i = 0; i < times; i++) {
        errno = 77;
        kill(getpid(), SIGUSR1);
        expect(errno == 77);
        say("asked\n");
    }
}

static int be_asked_and_go_on(const void *argument)
{
    (void)argument;
    ask_for_dumps("USR1");
    go_with(&named_sleeper, sleep_on);
    weft_yield();
    be_asked(1);
    for (int i = 0; i < 200; i++)
        weft_yield();
    say("gone on\n");
    return 7;
}

/* Each is said, in this order. */
static void assert_said(const struct child *child, const char *const *parts, size_t n)
{
    const char *at = child->said;

    for (size_t i = 0; i < n; i++) {
        const char *found = strstr(at, parts[i]);

        if (found)
            at = found + strlen(parts[i]);
        else
            fail_msg("status %d, signal %d, '%s' is missing in: %s", child->status, child->signal,
                     parts[i], child->said);
    }
}

#define ASSERT_SAID(child, ...)                            \
    assert_said(child, (const char *const[]){__VA_ARGS__}, \
                sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static const char *const all_others =
    "; all others are told of when it next calls weft, or at the next such signal\n    #0 ";

static void a_running_thread_is_told_at_once_and_the_others_when_it_calls_weft(void **state)
{
    struct child child = child_run(be_asked_and_go_on, NULL);

    (void)state;
    ASSERT_SAID(&child, "weft: running: thread 1 (main)", all_others, "asked\n", "'sleeper'",
                "gone on\n");
    assert_int_equal(child.status, 7);
}

static int be_asked_twice(const void *argument)
{
    (void)argument;
    ask_for_dumps("SIGUSR1");
    go_with(&named_sleeper, sleep_on);
    weft_yield();
    be_asked(2);
    return 7;
}

static void a_second_signal_tells_all(void **state)
{
    struct child child = child_run(be_asked_twice, NULL);

    (void)state;
    ASSERT_SAID(&child, "weft: running: thread 1 (main)", all_others, "asked\n", "'sleeper'",
                "asked\n");
    assert_int_equal(child.status, 7);
}

static int be_asked_on_a_small_stack(const void *argument)
{
    (void)argument;
    ask_for_dumps("10");
    go_with(&named_small, be_asked, 2);
    weft_yield();
    return 7;
}

static void it_takes_no_room_on_a_small_stack(void **state)
{
    struct child child = child_run(be_asked_on_a_small_stack, NULL);

    (void)state;
    ASSERT_SAID(&child, "weft: running: thread 2 'small' (be_asked at ", all_others, "asked\n",
                "'small'", "asked\n");
    assert_int_equal(child.status, 7);
}

static void yield_on(int turns)
{
    for (int i = 0; i < turns; i++)
        weft_yield();
}

static int be_asked_and_yield_on_a_small_stack(const void *argument)
{
    (void)argument;
    ask_for_dumps("USR1");
    weft_yield();
    be_asked(1);
    go_with(&named_small, yield_on, 200);
    weft_sleep(1);
    return 7;
}

/* The stack is written on to its end without the guard's being met. */
static void what_is_told_by_a_thread_fits_on_a_small_stack(void **state)
{
    struct child child;

    (void)state;
    if (frames_are_large())
        skip();
    child = child_run(be_asked_and_yield_on_a_small_stack, NULL);
    ASSERT_SAID(&child, "asked\n", "'small'");
    assert_int_equal(child.status, 7);
}

/* ---- idle workers ---- */

static const struct weft_worker *volatile idlers[2];

static WEFT__NOT_SANITIZED bool is_idle(const volatile struct weft_worker *w)
{
    return w && w->is_idle;
}

static void *idle(void *number)
{
    weft_yield();
    idlers[(intptr_t)number] = weft__self;
    go_with(&named_sleeper, sleep_on);
    weft_sleep(WEFT_SEC(1000));
    return NULL;
}

static void end(void)
{
    _exit(7);
}

static void wait_for_idlers(int n)
{
    for (int i = 0; i < n; i++)
        while (!is_idle(idlers[i]))
            usleep(100);
}

/* It comes to an OS thread without a worker, which passes it on. */
static void *ask_when_idle(void *n)
{
    wait_for_idlers((int)(intptr_t)n);
    pthread_kill(pthread_self(), SIGUSR1);
    return NULL;
}

static int be_idle_when_asked(const void *argument)
{
    pthread_t asker;

    (void)argument;
    ask_for_dumps("USR1");
    overhear("'sleeper'", end);
    pthread_create(&asker, NULL, ask_when_idle, (void *)1);
    idle(NULL);
    return 1;
}

static void an_idle_worker_tells_at_once(void **state)
{
    struct child child;

    (void)state;
    skip_if_signals_are_late();
    child = child_run(be_idle_when_asked, NULL);
    ASSERT_SAID(&child, "weft: ", "'sleeper'");
    assert_null(strstr(child.said, "weft: running"));
    assert_int_equal(child.status, 7);
}

#ifdef WEFT__UNWIND

static int be_idle_until_all_is_told(const void *argument)
{
    pthread_t asker;

    (void)argument;
    ask_for_dumps("USR1");
    overhear("weft-lines", end);
    pthread_create(&asker, NULL, ask_when_idle, (void *)1);
    idle(NULL);
    return 1;
}

/* The worker waits on the stack of the thread that parked last: the frames of that wait used to be
 * told as the thread's. */
static void an_idle_worker_tells_of_no_frames_of_its_own(void **state)
{
    struct child child;
    const char *sleeper;

    (void)state;
    skip_if_signals_are_late();
    child = child_run(be_idle_until_all_is_told, NULL);
    assert_int_equal(child.status, 7);
    sleeper = strstr(child.said, "'sleeper'");
    assert_non_null(sleeper);
    assert_null(strstr(sleeper, "    #1 ")); /* it has one frame, or none where calls are jumps */
}

#endif

static void end_if_twice(void)
{
    const char *first = strstr(overheard, "'sleeper'");

    while (!strstr(first + 1, "'sleeper'")) {
        size_t size = strlen(overheard);
        ssize_t got = read(overheard_from, overheard + size, sizeof overheard - 1 - size);

        if (got <= 0 || write(overheard_to, overheard + size, (size_t)got) != got)
            _exit(1);
    }
    _exit(7);
}

static int two_be_idle_when_asked(const void *argument)
{
    pthread_t asker, other;

    (void)argument;
    ask_for_dumps("USR1");
    overhear("'sleeper'", end_if_twice);
    pthread_create(&other, NULL, idle, (void *)1);
    pthread_create(&asker, NULL, ask_when_idle, (void *)2);
    idle(NULL);
    return 1;
}

static void all_workers_of_the_process_tell(void **state)
{
    struct child child;

    (void)state;
    skip_if_signals_are_late();
    child = child_run(two_be_idle_when_asked, NULL);
    assert_int_equal(child.status, 7);
}

static int refuse(pid_t tid, int signo, siginfo_t *info)
{
    (void)tid;
    (void)signo;
    (void)info;
    errno = EAGAIN;
    return -1;
}

/* be_asked looks at errno. */
static int be_asked_beside_one_out_of_reach(const void *argument)
{
    pthread_t other;

    (void)argument;
    ask_for_dumps("USR1");
    weft_yield();
    pthread_create(&other, NULL, idle, NULL);
    wait_for_idlers(1);
    weft__calls.sigqueue = refuse;
    be_asked(1);
    return 7;
}

static void one_that_cannot_be_told_changes_nothing_for_the_others(void **state)
{
    struct child child = child_run(be_asked_beside_one_out_of_reach, NULL);

    (void)state;
    ASSERT_SAID(&child, "weft: running: thread ", all_others, "asked\n");
    assert_int_equal(child.status, 7);
}

/* ---- fork, and the program's own handler ---- */

static int fork_and_be_asked(const void *argument)
{
    int how = 0;
    pid_t pid;

    (void)argument;
    ask_for_dumps("USR1");
    weft_yield();
    pid = fork();
    if (pid == 0) {
        be_asked(2);
        _exit(weft__seat_tid(0) == getpid() && weft__seat_tid(1) == 0 ? 7 : 1);
    }
    while (waitpid(pid, &how, 0) < 0)
        expect(errno == EINTR);
    return WIFEXITED(how) ? WEXITSTATUS(how) : 1;
}

static void a_forks_child_tells_of_itself(void **state)
{
    struct child child = child_run(fork_and_be_asked, NULL);

    (void)state;
    ASSERT_SAID(&child, "weft: running: thread 1 (main)", "asked\n", "thread 1 (main)", "asked\n");
    assert_int_equal(child.status, 7);
}

static volatile int handled;

static void count_handled(int signo)
{
    handled += signo == SIGUSR1;
}

static int have_a_handler(const void *argument)
{
    (void)argument;
    signal(SIGUSR1, count_handled);
    ask_for_dumps("USR1");
    weft_yield();
    be_asked(2);
    return handled == 2 ? 7 : 1;
}

static void the_programs_own_handler_is_called_too(void **state)
{
    struct child child = child_run(have_a_handler, NULL);

    (void)state;
    ASSERT_SAID(&child, "weft: running: thread 1 (main)", "asked\n");
    assert_int_equal(child.status, 7);
}

static int be_asked_to_quit(const void *argument)
{
    (void)argument;
    ask_for_dumps("QUIT");
    weft_yield();
    raise(SIGQUIT);
    return 7;
}

static void a_signal_that_would_end_the_process_does_not(void **state)
{
    struct child child = child_run(be_asked_to_quit, NULL);

    (void)state;
    ASSERT_SAID(&child, "weft: running: thread 1 (main)");
    assert_int_equal(child.status, 7);
}

static int ask_for(const void *name)
{
    ask_for_dumps(name);
    weft_yield();
    return 7;
}

static void what_is_no_such_signal_is_said(void **state)
{
    const struct {
        const char *name, *said;
    } table[] = {
        {"", ""},
        {"RTMIN+1", ""},
        {"TERM", ""},
        {"USR3", "weft: WEFT_DUMP_SIGNAL=USR3 is ignored: no such signal; say USR1, SIGUSR1 or "
                 "10\n"},
        {"KILL", "weft: WEFT_DUMP_SIGNAL=KILL is ignored: no program can handle that signal; say "
                 "USR1\n"},
        {"19", "weft: WEFT_DUMP_SIGNAL=19 is ignored: no program can handle that signal; say "
               "USR1\n"},
        {"SIGSEGV", "weft: WEFT_DUMP_SIGNAL=SIGSEGV is ignored: that signal reports faults; say "
                    "USR1\n"},
        {"URG", "weft: WEFT_DUMP_SIGNAL=URG is ignored: the watchdog needs that signal; say "
                "USR1\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct child child = child_run(ask_for, table[i].name);

        assert_string_equal(child.said, table[i].said);
        assert_int_equal(child.status, 7);
    }
}

/* ---- a worker between two threads ---- */

static void nothing(void) {}

static bool was_between;

/* Asks when the last thread has ended and the next has not begun. */
static uint32_t ask_between(void *state, uint32_t n, enum weft__choice kind)
{
    (void)state;
    (void)n;
    (void)kind;
    if (!was_between && !weft__self->current->thread) {
        was_between = true;
        be_asked(1);
    }
    return 0;
}

static int be_between_when_asked(const void *argument)
{
    (void)argument;
    ask_for_dumps("USR1");
    go_with(&named_sleeper, sleep_on);
    weft_yield();
    weft__sched_set_oracle(weft__self, ask_between, NULL);
    for (int i = 0; i < 3; i++)
        go(nothing);
    weft_yield();
    return was_between ? 7 : 1;
}

static void a_worker_that_runs_no_thread_says_so(void **state)
{
    struct child child = child_run(be_between_when_asked, NULL);

    (void)state;
    skip_if_signals_are_late();
    assert_int_equal(child.status, 7);
    ASSERT_SAID(&child,
                "weft: running: no thread, the next is being chosen; all others are told of",
                "asked\n", "'sleeper'");
}

static struct weft_control *listener;
static bool has_polled;

static void ask_before_it_waits(struct weft_worker *w, int64_t ns)
{
    (void)ns;
    w->idles = NULL;
    be_asked(1);
}

/* What comes from outside comes at once, if it is waited for. */
static void wait_outside(struct weft_worker *w, int64_t until_ns)
{
    if (until_ns == INT64_MIN) {
        has_polled = true;
        return;
    }
    say("waits\n");
    w->outside.awaited = 0;
    weft__interrupt(w, listener, -EIO);
}

static int be_about_to_wait_when_asked(const void *argument)
{
    chan(int) never;

    (void)argument;
    ask_for_dumps("USR1");
    setenv("WEFT_CLOCK", "virtual", 1);
    go_with(&named_sleeper, sleep_on);
    never = chan_new(int);
    listener = weft__self->current;
    weft__self->idles = ask_before_it_waits;
    weft__self->outside.wait = wait_outside;
    weft__self->outside.awaited = 1;
    return chan_recv(never, NULL) == -EIO && has_polled ? 7 : 1;
}

static void a_worker_that_is_about_to_wait_tells_before(void **state)
{
    struct child child = child_run(be_about_to_wait_when_asked, NULL);

    (void)state;
    skip_if_signals_are_late();
    assert_int_equal(child.status, 7);
    ASSERT_SAID(&child, "weft: running: ", "asked\n", "'sleeper'", "waits\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_running_thread_is_told_at_once_and_the_others_when_it_calls_weft),
        cmocka_unit_test(a_second_signal_tells_all),
        cmocka_unit_test(it_takes_no_room_on_a_small_stack),
        cmocka_unit_test(what_is_told_by_a_thread_fits_on_a_small_stack),
        cmocka_unit_test(an_idle_worker_tells_at_once),
#ifdef WEFT__UNWIND
        cmocka_unit_test(an_idle_worker_tells_of_no_frames_of_its_own),
#endif
        cmocka_unit_test(all_workers_of_the_process_tell),
        cmocka_unit_test(one_that_cannot_be_told_changes_nothing_for_the_others),
        cmocka_unit_test(a_forks_child_tells_of_itself),
        cmocka_unit_test(the_programs_own_handler_is_called_too),
        cmocka_unit_test(a_signal_that_would_end_the_process_does_not),
        cmocka_unit_test(what_is_no_such_signal_is_said),
        cmocka_unit_test(a_worker_that_runs_no_thread_says_so),
        cmocka_unit_test(a_worker_that_is_about_to_wait_tells_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
