/* SPDX-License-Identifier: MIT */
#include "cycle.h"

#include <unistd.h>

#include "aside.h"
#include "runtime/deadline.h"
#include "doing.h"
#include "runtime/unwind/unwind.h"

const struct weft_thread *weft__cycle_next(const struct weft_thread *t)
{
    const struct weft_control *c = t->at.control;

    if (t->state != WEFT__THREAD_STARTED || !c->wait || !c->wait->waits_for)
        return NULL;
    if (!c->wait->deaf && weft__deadline_is_armed(c))
        return NULL;
    return c->wait->waits_for(c);
}

unsigned weft__cycle_length(const struct weft_thread *t)
{
    const struct weft_thread *at = t;

    for (unsigned n = 1; n <= WEFT__CYCLE_MAX; n++) {
        at = weft__cycle_next(at);
        if (!at)
            return 0;
        if (at == t)
            return n;
    }
    return 0;
}

bool weft__cycle_begins(const struct weft_thread *t)
{
    for (const struct weft_thread *at = weft__cycle_next(t); at != t; at = weft__cycle_next(at))
        if (weft__thread_slot(at) < weft__thread_slot(t))
            return false;
    return true;
}

void weft__cycle_view(struct weft_view *v, const struct weft_thread *t)
{
    const struct weft_thread *at = t;

    do {
        weft__print(v->out, "  ");
        weft__view_thread(v, at);
        weft__print(v->out, "\n");
        weft__view_backtrace(v, at);
        at = weft__cycle_next(at);
    } while (at != t);
}

/* The program has asked for its main to be told instead. */
static bool cycle_ends(const struct weft_worker *w, const struct weft_thread *t)
{
    const struct weft_thread *at = t;

    if (!w->deadlock_returns)
        return false;
    do {
        if (at->flags & WEFT__THREAD_ROOT && !at->at.control->wait->deaf)
            return true;
        at = weft__cycle_next(at);
    } while (at != t);
    return false;
}

struct cycle {
    struct weft_worker *worker;
    const struct weft_thread *last; /* who closes the ring */
    struct weft_registers here;     /* where the running thread is */
    unsigned n;
};

static void cycle_write(void *argument)
{
    const struct cycle *c = argument;
    char buffer[WEFT__PRINT_BYTES];
    struct weft_print out = weft__print_to(STDERR_FILENO, buffer, sizeof buffer);
    struct weft_view view = {.worker = c->worker, .here = &c->here, .out = &out};

    weft__print(&out,
                "weft: partial deadlock: %u threads wait for one another, and nothing else can "
                "wake them\n",
                c->n);
    weft__cycle_view(&view, c->last);
    weft__view_hint(&view);
    weft__print_flush(&out);
}

WEFT__COLD void weft__cycle_told(struct weft_worker *w, const struct weft_thread *last)
{
    struct cycle c = {.worker = w, .last = last, .n = weft__cycle_length(last)};

    if (c.n == 0 || w->explored || cycle_ends(w, last))
        return;
    weft__registers_here(&c.here);
    weft__aside(w, cycle_write, &c);
}

WEFT__COLD void weft__cycle_look(struct weft_worker *w, struct weft_control *me,
                                 const struct weft_wait *why)
{
    me->since = w->tick;
    me->wait = why;
    weft__cycle_told(w, me->thread);
}
