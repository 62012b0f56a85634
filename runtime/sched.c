/* SPDX-License-Identifier: MIT */
#include "sched.h"

#include <errno.h>
#include <string.h>

#include "calls.h"

enum {
    SCHED_QUANTUM = 64,      /* calls and switches between two looks at the timers */
    SCHED_UNLOOKED_MAX = 64, /* countdowns without a timer between two looks at the clock */
    SCHED_STREAK_MAX = 64,   /* ended threads in a row that run their peer before the queue */
    SCHED_RUN_MIN = 64,      /* capacity of a new run queue */
    SCHED_BROOD_MAX = 64,    /* so many newborn threads may go ahead of older ones at once */
    SCHED_FAVOURS_MAX = 512, /* and so many before an older one is taken */
    SCHED_TRIES_MAX = 10,    /* to get memory, before those that wait for it are given up */
    SCHED_TRY_NS = 1000000,  /* to wait for the second; each time twice as long */
    SCHED_LATE_NS = 1000000, /* a countdown that took longer is followed by a shorter one */
};

/* ---- the run queue ---- */

WEFT__NOINLINE int weft__sched_grow(struct weft_worker *w)
{
    uint32_t have = weft__ring_capacity(&w->run);
    uint32_t want = have ? have * 2 : SCHED_RUN_MIN;
    void **slots;

    if (w->threads.live <= have)
        return 0;
    slots = weft__calls.calloc(want, sizeof *slots);
    if (!slots)
        return -1;
    weft__calls.free(weft__ring_adopt(&w->run, slots, want));
    return 0;
}

void weft__sched_set_oracle(struct weft_worker *w,
                            uint32_t (*choose)(void *, uint32_t, enum weft__choice), void *state)
{
    w->oracle.choose = choose;
    w->oracle.state = state;
    w->oracle.alone = NULL;
    w->oracle.tell = NULL;
    w->oracle.jumps = 0;
    w->quantum = choose ? 1 : SCHED_QUANTUM;
    w->window = w->quantum;
    w->countdown = w->window;
}

/* ---- looking outside ---- */

/* Once an older thread has been taken, the favours count from nothing. */
static void sched_count_favours(struct weft_worker *w)
{
    if ((int32_t)(w->run.head - w->favoured_to) > 0) {
        w->favoured_to = w->run.head;
        w->favours = 0;
    }
}

int64_t weft__sched_now(struct weft_worker *w)
{
    int64_t now = weft__clock_now(&w->clock);

    w->looked_ns = now;
    w->tick = (uint32_t)(now / WEFT__TICK_NS);
    w->unlooked = 0;
    return now;
}

int64_t weft__sched_since(const struct weft_worker *w, const struct weft_control *c)
{
    return (int64_t)(w->tick - c->since) * WEFT__TICK_NS;
}

/* A countdown counts calls, but timers are about time: where threads compute for long between their
 * calls, countdowns get shorter. So long took n of them, since the last look at the clock. */
static void sched_pace(struct weft_worker *w, int64_t took_ns, uint32_t n)
{
    if (took_ns > (int64_t)n * SCHED_LATE_NS)
        w->window = (uint32_t)((int64_t)w->window * n * SCHED_LATE_NS / took_ns) + 1;
    else if (took_ns < (int64_t)n * SCHED_LATE_NS / 2)
        w->window *= 2;
    if (w->window > w->quantum)
        w->window = w->quantum;
}

static void sched_fire(struct weft_worker *w)
{
    uint32_t countdowns = w->unlooked + 1;
    int64_t before = w->looked_ns, now = weft__sched_now(w);
    struct weft_list due;
    struct weft_timer *timer;

    if (w->countdown == 0)
        sched_pace(w, now - before, countdowns);
    weft__list_init(&due);
    weft__wheel_advance(&w->timers, now, &due);
    while ((timer = weft__wheel_pop_due(&due)) != NULL)
        timer->due(timer);
}

/* A signal wants something that its handler could not do. */
static void sched_answer(struct weft_worker *w)
{
    void (*asked)(struct weft_worker *) = w->asked;

    w->asked = NULL;
    asked(w);
}

