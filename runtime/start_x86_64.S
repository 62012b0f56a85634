/* SPDX-License-Identifier: MIT */
/* The start stub for x86-64, System V ABI.
 *
 * Arguments are in rdi rsi rdx rcx r8 r9, in xmm0-xmm7 (no argument of a started function is wider
 * than 16 bytes), and above the return address; al says to a variadic function how many of the
 * vector registers may be in use. Results of at most 8 bytes are in rax or in xmm0. Nothing here
 * touches a register that a call preserves, but rbp, which is restored. */
#include "asm.h"
#include "start.h"

#define EXCEPTION_FLAGS 0x3f

START_STUB_POINTER(weft__start_stub)

/* Called in place of the function, with its arguments. */
FUNCTION(weft__start_stub)
    subq $WEFT_CAPTURE_SIZE, %rsp       /* leaves it aligned */
    .cfi_adjust_cfa_offset WEFT_CAPTURE_SIZE
    movl %eax, WEFT_CAPTURE_AT_VARIADIC(%rsp)
    movq %rdi, (%rsp)
    movq %rsi, 8(%rsp)
    movq %rdx, 16(%rsp)
    movq %rcx, 24(%rsp)
    movq %r8, 32(%rsp)
    movq %r9, 40(%rsp)
    leaq WEFT_CAPTURE_SIZE+8(%rsp), %rax
    movq %rax, WEFT_CAPTURE_AT_STACK(%rsp)
    movaps %xmm0, %xmm8
    orps %xmm1, %xmm8
    orps %xmm2, %xmm8
    orps %xmm3, %xmm8
    orps %xmm4, %xmm8
    orps %xmm5, %xmm8
    orps %xmm6, %xmm8
    orps %xmm7, %xmm8
    packsswb %xmm8, %xmm8               /* halves each word; none that is not zero becomes zero */
    movq %xmm8, %rax
    movq %rax, WEFT_CAPTURE_AT_VECTORS_USED(%rsp)
    testq %rax, %rax
    jne 2f
1:  movq %rsp, %rdi
    call weft__start_captured
    addq $WEFT_CAPTURE_SIZE, %rsp
    .cfi_adjust_cfa_offset -WEFT_CAPTURE_SIZE
    xorl %eax, %eax
    xorps %xmm0, %xmm0
    ret
    .cfi_adjust_cfa_offset WEFT_CAPTURE_SIZE
2:  movaps %xmm0, WEFT_CAPTURE_AT_VECTORS(%rsp)
    movaps %xmm1, WEFT_CAPTURE_AT_VECTORS+16(%rsp)
    movaps %xmm2, WEFT_CAPTURE_AT_VECTORS+32(%rsp)
    movaps %xmm3, WEFT_CAPTURE_AT_VECTORS+48(%rsp)
    movaps %xmm4, WEFT_CAPTURE_AT_VECTORS+64(%rsp)
    movaps %xmm5, WEFT_CAPTURE_AT_VECTORS+80(%rsp)
    movaps %xmm6, WEFT_CAPTURE_AT_VECTORS+96(%rsp)
    movaps %xmm7, WEFT_CAPTURE_AT_VECTORS+112(%rsp)
    jmp 1b
END(weft__start_stub)

/* void weft__start_zero(void) */
FUNCTION(weft__start_zero)
    xorl %edi, %edi
    xorl %esi, %esi
    xorl %edx, %edx
    xorl %ecx, %ecx
    xorl %r8d, %r8d
    xorl %r9d, %r9d
    xorps %xmm0, %xmm0
    xorps %xmm1, %xmm1
    xorps %xmm2, %xmm2
    xorps %xmm3, %xmm3
    xorps %xmm4, %xmm4
    xorps %xmm5, %xmm5
    xorps %xmm6, %xmm6
    xorps %xmm7, %xmm7
    ret
END(weft__start_zero)

