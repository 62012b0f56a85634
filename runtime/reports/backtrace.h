/* SPDX-License-Identifier: MIT */
/* Backtraces of green threads, as lines of a report: modules and offsets, which weft-lines turns into
 * functions and lines. */
#ifndef WEFT_RUNTIME_BACKTRACE_H
#define WEFT_RUNTIME_BACKTRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct weft_control;
struct weft_print;
struct weft_registers;
struct weft_worker;

/* Prints frames as weft__backtrace_trim leaves them, n of `all`, the last `outer` of those the
 * outermost, each by an address in the instruction that it is at:
 *
 *     #0 /path/prog+0x1234
 *     ... 1,180 more ...
 *     #1183 /path/prog+0x1300
 */
void weft__print_backtrace(struct weft_print *p, const uintptr_t *frames, size_t n, size_t all,
                           size_t outer);

/* The frames of a thread that is switched out, as weft__unwind stores and counts them. */
size_t weft__backtrace_parked(const struct weft_control *c, uintptr_t *frames, size_t max,
                              size_t outer);

/* The same of the thread whose stack these registers are on. */
size_t weft__backtrace_from(const struct weft_control *c, const struct weft_registers *from,
                            uintptr_t *frames, size_t max, size_t outer);

/* A backtrace as a report shows it. */
enum { WEFT__BACKTRACE_MAX = 16, WEFT__BACKTRACE_OUTER = 4 };

/* What it is taken from: whatever of the library's own is at either end. */
enum { WEFT__BACKTRACE_RAW = 48, WEFT__BACKTRACE_RAW_OUTER = 16 };

/* Takes the library's own frames away from both ends, and whatever is outside of the outer ones
 * (which an OS thread's own stack has not); those in the midst stay. The frames are those of thread
 * `c`, switched out or not: `*all` of them, stored as weft__unwind stores them, and so are those that
 * stay, at most WEFT__BACKTRACE_MAX: how many. Each is the address behind its instruction, which is a
 * call or where the thread was interrupted. There may be none: a thread's function that ended in
 * a call of the library's is gone. */
size_t weft__backtrace_trim(const struct weft_control *c, bool is_out,
                            uintptr_t frames[WEFT__BACKTRACE_RAW], size_t *all);

/* Below backtraces: what makes lines of their offsets. */
void weft__print_hint(struct weft_print *p);

/* Where the running thread `c` is, from its registers: lines as above, with the hint behind them.
 * Writes first what the text holds, before anything that may go wrong, and itself. */
void weft__print_where(struct weft_print *p, const struct weft_control *c,
                       const struct weft_registers *from);

/* Where an OS thread's own stack ends, which the worker keeps for backtraces. Not for a handler. */
const char *weft__backtrace_stack_end(void);

#endif
