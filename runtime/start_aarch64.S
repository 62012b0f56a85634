/* SPDX-License-Identifier: MIT */
/* The start stub for 64-bit Arm, AAPCS64.
 *
 * Arguments are in x0-x7, in v0-v7, and at the stack pointer; variadic ones in the same places.
 * Results of at most 8 bytes are in x0 or in d0. Nothing here touches a register that a call
 * preserves, but x29 and x30, which are restored. */
#include "asm.h"
#include "start.h"

/* The caller's x29 and x30, then the capture; a multiple of 16. */
#define FRAME ((16 + WEFT_CAPTURE_SIZE + 15) / 16 * 16)
#define REGISTERS 16
#define STACK (16 + WEFT_CAPTURE_AT_STACK)
#define VARIADIC (16 + WEFT_CAPTURE_AT_VARIADIC)
#define VECTORS (16 + WEFT_CAPTURE_AT_VECTORS)
#define USED (16 + WEFT_CAPTURE_AT_VECTORS_USED)

START_STUB_POINTER(weft__start_stub)

/* Called in place of the function, with its arguments. */
FUNCTION(weft__start_stub)
    stp x29, x30, [sp, -FRAME]!
    .cfi_adjust_cfa_offset FRAME
    .cfi_rel_offset x29, 0
    .cfi_rel_offset x30, 8
    mov x29, sp
    stp x0, x1, [sp, REGISTERS]
    stp x2, x3, [sp, REGISTERS + 16]
    stp x4, x5, [sp, REGISTERS + 32]
    stp x6, x7, [sp, REGISTERS + 48]
    add x9, sp, FRAME
    str x9, [sp, STACK]
    str wzr, [sp, VARIADIC]
    orr v16.16b, v0.16b, v1.16b
    orr v17.16b, v2.16b, v3.16b
    orr v18.16b, v4.16b, v5.16b
    orr v19.16b, v6.16b, v7.16b
    orr v16.16b, v16.16b, v17.16b
    orr v18.16b, v18.16b, v19.16b
    orr v16.16b, v16.16b, v18.16b
    umaxp v16.4s, v16.4s, v16.4s        /* of each pair the greater: zero only if both are */
    fmov x9, d16
    str x9, [sp, USED]
    cbnz x9, 2f
1:  add x0, sp, 16
    bl weft__start_captured
    mov x0, 0
    fmov d0, xzr
    ldp x29, x30, [sp], FRAME
    .cfi_remember_state
    .cfi_adjust_cfa_offset -FRAME
    .cfi_restore x29
    .cfi_restore x30
    ret
    .cfi_restore_state
2:  stp q0, q1, [sp, VECTORS]
    stp q2, q3, [sp, VECTORS + 32]
    stp q4, q5, [sp, VECTORS + 64]
    stp q6, q7, [sp, VECTORS + 96]
    b 1b
END(weft__start_stub)

/* void weft__start_zero(void) */
FUNCTION(weft__start_zero)
    mov x0, 0
    mov x1, 0
    mov x2, 0
    mov x3, 0
    mov x4, 0
    mov x5, 0
    mov x6, 0
    mov x7, 0
    movi v0.2d, 0
    movi v1.2d, 0
    movi v2.2d, 0
    movi v3.2d, 0
    movi v4.2d, 0
    movi v5.2d, 0
    movi v6.2d, 0
    movi v7.2d, 0
    ret
END(weft__start_zero)

/* Brings the control word in x3 into force; a write costs more than finding that there is no
 * need. Uses x9. */
#define FP_CONTROL              \
    mrs x9, fpcr;               \
    cmp w9, w3;                 \
    b.eq 8f;                    \
    mov w9, w3;                 \
    msr fpcr, x9;               \
8:

#define ENTER                       \
    stp x29, x30, [sp, -16]!;       \
    .cfi_adjust_cfa_offset 16;      \
    .cfi_rel_offset x29, 0;         \
    .cfi_rel_offset x30, 8;         \
    mov x29, sp

#define LEAVE                       \
    ldp x29, x30, [sp], 16;         \
    .cfi_def_cfa sp, 0;             \
    .cfi_restore x29;               \
    .cfi_restore x30

/* struct weft_result weft__start_call_registers(void (*fn)(void), const struct weft_packed *head,
 *                                               const uint64_t *words, uint32_t fp_control) */
FUNCTION(weft__start_call_registers)
    FP_CONTROL
    ENTER
    ldrb w9, [x1, WEFT_PACKED_AT_REGISTERS]
    mov x10, x0
    mov x11, x2
    mov x2, 0
    mov x3, 0
    mov x4, 0
    mov x5, 0
    mov x6, 0
    mov x7, 0
    cmp w9, 4
    b.hs 2f
1:  ldp x0, x1, [x11]
    blr x10
    fmov x1, d0
    .cfi_remember_state
    LEAVE
    ret
    .cfi_restore_state
2:  ldp x2, x3, [x11, 16]
    b.eq 1b
    ldp x4, x5, [x11, 32]
    cmp w9, 6
    b.eq 1b
    ldp x6, x7, [x11, 48]
    b 1b
END(weft__start_call_registers)

/* struct weft_result weft__start_load(void (*fn)(void), const struct weft_capture *all,
 *                                     size_t stack_words) */
FUNCTION(weft__start_load)
    ldr w3, [x1, WEFT_CAPTURE_AT_FP_CONTROL]
    FP_CONTROL
    ENTER
    .cfi_def_cfa_register x29
    mov x10, x0
    mov x11, x1
    ldr x12, [x11, WEFT_CAPTURE_AT_STACK]
    add x9, x2, 1
    and x9, x9, -2
    sub sp, sp, x9, lsl 3
1:  subs x2, x2, 1
    b.lo 2f
    ldr x9, [x12, x2, lsl 3]
    str x9, [sp, x2, lsl 3]
    b 1b
2:  add x9, x11, WEFT_CAPTURE_AT_VECTORS
    ldp q0, q1, [x9]
    ldp q2, q3, [x9, 32]
    ldp q4, q5, [x9, 64]
    ldp q6, q7, [x9, 96]
    ldp x0, x1, [x11]
    ldp x2, x3, [x11, 16]
    ldp x4, x5, [x11, 32]
    ldp x6, x7, [x11, 48]
    blr x10
    fmov x1, d0
    mov sp, x29
    LEAVE
    ret
END(weft__start_load)

NOTES
