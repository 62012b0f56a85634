/* SPDX-License-Identifier: MIT */
/* The scheduler: control blocks, the worker, and the only ways out of running and back to it.
 *
 * weft__park is the only way out, weft__ready the only way back. States of a thread:
 *
 *     state        on which list                       owner of its stack    leaves by
 *     unstarted    run queue                           has none              first run
 *     starved      its pool's queue, in order          has none              a stack given back
 *     ready        run queue; no queue, no own timer   nobody                being picked
 *     running      none                                itself                park, yield, end
 *     parked       waiter queues, timer: as its wait   nobody, but a peer    partner, deadline,
 *                  says                                may copy one value    cancel, close: once
 *     suspended    none; held by its generator         nobody                next, send, close
 *     done         none; only the record remains       whoever runs next     join
 *
 * Blocking operations end in a tail call to weft__park. A woken operation touches nothing but its
 * own control block: whoever woke it has unhooked it everywhere, and what it waited for may be
 * gone. */
#ifndef WEFT_RUNTIME_SCHED_H
#define WEFT_RUNTIME_SCHED_H

#include <weft/select.h>

#include "reports/altstack.h"
#include "base.h"
#include "clock.h"
#include "context.h"
#include "oracle.h"
#include "print.h"
#include "ring.h"
#include "sanitize.h"
#include "seed.h"
#include "stack.h"
#include "thread.h"
#include "wheel.h"

enum { WEFT__TICK_NS = 1000000 };

struct weft_census;
struct weft_control;
struct weft_use;
struct weft_worker;

/* Why a thread is parked, and how to take it off whatever it is on. Each blocking operation has one
 * constant of these. */
struct weft_wait {
    const char *name; /* "sending on channel" */
    /* For reports: "sending on channel 0x1234 (made at main.c:12)". */
    void (*describe)(const struct weft_control *c, struct weft_print *out);
    /* Takes the thread off every queue and timer before its time; NULL where it is on none. */
    void (*unhook)(struct weft_control *c);
    /* Where a cancellation is not to end the wait, but something else; else NULL. */
    void (*cancelled)(struct weft_control *c);
    /* The one thread without whose doing the wait never ends, as far as its partners go; NULL, the
     * function too, where there is none, or more than one. */
    struct weft_thread *(*waits_for)(const struct weft_control *c);
    /* The i-th of the channels that it waits for; false: there are not so many. NULL: it waits for
     * something else. */
    bool (*use)(const struct weft_control *c, size_t i, struct weft_use *out);
    bool deaf; /* only its partner ends this wait: no deadline, no cancellation */
    bool held; /* a generator's body, held by its generator: nobody misses it */
};

enum {
    WEFT__INTERRUPT_CANCELLED = 1, /* every call that may park fails: -ECANCELED; from the record */
    WEFT__INTERRUPT_EXPIRED = 2,   /* an enclosing deadline is over: -ETIMEDOUT */
    WEFT__INTERRUPT_TRY = 4,     /* a deadline of zero: calls try, and fail where they would park */
    WEFT__INTERRUPT_WATCHED = 8, /* nothing ends; but channels learn who uses them; for good */
    WEFT__INTERRUPT_FAIL = WEFT__INTERRUPT_CANCELLED | WEFT__INTERRUPT_EXPIRED,
};

/* The mutexes that a thread holds. No list of them: they are in memory of the program's, which may
 * be gone. */
struct weft_locks {
    size_t count;
    uintptr_t all;  /* their addresses, exclusive or: the address, if it is one */
    uintptr_t last; /* the one locked last, 0 once it is unlocked */
};

