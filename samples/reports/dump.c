/* SPDX-License-Identifier: MIT */
/* A server that tells what it is doing: a thousand clients wait for an answer. */
#include <unistd.h>
#include <weft.h>

static void ask(chan(int) requests, chan(int) answers)
{
    chan_send(requests, 1);
    chan_recv(answers, NULL);
}

static void serve(chan(int) requests, chan(int) answers)
{
    for (;;) {
        chan_recv(requests, NULL);
        weft_sleep(WEFT_SEC(10)); /* a slow backend */
        chan_send(answers, 1);
    }
}

int main(void)
{
    const struct weft_spawn_opts server = {.size = sizeof server, .name = "server"};
    chan(int) requests = chan_new(int), answers = chan_new(int);

    go_with(&server, serve, requests, answers);
    for (int i = 0; i < 1000; i++)
        go(ask, requests, answers);
    weft_sleep(WEFT_SEC(1));
    weft_dump(STDERR_FILENO);
    return 0;
}
