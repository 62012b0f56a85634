/* SPDX-License-Identifier: MIT */
/* Generators: a thread that runs when somebody asks it for a value, and hands over without the run
 * queue. */
#include "gen.h"

#include <errno.h>
#include <string.h>

#include "runtime/calls.h"
#include "runtime/reports/cycle.h"
#include "runtime/deadline.h"
#include "runtime/report.h"

static void gen_unhook_next(struct weft_control *c)
{
    struct weft_gen *g = c->on;

    g->consumer = NULL;
    g->sent = NULL;
}

/* In a fork's child, where the closer is not: the body's end frees the generator. */
static void gen_unhook_close(struct weft_control *c)
{
    struct weft_gen *g = c->on;

    g->consumer = NULL;
}

static void gen_unhook_offer(struct weft_control *c)
{
    struct weft_gen *g = c->on;

    g->value = NULL;
}

static void gen_describe(const struct weft_control *c, struct weft_print *out)
{
    const struct weft_gen *g = c->on;

    weft__print(out, "%s %p (made at %s)", c->wait->name, c->on, weft__site(g->site));
}

/* Only the body can give it a value, or an end. */
static struct weft_thread *gen_waits_for(const struct weft_control *c)
{
    const struct weft_gen *g = c->on;

    return g->body;
}

static void gen_describe_consumer(const struct weft_control *c, struct weft_print *out)
{
    gen_describe(c, out);
    weft__print(out, ", whose body is ");
    weft__print_thread(out, gen_waits_for(c));
}

static const struct weft_wait gen_wait_next = {
    .name = "waiting for a value of generator",
    .describe = gen_describe_consumer,
    .unhook = gen_unhook_next,
    .waits_for = gen_waits_for,
};
static const struct weft_wait gen_wait_close = {
    .name = "waiting for the end of generator",
    .describe = gen_describe_consumer,
    .unhook = gen_unhook_close,
    .waits_for = gen_waits_for,
    .deaf = true,
};
static const struct weft_wait gen_wait_offer = {
    .name = "offering a value of generator",
    .describe = gen_describe,
    .unhook = gen_unhook_offer,
    .held = true,
};
static const struct weft_wait gen_wait_suspended = {
    .name = "suspended in generator",
    .describe = gen_describe,
    .deaf = true,
    .held = true,
};

static WEFT__COLD void gen_stop(const struct weft_gen *g, const char *call, const char *why)
{
    weft__mistake("%s of generator %p (made at %s), %s", call, (const void *)g, weft__site(g->site),
                  why);
}

static void gen_check(const struct weft_gen *g, const char *call)
{
    if (WEFT__UNLIKELY(!weft__owns(weft__self, g->owner)))
        gen_stop(g, call, "which was freed, or belongs to another OS thread");
}

static void gen_check_consumer(const struct weft_gen *g, const struct weft_control *me,
                               const char *call)
{
    gen_check(g, call);
    if (WEFT__UNLIKELY(g->body == me->thread))
        gen_stop(g, call, "by its own body");
    if (WEFT__UNLIKELY(g->consumer != NULL))
        gen_stop(g, call, "while another thread is inside");
}

static void gen_check_size(const struct weft_gen *g, size_t size, size_t own, const char *call)
{
    if (WEFT__UNLIKELY(size != own))
        gen_stop(g, call, "with a type of another size than its own");
}

static struct weft_control *gen_body(const struct weft_gen *g)
{
    return g->body->state == WEFT__THREAD_STARTED ? g->body->at.control : NULL;
}

/* ---- life ---- */

static void gen_free(struct weft_gen *g)
{
    g->closed = true;
    if (g->kept)
        return;
    weft__list_remove(&g->link);
    weft__calls.free(g);
}

/* The body has returned: its consumer goes on. A generator that is being closed is freed here,
 * since the closer may touch nothing but its own control block. */
static struct weft_control *gen_body_ended(struct weft_worker *w, struct weft_gen *g)
{
    struct weft_control *consumer = g->consumer;
    bool closes = consumer && consumer->wait == &gen_wait_close;

    if (consumer) {
        consumer->result = closes ? 0 : -EPIPE;
        consumer->wait = NULL;
        __atomic_signal_fence(__ATOMIC_RELEASE); /* it is described by what goes now */
    }
    weft__thread_free(&w->threads, g->body);
    g->body = NULL;
    g->consumer = NULL;
    g->sent = NULL;
    if (closes || (g->ending && !g->kept)) /* a closer may have been lost to a fork */
        gen_free(g);
    return consumer;
}

