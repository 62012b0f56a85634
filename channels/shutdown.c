/* SPDX-License-Identifier: MIT */
/* weft_shutdown: all threads of the worker end, and what they have left is freed. */
#include "shutdown.h"

#include <errno.h>

#include <weft/deadline.h>
#include <weft/thread.h>

#include "chan.h"
#include "gen.h"
#include "runtime/deadline.h"
#include "runtime/group.h"
#include "runtime/reports/abandoned.h"
#include "runtime/reports/leaks.h"
#include "runtime/local.h"

/* What a shutdown knows of those it waits for: threads that have not ended, without the root and
 * generators' bodies. They are looked for anew when all of the last time have ended, and once in as
 * many dispatches as there were, so that those who are started meanwhile end as well. */
struct shutdown {
    struct weft_worker *worker;
    uint32_t running;
    uint32_t looked_at; /* the run queue's head then */
};

enum { SHUTDOWN_LOOK_MIN = 4096 /* dispatches between two looks */ };

static void shutdown_cancel(struct weft_thread *t, void *data)
{
    struct shutdown *s = data;

    if (t->state == WEFT__THREAD_DONE || t->flags & (WEFT__THREAD_ROOT | WEFT__THREAD_BODY))
        return;
    s->running++;
    weft__cancel(s->worker, t);
}

size_t weft__cancel_threads(struct weft_worker *w)
{
    struct shutdown s = {.worker = w};

    weft__thread_each(&w->threads, shutdown_cancel, &s);
    return s.running;
}

static void shutdown_look(struct shutdown *s)
{
    struct weft_worker *w = s->worker;

    s->running = 0;
    s->looked_at = w->run.head;
    weft__thread_each(&w->threads, shutdown_cancel, s);
    w->cancelled_left = s->running;
}

/* Nobody can run: one that was started meanwhile, and is not cancelled, may be why. */
static bool shutdown_is_still(const struct weft_worker *w)
{
    return weft__ring_count(&w->run) == 0 && !weft__sched_has_timer(w);
}

static bool shutdown_wants_look(const struct shutdown *s)
{
    const struct weft_worker *w = s->worker;
    uint32_t enough = s->running > SHUTDOWN_LOOK_MIN ? s->running : SHUTDOWN_LOOK_MIN;

    return w->cancelled_left == 0 || w->run.head - s->looked_at >= enough || shutdown_is_still(w);
}

static int shutdown_end_threads(struct weft_worker *w)
{
    struct shutdown s = {.worker = w};
    int result = 0;

    shutdown_look(&s);
    while (s.running > 0 && result == 0) {
        result = weft__sched_turn(w);
        if (shutdown_wants_look(&s))
            shutdown_look(&s);
    }
    w->cancelled_left = 0;
    return s.running > 0 ? result : 0;
}

/* Ending bodies may start threads, and ending those, generators. */
static int shutdown_end_all(struct weft_worker *w)
{
    struct shutdown s = {.worker = w};
    int result;

    do {
        result = shutdown_end_threads(w);
        if (result == 0)
            result = weft__gens_end(w);
        if (result == 0)
            shutdown_look(&s);
    } while (result == 0 && s.running > 0);
    return result;
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

        weft__chan_release(w, WEFT__CONTAINER_OF(first, struct weft_chan, link));
    }
}

/* Nobody runs on any of them, but bodies of generators that an exploration has put aside. */
static void shutdown_free_stacks(struct weft_worker *w)
{
    if (w->threads.live > 1)
        return;
    weft__stack_fini(&w->stacks);
    weft__stack_init(&w->stacks, sizeof(struct weft_control), weft__sched_boot, weft__sched_retire);
}

static int shutdown_end(struct weft_worker *w)
{
    int result = shutdown_end_all(w);

    if (result != 0)
        return result;
    weft_shield(weft__locals_end(&w->root));
    return shutdown_end_all(w); /* what those destructors have started */
}

static void shutdown_free_made(struct weft_worker *w)
{
    weft__thread_each(&w->threads, shutdown_forget_task, w);
    weft__gens_free(w);
    weft__groups_free(w);
    shutdown_free_chans(w);
}

int weft__end_made(struct weft_worker *w)
{
    int result;

    w->is_ending = true;
    result = shutdown_end_all(w);
    w->is_ending = false;
    if (result == 0)
        shutdown_free_made(w);
    return result;
}

WEFT_API int weft_shutdown(void)
{
    struct weft_worker *w = weft__self;
    int result;

    if (!w)
        return 0;
    if (w->current != &w->root || w->is_ending)
        return -EPERM;
    weft__abandoned_look(w, false);
    if (!w->leaks_told && !w->explored)
        weft__leaks_report(w); /* what is ended and freed from here on was left */
    w->is_ending = true;
    result = shutdown_end(w);
    w->is_ending = false;
    if (result != 0)
        return result;
    shutdown_free_made(w);
    shutdown_free_stacks(w);
    return 0;
}
