/* SPDX-License-Identifier: MIT */
/* weft_shutdown: all threads of the worker end, and what they have left is freed. */
#include <errno.h>

#include <weft/deadline.h>
#include <weft/thread.h>

#include "chan.h"
#include "gen.h"
#include "runtime/calls.h"
#include "runtime/deadline.h"
#include "runtime/group.h"
#include "runtime/reports/leaks.h"
#include "runtime/local.h"

struct shutdown {
    struct weft_worker *worker;
    size_t running; /* threads that have not ended, without the root and generators' bodies */
};

static void shutdown_cancel(struct weft_thread *t, void *data)
{
    struct shutdown *s = data;

    if (t->state == WEFT__THREAD_DONE || t->flags & (WEFT__THREAD_ROOT | WEFT__THREAD_BODY))
        return;
    s->running++;
    weft__cancel(s->worker, t);
}

/* Those that cleaning up starts are cancelled as well, a turn later. */
static int shutdown_end_threads(struct weft_worker *w)
{
    for (;;) {
        struct shutdown s = {.worker = w};
        int result;

        weft__thread_each(&w->threads, shutdown_cancel, &s);
        if (s.running == 0)
            return 0;
        if (w->current->interrupt & WEFT__INTERRUPT_TRY)
            return -ETIMEDOUT;
        result = weft__sched_turn(w);
        if (result != 0)
            return result;
    }
}

static void shutdown_forget_task(struct weft_thread *t, void *worker)
{
    struct weft_worker *w = worker;

    if (t->state == WEFT__THREAD_DONE)
        weft__thread_free(&w->threads, t);
}

static void shutdown_free_chans(struct weft_worker *w)
{
    while (!weft__list_is_empty(&w->chans)) {
        struct weft_list *first = weft__list_pop_front(&w->chans);

        weft__calls.free(WEFT__CONTAINER_OF(first, struct weft_chan, link));
    }
}

/* What main's own values leave behind ends as well. */
static int shutdown_end_locals(struct weft_worker *w)
{
    weft_shield(weft__locals_end(&w->root));
    return shutdown_end_threads(w);
}

/* Nobody runs on any of them. */
static void shutdown_free_stacks(struct weft_worker *w)
{
    weft__stack_fini(&w->stacks);
    weft__stack_init(&w->stacks, sizeof(struct weft_control), weft__sched_boot, weft__sched_retire);
}

WEFT_API int weft_shutdown(void)
{
    struct weft_worker *w = weft__self;
    int result;

    if (!w)
        return 0;
    if (w->current != &w->root)
        return -EPERM;
    if (!w->leaks_told)
        weft__leaks_report(w); /* what is ended and freed from here on was left */
    result = shutdown_end_threads(w);
    if (result == 0)
        result = shutdown_end_locals(w);
    if (result == 0)
        result = weft_shield(weft__gens_end(w));
    if (result != 0)
        return result;
    weft__thread_each(&w->threads, shutdown_forget_task, w);
    weft__groups_free(w);
    shutdown_free_chans(w);
    shutdown_free_stacks(w);
    return 0;
}
