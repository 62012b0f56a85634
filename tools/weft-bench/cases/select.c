/* SPDX-License-Identifier: MIT */
/* A select over n channels, each with a sender that waits when the clock starts. */
#include <weft.h>

#include "../bench.h"

enum { CHANNELS_MAX = 100 };

static void count_up(chan_tx(uint64_t) out)
{
    for (uint64_t i = 0; chan_send(out, i) == 0; i++)
        ;
}

/* values: what the clauses receive, in turn 0, 1, 2, ... of each channel. */
static uint64_t receive(struct weft_case *clauses, const uint64_t *values, uint64_t n)
{
    uint64_t due[CHANNELS_MAX] = {0}, messages = bench_select_messages(n), received = 0;

    while (received < messages) {
        int i = chan_select_n(clauses, n);

        bench_check(i >= 0 && values[i] == due[i]++, "a message is out of order");
        received++;
    }
    return received;
}

static void run(uint64_t n)
{
    chan(uint64_t) channels[CHANNELS_MAX];
    struct weft_case clauses[CHANNELS_MAX];
    task(void) senders[CHANNELS_MAX];
    uint64_t values[CHANNELS_MAX];

    for (uint64_t i = 0; i < n; i++) {
        channels[i] = chan_new(uint64_t);
        clauses[i] = chan_set_recv(channels[i], &values[i]);
        senders[i] = spawn(count_up, channels[i]);
    }
    weft_yield(); /* until all are parked */
    uint64_t began = bench_now_ns(), received = receive(clauses, values, n);
    bench_print(received, bench_now_ns() - began, received);
    for (uint64_t i = 0; i < n; i++) {
        chan_close(channels[i]);
        bench_check(task_join(senders[i]) == 0, "a sender was not started");
        chan_free(channels[i]);
    }
}

int main(int argc, char **argv)
{
    uint64_t n, samples;

    bench_arguments(argc, argv, &n, &samples);
    bench_check(n <= CHANNELS_MAX, "too many channels");
    while (samples-- > 0)
        run(n);
    return 0;
}
