/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "channels/chan.h"
#include "channels/gen.h"
#include "runtime/calls.h"
#include "runtime/group.h"
#include "runtime/sync.h"
#include "runtime/worker.h"

enum { CHECK_CHANS_MAX = 64, CHECK_STACK_BYTES = 64 * 1024, LOG_BYTES = 64 * 1024 };

static struct weft_chan *check_chans[CHECK_CHANS_MAX];
static size_t check_chans_count;
static char check_broken[256];         /* the first thing that was wrong, or empty */
static struct weft__calls check_calls; /* as they were before any test */

/* ---- saying ---- */

static char log_text[LOG_BYTES];
static size_t log_size;

void note(const char *format, ...)
{
    va_list values;
    int size;

    va_start(values, format);
    size = vsnprintf(log_text + log_size, LOG_BYTES - log_size, format, values);
    va_end(values);
    if (size > 0)
        log_size += (size_t)size;
    if (log_size >= LOG_BYTES)
        log_size = LOG_BYTES - 1;
}

const char *noted(void)
{
    static char read[LOG_BYTES];

    memcpy(read, log_text, sizeof read);
    read[log_size] = '\0';
    log_text[0] = '\0';
    log_size = 0;
    return read;
}

__attribute__((format(printf, 1, 2))) static void check_wrong(const char *format, ...)
{
    va_list values;

    if (check_broken[0] != '\0')
        return;
    va_start(values, format);
    vsnprintf(check_broken, sizeof check_broken, format, values);
    va_end(values);
    print_error("an invariant does not hold: %s\n", check_broken);
}

/* ---- marks: how often each record was met on a list, in one walk ---- */

enum { MARK_NONE, MARK_RUN_QUEUE, MARK_STARVED, MARK_RUNNING };

static unsigned char *marks; /* by slot */
static size_t marks_count;
static size_t marks_highest;

static void mark_fit(struct weft_thread *t, void *data)
{
    (void)data;
    if (weft__thread_slot(t) >= marks_count) {
        size_t count = ((size_t)weft__thread_slot(t) + 1) * 2;
        unsigned char *bigger = realloc(marks, count);

        if (!bigger)
            abort();
        marks = bigger;
        marks_count = count;
    }
    if (weft__thread_slot(t) > marks_highest)
        marks_highest = weft__thread_slot(t);
    marks[weft__thread_slot(t)] = MARK_NONE;
}

static void mark(const struct weft_thread *t, unsigned char as)
{
    if (t->state == WEFT__THREAD_FREE)
        check_wrong("a free record, slot %u, is on list %d", weft__thread_slot(t), as);
    else if (weft__thread_slot(t) > marks_highest || marks[weft__thread_slot(t)] != MARK_NONE)
        check_wrong("thread %u is on two lists, or twice on one", weft__thread_slot(t) + 1);
    else
        marks[weft__thread_slot(t)] = as;
}

/* ---- lists ---- */

/* Every link's neighbours point back at it. */
static bool check_list(const struct weft_list *head, const char *what)
{
    const struct weft_list *link = head;

    do {
        if (link->next->prev != link || link->prev->next != link) {
            check_wrong("the list of %s is not well linked", what);
            return false;
        }
        link = link->next;
    } while (link != head);
    return true;
}

static bool check_is_on(const struct weft_list *head, const struct weft_list *node)
{
    for (const struct weft_list *link = head->next; link != head; link = link->next)
        if (link == node)
            return true;
    return false;
}

/* ---- the run queue, and the queues for a stack ---- */

static void check_ready(const struct weft_control *c)
{
    const struct weft_thread *t = c->thread;

    if (!t || t->state != WEFT__THREAD_STARTED || t->at.control != c) {
        check_wrong("the run queue holds a control block without a thread of its own");
        return;
    }
    if (c->wait)
        check_wrong("thread %u is ready, and %s", weft__thread_slot(t) + 1, c->wait->name);
    if (weft__timer_is_armed(&c->timer))
        check_wrong("thread %u is ready, and its timer is armed", weft__thread_slot(t) + 1);
    mark(t, MARK_RUN_QUEUE);
}

