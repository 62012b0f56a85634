/* SPDX-License-Identifier: MIT */
/* n threads yield in turn; the first one has the clock. */
#include "samples.h"
#include "thread.h"
#include "../../bench.h"

static struct turns {
    uint64_t rounds; /* how often each yields */
    uint64_t yields; /* of all that have ended */
    uint64_t began, ended;
} turns;

static void *take_turns(void *has_clock)
{
    uint64_t yields = 0;

    thread_yield(); /* all have begun */
    if (has_clock)
        turns.began = bench_now_ns();
    while (yields < turns.rounds) {
        thread_yield();
        yields++;
    }
    if (has_clock)
        turns.ended = bench_now_ns();
    turns.yields += yields;
    return NULL;
}

int main(int argc, char **argv)
{
    uint64_t n, samples;

    bench_arguments(argc, argv, &n, &samples);
    thread_setup(n);
    thread_id *threads = calloc(n, sizeof *threads);
    bench_check(threads != NULL, "no memory");
    while (samples_next(&samples)) {
        turns = (struct turns){.rounds = bench_yield_rounds(n)};
        for (uint64_t i = 0; i < n; i++)
            threads[i] = thread_start(take_turns, i == 0 ? &turns : NULL);
        for (uint64_t i = 0; i < n; i++)
            thread_join(threads[i]);
        bench_print(n * turns.rounds, turns.ended - turns.began, turns.yields);
    }
    return 0;
}
