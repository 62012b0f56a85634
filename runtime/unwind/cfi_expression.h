/* SPDX-License-Identifier: MIT */
/* Expressions in the tables of call frames: code for a stack of words (section 2.5 of the DWARF
 * standard), which says where something lies that no plain rule could. */
#ifndef WEFT_RUNTIME_CFI_EXPRESSION_H
#define WEFT_RUNTIME_CFI_EXPRESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "frame.h"

/* The word that the expression at `at`, which its length goes before, leaves of this frame. It begins
 * with *first, if that is not NULL. False if it cannot be followed. */
bool weft__cfi_evaluate(const struct weft_frame *f, const uint8_t *at, const uint64_t *first,
                        uint64_t *out);

#endif
