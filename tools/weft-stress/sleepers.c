/* SPDX-License-Identifier: MIT */
/* sleepers: all threads sleep, each time for a random while. A message is one wake, which may be
 * late but never early. The more threads, the longer they sleep: there is always one to be
 * woken. */
#include <stdlib.h>

#include "pattern.h"
#include "run.h"

enum { SLEEPERS_NS_PER_THREAD = 200 };

static uint64_t sleepers_sleep(struct run *r, size_t me)
{
    uint64_t seed = r->seed + me, span_ns = r->threads * SLEEPERS_NS_PER_THREAD, wakes = 0;
    int64_t now;

    run_enter(r);
    now = weft_now();
    while (quota_take(&r->quota, 1) > 0) {
        int64_t due = now + 1 + (int64_t)(run_random(&seed) % span_ns);
        int error = weft_sleep(due - now);

        now = weft_now();
        if (error != 0 || now < due)
            check_fail(&r->check, "thread %zu: weft_sleep returned %d, %lld ns early", me, error,
                       (long long)(due - now));
        wakes++;
    }
    return wakes;
}
WEFT_FN(sleepers_sleep, struct run *, size_t);

void sleepers_run(struct run *r)
{
    uint64_t wakes = 0;

    run_begin(r, r->threads);
    task(uint64_t) *tasks = run_memory(r, r->threads, sizeof *tasks);
    for (size_t i = 0; i < r->threads; i++)
        tasks[i] = run_need(r, spawn(sleepers_sleep, r, i));
    run_open(r);

    for (size_t i = 0; i < r->threads; i++)
        wakes += run_join(r, tasks[i]);
    check_count(&r->check, 0, wakes, r->quota.taken);
    run_end(r, wakes);
    free(tasks);
}
