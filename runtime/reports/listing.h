/* SPDX-License-Identifier: MIT */
/* Lists of threads for reports: rings first, then everyone else, and of equal threads one with a
 * count. Takes no memory, so that it can be written anywhere. */
#ifndef WEFT_RUNTIME_LISTING_H
#define WEFT_RUNTIME_LISTING_H

#include "doing.h"

/* How many threads a worker has that do each. */
struct weft_tally {
    const struct weft_worker *worker;
    uint32_t total;
    uint32_t of[WEFT__DOINGS];
};

/* In a fork's child: no report is being written. */
void weft__listing_forked(void);

struct weft_tally weft__listing_count(const struct weft_worker *w);

/* Which threads to list, by what they are doing. */
#define WEFT__LIST(doing) (1u << (doing))

enum {
    WEFT__LIST_ALL = (1 << WEFT__DOINGS) - 1,
    WEFT__LIST_LEFT = 1 << WEFT__DOINGS,      /* but not the root, nor generators' bodies */
    WEFT__LIST_ABANDONED = 2 << WEFT__DOINGS, /* only those, and of them those not told */
};

/* Lists them. Two reports of one process do not mix; if another one is being written, by this very
 * OS thread or for long, it says so instead. */
void weft__list(struct weft_view *v, uint32_t which);

#endif
