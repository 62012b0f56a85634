/* SPDX-License-Identifier: MIT */
#include "chan.h"

#include <errno.h>

#include "runtime/calls.h"
#include "runtime/report.h"

static void chan_unhook(struct weft_control *c)
{
    weft__list_remove(&c->waiter.link);
}

static void chan_describe(const struct weft_control *c, struct weft_print *out)
{
    const struct weft_chan *channel = c->on;

    weft__print(out, "%s %p (made at %s)", c->wait->name, c->on, weft__site(channel->site));
}

static bool chan_use(const struct weft_control *c, size_t i, struct weft_use *out)
{
    if (i > 0)
        return false;
    weft__chan_use(c->on, out);
    return true;
}

static const struct weft_wait chan_wait_send = {
    .name = "sending on channel",
    .describe = chan_describe,
    .unhook = chan_unhook,
    .use = chan_use,
};
static const struct weft_wait chan_wait_recv = {
    .name = "receiving from channel",
    .describe = chan_describe,
    .unhook = chan_unhook,
    .use = chan_use,
};

static const char *chan_site(const struct weft_list *link)
{
    return WEFT__CONTAINER_OF(link, const struct weft_chan, link)->site;
}

static struct weft_chan *chan_allocate(const struct weft_worker *w)
{
    struct weft_chan_watched *watched;

    if (WEFT__LIKELY(!w->is_watched))
        return weft__calls.malloc(sizeof(struct weft_chan));
    watched = weft__calls.malloc(sizeof *watched);
    if (!watched)
        return NULL;
    watched->users = (struct weft_users){.are_more = false};
    return &watched->chan;
}

void weft__chan_release(const struct weft_worker *w, struct weft_chan *c)
{
    if (WEFT__UNLIKELY(w->is_watched))
        weft__users_free(weft__chan_users(c));
    weft__calls.free(c);
}

WEFT_API struct weft_chan *weft_chan_new_(size_t size, const char *site)
{
    struct weft_worker *w = weft__worker();
    struct weft_chan *c = w && size < WEFT__CHAN_CLOSED ? chan_allocate(w) : NULL;

    if (!c)
        return NULL;
    c->owner = w->id;
    c->shape = size;
    c->site = site;
    weft__list_init(&c->receivers);
    weft__list_init(&c->senders);
    c->creator = weft__thread_handle(w->current->thread);
    weft__list_push_back(&w->chans, &c->link);
    w->chan_site = chan_site;
    return c;
}

WEFT__COLD int weft__chan_refuse(const struct weft_chan *c, size_t size, const char *call)
{
    if (!c)
        return -EINVAL;
    if (!weft__owns(weft__worker(), c->owner))
        weft__mistake(
            "%s of channel %p (made at %s), which was freed, or belongs to another OS thread", call,
            (const void *)c, weft__site(c->site));
    if (weft__chan_size(c) == size)
        return -EPIPE;
    weft__mistake("%s of channel %p (made at %s) with elements of %zu bytes: its own have %zu",
                  call, (const void *)c, weft__site(c->site), size, weft__chan_size(c));
}

/* Open, one's own, and with elements of this size. */
static inline bool chan_is_open(const struct weft_chan *c, const struct weft_worker *w, size_t size)
{
    return WEFT__LIKELY(c != NULL) && weft__owns(w, c->owner) && WEFT__LIKELY(c->shape == size);
}

/* What a call that may park returns for a channel that is not. */
static WEFT__COLD int chan_unusable(const struct weft_chan *c, size_t size, const char *call)
{
    int result = weft__chan_refuse(c, size, call);
    struct weft_worker *w = weft__self;

    if (result == -EINVAL)
        return result;
    if (w->current->interrupt & WEFT__INTERRUPT_FAIL)
        return weft__sched_interrupted(w, w->current);
    return weft__spend(w, result);
}

/* ---- the meeting ---- */

static void chan_meet(struct weft_worker *w, struct weft_waiter *waiter, void *into,
                      const void *from, size_t size)
{
    struct weft_control *control = weft__chan_control(waiter);
    int result = weft__chan_claim(waiter, false, 0);

    if (into)
        weft__copy(into, from, size);
    weft__wake(w, w->current, control, result);
}

void weft__chan_give(struct weft_worker *w, struct weft_waiter *receiver, const void *from,
                     size_t size)
{
    chan_meet(w, receiver, weft__chan_object(receiver), from, size);
}

void weft__chan_take(struct weft_worker *w, struct weft_waiter *sender, void *into, size_t size)
{
    chan_meet(w, sender, into, weft__chan_object(sender), size);
}

/* ---- send ---- */

static WEFT__NOINLINE int chan_send_met(struct weft_worker *w, struct weft_chan *c,
                                        const void *object)
{
    weft__chan_give(w, weft__chan_first(&c->receivers), object, weft__chan_size(c));
    return weft__spend(w, 0);
}

static inline __attribute__((always_inline)) int chan_send_park(struct weft_worker *w,
                                                                struct weft_control *me,
                                                                struct weft_chan *c,
                                                                const void *object)
{
    me->waiter.object = (void *)(uintptr_t)object;
    me->on = c;
    weft__list_push_back(&c->senders, &me->waiter.link);
    return weft__park(w, me, &chan_wait_send);
}

