/* SPDX-License-Identifier: MIT */
#include "cycle.h"

#include <unistd.h>

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

WEFT__COLD void weft__cycle_look(struct weft_worker *w, struct weft_control *me,
                                 const struct weft_wait *why)
{
    char buffer[WEFT__PRINT_BYTES];
    struct weft_print out = weft__print_to(STDERR_FILENO, buffer, sizeof buffer);
    struct weft_registers here;
    struct weft_view view = {.worker = w, .here = &here, .out = &out};
    unsigned n;

    me->since = w->tick;
    me->wait = why;
    n = weft__cycle_length(me->thread);
    if (n == 0 || cycle_ends(w, me->thread))
        return;
    weft__registers_here(&here);
    weft__print(&out,
                "weft: partial deadlock: %u threads wait for one another, and nothing else can "
                "wake them\n",
                n);
    weft__cycle_view(&view, me->thread);
    weft__view_hint(&view);
    weft__print_flush(&out);
}
