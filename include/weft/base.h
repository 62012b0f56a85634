/* SPDX-License-Identifier: MIT */
/**
 * @file
 * What every other header of weft builds on: its objects, its clock, durations and the version.
 *
 * Rules that hold for all of weft:
 *
 * - A *green thread* (thread, for short) is a C function that runs on a stack of its own. Each
 *   belongs for life to the OS thread that started it; so do channels, tasks, groups and generators.
 *   main is a green thread as well: there is no start call, and when main returns, the process ends.
 * - A call that *may park* lets other threads run meanwhile. Between such calls nothing else of the
 *   same OS thread runs.
 * - Results are 0, a count or an index, or a negative errno value: never through errno, which each
 *   green thread has for itself.
 *
 *   | result     | meaning                                                                        |
 *   |------------|--------------------------------------------------------------------------------|
 *   | -EPIPE     | the channel is closed; the generator has finished, or is being closed          |
 *   | -EAGAIN    | a try form would have had to park                                              |
 *   | -ETIMEDOUT | the enclosing weft_within() is over                                            |
 *   | -ECANCELED | the calling thread has been cancelled: see weft_task_cancel(); weft_group_go() |
 *   |            | and weft_group_wait(): or the group has                                        |
 *   | -EINVAL    | a NULL channel, task, group or generator; a number out of range                |
 *   | -EDEADLK   | nothing can run any more: main's call, after weft_deadlock_returns()           |
 *   | -EPERM     | weft_shutdown(), weft_explore(): called by a green thread                       |
 *   | -ESRCH     | weft_task_cancel(): the thread has ended                                       |
 *   | -ENOMEM    | no memory; calls that give a handle give NULL instead                          |
 *   | -ENOSPC    | weft_local_set(): there are too many keys                                      |
 *
 * - A send, receive, select or join that fails has done nothing: an object that it was to fill is
 *   as it was, and a value that it was to send is still the caller's.
 * - A mistake stops the program: one sentence on standard error, which names thread, object and
 *   call, then abort(). Among them: a handle whose element size is not the object's, joining a task
 *   twice, freeing a channel that a thread waits in, using an object from an OS thread that does
 *   not own it.
 * - No function is async-signal-safe, but weft_dump().
 * - What the system keeps for an OS thread, its green threads share: its signal mask, its number, its
 *   thread-local variables. Block signals before the first call of weft, and leave it at that: where
 *   a processor has no switch of its own, a green thread has a mask of its own. The handler of a
 *   signal runs on the stack that is in use, unless it was installed with SA_ONSTACK, and needs room
 *   there. longjmp(3) goes back to where the same green thread was, and not to another's stack;
 *   pthread_exit(3) and pthread_cancel(3) end the OS thread with all its green threads.
 * - Every name begins with weft_ or WEFT_. Those that end in an underscore, and what is said to be
 *   so, are for the macros alone. short.h gives short names to the others.
 *
 * Needs gcc or clang: typeof, __auto_type, statement expressions and the cleanup attribute. Since
 * they are such expressions, the macros cannot be used outside functions, and a compound literal
 * among their arguments is gone after the call: do not hand on its address.
 */
#ifndef WEFT_BASE_H
#define WEFT_BASE_H

/* Makes gcc report a mistake in a call at the line of the call, without the macro's insides. clang
 * does so anyway, and would drop -Wconversion. */
#if defined __GNUC__ && !defined __clang__
#pragma GCC system_header
#endif

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

/** The version of these headers. A new major number may break programs; while it is 0, so may a new
 * minor one. */
#define WEFT_VERSION_MAJOR 0
/** Grows with what is added; see WEFT_VERSION_MAJOR. */
#define WEFT_VERSION_MINOR 1
/** Grows with what is mended; see WEFT_VERSION_MAJOR. */
#define WEFT_VERSION_PATCH 0

/** Marks what the library exports. */
#define WEFT_API __attribute__((__visibility__("default")))

