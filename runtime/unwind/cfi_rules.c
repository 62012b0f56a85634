/* SPDX-License-Identifier: MIT */
#include "cfi_rules.h"

#include <string.h>

#include "cfi_number.h"

enum { RULES_REMEMBERED_MAX = 4 };

/* The instructions' machine. */
struct rules_machine {
    const struct weft_cfi_entry *entry;
    uint64_t pc;    /* whose rules are wanted */
    uint64_t place; /* the instructions seen so far are good from here on */
    uint32_t remembered_count;
    struct weft_cfi_rules rules;
    struct weft_cfi_rules initial; /* what the common instructions left */
    struct weft_cfi_rules remembered[RULES_REMEMBERED_MAX];
};

enum {
    RULES_ADVANCE = 0x40, /* these three have an operand in their low six bits */
    RULES_OFFSET = 0x80,
    RULES_RESTORE = 0xc0,
    RULES_NOP = 0x00,
    RULES_SET_LOC = 0x01,
    RULES_ADVANCE_1 = 0x02,
    RULES_ADVANCE_2 = 0x03,
    RULES_ADVANCE_4 = 0x04,
    RULES_OFFSET_EXTENDED = 0x05,
    RULES_RESTORE_EXTENDED = 0x06,
    RULES_UNDEFINED = 0x07,
    RULES_SAME_VALUE = 0x08,
    RULES_REGISTER = 0x09,
    RULES_REMEMBER = 0x0a,
    RULES_RESTORE_STATE = 0x0b,
    RULES_DEF_CFA = 0x0c,
    RULES_DEF_CFA_REGISTER = 0x0d,
    RULES_DEF_CFA_OFFSET = 0x0e,
    RULES_DEF_CFA_EXPRESSION = 0x0f,
    RULES_EXPRESSION = 0x10,
    RULES_OFFSET_EXTENDED_SF = 0x11,
    RULES_DEF_CFA_SF = 0x12,
    RULES_DEF_CFA_OFFSET_SF = 0x13,
    RULES_VAL_OFFSET = 0x14,
    RULES_VAL_OFFSET_SF = 0x15,
    RULES_VAL_EXPRESSION = 0x16,
    RULES_NEGATE_RA_STATE = 0x2d,
    RULES_ARGS_SIZE = 0x2e,
    RULES_NEGATIVE_OFFSET = 0x2f,
};

/* Registers that calls do not preserve, vectors for instance, have rules too: they are passed over. */
static void rules_set(struct rules_machine *m, uint64_t number, enum weft_cfi_how how, int64_t what)
{
    if (number >= WEFT__REGISTERS)
        return;
    m->rules.how[number] = (uint8_t)how;
    m->rules.what[number] = (int32_t)what;
}

static void rules_restore(struct rules_machine *m, uint64_t number)
{
    if (number < WEFT__REGISTERS)
        rules_set(m, number, m->initial.how[number], m->initial.what[number]);
}

/* An expression, which is passed over, as a rule names it. */
static int64_t rules_expression(const struct rules_machine *m, const uint8_t **at)
{
    const int64_t place = *at - m->entry->tables;
    const uint64_t length = weft__cfi_leb(at);

    *at += length;
    return place;
}

static void rules_advance(struct rules_machine *m, uint64_t units)
{
    m->place += units * m->entry->code_unit;
}

static void rules_frame(struct rules_machine *m, uint64_t number, int64_t offset)
{
    m->rules.frame_by_code = false;
    m->rules.frame_register = (uint32_t)number;
    m->rules.frame_offset = offset;
}

/* The instructions that say where the frame is. */
static bool rules_execute_frame(struct rules_machine *m, uint8_t what, const uint8_t **at)
{
    const int64_t unit = m->entry->data_unit;
    uint64_t number;

    switch (what) {
    case RULES_DEF_CFA:
        number = weft__cfi_leb(at);
        rules_frame(m, number, (int64_t)weft__cfi_leb(at));
        return true;
    case RULES_DEF_CFA_SF:
        number = weft__cfi_leb(at);
        rules_frame(m, number, weft__cfi_leb_signed(at) * unit);
        return true;
    case RULES_DEF_CFA_REGISTER:
        rules_frame(m, weft__cfi_leb(at), m->rules.frame_offset);
        return true;
    case RULES_DEF_CFA_OFFSET:
        rules_frame(m, m->rules.frame_register, (int64_t)weft__cfi_leb(at));
        return true;
    case RULES_DEF_CFA_OFFSET_SF:
        rules_frame(m, m->rules.frame_register, weft__cfi_leb_signed(at) * unit);
        return true;
    case RULES_DEF_CFA_EXPRESSION:
        m->rules.frame_by_code = true;
        m->rules.frame_offset = rules_expression(m, at);
        return true;
    default:
        return false;
    }
}

