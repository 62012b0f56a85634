/* SPDX-License-Identifier: MIT */
/* Random programs: what a few threads do with a few channels, as plain data, so that it can be
 * run in two ways, printed and shrunk.
 *
 * Thread 0 is main; it alone is there at the start. When its own operations are done it closes
 * every channel, cancels every thread, waits until all have ended and joins those that nobody
 * has joined: so every program ends. A thread is spawned and joined by those with smaller
 * numbers only: no ring of joins. An operation that makes no sense when its turn comes (a second
 * spawn of a thread, a join of one that is not there or has been joined) is skipped. */
#ifndef WEFT_TESTS_MODEL_PROGRAM_H
#define WEFT_TESTS_MODEL_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PROGRAM_THREADS = 8,
    PROGRAM_CHANS = 4,
    PROGRAM_CLAUSES = 4,
    PROGRAM_OPS = 48,   /* of one thread; what is generated is shorter */
    PROGRAM_SCOPES = 3, /* within one another */
    PROGRAM_GIVEN = 128,
    PROGRAM_NO_CHAN = -1,
};

#define PROGRAM_FOREVER INT64_MAX

enum program_kind {
    PROGRAM_SEND, /* these four have one clause */
    PROGRAM_RECV,
    PROGRAM_TRYSEND,
    PROGRAM_TRYRECV,
    PROGRAM_SELECT,
    PROGRAM_CLOSE,
    PROGRAM_SLEEP,
    PROGRAM_YIELD,
    PROGRAM_COMPUTE, /* the clock goes on, and nobody looks at it */
    PROGRAM_SPAWN,
    PROGRAM_JOIN,
    PROGRAM_DETACH,
    PROGRAM_CANCEL,
    PROGRAM_WITHIN, /* up to its PROGRAM_END */
    PROGRAM_SHIELD, /* likewise */
    PROGRAM_END,
    PROGRAM_DRAIN, /* sleeps until all others have ended */
};

enum program_clause_kind {
    PROGRAM_CLAUSE_SEND,
    PROGRAM_CLAUSE_RECV,
    PROGRAM_CLAUSE_DEFAULT,
    PROGRAM_CLAUSE_TIMEOUT,
};

struct program_clause {
    uint8_t kind;
    int8_t chan;    /* PROGRAM_NO_CHAN: NULL */
    bool drops;     /* receives into NULL */
    uint16_t value; /* to be sent; unlike that of any other clause, never 0 */
    int32_t time;   /* TIMEOUT, in the program's units */
};

struct program_op {
    uint8_t kind;
    int8_t chan;   /* CLOSE */
    int8_t thread; /* SPAWN, JOIN, DETACH, CANCEL */
    uint8_t n;     /* clauses */
    int64_t time;  /* SLEEP, COMPUTE, WITHIN: in the program's units */
    struct program_clause clauses[PROGRAM_CLAUSES];
};

struct program_thread {
    int n;
    struct program_op ops[PROGRAM_OPS];
};

struct program {
    uint64_t seed;
    uint64_t schedule; /* what the choices are drawn from; 0: always the first */
    int given_count;   /* choices that are made before those */
    uint8_t given[PROGRAM_GIVEN];
    int64_t base_ns; /* when it begins */
    int64_t unit_ns; /* of all its times */
    int threads;     /* main included */
    int chans;
    uint8_t sizes[PROGRAM_CHANS]; /* of elements: 1, 4, 8 or 40 */
    struct program_thread of[PROGRAM_THREADS];
};

/* A generator of numbers, seeded by anything; or given bytes, and nothing but zeros behind them. */
struct program_random {
    uint64_t state;
    const uint8_t *bytes; /* NULL: by the state */
    size_t left;
};
uint32_t program_draw(struct program_random *r, uint32_t n);

void program_generate(struct program *p, uint64_t seed);

/* One of up to four threads with few operations, so that all its schedules can be tried. */
void program_generate_small(struct program *p, uint64_t seed);

/* One that bytes make up; the last ones are its first choices. */
void program_read(struct program *p, const uint8_t *bytes, size_t n);

/* A thread's operation; NULL behind the last. */
const struct program_op *program_op(const struct program *p, int thread, int pc);

/* Up to an END. */
bool program_begins_scope(const struct program_op *op);

/* A time of the program's in nanoseconds. */
int64_t program_ns(const struct program *p, int64_t time);

/* What can be told of a value in an object of so many bytes: of one byte, not all. */
int program_seen(size_t size, int value);

/* ---- shrinking ---- */

/* Calls is_failing with ever smaller programs as long as that says yes, and no more often than
 * tries; p is the last of them. */
void program_shrink(struct program *p, bool (*is_failing)(struct program *smaller, void *data),
                    void *data, int tries);

/* How many operations the threads have, without what main does at the end. */
int program_length(const struct program *p);

/* ---- printing ---- */

/* "within 5", into a buffer that the next call overwrites. */
const char *program_text(const struct program_op *op);

void program_print(const struct program *p);

#endif
