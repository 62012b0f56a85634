/* SPDX-License-Identifier: MIT */
#include "overflow.h"

#include <signal.h>
#include <unistd.h>

#include "altstack.h"
#include "chain.h"
#include "interrupted.h"
#include "runtime/report.h"
#include "runtime/sched.h"
#include "turn.h"
#include "runtime/unwind/unwind.h"

static struct weft_chain overflow_segv, overflow_bus;

static bool overflow_is_run_on(const struct weft_control *c, uintptr_t sp)
{
    return sp >= (uintptr_t)c->base && sp < (uintptr_t)c;
}

/* Whose stack is used up, if it is that: the fault is the kernel's, in the guard of the stack that is
 * run on, which in a switch need not be the running thread's; and of the stack no more than a page
 * is left, or a pointer has gone astray. */
static const struct weft_control *overflow_of(const struct weft_worker *w, const siginfo_t *info,
                                              const void *ucontext)
{
    const char *at = info->si_addr;
    const size_t page_bytes = w->stacks.guard.page_bytes;
    const struct weft_control *c;
    struct weft_registers from;
    uintptr_t sp;

    if (info->si_code <= 0 || info->si_code == SI_KERNEL)
        return NULL;
    c = weft__stack_find(&w->stacks, at);
    if (!c || !c->thread || at >= c->base + page_bytes)
        return NULL;
    weft__registers_of_signal(&from, ucontext);
    sp = from.at[WEFT__REGISTER_SP];
    if (sp >= (uintptr_t)c->base + 2 * page_bytes)
        return NULL;
    return c == w->current || overflow_is_run_on(c, sp) ? c : NULL;
}

/* Twice as much, as a program would write it: neither generators' bodies nor groups' members have
 * options. */
static void overflow_print_remedy(struct weft_print *p, const struct weft_control *c)
{
    size_t kib = 2 * c->pool->stride / 1024;

    weft__print(p, "  if the calls below are no endless recursion, it needs a larger one:\n");
    if (!(c->thread->flags & (WEFT__THREAD_BODY | WEFT__THREAD_GROUPED)))
        weft__print(p,
                    "    spawn_with(&(struct weft_spawn_opts){.size = sizeof(struct "
                    "weft_spawn_opts), .stack_bytes = %zu * 1024}, ...)\n    or, for all threads, ",
                    kib);
    else
        weft__print(p, "    ");
    weft__print(p, "weft_stack_default(%zu * 1024) before the first spawn\n", kib);
}

static void overflow_report(const struct weft_control *c, const void *ucontext)
{
    char buffer[WEFT__PRINT_BYTES];
    struct weft_print p = weft__print_to(STDERR_FILENO, buffer, sizeof buffer);
    bool taken = weft__turn_take();

    weft__print(&p, "weft: stack overflow in ");
    weft__print_thread(&p, c->thread);
    weft__print(&p, ": its stack of ");
    weft__print_size(&p, c->pool->stride);
    weft__print(&p, " is used up\n");
    overflow_print_remedy(&p, c);
    weft__print_interrupted(&p, c, ucontext);
    weft__turn_give(taken);
}

static void overflow_handle(int signo, siginfo_t *info, void *context)
{
    const struct weft_worker *w = weft__self;
    const struct weft_control *c = w ? overflow_of(w, info, context) : NULL;

    if (c && weft__altstack_suffices(context))
        overflow_report(c, context);
    weft__chain_pass(signo == SIGSEGV ? &overflow_segv : &overflow_bus, info, context);
}

void weft__overflow_watch(void)
{
    weft__chain_install(&overflow_segv, SIGSEGV, overflow_handle);
    weft__chain_install(&overflow_bus, SIGBUS, overflow_handle);
}
