/* SPDX-License-Identifier: MIT */
/* The stack that signal handlers run on: one for each OS thread with a worker, since a handler that
 * reports an overflow cannot run on the stack that is used up. An OS thread that has one already,
 * the program's or a sanitizer's, keeps it. */
#ifndef WEFT_RUNTIME_ALTSTACK_H
#define WEFT_RUNTIME_ALTSTACK_H

#include <stdbool.h>
#include <stddef.h>

/* What our handlers use at most, with a third in reserve (see test_altstack.c). */
enum { WEFT__ALTSTACK_NEEDS = 16 * 1024 };

struct weft_altstack {
    char *low; /* of the mapping, a guard page first; NULL: none of ours */
    size_t bytes;
};

/* Makes one for the calling OS thread, if it has none. If there is no memory, it goes without. */
void weft__altstack_make(struct weft_altstack *s);

/* Gives it up. Of the OS thread that made it. */
void weft__altstack_drop(struct weft_altstack *s);

/* In a handler: it runs on an alternate stack that has enough left for a report, or on a stack that
 * is large. */
bool weft__altstack_suffices(const void *ucontext);

#endif
