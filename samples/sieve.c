/* SPDX-License-Identifier: MIT */
/* A prime sieve: each prime adds a thread that keeps its multiples from those behind it. */
#include <stdio.h>
#include <weft.h>

enum { PRIMES = 10 };

static void count_up(chan_tx(int) out)
{
    for (int n = 2; chan_send(out, n) == 0; n++)
        ;
}

static void filter(chan_rx(int) in, chan_tx(int) out, int prime)
{
    chan_each(n, in)
        if (n % prime != 0 && chan_send(out, n) < 0)
            return;
}

int main(void)
{
    chan(int) numbers[PRIMES] = {chan_new(int)}; /* numbers[i]: no multiple of the first i primes */
    task(void) threads[PRIMES] = {spawn(count_up, numbers[0])};
    int prime = 0;

    for (int i = 0; i < PRIMES; i++) {
        if (i > 0) {
            numbers[i] = chan_new(int);
            threads[i] = spawn(filter, numbers[i - 1], numbers[i], prime);
        }
        if (!numbers[i] || !threads[i] || chan_recv(numbers[i], &prime) < 0)
            return 1;
        printf("%d\n", prime);
    }
    for (int i = 0; i < PRIMES; i++)
        chan_close(numbers[i]); /* whatever a thread does next fails, and it returns */
    for (int i = 0; i < PRIMES; i++)
        task_join(threads[i]);
    for (int i = 0; i < PRIMES; i++)
        chan_free(numbers[i]);
    return prime == 29 ? 0 : 1;
}
