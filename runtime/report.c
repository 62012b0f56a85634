/* SPDX-License-Identifier: MIT */
#include "report.h"

#include "sched.h"

void weft__print_thread(struct weft_print *p, const struct weft_thread *t)
{
    const char *name = weft__thread_name(t);

    weft__print(p, "thread %u ", weft__thread_slot(t) + 1);
    if (name)
        weft__print(p, "'%s' ", name);
    weft__print(p, "(%s)", t->site ? t->site : "being started");
}
