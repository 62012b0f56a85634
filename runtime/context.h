/* SPDX-License-Identifier: MIT */
/* Contexts: created by makecontext, entered the first time through ucontext, switched by one of two
 * backends.
 *
 *     registers  a hand-written switch of what the ABI says is preserved (x86-64, aarch64)
 *     ucontext   swapcontext at each switch, wherever libc has it
 *
 * The process chooses at first use: WEFT_CONTEXT=registers|ucontext from the environment, else
 * ucontext if a hardware shadow stack is active (the register switch knows nothing of those), else
 * registers. Where libc has no makecontext, the register backend builds the first frame itself. */
#ifndef WEFT_RUNTIME_CONTEXT_H
#define WEFT_RUNTIME_CONTEXT_H

#include <stddef.h>
#include <stdint.h>

#include "unwind/registers.h"
#include "switch.h"

#ifdef WEFT_HAVE_UCONTEXT
#include <ucontext.h>
#endif

/* Leaves `from`, resumes `to`, whose own call of this returns `result`. */
typedef int weft__switch_fn(struct weft_context *from, struct weft_context *to, int result);

weft__switch_fn *weft__context_choose(void);

/* What making contexts needs and whoever does it, perhaps a thread with little left of its stack, has
 * no room for there: a ucontext_t has more than 4 KiB on aarch64. One for each OS thread. */
struct weft_maker {
    struct weft_context here; /* where it goes on */
#ifdef WEFT_HAVE_UCONTEXT
    ucontext_t first;
#endif
};

/* Makes n contexts that wait: the first switch to one calls entry(context), which must not return.
 * Each lies at the top of its stack, which reaches down to skip_bytes above its base. Contexts made
 * together share one reading of the signal mask, so no code of the user's may run between them. */
void weft__context_boot(struct weft_maker *maker, void *const *contexts, char *const *bases,
                        size_t skip_bytes, size_t n, void (*entry)(struct weft_context *));

/* The registers of a context that is switched out, for a walk of its stack: in the switch itself. */
void weft__context_registers(const struct weft_context *c, struct weft_registers *out);

int weft__switch_ucontext(struct weft_context *from, struct weft_context *to, int result);
void weft__context_enter_ucontext(struct weft_context *from, const struct weft_context *to);
void weft__context_registers_ucontext(const struct weft_context *c, struct weft_registers *out);

#endif