static const char *gen_site(const struct weft_list *link)
{
    return WEFT__CONTAINER_OF(link, const struct weft_gen, link)->site;
}

WEFT_API struct weft_gen *weft_gen_new_(size_t size, size_t takes_size, const char *site)
{
    struct weft_worker *w = weft__worker();
    struct weft_gen *g = w ? weft__calls.calloc(1, sizeof *g) : NULL;

    if (!g)
        return NULL;
    w->body_ended = gen_body_ended;
    w->gen_site = gen_site;
    g->owner = w->id;
    g->size = size;
    g->takes_size = takes_size;
    g->site = site;
    return g;
}

WEFT_API struct weft_gen *weft_gen_start_(struct weft_gen *g, struct weft_start *s)
{
    if (s->error != 0) {
        weft__calls.free(g);
        return NULL;
    }
    g->body = s->task;
    weft__list_push_back(&weft__self->gens, &g->link);
    return g;
}

/* ---- the consumer's side ---- */

/* The consumer leaves running for the body, straight. Once in a while it goes by the run queue, so
 * that a pair cannot keep the others waiting. */
static WEFT__NOINLINE int gen_switch_next(struct weft_worker *w, struct weft_control *me,
                                          struct weft_control *next, int result)
{
    w->countdown++;
    weft__wake(w, me, next, result);
    return weft__switch_next(w, me);
}

static inline __attribute__((always_inline)) int gen_switch(struct weft_worker *w,
                                                            struct weft_control *me,
                                                            struct weft_control *next, int result)
{
    if (WEFT__UNLIKELY(--w->countdown == 0))
        return gen_switch_next(w, me, next, result);
    next->wait = NULL;
    return weft__switch_with(w, me, next, result);
}

static inline __attribute__((always_inline)) int gen_suspend(struct weft_worker *w,
                                                             struct weft_control *me,
                                                             struct weft_gen *g,
                                                             struct weft_control *consumer)
{
    g->consumer = NULL;
    g->suspended = me;
    me->on = g; /* else it is of what the body has waited for since */
    me->wait = &gen_wait_suspended;
    return gen_switch(w, me, consumer, 0);
}

static inline __attribute__((always_inline)) int gen_wake(struct weft_worker *w,
                                                          struct weft_control *me,
                                                          struct weft_gen *g,
                                                          struct weft_control *body, int result)
{
    g->suspended = NULL;
    return gen_switch(w, me, body, result);
}

static inline void gen_enter(const struct weft_worker *w, struct weft_gen *g,
                             struct weft_control *me, void *object, const struct weft_wait *why)
{
    me->waiter.object = object;
    me->on = g;
    me->since = w->tick;
    me->wait = why;
    g->consumer = me;
}

static void gen_deliver(struct weft_gen *g, const void *sent)
{
    if (!g->in)
        return;
    if (sent)
        memcpy(g->in, sent, g->takes_size);
    else
        memset(g->in, 0, g->takes_size);
}

/* Starts the body; the consumer is parked in it. */
static WEFT__NOINLINE int gen_begin(struct weft_worker *w, struct weft_control *me,
                                    struct weft_gen *g)
{
    struct weft_control *c = weft__sched_bind(w, g->body);

    if (c && c->thread == g->body)
        return gen_switch(w, me, c, 0);
    if (c)
        weft__ready(w, c, 0); /* somebody else waited longer for the stack */
    return weft__switch_next(w, me);
}

/* Takes the value of a body that waits with it. One that was sent something goes on by itself. */
static int gen_take(struct weft_worker *w, struct weft_gen *g, struct weft_control *body,
                    void *object, const void *sent)
{
    if (object)
        memcpy(object, g->value, g->size);
    g->value = NULL;
    if (sent) {
        gen_deliver(g, sent);
        weft__wake(w, w->current, body, 0);
    } else {
        body->wait = &gen_wait_suspended;
        g->suspended = body;
    }
    return weft__spend(w, 0);
}

/* The body is not running: what a consumer that may park does with it. */
static int gen_resume(struct weft_worker *w, struct weft_control *me, struct weft_gen *g,
                      struct weft_control *body, const void *sent)
{
    if (!body && g->body->state == WEFT__THREAD_UNSTARTED)
        return gen_begin(w, me, g);
    if (g->suspended) {
        gen_deliver(g, sent);
        return gen_wake(w, me, g, g->suspended, 0);
    }
    g->sent = sent;
    if (body)
        weft__cycle_watch(w, me, me->wait, g->body);
    return weft__switch_next(w, me);
}

