/* SPDX-License-Identifier: MIT */
#include "stuck.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abandoned.h"
#include "aside.h"
#include "leaks.h"
#include "listing.h"
#include "runtime/sched.h"
#include "schedule.h"
#include "runtime/unwind/unwind.h"

/* The limit that a refused stack ran into, and what raises it. */
static const char *stuck_remedy(const struct weft_stacks *s)
{
    if (strcmp(s->failed_call, "mprotect") == 0)
        return "two mappings a stack are used here and vm.max_map_count is the limit: raise it by "
               "`sysctl -w vm.max_map_count=N`, or use Linux 6.13 or later, which needs none";
    if (strcmp(s->failed_call, "guard probe") == 0)
        return "this system makes no guard pages, and weft runs nothing without one";
    if (s->guard.way == WEFT__GUARD_MPROTECT) /* whoever asks for the last mapping is refused */
        return "two mappings a stack are used here: if vm.max_map_count is the limit, raise it by "
               "`sysctl -w vm.max_map_count=N`, or use Linux 6.13 or later, which needs none; else "
               "raise `ulimit -v` or the memory limit of the group";
    return "address space or memory is the limit: raise `ulimit -v`, vm.overcommit_memory or the "
           "memory limit of the group, or use smaller stacks (weft_stack_default)";
}

static void stuck_starved(const struct weft_worker *w, struct weft_print *out)
{
    const struct weft_stacks *s = &w->stacks;

    weft__print(out, "weft: %u thread%s never got a stack: %s: %s; %s\n", w->starving,
                w->starving == 1 ? "" : "s", s->failed_call, strerror(s->failed_errno),
                stuck_remedy(s));
}

/* In a fork's child: the thread that forked, if it is a body that waits to be asked. */
static bool stuck_forked(const struct weft_worker *w)
{
    struct weft_thread *t;

    return w->forked && weft__thread_find(&w->threads, w->forked, &t) == WEFT__THREAD_FOUND &&
           weft__doing(w, t) == WEFT__DOING_SUSPENDED;
}

static void stuck_print_suspended(struct weft_print *out, uint32_t n)
{
    if (n == 0)
        return;
    weft__print(out, "  and ");
    weft__print_count(out, n);
    weft__print(out, n == 1 ? " generator is suspended until somebody asks it for a value\n"
                            : " generators are suspended until somebody asks them for a value\n");
}

static void stuck_report(struct weft_view *v, const struct weft_tally *tally)
{
    uint32_t parked = tally->of[WEFT__DOING_PARKED];

    weft__print(v->out, "weft: deadlock: ");
    weft__print_count(v->out, parked);
    weft__print(v->out, parked == 1 ? " thread is parked, and nothing can ever wake it\n"
                                    : " threads are parked, and nothing can ever wake them\n");
    weft__list(v, WEFT__LIST(WEFT__DOING_PARKED));
    stuck_print_suspended(v->out, tally->of[WEFT__DOING_SUSPENDED]);
    weft__view_hint(v);
}

struct stuck {
    struct weft_worker *worker;
    struct weft_registers here; /* where the last thread has parked */
    struct weft_tally tally;
};

static void stuck_tell(void *argument)
{
    const struct stuck *s = argument;
    char buffer[WEFT__PRINT_BYTES];
    struct weft_print out = weft__print_to(STDERR_FILENO, buffer, sizeof buffer);
    struct weft_view view = {.worker = s->worker, .here = &s->here, .out = &out};

    if (s->worker->starving)
        stuck_starved(s->worker, &out);
    stuck_report(&view, &s->tally);
    weft__print_flush(&out);
}

static const struct weft_worker *stuck_first; /* whose deadlock ends the process */

/* What has a lot to do, and runs exit's handlers, does it where there is room. A handler that parks as
 * well has nothing new to tell; another OS thread has, and leaves the handlers to the first. */
static void stuck_end(void *argument)
{
    struct stuck *s = argument;
    const struct weft_worker *first = NULL;
    bool is_first = __atomic_compare_exchange_n(&stuck_first, &first, s->worker, false,
                                                __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);

    if (first != s->worker)
        stuck_tell(s);
    weft__schedule_tell();
    weft__leaks_forget();
    while (!is_first && first != s->worker)
        pause();
    weft__unhook(s->worker->current); /* handlers may call weft: it is running then */
    exit(2);
}

/* A fork's child whose only thread has ended. */
static bool stuck_is_over(const struct stuck *s)
{
    return !s->worker->root.thread && s->tally.of[WEFT__DOING_PARKED] == 0 &&
           !stuck_forked(s->worker) && !s->worker->starving;
}

void weft__stuck_tell(struct weft_worker *w)
{
    struct stuck s = {.worker = w, .tally = weft__listing_count(w)};

    weft__registers_here(&s.here);
    weft__aside(w, stuck_tell, &s);
}

void weft__report_stuck(struct weft_worker *w)
{
    struct stuck s = {.worker = w};

    if (w->deadlock_returns && w->root.wait && !w->root.wait->deaf) {
        weft__interrupt(w, &w->root, -EDEADLK);
        return;
    }
    weft__sched_now(w);
    s.tally = weft__listing_count(w);
    if (stuck_is_over(&s))
        exit(EXIT_SUCCESS);
    weft__abandoned_look_last(w);
    weft__registers_here(&s.here);
    weft__aside(w, stuck_end, &s);
}
