/* SPDX-License-Identifier: MIT */
/* upsets: pairs, as in pairs.c, whose senders and receivers give up and try again, and are cancelled
 * and replaced, and whose channels are closed and replaced, all of it at random. What a pair passes
 * are still the numbers from 0 on: a call that failed has done nothing. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "pattern.h"
#include "run.h"

enum {
    UPSETS_YIELDS_MAX = 16,    /* between two upsets */
    UPSETS_NS_MAX = 50 * 1000, /* that a call is given */
};

struct lane {
    struct run *run;
    chan(uint64_t) values;
    task(uint64_t) sender, receiver;
    uint64_t seed;
    uint64_t place;
    uint64_t portion, leave; /* leave to send so many more */
    uint64_t sent, due;
};

/* How it tries this time, and for how long. */
enum way { UPSETS_WAIT, UPSETS_LIMIT, UPSETS_TRY, UPSETS_SELECT, UPSETS_WAYS };

static enum way upsets_way(struct lane *l)
{
    return (enum way)(run_random(&l->seed) % UPSETS_WAYS);
}

static int64_t upsets_ns(struct lane *l)
{
    return (int64_t)(run_random(&l->seed) % UPSETS_NS_MAX);
}

/* A select's result, as a plain call says it. */
static int upsets_result(int clause)
{
    if (clause == CHAN_CLOSED(0))
        return -EPIPE;
    return clause == 1 ? -ETIMEDOUT : clause;
}

static int upsets_send_once(struct lane *l)
{
    switch (upsets_way(l)) {
    case UPSETS_LIMIT:
        return weft_within(upsets_ns(l), chan_send(l->values, l->sent));
    case UPSETS_TRY:
        return chan_trysend(l->values, l->sent);
    case UPSETS_SELECT:
        return upsets_result(
            chan_select(chan_case_send(l->values, l->sent), chan_case_timeout(upsets_ns(l))));
    default:
        return chan_send(l->values, l->sent);
    }
}

static int upsets_receive_once(struct lane *l, uint64_t *value)
{
    switch (upsets_way(l)) {
    case UPSETS_LIMIT:
        return weft_within(upsets_ns(l), chan_recv(l->values, value));
    case UPSETS_TRY:
        return chan_tryrecv(l->values, value);
    case UPSETS_SELECT:
        return upsets_result(
            chan_select(chan_case_recv(l->values, value), chan_case_timeout(upsets_ns(l))));
    default:
        return chan_recv(l->values, value);
    }
}

/* Whether to go on after that result. */
static bool upsets_go_on(struct lane *l, int result)
{
    l->run->broken_off += result != 0 && result != -EAGAIN;
    switch (result) {
    case 0:
    case -ETIMEDOUT:
        return true;
    case -EAGAIN:
        weft_yield();
        return !weft_is_cancelled();
    case -EPIPE:
    case -ECANCELED:
        return false;
    default:
        check_fail(&l->run->check, "channel %llu: a call returned %d", (unsigned long long)l->place,
                   result);
        return false;
    }
}

/* Until it has no leave, is cancelled, or the channel is closed. */
static uint64_t upsets_send(struct lane *l)
{
    int result = 0;

    while (upsets_go_on(l, result)) {
        if (l->leave == 0 && (l->leave = quota_take(&l->run->quota, l->portion)) == 0) {
            chan_close(l->values);
            break;
        }
        result = upsets_send_once(l);
        if (result == 0) {
            l->sent++;
            l->leave--;
        }
    }
    return l->sent;
}
WEFT_FN(upsets_send, struct lane *);

static uint64_t upsets_receive(struct lane *l)
{
    uint64_t value;
    int result = 0;

    while (upsets_go_on(l, result)) {
        result = upsets_receive_once(l, &value);
        if (result == 0)
            l->due = check_value(&l->run->check, l->place, l->due, value) + 1;
    }
    return l->due;
}
WEFT_FN(upsets_receive, struct lane *);

/* With a limit that ends some times before the thread does. */
static void upsets_join(struct lane *l, task(uint64_t) t)
{
    int result;

    do
        result = weft_within(upsets_ns(l), task_join(t));
    while (result == -ETIMEDOUT);
    if (result != 0)
        check_fail(&l->run->check, "task_join returned %d", result);
}

static void upsets_start_sender(struct lane *l)
{
    l->sender = run_need(l->run, spawn(upsets_send, l));
}

static void upsets_start_receiver(struct lane *l)
{
    l->receiver = run_need(l->run, spawn(upsets_receive, l));
}

static void upsets_replace_sender(struct lane *l)
{
    task_cancel(l->sender);
    upsets_join(l, l->sender);
    upsets_start_sender(l);
}

static void upsets_replace_receiver(struct lane *l)
{
    task_cancel(l->receiver);
    upsets_join(l, l->receiver);
    upsets_start_receiver(l);
}

/* All has been sent or will be, by others: what was sent has been received. */
static void upsets_finish(struct lane *l)
{
    upsets_join(l, l->sender);
    upsets_join(l, l->receiver);
    check_count(&l->run->check, l->place, l->due, l->sent);
    chan_free(l->values);
}

static void upsets_replace_channel(struct lane *l)
{
    chan_close(l->values);
    upsets_finish(l);
    l->values = run_need(l->run, chan_new(uint64_t));
    upsets_start_sender(l);
    upsets_start_receiver(l);
}

static void upsets_one(struct lane *l, uint64_t *seed)
{
    void (*const upsets[])(struct lane *) = {
        upsets_replace_sender,
        upsets_replace_receiver,
        upsets_replace_channel,
    };

    upsets[run_random(seed) % (sizeof upsets / sizeof *upsets)](l);
    for (uint64_t n = run_random(seed) % UPSETS_YIELDS_MAX; n > 0; n--)
        weft_yield();
}

void upsets_run(struct run *r)
{
    size_t lanes = (r->threads + 1) / 2;
    uint64_t seed = r->seed, messages = 0;

    assert(lanes > 0);
    run_begin(r, r->threads);
    struct lane *all = run_memory(r, lanes, sizeof *all);
    quota_begin(&r->quota);
    for (size_t i = 0; i < lanes; i++) {
        chan(uint64_t) values = run_need(r, chan_new(uint64_t));

        all[i] = (struct lane){
            .run = r,
            .values = values,
            .seed = run_random(&seed),
            .place = i,
            .portion = quota_portion(&r->quota, lanes),
        };
        upsets_start_sender(&all[i]);
        upsets_start_receiver(&all[i]);
    }

    while (r->quota.taken < r->quota.limit)
        upsets_one(&all[run_random(&seed) % lanes], &seed);
    for (size_t i = 0; i < lanes; i++) {
        upsets_finish(&all[i]);
        messages += all[i].due;
    }
    run_end(r, messages);
    free(all);
}
