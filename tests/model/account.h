/* SPDX-License-Identifier: MIT */
/* What holds of a whole run, whatever the order: nothing sent is lost, made up or received twice.
 * This asks neither the library nor the reference. */
#ifndef WEFT_TESTS_MODEL_ACCOUNT_H
#define WEFT_TESTS_MODEL_ACCOUNT_H

#include "program.h"
#include "trace.h"

/* Whether each value was received exactly once, or its sender knows that nobody has it. Else the
 * sentence says what is wrong. Values of a program are unlike one another. */
bool account_holds(const struct program *p, const struct trace *trace, const char **wrong);

#endif
