/* SPDX-License-Identifier: MIT */
/* Everybody waits: the workers were never told that there is no more work. */
#include <weft.h>

enum { WORKERS = 100 };

static void work(chan(int) jobs, chan(int) done)
{
    int job;

    while (chan_recv(jobs, &job) == 0) /* until somebody closes it */
        ;
    chan_send(done, 1);
}

int main(void)
{
    chan(int) jobs = chan_new(int), done = chan_new(int);

    for (int i = 0; i < WORKERS; i++)
        go(work, jobs, done);
    for (int i = 0; i < 1000; i++)
        chan_send(jobs, i);
    weft_sleep(WEFT_SEC(2));
    for (int i = 0; i < WORKERS; i++) /* chan_close(jobs) is missing */
        chan_recv(done, NULL);
    chan_free(jobs);
    chan_free(done);
    return 0;
}
