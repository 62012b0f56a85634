/* SPDX-License-Identifier: MIT */
/* Receives from several channels: all signal one condition variable when a sender waits. */
#ifndef WEFT_BENCH_ST_SELECT_H
#define WEFT_BENCH_ST_SELECT_H

#include "chan.h"

struct select {
    struct chan *channels;
    uint64_t count;
    uint64_t next; /* looked at first, so that all have their turn */
};

static inline void select_make(struct select *s, uint64_t count)
{
    st_cond_t arrival = st_cond_new();

    *s = (struct select){.channels = calloc(count, sizeof *s->channels), .count = count};
    bench_check(arrival && s->channels, "no memory");
    for (uint64_t i = 0; i < count; i++)
        s->channels[i].arrival = arrival;
}

/* The channel that a message came from. */
static inline uint64_t select_recv_word(struct select *s, uint64_t *word)
{
    for (;;) {
        for (uint64_t i = 0; i < s->count; i++) {
            uint64_t index = s->next;

            s->next = index + 1 == s->count ? 0 : index + 1;
            if (chan_waiting(&s->channels[index]) > 0) {
                *word = chan_recv_word(&s->channels[index]);
                return index;
            }
        }
        st_cond_wait(s->channels->arrival);
    }
}

#endif
