/* SPDX-License-Identifier: MIT */
/* Generators: what is known of one, for its calls and for debuggers. */
#ifndef WEFT_CHANNELS_GEN_H
#define WEFT_CHANNELS_GEN_H

#include <stddef.h>

#include <weft/gen.h>

#include "runtime/sched.h"

/* How far the end of a generator has come. */
enum weft__gen_ending {
    WEFT__GEN_OPEN,
    WEFT__GEN_CLOSING, /* gen_close waits for the body to return */
    WEFT__GEN_REFUSED, /* and a yield has returned -EPIPE: the body must not yield again */
};

/* What the body is doing says what a consumer must do:
 *
 *     body                         consumer's next
 *     not started                  starts it, parks
 *     suspended: its value taken   switches to it, parks
 *     offering a value that nobody takes the value; the body stays, suspended, or goes on if it
 *     waits for                    was sent something
 *     anything else (it is parked  parks; the value comes with the body's next yield
 *     elsewhere, or ready)
 *     ended                        -EPIPE
 *
 * Invariants: a body that is suspended or offering is on no list. `consumer` is set exactly while a
 * thread is parked in next, send or close. `value` is set exactly while the body is offering,
 * `suspended` exactly while it is suspended. */
struct weft_gen {
    const struct weft_thread *owner; /* the id of its worker */
    size_t size;                     /* of a value */
    struct weft_control *suspended;  /* the body */
    struct weft_control *yielded;    /* the body, if it has yielded before */
    struct weft_control *consumer;
    enum weft__gen_ending ending;
    bool kept;   /* weft__gens_end is ending the body: who closes it leaves the memory alone */
    bool closed; /* and says so here */
    struct weft_thread *body; /* its record; NULL once it has ended */
    const void *value;        /* an offered value, in the body's frame */
    const void *sent;      /* from a consumer that found the body busy, in the consumer's frame */
    void *in;              /* where the yield wants what is sent, in the body's frame, or NULL */
    size_t takes_size;     /* of what is sent, zero if nothing can be */
    const char *site;      /* where it was made, static */
    struct weft_list link; /* in its worker's list of all */
};

/* Ends the bodies of all generators of the worker, the newest first; the root calls this. Bodies that
 * are ended may close others. 0, or what ended the wait for one. */
int weft__gens_end(struct weft_worker *w);

/* Frees all generators of the worker. No body is left. */
void weft__gens_free(struct weft_worker *w);

#endif
