/* SPDX-License-Identifier: MIT */
/* Mutex and condition. A mutex that somebody waits for is never free: it goes from hand to hand. */
#include <weft/sync.h>

#include <errno.h>

#include "report.h"
#include "sync.h"

/* ---- mutex ---- */

static struct weft_mutex *mutex_of(struct weft_waiters *q)
{
    return WEFT__CONTAINER_OF(q, struct weft_mutex, waiters);
}

static void mutex_describe(const struct weft_control *c, struct weft_print *out)
{
    weft__sync_describe_whose(c, mutex_of(c->on)->holder, "holds", out);
}

static struct weft_thread *mutex_waits_for(const struct weft_control *c)
{
    return weft__sync_alive(weft__self, mutex_of(c->on)->holder);
}

static const struct weft_wait mutex_wait = {
    .name = "locking mutex",
    .describe = mutex_describe,
    .unhook = weft__sync_unhook,
    .waits_for = mutex_waits_for,
};

/* Of a wait in a condition, once that is over: only the mutex ends it. The control block's on_count
 * is what the call will return, negated. */
static const struct weft_wait mutex_wait_again = {
    .name = "locking again mutex",
    .describe = mutex_describe,
    .unhook = weft__sync_unhook,
    .waits_for = mutex_waits_for,
    .deaf = true,
};

/* It is free, or was just given back. */
static void mutex_give(struct weft_mutex *m, struct weft_control *c)
{
    struct weft_thread *t = c->thread;

    if (WEFT__UNLIKELY(!(t->flags & WEFT__THREAD_LOCKS))) {
        t->flags |= WEFT__THREAD_LOCKS;
        c->locks = (struct weft_locks){0};
    }
    m->holder = weft__thread_handle(t);
    c->locks.count++;
    c->locks.all ^= (uintptr_t)m;
    c->locks.last = (uintptr_t)m;
}

/* From the running thread, which holds it. */
static void mutex_take_back(struct weft_mutex *m, struct weft_control *me)
{
    m->holder = NULL;
    me->locks.count--;
    me->locks.all ^= (uintptr_t)m;
    if (me->locks.last == (uintptr_t)m)
        me->locks.last = 0;
}

static bool mutex_is_held_by(const struct weft_mutex *m, const struct weft_control *c)
{
    return m->holder && m->holder == weft__thread_handle(c->thread);
}

/* Somebody holds it: that one must be able to unlock it. None ends before; but in a fork's child only
 * one thread is left. */
static void mutex_check_holder(const struct weft_worker *w, const struct weft_mutex *m,
                               const char *call)
{
    if (!weft__sync_alive(w, m->holder))
        weft__mistake("%s of mutex %p, whose holder is gone and has not unlocked it", call,
                      (const void *)m);
}

WEFT_API WEFT__NOIPA int weft_mutex_lock(struct weft_mutex *m)
{
    struct weft_worker *w = weft__worker();
    struct weft_control *me;

    if (!w)
        return -ENOMEM;
    weft__sync_enter(w, m, "weft_mutex_lock");
    me = w->current;
    if (mutex_is_held_by(m, me))
        weft__mistake("weft_mutex_lock of mutex %p, which this thread holds", (void *)m);
    if (m->holder)
        mutex_check_holder(w, m, "weft_mutex_lock");
    if (WEFT__UNLIKELY(me->interrupt & WEFT__INTERRUPT_FAIL))
        return weft__sched_interrupted(w, me);
    if (!m->holder) {
        mutex_give(m, me);
        return weft__spend(w, 0);
    }
    if (WEFT__UNLIKELY(me->interrupt & WEFT__INTERRUPT_TRY))
        return weft__sched_tail(w, -ETIMEDOUT);
    return weft__sync_park(w, me, &m->waiters, &mutex_wait);
}

WEFT_API int weft_mutex_trylock(struct weft_mutex *m)
{
    struct weft_worker *w = weft__worker();

    if (!w)
        return -ENOMEM;
    weft__sync_enter(w, m, "weft_mutex_trylock");
    if (m->holder) {
        mutex_check_holder(w, m, "weft_mutex_trylock");
        return -EAGAIN;
    }
    mutex_give(m, w->current);
    return 0;
}