/* System calls may fail there, and whoever made the call that looks has not left: errno is its. */
static WEFT__COLD void sched_look(struct weft_worker *w)
{
    int saved_errno = *w->errno_at;

    if (w->outside.awaited > 0)
        w->outside.wait(w, INT64_MIN);
    if (w->asked)
        sched_answer(w);
    *w->errno_at = saved_errno;
}

/* After a whole quantum, or a wait, another begins. */
static void sched_count_spent(struct weft_worker *w)
{
    w->spent += w->window;
    if (w->countdown == 0 && w->spent < w->quantum)
        return;
    w->spent = 0;
    w->quantum_at = w->run.head;
}

static WEFT__NOINLINE void sched_poll(struct weft_worker *w)
{
    sched_count_spent(w);
    sched_count_favours(w); /* before that place is so far behind as to be ahead */
    if (!weft__wheel_is_empty(&w->timers))
        sched_fire(w);
    else if (++w->unlooked == SCHED_UNLOOKED_MAX)
        weft__sched_now(w);
    w->countdown = w->window;
    if (WEFT__UNLIKELY(w->outside.awaited > 0 || w->asked))
        sched_look(w);
}

/* ---- stacks ---- */

static void sched_starved_push(struct weft_worker *w, struct weft_thread *t)
{
    struct weft_starved *queue = &w->starved[t->stack_class];

    t->state = WEFT__THREAD_STARVED;
    t->at.next = NULL;
    if (queue->first)
        queue->last->at.next = t;
    else
        queue->first = t;
    queue->last = t;
    w->starving++;
}

static struct weft_thread *sched_starved_pop(struct weft_worker *w, struct weft_starved *queue)
{
    struct weft_thread *t = queue->first;

    queue->first = t->at.next;
    w->starving--;
    return t;
}

void weft__sched_unstarve(struct weft_worker *w, struct weft_thread *t)
{
    struct weft_starved *queue = &w->starved[t->stack_class];
    struct weft_thread *before = NULL;

    for (struct weft_thread *at = queue->first; at != t; at = at->at.next)
        before = at;
    if (before)
        before->at.next = t->at.next;
    else
        queue->first = t->at.next;
    if (queue->last == t)
        queue->last = before;
    w->starving--;
}

static inline uint32_t sched_life(struct weft_worker *w)
{
    if (WEFT__UNLIKELY(++w->lives == 0))
        w->lives = 1;
    return w->lives;
}

static inline struct weft_control *sched_settle(struct weft_worker *w, struct weft_control *c,
                                                struct weft_thread *t)
{
    weft__sanitize_stack_taken(&c->sanitizer);
    c->thread = t;
    c->life = sched_life(w);
    c->result = 0;
    c->wait = NULL;
    c->saved_errno = 0;
    c->interrupt = (uint32_t)t->flags >> WEFT__THREAD_CANCELLED_BIT;
    c->deadline = NULL;
    c->starting = NULL;
    c->exceptions[0] = NULL;
    c->exceptions[1] = NULL;
    t->at.control = c;
    __atomic_signal_fence(__ATOMIC_RELEASE); /* a handler that walks the records follows it */
    t->state = WEFT__THREAD_STARTED;
    return c;
}

/* Gives back the stack of a thread that has ended. */
static void sched_bury(struct weft_worker *w, struct weft_control *ended)
{
    w->ended = NULL;
    weft__stack_give(ended->pool, ended);
}

static inline struct weft_control *sched_take(struct weft_worker *w, int stack_class)
{
    struct weft_pool *pool = weft__stack_pool(&w->stacks, stack_class);
    struct weft_control *c = weft__stack_take(pool);

    if (WEFT__UNLIKELY(!c && w->ended)) {
        sched_bury(w, w->ended);
        c = weft__stack_take(pool);
    }
    return c;
}

/* There is no stack, or some have waited longer for it. */
static WEFT__COLD struct weft_control *sched_bind_starved(struct weft_worker *w,
                                                          struct weft_control *c,
                                                          struct weft_thread *t)
{
    sched_starved_push(w, t);
    return c ? sched_settle(w, c, sched_starved_pop(w, &w->starved[t->stack_class])) : NULL;
}

