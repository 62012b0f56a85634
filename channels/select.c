/* SPDX-License-Identifier: MIT */
/* Select: one scan decides; if nothing is ready, every clause queues in the caller's own array. */
#include <weft/select.h>

#include <errno.h>

#include "chan.h"
#include "runtime/report.h"

/* The clauses of one call. They may be larger than this library knows them. */
struct select_set {
    struct weft_case *cases;
    size_t n;
    size_t stride;
};

enum {
    SELECT_BLOCK = 64,    /* clauses of which one word says which are ready */
    SELECT_BLOCKS = 16,   /* so many words are kept; of more clauses the rest is looked at twice */
    SELECT_GUESS_MIN = 8, /* of so many clauses one is guessed first */
    SELECT_GUESSES = 4,   /* and so often, if those are not ready */
    SELECT_SHOWN_MAX = 8, /* clauses in a report */
};

/* What one scan finds. */
struct select_scan {
    uint32_t ready;     /* how many clauses could go now; a closed channel's can */
    int immediate;      /* the index of a default clause, or -1 */
    int64_t timeout_ns; /* the soonest, WEFT_FOREVER if none */
    size_t timeout;     /* its index */
    uint64_t blocks[SELECT_BLOCKS];
};

static struct weft_case *select_at(const struct select_set *set, size_t i)
{
    return (struct weft_case *)(void *)((char *)set->cases + i * set->stride);
}

static inline const struct weft_case *select_after(const struct select_set *set,
                                                   const struct weft_case *k)
{
    return (const struct weft_case *)(const void *)((const char *)k + set->stride);
}

/* Only these have a channel. */
static bool select_is_channel(const struct weft_case *k)
{
    return k->chan != NULL;
}

_Static_assert(offsetof(struct weft_chan, receivers) == WEFT_OP_SEND * sizeof(void *) &&
                   offsetof(struct weft_chan, senders) == WEFT_OP_RECV * sizeof(void *),
               "the operation says where the partners are");

static inline struct weft_list *select_partners(const struct weft_case *k)
{
    return (struct weft_list *)(void *)((void **)(void *)k->chan + k->op);
}

static struct weft_list *select_own_queue(const struct weft_case *k)
{
    return k->op == WEFT_OP_RECV ? &k->chan->receivers : &k->chan->senders;
}

/* A select never matches itself: its own clauses are not queued while it looks. */
static inline bool select_is_ready(const struct weft_case *k)
{
    return (int)!weft__list_is_empty(select_partners(k)) | (int)weft__chan_is_closed(k->chan);
}

static inline void select_check(const struct weft_worker *w, const struct weft_case *k)
{
    if (WEFT__UNLIKELY(k->chan->owner != w->id || weft__chan_size(k->chan) != (size_t)k->amount))
        weft__chan_refuse(k->chan, (size_t)k->amount, "chan_select");
}

static WEFT__NOINLINE void select_note(struct select_scan *scan, const struct weft_case *k,
                                       size_t i)
{
    if (k->op == WEFT_OP_DEFAULT) {
        scan->immediate = (int)i;
    } else if (k->op == WEFT_OP_TIMEOUT && k->amount < scan->timeout_ns) {
        scan->timeout_ns = k->amount;
        scan->timeout = i;
    }
}

/* The ready ones among the clauses from i to the end of its block, as bits. */
static inline __attribute__((always_inline)) uint64_t
select_look_block(const struct weft_worker *w, const struct select_set *set,
                  struct select_scan *scan, size_t i, uint32_t *count)
{
    size_t n = set->n - i < SELECT_BLOCK ? set->n - i : SELECT_BLOCK;
    const struct weft_case *k = n > 0 ? select_at(set, i) : NULL; /* of none there is no array */
    uint64_t all = 0;
    uint32_t ones = 0;

    for (size_t bit = 0; bit < n; bit++) {
        if (WEFT__LIKELY(select_is_channel(k))) {
            uint64_t ready = select_is_ready(k);

            select_check(w, k);
            all |= ready << bit;
            ones += (uint32_t)ready;
        } else {
            select_note(scan, k, i + bit);
        }
        k = select_after(set, k);
    }
    *count = ones; /* of a few clauses that is cheaper than counting bits */
    return all;
}