/* Brings the control words in ecx into force, without exception flags. As in the switch, mxcsr is
 * loaded unseen and the x87 word only if it differs. Uses eax, and the stack below its pointer. */
#define FP_CONTROL                      \
    fnstcw -4(%rsp);                    \
    movzwl %cx, %eax;                   \
    andl $~EXCEPTION_FLAGS, %eax;       \
    movl %eax, -8(%rsp);                \
    ldmxcsr -8(%rsp);                   \
    shrl $16, %ecx;                     \
    cmpw -4(%rsp), %cx;                 \
    je 8f;                              \
    movw %cx, -4(%rsp);                 \
    fnclex;                             \
    fldcw -4(%rsp);                     \
8:

/* struct weft_result weft__start_call_registers(void (*fn)(void), const struct weft_packed *head,
 *                                               const uint64_t *words, uint32_t fp_control) */
FUNCTION(weft__start_call_registers)
    FP_CONTROL
    pushq %rbp
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %rbp, 0
    movq %rsp, %rbp
    movq %rdi, %r11
    movq %rdx, %r10
    xorl %edx, %edx
    xorl %ecx, %ecx
    xorl %r8d, %r8d
    xorl %r9d, %r9d
    movzbl WEFT_PACKED_AT_VARIADIC(%rsi), %eax
    cmpb $4, WEFT_PACKED_AT_REGISTERS(%rsi)
    jae 2f
1:  movq (%r10), %rdi
    movq 8(%r10), %rsi
    call *%r11
    movq %xmm0, %rdx
    popq %rbp
    .cfi_adjust_cfa_offset -8
    .cfi_restore %rbp
    ret
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %rbp, 0
2:  movq 16(%r10), %rdx
    movq 24(%r10), %rcx
    je 1b
    movq 32(%r10), %r8
    movq 40(%r10), %r9
    jmp 1b
END(weft__start_call_registers)

/* struct weft_result weft__start_load(void (*fn)(void), const struct weft_capture *all,
 *                                     size_t stack_words) */
FUNCTION(weft__start_load)
    movl WEFT_CAPTURE_AT_FP_CONTROL(%rsi), %ecx
    FP_CONTROL
    pushq %rbp
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %rbp, 0
    movq %rsp, %rbp
    .cfi_def_cfa_register %rbp
    movq %rdi, %r11
    movq %rsi, %r10
    leaq (, %rdx, 8), %rax
    subq %rax, %rsp
    andq $-16, %rsp
    movq WEFT_CAPTURE_AT_STACK(%r10), %rcx
1:  subq $1, %rdx
    jb 2f
    movq (%rcx, %rdx, 8), %rax
    movq %rax, (%rsp, %rdx, 8)
    jmp 1b
2:
    movups WEFT_CAPTURE_AT_VECTORS(%r10), %xmm0
    movups WEFT_CAPTURE_AT_VECTORS+16(%r10), %xmm1
    movups WEFT_CAPTURE_AT_VECTORS+32(%r10), %xmm2
    movups WEFT_CAPTURE_AT_VECTORS+48(%r10), %xmm3
    movups WEFT_CAPTURE_AT_VECTORS+64(%r10), %xmm4
    movups WEFT_CAPTURE_AT_VECTORS+80(%r10), %xmm5
    movups WEFT_CAPTURE_AT_VECTORS+96(%r10), %xmm6
    movups WEFT_CAPTURE_AT_VECTORS+112(%r10), %xmm7
    movzbl WEFT_CAPTURE_AT_VARIADIC(%r10), %eax
    movq (%r10), %rdi
    movq 8(%r10), %rsi
    movq 16(%r10), %rdx
    movq 24(%r10), %rcx
    movq 32(%r10), %r8
    movq 40(%r10), %r9
    call *%r11
    movq %xmm0, %rdx
    leave
    .cfi_def_cfa %rsp, 8
    .cfi_restore %rbp
    ret
END(weft__start_load)

NOTES
