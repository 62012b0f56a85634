/* SPDX-License-Identifier: MIT */
/* What every assembly file of the runtime needs: a function's frame of directives, and the notes at
 * a file's end. */
#ifndef WEFT_RUNTIME_ASM_H
#define WEFT_RUNTIME_ASM_H

/* The formatter takes the directives for C. */
/* clang-format off */

/* Where an indirect call may land, when the processor tracks branches. */
#if defined __CET__ && (__CET__ & 1)
#define LANDING_PAD endbr64
#define NOTE_PROPERTY 0xc0000002 /* GNU_PROPERTY_X86_FEATURE_1_AND: IBT alone, never SHSTK */
#elif defined __ARM_FEATURE_BTI_DEFAULT
#define LANDING_PAD hint 34      /* bti c */
#define NOTE_PROPERTY 0xc0000000 /* GNU_PROPERTY_AARCH64_FEATURE_1_AND: BTI */
#else
#define LANDING_PAD
#endif

#define FUNCTION(name)      \
    .text;                  \
    .globl name;            \
    .hidden name;           \
    .type name, %function;  \
    .balign 16;             \
    name:                   \
    .cfi_startproc;         \
    LANDING_PAD

#define END(name)           \
    .cfi_endproc;           \
    .size name, .-name

/* A place in a function that C code knows by name. */
#define PLACE(name)         \
    .globl name;            \
    .hidden name;           \
    name:

/* The pointer that programs call through: their compiler must not see what it holds. */
#define START_STUB_POINTER(function)                         \
    .section .data.rel.ro.weft_start_stub_, "aw", %progbits; \
    .globl weft_start_stub_;                                 \
    .type weft_start_stub_, %object;                         \
    .balign 8;                                               \
    weft_start_stub_:                                        \
    .8byte function;                                         \
    .size weft_start_stub_, 8

/* As own.h has it of the files in C. */
#define OWN_CODE                                                            \
    .pushsection .text, 8191;                                               \
    771:;                                                       \
    .popsection;                                                            \
    .pushsection weft_own_code, "aR", %progbits;                            \
    .balign 4;                                                              \
    .long .text - ., 771b - ., .text - ., .text - .;             \
    .popsection

/* Without the first note the whole program would get an executable stack; without the second it
 * would lose its branch tracking. */
#ifdef NOTE_PROPERTY
#define NOTES                                                               \
    OWN_CODE;                                                               \
    .section .note.GNU-stack, "", %progbits;                                \
    .section .note.gnu.property, "a", %note;                                \
    .balign 8;                                                              \
    .long 4, 16, 5; /* sizes of name and content; NT_GNU_PROPERTY_TYPE_0 */ \
    .asciz "GNU";                                                           \
    .long NOTE_PROPERTY, 4, 1, 0
#else
#define NOTES                                                               \
    OWN_CODE;                                                               \
    .section .note.GNU-stack, "", %progbits
#endif

#endif
