/* SPDX-License-Identifier: MIT */
/* Jobs: threads that get a stack when they first run, which is mostly the one that the job before
 * them has left. In the run queue they are told by the lowest bit of their address. Last in, first
 * out: the young run first, so that few have begun and not ended. */
#ifndef WEFT_FLOOR_LATE_H
#define WEFT_FLOOR_LATE_H

#include "floor.h"

struct floor_job {
    void (*run)(struct floor_job *self); /* NULL when it has returned */
    uint64_t argument, result;
    struct floor_thread *joiner;
};

extern struct floor_thread *floor_idle; /* workers without a job; `value` is the next of them */

/* Runs one job after the other. */
void floor_work(struct floor_thread *self);

FLOOR_INLINE void floor_go(struct floor_job *job)
{
    floor_push(&floor_run, (struct floor_thread *)((uintptr_t)job | 1));
}

FLOOR_INLINE struct floor_job *floor_as_job(struct floor_thread *t)
{
    return (uintptr_t)t & 1 ? (struct floor_job *)((uintptr_t)t - 1) : NULL;
}

/* A worker that will run the job. */
FLOOR_INLINE struct floor_thread *floor_bind(struct floor_job *job)
{
    struct floor_thread *worker = floor_idle;

    if (!worker)
        return floor_new(floor_work, (uintptr_t)job);
    floor_idle = (struct floor_thread *)worker->value;
    worker->value = (uintptr_t)job;
    return worker;
}

/* floor_park, where jobs may be next. */
FLOOR_INLINE void floor_late_park(struct floor_thread *self)
{
    struct floor_thread *next = floor_pop_last(&floor_run);
    struct floor_job *job = floor_as_job(next);

    floor_switch(self, job ? floor_bind(job) : next);
}

/* Parks it where who wakes it looks for it. */
FLOOR_INLINE void floor_late_await(struct floor_thread **place, struct floor_thread *self)
{
    *place = self;
    floor_late_park(self);
    *place = NULL;
}

/* The job's result. */
FLOOR_INLINE uint64_t floor_late_join(struct floor_job *job)
{
    struct floor_thread self;

    if (job->run)
        floor_late_await(&job->joiner, &self);
    return job->result;
}

#endif
