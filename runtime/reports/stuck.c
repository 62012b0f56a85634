/* SPDX-License-Identifier: MIT */
#include "stuck.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abandoned.h"
#include "leaks.h"
#include "listing.h"
#include "runtime/sched.h"
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

/* In a frame of its own: what runs at exit may need the room on a small stack. False: there is nothing
 * to report. */
static WEFT__NOINLINE bool stuck_tell(struct weft_worker *w)
{
    char buffer[WEFT__PRINT_BYTES];
    struct weft_print out = weft__print_to(STDERR_FILENO, buffer, sizeof buffer);
    struct weft_registers here;
    struct weft_view view = {.worker = w, .here = &here, .out = &out};
    struct weft_tally tally = weft__listing_count(w);

    if (!w->root.thread && tally.of[WEFT__DOING_PARKED] == 0 && !stuck_forked(w) && !w->starving)
        return false;
    weft__abandoned_look_last(w);
    weft__registers_here(&here);
    if (w->starving)
        stuck_starved(w, &out);
    stuck_report(&view, &tally);
    weft__print_flush(&out);
    return true;
}

/* Handlers that run at exit may call weft, on this stack: the thread is running then, and waits for
 * nothing. */
static void stuck_take_off(struct weft_control *c)
{
    if (c->wait && c->wait->unhook)
        c->wait->unhook(c);
    c->wait = NULL;
}

void weft__report_stuck(struct weft_worker *w)
{
    static bool is_told; /* a handler that parks as well has nothing new to tell */

    if (w->deadlock_returns && w->root.wait && !w->root.wait->deaf) {
        weft__interrupt(w, &w->root, -EDEADLK);
        return;
    }
    if (!is_told && !stuck_tell(w))
        exit(EXIT_SUCCESS); /* a fork's child whose only thread has ended */
    is_told = true;
    weft__leaks_forget();
    stuck_take_off(w->current);
    exit(2);
}