/* What a thread is while it has a stack; the top of that stack. */
struct weft_control {
    struct weft_context context; /* where it goes on; first, as the switch knows */
    union {
        int result;     /* what its parked call will return; written by its waker */
        uint32_t since; /* parked: the worker's tick then */
    };
    int saved_errno;              /* while it is not running */
    const struct weft_wait *wait; /* NULL unless parked or suspended */
    uint32_t interrupt;           /* WEFT__INTERRUPT_ bits; looked at by every call that may park */
    uint32_t woken_by;            /* ready: the life of whose doing that is, or 0; else stale */
    struct weft_waiter waiter;    /* of send and receive; a select's are in its clauses */
    void *on;                     /* parked: what it waits for, as its wait knows */
    uint32_t on_count;            /* select: how many clauses are at `on` */
    uint32_t life;                /* names the thread among all that had this stack; not 0 */
    size_t on_stride;             /* select: bytes from one to the next */
    struct weft_timer timer;      /* of a sleep, or of a select's timeout */
    struct weft_thread *thread;   /* its record */
    struct weft_deadline *deadline; /* the innermost weft_within it is in */
    struct weft_start *starting;    /* the innermost go or spawn whose arguments it is evaluating */
    struct weft_pool *pool;         /* of its stack; NULL for a root */
    char *base;                     /* its stack's lowest address, the guard */
    void *exceptions[2];        /* the C++ library's per-thread state, while it is not running */
    struct weft_locals *locals; /* its thread-local values, if its record's flag says so */
    struct weft_locks locks;    /* set only if its record's flag says so */
    struct weft_sanitizer sanitizer;
};

/* Records of one stack class that wait for a stack, the first come first. */
struct weft_starved {
    struct weft_thread *first; /* linked by at.next */
    struct weft_thread *last;
};

/* What wakes threads besides one another and the clock. The running thread registers a wake-up, and
 * parks; while any is awaited there is no deadlock, and a virtual clock does not jump. */
struct weft_outside {
    uint32_t awaited;
    /* Readies those whose wake-up has come. Until there is one, waits, but no longer than until
     * until_ns; INT64_MIN: only looks. */
    void (*wait)(struct weft_worker *w, int64_t until_ns);
};

