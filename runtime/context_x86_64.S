/* SPDX-License-Identifier: MIT */
/* The register switch for x86-64, System V ABI.
 *
 * That a call preserves what it must, section 3.2.1 and figure 3.4 of the ABI:
 *
 *     rbx rbp r12-r15        saved in the frame, restored from it
 *     rsp                    saved in the context; the caller's again after the frame is left
 *     mxcsr, control bits    saved in the frame, restored from it
 *     x87 control word       saved in the frame; compared, loaded only if it differs
 *     direction flag, x87    clear, empty and not in MMX mode at every call and return; nothing
 *     stack and mode         here touches them
 *
 * Everything else a caller has given up: the other integer registers, all vector and mask
 * registers, the flags, the exception flags. Those in mxcsr come and go with the control bits.
 *
 * The frame, upwards from the saved stack pointer:
 *
 *     0 mxcsr   4 x87   8 r15   16 r14   24 r13   32 r12   40 rbx   48 rbp   56 return address
 *
 * It is written and read by moves: a push depends on the one before, and so does a pop. mxcsr is
 * loaded without a look at it: some processors take longer to read back what stmxcsr has just
 * written than for all the rest. The x87 word is the other way round.
 *
 * The processor predicts a return by the calls it has seen, and guesses wrong when another
 * context's return address is on top; so a return to the place that we were called from is a ret,
 * which keeps its count of calls right, and any other is a jump. */
#include "asm.h"
#include "switch.h"

#define FRAME 56

/* The control words first, below the stack pointer, where signals leave 128 bytes alone: storing
 * mxcsr takes some processors as long as all the rest. */
#define SAVE                        \
    stmxcsr -FRAME(%rsp);           \
    fnstcw 4-FRAME(%rsp);           \
    leaq -FRAME(%rsp), %rsp;        \
    .cfi_adjust_cfa_offset FRAME;   \
    movq %r15, 8(%rsp);             \
    .cfi_rel_offset %r15, 8;        \
    movq %r14, 16(%rsp);            \
    .cfi_rel_offset %r14, 16;       \
    movq %r13, 24(%rsp);            \
    .cfi_rel_offset %r13, 24;       \
    movq %r12, 32(%rsp);            \
    .cfi_rel_offset %r12, 32;       \
    movq %rbx, 40(%rsp);            \
    .cfi_rel_offset %rbx, 40;       \
    movq %rbp, 48(%rsp);            \
    .cfi_rel_offset %rbp, 48

/* int weft__switch_registers(struct weft_context *from, struct weft_context *to, int result) */
FUNCTION(weft__switch_registers)
    movq (%rsp), %r8            /* the place that we were called from */
    movl %edx, %eax
    SAVE
    .cfi_remember_state
    movzwl 4(%rsp), %edx
    movq %rsp, (%rdi)
    movq (%rsi), %rsp           /* the same frame, another stack */
    ldmxcsr (%rsp)
    cmpw 4(%rsp), %dx
    jne 3f
PLACE(weft__switch_resumed)
1:  movq 8(%rsp), %r15
    .cfi_restore %r15
    movq 16(%rsp), %r14
    .cfi_restore %r14
    movq 24(%rsp), %r13
    .cfi_restore %r13
    movq 32(%rsp), %r12
    .cfi_restore %r12
    movq 40(%rsp), %rbx
    .cfi_restore %rbx
    movq 48(%rsp), %rbp
    .cfi_restore %rbp
    leaq FRAME(%rsp), %rsp
    .cfi_adjust_cfa_offset -FRAME
    movq (%rsp), %rcx
    cmpq %r8, %rcx
    jne 2f
    ret
2:  leaq 8(%rsp), %rsp
    .cfi_adjust_cfa_offset -8
    .cfi_register %rip, %rcx
    notrack jmp *%rcx           /* no landing pad follows a call */
    .cfi_restore_state
3:  fnclex                      /* else x87 flags that get unmasked would trap */
    fldcw 4(%rsp)
    jmp 1b
END(weft__switch_registers)

#ifdef WEFT_HAVE_UCONTEXT
/* void weft__context_enter(struct weft_context *from, void *ucontext) */
FUNCTION(weft__context_enter)
    SAVE
    movq %rsp, (%rdi)
    movq %rsi, %rdi
    call setcontext@PLT         /* the frame leaves the stack aligned for it */
    ud2
END(weft__context_enter)
#endif

/* void weft__context_frame(struct weft_context *c, void *stack_top, void (*entry)(void *),
 *                          void *argument) */
FUNCTION(weft__context_frame)
    andq $-16, %rsi
    leaq .Lfirst(%rip), %rax
    xorl %r8d, %r8d
    movq %rax, -8(%rsi)
    movq %r8, -16(%rsi)         /* rbp: no frame further up */
    movq %rdx, -24(%rsi)        /* rbx */
    movq %rcx, -32(%rsi)        /* r12 */
    movq %r8, -40(%rsi)
    movq %r8, -48(%rsi)
    movq %r8, -56(%rsi)
    fnstcw -60(%rsi)
    stmxcsr -64(%rsi)
    leaq -64(%rsi), %rax
    movq %rax, (%rdi)
    ret
END(weft__context_frame)

/* Where such a frame goes on: the bottom of the stack, for unwinders too. They look up the address
 * before the one returned to, which must be of this function. */
FUNCTION(weft__context_first)
    .cfi_undefined %rip
    nop
.Lfirst:
    movq %r12, %rdi
    call *%rbx
    ud2
END(weft__context_first)

NOTES
