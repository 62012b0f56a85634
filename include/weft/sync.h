/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Beside channels: mutex, condition, semaphore, wait group, completion, once.
 *
 *     static struct weft_semaphore room = WEFT_SEMAPHORE(4);
 *
 *     if (weft_semaphore_acquire(&room) == 0) {
 *         use_what_there_are_four_of();
 *         weft_semaphore_release(&room);
 *     }
 *
 * Rules for all of them:
 *
 * - They are for the green threads of one OS thread: that of the first call. Where no call in
 *   between may park, nothing else of that OS thread runs, and no mutex is needed.
 * - Each lives in its user's memory. All zero is a fresh one, static or by = {0}: nothing is to be
 *   initialised, freed or destroyed. It stays where it is while in use. The members are the
 *   library's; read and write none.
 * - Those who wait are served first come, first served. What they wait for is handed to them before
 *   they run: nobody who comes later gets ahead, and nobody is woken for nothing.
 * - The calls that may park are those with a result, but for the try forms. Their results: 0;
 *   -ETIMEDOUT, -ECANCELED, -EDEADLK: nothing was taken, nothing has happened; -ENOMEM: there was
 *   no memory for the first call of weft's from this OS thread. A handover that came first counts:
 *   it is reported as 0, though the deadline or the cancellation is there before the thread runs.
 * - A woken call does not touch the object again, unless the thread then holds it: its memory may
 *   go as soon as the last user has been served.
 * - Mistakes, which stop the program: NULL, an object that threads of another OS thread use, one
 *   that was not all zero at first; and returning from a thread's function while holding a mutex,
 *   except from main and from an OS thread's own function.
 * - Nothing here allocates or makes a system call of its own. What need not park costs some
 *   nanoseconds.
 */
#ifndef WEFT_SYNC_H
#define WEFT_SYNC_H

#include "base.h"

#if defined __GNUC__ && !defined __clang__
#pragma GCC system_header /* see base.h */
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Part of the others, and the library's. */
struct weft_waiters {
    struct weft_list list;           /* of parked threads; all zero until the first call */
    const struct weft_thread *owner; /* whose threads use the object; NULL until the first call */
};

/* ---- mutex ---- */

/** A lock: one thread at a time holds it. All zero: free. */
struct weft_mutex {
    struct weft_waiters waiters;
    struct weft_thread *holder;
    void *reserved[2];
};

/**
 * Takes the mutex, once the caller's turn has come.
 *
 * May park. Unless it is 0, the caller does not hold it. Whoever holds it unlocks it before its
 * function returns: returning while holding one stops the program. So does this call for a mutex
 * that the caller holds, and for one whose holder is gone: in a fork's child, where only the thread
 * that forked is left.
 */
WEFT_API int weft_mutex_lock(struct weft_mutex *mutex);

/**
 * Takes the mutex if nobody holds it.
 *
 * Never parks; deadlines do not touch it. Results: 0; -EAGAIN: somebody holds it, maybe the caller;
 * -ENOMEM. Stops the program: a mutex whose holder is gone, see weft_mutex_lock().
 */
WEFT_API int weft_mutex_trylock(struct weft_mutex *mutex);

/**
 * Hands the mutex to the thread that has waited longest, which holds it from this call on.
 *
 * So whoever unlocks and locks again goes behind those who wait. Without one it is free. Does not
 * park. Stops the program: a mutex that the caller does not hold.
 */
WEFT_API void weft_mutex_unlock(struct weft_mutex *mutex);

/* ---- condition ---- */

/**
 * Where threads that hold a mutex wait until another says that what it guards has changed.
 *
 * All zero: nobody waits. One mutex may go with several conditions.
 */
struct weft_condition {
    struct weft_waiters waiters;
    void *reserved[2];
};

/**
 * Unlocks the mutex and waits for a signal, in one step; holds the mutex again when it returns.
 *
 * Always: also when the result is not 0. Then it may have to wait for the mutex beyond the deadline
 * or the cancellation, which nothing but the mutex ends. May park. There is a signal for every 0;
 * yet the signal's cause may be gone again, since others who held the mutex came in between: look
 * in a loop, and leave it at a result that is not 0. The mutex lives until the call returns. Stops
 * the program: a mutex that the caller does not hold.
 */
WEFT_API int weft_condition_wait(struct weft_condition *condition, struct weft_mutex *mutex);

