/* SPDX-License-Identifier: MIT */
/* groups: all members of a group send to one receiver; one of them fails at random, or the group is
 * waited for with a limit and cancelled then. What members know to have sent has been received. Then
 * the next group. */
#include <errno.h>
#include <stdlib.h>

#include "pattern.h"
#include "run.h"

enum {
    GROUPS_NUMBERS = 16,        /* that a member sends, at most */
    GROUPS_NS_MAX = 200 * 1000, /* how long a group may take, if it is limited */
    GROUPS_FAILURE = 7,
};

struct member_value {
    uint32_t from;
    uint32_t number;
};

struct crowd {
    struct run *run;
    chan(struct member_value) values;
    size_t failing; /* which member fails, after half of its numbers; may be none's */
    uint32_t *sent, *due;
};

static int groups_send(struct crowd *c, size_t me)
{
    uint32_t numbers = me == c->failing ? GROUPS_NUMBERS / 2 : GROUPS_NUMBERS;

    while (c->sent[me] < numbers) {
        int result = chan_send(c->values, (struct member_value){(uint32_t)me, c->sent[me]});

        if (result == -ECANCELED)
            return 0;
        if (result != 0)
            check_fail(&c->run->check, "chan_send returned %d", result);
        c->sent[me]++;
    }
    return me == c->failing ? GROUPS_FAILURE : 0;
}
WEFT_FN(groups_send, struct crowd *, size_t);

static uint64_t groups_receive(struct crowd *c)
{
    uint64_t received = 0;

    chan_each(value, c->values) {
        uint32_t *due = &c->due[value.from];

        *due = (uint32_t)check_value(&c->run->check, value.from, *due, value.number) + 1;
        received++;
    }
    return received;
}
WEFT_FN(groups_receive, struct crowd *);

/* Starts all members, as many at a time as the group allows, and waits for them. */
static void groups_fill_and_wait(struct crowd *c, struct weft_group *g, int64_t ns)
{
    int result = 0;

    for (size_t i = 0; i < c->run->threads && result == 0; i++)
        result = group_go(g, groups_send, c, i);
    if (result != 0 && result != -ECANCELED)
        check_fail(&c->run->check, "group_go returned %d", result);
    result = weft_within(ns, group_wait(g));
    if (result == -ETIMEDOUT) {
        c->run->broken_off++;
        group_cancel(g);
        result = group_wait(g);
    }
    c->run->broken_off += result != 0;
    if (result != 0 && result != GROUPS_FAILURE)
        check_fail(&c->run->check, "group_wait returned %d", result);
}

/* One group: how many values were received. */
static uint64_t groups_one(struct crowd *c, uint64_t *seed)
{
    size_t most = (size_t)(run_random(seed) % c->run->threads); /* at a time; 0: all */
    bool is_limited = run_random(seed) % 4 == 0;
    int64_t ns = is_limited ? (int64_t)(run_random(seed) % GROUPS_NS_MAX) : WEFT_FOREVER;
    struct weft_group *g = run_need(c->run, group_new(most));
    task(uint64_t) receiver = run_need(c->run, spawn(groups_receive, c));
    uint64_t received;

    c->failing = (size_t)(run_random(seed) % (2 * c->run->threads));
    groups_fill_and_wait(c, g, ns);
    chan_close(c->values);
    received = run_join(c->run, receiver);
    for (size_t i = 0; i < c->run->threads; i++) {
        check_count(&c->run->check, i, c->due[i], c->sent[i]);
        c->due[i] = c->sent[i] = 0;
    }
    group_free(g);
    return received;
}

void groups_run(struct run *r)
{
    struct crowd c = {.run = r};
    uint64_t seed = r->seed, messages = 0;

    run_begin(r, r->threads);
    c.sent = run_memory(r, r->threads, sizeof *c.sent);
    c.due = run_memory(r, r->threads, sizeof *c.due);
    quota_begin(&r->quota);
    while (quota_take(&r->quota, r->threads * GROUPS_NUMBERS) > 0) {
        c.values = run_need(r, chan_new(struct member_value));
        messages += groups_one(&c, &seed);
        chan_free(c.values);
    }
    run_end(r, messages);
    free(c.sent);
    free(c.due);
}
