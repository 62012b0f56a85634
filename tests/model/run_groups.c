/* SPDX-License-Identifier: MIT */
/* Groups of a program on weft. */
#include "run_own.h"

static int member(int name)
{
    return run_act(name);
}

static bool is_member(int thread, int group)
{
    return run.roles[thread] == RUN_MEMBER && run.groups_of[thread] == group &&
           run.has_begun[thread] && !run.ended[thread];
}

/* The least number of those that are in the group or on their way; how many these are. */
static int least_member(int group, int *count)
{
    int least = PROGRAM_THREADS;

    *count = 0;
    for (int i = PROGRAM_THREADS - 1; i > 0; i--) {
        const bool is_there = is_member(i, group);
        const bool is_coming =
            run.roles[i] == RUN_MEMBER && run.groups_of[i] == group && !run.has_begun[i];

        *count += is_there + is_coming;
        if (is_there || is_coming)
            least = i;
    }
    return least;
}

static int greatest_waiting(int group)
{
    for (int i = PROGRAM_THREADS - 1; i >= 0; i--)
        if (run.in_group_call[i] == group + 1)
            return i;
    return -1;
}

static bool may_go(const struct run_thread *t, const struct program_op *op)
{
    int count;
    const int least = least_member(op->which, &count), limit = run.p->limits[op->which];

    if (op->which >= run.p->groups || op->thread <= greatest_waiting(op->which))
        return false;
    return limit == 0 || count < limit || least > t->name;
}

/* A thread becomes a member, or is as it was. */
void run_go(const struct run_thread *t, const struct program_op *op)
{
    int result;

    if (!may_go(t, op) || !run_makes(op->thread, RUN_MEMBER)) {
        run_tell(t, TRACE_SKIPPED, TRACE_UNTOUCHED);
        return;
    }
    run.groups_of[op->thread] = op->which;
    run.in_group_call[t->name] = op->which + 1;
    result = group_go(run.groups[op->which], member, op->thread);
    run.in_group_call[t->name] = 0;
    run.has_begun[op->thread] = result == 0;
    if (result != 0)
        run.roles[op->thread] = RUN_NOBODY;
    run_tell(t, result, TRACE_UNTOUCHED);
}

void run_group_wait(const struct run_thread *t, const struct program_op *op)
{
    int count, result;

    if (op->which >= run.p->groups || run.is_awaited[op->which] ||
        least_member(op->which, &count) <= t->name) {
        run_tell(t, TRACE_SKIPPED, TRACE_UNTOUCHED);
        return;
    }
    run.is_awaited[op->which] = true;
    run.in_group_call[t->name] = op->which + 1;
    result = weft_group_wait(run.groups[op->which]);
    run.in_group_call[t->name] = 0;
    run.is_awaited[op->which] = false;
    run_tell(t, result, group_who(run.groups[op->which]) ? TRACE_FAILED : TRACE_UNTOUCHED);
}

void run_group_cancel(const struct run_thread *t, const struct program_op *op)
{
    run_tell(t,
             op->which < run.p->groups ? weft_group_cancel(run.groups[op->which]) : TRACE_SKIPPED,
             TRACE_UNTOUCHED);
}
