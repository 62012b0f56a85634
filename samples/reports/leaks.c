/* SPDX-License-Identifier: MIT */
/* What main leaves behind: run it with WEFT_REPORT=leaks. */
#include <weft.h>

static void listen(chan(int) requests)
{
    while (chan_recv(requests, NULL) == 0)
        ;
}

static int answer(void)
{
    return 42;
}

static void count(gen(int) self)
{
    for (int i = 0; gen_yield(self, i) == 0; i++)
        ;
}

int main(void)
{
    chan(int) requests = chan_new(int);
    gen(int) numbers = gen_new(int, count);
    task(int) forgotten = spawn(answer);

    for (int i = 0; i < 3; i++)
        go(listen, requests);
    gen_next(numbers, NULL);
    weft_sleep(WEFT_SEC(1));
    return forgotten ? 0 : 1;
}
