/* SPDX-License-Identifier: MIT */
/* Receives from several queues: all share one mutex and one condition variable. */
#ifndef WEFT_BENCH_PTHREADS_SELECT_H
#define WEFT_BENCH_PTHREADS_SELECT_H

#include "chan.h"

struct select {
    struct chan_gate gate;
    struct chan *channels;
    uint64_t count;
    uint64_t next; /* looked at first, so that all have their turn */
};

static inline void select_make(struct select *s, uint64_t count)
{
    *s = (struct select){.channels = calloc(count, sizeof *s->channels), .count = count};
    bench_check(s->channels != NULL, "no memory");
    chan_gate_make(&s->gate);
    for (uint64_t i = 0; i < count; i++) {
        chan_make(&s->channels[i], CHAN_CAPACITY, sizeof(uint64_t));
        s->channels[i].gate = &s->gate;
    }
}

/* Under the lock: the queue to receive from, once one has something. */
static inline uint64_t select_wait(struct select *s)
{
    for (;;) {
        for (uint64_t i = 0; i < s->count; i++) {
            uint64_t index = s->next;

            s->next = index + 1 == s->count ? 0 : index + 1;
            if (s->channels[index].length > 0)
                return index;
        }
        pthread_cond_wait(&s->gate.filled, &s->gate.lock);
    }
}

static inline uint64_t select_recv_word(struct select *s, uint64_t *word)
{
    pthread_mutex_lock(&s->gate.lock);
    uint64_t index = select_wait(s);
    chan_take(&s->channels[index], word, sizeof *word);
    /* Not after the unlock, as elsewhere: the woken sender would run at once, for one message. With
     * 100 queues, all takes four times as long then. */
    pthread_cond_signal(&s->channels[index].drained);
    pthread_mutex_unlock(&s->gate.lock);
    return index;
}

#endif
