/* SPDX-License-Identifier: MIT */
/* sieve: one thread sends 2, 3, 4, ... through a row of filters. The first number that a filter
 * gets is a prime: it sends that to main, and from then on takes out its multiples. What gets past
 * the last filter goes to main too. A message is one hop: to a filter, or to main.
 *
 * What main gets is compared with a plain sieve, and so is what each filter got: all numbers
 * that none before it takes out. */
#include <stdlib.h>

#include "pattern.h"
#include "plain.h"
#include "run.h"

struct sieve {
    struct run *run;
    size_t filters;
    chan(uint64_t) *channels; /* to the filters, and to main */
    struct plain *ahead;      /* where the source is */
    struct plain *behind;     /* where main is */
    struct tally *sent;       /* of what each filter takes out; behind them, of what none does */
    struct tally *received;   /* by each filter */
};

static uint64_t sieve_source(struct sieve *s)
{
    chan_tx(uint64_t) out = s->channels[0];
    uint64_t n = 2;

    run_enter(s->run);
    for (;; n++) {
        size_t taker = plain_taker(s->ahead, n);
        bool is_first = taker < s->filters && s->sent[taker].count == 0; /* and goes to main too */

        if (quota_take(&s->run->quota, taker + 1 + is_first) == 0 || chan_send(out, n) != 0)
            break;
        tally_add(&s->sent[taker], n);
    }
    chan_close(out);
    return n - 2;
}
WEFT_FN(sieve_source, struct sieve *);

static uint64_t sieve_filter(struct sieve *s, size_t k)
{
    chan_rx(uint64_t) in = s->channels[k];
    chan_tx(uint64_t) out = s->channels[k + 1], primes = s->channels[s->filters];
    uint64_t prime = 0, floor;
    struct tally mine = {.count = 0};

    run_arrive(s->run);
    if (chan_recv(in, &prime) == 0) {
        tally_add(&mine, prime);
        chan_send(primes, prime);
    }
    floor = prime + 1;
    chan_each(n, in) {
        floor = check_rising(&s->run->check, k, floor, n) + 1;
        tally_add(&mine, n);
        if (n % prime != 0)
            chan_send(out, n);
    }
    chan_close(out);
    s->received[k] = mine;
    return mine.count;
}
WEFT_FN(sieve_filter, struct sieve *, size_t);

/* What comes out: how many. */
static uint64_t sieve_collect(struct sieve *s)
{
    chan_rx(uint64_t) primes = s->channels[s->filters];
    uint64_t due = 2, received = 0;

    chan_each(n, primes) {
        due = check_value(&s->run->check, s->filters, plain_next(s->behind, due), n) + 1;
        received++;
    }
    return received;
}

static void sieve_check(struct sieve *s, uint64_t came_out)
{
    struct tally due = s->sent[s->filters];
    uint64_t out_due = due.count;

    for (size_t k = s->filters; k-- > 0;) {
        tally_merge(&due, &s->sent[k]);
        check_tally(&s->run->check, k, &s->received[k], &due);
        out_due += s->sent[k].count > 0; /* its prime */
    }
    check_count(&s->run->check, s->filters, came_out, out_due);
}

static void sieve_free(struct sieve *s)
{
    run_free_channels(s->channels, s->filters + 1);
    plain_free(s->ahead);
    plain_free(s->behind);
    free(s->sent);
    free(s->received);
}

void sieve_run(struct run *r)
{
    struct sieve s = {.run = r, .filters = r->threads - 1};
    uint64_t messages, came_out;

    run_begin(r, r->threads);
    s.channels = run_channels(r, s.filters + 1);
    s.ahead = run_need(r, plain_new(s.filters));
    s.behind = run_need(r, plain_new(s.filters));
    s.sent = run_memory(r, s.filters + 1, sizeof *s.sent);
    s.received = run_memory(r, s.filters + 1, sizeof *s.received);
    task(uint64_t) *tasks = run_memory(r, s.filters + 1, sizeof *tasks);
    task(uint64_t) source = run_need(r, spawn(sieve_source, &s));
    for (size_t k = 0; k < s.filters; k++)
        tasks[k] = run_need(r, spawn(sieve_filter, &s, k));
    run_open(r);

    came_out = messages = sieve_collect(&s);
    for (size_t k = 0; k < s.filters; k++)
        messages += run_join(r, tasks[k]);
    run_join(r, source);
    sieve_check(&s, came_out);
    run_end(r, messages);
    sieve_free(&s);
    free(tasks);
}