static WEFT__NOINLINE int gen_next_any(struct weft_gen *g, void *object, size_t size,
                                       const void *sent, size_t sent_size)
{
    const char *call = sent ? "gen_send" : "gen_next";
    struct weft_worker *w = weft__worker();
    struct weft_control *me, *body;

    if (!g || !w)
        return -EINVAL;
    me = w->current;
    gen_check_consumer(g, me, call);
    gen_check_size(g, size, g->size, call);
    if (sent)
        gen_check_size(g, sent_size, g->takes_size, call);
    if (WEFT__UNLIKELY(me->interrupt & WEFT__INTERRUPT_FAIL))
        return weft__sched_interrupted(w, me);
    if (!g->body)
        return weft__spend(w, -EPIPE);
    if (sent && g->body->state != WEFT__THREAD_STARTED)
        return weft__spend(w, -EINVAL);
    body = gen_body(g);
    if (g->value)
        return gen_take(w, g, body, object, sent);
    if (WEFT__UNLIKELY(me->interrupt & WEFT__INTERRUPT_TRY))
        return weft__sched_tail(w, -ETIMEDOUT);
    gen_enter(w, g, me, object, &gen_wait_next);
    return gen_resume(w, me, g, body, sent);
}

/* A suspended body has no other consumer and takes no part in anything: asking it for its next
 * value needs few checks. */
WEFT_API WEFT__NOIPA int weft_gen_next_(struct weft_gen *g, void *object, size_t size,
                                        const void *sent, size_t sent_size)
{
    struct weft_worker *w = weft__self;
    struct weft_control *me, *body;

    if (WEFT__UNLIKELY(!g || !weft__owns(w, g->owner) || g->size != size))
        return gen_next_any(g, object, size, sent, sent_size);
    me = w->current;
    body = g->suspended;
    if (WEFT__UNLIKELY(!body || sent || g->in || me->interrupt))
        return gen_next_any(g, object, size, sent, sent_size);
    gen_enter(w, g, me, object, &gen_wait_next);
    return gen_wake(w, me, g, body, 0);
}

/* A body that has not started never runs. */
static void gen_forget_body(struct weft_worker *w, struct weft_gen *g)
{
    if (g->body->state == WEFT__THREAD_STARVED)
        weft__sched_unstarve(w, g->body);
    weft__thread_free(&w->threads, g->body);
    g->body = NULL;
}

/* The caller waits until the body has returned. */
static int gen_end_body(struct weft_worker *w, struct weft_control *me, struct weft_gen *g)
{
    struct weft_control *body = g->body->at.control;

    if (g->ending == WEFT__GEN_OPEN)
        g->ending = WEFT__GEN_CLOSING;
    gen_enter(w, g, me, NULL, &gen_wait_close);
    if (g->suspended || g->value) {
        g->value = NULL;
        g->ending = WEFT__GEN_REFUSED;
        return gen_wake(w, me, g, body, -EPIPE);
    }
    weft__cancel(w, g->body);
    weft__cycle_watch(w, me, &gen_wait_close, g->body);
    return weft__switch_next(w, me);
}

WEFT_API WEFT__NOIPA int weft_gen_close_(struct weft_gen *g)
{
    struct weft_worker *w = weft__worker();
    struct weft_control *me;

    if (!g || !w)
        return -EINVAL;
    me = w->current;
    gen_check_consumer(g, me, "gen_close");
    if (g->body && g->body->state != WEFT__THREAD_STARTED)
        gen_forget_body(w, g);
    if (!g->body) {
        gen_free(g);
        return weft__spend(w, 0);
    }
    return gen_end_body(w, me, g);
}

/* Lets the body return as for a close, but nobody is inside: other bodies may be, or come. */
static void gen_tell_body(struct weft_worker *w, struct weft_gen *g)
{
    struct weft_control *body = g->body->at.control;

    g->ending = WEFT__GEN_CLOSING;
    if (!g->suspended && !g->value) {
        weft__cancel(w, g->body);
        return;
    }
    g->ending = WEFT__GEN_REFUSED;
    g->suspended = NULL;
    g->value = NULL;
    weft__ready(w, body, -EPIPE);
}

