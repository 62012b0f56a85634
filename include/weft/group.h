/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Groups: threads that are started for one purpose, and waited for together.
 *
 * A group's threads are its members. Each runs a function that returns int, 0 for success. The first
 * other result is the group's, and cancels the rest, which clean up and return: see
 * weft_task_cancel(). A thread that is cancelled while it waits for its group cancels the group, so
 * that cancelling reaches groups within groups.
 *
 * Whoever makes a group waits for it before its own function returns, and frees it: no member
 * outlives what it was started for.
 *
 *     struct weft_group *g = group_new(10);
 *
 *     for (int i = 0; i < 1000 && group_go(g, fetch, urls[i]) == 0; i++)
 *         ;
 *     if (group_wait(g) != 0)
 *         fprintf(stderr, "%s\n", group_who(g));
 *     group_free(g);
 */
#ifndef WEFT_GROUP_H
#define WEFT_GROUP_H

#include "base.h"
#include "start.h"

#if defined __GNUC__ && !defined __clang__
#pragma GCC system_header /* see base.h */
#endif

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Waits until the group has no members left.
 *
 * One thread at a time may wait, and none of the members. Members may be started meanwhile, and
 * afterwards, to be waited for again. May park. Results: 0: all have returned 0; the first other
 * result, from this wait on in every later one; -ECANCELED: the caller has been cancelled, which has
 * cancelled the group, and all members have returned since, with 0; -ETIMEDOUT, -EDEADLK: members
 * are left, and go on; -EINVAL: the group is NULL. Within a weft_shield() the caller's cancellation
 * does not reach the group. Stops the program: another thread waits already; the caller is a member.
 */
WEFT_API int weft_group_wait(struct weft_group *group);

/**
 * Cancels all members, for good: no more can be started.
 *
 * They return in their own time; wait for them. Does not park. Results: 0, also if it was cancelled
 * before or has failed; -EINVAL: the group is NULL. Cost: proportional to the members.
 */
WEFT_API int weft_group_cancel(struct weft_group *group);

/**
 * Frees a group without members. NULL is none.
 *
 * Does not park. Stops the program: members are left.
 */
WEFT_API void weft_group_free(struct weft_group *group);

/**
 * Tells whose result the group's is: "thread 5 'parser' (parse at main.c:12)"; NULL: there is none.
 *
 * The text is the group's, and stays until that is freed. Does not park.
 */
WEFT_API const char *weft_group_who(const struct weft_group *group);

/* For the macros alone. */

/* The right to start one member, held in the caller's frame while the arguments are evaluated. */
struct weft_group_slot {
    void *private_[4];
};

WEFT_API struct weft_group *weft_group_new_(size_t running_max, const char *site);
WEFT_API int weft_group_begin_(struct weft_group *group, struct weft_group_slot *slot);
WEFT_API int weft_group_started_(struct weft_group_slot *slot, const struct weft_start *start);
WEFT_API void weft_group_leave_(struct weft_group_slot *slot);

#ifdef __cplusplus
}
#endif

/**
 * Makes a group in which at most running_max members run at once: group_new(running_max).
 *
 * 0: any number. It is the caller's, see weft_group_free(), and the caller must not return while it
 * has members: that stops the program, unless it is main, with which all ends, or an OS thread's own
 * function, with which that OS thread's green threads do. Does not park. NULL: no memory. Cost: one
 * allocation.
 */
#define weft_group_new(running_max) \
    weft_group_new_((running_max), __FILE__ ":" WEFT_TEXT_(__LINE__))

#ifndef __cplusplus

/**
 * Starts fn(args...) as a member: group_go(g, fn, args...).
 *
 * fn returns int. While running_max members run, the call parks until one has returned; who waits
 * so is served first come, first served. Only then are the arguments evaluated. Without a limit it
 * does not park. Any thread of the same OS thread may call it, members too. Results: 0; -ECANCELED:
 * the group has been cancelled or has failed, or the caller has been cancelled; -ETIMEDOUT,
 * -EDEADLK; -ENOMEM; -EINVAL: the group is NULL. Unless it is 0, nothing was started, and what the
 * arguments own is still the caller's; only for -ENOMEM they were evaluated at all. Cost: as
 * weft_go().
 */
#define weft_group_go(group, ...) WEFT_UNIQUE_(WEFT_GROUP_GO_, group, __VA_ARGS__)

/* From here on: not for use. */
#define WEFT_GROUP_GO_(n, group, ...) \
    WEFT_CAT_(WEFT_GROUP_GO_, WEFT_ARITY_(__VA_ARGS__))(n, group, __VA_ARGS__)
#define WEFT_GROUP_GO_0_(n, group, fn) \
    WEFT_GROUP_START_(n, group, WEFT_BEGIN_0_(n, WEFT_START_DETACHED, NULL, NULL, fn))
#define WEFT_GROUP_GO_1_(n, group, fn, ...) \
    WEFT_GROUP_START_(n, group, WEFT_BEGIN_1_(n, WEFT_START_DETACHED, NULL, NULL, fn, __VA_ARGS__))
#define WEFT_GROUP_START_(n, group, ...)                                                      \
    __extension__({                                                                           \
        __attribute__((__cleanup__(weft_group_leave_))) struct weft_group_slot weft_slot_##n; \
        int weft_error_##n = weft_group_begin_(group, &weft_slot_##n);                        \
        if (weft_error_##n == 0) {                                                            \
            __VA_ARGS__                                                                       \
            _Static_assert(WEFT_SAME_(weft_result_##n, int),                                  \
                           "a function started in a group must return int");                  \
            weft_error_##n = weft_group_started_(&weft_slot_##n, &weft_start_##n);            \
        }                                                                                     \
        weft_error_##n;                                                                       \
    })

#endif

#endif
