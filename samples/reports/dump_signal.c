/* SPDX-License-Identifier: MIT */
/* A running program is asked what it is doing: run it with WEFT_DUMP_SIGNAL=USR1. */
#include <signal.h>
#include <weft.h>

static void serve(chan(int) requests)
{
    while (chan_recv(requests, NULL) == 0)
        ;
}

static void compute(void)
{
    raise(SIGUSR1); /* somebody says `kill -USR1 PID` meanwhile */
}

int main(void)
{
    const struct weft_spawn_opts opts = {.size = sizeof opts, .name = "server"};
    chan(int) requests = chan_new(int);

    go_with(&opts, serve, requests);
    go(compute);
    weft_sleep(WEFT_SEC(1));
    chan_close(requests);
    weft_sleep(WEFT_SEC(1));
    chan_free(requests);
    return 0;
}