static void check_run_queue(const struct weft_worker *w)
{
    if (weft__ring_capacity(&w->run) < w->threads.live)
        check_wrong("the run queue has room for %u of %zu threads", weft__ring_capacity(&w->run),
                    w->threads.live);
    for (uint32_t i = 0; i < weft__ring_count(&w->run); i++) {
        void *entry = weft__ring_peek(&w->run, i);

        if (!weft__entry_is_unstarted(entry)) {
            check_ready(entry);
        } else {
            const struct weft_thread *t = weft__entry_thread(entry);

            if (t->state != WEFT__THREAD_UNSTARTED || (t->flags & WEFT__THREAD_BODY))
                check_wrong("thread %u is on the run queue as unstarted", weft__thread_slot(t) + 1);
            mark(t, MARK_RUN_QUEUE);
        }
    }
}

static void check_starved(const struct weft_worker *w)
{
    uint32_t count = 0;

    for (int i = 0; i < WEFT__STACK_CLASSES; i++) {
        const struct weft_starved *queue = &w->starved[i];

        for (const struct weft_thread *t = queue->first; t; t = t->at.next) {
            count++;
            if (t->state != WEFT__THREAD_STARVED || t->stack_class != i)
                check_wrong("thread %u is on the wrong queue for a stack",
                            weft__thread_slot(t) + 1);
            if (!t->at.next && t != queue->last)
                check_wrong("the last thread that waits for a stack is not the last");
            mark(t, MARK_STARVED);
        }
    }
    if (count != w->starving)
        check_wrong("%u threads wait for a stack, and %u are counted", count, w->starving);
}

/* ---- what a parked thread is on ---- */

/* How many nodes the watched channels' queues should hold, and the wheel. */
struct check_sums {
    size_t records;
    size_t nodes;
    size_t timers;
    size_t used[WEFT__STACK_CLASSES];
};

static bool check_is_watched(const struct weft_chan *c)
{
    for (size_t i = 0; i < check_chans_count; i++)
        if (check_chans[i] == c)
            return true;
    return false;
}

static const struct weft_control *check_waiting(const struct weft_waiter *waiter)
{
    return weft__chan_control((struct weft_waiter *)(uintptr_t)waiter);
}

static void check_queued(struct check_sums *sums, const struct weft_chan *c, bool receives,
                         const struct weft_waiter *waiter)
{
    if (!check_is_watched(c))
        return;
    sums->nodes++;
    if (!check_is_on(receives ? &c->receivers : &c->senders, &waiter->link))
        check_wrong("thread %u is not on the queue that it waits in",
                    weft__thread_slot(check_waiting(waiter)->thread) + 1);
}

static void check_selecting(struct check_sums *sums, const struct weft_control *c)
{
    for (uint32_t i = 0; i < c->on_count; i++) {
        const struct weft_case *k = (void *)((char *)c->on + i * c->on_stride);

        if ((k->op == WEFT_OP_RECV || k->op == WEFT_OP_SEND) && k->chan)
            check_queued(sums, k->chan, k->op == WEFT_OP_RECV, &k->waiter);
    }
}

static void check_joining(const struct weft_control *c)
{
    const struct weft_thread *joined = c->on;

    if (joined->state == WEFT__THREAD_FREE || joined->state == WEFT__THREAD_DONE ||
        joined->waits_for_end.joiner != c)
        check_wrong("thread %u joins a thread that does not know it",
                    weft__thread_slot(c->thread) + 1);
}

/* Nobody is in a queue who does not wait for what it is of. */
static void check_all_wait(const struct weft_list *queue, const void *on, const char *what)
{
    for (const struct weft_list *link = queue->next; link != queue; link = link->next) {
        const struct weft_control *c =
            WEFT__CONTAINER_OF(link, const struct weft_control, waiter.link);

        if (!c->wait || c->on != on)
            check_wrong("in a queue of %s is a thread that does not wait there", what);
    }
}

