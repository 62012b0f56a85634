/* SPDX-License-Identifier: MIT */
/* generators: each yields every n-th number, and main asks one after the other: together they must
 * count. A message is one next. */
#include <assert.h>
#include <stdlib.h>

#include "pattern.h"
#include "run.h"

enum { GENERATORS_PORTION = 64 };

static void generators_count(gen(uint64_t) self, uint64_t first, uint64_t step)
{
    for (uint64_t n = first; gen_yield(self, n) == 0; n += step)
        ;
}
WEFT_FN(generators_count, gen(uint64_t), uint64_t, uint64_t);

/* Asks the generators for n values in turn, the first of them being number `due`. */
static void generators_ask(struct run *r, gen(uint64_t) *generators, uint64_t due, uint64_t n)
{
    size_t i;

    assert(r->threads > 0);
    i = due % r->threads;
    for (uint64_t value; n > 0; n--) {
        int error = gen_next(generators[i], &value);

        if (error != 0)
            check_fail(&r->check, "gen_next returned %d", error);
        else
            check_value(&r->check, i, due, value);
        due++;
        if (++i == r->threads)
            i = 0;
    }
}

void generators_run(struct run *r)
{
    uint64_t asked = r->threads;

    run_begin(r, r->threads);
    gen(uint64_t) *generators = run_memory(r, r->threads, sizeof *generators);
    for (size_t i = 0; i < r->threads; i++)
        generators[i] = run_need(r, gen_new(uint64_t, generators_count, i, r->threads));
    generators_ask(r, generators, 0, asked); /* now all have started, and wait in a yield */
    run_measure(r);
    quota_begin(&r->quota);

    for (uint64_t n; (n = quota_take(&r->quota, GENERATORS_PORTION)) > 0; asked += n)
        generators_ask(r, generators, asked, n);
    for (size_t i = 0; i < r->threads; i++)
        gen_close(generators[i]);
    run_end(r, asked - r->threads);
    free(generators);
}
