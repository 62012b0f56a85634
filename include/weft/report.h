/* SPDX-License-Identifier: MIT */
/**
 * @file
 * What weft says of a program that misbehaves, and how to ask for it. docs/reports.md shows every
 * report, and how to read it.
 */
#ifndef WEFT_REPORT_H
#define WEFT_REPORT_H

#include "base.h"

#if defined __GNUC__ && !defined __clang__
#pragma GCC system_header /* see base.h */
#endif

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Writes to fd what every green thread of the calling OS thread is doing.
 *
 * For people: the state of each, what it waits for and since when, where it was started, its
 * backtrace; equal threads are written once, with a count. weft-lines makes functions and lines of
 * the backtraces. Does not park. Whatever cannot be written is lost. Cost: one pass over all threads,
 * and the walk of their stacks.
 *
 * Takes no memory, and may be called by a signal handler, but for two cases. With
 * WEFT_REPORT=deadlocks it first looks for threads that wait on channels to which nobody can come, for
 * which it maps memory and reads /proc/self/maps (and costs more): a signal handler must not call it
 * then. And in static programs, with musl, and with glibc before 2.35 it finds the module of an
 * address by dl_iterate_phdr(3), which takes a lock of the loader's: in a handler that interrupts
 * dlopen(3) it may hang.
 */
WEFT_API void weft_dump(int fd);

/**
 * Chooses whether stack overflows of green threads are reported: on, unless on is 0.
 *
 * Call it before every other call of weft; later it changes nothing. WEFT_OVERFLOW=off in the
 * environment turns the report off too.
 *
 * When it is on, the first call of weft installs a handler of SIGSEGV and SIGBUS, for the whole
 * process, and each OS thread that calls weft gets an alternate signal stack (sigaltstack(2)), unless
 * it has one. A fault in the guard page of a green thread's stack is reported on standard error. Then
 * it goes on, as every other fault does at once, to the handler that was there before, with the
 * same arguments and the signal mask that it asked for; without one the program ends as it would have,
 * with the signal's exit status and a core dump. A handler that the program installs later replaces
 * this one. So it lives with hosts that have fault handlers of their own (sanitizers, Java, Go):
 * those from before the first call of weft get all that is not weft's, those from after it should
 * in turn pass on what is not theirs. Does not park.
 */
WEFT_API void weft_overflow_handler(int on);

#ifdef __cplusplus
}
#endif

#endif
