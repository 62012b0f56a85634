/* SPDX-License-Identifier: MIT */
/* A worker is stopped from outside, in the middle of whatever it waits for. From then on all its
 * calls fail, so that it comes to its end; what must still be done stands in a shield. */
#include <stdio.h>
#include <weft.h>

/* Adds up what comes in, and is slow about it. */
static int add_up(chan_rx(int) in, chan_tx(int) out)
{
    int sum = 0, n, error;

    while ((error = chan_recv(in, &n)) == 0) {
        sum += n;
        error = weft_sleep(WEFT_MS(20));
        if (error < 0)
            break;
    }
    if (error == -ECANCELED)
        printf("worker: cancelled\n");
    return weft_shield(chan_send(out, sum)); /* nothing that was received is lost */
}

static int feed(chan_tx(int) out)
{
    int n = 1;

    while (chan_send(out, n) == 0)
        n++;
    return n; /* was not sent */
}

int main(void)
{
    chan(int) numbers = chan_new(int), sums = chan_new(int);
    task(int) feeder = spawn(feed, numbers), worker = spawn(add_up, numbers, sums);
    int sum, error, unsent;

    if (!numbers || !sums || !feeder || !worker)
        return 1;
    weft_sleep(WEFT_MS(50));
    task_cancel(worker); /* it hears of that in its sleep */
    if (chan_recv(sums, &sum) < 0 || task_join(worker, &error) < 0)
        return 1;
    task_cancel(feeder);
    if (task_join(feeder, &unsent) < 0)
        return 1;
    printf("the sum is %d, and %d was not sent\n", sum, unsent);
    chan_free(numbers);
    chan_free(sums);
    return error == 0 && sum == unsent * (unsent - 1) / 2 ? 0 : 1;
}
