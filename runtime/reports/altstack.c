/* SPDX-License-Identifier: MIT */
#include "altstack.h"

#include <signal.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "runtime/calls.h"

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

/* Ours and the program's, which we call; more than that costs address space alone. */
enum { ALTSTACK_BYTES = 64 * 1024 };

static void *altstack_map(size_t bytes, size_t page_bytes)
{
    char *low =
        weft__calls.mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (low == MAP_FAILED)
        return NULL;
    if (weft__calls.mprotect(low, page_bytes, PROT_NONE) == 0)
        return low;
    weft__calls.munmap(low, bytes);
    return NULL;
}

void weft__altstack_make(struct weft_altstack *s)
{
    size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    size_t bytes = ALTSTACK_BYTES + (size_t)getauxval(AT_MINSIGSTKSZ); /* of one signal's frame */
    stack_t stack;

    *s = (struct weft_altstack){0};
    if (weft__calls.sigaltstack(NULL, &stack) != 0 || !(stack.ss_flags & SS_DISABLE))
        return;
    bytes = page_bytes + ((bytes + page_bytes - 1) & ~(page_bytes - 1));
    s->low = altstack_map(bytes, page_bytes);
    if (!s->low)
        return;
    s->bytes = bytes;
    stack = (stack_t){.ss_sp = s->low + page_bytes, .ss_size = bytes - page_bytes};
    if (weft__calls.sigaltstack(&stack, NULL) == 0)
        return;
    weft__calls.munmap(s->low, bytes);
    s->low = NULL;
}

static bool altstack_is_within(const struct weft_altstack *s, const void *at)
{
    return (uintptr_t)at - (uintptr_t)s->low < s->bytes;
}

/* If the program has put its own in place of ours since, that stays. What is still in use stays
 * mapped. */
void weft__altstack_drop(struct weft_altstack *s)
{
    const stack_t none = {.ss_flags = SS_DISABLE};
    stack_t stack;

    if (!s->low || weft__calls.sigaltstack(NULL, &stack) != 0)
        return;
    if (!(stack.ss_flags & SS_DISABLE) && altstack_is_within(s, stack.ss_sp) &&
        weft__calls.sigaltstack(&none, NULL) != 0)
        return;
    weft__calls.munmap(s->low, s->bytes);
    s->low = NULL;
}

bool weft__altstack_suffices(const void *ucontext)
{
    const stack_t *stack = &((const ucontext_t *)ucontext)->uc_stack;
    uintptr_t room = (uintptr_t)__builtin_frame_address(0) - (uintptr_t)stack->ss_sp;

    return room < stack->ss_size && room >= WEFT__ALTSTACK_NEEDS;
}
