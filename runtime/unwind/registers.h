/* SPDX-License-Identifier: MIT */
/* The registers of a frame: of the function that asks, of code that a signal has interrupted. */
#ifndef WEFT_RUNTIME_REGISTERS_H
#define WEFT_RUNTIME_REGISTERS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Their numbers in the tables of call frames, on the processors where stacks are walked. */
#if defined __x86_64__ && defined __LP64__
#define WEFT__UNWIND 1
enum { WEFT__REGISTERS = 17, WEFT__REGISTER_SP = 7, WEFT__REGISTER_FP = 6 };
#elif defined __aarch64__ && defined __LP64__
#define WEFT__UNWIND 1
enum { WEFT__REGISTERS = 32, WEFT__REGISTER_SP = 31, WEFT__REGISTER_FP = 29 };
#elif defined __riscv && __riscv_xlen == 64
#define WEFT__UNWIND 1
enum { WEFT__REGISTERS = 32, WEFT__REGISTER_SP = 2, WEFT__REGISTER_FP = 8 };
#else
enum { WEFT__REGISTERS = 1, WEFT__REGISTER_SP = 0 }; /* never known */
#endif

/* What is known of a frame; zero what is not. */
struct weft_registers {
    uint64_t pc; /* zero: no frame */
    uint64_t at[WEFT__REGISTERS];
    bool pc_is_return; /* the call before it is what runs; else it is the next instruction */
};

/* The interrupted code's, from a signal handler's third argument. */
void weft__registers_of_signal(struct weft_registers *out, const void *ucontext);

/* Those of the function that this stands in: good until it returns. */
static inline __attribute__((always_inline)) void weft__registers_here(struct weft_registers *out)
{
    memset(out, 0, sizeof *out);
#if !defined WEFT__UNWIND
#elif defined __x86_64__
    __asm__ volatile("movq %%rbx, 24(%1)\n\t"
                     "movq %%rbp, 48(%1)\n\t"
                     "movq %%rsp, 56(%1)\n\t"
                     "movq %%r12, 96(%1)\n\t"
                     "movq %%r13, 104(%1)\n\t"
                     "movq %%r14, 112(%1)\n\t"
                     "movq %%r15, 120(%1)\n\t"
                     "leaq 0(%%rip), %0"
                     : "=&r"(out->pc)
                     : "r"(out->at)
                     : "memory");
#elif defined __aarch64__
    __asm__ volatile("stp x19, x20, [%1, 152]\n\t"
                     "stp x21, x22, [%1, 168]\n\t"
                     "stp x23, x24, [%1, 184]\n\t"
                     "stp x25, x26, [%1, 200]\n\t"
                     "stp x27, x28, [%1, 216]\n\t"
                     "stp x29, x30, [%1, 232]\n\t"
                     "mov %0, sp\n\t"
                     "str %0, [%1, 248]\n\t"
                     "adr %0, ."
                     : "=&r"(out->pc)
                     : "r"(out->at)
                     : "memory");
#else
    __asm__ volatile("sd ra, 8(%1)\n\t"
                     "sd sp, 16(%1)\n\t"
                     "sd s0, 64(%1)\n\t"
                     "sd s1, 72(%1)\n\t"
                     "sd s2, 144(%1)\n\t"
                     "sd s3, 152(%1)\n\t"
                     "sd s4, 160(%1)\n\t"
                     "sd s5, 168(%1)\n\t"
                     "sd s6, 176(%1)\n\t"
                     "sd s7, 184(%1)\n\t"
                     "sd s8, 192(%1)\n\t"
                     "sd s9, 200(%1)\n\t"
                     "sd s10, 208(%1)\n\t"
                     "sd s11, 216(%1)\n\t"
                     "auipc %0, 0"
                     : "=&r"(out->pc)
                     : "r"(out->at)
                     : "memory");
#endif
}

#endif