static void check_synchronising(const struct weft_control *c)
{
    const struct weft_waiters *q = c->on;

    if (q->owner != weft__self->id)
        check_wrong("thread %u is %s of another OS thread", weft__thread_slot(c->thread) + 1,
                    c->wait->name);
    if (check_list(&q->list, c->wait->name) && !check_is_on(&q->list, &c->waiter.link))
        check_wrong("thread %u is %s, and not on its queue", weft__thread_slot(c->thread) + 1,
                    c->wait->name);
    check_all_wait(&q->list, q, c->wait->name);
}

/* Waits are told apart by what reports call them. */
static bool check_waits(const struct weft_control *c, const char *name)
{
    return strcmp(c->wait->name, name) == 0;
}

static void check_asking(const struct weft_control *c)
{
    const struct weft_gen *g = c->on;

    if (g->consumer != c)
        check_wrong("thread %u is %s that does not know it", weft__thread_slot(c->thread) + 1,
                    c->wait->name);
}

static void check_parked(struct check_sums *sums, const struct weft_control *c)
{
    bool may_have_timer = c->wait == &weft__wait_select || check_waits(c, "sleeping");

    if (c->wait == &weft__wait_select)
        check_selecting(sums, c);
    else if (check_waits(c, "sending on channel"))
        check_queued(sums, c->on, false, &c->waiter);
    else if (check_waits(c, "receiving from channel"))
        check_queued(sums, c->on, true, &c->waiter);
    else if (check_waits(c, "joining"))
        check_joining(c);
    else if (c->wait->unhook == weft__sync_unhook)
        check_synchronising(c);
    else if (check_waits(c, "waiting for a value of generator") ||
             check_waits(c, "waiting for the end of generator"))
        check_asking(c);
    if (!may_have_timer && weft__timer_is_armed(&c->timer))
        check_wrong("thread %u is %s, and its timer is armed", weft__thread_slot(c->thread) + 1,
                    c->wait->name);
}

/* What deadline.c keeps in the user's struct. */
struct check_deadline {
    struct weft_timer timer;
    const struct weft_control *control;
    const struct check_deadline *outer;
    int64_t when;
    uint32_t interrupt;
    bool shields;
};

/* A deadline is no later than the one around it, and its timer runs exactly if it is sooner, and
 * not over. */
static bool check_deadline_is_right(const struct check_deadline *d)
{
    const int64_t outer_when = d->outer ? d->outer->when : INT64_MAX;
    const bool runs = weft__timer_is_armed(&d->timer);

    if (d->shields)
        return !runs && d->interrupt == 0 && d->when == INT64_MAX;
    if (d->when == INT64_MIN && d->interrupt == WEFT__INTERRUPT_TRY)
        return !runs;
    if (d->when == outer_when)
        return !runs && d->interrupt == 0;
    return d->when < outer_when && d->interrupt == (runs ? 0 : WEFT__INTERRUPT_EXPIRED);
}

/* What a thread is told of is what its chain says, outwards to the first shield, and at the end of
 * the chain its record. */
static uint32_t check_interrupt_due(const struct weft_control *c)
{
    uint32_t interrupt = c->interrupt & WEFT__INTERRUPT_WATCHED; /* whatever happens */

    for (const struct check_deadline *d = (const void *)c->deadline; d; d = d->outer) {
        if (d->shields)
            return interrupt;
        interrupt |= d->interrupt;
    }
    if (c->thread->flags & WEFT__THREAD_CANCELLED)
        interrupt |= WEFT__INTERRUPT_CANCELLED;
    return interrupt;
}

/* Exactly those of a worker that watches; from the first run. */
static bool check_is_told(const struct weft_control *c)
{
    const bool is_watched = c->interrupt & WEFT__INTERRUPT_WATCHED;

    return is_watched == weft__self->is_watched || (!is_watched && !c->wait);
}

/* Nobody is parked who has been told not to wait, but in waits that mind no interrupt, or see to a
 * cancellation in their own way. */
