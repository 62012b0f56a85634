/* SPDX-License-Identifier: MIT */
#include "start.h"

#ifdef WEFT_HAVE_STUB

#ifdef WEFT__VALGRIND
#include <valgrind/memcheck.h>
#endif

#define START_OFFSET(member, at) \
    _Static_assert(offsetof(struct weft_capture, member) == (at), "the assembly knows the offset")

START_OFFSET(registers, 0);
START_OFFSET(stack, WEFT_CAPTURE_AT_STACK);
START_OFFSET(fp_control, WEFT_CAPTURE_AT_FP_CONTROL);
START_OFFSET(variadic, WEFT_CAPTURE_AT_VARIADIC);
START_OFFSET(vectors, WEFT_CAPTURE_AT_VECTORS);
START_OFFSET(vectors_used, WEFT_CAPTURE_AT_VECTORS_USED);
_Static_assert(sizeof(struct weft_capture) == WEFT_CAPTURE_SIZE, "the assembly knows the size");
_Static_assert(offsetof(struct weft_packed, registers) == WEFT_PACKED_AT_REGISTERS &&
                   offsetof(struct weft_packed, variadic) == WEFT_PACKED_AT_VARIADIC,
               "the assembly knows the offsets");

#ifdef WEFT__VALGRIND
static bool start_on_valgrind; /* asked once: asking costs as much as packing two arguments */

static __attribute__((constructor)) void start_ask(void)
{
    start_on_valgrind = RUNNING_ON_VALGRIND != 0;
}

static WEFT__COLD void start_tell_valgrind(const struct weft_capture *c)
{
    VALGRIND_MAKE_MEM_DEFINED(c, sizeof *c);
    (void)c; /* the line above is nothing where Valgrind does not run */
}
#endif

/* The compiler of the program knows nothing of stores by the stub, and some of what it stores was
 * never written: registers that hold no argument, and what pads a struct. Valgrind would complain
 * of the tests for zero. Not instrumented, so that the pointer itself, which the stub passed,
 * counts as initialised. */
WEFT__NOT_SANITIZED void weft__start_captured(const struct weft_capture *c)
{
#ifdef WEFT__VALGRIND
    if (WEFT__UNLIKELY(start_on_valgrind))
        start_tell_valgrind(c);
#endif
#ifdef WEFT__MSAN
    __msan_unpoison(c, sizeof *c);
#endif
    weft__start_commit(c);
}

static size_t start_registers_used(const struct weft_capture *c)
{
    size_t n = WEFT_CAPTURE_REGISTERS;

    while (n > WEFT__START_WORDS_MIN && !(c->registers[n - 1] | c->registers[n - 2]))
        n -= 2;
    return n;
}

/* The low halves of all vector registers come first: only they hold anything, as a rule. Where there
 * are no high halves, none is used. */
enum { START_HIGH = WEFT_CAPTURE_HALVES - 1 };

static size_t start_vectors_used(const struct weft_capture *c)
{
    uint64_t high = 0;
    size_t n = WEFT_CAPTURE_VECTORS;

#pragma GCC unroll 8
    for (size_t i = 0; START_HIGH && i < WEFT_CAPTURE_VECTORS; i++)
        high |= c->vectors[i][START_HIGH];
    if (high) {
        while (!c->vectors[n - 1][START_HIGH])
            n--;
        return WEFT_CAPTURE_VECTORS + n;
    }
    while (n > 0 && !c->vectors[n - 1][0])
        n--;
    return n;
}

static void start_pack_vectors(const struct weft_capture *c, uint64_t *words, size_t n)
{
    for (size_t i = 0; i < n && i < WEFT_CAPTURE_VECTORS; i++)
        words[i] = c->vectors[i][0];
    for (size_t i = WEFT_CAPTURE_VECTORS; i < n; i++)
        words[i] = c->vectors[i - WEFT_CAPTURE_VECTORS][START_HIGH];
}

static void start_unpack_vectors(struct weft_capture *c, const uint64_t *words, size_t n)
{
    for (size_t i = 0; i < n && i < WEFT_CAPTURE_VECTORS; i++)
        c->vectors[i][0] = words[i];
    for (size_t i = WEFT_CAPTURE_VECTORS; i < n; i++)
        c->vectors[i - WEFT_CAPTURE_VECTORS][START_HIGH] = words[i];
}

/* A frame of the caller's, which holds arguments, and above them what the bound was too high by:
 * the sanitizers must not look, nor the compiler make a memcpy of it that they would see. */
static WEFT__NOT_SANITIZED void start_copy_stack(uint64_t *to, const volatile uint64_t *from,
                                                 size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = from[i];
}

size_t weft__start_pack(const struct weft_capture *c, size_t stack_bytes, struct weft_packed *head,
                        uint64_t *words, size_t words_max)
{
    size_t registers = start_registers_used(c);
    size_t vectors = c->vectors_used ? start_vectors_used(c) : 0;
    size_t stack = (stack_bytes + 7) / 8;
    size_t all = registers + vectors + stack;

    *head = (struct weft_packed){.registers = (uint8_t)registers,
                                 .vectors = (uint8_t)vectors,
                                 .stack_words = (uint8_t)stack,
                                 .variadic = (uint8_t)c->variadic};
    if (all > words_max)
        return all;
    for (size_t i = 0; i < registers; i++)
        words[i] = c->registers[i];
    if (vectors)
        start_pack_vectors(c, words + registers, vectors);
    if (stack)
        start_copy_stack(words + registers + vectors, c->stack, stack);
    return all;
}

struct weft_result weft__start_call_all(void (*fn)(void), const struct weft_packed *head,
                                        const uint64_t *words, uint32_t fp_control)
{
    struct weft_capture all = {.fp_control = fp_control, .variadic = head->variadic};

    for (size_t i = 0; i < head->registers; i++)
        all.registers[i] = words[i];
    start_unpack_vectors(&all, words + head->registers, head->vectors);
    all.stack = words + head->registers + head->vectors;
    return weft__start_load(fn, &all, head->stack_words);
}

#ifdef WEFT__MSAN

/* Where an instrumented caller says which arguments are initialised. Nobody did for the arguments
 * that come out of a record: whoever evaluated them was another caller, at another time. */
extern __thread uint64_t __msan_param_tls[100];
extern __thread uint64_t __msan_va_arg_tls[100];
extern __thread uint64_t __msan_va_arg_overflow_size_tls;

WEFT__NOT_SANITIZED void weft__start_initialise(void)
{
    for (size_t i = 0; i < 100; i++)
        __msan_param_tls[i] = __msan_va_arg_tls[i] = 0;
    __msan_va_arg_overflow_size_tls = 8 * UINT8_MAX;
}

#endif

#endif
