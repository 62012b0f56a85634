/* SPDX-License-Identifier: MIT */
/* Ten thousand threads at once: what is run under valgrind. */
#include <stdio.h>

#include <weft.h>

enum { MANY = 10000 };

static int add(chan_rx(int) in, chan_tx(int) out, int n)
{
    int got = 0, result = chan_recv(in, &got);

    return result == 0 ? chan_send(out, got + n) : result;
}

int main(void)
{
    static task(int) tasks[MANY];
    chan(int) in = chan_new(int), out = chan_new(int);
    long long sum = 0;

    for (int i = 0; i < MANY; i++)
        tasks[i] = spawn(add, in, out, i);
    weft_yield();
    for (int i = 0; i < MANY; i++) {
        int got = 0;

        if (chan_send(in, 1) != 0 || chan_recv(out, &got) != 0)
            return 1;
        sum += got;
    }
    for (int i = 0; i < MANY; i++)
        if (task_join(tasks[i], NULL) != 0)
            return 1;
    chan_free(in);
    chan_free(out);
    printf("%lld\n", sum);
    return sum == MANY * (MANY + 1LL) / 2 ? weft_shutdown() : 1;
}
