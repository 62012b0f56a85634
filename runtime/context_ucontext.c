/* SPDX-License-Identifier: MIT */
/* The portable backend: swapcontext at each switch.
 *
 * A context that is switched out keeps its ucontext_t in the frame of the switch on its own stack,
 * so control blocks need no room for it. */
#include "context.h"

#ifdef WEFT_HAVE_UCONTEXT
#include <ucontext.h>

/* A ucontext_t alone has more than 4 KiB on aarch64. */
#pragma GCC diagnostic ignored "-Wframe-larger-than="

#include "sanitize.h"

enum { CONTEXT_ENTER_BYTES_MAX = 1024 }; /* of code in a function that calls swapcontext */

/* swapcontext carries no value, so the result travels beside it. */
static __thread int context_result __attribute__((tls_model("initial-exec")));

/* No variable has to->sp: without optimisation it would stay in this frame, and be taken for somebody's
 * who knows what is on that stack later. */
WEFT__NOT_SANITIZED void weft__context_enter_ucontext(struct weft_context *from,
                                                      const struct weft_context *to)
{
    ucontext_t here;

    from->sp = &here;
    swapcontext(&here, to->sp);
}

WEFT__NOT_SANITIZED int weft__switch_ucontext(struct weft_context *from, struct weft_context *to,
                                              int result)
{
    if (from == to)
        return result;
    context_result = result;
    weft__context_enter_ucontext(from, to);
    return context_result;
}

/* A ucontext_t that swapcontext filled goes on where that was called from. */
void weft__context_registers_ucontext(const struct weft_context *c, struct weft_registers *out)
{
    weft__registers_of_signal(out, c->sp);
    out->pc_is_return = true;
#ifdef __aarch64__
    /* glibc's own goes on within itself first, with the place that it was called from in x1. */
    if (out->at[1] - (uintptr_t)weft__context_enter_ucontext < CONTEXT_ENTER_BYTES_MAX)
        out->pc = out->at[1];
#endif
}

#endif
