/* SPDX-License-Identifier: MIT */
#include "program.h"

#include <string.h>

/* ---- chance ---- */

static uint32_t draw_byte(struct program_random *r, uint32_t n)
{
    if (r->left == 0)
        return 0;
    r->left--;
    return *r->bytes++ % n;
}

/* splitmix64: any seed will do. */
uint32_t program_draw(struct program_random *r, uint32_t n)
{
    uint64_t x;

    if (r->bytes)
        return draw_byte(r, n);
    x = r->state += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t)((x ^ (x >> 31)) % n);
}

/* ---- generating ---- */

struct maker {
    struct program *p;
    struct program_random random;
    int thread;
    uint16_t values;
    uint32_t ops_max; /* on the outermost level of a thread */
    bool makes_gens, makes_groups, makes_besides;
    bool closes, cancels;           /* half of all programs do without, and talk the longer */
    uint8_t kinds[PROGRAM_THREADS]; /* how each thread is to be started: the kind of operation */
};

enum {
    MAKE_OPS = 9,
    MAKE_OPS_SMALL = 2,
    MAKE_THREADS_SMALL = 4,
    MAKE_OPS_WITHIN = 3,
    MAKE_ROOM = 24,     /* no further block begins behind so many */
    MAKE_BASE_BITS = 32 /* programs of neighbouring seeds begin so far apart */
};

static uint32_t draw(struct maker *m, uint32_t n)
{
    return program_draw(&m->random, n);
}

static bool once_in(struct maker *m, uint32_t n)
{
    return draw(m, n) == 0;
}

static struct program_op *make_op(struct maker *m, enum program_kind kind)
{
    struct program_thread *t = &m->p->of[m->thread];
    struct program_op *op = &t->ops[t->n++];

    memset(op, 0, sizeof *op);
    op->kind = (uint8_t)kind;
    return op;
}

static int8_t any_chan(struct maker *m)
{
    return (int8_t)draw(m, (uint32_t)m->p->chans);
}

/* One in n times, NULL; of 0, never. */
static int8_t any_chan_or_none(struct maker *m, uint32_t n)
{
    if (n > 0 && once_in(m, n))
        return PROGRAM_NO_CHAN;
    return any_chan(m);
}

static void make_clause(struct maker *m, struct program_clause *k, enum program_clause_kind kind,
                        int8_t chan)
{
    k->kind = (uint8_t)kind;
    k->chan = chan;
    if (kind == PROGRAM_CLAUSE_SEND)
        k->value = ++m->values;
    else
        k->drops = once_in(m, 8);
}

/* Field by field: of two programs of one seed even the bytes between fields are the same. */
static void make_way_out(struct program_clause *k, enum program_clause_kind kind, int32_t time)
{
    k->kind = (uint8_t)kind;
    k->chan = PROGRAM_NO_CHAN;
    k->time = time;
}

static void make_message(struct maker *m, enum program_kind kind)
{
    const bool sends = kind == PROGRAM_SEND || kind == PROGRAM_TRYSEND;
    struct program_op *op = make_op(m, kind);

    op->n = 1;
    make_clause(m, &op->clauses[0], sends ? PROGRAM_CLAUSE_SEND : PROGRAM_CLAUSE_RECV,
                any_chan_or_none(m, 64));
}

/* The first clause always has a channel, so that main's closing it ends the wait. */
static void make_select(struct maker *m)
{
    struct program_op *op = make_op(m, PROGRAM_SELECT);
    uint32_t channels = 1 + draw(m, PROGRAM_CLAUSES);

    while (op->n < channels) {
        const uint32_t none = op->n > 0 ? 12 : 0;
        const bool sends = draw(m, 2);

        make_clause(m, &op->clauses[op->n++], sends ? PROGRAM_CLAUSE_SEND : PROGRAM_CLAUSE_RECV,
                    any_chan_or_none(m, none));
    }
    if (op->n < PROGRAM_CLAUSES && once_in(m, 3))
        make_way_out(&op->clauses[op->n++], PROGRAM_CLAUSE_TIMEOUT, (int32_t)draw(m, 22) - 1);
    if (op->n < PROGRAM_CLAUSES && once_in(m, 6))
        make_way_out(&op->clauses[op->n++], PROGRAM_CLAUSE_DEFAULT, 0);
}

static void make_close(struct maker *m)
{
    make_op(m, PROGRAM_CLOSE)->chan = any_chan_or_none(m, 16);
}

static void make_timed(struct maker *m, enum program_kind kind)
{
    int64_t time = (int64_t)draw(m, 22) - 1;

    if (kind == PROGRAM_COMPUTE && time < 1)
        time = 1;
    if (kind != PROGRAM_COMPUTE && once_in(m, 16))
        time = 60 + 5 * (int64_t)draw(m, 200);
    make_op(m, kind)->time = time;
}

/* With a thread of a greater number; cancelling, with any but main. */
static void make_about(struct maker *m, enum program_kind kind)
{
    const int least = kind == PROGRAM_CANCEL ? 1 : m->thread + 1;

    if (least < m->p->threads)
        make_op(m, kind)->thread =
            (int8_t)(least + (int)draw(m, (uint32_t)(m->p->threads - least)));
}