struct weft_control *weft__sched_bind(struct weft_worker *w, struct weft_thread *t)
{
    struct weft_control *c = sched_take(w, t->stack_class);

    if (WEFT__LIKELY(c && !w->starving))
        return sched_settle(w, c, t);
    return sched_bind_starved(w, c, t);
}

/* Somebody may have given a stack back, or memory: who has waited longest is ready if so. */
static bool sched_feed(struct weft_worker *w, int stack_class)
{
    struct weft_starved *queue = &w->starved[stack_class];
    struct weft_control *c;

    if (!queue->first)
        return false;
    c = sched_take(w, stack_class);
    if (!c)
        return false;
    weft__sched_last(w, sched_settle(w, c, sched_starved_pop(w, queue)), 0);
    return true;
}

static bool sched_feed_all(struct weft_worker *w)
{
    bool fed = false;

    for (int i = 0; i < WEFT__STACK_CLASSES; i++)
        fed |= sched_feed(w, i);
    return fed;
}

void weft__sched_boot(struct weft_pool *pool, char *const *bases, void *const *tops, size_t n)
{
    struct weft_worker *w = WEFT__CONTAINER_OF(pool->stacks, struct weft_worker, stacks);
    size_t guard_bytes = pool->stacks->guard.page_bytes;

    for (size_t i = 0; i < n; i++) {
        struct weft_control *c = tops[i];
        char *low = bases[i] + guard_bytes;

        weft__sanitize_memory(low, (size_t)((char *)(c + 1) - low));
        memset(c, 0, sizeof *c);
        c->pool = pool;
        c->base = bases[i];
        weft__sanitize_stack_made(&c->sanitizer, low, tops[i]);
    }
    weft__context_boot(&w->maker, tops, bases, guard_bytes, n, weft__sched_loop);
}

char *weft__sched_retire(void *top)
{
    struct weft_control *c = top;

    weft__sanitize_stack_retired(&c->sanitizer);
    return c->base;
}

/* ---- the way out ---- */

/* Waits for the first timer, which may be never, or something outside. A signal finds is_idle set,
 * or has asked before it was. */
static void sched_wait(struct weft_worker *w, int64_t until_ns)
{
    int saved_errno = *w->errno_at;

    if (WEFT__UNLIKELY(w->idles != NULL))
        w->idles(w, weft__add_saturating(until_ns, -weft__clock_now(&w->clock)));
    if (!w->clock.is_virtual)
        weft__stack_idle(&w->stacks, weft__add_saturating(until_ns, -weft__clock_now(&w->clock)));
    w->is_idle = true;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (w->outside.awaited > 0 && w->asked)
        w->outside.wait(w, INT64_MIN);
    else if (w->outside.awaited > 0)
        w->outside.wait(w, w->clock.is_virtual ? INT64_MAX : until_ns);
    else if (!w->asked)
        weft__clock_wait(&w->clock, until_ns);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    w->is_idle = false;
    *w->errno_at = saved_errno;
}

/* Nothing but memory may come for those that have no stack, by the doing of others in the process
 * or outside of it: until when to wait for that. Nobody waits for it by a virtual clock. */
static int64_t sched_hunger_ns(struct weft_worker *w, uint32_t tries)
{
    uint32_t doublings = tries < SCHED_TRIES_MAX ? tries : SCHED_TRIES_MAX - 1;

    if (!w->starving || w->clock.is_virtual)
        return INT64_MAX;
    return weft__clock_now(&w->clock) + (SCHED_TRY_NS << doublings);
}

/* The run queue is empty: waits until it is not. */
static void sched_idle(struct weft_worker *w)
{
    uint32_t tries = 0;

    while (weft__ring_count(&w->run) == 0) {
        int64_t next_ns = weft__wheel_next(&w->timers);
        bool is_awaited = w->outside.awaited > 0 || weft__sched_has_timer(w);
        int64_t hunger_ns;

        if (w->starving && sched_feed_all(w))
            continue;
        hunger_ns = sched_hunger_ns(w, tries++);
        if (!is_awaited && (hunger_ns == INT64_MAX || tries > SCHED_TRIES_MAX)) {
            w->stuck(w);
            continue;
        }
        sched_wait(w, hunger_ns < next_ns ? hunger_ns : next_ns);
        sched_poll(w);
    }
}