static bool check_may_park(const struct weft_control *c)
{
    uint32_t interrupt = c->interrupt & ~(uint32_t)WEFT__INTERRUPT_WATCHED;

    if (c->wait->cancelled)
        interrupt &= ~(uint32_t)WEFT__INTERRUPT_CANCELLED;
    return interrupt == 0 || c->wait->deaf;
}

static void check_deadlines(struct check_sums *sums, const struct weft_control *c)
{
    const unsigned thread = weft__thread_slot(c->thread) + 1;

    for (const struct check_deadline *d = (const void *)c->deadline; d; d = d->outer) {
        sums->timers += weft__timer_is_armed(&d->timer);
        if (d->control != c)
            check_wrong("thread %u has a deadline of another's", thread);
        else if (!check_deadline_is_right(d))
            check_wrong("thread %u has a deadline that is not in order", thread);
    }
    if (!check_is_told(c))
        check_wrong("thread %u is not watched as its worker wants it", thread);
    if (c->interrupt != check_interrupt_due(c))
        check_wrong("thread %u is told %u, and is to be told %u", thread, c->interrupt,
                    check_interrupt_due(c));
    if (c->wait && !check_may_park(c))
        check_wrong("thread %u is %s, and is told %u", thread, c->wait->name, c->interrupt);
}

/* ---- records ---- */

static void check_started(struct check_sums *sums, const struct weft_thread *t)
{
    const struct weft_control *c = t->at.control;

    if (c->thread != t) {
        check_wrong("thread %u has another's control block", weft__thread_slot(t) + 1);
        return;
    }
    if (!(t->flags & WEFT__THREAD_ROOT))
        sums->used[t->stack_class]++;
    sums->timers += weft__timer_is_armed(&c->timer);
    check_deadlines(sums, c);
    if (c->wait && marks[weft__thread_slot(t)] != MARK_NONE)
        check_wrong("thread %u is %s, and on the run queue or running", weft__thread_slot(t) + 1,
                    c->wait->name);
    else if (c->wait)
        check_parked(sums, c);
    else if (marks[weft__thread_slot(t)] == MARK_NONE)
        check_wrong("thread %u is lost: not parked, not ready, not running",
                    weft__thread_slot(t) + 1);
}

static void check_record(struct weft_thread *t, void *data)
{
    const bool is_body = t->flags & WEFT__THREAD_BODY;
    struct check_sums *sums = data;

    sums->records++;
    switch (t->state) {
    case WEFT__THREAD_UNSTARTED:
        if ((marks[weft__thread_slot(t)] == MARK_RUN_QUEUE) == is_body)
            check_wrong("thread %u is unstarted, and %s the run queue", weft__thread_slot(t) + 1,
                        is_body ? "a body on" : "not on");
        break;
    case WEFT__THREAD_STARVED:
        if (marks[weft__thread_slot(t)] != MARK_STARVED)
            check_wrong("thread %u has no stack and does not wait for one",
                        weft__thread_slot(t) + 1);
        break;
    case WEFT__THREAD_STARTED:
        check_started(sums, t);
        break;
    default:
        if (t->state != WEFT__THREAD_DONE || marks[weft__thread_slot(t)] != MARK_NONE || is_body ||
            (t->flags & WEFT__THREAD_DETACHED) || t->waits_for_end.joiner)
            check_wrong("thread %u is done, and yet there is more to it", weft__thread_slot(t) + 1);
    }
}

static void check_records(const struct weft_worker *w, struct check_sums *sums)
{
    weft__thread_each(&w->threads, check_record, sums);
    if (sums->records != w->threads.live)
        check_wrong("there are %zu records, and %zu are counted", sums->records, w->threads.live);
}

/* ---- channels ---- */

