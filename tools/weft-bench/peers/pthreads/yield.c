/* SPDX-License-Identifier: MIT */
/* n threads yield in turn; the first one has the clock. */
#include "thread.h"
#include "../texts/samples.h"
#include "../../bench.h"

static pthread_barrier_t all_have_begun;

static struct turns {
    uint64_t rounds;             /* how often each yields */
    atomic_uint_fast64_t yields; /* of all that have ended */
    uint64_t began, ended;
} turns;

static void *take_turns(void *has_clock)
{
    uint64_t yields = 0;

    pthread_barrier_wait(&all_have_begun);
    thread_yield();
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
    pthread_barrier_init(&all_have_begun, NULL, (unsigned)n);
    while (samples_next(&samples)) {
        turns.rounds = bench_yield_rounds(n);
        turns.yields = 0;
        for (uint64_t i = 0; i < n; i++)
            threads[i] = thread_start(take_turns, i == 0 ? &turns : NULL);
        for (uint64_t i = 0; i < n; i++)
            thread_join(threads[i]);
        bench_print(n * turns.rounds, turns.ended - turns.began, turns.yields);
    }
    return 0;
}
