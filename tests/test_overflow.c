/* SPDX-License-Identifier: MIT */
/* A green thread that outgrows its stack meets the guard page, and nothing else: the process dies
 * of SIGSEGV at an address inside it, and no other thread's stack was written to. Each case is a
 * child process: so many threads are parked, and one of them is sent off. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdbool.h>

#include <weft.h>

#include "child.h"
#include "runtime/calls.h"
#include "runtime/guard.h"
#include "runtime/sched.h"

enum { THREADS = 100, CANARY_BYTES = 300, FRAME_BYTES = 200, NOT_HERE = 77 };

struct overflow {
    enum weft__guard_way way; /* how guards are made */
    int victim;               /* which of the threads overflows */
    size_t stack_bytes;
};

/* ---- ways of making guards ---- */

static struct weft__calls real_calls;

static ssize_t no_batch(const struct iovec *ranges, size_t n, int advice)
{
    if (advice == WEFT__MADV_GUARD_INSTALL) {
        errno = EINVAL;
        return -1;
    }
    return real_calls.process_madvise(ranges, n, advice);
}

static int no_marker(void *at, size_t size, int advice)
{
    if (advice == WEFT__MADV_GUARD_INSTALL) {
        errno = EINVAL;
        return -1;
    }
    return real_calls.madvise(at, size, advice);
}

static void force(enum weft__guard_way way)
{
    real_calls = weft__calls;
    if (way > WEFT__GUARD_BATCH)
        weft__calls.process_madvise = no_batch;
    if (way > WEFT__GUARD_MADVISE)
        weft__calls.madvise = no_marker;
}

/* ---- in the child ---- */

static volatile unsigned char *canaries[THREADS];
static int victim;
static volatile uint64_t depth_max = UINT64_MAX; /* unknown to the compiler */

static void say(const char *text)
{
    if (write(STDERR_FILENO, text, strlen(text)) < 0)
        _exit(1);
}

static bool canaries_live(void)
{
    for (int i = 0; i < THREADS; i++)
        for (size_t k = 0; i != victim && k < CANARY_BYTES; k++)
            if (canaries[i][k] != (unsigned char)(i + 1))
                return false;
    return true;
}

/* Once it returns, the same fault kills the process. */
static void handle_fault(int signo, siginfo_t *info, void *context)
{
    const char *guard = weft__self->current->base;
    const char *at = info->si_addr;

    (void)context;
    if (at >= guard && at < guard + weft__self->stacks.guard.page_bytes)
        say("in the guard;");
    else
        say("elsewhere;");
    say(canaries_live() ? "others untouched\n" : "others overwritten\n");
    signal(signo, SIG_DFL);
}

static void catch_faults(void)
{
    static char alternate[64 * 1024];
    const stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
    struct sigaction action = {.sa_sigaction = handle_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};

    sigaltstack(&stack, NULL);
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
}

static WEFT__NOINLINE uint64_t recurse(uint64_t depth)
{
    volatile char frame[FRAME_BYTES];

    for (size_t i = 0; i < FRAME_BYTES; i += 64)
        frame[i] = (char)depth;
    if (depth == depth_max)
        return 0;
    return recurse(depth + 1) + (uint64_t)frame[depth % FRAME_BYTES];
}

static void wait_and_overflow(int i, chan_rx(int) start)
{
    volatile unsigned char canary[CANARY_BYTES];

    for (size_t k = 0; k < CANARY_BYTES; k++)
        canary[k] = (unsigned char)(i + 1);
    canaries[i] = canary;
    chan_recv(start, NULL);
    if (i == victim)
        recurse(canary[0]);
}

static int overflow(const void *argument)
{
    const struct overflow *o = argument;
    const struct weft_spawn_opts opts = {.size = sizeof opts, .stack_bytes = o->stack_bytes};
    chan(int) starts[THREADS];

    setenv("WEFT_CLOCK", "virtual", 1);
    force(o->way);
    victim = o->victim;
    for (int i = 0; i < THREADS; i++) {
        starts[i] = chan_new(int);
        go_with(&opts, wait_and_overflow, i, starts[i]);
    }
    weft_sleep(1); /* all are parked now */
    if (weft__self->stacks.guard.way != o->way)
        return NOT_HERE;
    catch_faults();
    chan_send(starts[victim], 0);
    weft_sleep(1);
    return 1;
}

/* ---- */

static void assert_meets_guard(enum weft__guard_way way, size_t stack_bytes)
{
    const int victims[] = {0, THREADS / 2, THREADS - 1};

    for (size_t i = 0; i < sizeof victims / sizeof victims[0]; i++) {
        const struct overflow o = {way, victims[i], stack_bytes};
        struct child child = child_run(overflow, &o);

        if (child.status == NOT_HERE)
            skip(); /* not with this kernel */
        if (!strstr(child.said, "in the guard;others untouched\n"))
            fail_msg("the child said: %s", child.said);
        assert_int_equal(child.signal, SIGSEGV);
    }
}

static void an_overflow_meets_a_guard_made_in_a_batch(void **state)
{
    (void)state;
    assert_meets_guard(WEFT__GUARD_BATCH, 0);
}

static void an_overflow_meets_a_guard_made_by_a_marker(void **state)
{
    (void)state;
    assert_meets_guard(WEFT__GUARD_MADVISE, 0);
}

static void an_overflow_meets_a_guard_made_by_protection(void **state)
{
    (void)state;
    assert_meets_guard(WEFT__GUARD_MPROTECT, 0);
}

static void an_overflow_of_the_smallest_stack_meets_its_guard(void **state)
{
    (void)state;
    assert_meets_guard(WEFT__GUARD_MPROTECT, WEFT__STACK_BYTES_MIN);
}

static void an_overflow_of_a_large_stack_meets_its_guard(void **state)
{
    (void)state;
    assert_meets_guard(WEFT__GUARD_MPROTECT, 1024 * 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_overflow_meets_a_guard_made_in_a_batch),
        cmocka_unit_test(an_overflow_meets_a_guard_made_by_a_marker),
        cmocka_unit_test(an_overflow_meets_a_guard_made_by_protection),
        cmocka_unit_test(an_overflow_of_the_smallest_stack_meets_its_guard),
        cmocka_unit_test(an_overflow_of_a_large_stack_meets_its_guard),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
