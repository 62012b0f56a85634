/* SPDX-License-Identifier: MIT */
/* Starting a function later with the arguments of a call made now.
 *
 * The caller really calls, with the function's own prototype, a stub in assembly; the ABI puts the
 * arguments into registers and stack words, whatever their types. The stub lays all of them out as a
 * struct weft_capture and hands it to weft__start_commit. A record keeps the packed form: what is
 * zero at the end of each kind of register is left out, and comes back as zero. That is right for
 * arguments of any type; it is small because weft__start_zero ran just before the arguments were
 * evaluated, so that registers without an argument still hold zero, most of the time.
 *
 * Offsets are macros for the assembly's sake; start.c holds them against the structs. */
#ifndef WEFT_RUNTIME_START_H
#define WEFT_RUNTIME_START_H

#if defined __x86_64__ && defined __LP64__
#define WEFT_HAVE_STUB 1
#define WEFT_CAPTURE_REGISTERS 6 /* rdi rsi rdx rcx r8 r9 */
#define WEFT_CAPTURE_HALVES 2    /* xmm0-xmm7, 16 bytes each */
#elif defined __aarch64__ && defined __LP64__ && defined __AARCH64EL__
#define WEFT_HAVE_STUB 1
#define WEFT_CAPTURE_REGISTERS 8 /* x0-x7; x8, where a large result goes, is never an argument */
#define WEFT_CAPTURE_HALVES 2    /* v0-v7, 16 bytes each */
#elif defined __riscv_float_abi_double && __riscv_xlen == 64
#define WEFT_HAVE_STUB 1
#define WEFT_CAPTURE_REGISTERS 8 /* a0-a7 */
#define WEFT_CAPTURE_HALVES 1    /* fa0-fa7, 8 bytes each */
#endif

#ifdef WEFT_HAVE_STUB
#define WEFT_CAPTURE_VECTORS 8
#define WEFT_CAPTURE_AT_STACK (8 * WEFT_CAPTURE_REGISTERS)
#define WEFT_CAPTURE_AT_FP_CONTROL (WEFT_CAPTURE_AT_STACK + 8)
#define WEFT_CAPTURE_AT_VARIADIC (WEFT_CAPTURE_AT_STACK + 12)
#define WEFT_CAPTURE_AT_VECTORS (WEFT_CAPTURE_AT_STACK + 16)
#define WEFT_CAPTURE_AT_VECTORS_USED \
    (WEFT_CAPTURE_AT_VECTORS + 8 * WEFT_CAPTURE_HALVES * WEFT_CAPTURE_VECTORS)
#define WEFT_CAPTURE_SIZE (WEFT_CAPTURE_AT_VECTORS_USED + 8)
#endif

#define WEFT_PACKED_AT_REGISTERS 0
#define WEFT_PACKED_AT_VARIADIC 3

#ifndef __ASSEMBLER__

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base.h"
#include "sanitize.h"

/* How many words of each kind were stored, in this order. */
struct weft_packed {
    uint8_t registers; /* even, at least 2: the integer registers up to the last that is not zero */
    uint8_t vectors;   /* likewise: the low halves of all, then the high halves */
    uint8_t stack_words; /* as many as may hold arguments */
    uint8_t variadic;    /* x86-64: al, how many vector registers a variadic function may look at */
};

/* The registers in which a result of at most 8 bytes may come. */
struct weft_result {
    uint64_t word;
    uint64_t vector; /* the low 8 bytes: a double, or a float in the first four */
};

#ifdef WEFT_HAVE_STUB

/* What the stub saw. It lies on the stub's own stack frame. */
struct weft_capture {
    uint64_t registers[WEFT_CAPTURE_REGISTERS];
    const uint64_t *stack; /* where arguments are that found no register */
    uint32_t fp_control;   /* set by who has a call made, not by the stub */
    uint32_t variadic;     /* al, in the low byte */
    uint64_t vectors[WEFT_CAPTURE_VECTORS][WEFT_CAPTURE_HALVES];
    uint64_t vectors_used; /* not zero: some vector register is not zero. Else vectors is not set */
};

/* What the stub calls: tells the tools of the capture, then calls the next. */
void weft__start_captured(const struct weft_capture *c);

/* Makes a thread of it. Defined where threads are made, not here. */
void weft__start_commit(const struct weft_capture *c);

/* Returns with all argument registers zero. A function that ends in a tail call to this one does. */
void weft__start_zero(void);

enum { WEFT__START_WORDS_MIN = 2 };

