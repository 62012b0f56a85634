/* SPDX-License-Identifier: MIT */
/* What debuggers read of a process: where everything is, in one constant object.
 *
 * tools/weft-gdb.py looks at a process or at its core from outside, also where the library has no
 * debug information; this is all that the two have agreed upon. Entries are found by their names:
 * one that is not known is passed over, and what is missing is not shown. */
#ifndef WEFT_RUNTIME_LAYOUT_H
#define WEFT_RUNTIME_LAYOUT_H

#include <stdint.h>

#include <weft/base.h>

enum { WEFT__LAYOUT_VERSION = 1, WEFT__LAYOUT_NAME_BYTES = 32 };

/* "thread.state": where the member is, and its size. "sizeof.thread": the size of all. Else the
 * value of a constant. */
struct weft_layout_entry {
    char name[WEFT__LAYOUT_NAME_BYTES];
    uint64_t value;
    uint64_t size; /* zero: value is no place */
};

/* All members are eight bytes wide, so that a debugger can read it with nothing known before. */
struct weft_layout {
    char magic[16]; /* found by a search where the program has no symbols */
    uint64_t version;
    uint64_t count;
    union {
        const void *object;
        void (*function)(void);
        uint64_t word;
    } entries, slabs, switch_registers, switch_ucontext; /* the last two: 0 if there is none */
};

/* Named as what is exported, since it is found by that name. */
WEFT_API extern const struct weft_layout weft_debug_layout_;

#endif
