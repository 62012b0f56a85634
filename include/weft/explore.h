/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Exploring: runs a scenario under every schedule, or under many, and finds one in which it fails.
 *
 * A program whose threads meet in channels is right if it is right in whatever order they run. A
 * test that runs once tries one order. weft_explore() runs a function, the *scenario*, again and
 * again, and lets its threads run in another order each time, until it has tried all of them:
 *
 *     static int scenario(void *argument) { ...; return total == 3 ? 0 : 1; }
 *
 *     struct weft_explored found;
 *
 *     if (weft_explore(scenario, NULL, NULL, &found) != 0)
 *         weft_explored_print(&found, 2);
 *
 * What it finds is a *choice string* such as "0.2.1": of the threads that were ready, which one ran
 * next, and which of its ready clauses a select took, at each choice; those that are not said are 0,
 * which is first come, first served. With it the run can be had again, in a debugger, as often as
 * needed. docs/testing.md shows how.
 */
#ifndef WEFT_EXPLORE_H
#define WEFT_EXPLORE_H

#include "base.h"

#if defined __GNUC__ && !defined __clang__
#pragma GCC system_header /* see base.h */
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** How to explore. Whatever is 0 is as usual; set size to sizeof(struct weft_explore_opts). */
struct weft_explore_opts {
    size_t size;               /**< of this struct, as its user knows it */
    const char *name;          /**< of the scenario; it leads choice strings: "name:0.2.1" */
    uint64_t schedules_max;    /**< so many, and no more; 0: all there are */
    uint64_t random_schedules; /**< so many, each at random, in place of all in turn */
    uint64_t seed;             /**< of the random ones; 0: one of the time's */
    uint64_t failures_max;     /**< ends after so many that fail; 0: goes on, for the shortest */
    uint32_t choices_max;      /**< in one run, and turns in a row without a choice; more are a
                                    failure; 0: 100,000 */
    uint32_t jumps_max; /**< so often in one run a timer may be due while threads are ready */
    const char *replay; /**< a choice string: runs that schedule, and no other */
    int trace_fd;       /**< of a replay: who ran at each choice is written there; 0: not */
    int progress;       /**< not 0: after a second, shows how far it is, if standard error is a
                                terminal */
};

/** How a schedule fails. */
enum weft_explore_failure {
    WEFT_EXPLORE_GOOD,     /**< it does not */
    WEFT_EXPLORE_RETURNED, /**< the scenario returned another value than 0 */
    WEFT_EXPLORE_DEADLOCK, /**< nothing could run any more: -EDEADLK went to main's call */
    WEFT_EXPLORE_LEFT,     /**< it returned, and a thread that it had started can never end */
    WEFT_EXPLORE_LEAK,     /**< a channel, generator, group or task of its own was left */
    WEFT_EXPLORE_ENDLESS,  /**< it went on for more than choices_max */
    WEFT_EXPLORE_DIVERGED, /**< under the choices of an earlier run it met others than that */
};

/** What was found. */
struct weft_explored {
    uint64_t schedules;                /**< that were run */
    uint64_t failures;                 /**< how many of them failed */
    int is_exhausted;                  /**< 1: there are no others */
    enum weft_explore_failure failure; /**< how the one with the shortest choice string did */
    int code;                          /**< what the scenario returned then */
    uint64_t seed;                     /**< of the random ones */
    char *schedule;        /**< its choice string, with the name; NULL: none failed. free() it */
    size_t choices;        /**< the most that there were in one run */
    size_t diverged_at;    /**< DIVERGED: at which choice, counted from 0 */
    uint32_t diverged_was; /**< how many there were to choose from before; 0: in a replay */
    uint32_t diverged_is;  /**< and how many now; 0: it ended before */
};

/**
 * Runs fn(argument) under every schedule, one after another, on the calling thread, which is main.
 *
 * fn uses weft as it likes, and returns 0 if all was well. It has to make everything that it uses
 * anew, or put it back as it was, and to do the same under the same schedule: no time but
 * weft_now(), no addresses that decide, no random numbers. It has to return: neither longjmp(3), as
 * in the assertions of some test frameworks, nor an exception may leave it. When it returns, those
 * of its threads that can still run go on until they end. Whatever it has left then is a failure,
 * and is ended and freed as by weft_shutdown(). So is a deadlock; it reaches fn as -EDEADLK, as
 * after weft_deadlock_returns(). Each run begins at time 0 of a virtual clock.
 *
 * Every call that may park is a place where another ready thread may run. Time stands still while a
 * thread is ready, unless opts->jumps_max allows it to pass. The first schedule is first come,
 * first served. Nothing that fails is reported on standard error, but a mistake, an assert() that
 * fails or a crash ends the program, and says under which schedule. So does a run that goes on for
 * a hundred times opts->choices_max, with all its threads cancelled.
 *
 * opts may be NULL: all schedules, whose number grows faster than exponentially with threads and
 * calls. WEFT_REPLAY=string in the environment is opts->replay, with a trace on standard error, for
 * the first call whose opts->name leads the string, or which has none as the string has none. In a
 * replay reports are on. result may be NULL.
 *
 * Does not park, as far as other threads are concerned: there must be none. Results: 0: no schedule
 * failed; 1: at least one did; -EINVAL: fn is NULL, opts makes no sense or the choice string is
 * none, it was called by fn, or with threads or tasks besides main (generators excepted), or in a
 * weft_within() or weft_shield(); -EPERM: not by main; -ENOMEM: no memory, the result is as far as
 * it came; -EDEADLK: a thread that was left does not end when it is cancelled. Cost: about 100 ns
 * for each choice, besides what fn does.
 */
WEFT_API int weft_explore(int (*fn)(void *argument), void *argument,
                          const struct weft_explore_opts *opts, struct weft_explored *result);

/**
 * Writes what was found to fd, in one sentence or two, for people. Does not park.
 */
WEFT_API void weft_explored_print(const struct weft_explored *found, int fd);

#ifdef __cplusplus
}
#endif

#endif
