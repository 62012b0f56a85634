/* SPDX-License-Identifier: MIT */
#include "program.h"

/* clang-format off */
static const struct program_op program_ending[] = {
    {.kind = PROGRAM_CLOSE, .chan = 0}, {.kind = PROGRAM_CLOSE, .chan = 1},
    {.kind = PROGRAM_CLOSE, .chan = 2}, {.kind = PROGRAM_CLOSE, .chan = 3},
    {.kind = PROGRAM_SET, .which = 0}, {.kind = PROGRAM_SET, .which = 1},
    {.kind = PROGRAM_UNLOCK, .which = 0}, {.kind = PROGRAM_UNLOCK, .which = 1},
    {.kind = PROGRAM_CANCEL, .thread = 1}, {.kind = PROGRAM_CANCEL, .thread = 2},
    {.kind = PROGRAM_CANCEL, .thread = 3}, {.kind = PROGRAM_CANCEL, .thread = 4},
    {.kind = PROGRAM_CANCEL, .thread = 5}, {.kind = PROGRAM_CANCEL, .thread = 6},
    {.kind = PROGRAM_CANCEL, .thread = 7},
    {.kind = PROGRAM_GROUP_CANCEL, .which = 0}, {.kind = PROGRAM_GROUP_CANCEL, .which = 1},
    {.kind = PROGRAM_DRAIN, .time = 16},
    {.kind = PROGRAM_GROUP_WAIT, .which = 0}, {.kind = PROGRAM_GROUP_WAIT, .which = 1},
    {.kind = PROGRAM_FINISH, .thread = 1}, {.kind = PROGRAM_FINISH, .thread = 2},
    {.kind = PROGRAM_FINISH, .thread = 3}, {.kind = PROGRAM_FINISH, .thread = 4},
    {.kind = PROGRAM_FINISH, .thread = 5}, {.kind = PROGRAM_FINISH, .thread = 6},
    {.kind = PROGRAM_FINISH, .thread = 7},
    {.kind = PROGRAM_JOIN, .thread = 1}, {.kind = PROGRAM_JOIN, .thread = 2},
    {.kind = PROGRAM_JOIN, .thread = 3}, {.kind = PROGRAM_JOIN, .thread = 4},
    {.kind = PROGRAM_JOIN, .thread = 5}, {.kind = PROGRAM_JOIN, .thread = 6},
    {.kind = PROGRAM_JOIN, .thread = 7},
    {.kind = PROGRAM_TRYLOCK, .which = 0}, {.kind = PROGRAM_TRYLOCK, .which = 1},
    {.kind = PROGRAM_TRYACQUIRE, .which = 0}, {.kind = PROGRAM_TRYACQUIRE, .which = 1},
};
/* clang-format on */

enum { PROGRAM_ENDING = sizeof program_ending / sizeof program_ending[0] };

_Static_assert(PROGRAM_CHANS == 4 && PROGRAM_THREADS == 8, "main ends them all");

/* Whether there is anything that it could be about. */
static bool is_wanted(const struct program *p, const struct program_op *op)
{
    if (program_is_about_thread(op))
        return op->thread < p->threads;
    if (op->kind == PROGRAM_CLOSE)
        return op->chan < p->chans;
    if (op->kind == PROGRAM_GROUP_CANCEL || op->kind == PROGRAM_GROUP_WAIT)
        return op->which < p->groups;
    return op->kind == PROGRAM_DRAIN || op->which < p->besides;
}

/* Those that the last program wanted. Many programs differ in other things. */
static struct {
    int threads, chans, groups, besides;
    int n;
    const struct program_op *ops[PROGRAM_ENDING];
} ending;

static void choose_ending(const struct program *p)
{
    if (ending.threads == p->threads && ending.chans == p->chans && ending.groups == p->groups &&
        ending.besides == p->besides)
        return;
    ending.threads = p->threads;
    ending.chans = p->chans;
    ending.groups = p->groups;
    ending.besides = p->besides;
    ending.n = 0;
    for (int i = 0; i < PROGRAM_ENDING; i++)
        if (is_wanted(p, &program_ending[i]))
            ending.ops[ending.n++] = &program_ending[i];
}

const struct program_op *program_op(const struct program *p, int thread, int pc)
{
    const struct program_thread *t = &p->of[thread];

    if (pc < t->n)
        return &t->ops[pc];
    if (thread != 0)
        return NULL;
    choose_ending(p);
    return pc - t->n < ending.n ? ending.ops[pc - t->n] : NULL;
}

bool program_begins_scope(const struct program_op *op)
{
    return op->kind == PROGRAM_WITHIN || op->kind == PROGRAM_SHIELD;
}

bool program_is_about_thread(const struct program_op *op)
{
    return op->kind >= PROGRAM_SPAWN && op->kind <= PROGRAM_FINISH;
}

/* A word goes a shorter way than other sizes. */
size_t program_gen_size(int body)
{
    return body % 2 ? 8 : 40;
}

int program_permits(int semaphore)
{
    return semaphore;
}

int64_t program_ns(const struct program *p, int64_t time)
{
    return time == PROGRAM_FOREVER ? time : time * p->unit_ns;
}

int program_seen(size_t size, int value)
{
    return size == 1 ? value % 200 : value;
}

int program_length(const struct program *p)
{
    int n = 0;

    for (int i = 0; i < p->threads; i++)
        n += p->of[i].n;
    return n;
}
