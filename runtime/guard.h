/* SPDX-License-Identifier: MIT */
/* Guards: the page at the low end of each stack that must not be touched.
 *
 * Three ways to make one, from the best to the last: a batch of guard markers by process_madvise
 * on self, one marker at a time by madvise (both need Linux 6.13 and cost no mapping), and mprotect
 * (two mappings a stack, so that the default vm.max_map_count stops it near 32,700). No way is
 * trusted because its call succeeded: qemu-user accepts the markers and installs nothing. Each is
 * probed by a system call that writes into a guarded page and must answer EFAULT. */
#ifndef WEFT_RUNTIME_GUARD_H
#define WEFT_RUNTIME_GUARD_H

#include <stddef.h>

enum weft__guard_way {
    WEFT__GUARD_UNPROBED,
    WEFT__GUARD_BATCH,
    WEFT__GUARD_MADVISE,
    WEFT__GUARD_MPROTECT,
    WEFT__GUARD_REFUSED, /* no way works here: there are no stacks */
};

enum { WEFT__GUARD_BATCH_MAX = 64 };

struct weft_guard {
    /* Only moves down the list: a way that failed once is not retried, unless it lacked memory. */
    enum weft__guard_way way;
    size_t page_bytes;
    const char *failed_call; /* of the last refusal, with its errno; NULL if there was none */
    int failed_errno;
};

void weft__guard_init(struct weft_guard *g);

/* Finds a way that works, the first time: 0, or -1 with failed_call and failed_errno set. */
int weft__guard_ready(struct weft_guard *g);

/* Guards one page at each of `pages`, at most WEFT__GUARD_BATCH_MAX. 0, or -1 with failed_call and
 * failed_errno set and some of the pages guarded. */
int weft__guard_install(struct weft_guard *g, char *const *pages, size_t n);

#endif
