/* SPDX-License-Identifier: MIT */
/* What tests/stripped.sh asks what it is doing: it says when it is ready, and sleeps until killed. */
#include <stdio.h>
#include <weft.h>

static void serve(chan(int) requests)
{
    while (chan_recv(requests, NULL) == 0) {
    }
}

static void work(chan(int) requests)
{
    chan_recv(requests, NULL);
    weft_yield();
}

int main(void)
{
    const struct weft_spawn_opts opts = {.size = sizeof opts, .name = "server"};
    chan(int) requests = chan_new(int);

    go_with(&opts, serve, requests);
    go(work, requests);
    weft_yield();
    puts("ready");
    fflush(stdout);
    weft_sleep(WEFT_SEC(3600));
    return 0;
}
