/* SPDX-License-Identifier: MIT */
/* A pipeline: each stage is a thread that closes its output when its input is closed. */
#include <stdio.h>
#include <weft.h>

static void count(chan_tx(int) out, int from, int to)
{
    for (int n = from; n <= to; n++)
        if (chan_send(out, n) < 0)
            return;
    chan_close(out);
}

static void square(chan_rx(int) in, chan_tx(int) out)
{
    chan_each(n, in)
        if (chan_send(out, n * n) < 0)
            return;
    chan_close(out);
}

static void keep_odd(chan_rx(int) in, chan_tx(int) out)
{
    chan_each(n, in)
        if (n % 2 != 0 && chan_send(out, n) < 0)
            return;
    chan_close(out);
}

int main(void)
{
    chan(int) numbers = chan_new(int);
    chan(int) squares = chan_new(int);
    chan(int) odd = chan_new(int);
    int sum = 0;

    if (!numbers || !squares || !odd)
        return 1;
    if (go(count, numbers, 1, 10) < 0 || go(square, numbers, squares) < 0 ||
        go(keep_odd, squares, odd) < 0)
        return 1;
    chan_each(n, odd) {
        printf("%d\n", n);
        sum += n;
    }
    printf("sum %d\n", sum);
    chan_free(numbers); /* the last stage closes last: by now nobody uses any of them */
    chan_free(squares);
    chan_free(odd);
    return sum == 1 + 9 + 25 + 49 + 81 ? 0 : 1;
}
