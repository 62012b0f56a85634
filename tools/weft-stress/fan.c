/* SPDX-License-Identifier: MIT */
/* fan-in: all threads send to main on one channel. fan-out: main sends to all on one channel. */
#include <stdlib.h>

#include "pattern.h"
#include "run.h"

/* ---- in ---- */

struct fan_value {
    uint32_t from;
    uint32_t number; /* counts the sender's values, and wraps */
};

struct fan_in {
    struct run *run;
    chan(struct fan_value) values;
    uint64_t portion;
    size_t sending; /* threads that have not ended; the last one closes the channel */
};

static uint64_t fan_in_send(struct fan_in *fan, uint32_t me)
{
    uint64_t sent = 0;

    run_enter(fan->run);
    for (uint64_t n; (n = quota_take(&fan->run->quota, fan->portion)) > 0;)
        while (n-- > 0)
            sent += chan_send(fan->values, (struct fan_value){me, (uint32_t)sent}) == 0;
    if (--fan->sending == 0)
        chan_close(fan->values);
    return sent;
}
WEFT_FN(fan_in_send, struct fan_in *, uint32_t);

/* due: of each sender, the number that must come next. How many values came. */
static uint64_t fan_in_receive(struct fan_in *fan, uint32_t *due)
{
    uint64_t received = 0;

    chan_each(value, fan->values) {
        uint32_t *next = &due[value.from];

        *next = (uint32_t)check_value(&fan->run->check, value.from, *next, value.number) + 1;
        received++;
    }
    return received;
}

void fan_in_run(struct run *r)
{
    struct fan_in fan = {.run = r, .sending = r->threads};
    uint64_t received, sent = 0;

    run_begin(r, r->threads);
    fan.values = run_need(r, chan_new(struct fan_value));
    fan.portion = quota_portion(&r->quota, r->threads);
    uint32_t *due = run_memory(r, r->threads, sizeof *due);
    task(uint64_t) *tasks = run_memory(r, r->threads, sizeof *tasks);
    for (size_t i = 0; i < r->threads; i++)
        tasks[i] = run_need(r, spawn(fan_in_send, &fan, (uint32_t)i));
    run_open(r);

    received = fan_in_receive(&fan, due);
    for (size_t i = 0; i < r->threads; i++) {
        uint64_t mine = run_join(r, tasks[i]);

        check_count(&r->check, i, due[i], (uint32_t)mine);
        sent += mine;
    }
    check_count(&r->check, 0, received, sent);
    run_end(r, received);
    chan_free(fan.values);
    free(due);
    free(tasks);
}

/* ---- out ---- */

struct fan_out {
    struct run *run;
    chan(uint64_t) values;
    struct tally received; /* by all who have ended */
};

static uint64_t fan_out_receive(struct fan_out *fan, size_t me)
{
    struct tally mine = {.count = 0};
    uint64_t floor = 0;

    run_arrive(fan->run);
    chan_each(value, fan->values) {
        floor = check_rising(&fan->run->check, me, floor, value) + 1;
        tally_add(&mine, value);
    }
    tally_merge(&fan->received, &mine);
    return mine.count;
}
WEFT_FN(fan_out_receive, struct fan_out *, size_t);

static uint64_t fan_out_send(struct fan_out *fan)
{
    uint64_t portion = quota_portion(&fan->run->quota, 1), sent = 0;

    for (uint64_t n; (n = quota_take(&fan->run->quota, portion)) > 0;)
        while (n-- > 0)
            sent += chan_send(fan->values, sent) == 0;
    chan_close(fan->values);
    return sent;
}

void fan_out_run(struct run *r)
{
    struct fan_out fan = {.run = r};
    struct tally due;
    uint64_t messages = 0;

    run_begin(r, r->threads);
    fan.values = run_need(r, chan_new(uint64_t));
    task(uint64_t) *tasks = run_memory(r, r->threads, sizeof *tasks);
    for (size_t i = 0; i < r->threads; i++)
        tasks[i] = run_need(r, spawn(fan_out_receive, &fan, i));
    run_open(r);

    due = tally_below(fan_out_send(&fan));
    for (size_t i = 0; i < r->threads; i++)
        messages += run_join(r, tasks[i]);
    check_tally(&r->check, 0, &fan.received, &due);
    run_end(r, messages);
    chan_free(fan.values);
    free(tasks);
}
