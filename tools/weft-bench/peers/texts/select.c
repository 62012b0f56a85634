/* SPDX-License-Identifier: MIT */
/* main receives from n channels, whichever has something; a sender waits on each. */
#include <stdatomic.h>
#include <stdbool.h>

#include "chan.h"
#include "samples.h"
#include "thread.h"
#include "select.h"
#include "../../bench.h"

enum { CHANNELS_MAX = 100 };

static atomic_bool enough;

/* Ends the numbers with UINT64_MAX. */
static void *count_up(void *out)
{
    for (uint64_t i = 0; !atomic_load_explicit(&enough, memory_order_relaxed); i++)
        chan_send_word(out, i);
    chan_send_word(out, UINT64_MAX);
    return NULL;
}

static uint64_t receive(struct select *s, uint64_t n)
{
    uint64_t due[CHANNELS_MAX] = {0}, messages = bench_select_messages(n), received = 0, value;

    while (received < messages) {
        uint64_t i = select_recv_word(s, &value);

        bench_check(value == due[i]++, "a message is out of order");
        received++;
    }
    return received;
}

static void run(struct select *s, uint64_t n)
{
    thread_id threads[CHANNELS_MAX];

    enough = false;
    for (uint64_t i = 0; i < n; i++)
        threads[i] = thread_start(count_up, &s->channels[i]);
    for (uint64_t i = 0; i < n; i++)
        while (chan_waiting(&s->channels[i]) == 0)
            thread_yield();
    uint64_t began = bench_now_ns(), received = receive(s, n);
    bench_print(received, bench_now_ns() - began, received);
    enough = true;
    for (uint64_t i = 0; i < n; i++)
        while (chan_recv_word(&s->channels[i]) != UINT64_MAX)
            ;
    for (uint64_t i = 0; i < n; i++)
        thread_join(threads[i]);
}

int main(int argc, char **argv)
{
    struct select s;
    uint64_t n, samples;

    bench_arguments(argc, argv, &n, &samples);
    bench_check(n <= CHANNELS_MAX, "too many channels");
    thread_setup(n);
    select_make(&s, n);
    while (samples_next(&samples))
        run(&s, n);
    return 0;
}
