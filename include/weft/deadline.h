/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Deadlines and shields: a time limit for whatever an expression does, and the way around it.
 *
 * There are no timed forms of the calls that may park: weft_within() gives every one of them a
 * limit, and several at once a common one. What must not be cut short, by a deadline or by
 * weft_task_cancel(), stands in a weft_shield().
 */
#ifndef WEFT_DEADLINE_H
#define WEFT_DEADLINE_H

#include "base.h"

#if defined __GNUC__ && !defined __clang__
#pragma GCC system_header /* see base.h */
#endif

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Tells how much time is left: nanoseconds until the deadline that rules.
 *
 * WEFT_FOREVER: there is none, or a shield hides it. Zero: it is over. Does not park.
 */
WEFT_API int64_t weft_remaining(void);

/* For the macros alone: a deadline or shield in force, in its caller's frame. */
struct weft_deadline {
    uint64_t private_[8];
};

WEFT_API void weft_within_begin_(struct weft_deadline *deadline, int64_t ns);
WEFT_API void weft_within_end_(struct weft_deadline *deadline);
WEFT_API void weft_shield_begin_(struct weft_deadline *shield);

#ifdef __cplusplus
}
#endif

/**
 * Evaluates an expression under a deadline, and is its value: weft_within(ns, expr).
 *
 * ns: nanoseconds from now. Every call inside that may park counts against it, also in functions
 * that the expression calls, but not in threads that it starts, nor in the body of a generator that
 * it asks for a value. Once the time is over, each of them returns -ETIMEDOUT, without trying and
 * without parking; if one is parked then, it is woken with -ETIMEDOUT. What was handed over before
 * counts as done, and is reported as done. A thread that runs notices at its next calls, 64 of them
 * at the latest; where 64 take longer than a millisecond, after fewer from the second time on. With
 * ns zero or less there is no time to wait, but to try: calls do what they can do at once, and
 * return -ETIMEDOUT instead of parking. WEFT_FOREVER: no limit.
 *
 * Deadlines nest: the sooner one rules, and the end of the inner one leaves the outer one in force.
 * The value keeps its type; it may be void. return, break, continue and goto out of the expression
 * are safe, longjmp is not. Cost: one look at the clock and one timer, both ways without a system
 * call beyond the clock's.
 */
#define weft_within(ns, ...) WEFT_UNIQUE_(WEFT_WITHIN_, ns, __VA_ARGS__)

/**
 * Evaluates an expression out of reach of cancellation and of enclosing deadlines, and is its value:
 * weft_shield(expr).
 *
 * For cleanup that must block: sending a last message, waiting for what one has started. Calls
 * inside park as if nobody had cancelled the thread, and no deadline from outside ends them;
 * deadlines set inside do. What came meanwhile holds from the end of the shield on. Value, nesting
 * and leaving as with weft_within(). Cost: some stores.
 */
#define weft_shield(...) WEFT_UNIQUE_(WEFT_SHIELD_, __VA_ARGS__)

/* From here on: not for use. */
#define WEFT_WITHIN_(n, ns, ...)                                                               \
    __extension__({                                                                            \
        const int64_t weft_ns_##n = (ns);                                                      \
        __attribute__((__cleanup__(weft_within_end_))) struct weft_deadline weft_deadline_##n; \
        weft_within_begin_(&weft_deadline_##n, weft_ns_##n);                                   \
        (__VA_ARGS__);                                                                         \
    })
#define WEFT_SHIELD_(n, ...)                                                                 \
    __extension__({                                                                          \
        __attribute__((__cleanup__(weft_within_end_))) struct weft_deadline weft_shield_##n; \
        weft_shield_begin_(&weft_shield_##n);                                                \
        (__VA_ARGS__);                                                                       \
    })

#endif
