/* SPDX-License-Identifier: MIT */
/* A server: a request carries the channel on which its sender waits for the reply. */
#include <stdio.h>
#include <weft.h>

enum { CLIENTS = 3 };

struct request {
    int n;
    chan_tx(int) reply;
};

static void serve(chan_rx(struct request) requests)
{
    chan_each(r, requests)
        chan_send(r.reply, r.n * r.n);
}

/* The sum of the squares of three numbers, which the server knows. */
static int ask(chan_tx(struct request) requests, int id)
{
    chan(int) reply = chan_new(int);
    int sum = 0, square;

    for (int i = 1; i <= 3; i++) {
        struct request r = {.n = id * 10 + i, .reply = reply};

        if (chan_send(requests, r) < 0 || chan_recv(reply, &square) < 0)
            break;
        sum += square;
    }
    chan_free(reply);
    return sum;
}

int main(void)
{
    static const int expected[CLIENTS] = {14, 434, 1454};
    chan(struct request) requests = chan_new(struct request);
    task(void) server = spawn(serve, requests);
    task(int) clients[CLIENTS];
    int failed = 0;

    if (!requests || !server)
        return 1;
    for (int id = 0; id < CLIENTS; id++)
        clients[id] = spawn(ask, requests, id);
    for (int id = 0; id < CLIENTS; id++) {
        int sum;

        if (task_join(clients[id], &sum) < 0)
            return 1;
        printf("client %d: %d\n", id, sum);
        failed |= sum != expected[id];
    }
    chan_close(requests);
    task_join(server);
    chan_free(requests);
    return failed;
}
