/* SPDX-License-Identifier: MIT */
/* The tables of call frames, made by hand: what compilers hardly ever write is read, too, and what
 * cannot be followed is refused. The walks of stacks by compilers' tables are test_unwind.c's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "runtime/unwind/cfi_entry.h"
#include "runtime/unwind/cfi_expression.h"
#include "runtime/unwind/cfi_number.h"
#include "runtime/unwind/cfi_rules.h"
#include "runtime/unwind/module.h"

enum { FUNCTION = 16, FUNCTION_BYTES = 48 };

/* A module: its tables, and where its code would be. */
static struct {
    uint8_t tables[256];
    uint8_t entries[256];
    uint8_t code[256];
} image;

static uint8_t *at; /* what comes next is put here */
static bool has_module, has_tables;

/* Stands in for the search in what is loaded. */
bool weft__unwind_module(uintptr_t address, struct weft_module *out)
{
    (void)address;
    *out = (struct weft_module){.tables = has_tables ? image.tables : NULL};
    return has_module;
}

static uint64_t code_at(size_t offset)
{
    return (uintptr_t)(image.code + offset);
}

static void put(uint64_t value, size_t size)
{
    memcpy(at, &value, size);
    at += size;
}

#define PUT_BYTES(...)                               \
    do {                                             \
        const uint8_t bytes[] = {__VA_ARGS__};       \
        for (size_t i_ = 0; i_ < sizeof bytes; i_++) \
            *at++ = bytes[i_];                       \
    } while (0)

