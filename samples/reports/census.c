/* SPDX-License-Identifier: MIT */
/* How much of their stacks threads use: run it with WEFT_REPORT=stacks. */
#include <string.h>
#include <weft.h>

static volatile char sink;

static void answer(chan(int) requests)
{
    while (chan_recv(requests, NULL) == 0)
        ;
}

static void parse(size_t used)
{
    char page[40 * 1024];

    memset(page, 'x', used);
    sink = page[used / 2];
}

int main(void)
{
    chan(int) requests = chan_new(int);

    for (int i = 0; i < 1000; i++)
        go(answer, requests);
    for (int i = 0; i < 3; i++)
        go(parse, (size_t)40 * 1024);
    weft_yield();
    chan_close(requests);
    weft_sleep(WEFT_MS(1));
    chan_free(requests);
    return 0;
}
