/* SPDX-License-Identifier: MIT */
/* weft__mistake: a sentence, where it happened, and the end. */
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "aside.h"
#include "backtrace.h"
#include "runtime/report.h"
#include "runtime/sched.h"
#include "schedule.h"
#include "runtime/unwind/unwind.h"

struct mistake {
    const struct weft_control *running; /* the thread, or NULL */
    struct weft_registers here;
    const char *format;
    va_list values;
};

static void mistake_write(void *argument)
{
    struct mistake *m = argument;
    char buffer[WEFT__PRINT_BYTES];
    struct weft_print p = weft__print_to(STDERR_FILENO, buffer, sizeof buffer);

    weft__print(&p, "weft: ");
    if (m->running)
        weft__print_thread(&p, m->running->thread);
    else
        weft__print(&p, "outside of any thread");
    weft__print(&p, ": ");
    weft__print_values(&p, m->format, m->values);
    weft__print(&p, "\n");
    if (m->running)
        weft__print_where(&p, m->running, &m->here);
    weft__print_flush(&p);
    weft__schedule_tell();
}

void weft__mistake(const char *format, ...)
{
    struct weft_worker *w = weft__self;
    struct mistake m = {.format = format};

    va_start(m.values, format);
    weft__registers_here(&m.here);
    if (w && w->current && w->current->thread) {
        m.running = w->current;
        weft__aside(w, mistake_write, &m);
    } else {
        mistake_write(&m);
    }
    va_end(m.values);
    abort();
}
