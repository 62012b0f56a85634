/* SPDX-License-Identifier: MIT */
/* Messages of one word: what every peer's chan.h ends with, made of its own chan_send and
 * chan_recv. */
#ifndef WEFT_BENCH_PEERS_WORDS_H
#define WEFT_BENCH_PEERS_WORDS_H

static inline void chan_send_word(struct chan *c, uint64_t word)
{
    chan_send(c, &word, sizeof word);
}

static inline uint64_t chan_recv_word(struct chan *c)
{
    uint64_t word;

    chan_recv(c, &word, sizeof word);
    return word;
}

#endif