static WEFT__NOINLINE void select_look_many(const struct weft_worker *w,
                                            const struct select_set *set, struct select_scan *scan)
{
    uint32_t all = 0, count;

    for (size_t i = 0; i < set->n; i += SELECT_BLOCK) {
        uint64_t ready = select_look_block(w, set, scan, i, &count);

        if (i / SELECT_BLOCK < SELECT_BLOCKS)
            scan->blocks[i / SELECT_BLOCK] = ready;
        all += count;
    }
    scan->ready = all;
}

static inline void select_look(const struct weft_worker *w, const struct select_set *set,
                               struct select_scan *scan)
{
    scan->immediate = -1;
    scan->timeout_ns = WEFT_FOREVER;
    if (WEFT__UNLIKELY(set->n > SELECT_BLOCK))
        select_look_many(w, set, scan);
    else
        scan->blocks[0] = select_look_block(w, set, scan, 0, &scan->ready);
}

static WEFT__NOINLINE size_t select_nth_of_many(const struct weft_worker *w,
                                                const struct select_set *set,
                                                struct select_scan *scan, uint32_t skip)
{
    for (size_t block = 0;; block++) {
        uint32_t count;
        uint64_t ready = block < SELECT_BLOCKS
                             ? scan->blocks[block]
                             : select_look_block(w, set, scan, block * SELECT_BLOCK, &count);

        count = weft__bits(ready);
        if (skip < count)
            return block * SELECT_BLOCK + weft__nth_bit(ready, skip);
        skip -= count;
    }
}

/* Uniformly one of the ready clauses, of which there is one at least. */
static inline size_t select_choose(struct weft_worker *w, const struct select_set *set,
                                   struct select_scan *scan)
{
    uint32_t skip = 0;

    if (scan->ready > 1)
        skip = weft__oracle_choose(&w->oracle, scan->ready, WEFT__CHOICE_SELECT);
    if (WEFT__UNLIKELY(set->n > SELECT_BLOCK))
        return select_nth_of_many(w, set, scan, skip);
    return weft__nth_bit(scan->blocks[0], skip);
}

/* Completes a ready clause: what the select returns. */
static int select_do(struct weft_worker *w, const struct select_set *set, size_t i)
{
    struct weft_case *k = select_at(set, i);
    struct weft_list *partners = select_partners(k);
    struct weft_waiter *partner = weft__chan_first(partners);

    if (WEFT__UNLIKELY(weft__list_is_empty(partners)))
        return WEFT_CHAN_CLOSED((int)i);
    if (k->op == WEFT_OP_RECV &&
        weft__chan_is_straight(k->object, partner->object, weft__chan_size(k->chan)))
        weft__chan_meet_straight(w, w->current, partner, k->object, partner->object);
    else if (k->op == WEFT_OP_RECV)
        weft__chan_take(w, partner, k->object, weft__chan_size(k->chan));
    else
        weft__chan_give(w, partner, k->object, weft__chan_size(k->chan));
    return (int)i;
}

static WEFT__COLD bool select_never_parks(const struct select_set *set)
{
    const struct weft_case *k = set->cases;
    bool found = false;

    for (size_t i = 0; i < set->n; i++) {
        found |= k->op == WEFT_OP_DEFAULT;
        k = select_after(set, k);
    }
    return found;
}

/* Only when the countdown is spent it matters whether there is a default clause: such a select may
 * not be the place for a switch, and leaves that to the next call. */
static int select_spend(struct weft_worker *w, const struct select_set *set, int result)
{
    if (WEFT__LIKELY(w->countdown > 1) || !select_never_parks(set))
        return weft__spend(w, result);
    return result;
}

/* Draws clauses until one is ready: that one is uniformly chosen among all that are, and a busy
 * select over many channels looks at few. Its index, or the number of clauses after some draws in
 * vain. */