struct weft_result weft__start_call_all(void (*fn)(void), const struct weft_packed *head,
                                        const uint64_t *words, uint32_t fp_control);
struct weft_result weft__start_call_registers(void (*fn)(void), const struct weft_packed *head,
                                              const uint64_t *words, uint32_t fp_control);
struct weft_result weft__start_load(void (*fn)(void), const struct weft_capture *all,
                                    size_t stack_words);

/* True if nothing but integer registers holds anything. */
static inline bool weft__start_is_plain(const struct weft_capture *c, size_t stack_bytes)
{
    return (c->vectors_used | stack_bytes) == 0;
}

/* How many words such a capture takes: the first two, or all, whatever holds something. */
static inline size_t weft__start_plain_words(const struct weft_capture *c)
{
    uint64_t rest = 0;

    for (size_t i = WEFT__START_WORDS_MIN; i < WEFT_CAPTURE_REGISTERS; i++)
        rest |= c->registers[i];
    return rest == 0 ? WEFT__START_WORDS_MIN : WEFT_CAPTURE_REGISTERS;
}

static inline void weft__start_pack_plain(const struct weft_capture *c, struct weft_packed *head,
                                          uint64_t *words, size_t n)
{
    *head = (struct weft_packed){.registers = (uint8_t)n, .variadic = (uint8_t)c->variadic};
    words[0] = c->registers[0];
    words[1] = c->registers[1];
    if (n == WEFT__START_WORDS_MIN)
        return;
    for (size_t i = WEFT__START_WORDS_MIN; i < WEFT_CAPTURE_REGISTERS; i++)
        words[i] = c->registers[i];
}

/* Packs any capture with the given bytes of stack arguments (an upper bound) into head and words.
 * Returns the number of words it takes; if that is more than words_max, nothing was stored in
 * words. */
size_t weft__start_pack(const struct weft_capture *c, size_t stack_bytes, struct weft_packed *head,
                        uint64_t *words, size_t words_max);

#ifdef WEFT__MSAN
/* Makes the arguments of the next call initialised, all of them and whatever they are. */
void weft__start_initialise(void);
#endif

/* Calls fn, on this stack, with the arguments packed in words and with fp_control in force. The
 * words are not looked at any more once fn runs. */
static inline struct weft_result weft__start_call(void (*fn)(void), const struct weft_packed *head,
                                                  const uint64_t *words, uint32_t fp_control)
{
    struct weft_result result;

#ifdef WEFT__MSAN
    weft__start_initialise();
#endif
    if (WEFT__LIKELY((head->vectors | head->stack_words) == 0))
        result = weft__start_call_registers(fn, head, words, fp_control);
    else
        result = weft__start_call_all(fn, head, words, fp_control);
#ifdef WEFT__MSAN
    __msan_unpoison(&result, sizeof result);
#endif
    return result;
}

#endif

/* Keeps the floating-point control in force here: on x86-64 mxcsr and above it the x87 control
 * word, written in two pieces that are slow to read back at once as a whole; on aarch64 FPCR, on riscv64
 * frm. Exception flags in it mean nothing. */
static inline void weft__start_save_fp_control(uint32_t *control)
{
    *control = 0; /* where assembly writes, compilers drop this; tools see it */
#if defined __x86_64__
    __asm__ volatile("stmxcsr (%1)\n\tfnstcw 2(%1)" : "=m"(*control) : "r"(control));
#elif defined __aarch64__
    uint64_t fpcr;

    __asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));
    *control = (uint32_t)fpcr;
#elif defined __riscv_flen
    uint64_t frm;

    __asm__ volatile("frrm %0" : "=r"(frm));
    *control = (uint32_t)frm;
#endif
#ifdef WEFT__MSAN
    __msan_unpoison(control, sizeof *control); /* it sees no store by assembly */
#endif
}

/* Brings such a control into force. */
static inline void weft__start_set_fp_control(uint32_t control)
{
#if defined __x86_64__
    uint32_t mxcsr = control & 0xffc0; /* no exception flags */
    uint16_t x87 = (uint16_t)(control >> 16);

    __asm__ volatile("ldmxcsr %0\n\tfnclex\n\tfldcw %1" : : "m"(mxcsr), "m"(x87));
#elif defined __aarch64__
    __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)control));
#elif defined __riscv_flen
    __asm__ volatile("fsrm %0" : : "r"((uint64_t)control));
#else
    (void)control;
#endif
}

#endif
#endif
