/* SPDX-License-Identifier: MIT */
/* ring: one token goes round through all threads and main, and counts its hops. */
#include <assert.h>
#include <stdlib.h>

#include "pattern.h"
#include "run.h"

enum { RING_PORTION = 1024 };

struct ring {
    struct run *run;
    uint64_t places; /* of the threads, and main's */
    uint64_t limit;  /* the token may make so many hops */
};

static bool ring_may_hop(struct ring *ring, uint64_t hops)
{
    if (hops == ring->limit)
        ring->limit += quota_take(&ring->run->quota, RING_PORTION);
    return hops < ring->limit;
}

/* Gets hop number place, place + places, ... and sends each on as the next: how many it got. */
static uint64_t ring_pass_on(struct ring *ring, uint64_t place, chan_rx(uint64_t) in,
                             chan_tx(uint64_t) out)
{
    uint64_t due = place, hops = 0;

    chan_each(hop, in) {
        due = check_value(&ring->run->check, place, due, hop) + ring->places;
        hops++;
        if (!ring_may_hop(ring, hop + 1) || chan_send(out, hop + 1) != 0)
            break;
    }
    chan_close(out);
    return hops;
}

static uint64_t ring_thread(struct ring *ring, uint64_t place, chan_rx(uint64_t) in,
                            chan_tx(uint64_t) out)
{
    run_arrive(ring->run);
    return ring_pass_on(ring, place, in, out);
}
WEFT_FN(ring_thread, struct ring *, uint64_t, chan_rx(uint64_t), chan_tx(uint64_t));

/* Of all hops, every place gets each `places`-th one. */
static uint64_t ring_check(struct ring *ring, uint64_t place, uint64_t hops)
{
    uint64_t due;

    assert(ring->places > 0);
    due = (ring->limit + ring->places - 1 - place) / ring->places;
    check_count(&ring->run->check, place, hops, due);
    return hops;
}

void ring_run(struct run *r)
{
    struct ring ring = {.run = r, .places = r->threads + 1};
    size_t last = r->threads;
    uint64_t messages;

    run_begin(r, r->threads);
    chan(uint64_t) *channels = run_channels(r, ring.places);
    task(uint64_t) *tasks = run_memory(r, r->threads, sizeof *tasks);
    for (size_t i = 0; i < r->threads; i++)
        tasks[i] = run_need(r, spawn(ring_thread, &ring, i, channels[i], channels[i + 1]));
    run_open(r);

    if (ring_may_hop(&ring, 0))
        chan_send(channels[0], 0);
    messages = ring_pass_on(&ring, last, channels[last], channels[0]);
    ring_check(&ring, last, messages);
    for (size_t i = 0; i < r->threads; i++)
        messages += ring_check(&ring, i, run_join(r, tasks[i]));
    run_end(r, messages);
    run_free_channels(channels, ring.places);
    free(tasks);
}
