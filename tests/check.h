/* SPDX-License-Identifier: MIT */
/* What tests of the scheduler and of channels share: a fresh runtime for each, a checker that walks
 * all its structures, and a log of what happened in which order.
 *
 * Green threads assert nothing: a CMocka assertion that fails leaves by longjmp, which is right on
 * the main stack alone. They log or store what they see, and the test asserts after the run. */
#ifndef WEFT_TESTS_CHECK_H
#define WEFT_TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <weft.h>

#include "runtime/sched.h"

/* ---- a fresh runtime per test ---- */

/* The setup: no worker is left from before; the next call of weft's makes one, its clock virtual.
 * What a test changes in the table of system calls is put right at its end. */
int check_fresh(void **state);

/* The teardown: every invariant holds, main is the only thread, no stack is in use, no timer runs.
 * Ends the worker, also of a test that has failed half-way. */
int check_over(void **state);

#define check_test(test) cmocka_unit_test_setup_teardown(test, check_fresh, check_over)

/* Lets all other threads run until none can; the clock moves by one nanosecond. */
void check_settle(void);

/* Puts the clock forward, as if the running thread had computed for so long. */
void check_compute(int64_t ns);

/* Lets the runtime have address space for n more stacks of the default size, and no other. */
void check_allow_stacks(size_t n);

/* How many threads there are besides main, and how many stacks are in use. */
size_t check_threads(void);
size_t check_stacks(void);

/* ---- the checker ---- */

/* Whether a thread is running, or the scheduler is just choosing the next. */
enum check_moment { CHECK_RUNNING, CHECK_CHOOSING };

/* Walks run queue, records, control blocks, timers, pools and the watched channels. Says what is
 * wrong on standard error and makes the test fail at its end. May be called from any thread. */
bool check_now(enum check_moment moment);

/* Forgets what was found wrong: for tests of the checker. */
void check_forget(void);

/* Makes a channel known to the checker until it is freed, or the test ends. */
#define check_watch(channel) check_watch_((struct weft_chan *)(uintptr_t)(channel))
#define check_unwatch(channel) check_unwatch_((struct weft_chan *)(uintptr_t)(channel))
void check_watch_(struct weft_chan *c);
void check_unwatch_(struct weft_chan *c);

/* Installs an oracle that chooses at random, and checks at each choice. */
void check_randomly(uint64_t seed);

/* The seed that the environment gives (WEFT_TEST_SEED), else the one given here. */
uint64_t check_seed(uint64_t otherwise);

/* A number below n, at random; seeded by check_randomly, and not what the oracle answers with. */
uint32_t check_random(uint32_t n);

/* ---- the log ---- */

/* Adds to the log, as printf. */
__attribute__((format(printf, 1, 2))) void note(const char *format, ...);

/* The log so far, which it empties. */
const char *noted(void);

#define assert_noted(expected) assert_string_equal(noted(), expected)

#endif