/* ---- generators ---- */

/* A thread of a greater number that is to be started so, or else any such; 0: there is none. */
static int any_started(struct maker *m, enum program_kind kind)
{
    const int least = m->thread + 1, n = m->p->threads - least;
    const int first = n > 0 ? (int)draw(m, (uint32_t)n) : 0;

    for (int i = 0; i < n; i++)
        if (m->kinds[least + (first + i) % n] == kind)
            return least + (first + i) % n;
    return n > 0 ? least + first : 0;
}

/* main closes none: see program.h. */
static void make_ask(struct maker *m)
{
    static const uint8_t kinds[] = {PROGRAM_NEXT, PROGRAM_NEXT, PROGRAM_NEXT, PROGRAM_ASK,
                                    PROGRAM_ASK,  PROGRAM_EACH, PROGRAM_GEN,  PROGRAM_FINISH};
    const uint32_t kinds_count = sizeof kinds - (m->thread == 0);
    const int body = any_started(m, PROGRAM_GEN);
    struct program_op *op;

    if (body == 0)
        return;
    op = make_op(m, kinds[draw(m, kinds_count)]);
    op->thread = (int8_t)body;
    op->drops = (op->kind == PROGRAM_NEXT || op->kind == PROGRAM_ASK) && once_in(m, 8);
    if (op->kind == PROGRAM_ASK)
        op->value = ++m->values;
}

static void make_give(struct maker *m)
{
    make_op(m, once_in(m, 3) ? PROGRAM_GIVE_TAKE : PROGRAM_GIVE)->value = ++m->values;
}

/* ---- groups ---- */

static uint8_t any_group(struct maker *m)
{
    return (uint8_t)draw(m, (uint32_t)m->p->groups);
}

static void make_grouped(struct maker *m)
{
    static const uint8_t kinds[] = {PROGRAM_GO, PROGRAM_GO, PROGRAM_GROUP_WAIT, PROGRAM_GROUP_WAIT,
                                    PROGRAM_GROUP_CANCEL};
    const uint8_t kind = kinds[draw(m, sizeof kinds - (m->cancels ? 0 : 1))];
    const int thread = kind == PROGRAM_GO ? any_started(m, PROGRAM_GO) : 0;
    struct program_op *op;

    if (kind == PROGRAM_GO && thread == 0)
        return;
    op = make_op(m, kind);
    op->which = any_group(m);
    op->thread = (int8_t)thread;
}

static void make_ops(struct maker *m, uint32_t n, int depth);

/* Mostly what is locked is unlocked. */
static void make_locked(struct maker *m, uint8_t which, int depth)
{
    make_ops(m, draw(m, MAKE_OPS_WITHIN), depth);
    if (!once_in(m, 8))
        make_op(m, PROGRAM_UNLOCK)->which = which;
}

static void make_beside(struct maker *m, int depth)
{
    static const uint8_t kinds[] = {PROGRAM_LOCK,    PROGRAM_LOCK,       PROGRAM_TRYLOCK,
                                    PROGRAM_UNLOCK,  PROGRAM_ACQUIRE,    PROGRAM_ACQUIRE,
                                    PROGRAM_RELEASE, PROGRAM_TRYACQUIRE, PROGRAM_RELEASE,
                                    PROGRAM_SET,     PROGRAM_AWAIT,      PROGRAM_AWAIT};
    const uint8_t kind = kinds[draw(m, sizeof kinds)];
    const uint8_t which = (uint8_t)draw(m, (uint32_t)m->p->besides);

    make_op(m, kind)->which = which;
    if (kind == PROGRAM_LOCK || kind == PROGRAM_TRYLOCK)
        make_locked(m, which, depth);
}

static void make_scope(struct maker *m, int depth)
{
    struct program_op *op;

    if (depth == PROGRAM_SCOPES || m->p->of[m->thread].n > MAKE_ROOM)
        return;
    if (once_in(m, 3)) {
        make_op(m, PROGRAM_SHIELD);
    } else {
        op = make_op(m, PROGRAM_WITHIN);
        op->time = once_in(m, 16) ? PROGRAM_FOREVER : (int64_t)draw(m, 26) - 1;
    }
    make_ops(m, 1 + draw(m, MAKE_OPS_WITHIN), depth + 1);
    make_op(m, PROGRAM_END);
}

