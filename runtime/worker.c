/* SPDX-License-Identifier: MIT */
#include "worker.h"

#include <errno.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <weft/deadline.h>
#include <weft/start.h>

#include "reports/abandoned.h"
#include "reports/backtrace.h"
#include "calls.h"
#include "reports/census.h"
#include "deadline.h"
#include "group.h"
#include "reports/leaks.h"
#include "local.h"
#include "sched.h"
#include "seed.h"
#include "settings.h"
#include "reports/signals.h"
#include "spawn.h"
#include "reports/stuck.h"
#include "unwind/unwind.h"

__thread struct weft_worker *weft__self;

static pthread_mutex_t worker_lock = PTHREAD_MUTEX_INITIALIZER;
static bool worker_key_is_made;  /* under the lock */
static pthread_key_t worker_key; /* its destructor ends the worker of an OS thread that ends */

/* Defined by the C++ library, if there is one in the process: the exceptions that the running
 * thread has caught and not yet left. */
extern void *__cxa_get_globals(void) __attribute__((weak));

static void *(*worker_exceptions)(void); /* the same, of a C++ library that was loaded later */

static int worker_init_root(struct weft_worker *w)
{
    struct weft_thread *t = weft__thread_new(&w->threads);

    if (!t || weft__sched_fit(w) != 0)
        return -1;
    t->state = WEFT__THREAD_STARTED;
    t->flags = WEFT__THREAD_ROOT;
    t->site = getpid() == (pid_t)syscall(SYS_gettid) ? "main" : "an OS thread's own";
    t->at.control = &w->root;
    w->root.life = ++w->lives;
    w->root.thread = t;
    w->root_end = weft__backtrace_stack_end();
    w->id = weft__thread_handle(t);
    weft__sanitize_root(&w->root.sanitizer);
    w->current = &w->root;
    return 0;
}

/* From now on each switch exchanges what was thrown and caught. */
static void worker_exchange(struct weft_worker *w, void *(*of_os_thread)(void))
{
    w->exceptions_at = of_os_thread();
#ifndef WEFT__SANITIZED /* there the switch looks by itself */
    w->switch_to = weft__switch_exceptions;
#endif
}

static void worker_init_switch(struct weft_worker *w)
{
    void *(*later)(void) = __atomic_load_n(&worker_exceptions, __ATOMIC_ACQUIRE);

    w->backend = weft__context_choose();
    w->switch_to = w->backend;
#ifdef WEFT__SANITIZED
    w->switch_to = weft__switch_watched;
#endif
    if (__cxa_get_globals)
        worker_exchange(w, __cxa_get_globals);
    else if (later)
        worker_exchange(w, later);
}

WEFT_API void weft_exceptions_(void *(*of_os_thread)(void))
{
    struct weft_worker *w = weft__self;

    __atomic_store_n(&worker_exceptions, of_os_thread, __ATOMIC_RELEASE);
    if (w && !w->exceptions_at)
        worker_exchange(w, of_os_thread);
}

/* A program that is linked with the static library gets what debuggers read, too. */
extern const struct weft_layout weft_debug_layout_;
static void worker_link_layout(void)
{
    __asm__ volatile("" : : "r"(&weft_debug_layout_));
}

static int worker_init(struct weft_worker *w)
{
    worker_link_layout();
    w->errno_at = &errno;
    w->stuck = weft__report_stuck;
    w->timer_matters = weft__deadline_timer_matters;
    w->run_thread = weft__thread_run;
    weft__unwind_init();
    worker_init_switch(w);
    weft__seed_init(&w->seed);
    weft__clock_init(&w->clock, w->seed.is_on);
    weft__wheel_init(&w->timers, weft__sched_now(w));
    weft__list_init(&w->chans);
    weft__list_init(&w->gens);
    weft__list_init(&w->groups);
    weft__list_init(&w->cancelling);
    weft__oracle_init(&w->oracle, 0);
    weft__sched_set_oracle(w, NULL, NULL);
    if (w->seed.is_on)
        weft__seed_install(w);
    weft__threads_init(&w->threads, w);
    weft__stack_init(&w->stacks, sizeof(struct weft_control), weft__sched_boot, weft__sched_retire);
    return worker_init_root(w);
}

static void worker_drop_locals(struct weft_thread *t, void *data)
{
    (void)data;
    weft__locals_drop(t);
}

