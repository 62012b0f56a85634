/* SPDX-License-Identifier: MIT */
/* Mutexes, semaphores and completions of a program on weft. */
#include <errno.h>

#include "run_own.h"
#include "runtime/sync.h"

static bool can_be_cancelled(const struct run_thread *t)
{
    return t->shields == 0 && run.roles[t->name] != RUN_BODY;
}

static int lock(struct run_thread *t, int which)
{
    int result;

    if (t->holds[which] || !can_be_cancelled(t))
        return TRACE_SKIPPED;
    result = weft_mutex_lock(&run.mutexes[which]);
    t->holds[which] = result == 0;
    return result;
}

static int trylock(struct run_thread *t, int which)
{
    const int result = weft_mutex_trylock(&run.mutexes[which]);

    t->holds[which] |= result == 0;
    return result;
}

static int unlock(struct run_thread *t, int which)
{
    if (!t->holds[which])
        return TRACE_SKIPPED;
    t->holds[which] = false;
    weft_mutex_unlock(&run.mutexes[which]);
    return 0;
}

void run_unlock_all(struct run_thread *t)
{
    for (int i = 0; i < run.p->besides; i++)
        unlock(t, i);
}

static int release(int which)
{
    weft_semaphore_release(&run.semaphores[which]);
    return 0;
}

static int set(int which)
{
    weft_completion_set(&run.completions[which]);
    return 0;
}

static int do_beside(struct run_thread *t, const struct program_op *op)
{
    if (op->which >= run.p->besides)
        return TRACE_SKIPPED;
    switch ((enum program_kind)op->kind) {
    case PROGRAM_LOCK:
        return lock(t, op->which);
    case PROGRAM_TRYLOCK:
        return trylock(t, op->which);
    case PROGRAM_UNLOCK:
        return unlock(t, op->which);
    case PROGRAM_ACQUIRE:
        return can_be_cancelled(t) ? weft_semaphore_acquire(&run.semaphores[op->which])
                                   : TRACE_SKIPPED;
    case PROGRAM_TRYACQUIRE:
        return weft_semaphore_tryacquire(&run.semaphores[op->which]);
    case PROGRAM_RELEASE:
        return release(op->which);
    case PROGRAM_SET:
        return set(op->which);
    default:
        return weft_completion_wait(&run.completions[op->which]);
    }
}

void run_beside(struct run_thread *t, const struct program_op *op)
{
    run_tell(t, do_beside(t, op), TRACE_UNTOUCHED);
}

void run_make_besides(void)
{
    for (int i = 0; i < run.p->besides; i++)
        run.semaphores[i] = (struct weft_semaphore)WEFT_SEMAPHORE(program_permits(i));
}

/* ---- what must hold ---- */

/* While somebody waits, there is nothing that would have been handed over. */
const char *run_besides_wrong(void)
{
    for (int i = 0; i < run.p->besides; i++) {
        if (weft__sync_first(&run.mutexes[i].waiters) && !run.mutexes[i].holder)
            return "a thread waits for a mutex that is free";
        if (weft__sync_first(&run.semaphores[i].waiters) && run.semaphores[i].permits > 0)
            return "a thread waits for a permit, and there is one";
        if (weft__sync_first(&run.completions[i].waiters) && run.completions[i].is_set)
            return "a thread waits for what has happened";
    }
    return NULL;
}

const char *run_besides_left(void)
{
    for (int i = 0; i < run.p->besides; i++) {
        if (weft__sync_first(&run.mutexes[i].waiters) ||
            weft__sync_first(&run.semaphores[i].waiters) ||
            weft__sync_first(&run.completions[i].waiters))
            return "a waiter is left in a mutex, a semaphore or a completion";
        if (run.mutexes[i].holder)
            return "a mutex is left locked";
    }
    return NULL;
}
