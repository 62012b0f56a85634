/* SPDX-License-Identifier: MIT */
/* Select: one scan decides; if nothing is ready, every clause queues in the caller's own array. */
#include <weft/select.h>

#include <errno.h>
#include <stdio.h>

#include "chan.h"

/* The clauses of one call. They may be larger than this library knows them. */
struct select_set {
    struct weft_case *cases;
    size_t n;
    size_t stride;
};

/* What one scan finds. */
struct select_scan {
    uint32_t ready; /* how many clauses could go now; a closed channel's can */
    size_t first_ready;
    int64_t timeout_ns; /* the soonest, WEFT_FOREVER if none */
    size_t timeout;     /* its index */
    int immediate;      /* the index of a default clause, or -1 */
};

static struct weft_case *select_at(const struct select_set *set, size_t i)
{
    return (struct weft_case *)(void *)((char *)set->cases + i * set->stride);
}

static bool select_is_channel(const struct weft_case *k)
{
    return (k->op == WEFT_OP_RECV || k->op == WEFT_OP_SEND) && k->chan;
}

static struct weft_list *select_partners(const struct weft_case *k)
{
    return k->op == WEFT_OP_RECV ? &k->chan->senders : &k->chan->receivers;
}

static struct weft_list *select_own_queue(const struct weft_case *k)
{
    return k->op == WEFT_OP_RECV ? &k->chan->receivers : &k->chan->senders;
}

/* A select never matches itself: its own clauses are not queued while it looks. */
static bool select_is_ready(const struct weft_case *k)
{
    return select_is_channel(k) && (!weft__list_is_empty(select_partners(k)) || k->chan->closed);
}

static void select_check(const struct weft_case *k)
{
    if (WEFT__UNLIKELY(k->chan->owner != weft__self || k->chan->size != (size_t)k->amount))
        weft__chan_refuse(k->chan, (size_t)k->amount, "chan_select");
}

static void select_note_timeout(struct select_scan *scan, const struct weft_case *k, size_t i)
{
    if (k->amount >= scan->timeout_ns)
        return;
    scan->timeout_ns = k->amount;
    scan->timeout = i;
}

static void select_look(const struct select_set *set, struct select_scan *scan)
{
    for (size_t i = 0; i < set->n; i++) {
        const struct weft_case *k = select_at(set, i);

        if (select_is_channel(k)) {
            select_check(k);
            if (select_is_ready(k) && scan->ready++ == 0)
                scan->first_ready = i;
        } else if (k->op == WEFT_OP_DEFAULT) {
            scan->immediate = (int)i;
        } else if (k->op == WEFT_OP_TIMEOUT) {
            select_note_timeout(scan, k, i);
        }
    }
}

/* Uniformly one of the ready clauses. */
static size_t select_choose(struct weft_worker *w, const struct select_set *set,
                            const struct select_scan *scan)
{
    size_t i = scan->first_ready;
    uint32_t skip;

    if (scan->ready == 1)
        return i;
    skip = weft__oracle_choose(&w->oracle, scan->ready, WEFT__CHOICE_SELECT);
    while (skip > 0)
        if (select_is_ready(select_at(set, ++i)))
            skip--;
    return i;
}

/* Completes a ready clause: what the select returns. */
static int select_do(struct weft_worker *w, const struct select_set *set, size_t i)
{
    struct weft_case *k = select_at(set, i);
    struct weft_list *partners = select_partners(k);
    struct weft_waiter *partner = weft__chan_first(partners);

    if (weft__list_is_empty(partners))
        return WEFT_CHAN_CLOSED((int)i);
    if (k->op == WEFT_OP_RECV)
        weft__chan_take(w, partner, k->object, k->chan->size);
    else
        weft__chan_give(w, partner, k->object, k->chan->size);
    return (int)i;
}

/* ---- parked ---- */

static struct select_set select_of(const struct weft_control *c)
{
    return (struct select_set){.cases = c->on, .n = c->on_count, .stride = c->on_stride};
}

