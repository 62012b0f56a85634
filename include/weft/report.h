/* SPDX-License-Identifier: MIT */
/**
 * @file
 * What the library can tell of a program that runs. docs/reports.md shows every report, and how to
 * read it.
 */
#ifndef WEFT_REPORT_H
#define WEFT_REPORT_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Writes to fd what every green thread of the calling OS thread is doing.
 *
 * For people: the state of each, what it waits for and since when, where it was started, its
 * backtrace; equal threads are written once, with a count. weft-lines makes functions and lines of
 * the backtraces. Does not park, takes no memory, and may be called by a signal handler. Whatever
 * cannot be written is lost. Cost: one pass over all threads, and the walk of their stacks.
 */
WEFT_API void weft_dump(int fd);

#ifdef __cplusplus
}
#endif

#endif
