/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sched.h"

enum { REPORT_THREADS_MAX = 20 /* named one by one */ };

void weft__print_thread(struct weft_print *p, const struct weft_thread *t)
{
    const char *name = weft__thread_name(t);

    weft__print(p, "thread %u ", weft__thread_slot(t) + 1);
    if (name)
        weft__print(p, "'%s' ", name);
    weft__print(p, "(%s)", t->site);
}

void weft__mistake(const char *format, ...)
{
    const struct weft_worker *w = weft__self;
    const struct weft_thread *t = w && w->current ? w->current->thread : NULL;
    char buffer[WEFT__PRINT_BYTES];
    struct weft_print p = weft__print_to(STDERR_FILENO, buffer, sizeof buffer);
    va_list values;

    weft__print(&p, "weft: ");
    if (t)
        weft__print_thread(&p, t);
    else
        weft__print(&p, "outside of any thread");
    weft__print(&p, ": ");
    va_start(values, format);
    weft__print_values(&p, format, values);
    va_end(values);
    weft__print(&p, "\n");
    weft__print_flush(&p);
    abort();
}

struct report_count {
    const struct weft_worker *worker;
    unsigned parked;
    unsigned
        held; /* of these, bodies that wait for their generators to be asked, and nothing else */
    unsigned shown;
    struct weft_print *out;
};

static bool report_is_parked(const struct weft_thread *t)
{
    return t->state == WEFT__THREAD_STARTED && t->at.control->wait;
}

static void report_count_parked(struct weft_thread *t, void *data)
{
    struct report_count *count = data;

    if (!report_is_parked(t))
        return;
    count->parked++;
    count->held += t->at.control->wait->held && weft__thread_handle(t) != count->worker->forked;
}

static void report_parked(struct weft_thread *t, void *data)
{
    struct report_count *count = data;

    if (!report_is_parked(t) || count->shown == REPORT_THREADS_MAX)
        return;
    count->shown++;
    weft__print(count->out, "  ");
    weft__print_thread(count->out, t);
    weft__print(count->out, ": ");
    t->at.control->wait->describe(t->at.control, count->out);
    weft__print(count->out, "\n");
}

/* The limit that a refused stack ran into, and what raises it. */
static const char *report_remedy(const struct weft_stacks *s)
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

static void report_starved(const struct weft_worker *w, struct weft_print *out)
{
    const struct weft_stacks *s = &w->stacks;

    weft__print(out, "weft: %u thread%s never got a stack: %s: %s; %s\n", w->starving,
                w->starving == 1 ? "" : "s", s->failed_call, strerror(s->failed_errno),
                report_remedy(s));
}

static void report_deadlock(struct weft_worker *w, struct report_count *count)
{
    weft__print(count->out, "weft: deadlock: %u thread%s parked, and nothing can ever wake %s\n",
                count->parked, count->parked == 1 ? " is" : "s are",
                count->parked == 1 ? "it" : "them");
    weft__thread_each(&w->threads, report_parked, count);
    if (count->parked > count->shown)
        weft__print(count->out, "  and %u more\n", count->parked - count->shown);
}

void weft__report_stuck(struct weft_worker *w)
{
    char buffer[WEFT__PRINT_BYTES];
    struct weft_print out = weft__print_to(STDERR_FILENO, buffer, sizeof buffer);
    struct report_count count = {.worker = w, .out = &out};

    if (w->deadlock_returns && w->root.wait && !w->root.wait->deaf) {
        weft__interrupt(w, &w->root, -EDEADLK);
        return;
    }
    weft__thread_each(&w->threads, report_count_parked, &count);
    if (!w->root.thread && count.parked == count.held && !w->starving)
        exit(EXIT_SUCCESS); /* a fork's child whose only thread has ended */
    if (w->starving)
        report_starved(w, &out);
    report_deadlock(w, &count);
    weft__print_flush(&out);
    exit(2);
}