/* Under a deadline that is over, or one of zero; or the thread is watched. */
static WEFT__COLD int chan_send_interrupted(struct weft_worker *w, struct weft_control *me,
                                            struct weft_chan *c, const void *object)
{
    weft__chan_used(w, me, c);
    if (me->interrupt & WEFT__INTERRUPT_FAIL)
        return weft__sched_interrupted(w, me);
    if (me->interrupt & WEFT__INTERRUPT_TRY)
        return weft__sched_tried(w, weft_chan_trysend_(c, object, weft__chan_size(c)));
    if (!weft__list_is_empty(&c->receivers))
        return chan_send_met(w, c, object);
    return chan_send_park(w, me, c, object);
}

WEFT_API WEFT__NOIPA int weft_chan_send_(struct weft_chan *c, const void *object, size_t size)
{
    struct weft_worker *w = weft__self;
    struct weft_control *me;

    if (!chan_is_open(c, w, size))
        return chan_unusable(c, size, "chan_send");
    me = w->current;
    if (WEFT__UNLIKELY(me->interrupt))
        return chan_send_interrupted(w, me, c, object);
    if (!weft__list_is_empty(&c->receivers)) {
        struct weft_waiter *receiver = weft__chan_first(&c->receivers);

        if (!weft__chan_is_straight(receiver->object, object, size))
            return chan_send_met(w, c, object);
        weft__chan_meet_straight(w, me, receiver, receiver->object, object);
        return weft__spend(w, 0);
    }
    return chan_send_park(w, me, c, object);
}

WEFT_API int weft_chan_trysend_(struct weft_chan *c, const void *object, size_t size)
{
    struct weft_worker *w = weft__self;

    if (!chan_is_open(c, w, size))
        return weft__chan_refuse(c, size, "chan_trysend");
    if (!weft__list_is_empty(&c->receivers)) {
        weft__chan_give(w, weft__chan_first(&c->receivers), object, size);
        return 0;
    }
    return -EAGAIN;
}

/* ---- receive ---- */

static WEFT__NOINLINE int chan_recv_met(struct weft_worker *w, struct weft_chan *c, void *object)
{
    weft__chan_take(w, weft__chan_first(&c->senders), object, weft__chan_size(c));
    return weft__spend(w, 0);
}

static inline __attribute__((always_inline)) int chan_recv_park(struct weft_worker *w,
                                                                struct weft_control *me,
                                                                struct weft_chan *c, void *object)
{
    me->waiter.object = object;
    me->on = c;
    weft__list_push_back(&c->receivers, &me->waiter.link);
    return weft__park(w, me, &chan_wait_recv);
}

static WEFT__COLD int chan_recv_interrupted(struct weft_worker *w, struct weft_control *me,
                                            struct weft_chan *c, void *object)
{
    weft__chan_used(w, me, c);
    if (me->interrupt & WEFT__INTERRUPT_FAIL)
        return weft__sched_interrupted(w, me);
    if (me->interrupt & WEFT__INTERRUPT_TRY)
        return weft__sched_tried(w, weft_chan_tryrecv_(c, object, weft__chan_size(c)));
    if (!weft__list_is_empty(&c->senders))
        return chan_recv_met(w, c, object);
    return chan_recv_park(w, me, c, object);
}

WEFT_API WEFT__NOIPA int weft_chan_recv_(struct weft_chan *c, void *object, size_t size)
{
    struct weft_worker *w = weft__self;
    struct weft_control *me;

    if (!chan_is_open(c, w, size))
        return chan_unusable(c, size, "chan_recv");
    me = w->current;
    if (WEFT__UNLIKELY(me->interrupt))
        return chan_recv_interrupted(w, me, c, object);
    if (!weft__list_is_empty(&c->senders)) {
        struct weft_waiter *sender = weft__chan_first(&c->senders);

        if (!weft__chan_is_straight(object, sender->object, size))
            return chan_recv_met(w, c, object);
        weft__chan_meet_straight(w, me, sender, object, sender->object);
        return weft__spend(w, 0);
    }
    return chan_recv_park(w, me, c, object);
}

WEFT_API int weft_chan_tryrecv_(struct weft_chan *c, void *object, size_t size)
{
    struct weft_worker *w = weft__self;

    if (!chan_is_open(c, w, size))
        return weft__chan_refuse(c, size, "chan_tryrecv");
    if (!weft__list_is_empty(&c->senders)) {
        weft__chan_take(w, weft__chan_first(&c->senders), object, size);
        return 0;
    }
    return -EAGAIN;
}

/* ---- close and free ---- */

static void chan_dismiss(struct weft_worker *w, struct weft_list *queue)
{
    while (!weft__list_is_empty(queue)) {
        struct weft_waiter *waiter = weft__chan_first(queue);
        struct weft_control *control = weft__chan_control(waiter);
        int result = weft__chan_claim(waiter, true, -EPIPE);

        weft__wake(w, w->current, control, result);
    }
}

WEFT_API int weft_chan_close_(struct weft_chan *c)
{
    struct weft_worker *w = weft__self;
    size_t size = c ? weft__chan_size(c) : 0;

    if (!chan_is_open(c, w, size))
        return weft__chan_refuse(c, size, "chan_close");
    c->shape |= WEFT__CHAN_CLOSED;
    chan_dismiss(w, &c->receivers);
    chan_dismiss(w, &c->senders);
    return 0;
}

WEFT_API void weft_chan_free_(struct weft_chan *c)
{
    if (!c)
        return;
    if (!weft__owns(weft__self, c->owner))
        weft__chan_refuse(c, weft__chan_size(c), "chan_free");
    if (!weft__list_is_empty(&c->receivers) || !weft__list_is_empty(&c->senders))
        weft__mistake("chan_free of channel %p (made at %s) while threads wait in it", (void *)c,
                      weft__site(c->site));
    weft__list_remove(&c->link);
    weft__chan_release(weft__self, c);
}