static int gen_end(struct weft_worker *w, struct weft_gen *g)
{
    int result = 0;

    if (g->body && g->body->state != WEFT__THREAD_STARTED) {
        if (g->consumer)
            weft__interrupt(w, g->consumer, -EPIPE);
        gen_forget_body(w, g);
    }
    if (g->body && g->ending == WEFT__GEN_OPEN)
        gen_tell_body(w, g);
    while (g->body && result == 0)
        result = weft__sched_turn(w);
    return result;
}

/* A generator whose body is being ended may be closed by a body that is ended later, so it is kept
 * meanwhile. */
int weft__gens_end(struct weft_worker *w)
{
    struct weft_list ended;
    int result = 0;

    weft__list_init(&ended);
    while (result == 0 && !weft__list_is_empty(&w->gens)) {
        struct weft_gen *newest = WEFT__CONTAINER_OF(w->gens.prev, struct weft_gen, link);

        weft__list_remove(&newest->link);
        weft__list_push_back(&ended, &newest->link);
        newest->kept = true;
        result = gen_end(w, newest);
        newest->kept = false;
        if (newest->closed)
            gen_free(newest);
    }
    weft__list_splice_back(&w->gens, &ended);
    return result;
}

void weft__gens_free(struct weft_worker *w)
{
    while (!weft__list_is_empty(&w->gens))
        gen_free(WEFT__CONTAINER_OF(w->gens.next, struct weft_gen, link));
}

/* ---- the body's side ---- */

/* Gives the value to the waiting consumer, and stays suspended. A body that was sent something while
 * it was busy goes on instead. */
static int gen_give(struct weft_worker *w, struct weft_control *me, struct weft_gen *g,
                    const void *object)
{
    struct weft_control *consumer = g->consumer;

    if (consumer->waiter.object)
        weft__copy(consumer->waiter.object, object, g->size);
    if (g->sent) {
        gen_deliver(g, g->sent);
        g->sent = NULL;
        g->consumer = NULL;
        weft__wake(w, me, consumer, 0);
        return weft__spend(w, 0);
    }
    return gen_suspend(w, me, g, consumer);
}

static WEFT__NOINLINE int gen_yield_any(struct weft_gen *g, const void *object, size_t size,
                                        void *in, size_t in_size)
{
    struct weft_worker *w = weft__worker();
    struct weft_control *me;

    if (!g || !w)
        return -EINVAL;
    me = w->current;
    gen_check(g, "gen_yield");
    if (WEFT__UNLIKELY(g->body != me->thread))
        gen_stop(g, "gen_yield", "by a thread that is not its body");
    if (WEFT__UNLIKELY(g->ending == WEFT__GEN_REFUSED))
        gen_stop(g, "gen_yield", "again after it returned -EPIPE");
    gen_check_size(g, size, g->size, "gen_yield");
    if (in)
        gen_check_size(g, in_size, g->takes_size, "gen_yield_recv");
    if (WEFT__UNLIKELY(g->ending)) {
        g->ending = WEFT__GEN_REFUSED;
        return weft__spend(w, -EPIPE);
    }
    if (WEFT__UNLIKELY(me->interrupt & WEFT__INTERRUPT_FAIL))
        return weft__sched_interrupted(w, me);
    g->in = in;
    g->yielded = me;
    me->on = g;
    if (g->consumer)
        return gen_give(w, me, g, object);
    if (WEFT__UNLIKELY(me->interrupt & WEFT__INTERRUPT_TRY))
        return weft__sched_tail(w, -ETIMEDOUT);
    g->value = object;
    return weft__park(w, me, &gen_wait_offer);
}

/* To a consumer that waits for a word and sends nothing, by a body that has been here before. */
WEFT_API WEFT__NOIPA int weft_gen_yield_(struct weft_gen *g, const void *object, size_t size,
                                         void *in, size_t in_size)
{
    struct weft_worker *w = weft__self;
    struct weft_control *me, *consumer;

    if (WEFT__UNLIKELY(!g || !weft__owns(w, g->owner) || g->size != size ||
                       size != sizeof(uint64_t)))
        return gen_yield_any(g, object, size, in, in_size);
    me = w->current;
    consumer = g->consumer;
    if (WEFT__UNLIKELY(g->yielded != me || !consumer || !consumer->waiter.object || g->ending ||
                       g->sent || in || me->interrupt))
        return gen_yield_any(g, object, size, in, in_size);
    g->in = NULL;
    memcpy(consumer->waiter.object, object, sizeof(uint64_t));
    return gen_suspend(w, me, g, consumer);
}
