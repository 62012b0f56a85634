/* SPDX-License-Identifier: MIT */
#include "unwind.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "base.h"
#include "cfi_entry.h"
#include "cfi_expression.h"
#include "cfi_number.h"
#include "frame.h"
#include "sanitize.h"

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

/* ---- the rules at an instruction ---- */

enum unwind_how {
    UNWIND_SAME,          /* the register still holds it */
    UNWIND_UNDEFINED,     /* nobody knows */
    UNWIND_SAVED,         /* in memory, so many bytes above the frame's address */
    UNWIND_OFFSET,        /* it is that address plus so many bytes */
    UNWIND_REGISTER,      /* another register holds it */
    UNWIND_SAVED_BY_CODE, /* in memory, where an expression says */
    UNWIND_BY_CODE,       /* an expression says what it is */
};

/* What the instructions fill in. An expression is named by its distance from the tables. */
struct unwind_rules {
    uint8_t how[WEFT__REGISTERS];
    int32_t what[WEFT__REGISTERS];
    bool frame_by_code;
    bool is_signed; /* aarch64: the return address has a signature in it */
    uint32_t frame_register;
    int64_t frame_offset; /* from that register; or the expression */
};

enum { UNWIND_REMEMBERED_MAX = 4 };

/* The instructions' machine. */
struct unwind_machine {
    const struct weft_cfi_entry *entry;
    uint64_t pc;    /* whose rules are wanted */
    uint64_t place; /* the instructions seen so far are good from here on */
    uint32_t remembered_count;
    struct unwind_rules rules;
    struct unwind_rules initial; /* what the common instructions left */
    struct unwind_rules remembered[UNWIND_REMEMBERED_MAX];
};

enum {
    UNWIND_CFA_ADVANCE = 0x40, /* these three have an operand in their low six bits */
    UNWIND_CFA_OFFSET = 0x80,
    UNWIND_CFA_RESTORE = 0xc0,
    UNWIND_CFA_NOP = 0x00,
    UNWIND_CFA_SET_LOC = 0x01,
    UNWIND_CFA_ADVANCE_1 = 0x02,
    UNWIND_CFA_ADVANCE_2 = 0x03,
    UNWIND_CFA_ADVANCE_4 = 0x04,
    UNWIND_CFA_OFFSET_EXTENDED = 0x05,
    UNWIND_CFA_RESTORE_EXTENDED = 0x06,
    UNWIND_CFA_UNDEFINED = 0x07,
    UNWIND_CFA_SAME_VALUE = 0x08,
    UNWIND_CFA_REGISTER = 0x09,
    UNWIND_CFA_REMEMBER = 0x0a,
    UNWIND_CFA_RESTORE_STATE = 0x0b,
    UNWIND_CFA_DEF_CFA = 0x0c,
    UNWIND_CFA_DEF_CFA_REGISTER = 0x0d,
    UNWIND_CFA_DEF_CFA_OFFSET = 0x0e,
    UNWIND_CFA_DEF_CFA_EXPRESSION = 0x0f,
    UNWIND_CFA_EXPRESSION = 0x10,
    UNWIND_CFA_OFFSET_EXTENDED_SF = 0x11,
    UNWIND_CFA_DEF_CFA_SF = 0x12,
    UNWIND_CFA_DEF_CFA_OFFSET_SF = 0x13,
    UNWIND_CFA_VAL_OFFSET = 0x14,
    UNWIND_CFA_VAL_OFFSET_SF = 0x15,
    UNWIND_CFA_VAL_EXPRESSION = 0x16,
    UNWIND_CFA_NEGATE_RA_STATE = 0x2d,
    UNWIND_CFA_ARGS_SIZE = 0x2e,
    UNWIND_CFA_NEGATIVE_OFFSET = 0x2f,
};

/* Registers that calls do not preserve, vectors for instance, have rules too: they are passed over. */
static void unwind_rule(struct unwind_machine *m, uint64_t number, enum unwind_how how,
                        int64_t what)
{
    if (number >= WEFT__REGISTERS)
        return;
    m->rules.how[number] = (uint8_t)how;
    m->rules.what[number] = (int32_t)what;
}

static void unwind_rule_restore(struct unwind_machine *m, uint64_t number)
{
    if (number < WEFT__REGISTERS)
        unwind_rule(m, number, m->initial.how[number], m->initial.what[number]);
}

/* An expression, which is passed over, as a rule names it. */
static int64_t unwind_expression(const struct unwind_machine *m, const uint8_t **at)
{
    const int64_t place = *at - m->entry->tables;
    const uint64_t length = weft__cfi_leb(at);

    *at += length;
    return place;
}

static void unwind_advance(struct unwind_machine *m, uint64_t units)
{
    m->place += units * m->entry->code_unit;
}

static void unwind_frame(struct unwind_machine *m, uint64_t number, int64_t offset)
{
    m->rules.frame_by_code = false;
    m->rules.frame_register = (uint32_t)number;
    m->rules.frame_offset = offset;
}

