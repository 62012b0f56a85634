/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sched.h"

enum {
    REPORT_LINE_BYTES = 512,
    REPORT_THREADS_MAX = 20, /* named one by one */
};

static void report_write(const char *line, size_t size)
{
    while (size > 0) {
        ssize_t done = write(STDERR_FILENO, line, size);

        if (done <= 0 && errno != EINTR)
            return;
        if (done > 0) {
            line += done;
            size -= (size_t)done;
        }
    }
}

__attribute__((format(printf, 1, 0))) static void report_vline(const char *format, va_list values)
{
    char line[REPORT_LINE_BYTES];
    int size = vsnprintf(line, sizeof line - 1, format, values);

    if (size < 0)
        return;
    if ((size_t)size > sizeof line - 2)
        size = (int)sizeof line - 2;
    line[size] = '\n';
    report_write(line, (size_t)size + 1);
}

__attribute__((format(printf, 1, 2))) static void report_line(const char *format, ...)
{
    va_list values;

    va_start(values, format);
    report_vline(format, values);
    va_end(values);
}

/* "thread 3 'parser' (worker at main.c:12)" */
static void report_name(char *out, size_t size, const struct weft_thread *t)
{
    if (weft__thread_name(t))
        snprintf(out, size, "thread %u '%s' (%s)", weft__thread_slot(t) + 1, weft__thread_name(t),
                 t->site);
    else
        snprintf(out, size, "thread %u (%s)", weft__thread_slot(t) + 1, t->site);
}

void weft__mistake(const char *format, ...)
{
    const struct weft_worker *w = weft__self;
    const struct weft_thread *t = w && w->current ? w->current->thread : NULL;
    char name[REPORT_LINE_BYTES / 2] = "outside of any thread", sentence[REPORT_LINE_BYTES / 2];
    va_list values;

    if (t)
        report_name(name, sizeof name, t);
    va_start(values, format);
    vsnprintf(sentence, sizeof sentence, format, values);
    va_end(values);
    report_line("weft: %s: %s", name, sentence);
    abort();
}

struct report_count {
    const struct weft_worker *worker;
    unsigned parked;
    unsigned
        held; /* of these, bodies that wait for their generators to be asked, and nothing else */
    unsigned shown;
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
    char name[REPORT_LINE_BYTES / 2], wait[REPORT_LINE_BYTES / 2];

    if (!report_is_parked(t) || count->shown == REPORT_THREADS_MAX)
        return;
    count->shown++;
    report_name(name, sizeof name, t);
    t->at.control->wait->describe(t->at.control, wait, sizeof wait);
    report_line("  %s: %s", name, wait);
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

static void report_starved(const struct weft_worker *w)
{
    const struct weft_stacks *s = &w->stacks;

    report_line("weft: %u thread%s never got a stack: %s: %s; %s", w->starving,
                w->starving == 1 ? "" : "s", s->failed_call, strerror(s->failed_errno),
                report_remedy(s));
}

static void report_deadlock(struct weft_worker *w, struct report_count *count)
{
    report_line("weft: deadlock: %u thread%s parked, and nothing can ever wake %s", count->parked,
                count->parked == 1 ? " is" : "s are", count->parked == 1 ? "it" : "them");
    weft__thread_each(&w->threads, report_parked, count);
    if (count->parked > count->shown)
        report_line("  and %u more", count->parked - count->shown);
}

void weft__report_stuck(struct weft_worker *w)
{
    struct report_count count = {.worker = w};

    if (w->deadlock_returns && w->root.wait && !w->root.wait->deaf) {
        weft__interrupt(w, &w->root, -EDEADLK);
        return;
    }
    weft__thread_each(&w->threads, report_count_parked, &count);
    if (!w->root.thread && count.parked == count.held && !w->starving)
        exit(EXIT_SUCCESS); /* a fork's child whose only thread has ended */
    if (w->starving)
        report_starved(w);
    report_deadlock(w, &count);
    exit(2);
}