/* One OS thread's scheduler. Only that OS thread touches it. */
struct weft_worker {
    struct weft_control *current;
    const struct weft_thread *id; /* its root's handle: no other worker ever has the same */
    struct weft_ring run; /* ready control blocks, and unstarted records with bit 0 set; always has
                           * room for every live thread, so that readying cannot fail */
    weft__switch_fn *switch_to;
    int *errno_at;        /* this OS thread's errno: threads never migrate */
    uint32_t countdown;   /* calls and switches until the outside is looked at */
    uint32_t window;      /* what it starts from: a quantum, or less where calls are far between */
    uint32_t quantum;     /* calls after which others get their turn; 1 under an oracle */
    uint32_t quantum_at;  /* the queue's head when the present one began */
    uint32_t spent;       /* and how much of it whole countdowns have spent */
    uint32_t tick;        /* milliseconds, cut off, at the last look at the clock */
    uint32_t unlooked;    /* countdowns spent since then without one */
    uint32_t streak;      /* ended threads in a row whose last woken peer ran before the queue */
    uint32_t lives;       /* the last that was given out */
    uint32_t starving;    /* records on the starved queues */
    uint32_t born_since;  /* the queue's head when the running thread first started another */
    uint32_t born_from;   /* and its tail then */
    uint32_t born;        /* and how many it has started since: if no more are behind that, these */
    uint32_t favours;     /* how many of those went ahead since an older one was taken */
    uint32_t favoured_to; /* the older ones begin at this place of the queue */
    void **exceptions_at; /* this OS thread's C++ exception state, NULL without C++ */
    struct weft_control *left;  /* who switched here; kept up for the sanitizers only */
    struct weft_control *ended; /* whose stack is still to be given back; for the sanitizers only */
    weft__switch_fn *backend;   /* the bare switch under switch_to */
    int64_t looked_ns;          /* the clock, at the last look at it */
    struct weft_wheel timers;
    struct weft_clock clock;
    struct weft_outside outside;
    struct weft_oracle oracle;
    struct weft_seed seed; /* WEFT_SEED's oracle */
    bool explored;         /* weft_explore runs: what goes wrong is counted, and not told */
    struct weft_threads threads;
    struct weft_list chans;      /* that were not freed yet, the oldest first, by their links */
    struct weft_list gens;       /* likewise */
    struct weft_list groups;     /* likewise */
    struct weft_list cancelling; /* groups whose members are being cancelled, by their links */
    /* Where one of those was made. NULL until there is one. */
    const char *(*chan_site)(const struct weft_list *link);
    const char *(*gen_site)(const struct weft_list *link);
    bool leaks_told; /* the leak report was written */
    bool is_main;    /* if it is watched: its root is the process's first thread */
    bool is_watched; /* its threads are; for good, and known before its first channel */
    /* Whether it can end a wait, when all threads are parked. */
    bool (*timer_matters)(const struct weft_timer *timer);
    /* About to wait for so long; by the thread that ran last, parked or not. NULL: nobody minds. */
    void (*idles)(struct weft_worker *w, int64_t ns);
    int64_t idles_again_ns;   /* not before; real time */
    uint32_t abandoned_round; /* the last, of all looks for abandoned threads */
    struct weft_stacks stacks;
    struct weft_maker maker; /* of their contexts */
    struct weft_starved starved[WEFT__STACK_CLASSES];
    bool deadlock_returns;   /* weft_deadlock_returns */
    bool is_ending;          /* weft_shutdown, or the end of the OS thread, is under way */
    uint32_t cancelled_left; /* threads that weft_shutdown has cancelled and that have not ended */
    bool is_idle;            /* waits in the kernel: all its structures are at rest */
    void (*asked)(struct weft_worker *w); /* by a signal, to be called at the next look outside */
    struct weft_altstack altstack;
    const struct weft_thread *forked; /* in a fork's child: the handle of the thread that forked */
    void (*stuck)(struct weft_worker *w); /* nothing can ever run again: reports, does not return */
    /* Runs a thread's function to its end, and ends it: answers a parked thread that was waiting
     * for just that, with its result set, or NULL. */
    struct weft_control *(*run_thread)(struct weft_worker *w, struct weft_control *c);
    struct weft_control *(*run_watched)(struct weft_worker *w, struct weft_control *c); /* within */
    /* A generator's body has ended, or was dropped by a fork: as run_thread answers. NULL until
     * there is a generator. */
    struct weft_control *(*body_ended)(struct weft_worker *w, struct weft_gen *g);
    /* A group's member has ended: as run_thread answers. NULL until there is a group. */
    struct weft_control *(*member_ended)(struct weft_worker *w, struct weft_thread *t);
    /* So has a thread that has made groups: stops the program if one has members left. */
    void (*creator_ended)(struct weft_thread *t);
    struct weft_census *census; /* NULL: off */
    struct weft_control root;   /* the OS thread's own stack: main */
    const char *root_end;       /* where that stack ends, for backtraces; NULL: not known */
};

/* One address in a register of the OS thread's: no call, and room for it under dlopen. */
extern __thread struct weft_worker *weft__self
    __attribute__((tls_model("initial-exec"), visibility("hidden")));

/* Makes this OS thread's worker; NULL if there is no memory. */
struct weft_worker *weft__worker_make(void);

static inline struct weft_worker *weft__worker(void)
{
    struct weft_worker *w = weft__self;

    return WEFT__LIKELY(w != NULL) ? w : weft__worker_make();
}

/* True for what was made by a thread of this worker, which may be NULL: none. */
static inline bool weft__owns(const struct weft_worker *w, const struct weft_thread *owner)
{
    return WEFT__LIKELY(w != NULL) && WEFT__LIKELY(owner == w->id);
}

/* ---- what may be on the run queue ---- */

static inline bool weft__entry_is_unstarted(const void *entry)
{
    return (uintptr_t)entry & 1;
}

static inline void *weft__entry_of(struct weft_thread *unstarted)
{
    return (char *)unstarted + 1;
}