/** A green thread: its handle names it and is never followed. See weft_task(). */
struct weft_thread;
/** A channel. See weft_chan(). */
struct weft_chan;
/** A group of threads. See weft_group_new(). */
struct weft_group;
/** A generator. See weft_gen(). */
struct weft_gen;
/** What a generator takes that is sent nothing. */
struct weft_takes_nothing;

/* The library's, in structs that live in their user's memory: a link of a list, or its head. */
struct weft_list {
    struct weft_list *next, *prev;
};

/** Gives n microseconds as a duration: durations are int64_t nanoseconds. n is an integer. */
#define WEFT_US(n) (1000 * (int64_t)(n))
/** Gives n milliseconds as a duration. */
#define WEFT_MS(n) (1000000 * (int64_t)(n))
/** Gives n seconds as a duration. */
#define WEFT_SEC(n) (1000000000 * (int64_t)(n))

/** The duration that never ends. A zero or negative one is over at once; sums stop at the end of
 * the range. */
#define WEFT_FOREVER INT64_MAX

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Tells the time.
 *
 * In nanoseconds since some moment in the past; it never goes back and no change of the calendar's
 * clock moves it. With WEFT_CLOCK=virtual in the environment, or WEFT_SEED, it jumps from deadline to
 * deadline while all threads are parked. Does not park. Rule: clock_gettime(2), CLOCK_MONOTONIC.
 */
WEFT_API int64_t weft_now(void);

#ifdef __cplusplus
}
#endif

/* ------------------------------------------------------------------------------------------------
 * From here on: not for use, only what the macros of all headers are made of. */

/* WEFT_UNIQUE_(macro, ...) is macro(n, ...) with a number n that no other call has, so that calls
 * nest within one another's arguments without one's variables hiding another's. From clang 22 on
 * __COUNTER__ is an extension that -Wpedantic reports; __LINE__ is as correct, and costs a warning
 * of -Wshadow where calls nest on one line. */
#if defined __clang__ && __clang_major__ >= 22 && \
    (defined __cplusplus || !defined __STDC_VERSION__ || __STDC_VERSION__ <= 202311L)
#define WEFT_NUMBER_ __LINE__
#else
#define WEFT_NUMBER_ __COUNTER__
#endif
#define WEFT_UNIQUE_(macro, ...) WEFT_UNIQUELY_(macro, WEFT_NUMBER_, __VA_ARGS__)
#define WEFT_UNIQUELY_(macro, n, ...) macro(n, __VA_ARGS__)

/* WEFT_CAT_(WEFT_EACH_, 3) is WEFT_EACH_3_. */
#define WEFT_CAT_(a, b) WEFT_PASTE_(a, b)
#define WEFT_PASTE_(a, b) a##b##_
#define WEFT_TEXT_(x) WEFT_QUOTE_(x)
#define WEFT_QUOTE_(x) #x

/* "worker at main.c:12", which reports name an object by. */
#define WEFT_SITE_(what) what " at " __FILE__ ":" WEFT_TEXT_(__LINE__)

#ifndef __cplusplus

#define WEFT_SAME_(a, b) __builtin_types_compatible_p(__typeof__(a), __typeof__(b))
#define WEFT_IS_VOID_(T) __builtin_types_compatible_p(T, void)

/* T, or int where T is void. */
#define WEFT_OBJECT_(T) \
    __typeof__(*__builtin_choose_expr(WEFT_IS_VOID_(T), (int *)0, (__typeof__(T) *)0))

/* p may receive a T. */
#if defined __STDC_VERSION__ && __STDC_VERSION__ >= 202311L
#define WEFT_IS_NULL_(p) (WEFT_SAME_(p, void *) || WEFT_SAME_(p, nullptr))
#else
#define WEFT_IS_NULL_(p) WEFT_SAME_(p, void *)
#endif
#define WEFT_CAN_HOLD_(p, T, call, what)                   \
    _Static_assert(WEFT_SAME_(p, T *) || WEFT_IS_NULL_(p), \
                   call ": the pointer must point to an object of the " what " type (or be NULL)")

#endif

#endif
