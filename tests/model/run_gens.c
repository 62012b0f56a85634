/* SPDX-License-Identifier: MIT */
/* Generators of a program on weft. */
#include "run_own.h"

/* One set of calls for each size of what is yielded. */
#define RUN_GENS(size, T)                                                                 \
    static void body_##size(gen(T, uint32_t) self, int name)                              \
    {                                                                                     \
        run.gens[name].of_##size = self;                                                  \
        run_act(name);                                                                    \
    }                                                                                     \
    static bool make_##size(union run_gen *g, int body)                                   \
    {                                                                                     \
        g->of_##size = gen_new2(T, uint32_t, body_##size, body);                          \
        return g->of_##size != NULL;                                                      \
    }                                                                                     \
    static int next_##size(union run_gen g, union element *e)                             \
    {                                                                                     \
        return gen_next(g.of_##size, e ? &e->of_##size : NULL);                           \
    }                                                                                     \
    static int ask_##size(union run_gen g, union element *e, uint32_t sent)               \
    {                                                                                     \
        return gen_send(g.of_##size, e ? &e->of_##size : NULL, sent);                     \
    }                                                                                     \
    static void each_##size(const struct run_thread *t, union run_gen g)                  \
    {                                                                                     \
        gen_each(y, g.of_##size) {                                                        \
            union element e;                                                              \
                                                                                          \
            element_clear(&e);                                                            \
            e.of_##size = y;                                                              \
            run_tell(t, 0, element_read(&e, size));                                       \
        }                                                                                 \
    }                                                                                     \
    static int give_##size(union run_gen g, const union element *e)                       \
    {                                                                                     \
        return gen_yield(g.of_##size, e->of_##size);                                      \
    }                                                                                     \
    static int give_take_##size(union run_gen g, uint32_t *taken, const union element *e) \
    {                                                                                     \
        return gen_yield_recv(g.of_##size, taken, e->of_##size);                          \
    }                                                                                     \
    static int finish_##size(union run_gen g)                                             \
    {                                                                                     \
        return gen_close(g.of_##size);                                                    \
    }

RUN_GENS(8, uint64_t)
RUN_GENS(40, struct element_wide)

struct gen_calls {
    bool (*make)(union run_gen *g, int body);
    int (*next)(union run_gen g, union element *e);
    int (*ask)(union run_gen g, union element *e, uint32_t sent);
    void (*each)(const struct run_thread *t, union run_gen g);
    int (*give)(union run_gen g, const union element *e);
    int (*give_take)(union run_gen g, uint32_t *taken, const union element *e);
    int (*finish)(union run_gen g);
};

static const struct gen_calls *gen_calls_of(int body)
{
    static const struct gen_calls of_8 = {make_8, next_8,      ask_8,   each_8,
                                          give_8, give_take_8, finish_8},
                                  of_40 = {make_40, next_40,      ask_40,   each_40,
                                           give_40, give_take_40, finish_40};

    return program_gen_size(body) == 8 ? &of_8 : &of_40;
}

void run_gen(const struct run_thread *t, const struct program_op *op)
{
    int result = TRACE_SKIPPED;

    if (run_makes(op->thread, RUN_BODY))
        result = gen_calls_of(op->thread)->make(&run.gens[op->thread], op->thread) ? 0 : -ENOMEM;
    run_tell(t, result, TRACE_UNTOUCHED);
}

static void ask(const struct run_thread *t, const struct program_op *op)
{
    const struct gen_calls *calls = gen_calls_of(op->thread);
    const union run_gen g = run.gens[op->thread];
    union element e, *into = op->drops ? NULL : &e;
    int result;

    element_clear(&e);
    if (op->kind == PROGRAM_ASK)
        result = calls->ask(g, into, op->value);
    else
        result = calls->next(g, into);
    run.is_asked[op->thread] = false;
    run_tell(t, result, element_read(&e, program_gen_size(op->thread)));
}

static void each(const struct run_thread *t, const struct program_op *op)
{
    gen_calls_of(op->thread)->each(t, run.gens[op->thread]);
    run.is_asked[op->thread] = false;
    run_tell(t, TRACE_NO_MORE, TRACE_UNTOUCHED);
}

static void finish(const struct run_thread *t, const struct program_op *op)
{
    int result;

    run.is_closed[op->thread] = true;
    result = gen_calls_of(op->thread)->finish(run.gens[op->thread]);
    run.is_asked[op->thread] = false;
    run_tell(t, result, TRACE_UNTOUCHED);
}

void run_ask(const struct run_thread *t, const struct program_op *op)
{
    if (run.roles[op->thread] != RUN_BODY || run.is_asked[op->thread] ||
        run.is_closed[op->thread]) {
        run_tell(t, TRACE_SKIPPED, TRACE_UNTOUCHED);
        return;
    }
    run.is_asked[op->thread] = true;
    if (op->kind == PROGRAM_FINISH)
        finish(t, op);
    else if (op->kind == PROGRAM_EACH)
        each(t, op);
    else
        ask(t, op);
}

/* What a yield received: four bytes, if it is the kind that receives. */
static int taken_by(const struct program_op *op, const union element *e)
{
    return op->kind == PROGRAM_GIVE_TAKE ? element_read(e, sizeof(uint32_t)) : TRACE_UNTOUCHED;
}

void run_give(struct run_thread *t, const struct program_op *op)
{
    const struct gen_calls *calls = gen_calls_of(t->name);
    const union run_gen g = run.gens[t->name];
    union element given, taken;
    int result;

    if (run.roles[t->name] != RUN_BODY || t->is_refused) {
        run_tell(t, TRACE_SKIPPED, TRACE_UNTOUCHED);
        return;
    }
    element_write(&given, program_gen_size(t->name), op->value);
    element_clear(&taken);
    if (op->kind == PROGRAM_GIVE_TAKE)
        result = calls->give_take(g, &taken.of_4, &given);
    else
        result = calls->give(g, &given);
    t->is_refused = result == -EPIPE;
    run_tell(t, result, taken_by(op, &taken));
}