/* A virtual clock stands still while a thread is ready, but a real one goes on: an oracle may say that
 * the next timer is due first. */
static bool sched_goes_on(struct weft_worker *w)
{
    int64_t next_ns = weft__wheel_next(&w->timers);

    if (next_ns == INT64_MAX || !w->clock.is_virtual || w->outside.awaited > 0)
        return false;
    if (weft__oracle_choose(&w->oracle, 2, WEFT__CHOICE_TIME) == 0)
        return false;
    w->oracle.jumps--;
    weft__clock_wait(&w->clock, next_ns);
    sched_poll(w);
    return true;
}

/* An oracle says who is next: that one goes to the front. */
static WEFT__COLD void sched_ask(struct weft_worker *w)
{
    uint32_t ready;

    while (w->oracle.jumps > 0 && sched_goes_on(w))
        ;
    ready = weft__ring_count(&w->run);
    if (ready > 1)
        weft__ring_take_at(&w->run, weft__oracle_choose(&w->oracle, ready, WEFT__CHOICE_READY));
    else if (w->oracle.alone)
        w->oracle.alone(w->oracle.state);
}

/* Takes the next ready thread off the run queue. */
static struct weft_control *sched_pick(struct weft_worker *w)
{
    for (;;) {
        struct weft_control *c;
        void *entry;

        if (WEFT__UNLIKELY(weft__ring_count(&w->run) == 0))
            sched_idle(w);
        if (WEFT__UNLIKELY(w->oracle.choose != NULL))
            sched_ask(w);
        entry = weft__ring_pop_front(&w->run);
        if (!weft__entry_is_unstarted(entry))
            return entry;
        c = weft__sched_bind(w, weft__entry_thread(entry));
        if (WEFT__LIKELY(c != NULL))
            return c;
    }
}

static WEFT__NOINLINE int sched_next_any(struct weft_worker *w, struct weft_control *me)
{
    struct weft_control *next = sched_pick(w);

    if (next == me)
        return me->result;
    return weft__switch_to(w, me, next);
}

/* The running thread leaves. If the next in line has not run yet, then those that this one has just
 * started go before it, in their order: a tree of threads grows in depth, and few of its nodes hold
 * a stack at once. Bounded, so that the older ones get their turn. */
static void sched_favour(struct weft_worker *w)
{
    struct weft_ring *run = &w->run;
    uint32_t n = run->tail - w->born_from;

    if (n != w->born || n > SCHED_BROOD_MAX || n >= weft__ring_count(run))
        return;
    if (!weft__entry_is_unstarted(weft__ring_peek(run, 0)))
        return;
    sched_count_favours(w);
    if (w->favours + n > SCHED_FAVOURS_MAX)
        return;
    w->favours += n;
    weft__ring_rotate(run, n);
    w->born_since = run->head; /* its next taking makes this stale for good */
}

/* Mostly the next one has not run yet, and a stack lies ready. */
WEFT__NOINLINE int weft__sched_next(struct weft_worker *w, struct weft_control *me)
{
    struct weft_ring *run = &w->run;
    struct weft_pool *pool;
    void *entry;

    if (WEFT__UNLIKELY(w->countdown == 0))
        sched_poll(w);
    if (WEFT__UNLIKELY(weft__ring_count(run) == 0 || w->starving || w->oracle.choose))
        return sched_next_any(w, me);
    if (run->head == w->born_since)
        sched_favour(w);
    entry = weft__ring_peek(run, 0);
    if (WEFT__UNLIKELY(!weft__entry_is_unstarted(entry)))
        return sched_next_any(w, me);
    pool = &w->stacks.pools[weft__entry_thread(entry)->stack_class];
    if (WEFT__UNLIKELY(weft__ring_count(&pool->warm) == 0))
        return sched_next_any(w, me);
    run->head++;
    return weft__switch_to(w, me,
                           sched_settle(w, weft__stack_take(pool), weft__entry_thread(entry)));
}

WEFT__NOINLINE int weft__sched_tail(struct weft_worker *w, int result)
{
    struct weft_control *me = w->current;

    weft__sched_last(w, me, result);
    return weft__switch_next(w, me);
}

