/* SPDX-License-Identifier: MIT */
/* Backtraces: the frames of a stack, found by the call-frame tables that every program carries.
 *
 * The tables (.eh_frame, in the DWARF standard's section 6.4 and the Linux Standard Base) are there in
 * stripped release builds too, and need no frame pointers. Nothing here allocates, locks or runs on the
 * stack that it walks, so a signal handler may call it; but see module.h for where the loader's lock
 * is taken.
 *
 * A stack is not trusted: nothing outside the given bounds is read, each frame must lie above the one
 * before, and what cannot be followed ends the walk. */
#ifndef WEFT_RUNTIME_UNWIND_H
#define WEFT_RUNTIME_UNWIND_H

#include <stddef.h>
#include <stdint.h>

#include "module.h"
#include "registers.h"

enum { WEFT__FRAMES_MAX = 100000 };

/* The addresses of the frames from these registers outwards: the innermost one's pc, then where each
 * goes back to. Reads memory only in [low, high), and the tables. Returns how many frames there are,
 * WEFT__FRAMES_MAX at most; if that is more than max, the first max - outer and the last `outer` are
 * stored, else all. */
size_t weft__unwind(const struct weft_registers *from, const void *low, const void *high,
                    uintptr_t *frames, size_t max, size_t outer);

#endif
