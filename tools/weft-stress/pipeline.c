/* SPDX-License-Identifier: MIT */
/* pipeline: the first thread sends numbers, each of the others adds one, main takes them out at the
 * end. A message is one hop: on its way a value makes as many as there are threads. */
#include <stdlib.h>

#include "pattern.h"
#include "run.h"

/* Channel c carries c, c + 1, c + 2, ... */

static uint64_t pipeline_source(struct run *r, chan_tx(uint64_t) out)
{
    uint64_t sent = 0;

    run_enter(r);
    while (quota_take(&r->quota, r->threads) > 0)
        sent += chan_send(out, sent) == 0;
    chan_close(out);
    return sent;
}
WEFT_FN(pipeline_source, struct run *, chan_tx(uint64_t));

static uint64_t pipeline_stage(struct run *r, size_t channel, chan_rx(uint64_t) in,
                               chan_tx(uint64_t) out)
{
    uint64_t due = channel, received = 0;

    run_arrive(r);
    chan_each(value, in) {
        due = check_value(&r->check, channel, due, value) + 1;
        received++;
        r->quota.passed++;
        chan_send(out, value + 1);
    }
    chan_close(out);
    return received;
}
WEFT_FN(pipeline_stage, struct run *, size_t, chan_rx(uint64_t), chan_tx(uint64_t));

static uint64_t pipeline_sink(struct run *r, size_t channel, chan_rx(uint64_t) in)
{
    uint64_t due = channel, received = 0;

    chan_each(value, in) {
        due = check_value(&r->check, channel, due, value) + 1;
        received++;
        r->quota.passed++;
    }
    return received;
}

void pipeline_run(struct run *r)
{
    size_t stages = r->threads - 1;
    uint64_t sent, messages;

    run_begin(r, r->threads);
    chan(uint64_t) *channels = run_channels(r, r->threads);
    task(uint64_t) *tasks = run_memory(r, r->threads, sizeof *tasks);
    task(uint64_t) source = run_need(r, spawn(pipeline_source, r, channels[0]));
    for (size_t i = 0; i < stages; i++)
        tasks[i] = run_need(r, spawn(pipeline_stage, r, i, channels[i], channels[i + 1]));
    run_open(r);

    messages = pipeline_sink(r, stages, channels[stages]);
    sent = run_join(r, source);
    check_count(&r->check, stages, messages, sent);
    for (size_t i = 0; i < stages; i++) {
        uint64_t received = run_join(r, tasks[i]);

        check_count(&r->check, i, received, sent);
        messages += received;
    }
    run_end(r, messages);
    run_free_channels(channels, r->threads);
    free(tasks);
}
