/* SPDX-License-Identifier: MIT */
/* abandoned: generators that their consumer leaves at a random place, and closes: before the first
 * value, in the middle, after the last, and while the body waits elsewhere. Every body that has begun
 * ends, and what it yields are the numbers from 0 on. */
#include <errno.h>
#include <stdlib.h>

#include "pattern.h"
#include "run.h"

enum {
    ABANDONED_VALUES_MAX = 64, /* that one has, and is asked for */
    ABANDONED_NS = 1000,       /* that one is asked for which waits elsewhere */
};

struct nursery {
    struct run *run;
    chan(uint64_t) nobody; /* sends there */
    uint64_t begun, ended;
};

static void abandoned_count(gen(uint64_t) self, struct nursery *n, uint64_t values, bool waits)
{
    uint64_t number = 0;

    n->begun++;
    while (number < values && gen_yield(self, number) == 0)
        number++;
    if (number == values && waits && chan_recv(n->nobody, NULL) != -ECANCELED)
        check_fail(&n->run->check, "a body that waited was not cancelled");
    n->ended++;
}
WEFT_FN(abandoned_count, gen(uint64_t), struct nursery *, uint64_t, bool);

/* Asks for so many, or until there are no more: how many came. */
static uint64_t abandoned_ask(struct nursery *n, gen(uint64_t) g, uint64_t asks, uint64_t values,
                              bool waits)
{
    uint64_t due = 0, value;
    int result = 0;

    while (due < asks && due < values && (result = gen_next(g, &value)) == 0)
        due = check_value(&n->run->check, 0, due, value) + 1;
    if (result != 0)
        check_fail(&n->run->check, "gen_next returned %d", result);
    if (asks <= values)
        return due;
    result = weft_within(waits ? ABANDONED_NS : WEFT_FOREVER, gen_next(g, &value));
    if (result != (waits ? -ETIMEDOUT : -EPIPE))
        check_fail(&n->run->check, "gen_next returned %d after the last value", result);
    return due;
}

static uint64_t abandoned_one(struct nursery *n, uint64_t asks, uint64_t *seed)
{
    uint64_t values = run_random(seed) % ABANDONED_VALUES_MAX, came;
    bool waits = run_random(seed) % 4 == 0;
    gen(uint64_t) g = run_need(n->run, gen_new(uint64_t, abandoned_count, n, values, waits));

    came = abandoned_ask(n, g, asks, values, waits);
    n->run->broken_off += came < values || waits;
    if (gen_close(g) != 0)
        check_fail(&n->run->check, "gen_close failed");
    return came;
}

void abandoned_run(struct run *r)
{
    struct nursery n = {.run = r};
    uint64_t seed = r->seed, messages = 0, asks;

    run_begin(r, 1);
    n.nobody = run_need(r, chan_new(uint64_t));
    quota_begin(&r->quota);
    while ((asks = quota_take(&r->quota, run_random(&seed) % ABANDONED_VALUES_MAX + 1)) > 0)
        messages += abandoned_one(&n, asks - 1, &seed);
    check_count(&r->check, 0, n.ended, n.begun);
    chan_free(n.nobody);
    run_end(r, messages);
}
