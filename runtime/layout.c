/* SPDX-License-Identifier: MIT */
#include "layout.h"

#include <stddef.h>

#include <weft/sync.h>

#include "channels/chan.h"
#include "channels/gen.h"
#include "context.h"
#include "group.h"
#include "sched.h"
#include "thread.h"

#ifdef WEFT_HAVE_UCONTEXT
#include <ucontext.h>
#endif

#define MEMBER(of, member)                                                    \
    {                                                                         \
        .name = #of "." #member, .value = offsetof(struct weft_##of, member), \
        .size = sizeof((struct weft_##of *)0)->member                         \
    }
#define SIZE(of)                                                 \
    {                                                            \
        .name = "sizeof." #of, .value = sizeof(struct weft_##of) \
    }
#define CONSTANT(constant)                                     \
    {                                                          \
        .name = #constant, .value = (uint64_t)WEFT__##constant \
    }
#define OPERATION(constant)                                   \
    {                                                         \
        .name = #constant, .value = (uint64_t)WEFT_##constant \
    }

/* Where a context that is switched out keeps registers, named as debuggers name them: from its
 * frame, or from its ucontext. */
#define FRAME(where, reg)                                      \
    {                                                          \
        .name = "registers." #reg, .value = (where), .size = 8 \
    }
#define UCONTEXT(member, reg)                                                                  \
    {                                                                                          \
        .name = "ucontext." #reg, .value = offsetof(ucontext_t, uc_mcontext.member), .size = 8 \
    }

static const struct weft_layout_entry layout_entries[] = {
    SIZE(thread),
    MEMBER(thread, at.control),
    MEMBER(thread, at.next),
    MEMBER(thread, waits_for_end.joiner),
    MEMBER(thread, waits_for_end.generator),
    MEMBER(thread, site),
    MEMBER(thread, generation),
    MEMBER(thread, state),
    MEMBER(thread, flags),
    CONSTANT(THREAD_FREE),
    CONSTANT(THREAD_UNSTARTED),
    CONSTANT(THREAD_STARVED),
    CONSTANT(THREAD_STARTED),
    CONSTANT(THREAD_DONE),
    CONSTANT(THREAD_DETACHED),
    CONSTANT(THREAD_BODY),
    CONSTANT(THREAD_ROOT),
    CONSTANT(THREAD_NAMED),
    CONSTANT(THREAD_CANCELLED),
    CONSTANT(THREAD_SLAB),
    CONSTANT(THREAD_SLABS_MAX),
    CONSTANT(THREAD_SLOT_BITS),
    SIZE(thread_slab),
    MEMBER(thread_slab, records),
    MEMBER(thread_slab, owner),
    MEMBER(thread_slab, first_slot),
    MEMBER(thread_slab, sides),
    SIZE(thread_side),
    MEMBER(thread_side, name),
    SIZE(threads),
    MEMBER(threads, worker),
    SIZE(worker),
    MEMBER(worker, current),
    MEMBER(worker, errno_at),
    MEMBER(worker, backend),
    MEMBER(worker, tick),
    SIZE(control),
    MEMBER(control, context.sp),
    MEMBER(control, since),
    MEMBER(control, wait),
    MEMBER(control, interrupt),
    MEMBER(control, on),
    MEMBER(control, on_count),
    MEMBER(control, on_stride),
    MEMBER(control, timer.link.next),
    MEMBER(control, timer.when),
    MEMBER(control, thread),
    MEMBER(control, pool),
    MEMBER(control, base),
    CONSTANT(INTERRUPT_EXPIRED),
    SIZE(wait),
    MEMBER(wait, name),
    SIZE(list),
    MEMBER(list, next),
    SIZE(case),
    MEMBER(case, chan),
    MEMBER(case, amount),
    MEMBER(case, op),
    OPERATION(OP_SEND),
    OPERATION(OP_RECV),
    OPERATION(OP_DEFAULT),
    OPERATION(OP_TIMEOUT),
    SIZE(chan),
    MEMBER(chan, shape),
    MEMBER(chan, receivers),
    MEMBER(chan, senders),
    MEMBER(chan, site),
    CONSTANT(CHAN_CLOSED),
    SIZE(gen),
    MEMBER(gen, suspended),
    MEMBER(gen, ending),
    MEMBER(gen, body),
    MEMBER(gen, value),
    MEMBER(gen, site),
    CONSTANT(GEN_OPEN),
    SIZE(mutex),
    MEMBER(mutex, holder),
    SIZE(once),
    MEMBER(once, runner),
    SIZE(group),
    MEMBER(group, site),
    MEMBER(group, running),
    MEMBER(group, slots),
    SIZE(_group_slot),
    MEMBER(_group_slot, group),
#if defined WEFT_HAVE_REGISTERS && defined __x86_64__ /* context_x86_64.S */
    FRAME(8, r15),
    FRAME(16, r14),
    FRAME(24, r13),
    FRAME(32, r12),
    FRAME(40, rbx),
    FRAME(48, rbp),
    {.name = "sizeof.registers", .value = 56},           /* the return address is behind it */
#elif defined WEFT_HAVE_REGISTERS && defined __aarch64__ /* context_aarch64.S */
    FRAME(0, x29),
    FRAME(8, x30),
    FRAME(16, x19),
    FRAME(24, x20),
    FRAME(32, x21),
    FRAME(40, x22),
    FRAME(48, x23),
    FRAME(56, x24),
    FRAME(64, x25),
    FRAME(72, x26),
    FRAME(80, x27),
    FRAME(88, x28),
    {.name = "sizeof.registers", .value = 176},
#endif
#if defined WEFT_HAVE_UCONTEXT && defined __x86_64__
    UCONTEXT(gregs[REG_R15], r15),
    UCONTEXT(gregs[REG_R14], r14),
    UCONTEXT(gregs[REG_R13], r13),
    UCONTEXT(gregs[REG_R12], r12),
    UCONTEXT(gregs[REG_RBX], rbx),
    UCONTEXT(gregs[REG_RBP], rbp),
    UCONTEXT(gregs[REG_RSP], rsp),
    UCONTEXT(gregs[REG_RIP], rip),
#elif defined WEFT_HAVE_UCONTEXT && defined __aarch64__
    UCONTEXT(regs[19], x19),
    UCONTEXT(regs[20], x20),
    UCONTEXT(regs[21], x21),
    UCONTEXT(regs[22], x22),
    UCONTEXT(regs[23], x23),
    UCONTEXT(regs[24], x24),
    UCONTEXT(regs[25], x25),
    UCONTEXT(regs[26], x26),
    UCONTEXT(regs[27], x27),
    UCONTEXT(regs[28], x28),
    UCONTEXT(regs[29], x29),
    UCONTEXT(regs[30], x30),
    UCONTEXT(sp, sp),
    UCONTEXT(pc, pc),
#elif defined WEFT_HAVE_UCONTEXT && defined __riscv
    UCONTEXT(__gregs[0], pc),
    UCONTEXT(__gregs[1], ra),
    UCONTEXT(__gregs[2], sp),
    UCONTEXT(__gregs[8], fp),
    UCONTEXT(__gregs[9], s1),
    UCONTEXT(__gregs[18], s2),
    UCONTEXT(__gregs[19], s3),
    UCONTEXT(__gregs[20], s4),
    UCONTEXT(__gregs[21], s5),
    UCONTEXT(__gregs[22], s6),
    UCONTEXT(__gregs[23], s7),
    UCONTEXT(__gregs[24], s8),
    UCONTEXT(__gregs[25], s9),
    UCONTEXT(__gregs[26], s10),
    UCONTEXT(__gregs[27], s11),
#endif
};

const struct weft_layout weft_debug_layout_ = {
    .magic = {'w', 'e', 'f', 't', ' ', 'l', 'a', 'y', 'o', 'u', 't', '\0', '\xd7', '\x1f', '\x0a',
              '\x0d'},
    .version = WEFT__LAYOUT_VERSION,
    .count = sizeof layout_entries / sizeof layout_entries[0],
    .entries.object = layout_entries,
    .slabs.object = weft__thread_slabs,
#ifdef WEFT_HAVE_REGISTERS
    .switch_registers.function = (void (*)(void))weft__switch_registers,
#endif
#ifdef WEFT_HAVE_UCONTEXT
    .switch_ucontext.function = (void (*)(void))weft__switch_ucontext,
#endif
};
