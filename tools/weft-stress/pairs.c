/* SPDX-License-Identifier: MIT */
/* pairs: every sender has a receiver of its own. With an odd number of threads main receives
 * too. */
#include <stdlib.h>

#include "pattern.h"
#include "run.h"

static uint64_t pairs_send(struct run *r, chan_tx(uint64_t) out, uint64_t portion)
{
    uint64_t sent = 0;

    run_enter(r);
    for (uint64_t n; (n = quota_take(&r->quota, portion)) > 0;)
        while (n-- > 0)
            sent += chan_send(out, sent) == 0;
    chan_close(out);
    return sent;
}
WEFT_FN(pairs_send, struct run *, chan_tx(uint64_t), uint64_t);

static uint64_t pairs_receive(struct run *r, size_t pair, chan_rx(uint64_t) in)
{
    uint64_t due = 0, received = 0;

    chan_each(value, in) {
        due = check_value(&r->check, pair, due, value) + 1;
        received++;
    }
    return received;
}

static uint64_t pairs_receiver(struct run *r, size_t pair, chan_rx(uint64_t) in)
{
    run_arrive(r);
    return pairs_receive(r, pair, in);
}
WEFT_FN(pairs_receiver, struct run *, size_t, chan_rx(uint64_t));

void pairs_run(struct run *r)
{
    size_t pairs = (r->threads + 1) / 2, receivers = r->threads / 2;
    uint64_t portion = quota_portion(&r->quota, pairs), messages = 0;

    run_begin(r, r->threads);
    chan(uint64_t) *channels = run_channels(r, pairs);
    task(uint64_t) *sending = run_memory(r, pairs, sizeof *sending);
    task(uint64_t) *receiving = run_memory(r, pairs, sizeof *receiving);
    for (size_t i = 0; i < pairs; i++)
        sending[i] = run_need(r, spawn(pairs_send, r, channels[i], portion));
    for (size_t i = 0; i < receivers; i++)
        receiving[i] = run_need(r, spawn(pairs_receiver, r, i, channels[i]));
    run_open(r);

    for (size_t i = pairs; i-- > 0;) {
        uint64_t received =
            i < receivers ? run_join(r, receiving[i]) : pairs_receive(r, i, channels[i]);

        check_count(&r->check, i, received, run_join(r, sending[i]));
        messages += received;
    }
    run_end(r, messages);
    run_free_channels(channels, pairs);
    free(sending);
    free(receiving);
}
