/* SPDX-License-Identifier: MIT */
#include "program.h"

#include <stdarg.h>
#include <stdio.h>
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
    uint32_t ops_max;     /* on the outermost level of a thread */
    bool closes, cancels; /* half of all programs do without, and talk the longer */
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
        op->clauses[op->n++] = (struct program_clause){.kind = PROGRAM_CLAUSE_TIMEOUT,
                                                       .time = (int32_t)draw(m, 22) - 1,
                                                       .chan = PROGRAM_NO_CHAN};
    if (op->n < PROGRAM_CLAUSES && once_in(m, 6))
        op->clauses[op->n++] =
            (struct program_clause){.kind = PROGRAM_CLAUSE_DEFAULT, .chan = PROGRAM_NO_CHAN};
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

static void make_ops(struct maker *m, uint32_t n, int depth);

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

static void make_thread(struct maker *m, int thread)
{
    m->thread = thread;
    m->p->of[thread].n = 0;
    for (int i = 1; thread == 0 && i < m->p->threads; i++)
        if (!once_in(m, 8))
            make_op(m, PROGRAM_SPAWN)->thread = (int8_t)i;
    make_ops(m, 1 + draw(m, m->ops_max), 0);
    if (thread == 0 && !once_in(m, 4))
        make_op(m, PROGRAM_SLEEP)->time = 300; /* before it ends them all */
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

/* ---- reading ---- */

/* clang-format off */
static const struct program_op program_ending[] = {
    {.kind = PROGRAM_CLOSE, .chan = 0}, {.kind = PROGRAM_CLOSE, .chan = 1},
    {.kind = PROGRAM_CLOSE, .chan = 2}, {.kind = PROGRAM_CLOSE, .chan = 3},
    {.kind = PROGRAM_CANCEL, .thread = 1}, {.kind = PROGRAM_CANCEL, .thread = 2},
    {.kind = PROGRAM_CANCEL, .thread = 3}, {.kind = PROGRAM_CANCEL, .thread = 4},
    {.kind = PROGRAM_CANCEL, .thread = 5}, {.kind = PROGRAM_CANCEL, .thread = 6},
    {.kind = PROGRAM_CANCEL, .thread = 7},
    {.kind = PROGRAM_DRAIN, .time = 16},
    {.kind = PROGRAM_JOIN, .thread = 1}, {.kind = PROGRAM_JOIN, .thread = 2},
    {.kind = PROGRAM_JOIN, .thread = 3}, {.kind = PROGRAM_JOIN, .thread = 4},
    {.kind = PROGRAM_JOIN, .thread = 5}, {.kind = PROGRAM_JOIN, .thread = 6},
    {.kind = PROGRAM_JOIN, .thread = 7},
};
/* clang-format on */

_Static_assert(PROGRAM_CHANS == 4 && PROGRAM_THREADS == 8, "main ends them all");

const struct program_op *program_op(const struct program *p, int thread, int pc)
{
    const struct program_thread *t = &p->of[thread];
    const int end = (int)(sizeof program_ending / sizeof program_ending[0]);

    if (pc < t->n)
        return &t->ops[pc];
    return thread == 0 && pc - t->n < end ? &program_ending[pc - t->n] : NULL;
}

int64_t program_ns(const struct program *p, int64_t time)
{
    return time == PROGRAM_FOREVER ? time : time * p->unit_ns;
}

int program_seen(const struct program *p, int chan, int value)
{
    return p->sizes[chan] == 1 ? value % 200 : value;
}

/* ---- shrinking ---- */

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

static bool begins_scope(const struct program_op *op)
{
    return op->kind == PROGRAM_WITHIN || op->kind == PROGRAM_SHIELD;
}

static int end_of_scope(const struct program_thread *t, int at)
{
    for (int depth = 0;; at++) {
        if (begins_scope(&t->ops[at]))
            depth++;
        else if (t->ops[at].kind == PROGRAM_END && --depth == 0)
            return at;
    }
}

static bool is_about(const struct program_op *op, int thread)
{
    return op->kind >= PROGRAM_SPAWN && op->kind <= PROGRAM_CANCEL && op->thread == thread;
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

    if (!begins_scope(&t->ops[at]))
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
    if (begins_scope(&t->ops[at]))
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

static bool shrink_in_op(struct shrinker *s, int thread, int at)
{
    bool shrunk = shrink_select(s, thread, at) || shrink_time(s, thread, at);

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

static bool shrink_surroundings(struct shrinker *s)
{
    bool shrunk = false;

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
    return shrunk;
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

int program_length(const struct program *p)
{
    int n = 0;

    for (int i = 0; i < p->threads; i++)
        n += p->of[i].n;
    return n;
}

/* ---- printing ---- */

static char text[256];
static size_t text_size;

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
    va_list values;
    int size;

    va_start(values, format);
    size = vsnprintf(text + text_size, sizeof text - text_size, format, values);
    va_end(values);
    text_size += size > 0 ? (size_t)size : 0;
    if (text_size >= sizeof text)
        text_size = sizeof text - 1;
}

static void say_chan(int chan)
{
    if (chan == PROGRAM_NO_CHAN)
        say("NULL");
    else
        say("c%d", chan);
}

static void say_clause(const struct program_clause *k)
{
    switch (k->kind) {
    case PROGRAM_CLAUSE_SEND:
        say("send %d on ", k->value);
        say_chan(k->chan);
        break;
    case PROGRAM_CLAUSE_RECV:
        say(k->drops ? "receive and drop from " : "receive from ");
        say_chan(k->chan);
        break;
    case PROGRAM_CLAUSE_TIMEOUT:
        say("timeout %d", (int)k->time);
        break;
    default:
        say("default");
    }
}

static void say_clauses(const struct program_op *op)
{
    for (int i = 0; i < op->n; i++) {
        say(i > 0 ? " | " : "");
        say_clause(&op->clauses[i]);
    }
}

static void say_chan_of(const char *what, const struct program_op *op)
{
    say("%s ", what);
    say_chan(op->chan);
}

static void say_time(const char *what, int64_t time)
{
    if (time == PROGRAM_FOREVER)
        say("%s for ever", what);
    else
        say("%s %lld", what, (long long)time);
}

const char *program_text(const struct program_op *op)
{
    static const char *const about[] = {"spawn", "join", "detach", "cancel"};

    text_size = 0;
    switch (op->kind) {
    case PROGRAM_TRYSEND:
    case PROGRAM_TRYRECV:
        say("try to ");
        say_clauses(op);
        break;
    case PROGRAM_SEND:
    case PROGRAM_RECV:
        say_clauses(op);
        break;
    case PROGRAM_SELECT:
        say("select ");
        say_clauses(op);
        break;
    case PROGRAM_CLOSE:
        say_chan_of("close", op);
        break;
    case PROGRAM_SLEEP:
        say_time("sleep", op->time);
        break;
    case PROGRAM_YIELD:
        say("yield");
        break;
    case PROGRAM_COMPUTE:
        say_time("compute", op->time);
        break;
    case PROGRAM_WITHIN:
        say_time("within", op->time);
        break;
    case PROGRAM_SHIELD:
        say("shield");
        break;
    case PROGRAM_END:
        say("end");
        break;
    case PROGRAM_DRAIN:
        say("wait until all have ended");
        break;
    default:
        say("%s t%d", about[op->kind - PROGRAM_SPAWN], op->thread);
    }
    return text;
}

static void print_thread(const struct program *p, int thread)
{
    const struct program_thread *t = &p->of[thread];
    int depth = 0;

    printf(thread == 0 ? "main:\n" : "t%d:\n", thread);
    for (int pc = 0; pc < t->n; pc++) {
        if (t->ops[pc].kind == PROGRAM_END)
            depth--;
        printf("  %2d  %*s%s\n", pc, depth * 4, "", program_text(&t->ops[pc]));
        if (begins_scope(&t->ops[pc]))
            depth++;
    }
    if (thread == 0)
        printf("      close all channels, cancel all threads, wait for them, join the rest\n");
}

void program_print(const struct program *p)
{
    for (int i = 0; i < p->chans; i++)
        printf("%sc%d of %d byte%s", i > 0 ? ", " : "", i, p->sizes[i],
               p->sizes[i] == 1 ? "" : "s");
    printf("; begins at %lld ns, times are in units of %lld ns\n", (long long)p->base_ns,
           (long long)p->unit_ns);
    for (int i = 0; i < p->threads; i++)
        if (i == 0 || p->of[i].n > 0)
            print_thread(p, i);
}
