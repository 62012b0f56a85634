/* SPDX-License-Identifier: MIT */
/* Random programs: what a few threads do with a few channels, as plain data, so that it can be
 * run in two ways, printed and shrunk.
 *
 * Thread 0 is main; it alone is there at the start, with groups that it has made. Any other is a
 * task, if it is spawned, the body of a generator, if that is made, or a member of a group, if it
 * is started in that: whichever comes first.
 *
 * When main's own operations are done it closes every channel, sets every completion, cancels
 * every task and group, waits until all have ended, closes all generators and joins those that
 * nobody has joined: so every program ends. A thread is started, joined, asked for values and
 * closed by those with smaller numbers only, so that no ring of threads waits for one another;
 * who waits for a group, or for a place in it, has a smaller number than its members. Who could
 * not be cancelled, in a shield or as a body, waits for no mutex and no permit; all give back
 * their mutexes before they return. main must not close a generator whose body may wait for
 * something in a shield: nothing would end that wait. Once main waits for the others to end,
 * none is started. An operation that makes no sense when its turn comes (a second spawn of a
 * thread, a join of one that is not there or has been joined, a call for a generator that
 * another thread is inside) is skipped. */
#ifndef WEFT_TESTS_MODEL_PROGRAM_H
#define WEFT_TESTS_MODEL_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PROGRAM_THREADS = 8,
    PROGRAM_CHANS = 4,
    PROGRAM_CLAUSES = 4,
    PROGRAM_GROUPS = 2,
    PROGRAM_BESIDES = 2, /* mutexes, semaphores, completions */
    PROGRAM_OPS = 48,    /* of one thread; what is generated is shorter */
    PROGRAM_SCOPES = 3,  /* within one another */
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
    PROGRAM_GO,  /* starts it in a group */
    PROGRAM_GEN, /* makes a generator, whose body is the thread */
    PROGRAM_NEXT,
    PROGRAM_EACH,      /* next until there is none */
    PROGRAM_ASK,       /* next with a value that is sent into the body */
    PROGRAM_FINISH,    /* closes the generator */
    PROGRAM_GIVE,      /* the body yields a value */
    PROGRAM_GIVE_TAKE, /* and takes what it is sent */
    PROGRAM_GROUP_WAIT,
    PROGRAM_GROUP_CANCEL,
    PROGRAM_FAIL, /* the member will return a value other than 0 */
    PROGRAM_LOCK, /* a mutex */
    PROGRAM_TRYLOCK,
    PROGRAM_UNLOCK,
    PROGRAM_ACQUIRE, /* from a semaphore */
    PROGRAM_TRYACQUIRE,
    PROGRAM_RELEASE,
    PROGRAM_SET, /* a completion */
    PROGRAM_AWAIT,
    PROGRAM_WITHIN, /* up to its PROGRAM_END */
    PROGRAM_SHIELD, /* likewise */
    PROGRAM_END,
    PROGRAM_DRAIN, /* sleeps until all others but the bodies of generators have ended; none is started then */
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
    int8_t chan;    /* CLOSE */
    int8_t thread;  /* SPAWN to FINISH */
    uint8_t n;      /* clauses */
    uint8_t which;  /* the group, mutex, semaphore or completion */
    bool drops;     /* NEXT, ASK: receives into NULL */
    uint16_t value; /* ASK, GIVE, GIVE_TAKE: as of a clause */
    int64_t time;   /* SLEEP, COMPUTE, WITHIN: in the program's units */
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
    int groups;
    uint8_t limits[PROGRAM_GROUPS]; /* so many members run at once; 0: any number */
    int besides;                    /* mutexes, and semaphores, and completions */
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

/* Whether it is about a thread: SPAWN to FINISH. */
bool program_is_about_thread(const struct program_op *op);

/* The size of the values that a generator yields; it takes four bytes. */
size_t program_gen_size(int body);

/* How many permits a semaphore has at first. */
int program_permits(int semaphore);

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