/* Whoever has spent a whole quantum without leaving goes to the tail, so that others run. */
WEFT__NOINLINE int weft__sched_spent(struct weft_worker *w, int result)
{
    bool is_whole = w->spent + w->window >= w->quantum;
    bool is_hog = (is_whole && w->quantum_at == w->run.head) || w->oracle.choose;

    sched_poll(w);
    return is_hog ? weft__sched_tail(w, result) : result;
}

/* The countdown is of no use to somebody who yields to timers, and computes in between. */
WEFT__NOINLINE void weft__sched_yield_alone(struct weft_worker *w)
{
    if (weft__wheel_is_empty(&w->timers) && w->outside.awaited == 0)
        return;
    if (w->countdown > 1) /* else the yield itself spends it */
        sched_poll(w);
}

WEFT__COLD int weft__sched_tried(struct weft_worker *w, int result)
{
    if (result == -EAGAIN)
        return weft__sched_tail(w, -ETIMEDOUT);
    return weft__spend(w, result);
}

WEFT__COLD int weft__sched_interrupted(struct weft_worker *w, struct weft_control *me)
{
    return weft__sched_tail(w, me->interrupt & WEFT__INTERRUPT_CANCELLED ? -ECANCELED : -ETIMEDOUT);
}

static void sched_unhook_turn(struct weft_control *c)
{
    (void)c; /* it is on no list */
}

static void sched_describe_turn(const struct weft_control *c, struct weft_print *out)
{
    weft__print(out, "%s", c->wait->name);
}

static const struct weft_wait sched_wait_turn = {
    .name = "waiting for all others to end",
    .describe = sched_describe_turn,
    .unhook = sched_unhook_turn,
};

int weft__sched_turn(struct weft_worker *w)
{
    struct weft_control *me = w->current;
    int64_t next_ns = weft__wheel_next(&w->timers);

    if (me->interrupt & WEFT__INTERRUPT_FAIL)
        return weft__sched_interrupted(w, me);
    if (weft__ring_count(&w->run) > 0 || (w->starving && sched_feed_all(w)))
        return weft__sched_tail(w, me->interrupt & WEFT__INTERRUPT_TRY ? -ETIMEDOUT : 0);
    if (me->interrupt & WEFT__INTERRUPT_TRY)
        return weft__sched_tail(w, -ETIMEDOUT);
    if (w->outside.awaited == 0 && !weft__sched_has_timer(w))
        return weft__park(w, me, &sched_wait_turn); /* a deadlock */
    sched_wait(w, next_ns);
    sched_poll(w);
    return 0;
}

/* ---- the way back ---- */

WEFT__COLD void weft__unhook(struct weft_control *c)
{
    if (c->wait && c->wait->unhook)
        c->wait->unhook(c);
    c->wait = NULL;
}

WEFT__COLD void weft__interrupt(struct weft_worker *w, struct weft_control *c, int result)
{
    if (!c->wait || c->wait->deaf)
        return;
    c->wait->unhook(c);
    weft__ready(w, c, result);
}

/* ---- the end of a thread ---- */

/* Who is the last in line, if it is one that has run. */
static struct weft_control *sched_ready_last(const struct weft_ring *run)
{
    void *entry = weft__ring_peek(run, weft__ring_count(run) - 1);

    return weft__entry_is_unstarted(entry) ? NULL : entry;
}

/* Whom an ended thread runs before the queue's head: who waited for its end, else the one it woke
 * last if that is still the last in line. Bounded, so that a chain of short threads cannot keep
 * the others waiting. Without it a tree of a million leaves holds a million stacks. */
static struct weft_control *sched_heir(struct weft_worker *w, struct weft_control *self,
                                       struct weft_control *peer)
{
    uint32_t ready = weft__ring_count(&w->run);
    struct weft_control *last = ready > 0 ? sched_ready_last(&w->run) : NULL;
    bool woke_last = last && last->woken_by == self->life;

