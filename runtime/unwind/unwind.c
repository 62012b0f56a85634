/* SPDX-License-Identifier: MIT */
#include "unwind.h"

#include <signal.h>
#include <ucontext.h>

#include "cfi_entry.h"
#include "cfi_expression.h"
#include "cfi_rules.h"
#include "frame.h"
#include "runtime/calls.h"
#include "runtime/sanitize.h"

#ifndef WEFT__UNWIND

size_t weft__unwind(const struct weft_registers *from, const void *low, const void *high,
                    uintptr_t *frames, size_t max, size_t outer)
{
    (void)from;
    (void)low;
    (void)high;
    (void)frames;
    (void)max;
    (void)outer;
    return 0;
}

#else

/* ---- a step outwards ---- */

static bool unwind_frame_address(const struct weft_frame *f, const struct weft_cfi_entry *e,
                                 const struct weft_cfi_rules *r, uint64_t *address)
{
    if (r->frame_by_code)
        return weft__cfi_evaluate(f, e->tables + r->frame_offset, NULL, address);
    *address = weft__frame_register(f, r->frame_register) + (uint64_t)r->frame_offset;
    return true;
}

/* What a register held in the caller. */
static bool unwind_recover(const struct weft_frame *f, const struct weft_cfi_entry *e,
                           const struct weft_cfi_rules *r, uint64_t address, uint64_t number,
                           uint64_t *out)
{
    const int64_t what = r->what[number];
    uint64_t place = address + (uint64_t)what;

    switch (r->how[number]) {
    case WEFT__CFI_SAME:
        *out = f->registers.at[number];
        return true;
    case WEFT__CFI_OFFSET:
        *out = place;
        return true;
    case WEFT__CFI_REGISTER:
        *out = weft__frame_register(f, (uint64_t)what);
        return true;
    case WEFT__CFI_BY_CODE:
        return weft__cfi_evaluate(f, e->tables + what, &address, out);
    case WEFT__CFI_SAVED_BY_CODE:
        return weft__cfi_evaluate(f, e->tables + what, &address, &place) &&
               weft__frame_read(f, place, sizeof *out, out);
    case WEFT__CFI_SAVED:
        return weft__frame_read(f, place, sizeof *out, out);
    default:
        return false;
    }
}

/* Without the signature that pointer authentication has put into it. */
static uint64_t unwind_unsigned(const struct weft_cfi_rules *r, uint64_t address)
{
#ifdef __aarch64__
    if (r->is_signed) {
        register uint64_t lr __asm__("x30") = address;

        __asm__("hint 7" : "+r"(lr)); /* xpaclri; nothing where it is not known */
        return lr;
    }
#endif
    (void)r;
    return address;
}

/* The caller's registers, from the frame's address. */
static bool unwind_apply(struct weft_frame *f, const struct weft_cfi_entry *e,
                         const struct weft_cfi_rules *r, uint64_t address)
{
    struct weft_registers next = {.pc_is_return = !e->is_signal};

    for (uint32_t i = 0; i < WEFT__REGISTERS; i++)
        if (!unwind_recover(f, e, r, address, i, &next.at[i]))
            next.at[i] = 0;
    if (r->how[WEFT__REGISTER_SP] == WEFT__CFI_SAME)
        next.at[WEFT__REGISTER_SP] = address;
    if (!unwind_recover(f, e, r, address, e->return_number, &next.pc))
        return false;
    next.pc = unwind_unsigned(r, next.pc);
    f->registers = next;
    return true;
}

static bool unwind_by_entry(struct weft_frame *f, const struct weft_cfi_entry *e, uint64_t pc)
{
    struct weft_cfi_rules r;
    uint64_t address;

    return e->return_number < WEFT__REGISTERS && weft__cfi_rules_find(&r, e, pc) &&
           unwind_frame_address(f, e, &r, &address) && unwind_apply(f, e, &r, address);
}

/* By the frame pointer, one step: where a function has no entry it may yet have kept one. */
static bool unwind_by_pointer(struct weft_frame *f)
{
    const uint64_t fp = f->registers.at[WEFT__REGISTER_FP];
    struct weft_registers next = {.pc_is_return = true};
#ifdef __riscv
    const uint64_t pair = fp - 16; /* it points above them */
#else
    const uint64_t pair = fp;
#endif

    if (fp < f->registers.at[WEFT__REGISTER_SP] || fp % sizeof fp != 0 ||
        !weft__frame_read(f, pair, sizeof fp, &next.at[WEFT__REGISTER_FP]) ||
        !weft__frame_read(f, pair + 8, sizeof fp, &next.pc))
        return false;
    next.at[WEFT__REGISTER_SP] = pair + 16;
    f->registers = next;
    return true;
}

/* Interrupted where there is no entry, in a linkage stub for instance: out by the return address that
 * a call leaves, if it is one. */
