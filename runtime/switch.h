/* SPDX-License-Identifier: MIT */
/* The register switch: context_x86_64.S, context_aarch64.S.
 *
 * A context that is switched out is a frame at the low end of its stack: what the ABI says a call
 * preserves, the floating-point control words, and where to go on. */
#ifndef WEFT_RUNTIME_SWITCH_H
#define WEFT_RUNTIME_SWITCH_H

#if (defined __x86_64__ && defined __LP64__) || (defined __aarch64__ && defined __LP64__)
#define WEFT_HAVE_REGISTERS 1
#endif

/* musl has no makecontext, and no macro of its own to tell it by. */
#include <features.h>
#ifdef __GLIBC__
#define WEFT_HAVE_UCONTEXT 1
#endif

#ifndef __ASSEMBLER__

struct weft_context {
    void *sp; /* the frame; valid while the context is switched out. First: the assembly knows */
};

#ifdef WEFT_HAVE_REGISTERS

/* Leaves `from`, resumes `to`, whose own call of this returns `result`. */
int weft__switch_registers(struct weft_context *from, struct weft_context *to, int result);

/* Where in that a context goes on: its frame is still on its stack. */
extern const char weft__switch_resumed[] __attribute__((visibility("hidden")));

/* The first frame of a context, built by hand: the switch to it calls entry(argument), which must
 * not return, with the floating-point control words of now. */
void weft__context_frame(struct weft_context *c, void *stack_top, void (*entry)(void *),
                         void *argument);

#ifdef WEFT_HAVE_UCONTEXT
/* Leaves `from`, enters a context that makecontext made. Returns when `from` is switched to. */
void weft__context_enter(struct weft_context *from, void *ucontext);
#endif

#endif
#endif
#endif
