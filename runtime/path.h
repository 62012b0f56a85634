/* SPDX-License-Identifier: MIT */
/* A path through the tree of schedules: the choices of one run, in order, and what comes next in a
 * depth-first walk. As text it is a choice string, "0.2.1". */
#ifndef WEFT_RUNTIME_PATH_H
#define WEFT_RUNTIME_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct weft_print;

struct weft_choice {
    uint32_t n; /* to choose from; 0: not known yet */
    uint32_t answer;
};

/* Invariants: length <= room; of those known, every answer is less than its n. */
struct weft_path {
    struct weft_choice *choices;
    size_t length;
    size_t room;
};

int weft__path_grow(struct weft_path *p);

/* Adds a choice at the end: 0, or -1 without memory. */
static inline int weft__path_add(struct weft_path *p, uint32_t n, uint32_t answer)
{
    if (__builtin_expect(p->length == p->room, 0) && weft__path_grow(p) != 0)
        return -1;
    p->choices[p->length++] = (struct weft_choice){.n = n, .answer = answer};
    return 0;
}

/* Cuts the path to where the next one in depth-first order leaves it, that choice's answer one more
 * than it was. False: it was the last. */
bool weft__path_advance(struct weft_path *p);

/* The length without the zeroes at the end. */
size_t weft__path_trimmed(const struct weft_path *p, size_t length);

/* Makes `to` a copy of the first `length` choices; what there were to choose from is not known any
 * more. 0, or -1. */
int weft__path_copy(struct weft_path *to, const struct weft_path *from, size_t length);

/* Reads "0.2.1": 0; -1: without memory; 1: that is none. */
int weft__path_parse(struct weft_path *p, const char *text);

/* The first `length` answers as text; "0" if there are none. */
void weft__path_print(const struct weft_path *p, size_t length, struct weft_print *out);

void weft__path_free(struct weft_path *p);

#endif
