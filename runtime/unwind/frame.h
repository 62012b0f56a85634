/* SPDX-License-Identifier: MIT */
/* A frame on a stack that is walked: its registers, and how far the stack may be read. */
#ifndef WEFT_RUNTIME_FRAME_H
#define WEFT_RUNTIME_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "registers.h"

struct weft_frame {
    struct weft_registers registers;
    uintptr_t low, high; /* of its stack, or of the part that is there */
};

/* Reads up to eight bytes of the stack, with zeros above them; the only reader of a stack that is
 * walked. False, and nothing is read, if they are not all in the bounds. */
bool weft__frame_read(const struct weft_frame *f, uint64_t address, size_t size, uint64_t *out);

/* The register with this number in the tables, zero if it is none that is known. */
uint64_t weft__frame_register(const struct weft_frame *f, uint64_t number);

#endif