/* The instructions that say where the frame is. */
static bool unwind_execute_frame(struct unwind_machine *m, uint8_t what, const uint8_t **at)
{
    const int64_t unit = m->entry->data_unit;
    uint64_t number;

    switch (what) {
    case UNWIND_CFA_DEF_CFA:
        number = weft__cfi_leb(at);
        unwind_frame(m, number, (int64_t)weft__cfi_leb(at));
        return true;
    case UNWIND_CFA_DEF_CFA_SF:
        number = weft__cfi_leb(at);
        unwind_frame(m, number, weft__cfi_leb_signed(at) * unit);
        return true;
    case UNWIND_CFA_DEF_CFA_REGISTER:
        unwind_frame(m, weft__cfi_leb(at), m->rules.frame_offset);
        return true;
    case UNWIND_CFA_DEF_CFA_OFFSET:
        unwind_frame(m, m->rules.frame_register, (int64_t)weft__cfi_leb(at));
        return true;
    case UNWIND_CFA_DEF_CFA_OFFSET_SF:
        unwind_frame(m, m->rules.frame_register, weft__cfi_leb_signed(at) * unit);
        return true;
    case UNWIND_CFA_DEF_CFA_EXPRESSION:
        m->rules.frame_by_code = true;
        m->rules.frame_offset = unwind_expression(m, at);
        return true;
    default:
        return false;
    }
}

/* Those that begin with a register's number. */
static bool unwind_execute_rule(struct unwind_machine *m, uint8_t what, const uint8_t **at)
{
    const int64_t unit = m->entry->data_unit;
    const uint64_t number = weft__cfi_leb(at);

    switch (what) {
    case UNWIND_CFA_OFFSET_EXTENDED:
        unwind_rule(m, number, UNWIND_SAVED, (int64_t)weft__cfi_leb(at) * unit);
        return true;
    case UNWIND_CFA_OFFSET_EXTENDED_SF:
        unwind_rule(m, number, UNWIND_SAVED, weft__cfi_leb_signed(at) * unit);
        return true;
    case UNWIND_CFA_NEGATIVE_OFFSET:
        unwind_rule(m, number, UNWIND_SAVED, -(int64_t)weft__cfi_leb(at) * unit);
        return true;
    case UNWIND_CFA_VAL_OFFSET:
        unwind_rule(m, number, UNWIND_OFFSET, (int64_t)weft__cfi_leb(at) * unit);
        return true;
    case UNWIND_CFA_VAL_OFFSET_SF:
        unwind_rule(m, number, UNWIND_OFFSET, weft__cfi_leb_signed(at) * unit);
        return true;
    case UNWIND_CFA_RESTORE_EXTENDED:
        unwind_rule_restore(m, number);
        return true;
    case UNWIND_CFA_UNDEFINED:
        unwind_rule(m, number, UNWIND_UNDEFINED, 0);
        return true;
    case UNWIND_CFA_SAME_VALUE:
        unwind_rule(m, number, UNWIND_SAME, 0);
        return true;
    case UNWIND_CFA_REGISTER:
        unwind_rule(m, number, UNWIND_REGISTER, (int64_t)weft__cfi_leb(at));
        return true;
    case UNWIND_CFA_EXPRESSION:
        unwind_rule(m, number, UNWIND_SAVED_BY_CODE, unwind_expression(m, at));
        return true;
    case UNWIND_CFA_VAL_EXPRESSION:
        unwind_rule(m, number, UNWIND_BY_CODE, unwind_expression(m, at));
        return true;
    default:
        return false;
    }
}

static bool unwind_remember(struct unwind_machine *m)
{
    if (m->remembered_count == UNWIND_REMEMBERED_MAX)
        return false;
    m->remembered[m->remembered_count++] = m->rules;
    return true;
}

static bool unwind_recall(struct unwind_machine *m)
{
    if (m->remembered_count == 0)
        return false;
    m->rules = m->remembered[--m->remembered_count];
    return true;
}

static bool unwind_execute_other(struct unwind_machine *m, uint8_t what, const uint8_t **at)
{
    switch (what) {
    case UNWIND_CFA_NOP:
        return true;
    case UNWIND_CFA_SET_LOC:
        return weft__cfi_pointer(at, m->entry->encoding, m->entry->tables, &m->place);
    case UNWIND_CFA_ADVANCE_1:
        unwind_advance(m, weft__cfi_fixed(at, 1));
        return true;
    case UNWIND_CFA_ADVANCE_2:
        unwind_advance(m, weft__cfi_fixed(at, 2));
        return true;
    case UNWIND_CFA_ADVANCE_4:
        unwind_advance(m, weft__cfi_fixed(at, 4));
        return true;
    case UNWIND_CFA_REMEMBER:
        return unwind_remember(m);
    case UNWIND_CFA_RESTORE_STATE:
        return unwind_recall(m);
    case UNWIND_CFA_NEGATE_RA_STATE:
        m->rules.is_signed = !m->rules.is_signed;
        return true;
    case UNWIND_CFA_ARGS_SIZE:
        weft__cfi_leb(at);
        return true;
    default:
        return unwind_execute_frame(m, what, at) || unwind_execute_rule(m, what, at);
    }
}

