/* SPDX-License-Identifier: MIT */
/* The switch of the floor, and what a thread is while it does not run: the block that its own
 * switch has written, anywhere on its stack. Nothing else is kept of a thread.
 *
 * The register switch is inline and saves the least that the compilers allow: they are told that
 * all other registers are lost. Floating-point control words stay with the OS thread. With
 * FLOOR_UCONTEXT every switch is a bare swapcontext. */
#ifndef WEFT_FLOOR_SWITCH_H
#define WEFT_FLOOR_SWITCH_H

#include <stdint.h>

#define FLOOR_INLINE static inline __attribute__((always_inline))

#ifdef FLOOR_UCONTEXT
#include <ucontext.h>
#endif

struct floor_thread;
typedef void floor_entry(struct floor_thread *self); /* must not return */

struct floor_thread {
#ifdef FLOOR_UCONTEXT
    ucontext_t context;
    floor_entry *entry;
#else
    void *sp;           /* the offsets are known to the assembly */
    void *frame, *base; /* registers that compilers keep for themselves */
    floor_entry *pc;    /* where it goes on; at first, where it begins */
#endif
    uint64_t value; /* what it was started with, sends, or is handed */
};

#ifdef FLOOR_UCONTEXT

extern struct floor_thread *floor_to; /* of the last switch: how a thread finds its argument */

void floor_make(struct floor_thread *t, void *stack, floor_entry *entry);

FLOOR_INLINE void floor_switch(struct floor_thread *from, struct floor_thread *to)
{
    floor_to = to;
    swapcontext(&from->context, &to->context);
}

#else

/* Writes the block of a new thread, below which its stack begins. */
FLOOR_INLINE void floor_make(struct floor_thread *t, void *stack, floor_entry *entry)
{
    (void)stack;
    t->pc = entry;
#ifdef __x86_64__
    t->sp = (void **)t - 1; /* as after a call */
#else
    t->sp = t;
#endif
}

#ifdef __clang_analyzer__

/* Others run meanwhile and write what they like, which it does not see in assembly. */
void floor_switch(struct floor_thread *from, struct floor_thread *to);

#elif defined __x86_64__

#ifdef __AVX512F__
#define FLOOR_LOST_AVX512                                                                         \
    "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", "xmm25",     \
        "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31", "k1", "k2", "k3", "k4", "k5", "k6", \
        "k7",
#else
#define FLOOR_LOST_AVX512
#endif

FLOOR_INLINE void floor_switch(struct floor_thread *from, struct floor_thread *to)
{
    __asm__ volatile("leaq 1f(%%rip), %%rax\n\t"
                     "movq %%rsp, (%%rsi)\n\t"
                     "movq %%rbp, 8(%%rsi)\n\t"
                     "movq %%rbx, 16(%%rsi)\n\t"
                     "movq %%rax, 24(%%rsi)\n\t"
                     "movq (%%rdi), %%rsp\n\t"
                     "movq 8(%%rdi), %%rbp\n\t"
                     "movq 16(%%rdi), %%rbx\n\t"
                     "jmp *24(%%rdi)\n" /* an entry finds its argument in rdi */
                     "1:"
                     : "+S"(from), "+D"(to)
                     :
                     : "rax", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
                       "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",
                       "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15",
                       FLOOR_LOST_AVX512 "memory", "cc");
}

#elif defined __aarch64__

FLOOR_INLINE void floor_switch(struct floor_thread *from, struct floor_thread *to)
{
    register struct floor_thread *x0 __asm__("x0") = to; /* where an entry finds its argument */
    register struct floor_thread *x1 __asm__("x1") = from;

    __asm__ volatile("adr x16, 1f\n\t"
                     "mov x9, sp\n\t"
                     "stp x9, x29, [x1]\n\t"
                     "stp x19, x16, [x1, 16]\n\t"
                     "ldp x9, x29, [x0]\n\t"
                     "ldp x19, x16, [x0, 16]\n\t"
                     "mov sp, x9\n\t"
                     "br x16\n"   /* from x16 it may reach an entry where branches are tracked */
                     "1: hint 36" /* bti j */
                     : "+r"(x0), "+r"(x1)
                     :
                     : "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13",
                       "x14", "x15", "x16", "x17", "x18", "x20", "x21", "x22", "x23", "x24", "x25",
                       "x26", "x27", "x28", "x30", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7",
                       "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18",
                       "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29",
                       "v30", "v31", "memory", "cc");
}

#endif
#endif
#endif