static inline struct weft_thread *weft__entry_thread(void *entry)
{
    return (struct weft_thread *)(void *)((char *)entry - 1);
}

/* Reads the clock. */
int64_t weft__sched_now(struct weft_worker *w);

/* For how long a thread has been parked, to the resolution of the worker's looks at the clock. */
int64_t weft__sched_since(const struct weft_worker *w, const struct weft_control *c);

int weft__sched_grow(struct weft_worker *w);

/* Makes room on the run queue for every live thread: 0, or -1. */
static inline int weft__sched_fit(struct weft_worker *w)
{
    return WEFT__LIKELY(w->threads.live <= w->run.mask) ? 0 : weft__sched_grow(w);
}

/* An unstarted record goes to the tail of the run queue. */
static inline void weft__sched_start(struct weft_worker *w, struct weft_thread *t)
{
    if (w->born_since != w->run.head) {
        w->born_since = w->run.head;
        w->born_from = w->run.tail;
        w->born = 0;
    }
    w->born++;
    weft__ring_push_back(&w->run, weft__entry_of(t));
}

/* Gives an unstarted record a stack and a control block. NULL: there was none to be had, it waits
 * in order. The control block may be another record's that has waited longer. */
struct weft_control *weft__sched_bind(struct weft_worker *w, struct weft_thread *t);

/* Takes a record off its pool's queue for a stack. */
void weft__sched_unstarve(struct weft_worker *w, struct weft_thread *t);

/* ---- the way out of running ---- */

enum { WEFT__PREFETCH_FAR = 12, WEFT__PREFETCH_NEAR = 6, WEFT__LINE_BYTES = 64 };

/* With many threads every switch is to a stack that no cache holds. Those in line are fetched in
 * two steps: the control block, or the record, and later the frame that it points at. Always in line: a
 * function that does nothing else has no effect in gcc's eyes. */
static inline __attribute__((always_inline)) void weft__prefetch(const struct weft_ring *run)
{
    const char *const *near;

    __builtin_prefetch(run->slots[(run->head + WEFT__PREFETCH_FAR) & run->mask]);
    if (run->tail - run->head <= WEFT__PREFETCH_NEAR)
        return;
    near = run->slots[(run->head + WEFT__PREFETCH_NEAR) & run->mask];
    if (weft__entry_is_unstarted(near))
        return;
    __builtin_prefetch(*near);
    __builtin_prefetch(*near + WEFT__LINE_BYTES);
}

/* Everything per thread is exchanged here, by the side that leaves. */
static inline __attribute__((always_inline)) int weft__switch_with(struct weft_worker *w,
                                                                   struct weft_control *me,
                                                                   struct weft_control *next,
                                                                   int result)
{
    me->saved_errno = *w->errno_at;
    *w->errno_at = next->saved_errno;
    w->current = next;
    return w->switch_to(&me->context, &next->context, result);
}

static inline __attribute__((always_inline)) int weft__switch_to(struct weft_worker *w,
                                                                 struct weft_control *me,
                                                                 struct weft_control *next)
{
    return weft__switch_with(w, me, next, next->result);
}

/* The long way to the next thread: looks outside when the countdown is spent, starts threads, waits
 * when there is nothing to run. */
int weft__sched_next(struct weft_worker *w, struct weft_control *me);

/* To the first of those that are ready. */
static inline __attribute__((always_inline)) int weft__switch_first(struct weft_worker *w,
                                                                    struct weft_control *me)
{
    struct weft_ring *run = &w->run;
    void *next = run->slots[run->head & run->mask];

    if (WEFT__UNLIKELY(weft__entry_is_unstarted(next)))
        return weft__sched_next(w, me);
    run->head++;
    weft__prefetch(run);
    return weft__switch_to(w, me, next);
}

static inline __attribute__((always_inline)) int weft__switch_next(struct weft_worker *w,
                                                                   struct weft_control *me)
{
    if (WEFT__UNLIKELY(--w->countdown == 0 || w->run.head == w->run.tail))
        return weft__sched_next(w, me);
    return weft__switch_first(w, me);
}