static bool unwind_by_call(struct weft_frame *f)
{
    struct weft_registers next = f->registers;
    struct weft_cfi_entry e;

    if (f->registers.pc_is_return)
        return false;
#if defined __x86_64__
    if (!weft__frame_read(f, next.at[WEFT__REGISTER_SP], sizeof next.pc, &next.pc))
        return false;
    next.at[WEFT__REGISTER_SP] += sizeof next.pc;
#elif defined __aarch64__
    next.pc = next.at[30];
#else
    next.pc = next.at[1];
#endif
    next.pc_is_return = true;
    if (!weft__cfi_entry_find(&e, next.pc - 1))
        return false;
    f->registers = next;
    return true;
}

/* What a handler returns to where it has no entry: musl's, the kernel's on aarch64 and riscv64. */
#if defined __x86_64__
static const uint8_t unwind_sigreturn[] = {0x48, 0xc7, 0xc0, 15, 0, 0, 0, 0x0f, 0x05};
enum { UNWIND_SIGNAL_SKIP = 0 };
#elif defined __aarch64__
static const uint8_t unwind_sigreturn[] = {0x68, 0x11, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4};
enum { UNWIND_SIGNAL_SKIP = sizeof(siginfo_t) };
#else
static const uint8_t unwind_sigreturn[] = {0x93, 0x08, 0xb0, 0x08, 0x73, 0x00, 0x00, 0x00};
enum { UNWIND_SIGNAL_SKIP = sizeof(siginfo_t) };
#endif

static WEFT__NOT_SANITIZED bool unwind_is_sigreturn(uint64_t pc)
{
    const size_t size = sizeof unwind_sigreturn;

    if (!weft__is_readable(pc) || !weft__is_readable(pc + size - sizeof(uint64_t)))
        return false;
    for (size_t i = 0; i < size; i++)
        if (((const volatile uint8_t *)(uintptr_t)pc)[i] != unwind_sigreturn[i])
            return false;
    return true;
}

static bool unwind_by_signal(struct weft_frame *f)
{
    const uint64_t at = f->registers.at[WEFT__REGISTER_SP] + UNWIND_SIGNAL_SKIP;
    const size_t size = offsetof(ucontext_t, uc_mcontext) + sizeof(mcontext_t);

    if (at < f->low || at > f->high || f->high - at < size || !unwind_is_sigreturn(f->registers.pc))
        return false;
    weft__registers_of_signal(&f->registers, (const void *)(uintptr_t)at);
    return true;
}

/* To the caller's registers; false at the end. A function that calls has its frame above its stack
 * pointer; one that was interrupted need not, where calls put nothing on the stack. */
static bool unwind_step(struct weft_frame *f)
{
    const struct weft_registers *now = &f->registers;
    const uint64_t sp = now->at[WEFT__REGISTER_SP];
    const uint64_t pc = now->pc - now->pc_is_return;
    const bool may_stay = !now->pc_is_return;
    struct weft_cfi_entry e;
    bool has_moved;

    if (weft__cfi_entry_find(&e, pc))
        has_moved = unwind_by_entry(f, &e, pc);
    else
        has_moved = unwind_by_signal(f) || unwind_by_call(f) || unwind_by_pointer(f);
    if (!has_moved || now->pc == 0)
        return false;
    if (now->at[WEFT__REGISTER_SP] < f->low || now->at[WEFT__REGISTER_SP] > f->high)
        return false;
    return may_stay ? now->at[WEFT__REGISTER_SP] >= sp : now->at[WEFT__REGISTER_SP] > sp;
}

/* ---- all of them ---- */

static void unwind_reverse(uintptr_t *frames, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        const uintptr_t kept = frames[i];

        frames[i] = frames[n - 1 - i];
        frames[n - 1 - i] = kept;
    }
}

/* The first n go to the end. */
static void unwind_rotate(uintptr_t *frames, size_t all, size_t n)
{
    unwind_reverse(frames, n);
    unwind_reverse(frames + n, all - n);
    unwind_reverse(frames, all);
}

size_t weft__unwind(const struct weft_registers *from, const void *low, const void *high,
                    uintptr_t *frames, size_t max, size_t outer)
{
    struct weft_frame f = {.registers = *from, .low = (uintptr_t)low, .high = (uintptr_t)high};
    const size_t last = outer < max ? outer : max;
    const size_t first = max - last;
    size_t n = 0;

    if (f.registers.pc == 0)
        return 0;
    do {
        if (n < first)
            frames[n] = (uintptr_t)f.registers.pc;
        else if (last > 0) /* a ring of the last ones */
            frames[first + (n - first) % last] = (uintptr_t)f.registers.pc;
        n++;
    } while (n < WEFT__FRAMES_MAX && unwind_step(&f));
    if (n > max && last > 0)
        unwind_rotate(frames + first, last, (n - first) % last);
    return n;
}

#endif
