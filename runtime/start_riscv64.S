/* SPDX-License-Identifier: MIT */
/* The start stub for 64-bit RISC-V, the psABI's lp64d.
 *
 * Arguments are in a0-a7, in fa0-fa7, and at the stack pointer; variadic ones in a0-a7 and on the
 * stack. Results of at most 8 bytes are in a0 or in fa0. Nothing here touches a register that a
 * call preserves, but s0 and ra, which are restored. */
#include "asm.h"
#include "start.h"

#ifdef WEFT_HAVE_STUB

/* The capture, then the caller's s0 and ra; a multiple of 16. */
#define FRAME ((WEFT_CAPTURE_SIZE + 16 + 15) / 16 * 16)
#define STACK WEFT_CAPTURE_AT_STACK
#define FP WEFT_CAPTURE_AT_FP_CONTROL
#define VARIADIC WEFT_CAPTURE_AT_VARIADIC
#define VECTORS WEFT_CAPTURE_AT_VECTORS
#define USED WEFT_CAPTURE_AT_VECTORS_USED

#define ENTER(frame)                    \
    addi sp, sp, -(frame);              \
    .cfi_def_cfa_offset frame;          \
    sd ra, frame - 8(sp);               \
    .cfi_rel_offset ra, frame - 8;      \
    sd s0, frame - 16(sp);              \
    .cfi_rel_offset s0, frame - 16;     \
    addi s0, sp, frame

#define LEAVE(frame)                    \
    ld ra, frame - 8(sp);               \
    .cfi_restore ra;                    \
    ld s0, frame - 16(sp);              \
    .cfi_restore s0;                    \
    addi sp, sp, frame;                 \
    .cfi_def_cfa sp, 0

START_STUB_POINTER(weft__start_stub)

/* Called in place of the function, with its arguments. */
FUNCTION(weft__start_stub)
    ENTER(FRAME)
    sd a0, 0(sp)
    sd a1, 8(sp)
    sd a2, 16(sp)
    sd a3, 24(sp)
    sd a4, 32(sp)
    sd a5, 40(sp)
    sd a6, 48(sp)
    sd a7, 56(sp)
    sd s0, STACK(sp)
    sw zero, VARIADIC(sp)
    fsd fa0, VECTORS(sp)
    fsd fa1, VECTORS + 8(sp)
    fsd fa2, VECTORS + 16(sp)
    fsd fa3, VECTORS + 24(sp)
    fsd fa4, VECTORS + 32(sp)
    fsd fa5, VECTORS + 40(sp)
    fsd fa6, VECTORS + 48(sp)
    fsd fa7, VECTORS + 56(sp)
    fmv.x.d t0, fa0
    fmv.x.d t1, fa1
    or t0, t0, t1
    fmv.x.d t1, fa2
    or t0, t0, t1
    fmv.x.d t1, fa3
    or t0, t0, t1
    fmv.x.d t1, fa4
    or t0, t0, t1
    fmv.x.d t1, fa5
    or t0, t0, t1
    fmv.x.d t1, fa6
    or t0, t0, t1
    fmv.x.d t1, fa7
    or t0, t0, t1
    sd t0, USED(sp)
    mv a0, sp
    call weft__start_captured
    li a0, 0
    fmv.d.x fa0, zero
    LEAVE(FRAME)
    ret
END(weft__start_stub)

/* void weft__start_zero(void) */
FUNCTION(weft__start_zero)
    li a0, 0
    li a1, 0
    li a2, 0
    li a3, 0
    li a4, 0
    li a5, 0
    li a6, 0
    li a7, 0
    fmv.d.x fa0, zero
    fmv.d.x fa1, zero
    fmv.d.x fa2, zero
    fmv.d.x fa3, zero
    fmv.d.x fa4, zero
    fmv.d.x fa5, zero
    fmv.d.x fa6, zero
    fmv.d.x fa7, zero
    ret
END(weft__start_zero)

/* Brings the rounding mode in a3 into force; a write costs more than finding that there is no
 * need. Uses t0. */
#define FP_CONTROL      \
    frrm t0;            \
    beq t0, a3, 8f;     \
    fsrm a3;            \
8:

/* struct weft_result weft__start_call_registers(void (*fn)(void), const struct weft_packed *head,
 *                                               const uint64_t *words, uint32_t fp_control) */
FUNCTION(weft__start_call_registers)
    FP_CONTROL
    ENTER(16)
    lbu t0, WEFT_PACKED_AT_REGISTERS(a1)
    mv t1, a0
    mv t2, a2
    li a2, 0
    li a3, 0
    li a4, 0
    li a5, 0
    li a6, 0
    li a7, 0
    li t3, 4
    bgeu t0, t3, 2f
1:  ld a0, 0(t2)
    ld a1, 8(t2)
    jalr t1
    fmv.x.d a1, fa0
    .cfi_remember_state
    LEAVE(16)
    ret
    .cfi_restore_state
2:  ld a2, 16(t2)
    ld a3, 24(t2)
    beq t0, t3, 1b
    ld a4, 32(t2)
    ld a5, 40(t2)
    li t3, 6
    beq t0, t3, 1b
    ld a6, 48(t2)
    ld a7, 56(t2)
    j 1b
END(weft__start_call_registers)

/* struct weft_result weft__start_load(void (*fn)(void), const struct weft_capture *all,
 *                                     size_t stack_words) */
FUNCTION(weft__start_load)
    lwu a3, FP(a1)
    FP_CONTROL
    ENTER(16)
    .cfi_def_cfa s0, 0
    mv t1, a0
    mv t2, a1
    ld t3, STACK(t2)
    slli t0, a2, 3
    sub sp, sp, t0
    andi sp, sp, -16
    mv t4, sp
1:  beqz a2, 2f
    ld t0, 0(t3)
    sd t0, 0(t4)
    addi t3, t3, 8
    addi t4, t4, 8
    addi a2, a2, -1
    j 1b
2:  fld fa0, VECTORS(t2)
    fld fa1, VECTORS + 8(t2)
    fld fa2, VECTORS + 16(t2)
    fld fa3, VECTORS + 24(t2)
    fld fa4, VECTORS + 32(t2)
    fld fa5, VECTORS + 40(t2)
    fld fa6, VECTORS + 48(t2)
    fld fa7, VECTORS + 56(t2)
    ld a0, 0(t2)
    ld a1, 8(t2)
    ld a2, 16(t2)
    ld a3, 24(t2)
    ld a4, 32(t2)
    ld a5, 40(t2)
    ld a6, 48(t2)
    ld a7, 56(t2)
    jalr t1
    fmv.x.d a1, fa0
    addi sp, s0, -16
    .cfi_def_cfa sp, 16
    LEAVE(16)
    ret
END(weft__start_load)

#endif

NOTES