/* Leaves running until somebody readies this thread; its result is what this returns. */
static inline __attribute__((always_inline)) int weft__park(struct weft_worker *w,
                                                            struct weft_control *me,
                                                            const struct weft_wait *why)
{
    me->since = w->tick;
    me->wait = why;
    return weft__switch_next(w, me);
}

/* ---- the way back ---- */

/* By nobody's doing but its own, a thread goes to the tail. */
static inline void weft__sched_last(struct weft_worker *w, struct weft_control *c, int result)
{
    c->woken_by = 0;
    c->result = result;
    weft__ring_push_back(&w->run, c);
}

/* The running thread, `me`, readies another, which whoever calls this has unhooked from everything
 * but its deadlines. */
static inline __attribute__((always_inline)) void weft__wake(struct weft_worker *w,
                                                             struct weft_control *me,
                                                             struct weft_control *c, int result)
{
    c->woken_by = me->life;
    c->result = result;
    c->wait = NULL;
    weft__ring_push_back(&w->run, c);
}

/* The same by the clock's doing, or the library's: nobody's heir. */
static inline void weft__ready(struct weft_worker *w, struct weft_control *c, int result)
{
    c->wait = NULL;
    weft__sched_last(w, c, result);
}

/* Takes a thread off whatever it waits for: it waits for nothing then, and is on no list. */
void weft__unhook(struct weft_control *c);

/* Ends a parked thread's wait with a code, if its wait can be ended so. */
void weft__interrupt(struct weft_worker *w, struct weft_control *c, int result);

/* Every call that may park but did not need to ends here: it spends the countdown. */
int weft__sched_spent(struct weft_worker *w, int result);

static inline __attribute__((always_inline)) int weft__spend(struct weft_worker *w, int result)
{
    if (WEFT__UNLIKELY(--w->countdown == 0))
        return weft__sched_spent(w, result);
    return result;
}

/* Looks outside for a thread that yields although nobody else is ready. */
void weft__sched_yield_alone(struct weft_worker *w);

/* Goes to the tail of the run queue and returns result when its turn comes. */
int weft__sched_tail(struct weft_worker *w, int result);

/* What a call under a deadline of zero returns for what its attempt returned: nothing to be done,
 * -EAGAIN, is the deadline's end. */
int weft__sched_tried(struct weft_worker *w, int result);

/* What an interrupted call returns: -ECANCELED before -ETIMEDOUT, by way of the tail so that a loop
 * over it cannot hold the worker. */
int weft__sched_interrupted(struct weft_worker *w, struct weft_control *me);

/* Whether a timer will end some thread's wait, if nobody does before. */
static inline bool weft__sched_has_timer(const struct weft_worker *w)
{
    return weft__wheel_any(&w->timers, w->timer_matters);
}

/* Lets all others run once. If none can, waits for the first timer or for something outside: the
 * caller does not leave running then. 0, or the code that ended its own wait. */
int weft__sched_turn(struct weft_worker *w);

/* ---- for a fresh stack ---- */

/* Runs the control block's thread to its end, takes the next one; does not return. */
void weft__sched_loop(struct weft_context *context);

/* Boots stacks for the pool, and makes them forgotten: what struct weft_stacks calls. */
void weft__sched_boot(struct weft_pool *pool, char *const *bases, void *const *tops, size_t n);
char *weft__sched_retire(void *top);

/* Installs somebody who chooses, or takes them out (NULL). */
void weft__sched_set_oracle(struct weft_worker *w,
                            uint32_t (*choose)(void *, uint32_t, enum weft__choice), void *state);

/* A switch that is announced to the sanitizers; stands in for the backend in their builds. */
weft__switch_fn weft__switch_watched;

/* A switch that also exchanges the C++ library's exception state. */
weft__switch_fn weft__switch_exceptions;

#endif
