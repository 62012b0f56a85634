/* SPDX-License-Identifier: MIT */
#include "interrupted.h"

#include "backtrace.h"
#include "runtime/sched.h"
#include "runtime/unwind/unwind.h"

void weft__print_interrupted(struct weft_print *p, const struct weft_control *c,
                             const void *ucontext)
{
    struct weft_registers from;

    weft__registers_of_signal(&from, ucontext);
    weft__print_where(p, c, &from);
}
