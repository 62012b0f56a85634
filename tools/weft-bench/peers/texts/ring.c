/* SPDX-License-Identifier: MIT */
/* One token goes round a ring of n threads, of which main is one; each adds 1 to it. */
#include "chan.h"
#include "samples.h"
#include "thread.h"
#include "../../bench.h"

/* From one channel to the next, for all rounds. */
static void *hand_on(void *channel)
{
    struct chan *in = channel, *out = in + 1;

    for (int i = 0; i < 1 + BENCH_RING_ROUNDS; i++)
        chan_send_word(out, chan_recv_word(in) + 1);
    return NULL;
}

static uint64_t rounds(struct chan *out, struct chan *in, uint64_t token, int count)
{
    while (count-- > 0) {
        chan_send_word(out, token + 1);
        token = chan_recv_word(in);
    }
    return token;
}

static void run(struct chan *ring, thread_id *threads, uint64_t n)
{
    struct chan *out = &ring[0], *in = &ring[n - 1];

    for (uint64_t i = 0; i + 1 < n; i++)
        threads[i] = thread_start(hand_on, &ring[i]);
    uint64_t token = rounds(out, in, 0, 1), began = bench_now_ns();
    token = rounds(out, in, token, BENCH_RING_ROUNDS);
    bench_print(BENCH_RING_ROUNDS * n, bench_now_ns() - began, token);
    for (uint64_t i = 0; i + 1 < n; i++)
        thread_join(threads[i]);
}

int main(int argc, char **argv)
{
    uint64_t n, samples;

    bench_arguments(argc, argv, &n, &samples);
    thread_setup(n);
    struct chan *ring = calloc(n, sizeof *ring);
    thread_id *threads = calloc(n, sizeof *threads);
    bench_check(ring && threads, "no memory");
    for (uint64_t i = 0; i < n; i++)
        chan_make(&ring[i], CHAN_CAPACITY, sizeof(uint64_t));
    while (samples_next(&samples))
        run(ring, threads, n);
    return 0;
}
