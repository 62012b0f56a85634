/* SPDX-License-Identifier: MIT */
/* How a function's frame and its caller's registers are found at one of its instructions: what the
 * instructions in the tables of call frames add up to there (section 6.4 of the DWARF standard). */
#ifndef WEFT_RUNTIME_CFI_RULES_H
#define WEFT_RUNTIME_CFI_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "cfi_entry.h"
#include "registers.h"

enum weft_cfi_how {
    WEFT__CFI_SAME,          /* the register still holds it */
    WEFT__CFI_UNDEFINED,     /* nobody knows */
    WEFT__CFI_SAVED,         /* in memory, so many bytes above the frame's address */
    WEFT__CFI_OFFSET,        /* it is that address plus so many bytes */
    WEFT__CFI_REGISTER,      /* another register holds it */
    WEFT__CFI_SAVED_BY_CODE, /* in memory, where an expression says */
    WEFT__CFI_BY_CODE,       /* an expression says what it is */
};

/* What the instructions fill in. An expression is named by its distance from the tables. */
struct weft_cfi_rules {
    uint8_t how[WEFT__REGISTERS];
    int32_t what[WEFT__REGISTERS];
    bool frame_by_code;
    bool is_signed; /* aarch64: the return address has a signature in it */
    uint32_t frame_register;
    int64_t frame_offset; /* from that register; or the expression */
};

/* The rules at pc, which is in the entry's function; false if the instructions cannot be followed. */
bool weft__cfi_rules_find(struct weft_cfi_rules *rules, const struct weft_cfi_entry *e,
                          uint64_t pc);

#endif
