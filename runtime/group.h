/* SPDX-License-Identifier: MIT */
/* Groups: what is known of one, for its calls, for reports, and where a worker ends. */
#ifndef WEFT_RUNTIME_GROUP_H
#define WEFT_RUNTIME_GROUP_H

#include <stdbool.h>
#include <stddef.h>

#include <weft/group.h>

#include "list.h"

struct weft_control;
struct weft_thread;
struct weft_worker;

enum { WEFT__GROUP_WHO_BYTES = 256 };

/* Invariants: `running` is the number of members and of slots. Threads wait for a slot only while
 * running is running_max, and the group is not cancelled. `waiter` is set exactly while a thread is
 * parked in group_wait, which it is only while running is not 0. A result other than 0 implies
 * is_cancelled. */
struct weft_group {
    const struct weft_thread *owner; /* the id of its worker */
    const char *site;                /* where it was made, static */
    struct weft_thread *creator;     /* the record; NULL once it has ended */
    size_t running_max;              /* 0: no limit */
    size_t running;
    struct weft_list members; /* by `member` of their sides, the oldest first */
    struct weft_list slots;   /* by their links: of starts whose arguments are being evaluated */
    struct weft_list
        callers; /* by their waiters' links: parked in group_go, the first come first */
    struct weft_control *waiter;
    int result;                  /* of its members, the first that was not 0 */
    bool is_cancelled;           /* for good */
    struct weft_list cancelling; /* in its worker's list, while its members are being cancelled */
    struct weft_list made;       /* in the list of its creator's side */
    struct weft_list link;       /* in its worker's list of all */
    char who[WEFT__GROUP_WHO_BYTES]; /* whose result that is */
};

/* A slot, in its caller's frame. */
struct weft__group_slot {
    struct weft_group *group;
    struct weft_control *control;
    struct weft_list link; /* in its group's list; next is NULL while it is not held */
};

_Static_assert(sizeof(struct weft__group_slot) <= sizeof(struct weft_group_slot),
               "the public struct has room");

/* In a fork's child: forgets those threads that are not there any more, as members, creators, and
 * with slots. Before their stacks go. */
void weft__groups_drop(struct weft_worker *w,
                       bool (*survives)(const struct weft_worker *w, const struct weft_thread *t));

/* Frees all groups of the worker, for weft_shutdown. No thread is left but the root. */
void weft__groups_free(struct weft_worker *w);

#endif
