/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "sched.h"

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