static size_t select_guess(struct weft_worker *w, const struct select_set *set)
{
    for (int i = 0; i < SELECT_GUESSES; i++) {
        size_t at = weft__oracle_choose(&w->oracle, (uint32_t)set->n, WEFT__CHOICE_SELECT);
        const struct weft_case *k = select_at(set, at);

        if (!select_is_channel(k))
            continue;
        select_check(w, k);
        if (select_is_ready(k))
            return at;
    }
    return set->n;
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

static void select_describe(const struct weft_control *c, struct weft_print *out)
{
    struct select_set set = select_of(c);

    weft__print(out, "%s %zu clauses", c->wait->name, set.n);
    for (size_t i = 0; i < set.n && i < SELECT_SHOWN_MAX; i++) {
        const struct weft_case *k = select_at(&set, i);

        if (select_is_channel(k))
            weft__print(out, "%s %s channel %p (made at %s)", i == 0 ? ":" : ",",
                        k->op == WEFT_OP_RECV ? "receive from" : "send on", (void *)k->chan,
                        weft__site(k->chan->site));
    }
    if (set.n > SELECT_SHOWN_MAX)
        weft__print(out, ", and %zu more", set.n - SELECT_SHOWN_MAX);
}

static bool select_use(const struct weft_control *c, size_t i, struct weft_use *out)
{
    struct select_set set = select_of(c);

    for (size_t at = 0; at < set.n; at++) {
        const struct weft_case *k = select_at(&set, at);

        if (!select_is_channel(k) || i-- > 0)
            continue;
        weft__chan_use(k->chan, out);
        return true;
    }
    return false;
}

const struct weft_wait weft__wait_select = {
    .name = "selecting over",
    .describe = select_describe,
    .unhook = select_unhook,
    .use = select_use,
};

WEFT__NOINLINE int weft__select_claim(struct weft_waiter *waiter, bool closed)
{
    struct weft_control *c = weft__chan_clause(waiter)->control;
    size_t i = (size_t)((char *)waiter - (char *)c->on) / c->on_stride;

    select_unhook(c);
    return closed ? WEFT_CHAN_CLOSED((int)i) : (int)i;
}

/* Its index was left in the control block's waiter, which a select has no other use for. */
static void select_due(struct weft_timer *timer)
{
    struct weft_control *c = WEFT__CONTAINER_OF(timer, struct weft_control, timer);

    select_unhook(c);
    weft__ready(weft__self, c, (int)(uintptr_t)c->waiter.object);
}

static void select_hook(struct weft_worker *w, struct weft_control *me,
                        const struct select_set *set, const struct select_scan *scan)
{
    int64_t when;

    for (size_t i = 0; i < set->n; i++) {
        struct weft_case *k = select_at(set, i);

        k->waiter.object = WEFT__CHAN_CLAUSE;
        k->control = me;
        if (select_is_channel(k))
            weft__list_push_back(select_own_queue(k), &k->waiter.link);
    }
    me->on = set->cases;
    me->on_count = (uint32_t)set->n;
    me->on_stride = set->stride;
    if (scan->timeout_ns == WEFT_FOREVER)
        return;
    when = weft__add_saturating(weft__clock_now(&w->clock), scan->timeout_ns);
    me->waiter.object = (void *)scan->timeout;
    me->timer.due = select_due;
    if (when != INT64_MAX)
        weft__wheel_arm(&w->timers, &me->timer, when);
}

/* Each channel learns that this thread uses it. */
static WEFT__COLD void select_watch(struct weft_worker *w, const struct weft_control *me,
                                    const struct select_set *set)
{
    for (size_t i = 0; i < set->n; i++) {
        const struct weft_case *k = select_at(set, i);

        if (select_is_channel(k))
            weft__chan_used(w, me, k->chan);
    }
}

WEFT_API WEFT__NOIPA int weft_chan_select_(struct weft_case *cases, size_t n, size_t case_size)
{
    struct weft_worker *w = weft__worker();
    struct select_set set = {.cases = cases, .n = n, .stride = case_size};
    struct select_scan scan;
    struct weft_control *me;

    if (!w)
        return -ENOMEM;
    if (case_size < sizeof *cases || n > INT32_MAX / 2)
        return -EINVAL;
    me = w->current;
    if (n >= SELECT_GUESS_MIN && !me->interrupt && !w->oracle.choose) {
        size_t guessed = select_guess(w, &set);

        if (guessed < n)
            return select_spend(w, &set, select_do(w, &set, guessed));
    }
    select_look(w, &set, &scan);
    if (scan.immediate >= 0)
        return scan.ready ? select_do(w, &set, select_choose(w, &set, &scan)) : scan.immediate;
    if (WEFT__UNLIKELY(me->interrupt)) {
        select_watch(w, me, &set);
        if (me->interrupt & WEFT__INTERRUPT_FAIL)
            return weft__sched_interrupted(w, me);
    }
    if (scan.ready)
        return weft__spend(w, select_do(w, &set, select_choose(w, &set, &scan)));
    if (scan.timeout_ns <= 0)
        return weft__spend(w, (int)scan.timeout);
    if (WEFT__UNLIKELY(me->interrupt & WEFT__INTERRUPT_TRY))
        return weft__sched_tail(w, -ETIMEDOUT);
    select_hook(w, me, &set, &scan);
    return weft__park(w, me, &weft__wait_select);
}
