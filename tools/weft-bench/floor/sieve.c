/* SPDX-License-Identifier: MIT */
#include "chan.h"

#include "../bench.h"

static struct floor_chan *numbers; /* numbers[i]: no multiples of the first i primes */
static uint64_t *primes;

static void count_up(struct floor_thread *self)
{
    (void)self;
    for (uint64_t n = 2;; n++)
        floor_send(&numbers[0], n);
}

static void filter(struct floor_thread *self)
{
    struct floor_chan *in = &numbers[self->value];
    uint64_t prime = primes[self->value];

    for (;;) {
        uint64_t n = floor_recv(in);

        if (n % prime != 0)
            floor_send(in + 1, n);
    }
}

static uint64_t sieve(uint64_t count)
{
    uint64_t sum = 0;

    floor_spawn(count_up, 0);
    for (uint64_t i = 0; i < count; i++) {
        primes[i] = floor_recv(&numbers[i]);
        sum += primes[i];
        if (i + 1 < count)
            floor_spawn(filter, i);
    }
    return sum;
}

int main(int argc, char **argv)
{
    uint64_t count, samples;

    bench_arguments(argc, argv, &count, &samples);
    numbers = calloc(count, sizeof *numbers);
    primes = calloc(count, sizeof *primes);
    bench_check(numbers && primes, "no memory");
    while (samples-- > 0) {
        floor_init(count);
        memset(numbers, 0, count * sizeof *numbers);
        uint64_t began = bench_now_ns(), sum = sieve(count);
        bench_print(1, bench_now_ns() - began, sum);
    }
    free(numbers);
    free(primes);
    return 0;
}
