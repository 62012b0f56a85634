/* SPDX-License-Identifier: MIT */
/* Runs a program on weft, choosing as its expected trace says, and compares what happens. */
#ifndef WEFT_TESTS_MODEL_RUN_H
#define WEFT_TESTS_MODEL_RUN_H

#include "program.h"
#include "trace.h"

enum { RUN_WRONG_BYTES = 160 };

/* When all structures are walked. After every run all queues are empty, and nothing is left: that
 * costs next to nothing. */
enum run_look { RUN_LOOKS_NEVER, RUN_LOOKS_AT_THE_END, RUN_LOOKS_AT_CHOICES };

/* The first difference; and what happened up to it. */
struct run_report {
    char wrong[RUN_WRONG_BYTES]; /* empty: there is none */
    struct trace actual;
};

/* Returns if the run was as expected. At the first difference it fills in the report and ends the
 * process by run_stop: what is left of the run is of no use to anybody. */
void run_program(const struct program *p, const struct trace *expected, struct run_report *report,
                 enum run_look when);

/* Does not return. _exit(1), if nobody has set another. */
extern void (*run_stop)(void);

/* For a test of the tests: closes are forgotten. */
extern bool run_forgets_closes;

#endif
