/* SPDX-License-Identifier: MIT */
/* A thread computes for long, and nobody else has a turn: run it with WEFT_WATCHDOG=100ms. */
#include <stdio.h>
#include <weft.h>

static void serve(chan(int) requests)
{
    while (chan_recv(requests, NULL) == 0)
        ;
}

static void count_primes(unsigned end)
{
    int primes = 0;

    for (unsigned n = 2; n < end; n++) { /* weft_yield() is missing */
        unsigned divisor = 2;

        while (n % divisor != 0)
            divisor++;
        primes += divisor == n;
    }
    printf("%d primes\n", primes);
}

int main(void)
{
    chan(int) requests = chan_new(int);

    go(serve, requests);
    go(count_primes, 100000);
    weft_yield();
    chan_close(requests);
    weft_yield();
    chan_free(requests);
    return 0;
}
