/* SPDX-License-Identifier: MIT */
#include "interrupted.h"

#include "backtrace.h"
#include "runtime/sched.h"
#include "runtime/unwind/unwind.h"

void weft__print_interrupted(struct weft_print *p, const struct weft_control *c,
                             const void *ucontext)
{
    uintptr_t frames[WEFT__BACKTRACE_RAW];
    struct weft_registers from;
    size_t all, n;

    weft__print_flush(p); /* before anything that may go wrong */
    weft__registers_of_signal(&from, ucontext);
    all = weft__backtrace_from(c, &from, frames, WEFT__BACKTRACE_RAW, WEFT__BACKTRACE_RAW_OUTER);
    n = weft__backtrace_trim(c, false, frames, &all);
    weft__print_backtrace(p, frames, n, all, WEFT__BACKTRACE_OUTER);
    if (n > 0)
        weft__print_hint(p);
    weft__print_flush(p);
}
