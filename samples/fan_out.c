/* SPDX-License-Identifier: MIT */
/* Fan-out: many threads receive from one channel, and each job goes to the next that is free. */
#include <stdio.h>
#include <weft.h>

enum { WORKERS = 4, JOBS = 12 };

struct result {
    int job, square;
};

static void work(chan_rx(int) jobs, chan_tx(struct result) results)
{
    chan_each(job, jobs) {
        weft_sleep(WEFT_MS(10)); /* the work */
        if (chan_send(results, (struct result){.job = job, .square = job * job}) < 0)
            return;
    }
}

static void hand_out(chan_tx(int) jobs)
{
    for (int job = 0; job < JOBS; job++)
        if (chan_send(jobs, job) < 0)
            return;
    chan_close(jobs);
}

int main(void)
{
    chan(int) jobs = chan_new(int);
    chan(struct result) results = chan_new(struct result);
    task(void) workers[WORKERS];
    int squares[JOBS], times[JOBS] = {0}, failed = 0;

    if (!jobs || !results || go(hand_out, jobs) < 0)
        return 1;
    for (int i = 0; i < WORKERS; i++)
        workers[i] = spawn(work, jobs, results);
    for (int i = 0; i < JOBS; i++) {
        struct result r;

        if (chan_recv(results, &r) < 0)
            return 1;
        squares[r.job] = r.square;
        times[r.job]++;
    }
    for (int i = 0; i < WORKERS; i++)
        task_join(workers[i]);
    for (int job = 0; job < JOBS; job++) {
        printf("%d squared is %d\n", job, squares[job]);
        failed |= times[job] != 1 || squares[job] != job * job;
    }
    chan_free(jobs);
    chan_free(results);
    return failed;
}
