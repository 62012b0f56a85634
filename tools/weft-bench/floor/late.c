/* SPDX-License-Identifier: MIT */
#include "late.h"

struct floor_thread *floor_idle;

/* The next job: what runs meanwhile is somebody else. */
static struct floor_job *late_next(void)
{
    struct floor_thread self, *next = floor_pop_last(&floor_run);
    struct floor_job *job = floor_as_job(next);

    if (job)
        return job;
    self.value = (uintptr_t)floor_idle;
    floor_idle = &self;
    floor_switch(&self, next);
    return (struct floor_job *)self.value;
}

void floor_work(struct floor_thread *self)
{
    struct floor_job *job = (struct floor_job *)self->value;

    for (;; job = late_next()) {
        job->run(job);
        job->run = NULL;
        if (job->joiner)
            floor_push(&floor_run, job->joiner);
    }
}