static size_t check_waiters(const struct weft_chan *c, const struct weft_list *queue)
{
    size_t count = 0;

    if (!check_list(queue, "a channel's waiters"))
        return 0;
    for (const struct weft_list *link = queue->next; link != queue; link = link->next) {
        const struct weft_waiter *waiter = WEFT__CONTAINER_OF(link, struct weft_waiter, link);
        const struct weft_control *control = check_waiting(waiter);

        count++;
        if (!control->wait || (control->wait != &weft__wait_select && control->on != c))
            check_wrong("a channel holds a thread that does not wait in it");
    }
    return count;
}

/* Every node of both queues belongs to one and the same select. */
static bool check_is_one_select(const struct weft_chan *c)
{
    const struct weft_list *queues[] = {&c->receivers, &c->senders};
    const struct weft_control *one =
        check_waiting(WEFT__CONTAINER_OF(c->receivers.next, struct weft_waiter, link));

    for (int i = 0; i < 2; i++)
        for (const struct weft_list *link = queues[i]->next; link != queues[i]; link = link->next)
            if (check_waiting(WEFT__CONTAINER_OF(link, struct weft_waiter, link)) != one)
                return false;
    return one->wait == &weft__wait_select;
}

static void check_channels(const struct check_sums *sums)
{
    size_t nodes = 0;

    for (size_t i = 0; i < check_chans_count; i++) {
        const struct weft_chan *c = check_chans[i];
        size_t receivers = check_waiters(c, &c->receivers);
        size_t senders = check_waiters(c, &c->senders);

        nodes += receivers + senders;
        if (weft__chan_is_closed(c) && receivers + senders > 0)
            check_wrong("a closed channel has waiters");
        if (receivers > 0 && senders > 0 && !check_is_one_select(c))
            check_wrong("senders and receivers wait in one channel");
    }
    if (nodes != sums->nodes)
        check_wrong("%zu waiters are in the channels, %zu wait in them", nodes, sums->nodes);
}

/* ---- groups ---- */

static size_t check_length(const struct weft_list *list, const char *what)
{
    size_t count = 0;

    if (check_list(list, what))
        for (const struct weft_list *link = list->next; link != list; link = link->next)
            count++;
    return count;
}

static void check_members(const struct weft_group *g)
{
    for (const struct weft_list *link = g->members.next; link != &g->members; link = link->next) {
        const struct weft_thread *t =
            WEFT__CONTAINER_OF(link, struct weft_thread_side, member)->thread;

        if (!(t->flags & WEFT__THREAD_GROUPED) || t->waits_for_end.group != g ||
            (g->is_cancelled && !(t->flags & WEFT__THREAD_CANCELLED)))
            check_wrong("thread %u is in a group's list, and not as its member",
                        weft__thread_slot(t) + 1);
    }
}

static void check_groups(const struct weft_worker *w)
{
    if (!weft__list_is_empty(&w->cancelling))
        check_wrong("a group is left half cancelled");
    for (const struct weft_list *link = w->groups.next; link != &w->groups; link = link->next) {
        const struct weft_group *g = WEFT__CONTAINER_OF(link, struct weft_group, link);
        size_t members = check_length(&g->members, "members");
        size_t slots = check_length(&g->slots, "a group's slots");

        if (members + slots != g->running || (g->running_max && g->running > g->running_max))
            check_wrong("a group has %zu members and %zu slots, and counts %zu", members, slots,
                        g->running);
        if (check_length(&g->callers, "a group's callers") > 0 &&
            (g->running != g->running_max || g->is_cancelled))
            check_wrong("a thread waits for a place that is free, or for ever");
        if (g->waiter && (g->running == 0 || g->waiter->on != g || !g->waiter->wait))
            check_wrong("a thread waits for a group without members");
        if (g->result != 0 && !g->is_cancelled)
            check_wrong("a group has failed, and is not cancelled");
        check_members(g);
    }
}

/* ---- generators ---- */

static bool check_body_is(const struct weft_control *body, const char *wait)
{
    return body && body->wait && check_waits(body, wait);
}

