/* SPDX-License-Identifier: MIT */
/* A program for links.sh: says what its threads do, of which one is parked in the function `work`. */
#include <unistd.h>

#include <weft.h>

static chan(int) never;

static void work(void)
{
    chan_recv(never, NULL);
    __asm__ volatile(""); /* else it has no frame in optimised builds */
}

int main(void)
{
    never = chan_new(int);
    go(work);
    weft_yield();
    weft_dump(STDOUT_FILENO);
    return weft_shutdown();
}
