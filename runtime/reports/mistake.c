/* SPDX-License-Identifier: MIT */
/* weft__mistake: a sentence, where it happened, and the end. */
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "backtrace.h"
#include "runtime/report.h"
#include "runtime/sched.h"
#include "runtime/unwind/unwind.h"

void weft__mistake(const char *format, ...)
{
    const struct weft_worker *w = weft__self;
    const struct weft_control *c = w ? w->current : NULL;
    char buffer[WEFT__PRINT_BYTES];
    struct weft_print p = weft__print_to(STDERR_FILENO, buffer, sizeof buffer);
    struct weft_registers here;
    va_list values;

    weft__print(&p, "weft: ");
    if (c && c->thread)
        weft__print_thread(&p, c->thread);
    else
        weft__print(&p, "outside of any thread");
    weft__print(&p, ": ");
    va_start(values, format);
    weft__print_values(&p, format, values);
    va_end(values);
    weft__print(&p, "\n");
    weft__registers_here(&here);
    if (c && c->thread)
        weft__print_where(&p, c, &here);
    weft__print_flush(&p);
    abort();
}
