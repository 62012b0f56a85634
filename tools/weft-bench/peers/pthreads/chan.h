/* SPDX-License-Identifier: MIT */
/* What channels replace: a queue under a mutex, and two condition variables to wait at. */
#ifndef WEFT_BENCH_PTHREADS_CHAN_H
#define WEFT_BENCH_PTHREADS_CHAN_H

#include <pthread.h>

#include "../../bench.h"

enum { CHAN_CAPACITY = 64 };

/* What queues that are received from together share; else a queue has its own. */
struct chan_gate {
    pthread_mutex_t lock;
    pthread_cond_t filled;
};

struct chan {
    struct chan_gate own, *gate;
    pthread_cond_t drained;
    uint64_t capacity, first, length; /* in messages */
    uint64_t waiting;                 /* threads, to send or to receive */
    char *messages;
};

static inline void chan_gate_make(struct chan_gate *gate)
{
    pthread_mutex_init(&gate->lock, NULL);
    pthread_cond_init(&gate->filled, NULL);
}

static inline void chan_make(struct chan *c, uint64_t capacity, uint64_t bytes)
{
    *c = (struct chan){.capacity = capacity, .messages = calloc(capacity, bytes)};
    bench_check(c->messages != NULL, "no memory");
    c->gate = &c->own;
    chan_gate_make(&c->own);
    pthread_cond_init(&c->drained, NULL);
}

static inline void chan_drop(struct chan *c)
{
    free(c->messages);
    pthread_mutex_destroy(&c->own.lock);
    pthread_cond_destroy(&c->own.filled);
    pthread_cond_destroy(&c->drained);
}

static inline void chan_wait(struct chan *c, pthread_cond_t *condition)
{
    c->waiting++;
    pthread_cond_wait(condition, &c->gate->lock);
    c->waiting--;
}

/* Under the lock, of a queue that is not empty. */
static inline void chan_take(struct chan *c, void *message, uint64_t bytes)
{
    memcpy(message, c->messages + c->first * bytes, bytes);
    c->first = c->first + 1 == c->capacity ? 0 : c->first + 1;
    c->length--;
}

static inline void chan_send(struct chan *c, const void *message, uint64_t bytes)
{
    pthread_mutex_lock(&c->gate->lock);
    while (c->length == c->capacity)
        chan_wait(c, &c->drained);
    uint64_t place = c->first + c->length++;
    memcpy(c->messages + (place < c->capacity ? place : place - c->capacity) * bytes, message,
           bytes);
    pthread_mutex_unlock(&c->gate->lock);
    pthread_cond_signal(&c->gate->filled);
}

static inline void chan_recv(struct chan *c, void *message, uint64_t bytes)
{
    pthread_mutex_lock(&c->gate->lock);
    while (c->length == 0)
        chan_wait(c, &c->gate->filled);
    chan_take(c, message, bytes);
    pthread_mutex_unlock(&c->gate->lock);
    pthread_cond_signal(&c->drained);
}

#include "../texts/words.h"

static inline uint64_t chan_waiting(struct chan *c)
{
    pthread_mutex_lock(&c->gate->lock);
    uint64_t waiting = c->waiting;
    pthread_mutex_unlock(&c->gate->lock);
    return waiting;
}

#endif
