/* SPDX-License-Identifier: MIT */
/* Who is known to use a channel: the threads that have sent, received or selected there. Kept where
 * threads are watched (WEFT_REPORT=deadlocks), beside each channel. */
#ifndef WEFT_RUNTIME_USERS_H
#define WEFT_RUNTIME_USERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct weft_thread;
struct weft_worker;

/* A set of handles. Those of threads that have ended go when it grows. */
struct weft_users {
    const struct weft_thread **slots; /* NULL: a free one */
    size_t size;                      /* of slots: a power of two, or 0 */
    size_t used;
    bool are_more; /* there was no memory: who they are is not known */
    bool is_used;  /* what a look for abandoned threads has found, in this round of it: */
    uint32_t round;
};

/* A channel that a thread waits for. */
struct weft_use {
    const void *of;
    const struct weft_thread *creator; /* its handle */
    struct weft_users *users;
};

void weft__users_add(const struct weft_worker *w, struct weft_users *users,
                     const struct weft_thread *handle);

void weft__users_free(struct weft_users *users);

/* The record of a thread that has not ended; NULL: it has. */
struct weft_thread *weft__users_alive(const struct weft_worker *w,
                                      const struct weft_thread *handle);

#endif
