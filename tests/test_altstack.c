/* SPDX-License-Identifier: MIT */
/* How much of an alternate stack the signal handlers use: it is painted, then they report as much as
 * there can be to report. The watchdog's handler is not among them: it does what the others do of a
 * running thread, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>

#include <weft.h>

#include "child.h"
#include "expect.h"
#include "runtime/base.h"
#include "runtime/reports/altstack.h"
#include "runtime/sanitize.h"

enum { PAINT = 0x5a, DEPTH = 100, SIGNALS = 2 };

static _Alignas(64) char alternate[256 * 1024];
static int left = 1; /* so many signals until it is measured */

/* ---- in the child ---- */

static size_t untouched(void)
{
    size_t n = 0;

    while (alternate[n] == PAINT)
        n++;
    return n;
}

/* Comes after ours, at its end. Ours begins where the kernel's context does. */
static void measure(int signo, siginfo_t *info, void *context)
{
    size_t used = (size_t)((char *)context - alternate) - untouched();

    (void)signo;
    (void)info;
    if (--left > 0)
        return;
    dprintf(STDERR_FILENO, "\nused: %zu\n", used);
    _exit(7);
}

static void run_on_paint(int signo)
{
    const stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
    const struct sigaction action = {.sa_sigaction = measure, .sa_flags = SA_SIGINFO | SA_ONSTACK};

    memset(alternate, PAINT, sizeof alternate);
    expect(sigaltstack(&stack, NULL) == 0);
    expect(sigaction(signo, &action, NULL) == 0);
}

static volatile uint64_t depth_max = UINT64_MAX; /* unknown to the compiler */

static WEFT__NOINLINE uint64_t recurse(uint64_t depth)
{
    volatile char frame[64];

    frame[depth % sizeof frame] = (char)depth;
    if (depth == depth_max)
        return 0;
    return recurse(depth + 1) + (uint64_t)frame[depth % sizeof frame];
}

static void overflow(void)
{
    recurse(0);
}

static int report_an_overflow(const void *unused)
{
    (void)unused;
    run_on_paint(SIGSEGV);
    go(overflow);
    weft_yield();
    return 1;
}

static chan(int) never;
static task(int) tasks[2];

static int join_the_other(int i)
{
    weft_yield();
    return task_join(tasks[1 - i]);
}

static WEFT__NOIPA int select_at_depth(int n)
{
    int got;

    if (n > 0)
        got = select_at_depth(n - 1) + 1;
    else
        got = chan_select(chan_case_recv(never, NULL), chan_case_send(never, 1));
    __asm__ volatile("" : "+r"(got)); /* else it becomes a loop */
    return got;
}

static void count(gen(int) self)
{
    for (int i = 0; gen_yield(self, i) == 0; i++)
        ;
}

static void sleep_on(void)
{
    weft_sleep(WEFT_SEC(1000));
}

/* One of each, rings, and stacks that are deep. */
static int report_all_threads(const void *unused)
{
    (void)unused;
    run_on_paint(SIGUSR1);
    setenv("WEFT_DUMP_SIGNAL", "USR1", 1);
    never = chan_new(int);
    gen_next(gen_new(int, count), NULL);
    go(sleep_on);
    go(select_at_depth, DEPTH);
    for (int i = 0; i < 2; i++)
        tasks[i] = spawn(join_the_other, i);
    for (int i = 0; i < 3; i++)
        weft_yield();
    left = SIGNALS; /* where it runs; then all the others */
    for (int i = 0; i < SIGNALS; i++)
        raise(SIGUSR1);
    return 1;
}

/* ---- */

/* What was measured with a third of it in reserve. */
static void assert_suffices(int (*program)(const void *), const char *of)
{
    struct child child;
    const char *said;
    size_t used = 0;

#ifdef WEFT__TSAN
    skip(); /* ThreadSanitizer calls handlers when it likes, with a context elsewhere */
#endif
    child = child_run(program, NULL);
    said = strstr(child.said, "\nused: ");
    if (child.status != 7 || !strstr(child.said, of) || !said ||
        sscanf(said, "\nused: %zu", &used) != 1)
        fail_msg("status %d, signal %d, it said: %s", child.status, child.signal, child.said);
    assert_in_range(used, 1000, WEFT__ALTSTACK_NEEDS * 3 / 4);
}

static void the_report_of_an_overflow_has_room(void **state)
{
    (void)state;
    assert_suffices(report_an_overflow, "weft: stack overflow in thread 2");
}

static void a_dump_of_all_threads_has_room(void **state)
{
    (void)state;
    assert_suffices(report_all_threads, "selecting");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_report_of_an_overflow_has_room),
        cmocka_unit_test(a_dump_of_all_threads_has_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
