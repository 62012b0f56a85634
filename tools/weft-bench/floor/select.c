/* SPDX-License-Identifier: MIT */
/* The select looks at the channel after the one that it took last, then at those behind it; when no
 * sender is there, all others run. */
#include "chan.h"

#include "../bench.h"

static struct floor_chan *channels;
static uint64_t *due; /* next from each channel */

static void count_up(struct floor_thread *self)
{
    struct floor_chan *out = &channels[self->value];

    for (uint64_t i = 0;; i++)
        floor_send(out, i);
}

FLOOR_INLINE uint64_t pick(uint64_t n, uint64_t after)
{
    for (uint64_t i = after + 1;; i++) {
        i = i < n ? i : 0;
        if (channels[i].waiter)
            return i;
        if (i == after)
            floor_yield();
    }
}

static uint64_t receive(uint64_t n, uint64_t messages)
{
    uint64_t received = 0, i = n - 1;

    for (; received < messages; received++) {
        i = pick(n, i);
        bench_check(floor_recv(&channels[i]) == due[i]++, "a message is out of order");
    }
    return received;
}

int main(int argc, char **argv)
{
    uint64_t n, samples;

    bench_arguments(argc, argv, &n, &samples);
    channels = calloc(n, sizeof *channels);
    due = calloc(n, sizeof *due);
    bench_check(channels && due, "no memory");
    floor_init(n);
    for (uint64_t i = 0; i < n; i++)
        floor_spawn(count_up, i);
    while (samples-- > 0) {
        floor_yield(); /* until all are parked */
        uint64_t began = bench_now_ns(), received = receive(n, bench_select_messages(n));
        bench_print(received, bench_now_ns() - began, received);
    }
    free(channels);
    free(due);
    return 0;
}