static void put_leb(uint64_t value)
{
    while (value >= 0x80) {
        *at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *at++ = (uint8_t)value;
}

/* A number stored as an encoding says, which must be of those that are known. */
static void put_stored(uint8_t encoding, uint64_t value)
{
    switch (encoding & WEFT__CFI_FORMAT) {
    case WEFT__CFI_LEB:
    case WEFT__CFI_LEB_SIGNED:
        for (int i = 0; i < 9; i++, value >>= 7)
            *at++ = (uint8_t)(value | 0x80);
        *at++ = (uint8_t)(value & 1 ? 0x7f : 0); /* bit 63, and the same above it */
        break;
    case WEFT__CFI_UNSIGNED_2:
    case WEFT__CFI_SIGNED_2:
        put(value, 2);
        break;
    case WEFT__CFI_UNSIGNED_4:
    case WEFT__CFI_SIGNED_4:
        put(value, 4);
        break;
    default:
        put(value, 8);
    }
}

static void put_pointer(uint8_t encoding, uint64_t target)
{
    uint64_t base = 0;

    if ((encoding & WEFT__CFI_RELATIVE) == WEFT__CFI_TO_ITSELF)
        base = (uintptr_t)at;
    if ((encoding & WEFT__CFI_RELATIVE) == WEFT__CFI_TO_TABLES)
        base = (uintptr_t)image.tables;
    put_stored(encoding, target - base);
}

/* How an entry departs from the usual. */
struct variety {
    const char *letters; /* "zR" */
    uint8_t version;     /* 1 */
    uint8_t encoding;    /* relative to itself, four bytes */
    uint8_t personality; /* its encoding, with a P among the letters */
    bool is_long;        /* with lengths of eight bytes */
    bool is_common;      /* it says that it is a common one */
};

static uint8_t *length_begins(const struct variety *v)
{
    uint8_t *self = at;

    put(UINT32_MAX, 4);
    if (v->is_long)
        put(0, 8);
    return self;
}

static void length_ends(const struct variety *v, uint8_t *self)
{
    uint64_t length;

    if (v->is_long) {
        length = (uint64_t)(at - self - 12);
        memcpy(self + 4, &length, 8);
    } else {
        length = (uint64_t)(at - self - 4);
        memcpy(self, &length, 4);
    }
}

static void put_augmentation(const struct variety *v)
{
    uint8_t *length = at++;

    for (const char *letter = v->letters + 1; *letter; letter++) {
        if (*letter == 'R')
            put(v->encoding, 1);
        if (*letter == 'L')
            put(0, 1);
        if (*letter == 'P') {
            put(v->personality, 1);
            put_stored(v->personality, 0);
        }
    }
    *length = (uint8_t)(at - length - 1);
}

/* A module with one function's entry, whose table has one row. */
static void make(struct variety v)
{
    uint8_t *common, *entry, *self;
    int32_t back;

    if (!v.letters)
        v.letters = "zR";
    if (!v.version)
        v.version = 1;
    if (!v.encoding)
        v.encoding = WEFT__CFI_TO_ITSELF | WEFT__CFI_SIGNED_4;
    memset(&image, 0, sizeof image);
    has_module = has_tables = true;

    common = at = image.entries;
    self = length_begins(&v);
    put(0, 4);
    put(v.version, 1);
    memcpy(at, v.letters, strlen(v.letters) + 1);
    at += strlen(v.letters) + 1;
    put_leb(2);      /* the unit of advances */
    PUT_BYTES(0x78); /* and of offsets: -8 */
    put_leb(16);     /* the return address's register */
    if (v.letters[0] == 'z')
        put_augmentation(&v);
    PUT_BYTES(0x0c, 7, 8); /* the frame is at 8 above register 7 */
    length_ends(&v, self);

    entry = at;
    self = length_begins(&v);
    back = v.is_common ? 0 : (int32_t)(at - common);
    put((uint64_t)back, 4);
    put_pointer(v.encoding, code_at(FUNCTION));
    put_stored(v.encoding, FUNCTION_BYTES);
    if (v.letters[0] == 'z')
        put_leb(0);
    PUT_BYTES(0x0e, 32); /* at 32 above it */
    length_ends(&v, self);

    at = image.tables;
    PUT_BYTES(1, WEFT__CFI_TO_ITSELF | WEFT__CFI_SIGNED_4, WEFT__CFI_UNSIGNED_4,
              WEFT__CFI_TO_TABLES | WEFT__CFI_SIGNED_4);
    put_pointer(image.tables[1], (uintptr_t)image.entries);
    put(1, 4);
    put(code_at(FUNCTION) - (uintptr_t)image.tables, 4);
    put((uint64_t)(entry - image.tables), 4);
}

static void assert_found(void)
{
    struct weft_cfi_entry e;
    struct weft_cfi_rules rules;

    assert_true(weft__cfi_entry_find(&e, code_at(FUNCTION + 5)));
    assert_int_equal(e.start, code_at(FUNCTION));
    assert_int_equal(e.bytes, FUNCTION_BYTES);
    assert_int_equal(e.code_unit, 2);
    assert_int_equal(e.data_unit, -8);
    assert_int_equal(e.return_number, 16);
    assert_true(weft__cfi_rules_find(&rules, &e, code_at(FUNCTION + 5)));
    assert_int_equal(rules.frame_register, 7);
    assert_int_equal(rules.frame_offset, 32);
}

static void assert_none(void)
{
    struct weft_cfi_entry e;

    assert_false(weft__cfi_entry_find(&e, code_at(FUNCTION + 5)));
}

/* ---- entries ---- */

static void an_entry_is_found_from_its_functions_first_byte_to_its_last(void **state)
{
    struct weft_cfi_entry e;

    (void)state;
    make((struct variety){0});
    assert_found();
    assert_true(weft__cfi_entry_find(&e, code_at(FUNCTION)));
    assert_true(weft__cfi_entry_find(&e, code_at(FUNCTION + FUNCTION_BYTES - 1)));
    assert_false(weft__cfi_entry_find(&e, code_at(FUNCTION - 1)));
    assert_false(weft__cfi_entry_find(&e, code_at(FUNCTION + FUNCTION_BYTES)));
}

static void addresses_are_read_in_every_encoding(void **state)
{
    static const uint8_t encodings[] = {
        WEFT__CFI_TO_ITSELF | WEFT__CFI_LEB_SIGNED, WEFT__CFI_TO_ITSELF | WEFT__CFI_UNSIGNED_2,
        WEFT__CFI_TO_ITSELF | WEFT__CFI_SIGNED_2,   WEFT__CFI_TO_ITSELF | WEFT__CFI_UNSIGNED_4,
        WEFT__CFI_TO_ITSELF | WEFT__CFI_SIGNED_8,   WEFT__CFI_TO_TABLES | WEFT__CFI_LEB,
        WEFT__CFI_TO_TABLES | WEFT__CFI_SIGNED_4,   WEFT__CFI_ABSOLUTE | WEFT__CFI_LEB,
        WEFT__CFI_ABSOLUTE | WEFT__CFI_UNSIGNED_8,
    };

    (void)state;
    for (size_t i = 0; i < sizeof encodings; i++) {
        make((struct variety){.encoding = encodings[i]});
        assert_found();
    }
    make((struct variety){.letters = "",
                          .encoding = WEFT__CFI_UNSIGNED_8}); /* it cannot say which */
    assert_found();
}

static void long_entries_and_both_versions_are_read(void **state)
{
    (void)state;
    make((struct variety){.is_long = true});
    assert_found();
    make((struct variety){.version = 3});
    assert_found();
    make((struct variety){.version = 2});
    assert_none();
}

static void what_an_entry_has_besides_is_passed_over(void **state)
{
    static const uint8_t personalities[] = {WEFT__CFI_TO_ITSELF | WEFT__CFI_SIGNED_4, WEFT__CFI_LEB,
                                            WEFT__CFI_SIGNED_2, WEFT__CFI_UNSIGNED_8};
    struct weft_cfi_entry e;

    (void)state;
    for (size_t i = 0; i < sizeof personalities; i++) {
        make((struct variety){.letters = "zPLR", .personality = personalities[i]});
        assert_found();
    }
    make((struct variety){.letters = "zRBGS"});
    assert_found();
    assert_true(weft__cfi_entry_find(&e, code_at(FUNCTION)));
    assert_true(e.is_signal);
}

static void what_an_entry_has_and_nobody_knows_makes_it_unreadable(void **state)
{
    (void)state;
    make((struct variety){.letters = "zRX"});
    assert_none();
    make((struct variety){.letters = "eh"});
    assert_none();
    make((struct variety){.letters = "zPR", .personality = WEFT__CFI_FORMAT});
    assert_none();
    make((struct variety){.encoding = WEFT__CFI_FORMAT});
    assert_none();
    make((struct variety){.encoding = 0x20 | WEFT__CFI_UNSIGNED_4}); /* relative to the code */
    assert_none();
    make((struct variety){.is_common = true});
    assert_none();
}

static void a_table_that_cannot_be_searched_finds_nothing(void **state)
{
    struct weft_cfi_entry e;

    (void)state;
    make((struct variety){0});
    has_tables = false;
    assert_none();
    make((struct variety){0});
    has_module = false;
    assert_none();
    make((struct variety){0});
    image.tables[0] = 2;
    assert_none();
    make((struct variety){0});
    image.tables[1] = WEFT__CFI_FORMAT;
    assert_none();
    make((struct variety){0});
    image.tables[2] = WEFT__CFI_OMITTED;
    assert_none();
    make((struct variety){0});
    image.tables[2] = WEFT__CFI_FORMAT;
    assert_none();
    make((struct variety){0});
    image.tables[3] = WEFT__CFI_SIGNED_4;
    assert_none();
    make((struct variety){0});
    memset(image.tables + 8, 0, 4); /* no rows */
    assert_none();
    make((struct variety){0}); /* all of that was this one's */
    assert_true(weft__cfi_entry_find(&e, code_at(FUNCTION)));
}

/* ---- rules ---- */

#define CODE(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

static struct weft_cfi_rules rules;

/* The rules so many bytes into a function with these instructions. Registers 3 and the frame's have
 * some from the common ones. */
static bool run(size_t offset, const uint8_t *code, size_t size)
{
    static const uint8_t common[] = {0x0c, 7, 8, 0x83, 2};
    struct weft_cfi_entry e = {
        .tables = image.code,
        .start = code_at(FUNCTION),
        .bytes = FUNCTION_BYTES,
        .common = {common, common + sizeof common},
        .code_unit = 2,
        .data_unit = -8,
        .encoding = WEFT__CFI_ABSOLUTE,
    };

    memcpy(image.code, code, size);
    e.own = (struct weft_cfi_code){image.code, image.code + size};
    return weft__cfi_rules_find(&rules, &e, code_at(FUNCTION + offset));
}

static void assert_rule(unsigned number, enum weft_cfi_how how, int32_t what)
{
    assert_int_equal(rules.how[number], how);
    assert_int_equal(rules.what[number], what);
}

static void each_instruction_makes_its_rule(void **state)
{
    static const struct {
        uint8_t code[4];
        size_t size;
        enum weft_cfi_how how;
        int32_t what;
    } rows[] = {
        {{0x85, 3}, 2, WEFT__CFI_SAVED, -24},
        {{0x05, 5, 3}, 3, WEFT__CFI_SAVED, -24},
        {{0x11, 5, 0x7d}, 3, WEFT__CFI_SAVED, 24}, /* -3 */
        {{0x2f, 5, 3}, 3, WEFT__CFI_SAVED, 24},
        {{0x14, 5, 3}, 3, WEFT__CFI_OFFSET, -24},
        {{0x15, 5, 0x7d}, 3, WEFT__CFI_OFFSET, 24},
        {{0x07, 5}, 2, WEFT__CFI_UNDEFINED, 0},
        {{0x08, 5}, 2, WEFT__CFI_SAME, 0},
        {{0x09, 5, 6}, 3, WEFT__CFI_REGISTER, 6},
        {{0x10, 5, 1, 0x96}, 4, WEFT__CFI_SAVED_BY_CODE, 2},
        {{0x16, 5, 1, 0x96}, 4, WEFT__CFI_BY_CODE, 2},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(run(0, rows[i].code, rows[i].size));
        assert_rule(5, rows[i].how, rows[i].what);
        assert_rule(3, WEFT__CFI_SAVED, -16);
    }
}

static void a_register_gets_back_its_first_rule(void **state)
{
    (void)state;
    assert_true(run(0, CODE(0x07, 3)));
    assert_rule(3, WEFT__CFI_UNDEFINED, 0);
    assert_true(run(0, CODE(0x07, 3, 0xc3)));
    assert_rule(3, WEFT__CFI_SAVED, -16);
    assert_true(run(0, CODE(0x07, 3, 0x06, 3)));
    assert_rule(3, WEFT__CFI_SAVED, -16);
    assert_true(run(0, CODE(0x07, 3, 0x06, 0x7f))); /* another, which is not known */
    assert_rule(3, WEFT__CFI_UNDEFINED, 0);
}

static void registers_that_nobody_follows_are_passed_over(void **state)
{
    struct weft_cfi_rules without;

    (void)state;
    assert_true(run(0, CODE(0x00)));
    without = rules;
    assert_true(run(0, CODE(0x05, 0x7f, 3, 0x07, 0x7f, 0x00)));
    assert_memory_equal(&rules, &without, sizeof rules);
}

static void assert_frame(uint32_t number, int64_t offset)
{
    assert_false(rules.frame_by_code);
    assert_int_equal(rules.frame_register, number);
    assert_int_equal(rules.frame_offset, offset);
}

static void each_instruction_moves_the_frame(void **state)
{
    (void)state;
    assert_true(run(0, CODE(0x0c, 6, 40)));
    assert_frame(6, 40);
    assert_true(run(0, CODE(0x12, 6, 0x7d)));
    assert_frame(6, 24);
    assert_true(run(0, CODE(0x0d, 6)));
    assert_frame(6, 8);
    assert_true(run(0, CODE(0x0e, 40)));
    assert_frame(7, 40);
    assert_true(run(0, CODE(0x13, 0x7d)));
    assert_frame(7, 24);
    assert_true(run(0, CODE(0x0f, 1, 0x96)));
    assert_true(rules.frame_by_code);
    assert_int_equal(rules.frame_offset, 1);
}

static void instructions_hold_from_their_place_on(void **state)
{
    const uint64_t there = code_at(FUNCTION + 10);
    uint8_t set[12] = {0x01};

    (void)state;
    assert_true(run(9, CODE(0x45, 0x0e, 40)));
    assert_frame(7, 8);
    assert_true(run(10, CODE(0x45, 0x0e, 40)));
    assert_frame(7, 40);
    assert_true(run(9, CODE(0x02, 5, 0x0e, 40)));
    assert_frame(7, 8);
    assert_true(run(10, CODE(0x03, 5, 0, 0x0e, 40)));
    assert_frame(7, 40);
    assert_true(run(9, CODE(0x04, 5, 0, 0, 0, 0x0e, 40)));
    assert_frame(7, 8);
    memcpy(set + 1, &there, sizeof there);
    set[9] = 0x0e;
    set[10] = 40;
    assert_true(run(9, set, sizeof set));
    assert_frame(7, 8);
    assert_true(run(10, set, sizeof set));
    assert_frame(7, 40);
}

static void four_states_are_remembered_and_no_fifth(void **state)
{
    (void)state;
    assert_true(run(0, CODE(0x0a, 0x0e, 16, 0x0a, 0x0e, 24, 0x0a, 0x0e, 32, 0x0a, 0x0e, 40)));
    assert_frame(7, 40);
    assert_true(run(0, CODE(0x0a, 0x0e, 16, 0x0a, 0x0e, 24, 0x0b)));
    assert_frame(7, 16);
    assert_true(run(0, CODE(0x0a, 0x0e, 16, 0x0a, 0x0e, 24, 0x0b, 0x0b)));
    assert_frame(7, 8);
    assert_true(run(0, CODE(0x0a, 0x0a, 0x0a, 0x0a)));
    assert_false(run(0, CODE(0x0a, 0x0a, 0x0a, 0x0a, 0x0a)));
    assert_false(run(0, CODE(0x0a, 0x0b, 0x0b)));
}

static void other_instructions_change_no_register(void **state)
{
    (void)state;
    assert_true(run(0, CODE(0x2e, 16, 0x0e, 40)));
    assert_frame(7, 40);
    assert_true(run(0, CODE(0x2d)));
    assert_true(rules.is_signed);
    assert_true(run(0, CODE(0x2d, 0x2d)));
    assert_false(rules.is_signed);
}

static void what_cannot_be_followed_makes_no_rules(void **state)
{
    static const uint8_t unknown[] = {0x3f, 0};
    struct weft_cfi_entry e = {.tables = image.code, .common = {unknown, unknown + sizeof unknown}};

    (void)state;
    assert_false(run(0, CODE(0x3f, 0)));
    assert_true(run(9, CODE(0x45, 0x3f, 0))); /* behind the place in question */
    assert_false(weft__cfi_rules_find(&rules, &e, 0));
    e.common.end = e.common.at;
    assert_true(weft__cfi_rules_find(&rules, &e, 0));
}

/* ---- expressions ---- */

static const uint64_t words[2] = {UINT64_C(0x8877665544332211), 7};

/* The frame has `words` for its stack, and a number of its own in each register. */
static bool evaluate(const uint64_t *first, uint64_t *out, const uint8_t *code, size_t size)
{
    struct weft_frame f = {.low = (uintptr_t)words, .high = (uintptr_t)(words + 2)};

    for (size_t i = 0; i < WEFT__REGISTERS; i++)
        f.registers.at[i] = 1000 + i;
    at = image.entries;
    put_leb(size);
    memcpy(at, code, size);
    return weft__cfi_evaluate(&f, image.entries, first, out);
}

static void assert_value(uint64_t value, const uint8_t *code, size_t size)
{
    uint64_t out = ~value;

    assert_true(evaluate(NULL, &out, code, size));
    assert_int_equal(out, value);
}

/* Of two words on the stack, the first below. */
static void assert_operation(uint8_t what, uint64_t left, uint64_t right, uint64_t value)
{
    uint8_t code[19] = {0x0e};

    code[9] = 0x0e;
    memcpy(code + 1, &left, 8);
    memcpy(code + 10, &right, 8);
    code[18] = what;
    assert_value(value, code, sizeof code);
}

static void constants_of_every_size_are_pushed(void **state)
{
    (void)state;
    assert_value(0, CODE(0x30));
    assert_value(31, CODE(0x4f));
    assert_value(0x1234567890abcdef, CODE(0x03, 0xef, 0xcd, 0xab, 0x90, 0x78, 0x56, 0x34, 0x12));
    assert_value(0xff, CODE(0x08, 0xff));
    assert_value(~UINT64_C(0), CODE(0x09, 0xff));
    assert_value(0x8001, CODE(0x0a, 0x01, 0x80));
    assert_value(~UINT64_C(0x7ffe), CODE(0x0b, 0x01, 0x80));
    assert_value(0x80000001, CODE(0x0c, 0x01, 0, 0, 0x80));
    assert_value(~UINT64_C(0x7ffffffe), CODE(0x0d, 0x01, 0, 0, 0x80));
    assert_value(300, CODE(0x10, 0xac, 0x02));
    assert_value((uint64_t)-2, CODE(0x11, 0x7e));
}

static void registers_are_added_to(void **state)
{
    (void)state;
    assert_value(1005, CODE(0x73, 2));
    assert_value(1001, CODE(0x73, 0x7e));
    assert_value(1005, CODE(0x92, 3, 2));
    assert_value(2, CODE(0x92, 0x7f, 2)); /* of one that is not known: nothing */
}

static void operations_give_what_the_standard_says(void **state)
{
    const uint64_t minus_1 = ~UINT64_C(0);

    (void)state;
    assert_operation(0x1a, 12, 10, 8);
    assert_operation(0x21, 12, 10, 14);
    assert_operation(0x27, 12, 10, 6);
    assert_operation(0x22, 12, 10, 22);
    assert_operation(0x1c, 12, 10, 2);
    assert_operation(0x1e, 12, 10, 120);
    assert_operation(0x24, 12, 2, 48);
    assert_operation(0x24, 12, 64, 0);
    assert_operation(0x25, minus_1, 60, 15);
    assert_operation(0x25, minus_1, 64, 0);
    assert_operation(0x26, minus_1 << 4, 2, minus_1 << 2);
    assert_operation(0x26, minus_1, 64, minus_1);
    for (int right = -1; right <= 1; right++) { /* signed, against 0 */
        assert_operation(0x29, 0, (uint64_t)right, right == 0);
        assert_operation(0x2a, 0, (uint64_t)right, 0 >= right);
        assert_operation(0x2b, 0, (uint64_t)right, 0 > right);
        assert_operation(0x2c, 0, (uint64_t)right, 0 <= right);
        assert_operation(0x2d, 0, (uint64_t)right, 0 < right);
        assert_operation(0x2e, 0, (uint64_t)right, right != 0);
    }
}

static void words_are_moved_about(void **state)
{
    const uint64_t first = 5;
    uint64_t out;

    (void)state;
    assert_value(6, CODE(0x33, 0x12, 0x22));         /* 3, dup, plus */
    assert_value(3, CODE(0x33, 0x34, 0x13));         /* 3, 4, drop */
    assert_value(3, CODE(0x33, 0x34, 0x14));         /* 3, 4, over */
    assert_value(1, CODE(0x33, 0x34, 0x16, 0x1c));   /* 3, 4, swap, minus */
    assert_value((uint64_t)-3, CODE(0x33, 0x1f));    /* 3, neg */
    assert_value(~UINT64_C(3), CODE(0x33, 0x20));    /* 3, not */
    assert_value(303, CODE(0x33, 0x23, 0xac, 0x02)); /* 3, plus 300 */
    assert_value(3, CODE(0x33, 0x96));               /* 3, nop */
    assert_true(evaluate(&first, &out, CODE(0x31, 0x22)));
    assert_int_equal(out, 6);
}

/* `code` with the address of the words before it. */
static bool read_words(uint64_t *out, size_t offset, const uint8_t *code, size_t size)
{
    const uint64_t first = (uintptr_t)words + offset;

    return evaluate(&first, out, code, size);
}

static void the_stack_is_read_within_its_bounds(void **state)
{
    uint64_t out;

    (void)state;
    assert_true(read_words(&out, 0, CODE(0x06)));
    assert_int_equal(out, words[0]);
    assert_true(read_words(&out, 8, CODE(0x06)));
    assert_int_equal(out, 7);
    assert_true(read_words(&out, 0, CODE(0x94, 2)));
    assert_int_equal(out, 0x2211);
    assert_false(read_words(&out, 9, CODE(0x06)));
    assert_false(read_words(&out, (size_t)-1, CODE(0x94, 1)));
    assert_false(read_words(&out, 15, CODE(0x94, 2)));
    assert_false(read_words(&out, 0, CODE(0x94, 9)));
}

static void what_cannot_be_evaluated_has_no_value(void **state)
{
    uint64_t out;
    uint8_t many[17];

    (void)state;
    assert_false(evaluate(NULL, &out, (const uint8_t[]){0}, 0));
    assert_false(evaluate(NULL, &out, CODE(0x13)));       /* drop: of nothing */
    assert_false(evaluate(NULL, &out, CODE(0x31, 0x22))); /* plus: of one */
    assert_false(evaluate(NULL, &out, CODE(0x31, 0x32, 0xff)));
    assert_false(evaluate(NULL, &out, CODE(0x31, 0x32, 0x1b))); /* div */
    memset(many, 0x31, sizeof many);
    assert_true(evaluate(NULL, &out, many, 16));
    assert_false(evaluate(NULL, &out, many, 17));
    many[16] = 0x12; /* dup */
    assert_false(evaluate(NULL, &out, many, 17));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_is_found_from_its_functions_first_byte_to_its_last),
        cmocka_unit_test(addresses_are_read_in_every_encoding),
        cmocka_unit_test(long_entries_and_both_versions_are_read),
        cmocka_unit_test(what_an_entry_has_besides_is_passed_over),
        cmocka_unit_test(what_an_entry_has_and_nobody_knows_makes_it_unreadable),
        cmocka_unit_test(a_table_that_cannot_be_searched_finds_nothing),
        cmocka_unit_test(each_instruction_makes_its_rule),
        cmocka_unit_test(a_register_gets_back_its_first_rule),
        cmocka_unit_test(registers_that_nobody_follows_are_passed_over),
        cmocka_unit_test(each_instruction_moves_the_frame),
        cmocka_unit_test(instructions_hold_from_their_place_on),
        cmocka_unit_test(four_states_are_remembered_and_no_fifth),
        cmocka_unit_test(other_instructions_change_no_register),
        cmocka_unit_test(what_cannot_be_followed_makes_no_rules),
        cmocka_unit_test(constants_of_every_size_are_pushed),
        cmocka_unit_test(registers_are_added_to),
        cmocka_unit_test(operations_give_what_the_standard_says),
        cmocka_unit_test(words_are_moved_about),
        cmocka_unit_test(the_stack_is_read_within_its_bounds),
        cmocka_unit_test(what_cannot_be_evaluated_has_no_value),
    };

    return cmocka_run_group_tests_name("call frames", tests, NULL, NULL);
}
