/* SPDX-License-Identifier: MIT */
/* The stacks of the floor: as large as weft's, with a guard page each, and the top page populated.
 * Where the kernel refuses either they are plain memory: the floor promises nothing. */
#ifndef WEFT_FLOOR_STACK_H
#define WEFT_FLOOR_STACK_H

#include <stddef.h>

enum { FLOOR_STACK_BYTES = 64 * 1024 };

/* Address space for n stacks, none of them taken: called before a sample, always with the same n. */
void floor_stacks_init(size_t n);

/* Makes the first n ready, so that taking them is no work for the kernel. */
void floor_stacks_reserve(size_t n);

/* The base of one: the last that was given back, or a new one. */
void *floor_stack_take(void);

/* Gives back the stack that the address is in, which may be the caller's own until it switches. */
void floor_stack_give(void *inside);

/* Below which address a stack may be filled. */
void *floor_stack_top(void *stack);

#endif
