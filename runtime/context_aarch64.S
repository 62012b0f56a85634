/* SPDX-License-Identifier: MIT */
/* The register switch for 64-bit Arm, AAPCS64.
 *
 * That a call preserves what it must, section 6.1 of the procedure call standard:
 *
 *     x19-x28 x29            saved in the frame, restored from it
 *     x30                    saved in the frame: where to go on
 *     sp                     saved in the context; the caller's again after the frame is popped
 *     d8-d15                 saved in the frame; the upper halves of v8-v15 a caller has given up
 *     FPCR                   saved in the frame; compared, loaded only if it differs
 *     x18                    the platform's; nothing here touches it
 *
 * Everything else a caller has given up: the other registers, FPSR (the exception flags, which the
 * threads of an OS thread share), the scalable vectors and predicates.
 *
 * The frame, upwards from the saved stack pointer:
 *
 *     0 x29 x30   16 x19 x20 ... 80 x27 x28   96 d8 d9 ... 144 d14 d15   160 FPCR
 *
 * The end is always a ret. A branch to another context's return address would be predicted better,
 * but where branch targets are guarded it may only go to a landing pad, and none follows a call:
 * that is a property of the caller's pages, which this file cannot know. */
#include "asm.h"
#include "switch.h"

#define FRAME 176

#define PUT(first, second, offset)           \
    stp first, second, [sp, offset];         \
    .cfi_rel_offset first, offset;           \
    .cfi_rel_offset second, offset + 8

#define GET(first, second, offset)           \
    ldp first, second, [sp, offset];         \
    .cfi_restore first;                      \
    .cfi_restore second

/* x9 holds FPCR afterwards. */
#define SAVE                                 \
    mrs x9, fpcr;                            \
    sub sp, sp, FRAME;                       \
    .cfi_adjust_cfa_offset FRAME;            \
    PUT(x29, x30, 0);                        \
    PUT(x19, x20, 16);                       \
    PUT(x21, x22, 32);                       \
    PUT(x23, x24, 48);                       \
    PUT(x25, x26, 64);                       \
    PUT(x27, x28, 80);                       \
    PUT(d8, d9, 96);                         \
    PUT(d10, d11, 112);                      \
    PUT(d12, d13, 128);                      \
    PUT(d14, d15, 144);                      \
    str x9, [sp, 160];                       \
    mov x10, sp;                             \
    str x10, [x0]

/* int weft__switch_registers(struct weft_context *from, struct weft_context *to, int result) */
FUNCTION(weft__switch_registers)
    SAVE
    .cfi_remember_state
    ldr x10, [x1]
    mov sp, x10                 /* the same frame, another stack */
    ldr x10, [sp, 160]
    cmp x9, x10
    b.ne 2f
PLACE(weft__switch_resumed)
1:  mov w0, w2
    GET(x29, x30, 0)
    GET(x19, x20, 16)
    GET(x21, x22, 32)
    GET(x23, x24, 48)
    GET(x25, x26, 64)
    GET(x27, x28, 80)
    GET(d8, d9, 96)
    GET(d10, d11, 112)
    GET(d12, d13, 128)
    GET(d14, d15, 144)
    add sp, sp, FRAME
    .cfi_adjust_cfa_offset -FRAME
    ret
    .cfi_restore_state
2:  msr fpcr, x10
    b 1b
END(weft__switch_registers)

#ifdef WEFT_HAVE_UCONTEXT
/* void weft__context_enter(struct weft_context *from, void *ucontext) */
FUNCTION(weft__context_enter)
    SAVE
    mov x0, x1
    bl setcontext
    brk 1
END(weft__context_enter)
#endif

/* void weft__context_frame(struct weft_context *c, void *stack_top, void (*entry)(void *),
 *                          void *argument) */
FUNCTION(weft__context_frame)
    and x1, x1, -16
    sub x1, x1, FRAME
    adr x9, .Lfirst
    mrs x10, fpcr
    stp xzr, x9, [x1]           /* x29: no frame further up; x30 */
    stp x2, x3, [x1, 16]       /* x19 x20 */
    stp xzr, xzr, [x1, 32]
    stp xzr, xzr, [x1, 48]
    stp xzr, xzr, [x1, 64]
    stp xzr, xzr, [x1, 80]
    stp xzr, xzr, [x1, 96]
    stp xzr, xzr, [x1, 112]
    stp xzr, xzr, [x1, 128]
    stp xzr, xzr, [x1, 144]
    str x10, [x1, 160]
    str x1, [x0]
    ret
END(weft__context_frame)

/* Where such a frame goes on: the bottom of the stack, for unwinders too. They look up the address
 * before the one returned to, which must be of this function. */
FUNCTION(weft__context_first)
    .cfi_undefined x30
    nop
.Lfirst:
    mov x0, x20
    blr x19
    brk 1
END(weft__context_first)

NOTES
