/* SPDX-License-Identifier: MIT */
#include "cfi_expression.h"

#include <stddef.h>

#include "cfi_number.h"

enum {
    EXPRESSION_ADDRESS = 0x03,
    EXPRESSION_DEREF = 0x06,
    EXPRESSION_CONST_1U = 0x08,
    EXPRESSION_CONST_8S = 0x0f,
    EXPRESSION_CONSTU = 0x10,
    EXPRESSION_CONSTS = 0x11,
    EXPRESSION_DUP = 0x12,
    EXPRESSION_DROP = 0x13,
    EXPRESSION_OVER = 0x14,
    EXPRESSION_SWAP = 0x16,
    EXPRESSION_AND = 0x1a,
    EXPRESSION_MINUS = 0x1c,
    EXPRESSION_MUL = 0x1e,
    EXPRESSION_NEG = 0x1f,
    EXPRESSION_NOT = 0x20,
    EXPRESSION_OR = 0x21,
    EXPRESSION_PLUS = 0x22,
    EXPRESSION_PLUS_UCONST = 0x23,
    EXPRESSION_SHL = 0x24,
    EXPRESSION_SHR = 0x25,
    EXPRESSION_SHRA = 0x26,
    EXPRESSION_XOR = 0x27,
    EXPRESSION_EQ = 0x29,
    EXPRESSION_GE = 0x2a,
    EXPRESSION_GT = 0x2b,
    EXPRESSION_LE = 0x2c,
    EXPRESSION_LT = 0x2d,
    EXPRESSION_NE = 0x2e,
    EXPRESSION_LIT = 0x30, /* 32 of each of these three */
    EXPRESSION_BREG = 0x70,
    EXPRESSION_BREG_END = 0x90,
    EXPRESSION_BREGX = 0x92,
    EXPRESSION_DEREF_SIZE = 0x94,
    EXPRESSION_NOP = 0x96,
    EXPRESSION_LITERALS = 32,
};

enum { EXPRESSION_DEPTH_MAX = 16 };

struct expression_stack {
    const struct weft_frame *frame;
    uint32_t depth;
    uint64_t words[EXPRESSION_DEPTH_MAX];
};

static bool expression_push(struct expression_stack *s, uint64_t word)
{
    if (s->depth == EXPRESSION_DEPTH_MAX)
        return false;
    s->words[s->depth++] = word;
    return true;
}

static bool expression_pop(struct expression_stack *s, uint64_t *word)
{
    if (s->depth == 0)
        return false;
    *word = s->words[--s->depth];
    return true;
}

/* Of two words, the one that was pushed first on the left. */
static bool expression_operate(uint8_t what, uint64_t left, uint64_t right, uint64_t *out)
{
    const int64_t a = (int64_t)left, b = (int64_t)right;
    const unsigned shift = right < 64 ? (unsigned)right : 63;

    switch (what) {
    case EXPRESSION_AND:
        *out = left & right;
        return true;
    case EXPRESSION_OR:
        *out = left | right;
        return true;
    case EXPRESSION_XOR:
        *out = left ^ right;
        return true;
    case EXPRESSION_PLUS:
        *out = left + right;
        return true;
    case EXPRESSION_MINUS:
        *out = left - right;
        return true;
    case EXPRESSION_MUL:
        *out = left * right;
        return true;
    case EXPRESSION_SHL:
        *out = right < 64 ? left << shift : 0;
        return true;
    case EXPRESSION_SHR:
        *out = right < 64 ? left >> shift : 0;
        return true;
    case EXPRESSION_SHRA:
        *out = (uint64_t)(a >> shift);
        return true;
    case EXPRESSION_EQ:
        *out = a == b;
        return true;
    case EXPRESSION_NE:
        *out = a != b;
        return true;
    case EXPRESSION_GE:
        *out = a >= b;
        return true;
    case EXPRESSION_GT:
        *out = a > b;
        return true;
    case EXPRESSION_LE:
        *out = a <= b;
        return true;
    case EXPRESSION_LT:
        *out = a < b;
        return true;
    default:
        return false;
    }
}

/* Operations on the words that are there. */
static bool expression_execute_words(struct expression_stack *s, uint8_t what, const uint8_t **at)
{
    uint64_t top, below, out;

    if (!expression_pop(s, &top))
        return false;
    switch (what) {
    case EXPRESSION_DROP:
        return true;
    case EXPRESSION_DUP:
        s->depth++; /* the popped word is still there */
        return expression_push(s, top);
    case EXPRESSION_NEG:
        return expression_push(s, 0 - top);
    case EXPRESSION_NOT:
        return expression_push(s, ~top);
    case EXPRESSION_PLUS_UCONST:
        return expression_push(s, top + weft__cfi_leb(at));
    case EXPRESSION_DEREF:
        return weft__frame_read(s->frame, top, sizeof out, &out) && expression_push(s, out);
    case EXPRESSION_DEREF_SIZE: {
        const uint8_t size = *(*at)++;

        return size <= sizeof out && weft__frame_read(s->frame, top, size, &out) &&
               expression_push(s, out);
    }
    default:
        break;
    }
    if (!expression_pop(s, &below))
        return false;
    if (what == EXPRESSION_SWAP)
        return expression_push(s, top) && expression_push(s, below);
    if (what == EXPRESSION_OVER)
        return expression_push(s, below) && expression_push(s, top) && expression_push(s, below);
    return expression_operate(what, below, top, &out) && expression_push(s, out);
}

static bool expression_execute(struct expression_stack *s, const uint8_t **at)
{
    const uint8_t what = *(*at)++;

    if (what >= EXPRESSION_LIT && what < EXPRESSION_LIT + EXPRESSION_LITERALS)
        return expression_push(s, (uint64_t)(what - EXPRESSION_LIT));
    if (what >= EXPRESSION_BREG && what < EXPRESSION_BREG_END)
        return expression_push(s,
                               weft__frame_register(s->frame, (uint64_t)(what - EXPRESSION_BREG)) +
                                   (uint64_t)weft__cfi_leb_signed(at));
    if (what >= EXPRESSION_CONST_1U && what <= EXPRESSION_CONST_8S) {
        /* unsigned, signed, by size */
        const size_t size = (size_t)1 << ((what - EXPRESSION_CONST_1U) / 2);

        return expression_push(s, what % 2 == 0 ? weft__cfi_fixed(at, size)
                                                : (uint64_t)weft__cfi_fixed_signed(at, size));
    }
    switch (what) {
    case EXPRESSION_NOP:
        return true;
    case EXPRESSION_ADDRESS:
        return expression_push(s, weft__cfi_fixed(at, sizeof(uint64_t)));
    case EXPRESSION_CONSTU:
        return expression_push(s, weft__cfi_leb(at));
    case EXPRESSION_CONSTS:
        return expression_push(s, (uint64_t)weft__cfi_leb_signed(at));
    case EXPRESSION_BREGX: {
        const uint64_t number = weft__cfi_leb(at);

        return expression_push(s, weft__frame_register(s->frame, number) +
                                      (uint64_t)weft__cfi_leb_signed(at));
    }
    default:
        return expression_execute_words(s, what, at);
    }
}

bool weft__cfi_evaluate(const struct weft_frame *f, const uint8_t *at, const uint64_t *first,
                        uint64_t *out)
{
    struct expression_stack s = {.frame = f};
    const uint64_t length = weft__cfi_leb(&at);
    const uint8_t *end = at + length;

    if (first)
        expression_push(&s, *first);
    while (at < end)
        if (!expression_execute(&s, &at))
            return false;
    return expression_pop(&s, out);
}