    if ((!peer && !woke_last) || w->streak >= SCHED_STREAK_MAX || w->oracle.choose) {
        w->streak = 0;
        if (peer)
            weft__sched_last(w, peer, peer->result);
        return NULL;
    }
    w->streak++;
    return peer ? peer : weft__ring_pop_back(&w->run);
}

#ifndef WEFT__SANITIZED

/* If the queue's head has not run yet and wants such a stack as this, it runs here and now. */
static inline bool sched_chain(struct weft_worker *w, struct weft_control *self)
{
    struct weft_ring *run = &w->run;
    struct weft_thread *t;
    void *entry;

    if (weft__ring_count(run) == 0 || w->countdown == 1 || w->starving)
        return false;
    entry = weft__ring_peek(run, 0);
    if (!weft__entry_is_unstarted(entry))
        return false;
    t = weft__entry_thread(entry);
    if (&w->stacks.pools[t->stack_class] != self->pool || !weft__stack_keep(self->pool))
        return false;
    w->countdown--;
    run->head++;
    weft__prefetch(run);
    sched_settle(w, self, t);
    return true;
}

#endif

/* The ended thread's stack goes back to the pool, and may come straight out again for the next
 * thread to run on it without a switch. Under a sanitizer it goes back when it has been left. */
static void sched_end(struct weft_worker *w, struct weft_control *self, struct weft_control *peer)
{
    struct weft_control *next = sched_heir(w, self, peer);

    self->thread = NULL;
    *w->errno_at = 0; /* whoever comes next on this stack begins with that */
#ifdef WEFT__SANITIZED
    w->ended = self;
#else
    if (WEFT__LIKELY(!next) && sched_chain(w, self))
        return;
    sched_bury(w, self);
#endif
    if (WEFT__UNLIKELY(w->starving))
        sched_feed(w, (int)(self->pool - w->stacks.pools));
    if (WEFT__UNLIKELY(--w->countdown == 0))
        sched_poll(w);
    if (!next)
        next = sched_pick(w);
    if (next != self)
        weft__switch_to(w, self, next);
}

/* First thing on a stack that was switched to, in the builds that watch. */
static inline __attribute__((always_inline)) void sched_arrive(struct weft_worker *w,
                                                               struct weft_control *self)
{
#ifdef WEFT__SANITIZED
    weft__sanitize_arrive(&self->sanitizer, &w->left->sanitizer);
    if (w->ended) {
        weft__sanitize_stack_ended(&w->ended->sanitizer, w->ended->context.sp);
        sched_bury(w, w->ended);
    }
#else
    (void)w;
    (void)self;
#endif
}

WEFT__NOT_SANITIZED void weft__sched_loop(struct weft_context *context)
{
    struct weft_control *self = WEFT__CONTAINER_OF(context, struct weft_control, context);
    struct weft_worker *w = weft__self;

    sched_arrive(w, self);
    for (;;) {
        struct weft_control *peer = w->run_thread(w, self);

        sched_end(w, self, peer);
    }
}

/* ---- switches that do more ---- */

WEFT__NOT_SANITIZED int weft__switch_exceptions(struct weft_context *from, struct weft_context *to,
                                                int result)
{
    struct weft_worker *w = weft__self;
    struct weft_control *me = WEFT__CONTAINER_OF(from, struct weft_control, context);
    struct weft_control *next = WEFT__CONTAINER_OF(to, struct weft_control, context);

    memcpy(me->exceptions, w->exceptions_at, sizeof me->exceptions);
    memcpy(w->exceptions_at, next->exceptions, sizeof next->exceptions);
    return w->backend(from, to, result);
}

WEFT__NOT_SANITIZED int weft__switch_watched(struct weft_context *from, struct weft_context *to,
                                             int result)
{
    struct weft_worker *w = weft__self;
    struct weft_control *me = WEFT__CONTAINER_OF(from, struct weft_control, context);
    struct weft_control *next = WEFT__CONTAINER_OF(to, struct weft_control, context);
    weft__switch_fn *inner = w->exceptions_at ? weft__switch_exceptions : w->backend;

    if (me == next)
        return result;
    w->left = me;
    weft__sanitize_leave(&me->sanitizer, &next->sanitizer, me->thread == NULL);
    result = inner(from, to, result);
    sched_arrive(w, me);
    return result;
}
