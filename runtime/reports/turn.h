/* SPDX-License-Identifier: MIT */
/* Whose turn it is to report: one OS thread's at a time, so that texts do not mix. For handlers: a
 * turn that is long in coming is not waited for, and one that this OS thread has is not either. */
#ifndef WEFT_RUNTIME_TURN_H
#define WEFT_RUNTIME_TURN_H

#include <stdbool.h>

/* True if it is to be given back. */
bool weft__turn_take(void);

void weft__turn_give(bool taken);

/* In a fork's child: it is nobody's. */
void weft__turn_forked(void);

#endif
