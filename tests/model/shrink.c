/* SPDX-License-Identifier: MIT */
#include "program.h"

#include <string.h>

struct shrinker {
    struct program *p;
    struct program smaller;
    bool (*is_failing)(struct program *smaller, void *data);
    void *data;
    int tries;
};

static struct program_thread *shrink_begin(struct shrinker *s, int thread)
{
    s->smaller = *s->p;
    return &s->smaller.of[thread];
}

static bool shrink_holds(struct shrinker *s)
{
    if (s->tries-- <= 0 || !s->is_failing(&s->smaller, s->data))
        return false;
    *s->p = s->smaller;
    return true;
}

static void drop_op(struct program_thread *t, int at)
{
    memmove(&t->ops[at], &t->ops[at + 1], (size_t)(t->n - at - 1) * sizeof t->ops[0]);
    t->n--;
}

static int end_of_scope(const struct program_thread *t, int at)
{
    for (int depth = 0;; at++) {
        if (program_begins_scope(&t->ops[at]))
            depth++;
        else if (t->ops[at].kind == PROGRAM_END && --depth == 0)
            return at;
    }
}

static bool is_about(const struct program_op *op, int thread)
{
    return program_is_about_thread(op) && op->thread == thread;
}

static bool shrink_thread(struct shrinker *s, int thread)
{
    if (thread > 0)
        shrink_begin(s, thread)->n = 0;
    for (int i = 0; i < s->p->threads; i++)
        for (int at = s->smaller.of[i].n - 1; at >= 0; at--)
            if (is_about(&s->smaller.of[i].ops[at], thread))
                drop_op(&s->smaller.of[i], at);
    return program_length(&s->smaller) < program_length(s->p) && shrink_holds(s);
}

static bool shrink_block(struct shrinker *s, int thread, int at)
{
    struct program_thread *t = shrink_begin(s, thread);

    if (!program_begins_scope(&t->ops[at]))
        return false;
    for (int end = end_of_scope(t, at); end >= at; end--)
        drop_op(t, end);
    return shrink_holds(s);
}

static bool shrink_op(struct shrinker *s, int thread, int at)
{
    struct program_thread *t = shrink_begin(s, thread);

    if (t->ops[at].kind == PROGRAM_END)
        return false;
    if (program_begins_scope(&t->ops[at]))
        drop_op(t, end_of_scope(t, at));
    drop_op(t, at);
    return shrink_holds(s);
}

static bool shrink_clause(struct shrinker *s, int thread, int at, int clause)
{
    struct program_op *op = &shrink_begin(s, thread)->ops[at];

    if (op->kind != PROGRAM_SELECT || op->n == 1 || clause >= op->n)
        return false;
    for (int i = clause; i + 1 < op->n; i++)
        op->clauses[i] = op->clauses[i + 1];
    op->n--;
    return op->clauses[0].chan != PROGRAM_NO_CHAN && shrink_holds(s);
}

/* A select of one clause is a plain call, if that will do. */
static bool shrink_select(struct shrinker *s, int thread, int at)
{
    struct program_op *op = &shrink_begin(s, thread)->ops[at];

    if (op->kind != PROGRAM_SELECT || op->n != 1)
        return false;
    op->kind = op->clauses[0].kind == PROGRAM_CLAUSE_SEND ? PROGRAM_SEND : PROGRAM_RECV;
    return shrink_holds(s);
}

static bool shrink_time(struct shrinker *s, int thread, int at)
{
    struct program_op *op = &shrink_begin(s, thread)->ops[at];

    if (op->time <= 1)
        return false;
    op->time = op->time > 64 ? 64 : op->time / 2;
    return shrink_holds(s);
}

/* A loop is one call, if that will do. */
static bool shrink_loop(struct shrinker *s, int thread, int at)
{
    struct program_op *op = &shrink_begin(s, thread)->ops[at];

    if (op->kind != PROGRAM_EACH)
        return false;
    op->kind = PROGRAM_NEXT;
    return shrink_holds(s);
}

static bool shrink_in_op(struct shrinker *s, int thread, int at)
{
    bool shrunk =
        shrink_select(s, thread, at) || shrink_time(s, thread, at) || shrink_loop(s, thread, at);

    for (int clause = PROGRAM_CLAUSES - 1; clause >= 0; clause--)
        shrunk |= shrink_clause(s, thread, at, clause);
    return shrunk;
}

static bool shrink_channel(struct shrinker *s, int chan)
{
    shrink_begin(s, 0);
    if (s->p->sizes[chan] == 4)
        return false;
    s->smaller.sizes[chan] = 4;
    return shrink_holds(s);
}

static bool is_used(const struct program *p, int thread)
{
    for (int i = 0; i < p->threads; i++)
        for (int at = 0; at < p->of[i].n; at++)
            if (is_about(&p->of[i].ops[at], thread))
                return true;
    return p->of[thread].n > 0;
}

/* Without the last thread, if nobody speaks of it. */
static bool shrink_threads(struct shrinker *s)
{
    shrink_begin(s, 0);
    s->smaller.threads--;
    return s->p->threads > 1 && !is_used(s->p, s->p->threads - 1) && shrink_holds(s);
}

/* Operations of what is not there are skipped. */
static bool shrink_objects(struct shrinker *s)
{
    bool shrunk = false;

    shrink_begin(s, 0);
    s->smaller.groups--;
    shrunk |= s->p->groups > 0 && shrink_holds(s);
    shrink_begin(s, 0);
    s->smaller.besides--;
    shrunk |= s->p->besides > 0 && shrink_holds(s);
    for (int i = 0; i < s->p->groups; i++) {
        shrink_begin(s, 0);
        s->smaller.limits[i] = 0;
        shrunk |= s->p->limits[i] > 0 && shrink_holds(s);
    }
    return shrunk;
}

static bool shrink_surroundings(struct shrinker *s)
{
    bool shrunk = shrink_threads(s);

    shrink_begin(s, 0);
    s->smaller.schedule = 0;
    shrunk |= s->p->schedule != 0 && shrink_holds(s);
    shrink_begin(s, 0);
    s->smaller.base_ns = 0;
    shrunk |= s->p->base_ns != 0 && shrink_holds(s);
    shrink_begin(s, 0);
    s->smaller.unit_ns = 1;
    shrunk |= s->p->unit_ns != 1 && shrink_holds(s);
    for (int i = 0; i < s->p->chans; i++)
        shrunk |= shrink_channel(s, i);
    return shrink_objects(s) || shrunk;
}

static bool shrink_once(struct shrinker *s)
{
    bool shrunk = false;

    for (int i = s->p->threads - 1; i > 0; i--)
        shrunk |= shrink_thread(s, i);
    for (int i = 0; i < s->p->threads; i++)
        for (int at = s->p->of[i].n - 1; at >= 0; at--)
            if (at < s->p->of[i].n)
                shrunk |= shrink_block(s, i, at) || shrink_op(s, i, at);
    for (int i = 0; i < s->p->threads; i++)
        for (int at = 0; at < s->p->of[i].n; at++)
            shrunk |= shrink_in_op(s, i, at);
    return shrink_surroundings(s) || shrunk;
}

void program_shrink(struct program *p, bool (*is_failing)(struct program *smaller, void *data),
                    void *data, int tries)
{
    static struct shrinker s;

    s = (struct shrinker){.p = p, .is_failing = is_failing, .data = data, .tries = tries};
    while (s.tries > 0 && shrink_once(&s))
        ;
}
