/* SPDX-License-Identifier: MIT */
#include "schedule.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "chain.h"
#include "runtime/calls.h"
#include "runtime/sched.h"

void weft__schedule_tell(void)
{
    static uint32_t is_told; /* what is said of a deadlock is not said again at the exit */
    const struct weft_worker *w = weft__self;
    char buffer[WEFT__PRINT_BYTES];
    struct weft_print out = weft__print_to(STDERR_FILENO, buffer, sizeof buffer);

    if (!w || !w->oracle.tell || __atomic_exchange_n(&is_told, 1, __ATOMIC_RELAXED))
        return;
    weft__print(&out, "weft: this run's schedule: ");
    w->oracle.tell(w->oracle.state, &out);
    weft__print(&out, "\n");
    weft__print_flush(&out);
}

/* ---- signals: these end a program that has not foreseen them ---- */

static const int schedule_signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};

enum { SCHEDULE_SIGNALS = sizeof schedule_signals / sizeof schedule_signals[0] };

static struct weft_chain schedule_chains[SCHEDULE_SIGNALS];

static void schedule_handle(int signo, siginfo_t *info, void *context)
{
    weft__schedule_tell();
    for (int i = 0; i < SCHEDULE_SIGNALS; i++)
        if (schedule_signals[i] == signo)
            weft__chain_pass(&schedule_chains[i], info, context);
}

/* ---- exit ---- */

static void schedule_at_exit(int status, void *nothing)
{
    (void)nothing;
    if (status != 0)
        weft__schedule_tell();
}

void weft__schedule_watch(void)
{
    static uint32_t is_watched;

    if (__atomic_exchange_n(&is_watched, 1, __ATOMIC_RELAXED))
        return;
    for (int i = 0; i < SCHEDULE_SIGNALS; i++)
        weft__chain_install(&schedule_chains[i], schedule_signals[i], schedule_handle);
    weft__calls.on_exit(schedule_at_exit, NULL);
}