void weft__worker_end(struct weft_worker *w)
{
    w->is_ending = true;
    if (w->root.thread)
        weft__locals_end(&w->root);
    weft__thread_each(&w->threads, worker_drop_locals, NULL);
    if (w->census)
        weft__census_end(w);
    if (weft__self == w) /* else it was never whole, and there may be no key yet */
        weft__calls.pthread_setspecific(worker_key, NULL);
    weft__self = NULL;
    weft__signals_leave(w);
    weft__threads_fini(&w->threads);
    weft__stack_fini(&w->stacks);
    weft__calls.free(w->run.slots);
    weft__calls.free(w);
}

/* A green thread that ends its OS thread still runs on one of the stacks: they stay. */
static void worker_key_ends(void *worker)
{
    struct weft_worker *w = worker;

    if (w->current != &w->root) {
        weft__signals_abandon(w);
        return;
    }
    weft__abandoned_look(w, false);
    weft__leaks_report(w);
    weft__worker_end(w);
}

/* ---- fork: the child has the caller's thread, and generators that were suspended ---- */

static bool worker_survives_fork(const struct weft_worker *w, const struct weft_thread *t)
{
    const struct weft_control *c = t->at.control;

    if (t->state == WEFT__THREAD_DONE)
        return true;
    if (t->state != WEFT__THREAD_STARTED)
        return (t->flags & WEFT__THREAD_BODY) && t->state == WEFT__THREAD_UNSTARTED;
    return c == w->current || (c->wait && c->wait->held);
}

static void worker_unhook(struct weft_control *c)
{
    weft__unhook(c);
    while (c->deadline)
        weft_within_end_(c->deadline);
}

static void worker_drop(struct weft_thread *t, void *worker)
{
    struct weft_worker *w = worker;

    if (worker_survives_fork(w, t))
        return;
    if (t->state == WEFT__THREAD_STARTED) {
        struct weft_control *c = t->at.control;

        weft__locals_drop(t);
        worker_unhook(c);
        c->thread = NULL;
        if (c->pool)
            weft__stack_drop(c->pool, c);
    }
    if (t->flags & WEFT__THREAD_BODY)
        w->body_ended(w, t->waits_for_end.generator);
    else
        weft__thread_free(&w->threads, t);
}

/* Nobody holds the lock in a child. */
static void worker_fork_begins(void)
{
    pthread_mutex_lock(&worker_lock);
    weft__signals_fork_begins();
}

static void worker_fork_ended(void)
{
    if (weft__self)
        weft__self->seed.forks++;
    weft__signals_fork_ended();
    pthread_mutex_unlock(&worker_lock);
}

static void worker_forked(void)
{
    struct weft_worker *w = weft__self;

    weft__signals_forked(w);
    pthread_mutex_unlock(&worker_lock);
    if (!w)
        return;
    w->run.head = w->run.tail;
    for (int i = 0; i < WEFT__STACK_CLASSES; i++)
        w->starved[i].first = NULL;
    w->starving = 0;
    weft__census_forked(w);
    w->clock.is_sharp = false;
    weft__seed_forked(&w->seed);
    w->forked = weft__thread_handle(w->current->thread);
    weft__groups_drop(w, worker_survives_fork);
    weft__thread_each(&w->threads, worker_drop, w);
}

/* Before anybody can hold the lock. */
static __attribute__((constructor)) void worker_watch_forks(void)
{
    pthread_atfork(worker_fork_begins, worker_fork_ended, worker_forked);
}

/* What the process needs before its first worker: 0, or -1. */
static int worker_prepare(const struct weft_worker *w)
{
    bool made;

    pthread_mutex_lock(&worker_lock);
    if (!worker_key_is_made) {
        worker_key_is_made = weft__calls.pthread_key_create(&worker_key, worker_key_ends) == 0;
        if (worker_key_is_made) {
            weft__leaks_watch();
            weft__abandoned_watch();
            weft__signals_begin(w);
        }
    }
    made = worker_key_is_made;
    pthread_mutex_unlock(&worker_lock);
    return made ? 0 : -1;
}

WEFT__COLD struct weft_worker *weft__worker_make(void)
{
    struct weft_worker *w = weft__calls.calloc(1, sizeof *w);

    if (!w)
        return NULL;
    if (worker_init(w) != 0 || worker_prepare(w) != 0 ||
        weft__calls.pthread_setspecific(worker_key, w) != 0) {
        weft__worker_end(w);
        return NULL;
    }
    weft__self = w;
    if (weft__settings_reports() & WEFT__REPORT_STACKS)
        weft__census_begin(w);
    if (weft__settings_reports() & WEFT__REPORT_DEADLOCKS)
        weft__abandoned_begin(w);
    weft__signals_join(w);
    return w;
}