/* Those that begin with a register's number. */
static bool rules_execute_rule(struct rules_machine *m, uint8_t what, const uint8_t **at)
{
    const int64_t unit = m->entry->data_unit;
    const uint64_t number = weft__cfi_leb(at);

    switch (what) {
    case RULES_OFFSET_EXTENDED:
        rules_set(m, number, WEFT__CFI_SAVED, (int64_t)weft__cfi_leb(at) * unit);
        return true;
    case RULES_OFFSET_EXTENDED_SF:
        rules_set(m, number, WEFT__CFI_SAVED, weft__cfi_leb_signed(at) * unit);
        return true;
    case RULES_NEGATIVE_OFFSET:
        rules_set(m, number, WEFT__CFI_SAVED, -(int64_t)weft__cfi_leb(at) * unit);
        return true;
    case RULES_VAL_OFFSET:
        rules_set(m, number, WEFT__CFI_OFFSET, (int64_t)weft__cfi_leb(at) * unit);
        return true;
    case RULES_VAL_OFFSET_SF:
        rules_set(m, number, WEFT__CFI_OFFSET, weft__cfi_leb_signed(at) * unit);
        return true;
    case RULES_RESTORE_EXTENDED:
        rules_restore(m, number);
        return true;
    case RULES_UNDEFINED:
        rules_set(m, number, WEFT__CFI_UNDEFINED, 0);
        return true;
    case RULES_SAME_VALUE:
        rules_set(m, number, WEFT__CFI_SAME, 0);
        return true;
    case RULES_REGISTER:
        rules_set(m, number, WEFT__CFI_REGISTER, (int64_t)weft__cfi_leb(at));
        return true;
    case RULES_EXPRESSION:
        rules_set(m, number, WEFT__CFI_SAVED_BY_CODE, rules_expression(m, at));
        return true;
    case RULES_VAL_EXPRESSION:
        rules_set(m, number, WEFT__CFI_BY_CODE, rules_expression(m, at));
        return true;
    default:
        return false;
    }
}

static bool rules_remember(struct rules_machine *m)
{
    if (m->remembered_count == RULES_REMEMBERED_MAX)
        return false;
    m->remembered[m->remembered_count++] = m->rules;
    return true;
}

static bool rules_recall(struct rules_machine *m)
{
    if (m->remembered_count == 0)
        return false;
    m->rules = m->remembered[--m->remembered_count];
    return true;
}

static bool rules_execute_other(struct rules_machine *m, uint8_t what, const uint8_t **at)
{
    switch (what) {
    case RULES_NOP:
        return true;
    case RULES_SET_LOC:
        return weft__cfi_pointer(at, m->entry->encoding, m->entry->tables, &m->place);
    case RULES_ADVANCE_1:
        rules_advance(m, weft__cfi_fixed(at, 1));
        return true;
    case RULES_ADVANCE_2:
        rules_advance(m, weft__cfi_fixed(at, 2));
        return true;
    case RULES_ADVANCE_4:
        rules_advance(m, weft__cfi_fixed(at, 4));
        return true;
    case RULES_REMEMBER:
        return rules_remember(m);
    case RULES_RESTORE_STATE:
        return rules_recall(m);
    case RULES_NEGATE_RA_STATE:
        m->rules.is_signed = !m->rules.is_signed;
        return true;
    case RULES_ARGS_SIZE:
        weft__cfi_leb(at);
        return true;
    default:
        return rules_execute_frame(m, what, at) || rules_execute_rule(m, what, at);
    }
}

static bool rules_execute(struct rules_machine *m, const uint8_t **at)
{
    const uint8_t what = *(*at)++;
    const uint8_t operand = what & 0x3f;

    switch (what & 0xc0) {
    case RULES_ADVANCE:
        rules_advance(m, operand);
        return true;
    case RULES_OFFSET:
        rules_set(m, operand, WEFT__CFI_SAVED, (int64_t)weft__cfi_leb(at) * m->entry->data_unit);
        return true;
    case RULES_RESTORE:
        rules_restore(m, operand);
        return true;
    default:
        return rules_execute_other(m, what, at);
    }
}

static bool rules_run(struct rules_machine *m, struct weft_cfi_code code)
{
    while (code.at < code.end && m->place <= m->pc)
        if (!rules_execute(m, &code.at))
            return false;
    return true;
}

bool weft__cfi_rules_find(struct weft_cfi_rules *rules, const struct weft_cfi_entry *e, uint64_t pc)
{
    struct rules_machine m;

    m.entry = e;
    m.pc = pc;
    m.place = 0;
    m.remembered_count = 0;
    memset(&m.rules, 0, sizeof m.rules);
    memset(&m.initial, 0, sizeof m.initial);
    if (!rules_run(&m, e->common))
        return false;
    m.initial = m.rules;
    m.place = e->start;
    if (!rules_run(&m, e->own))
        return false;
    *rules = m.rules;
    return true;
}
