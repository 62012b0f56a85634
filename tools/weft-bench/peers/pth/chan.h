/* SPDX-License-Identifier: MIT */
/* A channel of GNU Pth's message ports: messages travel from the port of the empty ones to that of
 * the full ones and back. */
#ifndef WEFT_BENCH_PTH_CHAN_H
#define WEFT_BENCH_PTH_CHAN_H

#include <pth.h>

#include "../../bench.h"

enum { CHAN_CAPACITY = 64 };

struct chan_message {
    pth_message_t head;
    uint64_t words[8];
};

struct chan {
    pth_msgport_t empty, full;
    struct chan_message *messages;
};

static inline void chan_make(struct chan *c, uint64_t capacity, uint64_t bytes)
{
    (void)bytes; /* 64 at most */
    c->empty = pth_msgport_create(NULL);
    c->full = pth_msgport_create(NULL);
    c->messages = calloc(capacity, sizeof *c->messages);
    bench_check(c->empty && c->full && c->messages, "no memory");
    for (uint64_t i = 0; i < capacity; i++)
        pth_msgport_put(c->empty, &c->messages[i].head);
}

/* A message that is still on a port is not looked at again. */
static inline void chan_drop(struct chan *c)
{
    while (pth_msgport_get(c->empty))
        ;
    pth_msgport_destroy(c->empty);
    pth_msgport_destroy(c->full);
    free(c->messages);
}

static inline struct chan_message *chan_get(pth_msgport_t port)
{
    static pth_key_t key = PTH_KEY_INIT;
    pth_message_t *message;

    while (!(message = pth_msgport_get(port)))
        pth_wait(pth_event(PTH_EVENT_MSG | PTH_MODE_STATIC, &key, port));
    return (struct chan_message *)message;
}

static inline void chan_send(struct chan *c, const void *message, uint64_t bytes)
{
    struct chan_message *m = chan_get(c->empty);

    memcpy(m->words, message, bytes);
    pth_msgport_put(c->full, &m->head);
}

static inline void chan_recv(struct chan *c, void *message, uint64_t bytes)
{
    struct chan_message *m = chan_get(c->full);

    memcpy(message, m->words, bytes);
    pth_msgport_put(c->empty, &m->head);
}

#include "../texts/words.h"

/* The threads that wait, here or elsewhere: no port tells its own. */
static inline uint64_t chan_waiting(const struct chan *c)
{
    (void)c;
    return (uint64_t)pth_ctrl(PTH_CTRL_GETTHREADS_WAITING);
}

#endif