static void check_gen(const struct weft_gen *g)
{
    const struct weft_control *body =
        g->body && g->body->state == WEFT__THREAD_STARTED ? g->body->at.control : NULL;
    const bool offers = check_body_is(body, "offering a value of generator");
    const bool is_suspended = check_body_is(body, "suspended in generator");

    if ((g->value != NULL) != offers || g->suspended != (is_suspended ? body : NULL))
        check_wrong("a generator's body does not wait as the generator says");
    if (g->consumer && (!g->consumer->wait || g->consumer->on != g))
        check_wrong("a generator has a consumer who does not wait for it");
    if (g->consumer && (offers || is_suspended))
        check_wrong("a generator's body and its consumer wait for one another");
}

static void check_gens(const struct weft_worker *w)
{
    if (check_list(&w->gens, "generators"))
        for (const struct weft_list *link = w->gens.next; link != &w->gens; link = link->next)
            check_gen(WEFT__CONTAINER_OF(link, const struct weft_gen, link));
}

/* ---- timers ---- */

static size_t check_slot(const struct weft_wheel *wheel, unsigned level, unsigned slot)
{
    const struct weft_list *head = &wheel->slots[level][slot];
    const unsigned shift = level * WEFT__WHEEL_DIGIT_BITS;
    size_t count = 0;

    if (head->next != head && !check_list(head, "timers"))
        return 0;
    for (const struct weft_list *link = head->next; link != head; link = link->next) {
        int64_t when = WEFT__CONTAINER_OF(link, struct weft_timer, link)->when;

        count++;
        if (when < wheel->now || (unsigned)(when >> shift) % WEFT__WHEEL_SLOTS != slot ||
            (level + 1 < WEFT__WHEEL_LEVELS && when >> (shift + WEFT__WHEEL_DIGIT_BITS) !=
                                                   wheel->now >> (shift + WEFT__WHEEL_DIGIT_BITS)))
            check_wrong("a timer is in slot %u of level %u, and does not belong there", slot,
                        level);
    }
    if ((count > 0) != (wheel->used[level] >> slot & 1))
        check_wrong("the bit of slot %u of level %u is wrong", slot, level);
    return count;
}

static void check_wheel(const struct weft_wheel *wheel, const struct check_sums *sums)
{
    size_t count = 0;

    for (unsigned level = 0; level < WEFT__WHEEL_LEVELS; level++) {
        if ((wheel->levels >> level & 1) != (wheel->used[level] != 0))
            check_wrong("the bit of level %u is wrong", level);
        for (unsigned slot = 0; slot < WEFT__WHEEL_SLOTS; slot++)
            count += check_slot(wheel, level, slot);
    }
    if (count != sums->timers)
        check_wrong("%zu timers run, and threads have %zu", count, sums->timers);
}

/* ---- stacks ---- */

static void check_pools(const struct weft_stacks *s, const struct check_sums *sums)
{
    for (int i = 0; i < WEFT__STACK_CLASSES; i++) {
        const struct weft_pool *p = &s->pools[i];

        /* Under a sanitizer the last ended thread's stack is out until it has been left. */
        size_t ended = weft__self->ended && weft__self->ended->pool == p;

        if (p->used != sums->used[i] + ended)
            check_wrong("%zu stacks of class %d are out, threads have %zu", p->used, i,
                        sums->used[i]);
        if (p->used + weft__ring_count(&p->warm) + weft__ring_count(&p->raw) != p->cut)
            check_wrong("a stack of class %d is lost", i);
    }
}

/* ---- all of it ---- */

bool check_now(enum check_moment moment)
{
    const struct weft_worker *w = weft__self;
    struct check_sums sums = {.records = 0};

    if (!w)
        return true;
    marks_highest = 0;
    weft__thread_each(&w->threads, mark_fit, NULL);
    if (moment == CHECK_RUNNING)
        mark(w->current->thread, MARK_RUNNING);
    check_run_queue(w);
    check_starved(w);
    check_records(w, &sums);
    check_channels(&sums);
    check_groups(w);
    check_gens(w);
    check_wheel(&w->timers, &sums);
    check_pools(&w->stacks, &sums);
    return check_broken[0] == '\0';
}

