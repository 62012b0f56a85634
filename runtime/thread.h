/* SPDX-License-Identifier: MIT */
/* Records: what is known of a green thread from its spawn to its join.
 *
 * A thread has two parts. The record lives in type-stable slabs and is small, because a million of
 * them may wait to be run; the control block (sched.h) lives at the top of the stack, from the
 * first run to the end. A slab belongs to one worker and is never given to another type, so that a
 * stale handle finds a record whose generation differs, and no freed memory. */
#ifndef WEFT_RUNTIME_THREAD_H
#define WEFT_RUNTIME_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "start.h"

struct weft_control;
struct weft_gen;
struct weft_worker;

/* What may be known of a thread that is not running, in the order of a life. Whether a started one
 * is ready, running or parked is the control block's business. */
enum weft__thread_state {
    WEFT__THREAD_FREE,      /* on its worker's list of free records */
    WEFT__THREAD_UNSTARTED, /* on the run queue; has no stack */
    WEFT__THREAD_STARVED,   /* on its pool's queue for a stack, in order */
    WEFT__THREAD_STARTED,   /* has a control block */
    WEFT__THREAD_DONE,      /* only the record remains, until it is joined */
};

enum {
    WEFT__THREAD_DETACHED = 1, /* nobody joins it: its record is freed at its end */
    WEFT__THREAD_FLOAT = 2,    /* its result comes in a vector register */
    WEFT__THREAD_SIDE = 4,     /* words.side holds its arguments, from malloc */
    WEFT__THREAD_COPY = 8,     /* words hold a copied object, not captured registers */
    WEFT__THREAD_BODY = 16,    /* a generator's body: waits_for_end is its generator */
    WEFT__THREAD_ROOT = 32,    /* an OS thread's own stack */
};

enum {
    WEFT__THREAD_WORDS = 6,       /* of arguments, in the record */
    WEFT__THREAD_NAME_BYTES = 32, /* with the zero */
    WEFT__THREAD_SLAB = 1024,     /* records allocated at once */
    WEFT__THREAD_SLABS_MAX = 16384,
};

struct weft_thread {
    union {
        void (*fn)(void); /* until it is called */
        uint64_t word;    /* DONE: the result, as wide as it is */
    } does;
    union {
        struct weft_control *control; /* STARTED */
        struct weft_thread *next;     /* FREE, STARVED: the one behind it on that list */
    } at;
    union {
        struct weft_control *joiner; /* parked in join, or NULL */
        struct weft_gen *generator;  /* BODY */
    } waits_for_end;
    const char *site;    /* "worker at main.c:12", static */
    char *name;          /* from malloc, or NULL */
    uint32_t generation; /* of the slot; never zero; grows when the record is freed */
    uint32_t slot;       /* of the directory; never changes */
    uint8_t state;
    uint8_t flags;
    uint8_t stack_class;
    uint32_t fp_control; /* floating-point control of the spawner, which the thread starts with */
    struct weft_packed packed;
    union {
        uint64_t words[WEFT__THREAD_WORDS];
        void *side;
    } arguments; /* dead once the function is called */
};

/* A worker's records. */
struct weft_threads {
    struct weft_worker *worker;
    struct weft_thread *free; /* linked by at.next */
    size_t live;              /* records that are not free */
};

void weft__threads_init(struct weft_threads *all, struct weft_worker *worker);

/* The slabs go back; no handle of theirs may be used any more. */
void weft__threads_fini(struct weft_threads *all);

/* A record with nothing set but its slot and generation; NULL if there is no memory. */
struct weft_thread *weft__thread_new(struct weft_threads *all);

/* Ends a record: its handle is stale from now on. Frees its name and its side arguments. */
void weft__thread_free(struct weft_threads *all, struct weft_thread *t);

/* Calls visit for every record that is not free. */
void weft__thread_each(const struct weft_threads *all,
                       void (*visit)(struct weft_thread *t, void *data), void *data);

/* A handle is a number in the shape of a pointer, and nobody follows it: slot and generation. */
struct weft_thread *weft__thread_handle(const struct weft_thread *t);

enum weft__thread_found {
    WEFT__THREAD_FOUND,
    WEFT__THREAD_FOUND_STALE,   /* it was joined, or detached and has ended */
    WEFT__THREAD_FOUND_FOREIGN, /* it belongs to another worker */
    WEFT__THREAD_FOUND_NEVER,   /* no spawn ever returned such a handle */
};

/* The record that a handle names; *found is set only if it is WEFT__THREAD_FOUND. */
enum weft__thread_found weft__thread_find(const struct weft_threads *all,
                                          const struct weft_thread *handle,
                                          struct weft_thread **found);

#endif
