/* SPDX-License-Identifier: MIT */
/* The reference's threads: what they are told of, how they wait, and how their calls end. */
#ifndef WEFT_TESTS_MODEL_ACTORS_H
#define WEFT_TESTS_MODEL_ACTORS_H

#include "program.h"
#include "trace.h"

enum actor_state { UNBORN, READY, RUNNING, PARKED, ENDED };
/* What a thread is, once it was started or a generator made of it. */
enum actor_role { NOBODY, TASK, BODY, MEMBER };

enum actor_handle { JOINABLE, JOINING, GONE };
enum actor_wait {
    WAIT_CLAUSES,
    WAIT_SLEEP,
    WAIT_GO,
    WAIT_GROUP,
    WAIT_BESIDE,
    WAIT_JOIN,
    WAIT_NEXT,
    WAIT_FINISH,
    WAIT_OFFER,
    WAIT_SUSPENDED
};

enum { CANCELLED = 1, EXPIRED = 2, TRY = 4 };

struct timer {
    bool runs;
    int64_t when;
    uint64_t order; /* in which they were set */
};

/* A deadline or a shield that a thread is in. */
struct scope {
    bool is_shield;
    bool is_try;
    bool is_over;
    int64_t when; /* of it and those around it the soonest; INT64_MAX: never */
    struct timer timer;
};

struct actor {
    enum actor_state state;
    enum actor_role role;
    enum actor_handle handle; /* of a task */
    int pc;
    bool in_call; /* the operation at pc was begun */
    int result;   /* of that operation */
    int value;
    bool cancelled;
    int scopes_count;
    struct scope scopes[PROGRAM_SCOPES];
    /* a body: */
    bool is_asked;   /* somebody is in a call for its generator */
    bool is_closed;  /* so was that, or is being */
    bool is_refused; /* it has been told so */
    /* a member: */
    int group;
    uint64_t born; /* the place among all who were started */
    int fails;     /* what it will return */
    /* starting one: */
    bool has_place; /* in the group, and has not used it yet */
    /* parked: */
    enum actor_wait wait;
    const struct program_op *op;
    uint64_t arrival; /* the place among all who ever waited */
    struct timer timer;
    bool sends_later; /* asking: the body gets what is sent with its next value */
};

struct group {
    bool is_cancelled;
    int result; /* the first other than 0 */
};

struct reference {
    const struct program *p;
    struct trace *trace;
    struct program_random random;
    int64_t now;
    uint64_t order;
    bool closed[PROGRAM_CHANS];
    int ready[PROGRAM_THREADS]; /* the first is next */
    int ready_count;
    struct actor actors[PROGRAM_THREADS];
    struct group groups[PROGRAM_GROUPS];
    int cancelling[PROGRAM_GROUPS]; /* groups whose members are being cancelled */
    int cancelling_count;
    const struct actor *holders[PROGRAM_BESIDES]; /* of mutexes; NULL: it is free */
    int permits[PROGRAM_BESIDES];
    bool is_set[PROGRAM_BESIDES];
    bool is_ending;   /* no more threads are started */
    bool is_too_long; /* or goes on for ever */
};

uint32_t actor_choose(struct reference *r, uint32_t n, bool of_clauses);

/* What a thread's calls are to mind. */
unsigned actor_minds(const struct actor *a);

/* When the deadline that rules is over; INT64_MAX: there is none. */
int64_t actor_deadline(const struct actor *a);

/* Its operation is over. */
void actor_tell(struct reference *r, struct actor *a);

/* ---- ready, and time ---- */

void actor_ready(struct reference *r, struct actor *a);

/* For good; whoever waits, and minds, goes on with -ECANCELED. */
void actor_cancel(struct reference *r, struct actor *a);

/* Only its partner ends this wait. */
bool actor_is_deaf(const struct actor *a);

/* Whether a cancellation would reach it: main ends all others by that. */
bool actor_can_be_cancelled(const struct actor *a);

/* Makes a task, a body or a member of it; false: it is one already, or none is made any more. */
bool actor_is_made(const struct reference *r, struct actor *a, enum actor_role role);

/* It goes on with this result. */
void actor_wake(struct reference *r, struct actor *a, int result);

void actor_set_timer(struct reference *r, struct timer *timer, int64_t when);

/* NULL: none runs. */
struct timer *actor_next_timer(struct reference *r);

void actor_look_at_timers(struct reference *r);

/* -1: there is none. */
int actor_timeout_clause(const struct program_op *op);

/* ---- how a call ends ---- */

/* At once: its thread goes on running. */
void actor_returns(struct actor *a, int result);

/* It may have parked, but need not. */
void actor_returns_in_turn(struct reference *r, struct actor *a, int result);

/* Without having tried. */
void actor_fails_in_turn(struct reference *r, struct actor *a, int result);

void actor_parks(struct reference *r, struct actor *a, enum actor_wait wait,
                 const struct program_op *op);

/* Whether the call is over before it was tried. */
bool actor_is_called_off(struct reference *r, struct actor *a);

/* Whether it is over since it was in vain. */
bool actor_may_only_try(struct reference *r, struct actor *a);

#endif
