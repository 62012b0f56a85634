/* SPDX-License-Identifier: MIT */
#include "context.h"

#include <stdbool.h>
#include <string.h>

#include "base.h"
#include "calls.h"
#include "sanitize.h"
#include "settings.h"

static weft__switch_fn *context_switch;

#if defined __x86_64__
/* The instruction is a no-op where there is no shadow stack: the register then keeps its zero. */
static bool context_has_shadow_stack(void)
{
    uint64_t pointer = 0;

    __asm__ volatile("rdsspq %0" : "+r"(pointer));
    return pointer != 0;
}
#else
static bool context_has_shadow_stack(void)
{
    return false;
}
#endif

static weft__switch_fn *context_pick(void)
{
#if defined WEFT_HAVE_REGISTERS && defined WEFT_HAVE_UCONTEXT
    const char *wish = weft__calls.getenv("WEFT_CONTEXT");

    if (wish && strcmp(wish, "ucontext") == 0)
        return weft__switch_ucontext;
    if (wish && strcmp(wish, "registers") == 0)
        return weft__switch_registers;
    return context_has_shadow_stack() ? weft__switch_ucontext : weft__switch_registers;
#elif defined WEFT_HAVE_REGISTERS
    (void)context_has_shadow_stack;
    return weft__switch_registers;
#else
    (void)context_has_shadow_stack;
    return weft__switch_ucontext;
#endif
}

/* Where there is but one backend, the name of the other is no mistake either. */
static void context_complain(void)
{
    const char *name = "WEFT_CONTEXT", *wish = weft__calls.getenv(name);

    if (wish && *wish != '\0' && strcmp(wish, "ucontext") != 0 && strcmp(wish, "registers") != 0)
        weft__settings_ignore(name, wish, "say registers or ucontext");
}

/* Every worker picks the same, so a race between two first ones is harmless. */
weft__switch_fn *weft__context_choose(void)
{
    weft__switch_fn *chosen = __atomic_load_n(&context_switch, __ATOMIC_RELAXED);

    if (!chosen) {
        chosen = context_pick();
        if (!__atomic_exchange_n(&context_switch, chosen, __ATOMIC_RELAXED))
            context_complain();
    }
    return chosen;
}

/* A frame of the register switch, as the assembly lays it out. */
#ifdef WEFT_HAVE_REGISTERS
static WEFT__NOT_SANITIZED void context_registers_frame(const struct weft_context *c,
                                                        struct weft_registers *out)
{
#if defined __x86_64__
    static const uint8_t numbers[] = {15, 14, 13, 12, 3, 6}; /* of r15-r12 rbx rbp */
    const uint64_t *saved = (const uint64_t *)c->sp + 1;
#else
    static const uint8_t numbers[] = {29, 30, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28};
    const uint64_t *saved = c->sp;
#endif

    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < sizeof numbers; i++)
        out->at[numbers[i]] = saved[i];
    out->at[WEFT__REGISTER_SP] = (uintptr_t)c->sp;
    out->pc = (uintptr_t)weft__switch_resumed;
}
#endif

void weft__context_registers(const struct weft_context *c, struct weft_registers *out)
{
    memset(out, 0, sizeof *out);
    if (!c->sp)
        return; /* an OS thread's own, in the midst of its first switch */
#ifdef WEFT_HAVE_REGISTERS
    if (weft__context_choose() == weft__switch_registers) {
        context_registers_frame(c, out);
        return;
    }
#endif
#ifdef WEFT_HAVE_UCONTEXT
    weft__context_registers_ucontext(c, out);
#endif
}

#ifdef WEFT_HAVE_UCONTEXT

/* What a context that is being made finds on its first entry. */
struct context_birth {
    struct weft_context *self;
    struct weft_context *maker; /* to go back to */
    void (*entry)(struct weft_context *);
};

static __thread struct context_birth *context_birth __attribute__((tls_model("initial-exec")));

/* Makes what this stands in the bottom of the stack, for unwinders. What libc puts beneath does not
 * do for all of them: they look up the address before the one returned to, which is in no function.
 * Without unwind tables the directive would stand outside of any. */
#if defined __GCC_HAVE_DWARF2_CFI_ASM && defined __x86_64__
#define CONTEXT_BOTTOM __asm__ volatile(".cfi_undefined %rip")
#elif defined __GCC_HAVE_DWARF2_CFI_ASM && defined __aarch64__
#define CONTEXT_BOTTOM __asm__ volatile(".cfi_undefined x30")
#elif defined __GCC_HAVE_DWARF2_CFI_ASM && defined __riscv
#define CONTEXT_BOTTOM __asm__ volatile(".cfi_undefined ra")
#else
#define CONTEXT_BOTTOM ((void)0)
#endif

/* The first entry comes through ucontext and goes straight back; the second is the first dispatch.
 * Not instrumented: the sanitizers hear of this stack only at the second. */
static WEFT__NOT_SANITIZED void context_first(void)
{
    struct weft_context *self = context_birth->self;
    void (*entry)(struct weft_context *) = context_birth->entry;

    CONTEXT_BOTTOM;
    context_switch(self, context_birth->maker, 0);
    entry(self);
    __builtin_trap();
}

static WEFT__NOT_SANITIZED void context_enter(struct weft_context *from, ucontext_t *to)
{
#ifdef WEFT_HAVE_REGISTERS
    if (context_switch == weft__switch_registers) {
        weft__context_enter(from, to);
        return;
    }
#endif
    weft__context_enter_ucontext(from, &(struct weft_context){.sp = to});
}

WEFT__NOT_SANITIZED void weft__context_boot(struct weft_maker *maker, void *const *contexts,
                                            char *const *bases, size_t skip_bytes, size_t n,
                                            void (*entry)(struct weft_context *))
{
    struct context_birth birth = {.maker = &maker->here, .entry = entry};
    ucontext_t *first = &maker->first;

    context_birth = &birth;
    getcontext(first); /* once for all: a stale one would reset the signal mask */
#if defined __x86_64__ && defined __GLIBC__
    first->uc_mcontext.gregs[REG_RBP] = 0; /* makecontext leaves it: the end of a walk by frames */
#endif
    for (size_t i = 0; i < n; i++) {
        birth.self = contexts[i];
        first->uc_link = NULL;
        first->uc_stack.ss_sp = bases[i] + skip_bytes;
        first->uc_stack.ss_size = (size_t)((char *)contexts[i] - bases[i]) - skip_bytes;
        makecontext(first, context_first, 0);
        context_enter(&maker->here, first);
    }
    context_birth = NULL;
}

#else

/* Without makecontext the first frame is built by hand. */
void weft__context_boot(struct weft_maker *maker, void *const *contexts, char *const *bases,
                        size_t skip_bytes, size_t n, void (*entry)(struct weft_context *))
{
    (void)maker;
    (void)bases;
    (void)skip_bytes;
    for (size_t i = 0; i < n; i++)
        weft__context_frame(contexts[i], contexts[i], (void (*)(void *))entry, contexts[i]);
}

#endif