/**
 * Ends the wait of the thread that has waited longest, if there is one.
 *
 * It gets the mutex if that is free, and else its place among those who wait for that. The caller
 * need not hold the mutex. Does not park.
 */
WEFT_API void weft_condition_signal(struct weft_condition *condition);

/**
 * Ends the waits of all who wait now.
 *
 * They get the mutex one after the other, and none runs before its turn. Does not park. Cost:
 * proportional to the number of waiters.
 */
WEFT_API void weft_condition_broadcast(struct weft_condition *condition);

/* ---- semaphore ---- */

/** A number of permits. All zero: none yet; WEFT_SEMAPHORE() for another number. */
struct weft_semaphore {
    struct weft_waiters waiters;
    int64_t permits;
    void *reserved[2];
};

/** Initialises a semaphore with n permits: struct weft_semaphore s = WEFT_SEMAPHORE(n). */
/* clang-format off */
#define WEFT_SEMAPHORE(n) {{{NULL, NULL}, NULL}, (int64_t)(n), {NULL, NULL}}
/* clang-format on */

/** Takes a permit, once the caller's turn has come. May park. Unless it is 0, none was taken. */
WEFT_API int weft_semaphore_acquire(struct weft_semaphore *semaphore);

/**
 * Takes a permit if there is one.
 *
 * Never parks; deadlines do not touch it. Results: 0; -EAGAIN: there is none; -ENOMEM.
 */
WEFT_API int weft_semaphore_tryacquire(struct weft_semaphore *semaphore);

/**
 * Hands a permit to the thread that has waited longest, else keeps it for the next who asks.
 *
 * Anybody may: a permit may be acquired by one thread and released by another, or be new. Does not
 * park. Stops the program: more permits than an int64_t can count.
 */
WEFT_API void weft_semaphore_release(struct weft_semaphore *semaphore);

/* ---- wait group ---- */

/** A count of what is still to be done. All zero: nothing. */
struct weft_waitgroup {
    struct weft_waiters waiters;
    int64_t count;
    void *reserved[2];
};

/**
 * Adds n, which may be negative, to the count. At zero all who wait are woken.
 *
 * Add before the thread starts that will call weft_waitgroup_done(). Whoever was woken stays so,
 * even if the count rises again before it runs. Does not park. Stops the program: a count below
 * zero, or too large for an int64_t.
 */
WEFT_API void weft_waitgroup_add(struct weft_waitgroup *group, int64_t n);

/** Does as weft_waitgroup_add() of -1. */
WEFT_API void weft_waitgroup_done(struct weft_waitgroup *group);

/** Waits until the count is zero; returns at once if it is. Several may wait. May park. */
WEFT_API int weft_waitgroup_wait(struct weft_waitgroup *group);

/* ---- completion ---- */

/**
 * Something that happens once, and stays so. All zero: it has not happened.
 *
 * There is no way back: a reset would make the call that comes before it and the one that comes
 * after it mean different things by one object. For the next time take a fresh one; when nobody
 * waits, that may be the same memory, set to zero.
 */
struct weft_completion {
    struct weft_waiters waiters;
    uint32_t is_set;
    uint32_t reserved_word;
    void *reserved[2];
};

/** Says that it has happened, and wakes all who wait for it. Twice is as once. Does not park. */
WEFT_API void weft_completion_set(struct weft_completion *completion);

/** Waits until it has happened; returns at once if it has. Several may wait. May park. */
WEFT_API int weft_completion_wait(struct weft_completion *completion);

/** Tells whether it has happened: 1, else 0. Does not park. */
WEFT_API int weft_completion_is_set(const struct weft_completion *completion);

/* ---- once ---- */

/** What is to be done once, by whoever needs it first. All zero: not yet begun. */
struct weft_once {
    struct weft_waiters waiters;
    struct weft_thread *runner;
    uint32_t is_done;
    uint32_t reserved_word;
    void *reserved[2];
};

/**
 * Calls fn(argument), unless a call for this object did; returns when that has returned.
 *
 * Who comes first runs fn, and others wait for it. fn may park; it is under the deadlines of the
 * call that runs it, and counts as done when it returns, whatever it has achieved. It must not
 * leave by longjmp or by a C++ exception. May park. Results: 0: fn has returned; else it has not,
 * as far as this call knows, and was not run by it. Stops the program: a call from within fn, and
 * one that finds that the thread which ran fn has ended inside.
 */
WEFT_API int weft_once(struct weft_once *once, void (*fn)(void *argument), void *argument);

#ifdef __cplusplus
}
#endif

#endif
