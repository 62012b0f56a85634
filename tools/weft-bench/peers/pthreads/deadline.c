/* SPDX-License-Identifier: MIT */
/* A timer is armed and disarmed, a million times, while n threads sleep. */
#include <signal.h>

#include "thread.h"
#include "../texts/samples.h"
#include "../../bench.h"

static atomic_uint_fast64_t begun;

static void *sleeper(void *ns)
{
    begun++;
    thread_sleep_ns((intptr_t)ns);
    return NULL;
}

static uint64_t arm_and_cancel(timer_t timer)
{
    const struct itimerspec armed = {.it_value.tv_sec = BENCH_DEADLINE_SECONDS}, never = {0};
    struct itimerspec left;
    uint64_t cancelled = 0;

    for (int i = 0; i < BENCH_DEADLINES; i++) {
        timer_settime(timer, 0, &armed, NULL);
        timer_settime(timer, 0, &never, &left);
        cancelled += left.it_value.tv_sec > 0;
    }
    return cancelled;
}

int main(int argc, char **argv)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    uint64_t n, samples, seed = 1;
    timer_t timer;

    bench_arguments(argc, argv, &n, &samples);
    thread_setup(n);
    for (uint64_t i = 0; i < n; i++)
        thread_start(sleeper, (void *)(intptr_t)bench_pending_ns(&seed));
    while (begun < n)
        thread_yield();
    thread_sleep_ns(BENCH_SECOND / 10); /* until all sleep */
    bench_check(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0, "no timer");
    while (samples_next(&samples)) {
        uint64_t began = bench_now_ns(), cancelled = arm_and_cancel(timer);

        bench_print(BENCH_DEADLINES, bench_now_ns() - began, cancelled);
    }
    return 0; /* the sleepers end with the process */
}