/* Takes every clause off its channel's queue, and the timeout off the clock. */
static void select_unhook(struct weft_control *c)
{
    struct select_set set = select_of(c);

    for (size_t i = 0; i < set.n; i++) {
        struct weft_case *k = select_at(&set, i);

        if (select_is_channel(k))
            weft__list_remove(&k->waiter.link);
    }
    if (weft__timer_is_armed(&c->timer))
        weft__wheel_cancel(&weft__self->timers, &c->timer);
}

/* As many clauses as there is room for. */
static void select_describe(const struct weft_control *c, char *out, size_t size)
{
    struct select_set set = select_of(c);
    int used = snprintf(out, size, "%s %zu clauses", c->wait->name, set.n);

    for (size_t i = 0; i < set.n && used >= 0 && (size_t)used < size; i++) {
        const struct weft_case *k = select_at(&set, i);

        if (select_is_channel(k))
            used += snprintf(out + used, size - (size_t)used, "%s %s channel %p (made at %s)",
                             i == 0 ? ":" : ",", k->op == WEFT_OP_RECV ? "receive from" : "send on",
                             (void *)k->chan, k->chan->site);
    }
}

const struct weft_wait weft__wait_select = {
    .name = "selecting over",
    .describe = select_describe,
    .unhook = select_unhook,
};

WEFT__NOINLINE int weft__select_claim(struct weft_waiter *waiter, bool closed)
{
    struct weft_control *c = waiter->control;
    size_t i = (size_t)((char *)waiter - (char *)c->on) / c->on_stride;

    select_unhook(c);
    return closed ? WEFT_CHAN_CLOSED((int)i) : (int)i;
}

/* The result was left in the control block when the timer was armed. */
static void select_due(struct weft_timer *timer)
{
    struct weft_control *c = WEFT__CONTAINER_OF(timer, struct weft_control, timer);

    select_unhook(c);
    weft__ready(weft__self, c, c->result);
}

static void select_hook(struct weft_worker *w, struct weft_control *me,
                        const struct select_set *set, const struct select_scan *scan)
{
    int64_t when;

    for (size_t i = 0; i < set->n; i++) {
        struct weft_case *k = select_at(set, i);

        k->waiter.control = me;
        k->waiter.object = NULL;
        if (select_is_channel(k))
            weft__list_push_back(select_own_queue(k), &k->waiter.link);
    }
    me->on = set->cases;
    me->on_count = (uint32_t)set->n;
    me->on_stride = set->stride;
    if (scan->timeout_ns == WEFT_FOREVER)
        return;
    when = weft__add_saturating(weft__clock_now(&w->clock), scan->timeout_ns);
    me->result = (int)scan->timeout;
    me->timer.due = select_due;
    if (when != INT64_MAX)
        weft__wheel_arm(&w->timers, &me->timer, when);
}

WEFT_API WEFT__NOIPA int weft_chan_select_(struct weft_case *cases, size_t n, size_t case_size)
{
    struct weft_worker *w = weft__worker();
    struct select_set set = {.cases = cases, .n = n, .stride = case_size};
    struct select_scan scan = {.timeout_ns = WEFT_FOREVER, .immediate = -1};
    struct weft_control *me;

    if (!w)
        return -ENOMEM;
    if (case_size < sizeof *cases || n > INT32_MAX / 2)
        return -EINVAL;
    me = w->current;
    select_look(&set, &scan);
    if (scan.immediate >= 0)
        return scan.ready ? select_do(w, &set, select_choose(w, &set, &scan)) : scan.immediate;
    if (WEFT__UNLIKELY(me->interrupt & WEFT__INTERRUPT_FAIL))
        return weft__sched_interrupted(w, me);
    if (scan.ready)
        return weft__spend(w, select_do(w, &set, select_choose(w, &set, &scan)));
    if (scan.timeout_ns <= 0)
        return weft__spend(w, (int)scan.timeout);
    if (WEFT__UNLIKELY(me->interrupt))
        return weft__sched_tail(w, -ETIMEDOUT);
    select_hook(w, me, &set, &scan);
    return weft__park(w, me, &weft__wait_select);
}
