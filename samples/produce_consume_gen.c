/* SPDX-License-Identifier: MIT */
/* A generator can be sent values: the consumer takes numbers and yields its answers. */
#include <stdio.h>
#include <weft.h>

static void consume(gen(const char *, int) self)
{
    const char *answer = "ready";
    int n;

    while (gen_yield_recv(self, &n, answer) == 0) { /* -EPIPE: the producer has closed us */
        printf("[CONSUMER] Consuming %d...\n", n);
        answer = "200 OK";
    }
}

static int produce(gen(const char *, int) consumer)
{
    const char *answer;

    if (gen_next(consumer, &answer) < 0) /* runs it up to its first yield */
        return -1;
    for (int n = 1; n <= 5; n++) {
        printf("[PRODUCER] Producing %d...\n", n);
        if (gen_send(consumer, &answer, n) < 0)
            return -1;
        printf("[PRODUCER] Consumer return: %s\n", answer);
    }
    return 0;
}

int main(void)
{
    gen(const char *, int) consumer = gen_new2(const char *, int, consume);
    int error;

    if (!consumer)
        return 1;
    error = produce(consumer);
    gen_close(consumer);
    return error < 0 ? 1 : 0;
}