/* What a waiter's call returns when it gets the mutex. */
static int mutex_result(const struct weft_control *c)
{
    return c->wait == &mutex_wait_again ? -(int)c->on_count : 0;
}

/* From the running thread, to the next in line or to nobody. */
static void mutex_pass_on(struct weft_mutex *m, struct weft_control *me)
{
    struct weft_control *next = weft__sync_first(&m->waiters);

    mutex_take_back(m, me);
    if (!next)
        return;
    mutex_give(m, next);
    weft__sync_wake(next, mutex_result(next));
}

/* A mistake unless the running thread holds it. */
static void mutex_check_held(const struct weft_worker *w, struct weft_mutex *m, const char *call)
{
    weft__sync_enter(w, m, call);
    if (!w || !mutex_is_held_by(m, w->current))
        weft__mistake("%s of mutex %p, which this thread does not hold", call, (void *)m);
}

WEFT_API void weft_mutex_unlock(struct weft_mutex *m)
{
    struct weft_worker *w = weft__worker();

    mutex_check_held(w, m, "weft_mutex_unlock");
    mutex_pass_on(m, w->current);
}

/* ---- condition ---- */

static const struct weft_wait condition_wait = {
    .name = "waiting for condition",
    .describe = weft__sync_describe,
    .unhook = weft__sync_unhook,
};

/* The wait was ended by something else than a signal. Only now does the thread come for the mutex,
 * and whatever it finds, it leaves with it. */
static WEFT__COLD int condition_give_up(struct weft_mutex *m, int result)
{
    struct weft_worker *w = weft__self;
    struct weft_control *me = w->current;

    if (!m->holder) {
        mutex_give(m, me);
        return result;
    }
    mutex_check_holder(w, m, "weft_condition_wait");
    me->on_count = (uint32_t)-result;
    return weft__sync_park(w, me, &m->waiters, &mutex_wait_again);
}

/* With a signal comes the mutex. */
WEFT_API WEFT__NOIPA int weft_condition_wait(struct weft_condition *c, struct weft_mutex *m)
{
    struct weft_worker *w = weft__worker();
    struct weft_control *me;
    int result;

    if (!w)
        return -ENOMEM;
    weft__sync_enter(w, c, "weft_condition_wait");
    mutex_check_held(w, m, "weft_condition_wait");
    me = w->current;
    if (WEFT__UNLIKELY(me->interrupt & WEFT__INTERRUPT_FAIL))
        return weft__sched_interrupted(w, me);
    if (WEFT__UNLIKELY(me->interrupt & WEFT__INTERRUPT_TRY))
        return weft__sched_tail(w, -ETIMEDOUT);
    mutex_pass_on(m, me);
    me->waiter.object = m;
    result = weft__sync_park(w, me, &c->waiters, &condition_wait);
    return WEFT__LIKELY(result == 0) ? 0 : condition_give_up(m, result);
}

/* From the condition's queue to the mutex's, or to the mutex itself. */
static void condition_move(struct weft_control *c, const char *call)
{
    struct weft_mutex *m = c->waiter.object;

    if (!m->holder) {
        mutex_give(m, c);
        weft__sync_wake(c, 0);
        return;
    }
    mutex_check_holder(weft__self, m, call);
    weft__list_remove(&c->waiter.link);
    c->on_count = 0;
    c->wait = &mutex_wait_again;
    weft__sync_queue(&m->waiters, c);
    weft__cycle_told(weft__self, c->thread);
}

WEFT_API void weft_condition_signal(struct weft_condition *c)
{
    struct weft_control *first;

    weft__sync_enter(weft__worker(), c, "weft_condition_signal");
    first = weft__sync_first(&c->waiters);
    if (first)
        condition_move(first, "weft_condition_signal");
}

WEFT_API void weft_condition_broadcast(struct weft_condition *c)
{
    struct weft_control *first;

    weft__sync_enter(weft__worker(), c, "weft_condition_broadcast");
    while ((first = weft__sync_first(&c->waiters)) != NULL)
        condition_move(first, "weft_condition_broadcast");
}
