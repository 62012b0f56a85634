/* SPDX-License-Identifier: MIT */
#include "registers.h"

#include <ucontext.h>

#include "runtime/sanitize.h"

#ifdef WEFT__UNWIND

WEFT__NOT_SANITIZED void weft__registers_of_signal(struct weft_registers *out, const void *ucontext)
{
    const ucontext_t *u = ucontext;

    memset(out, 0, sizeof *out);
#if defined __x86_64__
    static const uint8_t names[WEFT__REGISTERS] = {
        REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8,
        REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};

    for (int i = 0; i < WEFT__REGISTERS; i++)
        out->at[i] = (uint64_t)u->uc_mcontext.gregs[names[i]];
    out->pc = (uint64_t)u->uc_mcontext.gregs[REG_RIP];
#elif defined __aarch64__
    for (int i = 0; i < WEFT__REGISTER_SP; i++)
        out->at[i] = u->uc_mcontext.regs[i];
    out->at[WEFT__REGISTER_SP] = u->uc_mcontext.sp;
    out->pc = u->uc_mcontext.pc;
#else
    for (int i = 1; i < WEFT__REGISTERS; i++)
        out->at[i] = u->uc_mcontext.__gregs[i];
    out->pc = u->uc_mcontext.__gregs[0];
#endif
}

#else

void weft__registers_of_signal(struct weft_registers *out, const void *ucontext)
{
    (void)ucontext;
    memset(out, 0, sizeof *out);
}

#endif
