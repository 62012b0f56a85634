/* SPDX-License-Identifier: MIT */
/* A prime sieve: each prime adds a thread that keeps its multiples from those behind it. */
#include <stdlib.h>
#include <weft.h>

#include "../bench.h"

static void count_up(chan_tx(uint64_t) out)
{
    for (uint64_t n = 2; chan_send(out, n) == 0; n++)
        ;
}

static void filter(chan_rx(uint64_t) in, chan_tx(uint64_t) out, uint64_t prime)
{
    chan_each(n, in)
        if (n % prime != 0 && chan_send(out, n) < 0)
            return;
}

static uint64_t sieve(chan(uint64_t) *numbers, task(void) *threads, uint64_t primes)
{
    uint64_t prime = 0, sum = 0;

    for (uint64_t i = 0; i < primes; i++) {
        numbers[i] = chan_new(uint64_t);
        threads[i] =
            i == 0 ? spawn(count_up, numbers[0]) : spawn(filter, numbers[i - 1], numbers[i], prime);
        chan_recv(numbers[i], &prime);
        sum += prime;
    }
    return sum;
}

int main(int argc, char **argv)
{
    uint64_t primes, samples;

    bench_arguments(argc, argv, &primes, &samples);
    chan(uint64_t) *numbers = calloc(primes, sizeof *numbers); /* [i]: no multiples of i primes */
    task(void) *threads = calloc(primes, sizeof *threads);
    bench_check(numbers && threads, "no memory");
    while (samples-- > 0) {
        uint64_t began = bench_now_ns(), sum = sieve(numbers, threads, primes);

        bench_print(1, bench_now_ns() - began, sum);
        for (uint64_t i = 0; i < primes; i++)
            chan_close(numbers[i]); /* whatever a thread does next fails, and it returns */
        for (uint64_t i = 0; i < primes; i++)
            task_join(threads[i]);
        for (uint64_t i = 0; i < primes; i++)
            chan_free(numbers[i]);
    }
    free(numbers);
    free(threads);
    return 0;
}
