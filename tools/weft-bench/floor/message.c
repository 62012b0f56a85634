/* SPDX-License-Identifier: MIT */
#include "chan.h"

#include "../bench.h"

static struct floor_chan channel;
static uint64_t sum;

static void produce_8(struct floor_thread *self)
{
    (void)self;
    for (uint64_t i = 0; i < BENCH_MESSAGES; i++)
        floor_send(&channel, i);
    floor_end();
}

static void consume_8(struct floor_thread *self)
{
    (void)self;
    for (uint64_t i = 0; i < BENCH_MESSAGES; i++)
        sum += floor_recv(&channel);
    floor_end();
}

/* By words: a wider load of what was just stored by words waits until that is in the cache. */
FLOOR_INLINE void copy_64(volatile struct bench_64 *to, const struct bench_64 *from)
{
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++)
        to->word[i] = from->word[i];
}

/* Here the value of who waits says where its message lies. */
static void produce_64(struct floor_thread *self)
{
    (void)self;
    for (uint64_t i = 0; i < BENCH_MESSAGES; i++) {
        struct bench_64 message = bench_64_make(i);
        struct floor_thread me, *peer = floor_meet(&channel);

        if (peer) {
            copy_64((struct bench_64 *)peer->value, &message);
        } else {
            me.value = (uintptr_t)&message;
            floor_wait(&channel, &me);
        }
    }
    floor_end();
}

static void consume_64(struct floor_thread *self)
{
    (void)self;
    for (uint64_t i = 0; i < BENCH_MESSAGES; i++) {
        struct bench_64 message;
        struct floor_thread me, *peer = floor_meet(&channel);

        if (peer) {
            copy_64(&message, (const struct bench_64 *)peer->value);
        } else {
            me.value = (uintptr_t)&message;
            floor_wait(&channel, &me);
        }
        sum += bench_64_sum(&message);
    }
    floor_end();
}

int main(int argc, char **argv)
{
    uint64_t bytes, samples;

    bench_arguments(argc, argv, &bytes, &samples);
    while (samples-- > 0) {
        floor_init(2);
        sum = 0;
        uint64_t began = bench_now_ns();
        floor_spawn(bytes == 8 ? produce_8 : produce_64, 0);
        floor_spawn(bytes == 8 ? consume_8 : consume_64, 0);
        floor_join();
        bench_print(BENCH_MESSAGES, bench_now_ns() - began, sum);
    }
    return 0;
}
