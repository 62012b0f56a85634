/* SPDX-License-Identifier: MIT */
/* A thread counts, main adds up. */
#include <stdio.h>
#include <weft.h>

static void count(chan_tx(int) out)
{
    for (int i = 1; i <= 4; i++)
        chan_send(out, i);
    chan_close(out);
}

int main(void)
{
    chan(int) numbers = chan_new(int);
    int sum = 0;

    if (!numbers || go(count, numbers) < 0)
        return 1;
    chan_each(n, numbers)
        sum += n;
    chan_free(numbers);
    printf("%d\n", sum);
    return 0;
}