static bool unwind_execute(struct unwind_machine *m, const uint8_t **at)
{
    const uint8_t what = *(*at)++;
    const uint8_t operand = what & 0x3f;

    switch (what & 0xc0) {
    case UNWIND_CFA_ADVANCE:
        unwind_advance(m, operand);
        return true;
    case UNWIND_CFA_OFFSET:
        unwind_rule(m, operand, UNWIND_SAVED, (int64_t)weft__cfi_leb(at) * m->entry->data_unit);
        return true;
    case UNWIND_CFA_RESTORE:
        unwind_rule_restore(m, operand);
        return true;
    default:
        return unwind_execute_other(m, what, at);
    }
}

static bool unwind_run(struct unwind_machine *m, struct weft_cfi_code code)
{
    while (code.at < code.end && m->place <= m->pc)
        if (!unwind_execute(m, &code.at))
            return false;
    return true;
}

/* ---- a step outwards ---- */

static bool unwind_frame_address(const struct weft_frame *f, const struct weft_cfi_entry *e,
                                 const struct unwind_rules *r, uint64_t *address)
{
    if (r->frame_by_code)
        return weft__cfi_evaluate(f, e->tables + r->frame_offset, NULL, address);
    *address = weft__frame_register(f, r->frame_register) + (uint64_t)r->frame_offset;
    return true;
}

/* What a register held in the caller. */
static bool unwind_recover(const struct weft_frame *f, const struct weft_cfi_entry *e,
                           const struct unwind_rules *r, uint64_t address, uint64_t number,
                           uint64_t *out)
{
    const int64_t what = r->what[number];
    uint64_t place = address + (uint64_t)what;

    switch (r->how[number]) {
    case UNWIND_SAME:
        *out = f->registers.at[number];
        return true;
    case UNWIND_OFFSET:
        *out = place;
        return true;
    case UNWIND_REGISTER:
        *out = weft__frame_register(f, (uint64_t)what);
        return true;
    case UNWIND_BY_CODE:
        return weft__cfi_evaluate(f, e->tables + what, &address, out);
    case UNWIND_SAVED_BY_CODE:
        return weft__cfi_evaluate(f, e->tables + what, &address, &place) &&
               weft__frame_read(f, place, sizeof *out, out);
    case UNWIND_SAVED:
        return weft__frame_read(f, place, sizeof *out, out);
    default:
        return false;
    }
}

/* Without the signature that pointer authentication has put into it. */
static uint64_t unwind_unsigned(const struct unwind_rules *r, uint64_t address)
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
                         const struct unwind_rules *r, uint64_t address)
{
    struct weft_registers next = {.pc_is_return = !e->is_signal};

    for (uint32_t i = 0; i < WEFT__REGISTERS; i++)
        if (!unwind_recover(f, e, r, address, i, &next.at[i]))
            next.at[i] = 0;
    if (r->how[WEFT__REGISTER_SP] == UNWIND_SAME)
        next.at[WEFT__REGISTER_SP] = address;
    if (!unwind_recover(f, e, r, address, e->return_number, &next.pc))
        return false;
    next.pc = unwind_unsigned(r, next.pc);
    f->registers = next;
    return true;
}

static WEFT__NOINLINE bool unwind_by_entry(struct weft_frame *f, const struct weft_cfi_entry *e,
                                           uint64_t pc)
{
    struct unwind_machine m;
    uint64_t address;

    m.entry = e;
    m.pc = pc;
    m.place = 0;
    m.remembered_count = 0;
    memset(&m.rules, 0, sizeof m.rules);
    memset(&m.initial, 0, sizeof m.initial);
    if (e->return_number >= WEFT__REGISTERS || !unwind_run(&m, e->common))
        return false;
    m.initial = m.rules;
    m.place = e->start;
    return unwind_run(&m, e->own) && unwind_frame_address(f, e, &m.rules, &address) &&
           unwind_apply(f, e, &m.rules, address);
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

/* The kernel reads a set of signals before it finds that it does not know what to do with it, and
 * says if there is none to read. */
static bool unwind_is_readable(uint64_t address)
{
    const int saved = errno;
    const long done = syscall(SYS_rt_sigprocmask, -1, address, NULL, sizeof(uint64_t));
    const bool is_readable = done < 0 && errno == EINVAL;

    errno = saved;
    return is_readable;
}

static WEFT__NOT_SANITIZED bool unwind_is_sigreturn(uint64_t pc)
{
    const size_t size = sizeof unwind_sigreturn;

    if (!unwind_is_readable(pc) || !unwind_is_readable(pc + size - sizeof(uint64_t)))
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
