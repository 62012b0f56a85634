/* SPDX-License-Identifier: MIT */
/* Too many threads for the machine: which limit, and how to raise it, in one sentence on standard
 * error. */
#ifndef STRESS_LIMITS_H
#define STRESS_LIMITS_H

#include <stdbool.h>
#include <stddef.h>

enum { LIMITS_STACK_BYTES = 64 * 1024 }; /* what the library gives a thread that asks for nothing */

/* Can so many threads be resident at once? If not, says so. */
bool limits_allow(size_t threads);

/* The library was refused memory or stacks for so many threads: says why. stack_bytes is what each
 * stack takes of the address space. */
void limits_explain(size_t threads, size_t stack_bytes);

#endif
