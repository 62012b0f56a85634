/* SPDX-License-Identifier: MIT */
/* Receives from several channels: waits for a ring of events, one for each port. */
#ifndef WEFT_BENCH_PTH_SELECT_H
#define WEFT_BENCH_PTH_SELECT_H

#include "chan.h"

struct select {
    struct chan *channels;
    pth_event_t events;
    uint64_t count;
    uint64_t next; /* looked at first, so that all have their turn */
};

static inline void select_make(struct select *s, uint64_t count)
{
    *s = (struct select){.channels = calloc(count, sizeof *s->channels), .count = count};
    bench_check(s->channels != NULL, "no memory");
    for (uint64_t i = 0; i < count; i++) {
        chan_make(&s->channels[i], CHAN_CAPACITY, sizeof(uint64_t));
        pth_event_t event = pth_event(PTH_EVENT_MSG, s->channels[i].full);
        s->events = s->events ? pth_event_concat(s->events, event, NULL) : event;
    }
}

/* The channel that a message came from. */
static inline uint64_t select_recv_word(struct select *s, uint64_t *word)
{
    for (;;) {
        for (uint64_t i = 0; i < s->count; i++) {
            uint64_t index = s->next;

            s->next = index + 1 == s->count ? 0 : index + 1;
            if (pth_msgport_pending(s->channels[index].full) > 0) {
                *word = chan_recv_word(&s->channels[index]);
                return index;
            }
        }
        pth_wait(s->events);
    }
}

#endif
