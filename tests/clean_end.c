/* SPDX-License-Identifier: MIT */
/* A program that abandons everything and then calls weft_shutdown(): what is run under leak checkers.
 * With an argument it does not call it, which those must notice. What a thread owns is in a volatile
 * variable, because clang leaves out a copy that is only freed. */
#include <stdlib.h>
#include <string.h>

#include <weft.h>

enum { MANY = 100 };

static void receive(chan_rx(int) in)
{
    char *volatile own = strdup("received into");

    chan_recv(in, NULL);
    free(own);
}

static int wait_both(chan(int) a, chan(int) b)
{
    char *volatile own = strdup("selected into");
    int which = chan_select(chan_case_recv(a, NULL), chan_case_send(b, 1));

    free(own);
    return which;
}

static void count(gen(int) self)
{
    char *volatile own = strdup("counted in");

    for (int i = 0; gen_yield(self, i) == 0; i++)
        ;
    free(own);
}

static void abandon(void)
{
    chan(int) a = chan_new(int), b = chan_new(int);

    for (int i = 0; i < MANY; i++) {
        go(receive, a);
        spawn(wait_both, a, b);
        gen_next(gen_new(int, count), NULL);
    }
    weft_yield();
    go(receive, b);
}

int main(int argc, char **argv)
{
    (void)argv;
    abandon();
    return argc > 1 ? 0 : weft_shutdown();
}