static void make_anything(struct maker *m, int depth)
{
    uint32_t which = draw(m, 40);

    if (m->kinds[m->thread] == PROGRAM_GEN && once_in(m, 2)) {
        make_give(m);
        return;
    }
    if (m->kinds[m->thread] == PROGRAM_GO && once_in(m, 10)) {
        make_op(m, PROGRAM_FAIL)->value = (uint16_t)(500 + m->thread);
        return;
    }
    if (m->makes_besides && once_in(m, 4)) {
        make_beside(m, depth);
        return;
    }
    if (m->makes_groups && once_in(m, 4)) {
        make_grouped(m);
        return;
    }
    if (m->makes_gens && once_in(m, 3)) {
        make_ask(m);
        return;
    }
    if (which < 14)
        make_message(m, which % 2 ? PROGRAM_SEND : PROGRAM_RECV);
    else if (which < 16)
        make_message(m, which % 2 ? PROGRAM_TRYSEND : PROGRAM_TRYRECV);
    else if (which < 22)
        make_select(m);
    else if (which < 23 && m->closes)
        make_close(m);
    else if (which < 26)
        make_timed(m, PROGRAM_SLEEP);
    else if (which < 27)
        make_op(m, PROGRAM_YIELD);
    else if (which < 29)
        make_timed(m, PROGRAM_COMPUTE);
    else if (which < 31 && m->cancels)
        make_about(m, PROGRAM_CANCEL);
    else if (which < 33)
        make_about(m, PROGRAM_JOIN);
    else if (which < 34)
        make_about(m, once_in(m, 2) ? PROGRAM_DETACH : PROGRAM_SPAWN);
    else
        make_scope(m, depth);
}

static void make_ops(struct maker *m, uint32_t n, int depth)
{
    while (n-- > 0 && m->p->of[m->thread].n <= MAKE_ROOM)
        make_anything(m, depth);
}

static void make_start(struct maker *m, int thread)
{
    struct program_op *op = make_op(m, m->kinds[thread]);

    op->thread = (int8_t)thread;
    if (op->kind == PROGRAM_GO)
        op->which = any_group(m);
}

static void make_thread(struct maker *m, int thread)
{
    m->thread = thread;
    m->p->of[thread].n = 0;
    for (int i = 1; thread == 0 && i < m->p->threads; i++)
        if (!once_in(m, 8))
            make_start(m, i);
    make_ops(m, 1 + draw(m, m->ops_max), 0);
    if (thread == 0 && !once_in(m, 4))
        make_op(m, PROGRAM_SLEEP)->time = 300; /* before it ends them all */
}

static void make_kinds(struct maker *m)
{
    m->makes_gens = once_in(m, 2);
    m->makes_groups = once_in(m, 2);
    m->makes_besides = once_in(m, 3);
    m->p->besides = m->makes_besides ? 1 + (int)draw(m, PROGRAM_BESIDES) : 0;
    m->p->groups = m->makes_groups ? 1 + (int)draw(m, PROGRAM_GROUPS) : 0;
    for (int i = 0; i < PROGRAM_GROUPS; i++)
        m->p->limits[i] = (uint8_t)draw(m, 3);
    for (int i = 1; i < m->p->threads; i++) {
        m->kinds[i] = PROGRAM_SPAWN;
        if (m->makes_gens && once_in(m, 2))
            m->kinds[i] = PROGRAM_GEN;
        else if (m->makes_groups && !once_in(m, 3))
            m->kinds[i] = PROGRAM_GO;
    }
}

static void make_program(struct maker *m, uint64_t seed, uint32_t threads_max)
{
    static const uint8_t sizes[] = {1, 4, 8, 40};
    static const int64_t units_ns[] = {1, 1, 1, 63, 64, 4096, 100003};
    struct program *p = m->p;

    m->random.state = seed;
    p->seed = seed;
    p->base_ns = (int64_t)(seed << MAKE_BASE_BITS & INT64_MAX >> 1);
    p->schedule = once_in(m, 4) ? 0 : seed * 2 + 1;
    p->given_count = 0;
    p->unit_ns = units_ns[draw(m, sizeof units_ns / sizeof units_ns[0])];
    m->closes = once_in(m, 2);
    m->cancels = once_in(m, 2);
    p->threads = 2 + (int)draw(m, threads_max - 1);
    p->chans = 1 + (int)draw(m, 1 + draw(m, PROGRAM_CHANS));
    for (int i = 0; i < PROGRAM_CHANS; i++)
        p->sizes[i] = sizes[draw(m, sizeof sizes)];
    make_kinds(m);
    for (int i = 0; i < p->threads; i++)
        make_thread(m, i);
}

void program_generate(struct program *p, uint64_t seed)
{
    struct maker m = {.p = p, .ops_max = MAKE_OPS};

    make_program(&m, seed, PROGRAM_THREADS);
}

void program_generate_small(struct program *p, uint64_t seed)
{
    struct maker m = {.p = p, .ops_max = MAKE_OPS_SMALL};

    make_program(&m, seed, MAKE_THREADS_SMALL);
    p->schedule = 0;
}

void program_read(struct program *p, const uint8_t *bytes, size_t n)
{
    const size_t given = n / 3 < PROGRAM_GIVEN ? n / 3 : PROGRAM_GIVEN;
    struct maker m = {.p = p, .ops_max = MAKE_OPS, .random = {.bytes = bytes, .left = n - given}};

    const int64_t base_ns = (int64_t)draw(&m, 256) << draw(&m, 32);

    make_program(&m, 0, PROGRAM_THREADS);
    p->base_ns = base_ns;
    p->schedule = 0;
    memcpy(p->given, bytes + n - given, given);
    p->given_count = (int)given;
}