void check_forget(void)
{
    check_broken[0] = '\0';
}

void check_watch_(struct weft_chan *c)
{
    if (check_chans_count == CHECK_CHANS_MAX)
        abort();
    check_chans[check_chans_count++] = c;
}

void check_unwatch_(struct weft_chan *c)
{
    for (size_t i = 0; i < check_chans_count; i++)
        if (check_chans[i] == c)
            check_chans[i] = check_chans[--check_chans_count];
}

/* ---- chance ---- */

struct check_chance {
    uint64_t state;
};

static struct check_chance chance_of_test, chance_of_oracle;

static uint32_t chance_draw(struct check_chance *chance, uint32_t n)
{
    chance->state = chance->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((chance->state >> 33) % n);
}

static uint32_t check_choose(void *state, uint32_t n, enum weft__choice kind)
{
    check_now(kind == WEFT__CHOICE_SELECT ? CHECK_RUNNING : CHECK_CHOOSING);
    return chance_draw(state, n);
}

void check_randomly(uint64_t seed)
{
    weft_now(); /* makes the worker */
    chance_of_test.state = seed;
    chance_of_oracle.state = seed ^ 0x5851f42d4c957f2du;
    weft__sched_set_oracle(weft__self, check_choose, &chance_of_oracle);
}

uint64_t check_seed(uint64_t otherwise)
{
    const char *given = getenv("WEFT_TEST_SEED");

    return given ? strtoull(given, NULL, 0) : otherwise;
}

uint32_t check_random(uint32_t n)
{
    return chance_draw(&chance_of_test, n);
}

/* ---- fixtures ---- */

void check_settle(void)
{
    do
        weft_sleep(1);
    while (weft__ring_count(&weft__self->run) > 0);
}

void check_compute(int64_t ns)
{
    weft__self->clock.virtual_ns += ns;
}

static size_t stack_bytes_left;

static void *map_what_is_left(void *at, size_t size, int protection, int flags, int fd,
                              off_t offset)
{
    const bool is_for_stacks = flags & MAP_STACK; /* not for handlers */

    if (is_for_stacks && size > stack_bytes_left) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    if (is_for_stacks)
        stack_bytes_left -= size;
    return mmap(at, size, protection, flags, fd, offset);
}

void check_allow_stacks(size_t n)
{
    stack_bytes_left = n * CHECK_STACK_BYTES;
    weft__calls.mmap = map_what_is_left;
}

size_t check_threads(void)
{
    return weft__self ? weft__self->threads.live - 1 : 0;
}

size_t check_stacks(void)
{
    size_t used = 0;

    for (int i = 0; weft__self && i < WEFT__STACK_CLASSES; i++)
        used += weft__self->stacks.pools[i].used;
    return used;
}

int check_fresh(void **state)
{
    (void)state;
    if (!check_calls.malloc)
        check_calls = weft__calls;
    setenv("WEFT_CLOCK", "virtual", 1);
    check_chans_count = 0;
    check_forget();
    noted();
    return weft__self ? -1 : 0;
}

static void check_all_is_given_back(const struct weft_worker *w)
{
    if (check_threads() > 0 || check_stacks() > 0)
        check_wrong("%zu threads are left, and %zu stacks in use", check_threads(), check_stacks());
    if (!weft__wheel_is_empty(&w->timers))
        check_wrong("a timer is left");
    if (w->root.interrupt != (w->is_watched ? WEFT__INTERRUPT_WATCHED : 0) || w->root.deadline ||
        w->root.starting)
        check_wrong("main is left with a deadline, or in the middle of a spawn");
}

int check_over(void **state)
{
    struct weft_worker *w = weft__self;

    (void)state;
    weft__calls = check_calls;
    if (!w)
        return 0;
    check_now(CHECK_RUNNING);
    check_all_is_given_back(w);
    weft__worker_end(w);
    return check_broken[0] == '\0' ? 0 : -1;
}
