/* SPDX-License-Identifier: MIT */
/* select: every thread, and main, waits at once to send on two channels and to receive from two
 * others. It sends to those that many places on, as two strides say that the seed chooses. */
#include <stdlib.h>

#include "pattern.h"
#include "run.h"

enum { SELECT_STRIDES = 2 };

struct storm {
    struct run *run;
    size_t places; /* of the threads, and main's */
    size_t strides[SELECT_STRIDES];
    chan(uint64_t) *channels; /* places x strides: what each sends on */
    uint64_t portion;
    uint64_t sent; /* by all who have ended */
};

static chan(uint64_t) select_channel(const struct storm *s, size_t place, size_t stride)
{
    return s->channels[place % s->places * SELECT_STRIDES + stride];
}

/* On which channel that place receives what is sent over the stride. */
static chan_rx(uint64_t) select_in(const struct storm *s, size_t place, size_t stride)
{
    return select_channel(s, place + s->places - s->strides[stride], stride);
}

/* Leave to send that many more; with none left, closes what it sends on. */
static uint64_t select_take(struct storm *s, chan(uint64_t) out[SELECT_STRIDES])
{
    uint64_t leave = quota_take(&s->run->quota, s->portion);

    for (size_t i = 0; leave == 0 && i < SELECT_STRIDES; i++) {
        chan_close(out[i]);
        out[i] = NULL; /* never ready */
    }
    return leave;
}

/* How many values it received. */
static uint64_t select_storm(struct storm *s, size_t place)
{
    chan_rx(uint64_t) in[] = {select_in(s, place, 0), select_in(s, place, 1)};
    chan(uint64_t) out[] = {select_channel(s, place, 0), select_channel(s, place, 1)};
    uint64_t value, due[] = {0, 0}, sent[] = {0, 0}, received = 0;
    uint64_t leave = select_take(s, out);

    while (in[0] || in[1] || out[0]) {
        enum { LEFT, RIGHT, NEAR, FAR };
        int done = chan_select(
            [LEFT] = chan_case_recv(in[0], &value), [RIGHT] = chan_case_recv(in[1], &value),
            [NEAR] = chan_case_send(out[0], sent[0]), [FAR] = chan_case_send(out[1], sent[1]));
        switch (done) {
        case LEFT:
        case RIGHT:
            due[done] = check_value(&s->run->check, place, due[done], value) + 1;
            received++;
            break;
        case NEAR:
        case FAR:
            sent[done - NEAR]++;
            if (--leave == 0)
                leave = select_take(s, out);
            break;
        case CHAN_CLOSED(LEFT):
            in[0] = NULL;
            break;
        case CHAN_CLOSED(RIGHT):
            in[1] = NULL;
            break;
        default:
            check_fail(&s->run->check, "chan_select returned %d", done);
            return received;
        }
    }
    s->sent += sent[0] + sent[1];
    return received;
}

static uint64_t select_thread(struct storm *s, size_t place)
{
    run_enter(s->run);
    return select_storm(s, place);
}
WEFT_FN(select_thread, struct storm *, size_t);

void select_run(struct run *r)
{
    struct storm s = {.run = r, .places = r->threads + 1};
    uint64_t seed = r->seed, messages;

    run_begin(r, r->threads);
    for (size_t i = 0; i < SELECT_STRIDES; i++)
        s.strides[i] = 1 + run_random(&seed) % r->threads;
    s.channels = run_channels(r, s.places * SELECT_STRIDES);
    s.portion = quota_portion(&r->quota, s.places);
    task(uint64_t) *tasks = run_memory(r, r->threads, sizeof *tasks);
    for (size_t i = 0; i < r->threads; i++)
        tasks[i] = run_need(r, spawn(select_thread, &s, i));
    run_open(r);

    messages = select_storm(&s, r->threads);
    for (size_t i = 0; i < r->threads; i++)
        messages += run_join(r, tasks[i]);
    check_count(&r->check, 0, messages, s.sent);
    run_end(r, messages);
    run_free_channels(s.channels, s.places * SELECT_STRIDES);
    free(tasks);
}
