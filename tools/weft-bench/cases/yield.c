/* SPDX-License-Identifier: MIT */
/* n threads that take turns; the first of them has the clock. */
#include <stdlib.h>
#include <weft.h>

#include "../bench.h"

struct turns {
    uint64_t rounds; /* how often each yields */
    uint64_t yields; /* of all that have ended */
    uint64_t began, ended;
};

static void take_turns(struct turns *t, uint64_t index)
{
    uint64_t yields = 0;

    weft_yield(); /* all have begun */
    if (index == 0)
        t->began = bench_now_ns();
    while (yields < t->rounds) {
        weft_yield();
        yields++;
    }
    if (index == 0)
        t->ended = bench_now_ns();
    t->yields += yields;
}

int main(int argc, char **argv)
{
    uint64_t n, samples;

    bench_arguments(argc, argv, &n, &samples);
    task(void) *threads = calloc(n, sizeof *threads);
    bench_check(threads != NULL, "no memory");
    while (samples-- > 0) {
        struct turns t = {.rounds = bench_yield_rounds(n)};

        for (uint64_t i = 0; i < n; i++)
            threads[i] = spawn(take_turns, &t, i);
        for (uint64_t i = 0; i < n; i++)
            bench_check(task_join(threads[i]) == 0, "a thread was not started");
        bench_print(n * t.rounds, t.ended - t.began, t.yields);
    }
    free(threads);
    return 0;
}
