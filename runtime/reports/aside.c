/* SPDX-License-Identifier: MIT */
#include "aside.h"

#include <sys/mman.h>

#include "runtime/calls.h"
#include "runtime/sched.h"

#ifndef WEFT__SANITIZED

enum { ASIDE_BYTES = 64 * 1024, ASIDE_ALIGNMENT = 64 };

/* The top of the stack. */
struct aside {
    struct weft_context context; /* first: the context lies at the top of its stack */
    struct weft_context caller;
    weft__switch_fn *switch_to;
    void (*fn)(void *argument);
    void *argument;
} __attribute__((aligned(ASIDE_ALIGNMENT)));

static void aside_run(struct weft_context *context)
{
    struct aside *a = WEFT__CONTAINER_OF(context, struct aside, context);

    a->fn(a->argument);
    a->switch_to(&a->context, &a->caller, 0);
    __builtin_trap();
}

static WEFT__NOINLINE void aside_call(struct weft_worker *w, char *base, void (*fn)(void *argument),
                                      void *argument)
{
    struct aside *a = (struct aside *)(void *)(base + ASIDE_BYTES) - 1;
    void *top = &a->context;
    struct weft_sanitizer known;

    weft__sanitize_stack_made(&known, base, base + ASIDE_BYTES);
    weft__context_boot(&w->maker, &top, &base, 0, 1, aside_run);
    a->switch_to = w->backend;
    a->fn = fn;
    a->argument = argument;
    a->switch_to(&a->caller, &a->context, 0);
    weft__sanitize_stack_retired(&known);
}

void weft__aside(struct weft_worker *w, void (*fn)(void *argument), void *argument)
{
    char *base = weft__calls.mmap(NULL, ASIDE_BYTES, PROT_READ | PROT_WRITE,
                                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

    if (base == MAP_FAILED) {
        fn(argument);
        return;
    }
    aside_call(w, base, fn, argument);
    weft__calls.munmap(base, ASIDE_BYTES);
}

#else

/* The sanitizers know of no such stack, and their builds are not run where memory is short. */
void weft__aside(struct weft_worker *w, void (*fn)(void *argument), void *argument)
{
    (void)w;
    fn(argument);
}

#endif
