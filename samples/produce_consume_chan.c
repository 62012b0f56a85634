/* SPDX-License-Identifier: MIT */
/* Two threads talk over two channels: numbers go one way, answers come back the other. */
#include <stdio.h>
#include <weft.h>

static void consume(chan_rx(int) numbers, chan_tx(const char *) answers)
{
    chan_each(n, numbers) { /* until the producer closes it */
        printf("[CONSUMER] Consuming %d...\n", n);
        if (chan_send(answers, "200 OK") < 0)
            return;
    }
}

static int produce(chan_tx(int) numbers, chan_rx(const char *) answers)
{
    const char *answer;

    for (int n = 1; n <= 5; n++) {
        printf("[PRODUCER] Producing %d...\n", n);
        if (chan_send(numbers, n) < 0 || chan_recv(answers, &answer) < 0)
            return -1;
        printf("[PRODUCER] Consumer return: %s\n", answer);
    }
    return 0;
}

int main(void)
{
    chan(int) numbers = chan_new(int);
    chan(const char *) answers = chan_new(const char *);
    task(void) consumer = spawn(consume, numbers, answers);
    int error;

    if (!numbers || !answers || !consumer)
        return 1;
    error = produce(numbers, answers); /* main is a thread as well */
    chan_close(numbers);
    task_join(consumer);
    chan_free(numbers);
    chan_free(answers);
    return error < 0 ? 1 : 0;
}
