/* SPDX-License-Identifier: MIT */
/* Walks of stacks whose frames are known: each function on the way notes where it goes back to. Built
 * alone (WEFT_PLAIN_TESTS) by many settings of the compilers, and with the library for green
 * threads. */
#include "plain.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#ifdef __GLIBC__
#include <execinfo.h>
#define LIBC_HAS_TABLES 1
#else
#define LIBC_HAS_TABLES \
    0 /* musl's functions have no entries: a walk from within one finds no more */
#endif

#include "runtime/base.h"
#include "runtime/calls.h"
#include "runtime/context.h"
#include "runtime/sanitize.h"
#include "runtime/unwind/unwind.h"

#ifndef WEFT_PLAIN_TESTS
#include "check.h"
#endif

enum { FRAMES_MAX = 500, STACK_BYTES = 64 * 1024 };

/* What a walk found, and what the functions on the way noted, the innermost last. */
static uintptr_t frames[FRAMES_MAX], expected[FRAMES_MAX];
static size_t frames_count, expected_count;
static const char *low, *high; /* of the stack that is walked */

#define HERE() ((uintptr_t)__builtin_extract_return_addr(__builtin_return_address(0)))

static void expect_here(uintptr_t address)
{
    expected[expected_count++] = address;
}

/* A call that is no tail call: something follows it. */
#define THEN_RETURN() __asm__ volatile("" ::: "memory")

static void of_this_stack(void)
{
    pthread_attr_t attributes;
    void *base;
    size_t size;

    pthread_getattr_np(pthread_self(), &attributes);
    pthread_attr_getstack(&attributes, &base, &size);
    pthread_attr_destroy(&attributes);
    low = base;
    high = low + size;
}

static void walk(const struct weft_registers *from)
{
    frames_count = weft__unwind(from, low, high, frames, FRAMES_MAX, 0);
}

/* The noted addresses are in the walk, one after the other, the innermost at `at`. */
static void assert_noted_from(size_t at)
{
    assert_true(frames_count >= at + expected_count);
    for (size_t i = 0; i < expected_count; i++)
        assert_int_equal(frames[at + i], expected[expected_count - 1 - i]);
}

static size_t find_noted(void)
{
    size_t at = 0;

    while (at < frames_count && frames[at] != expected[expected_count - 1])
        at++;
    return at;
}

/* ---- functions with every kind of frame ---- */

static void (*at_bottom)(void);

static WEFT__NOIPA void walk_from_here(void)
{
    struct weft_registers here;

    expect_here(HERE());
    weft__registers_here(&here);
    walk(&here);
    THEN_RETURN();
}

static WEFT__NOIPA int descend(int depth);

static WEFT__NOIPA int descend_with_array(int depth)
{
    volatile char array[3000];

    expect_here(HERE());
    array[depth] = 1;
    depth = descend(depth) + array[depth];
    THEN_RETURN();
    return depth;
}

static WEFT__NOIPA int descend_with_alloca(int depth)
{
    volatile char *array = __builtin_alloca((size_t)depth * 24 + 1);

    expect_here(HERE());
    array[depth] = 1;
    depth = descend(depth) + array[depth];
    THEN_RETURN();
    return depth;
}

static WEFT__NOIPA int descend_aligned(int depth)
{
    _Alignas(128) volatile char array[128];
    volatile char *more = __builtin_alloca((size_t)depth * 40 + 1);

    expect_here(HERE());
    array[depth] = more[depth] = 1;
    depth = descend(depth) + array[depth] + more[depth];
    THEN_RETURN();
    return depth;
}

static WEFT__NOIPA int descend_with_registers(int a, int b, int c, int d, int e, int f, int g,
                                              int h, int depth)
{
    int sum = a * b + c;

    expect_here(HERE());
    sum += descend(depth);
    sum += d * e + f;
    sum += descend(-1) + a * c + g;
    THEN_RETURN();
    return sum + a + b + c + d + e + f + g + h;
}

static WEFT__NOIPA int descend(int depth)
{
    int got = depth;

    if (depth < 0)
        return 0;
    expect_here(HERE());
    if (depth == 0)
        at_bottom();
    else if (depth % 5 == 1)
        got = descend_with_array(depth - 1);
    else if (depth % 5 == 2)
        got = descend_with_alloca(depth - 1);
    else if (depth % 5 == 3)
        got = descend_aligned(depth - 1);
    else if (depth % 5 == 4)
        got = descend_with_registers(1, 2, 3, 4, 5, 6, 7, 8, depth - 1);
    else
        got = descend(depth - 1);
    THEN_RETURN();
    return got;
}

/* How many functions are on the way to the bottom. */
static size_t functions_to(int depth)
{
    size_t n = 1;

    for (; depth > 0; depth--)
        n += depth % 5 == 0 ? 1 : 2;
    return n;
}

static WEFT__NOIPA void walk_at_depth(int depth)
{
    of_this_stack();
    expected_count = 0;
    at_bottom = walk_from_here;
    descend(depth);
    THEN_RETURN();
}

/* ---- the running stack ---- */

static void every_frame_of_a_recursion_is_found(void **state)
{
    size_t beyond;

    (void)state;
    walk_at_depth(0);
    beyond = frames_count - expected_count;
    for (int depth = 0; depth < 40; depth++) {
        walk_at_depth(depth);
        assert_int_equal(expected_count, functions_to(depth) + 1);
        assert_noted_from(1);
        assert_int_equal(frames_count, expected_count + beyond);
    }
}

#ifdef __GLIBC__
static uintptr_t theirs[FRAMES_MAX];
static size_t theirs_count;

static WEFT__NOIPA void walk_as_libc_does(void)
{
    struct weft_registers here;

    theirs_count = (size_t)backtrace((void **)theirs, FRAMES_MAX);
    weft__registers_here(&here);
    walk(&here);
    THEN_RETURN();
}

static void the_whole_stack_is_what_libc_finds(void **state)
{
    (void)state;
    of_this_stack();
    at_bottom = walk_as_libc_does;
    expected_count = 0;
    descend(20);
    while (theirs_count > 0 && theirs[theirs_count - 1] == 0)
        theirs_count--;
    assert_true(theirs_count > functions_to(20));
    for (size_t i = 1; i < functions_to(20) + 2; i++)
        assert_int_equal(frames[i], theirs[theirs_count - frames_count + i]);
}
#endif

static int compare_and_walk(const void *a, const void *b)
{
    if (expected_count == 1)
        walk_from_here();
    THEN_RETURN();
    return *(const int *)a - *(const int *)b;
}

static WEFT__NOIPA void sort(void)
{
    int numbers[] = {3, 1, 2};

    expect_here(HERE());
    qsort(numbers, 3, sizeof numbers[0], compare_and_walk);
    THEN_RETURN();
}

static void a_walk_goes_through_libc(void **state)
{
    size_t at = 0;

    (void)state;
    if (!LIBC_HAS_TABLES)
        return;
    of_this_stack();
    expected_count = 0;
    sort();
    assert_int_equal(expected_count, 2);
    assert_int_equal(frames[1], expected[1]);
    while (at < frames_count && frames[at] != expected[0])
        at++;
    assert_true(at > 2 && at < frames_count);
}

/* ---- what is stored ---- */

static jmp_buf way_back;

static __attribute__((noreturn)) WEFT__NOIPA void walk_and_jump(void)
{
    expect_here(HERE());
    walk_from_here();
    longjmp(way_back, 1);
}

/* Behind its last instruction another function begins. */
static WEFT__NOIPA void call_for_good(void)
{
    expect_here(HERE());
    walk_and_jump();
}

static void a_call_that_is_the_last_thing_in_its_function_is_of_that_function(void **state)
{
    (void)state;
    of_this_stack();
    expected_count = 0;
    if (setjmp(way_back) == 0)
        call_for_good();
    assert_int_equal(expected_count, 3);
    assert_noted_from(find_noted());
}

static void the_first_and_the_last_frames_are_kept(void **state)
{
    static uintptr_t all[FRAMES_MAX], some[FRAMES_MAX];
    struct weft_registers here;
    size_t n;

    (void)state;
    of_this_stack();
    weft__registers_here(&here);
    n = weft__unwind(&here, low, high, all, FRAMES_MAX, 0);
    assert_true(n >= 3);
    for (size_t max = 0; max <= n + 2; max++)
        for (size_t outer = 0; outer <= max + 1; outer++) {
            const size_t last = max < n ? (outer < max ? outer : max) : 0;
            const size_t first = (max < n ? max : n) - last;

            memset(some, 0, sizeof some);
            assert_int_equal(weft__unwind(&here, low, high, some, max, outer), n);
            for (size_t i = 0; i < first; i++)
                assert_int_equal(some[i], all[i]);
            for (size_t i = 0; i < last; i++)
                assert_int_equal(some[first + i], all[n - last + i]);
            assert_int_equal(some[first + last], 0);
        }
}

static void a_walk_ends_where_the_stack_does(void **state)
{
    static uintptr_t all[FRAMES_MAX];
    struct weft_registers here;
    size_t n, fewer = 0, at;

    (void)state;
    of_this_stack();
    weft__registers_here(&here);
    n = weft__unwind(&here, low, high, all, FRAMES_MAX, 0);
    for (const char *end = (char *)__builtin_frame_address(0) - 4096; end < high; end += 8) {
        at = weft__unwind(&here, low, end, frames, FRAMES_MAX, 0);
        assert_true(at >= fewer && at >= 1 && at <= n);
        assert_memory_equal(frames, all, at * sizeof frames[0]);
        fewer = at;
    }
    assert_int_equal(fewer, n);
}

static void nothing_is_found_from_nowhere(void **state)
{
    struct weft_registers nowhere;

    (void)state;
    of_this_stack();
    memset(&nowhere, 0, sizeof nowhere);
    assert_int_equal(weft__unwind(&nowhere, low, high, frames, FRAMES_MAX, 0), 0);
    nowhere.pc = 1;
    assert_int_equal(weft__unwind(&nowhere, low, high, frames, FRAMES_MAX, 0), 1);
    assert_int_equal(frames[0], 1);
}

static uint64_t chance = 1;

static uint64_t any(void)
{
    chance = chance * 6364136223846793005u + 1442695040888963407u;
    return chance >> 16;
}

static uint64_t any_word(uint64_t stack)
{
    static void *const code[] = {(void *)(uintptr_t)qsort, (void *)(uintptr_t)descend,
                                 (void *)(uintptr_t)raise, (void *)(uintptr_t)printf,
                                 (void *)(uintptr_t)weft__unwind};

    switch (any() % 4) {
    case 0:
        return stack + any() % (STACK_BYTES + 64) / 8 * 8;
    case 1:
        return any() << 48 | any();
    case 2:
        return any() % 3 == 0 ? 0 : any() % 4096;
    default:
        return (uintptr_t)code[any() % 5] + any() % 300;
    }
}

/* Whatever is read beyond the stack is a fault: it has guards. */
static void garbage_does_no_harm(void **state)
{
    struct weft_registers wild;
    uint64_t *words;
    char *map = mmap(NULL, 3 * STACK_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    size_t longest = 0, n;

    (void)state;
    low = map + STACK_BYTES;
    high = low + STACK_BYTES;
    assert_int_equal(mprotect(map + STACK_BYTES, STACK_BYTES, PROT_READ | PROT_WRITE), 0);
    words = (uint64_t *)(void *)(map + STACK_BYTES);
    for (int i = 0; i < 20000; i++) {
        if (i % 200 == 0)
            for (size_t w = 0; w < STACK_BYTES / 8; w++)
                words[w] = any_word((uintptr_t)low);
        for (size_t r = 0; r < WEFT__REGISTERS; r++)
            wild.at[r] = any_word((uintptr_t)low);
        wild.pc = any_word((uintptr_t)low);
        wild.pc_is_return = any() % 2;
        n = weft__unwind(&wild, low, high, frames, FRAMES_MAX, 0);
        assert_true(n <= STACK_BYTES / 8 + 2);
        if (longest < n)
            longest = n;
    }
    assert_true(longest > 1);
    assert_int_equal(munmap(map, 3 * STACK_BYTES), 0);
}

/* ---- modules ---- */

static void an_address_is_so_far_into_a_file(void **state)
{
    struct weft_module here, there;
    char path[4096] = {0};

    (void)state;
    weft__unwind_init();
    weft__unwind_init();
    assert_true(readlink("/proc/self/exe", path, sizeof path - 1) > 0);
    assert_true(weft__unwind_module((uintptr_t)descend, &here));
    assert_string_equal(here.path, path);
    assert_true(weft__unwind_module((uintptr_t)walk_from_here, &there));
    assert_string_equal(there.path, path);
    assert_true(there.offset - here.offset == (uintptr_t)walk_from_here - (uintptr_t)descend);
    assert_true(here.offset <= (uintptr_t)descend);
}

static void memory_is_of_no_module(void **state)
{
    struct weft_module none;

    (void)state;
    assert_false(weft__unwind_module(0, &none));
    assert_false(weft__unwind_module(1, &none));
    assert_false(weft__unwind_module((uintptr_t)&none, &none));
    assert_false(weft__unwind_module(UINTPTR_MAX, &none));
}

/* ---- signals ---- */

/* ThreadSanitizer calls handlers at a time and with registers of its own choice. */
#ifndef WEFT__TSAN

static void install(int number, void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};

    sigemptyset(&action.sa_mask);
    assert_int_equal(sigaction(number, &action, NULL), 0);
}

static void uninstall(int number)
{
    signal(number, SIG_DFL);
}

static void raise_a_signal(void)
{
    expect_here(HERE());
    raise(SIGUSR1);
    THEN_RETURN();
}

static void walk_from_handler(int number, siginfo_t *info, void *ucontext)
{
    struct weft_registers here;

    (void)number;
    (void)info;
    (void)ucontext;
    weft__registers_here(&here);
    walk(&here);
    THEN_RETURN();
}

static void a_walk_goes_through_a_signal_frame(void **state)
{
    size_t at;

    (void)state;
    if (!LIBC_HAS_TABLES)
        return;
    of_this_stack();
    install(SIGUSR1, walk_from_handler, 0);
    at_bottom = raise_a_signal;
    for (int depth = 0; depth < 12; depth++) {
        expected_count = 0;
        descend(depth);
        at = find_noted();
        assert_true(at >= 3 && at < frames_count); /* handler, its return, raise */
        assert_noted_from(at);
    }
    uninstall(SIGUSR1);
}

static void walk_the_interrupted(int number, siginfo_t *info, void *ucontext)
{
    struct weft_registers from;

    (void)number;
    (void)info;
    weft__registers_of_signal(&from, ucontext);
    walk(&from);
}

static char alternate[4 * STACK_BYTES];

static void use_alternate_stack(bool is_used)
{
    const stack_t stack = {
        .ss_sp = alternate, .ss_size = sizeof alternate, .ss_flags = is_used ? 0 : SS_DISABLE};

    assert_int_equal(sigaltstack(&stack, NULL), 0);
}

static void a_handler_walks_what_it_interrupted(void **state)
{
    size_t at;

    (void)state;
    if (!LIBC_HAS_TABLES)
        return;
    of_this_stack();
    use_alternate_stack(true);
    install(SIGUSR1, walk_the_interrupted, SA_ONSTACK);
    at_bottom = raise_a_signal;
    expected_count = 0;
    descend(20);
    at = find_noted();
    assert_true(at >= 1 && at < frames_count);
    assert_noted_from(at);
    uninstall(SIGUSR1);
    use_alternate_stack(false);
}

/* The first instruction of a function is a fault, and what comes before has no frame below. Looked up
 * by the address before it, the fault would be there, and the walk end. */
#if defined __x86_64__ || defined __aarch64__
#if defined __x86_64__
#define RETURN_ADDRESS "%rip"
#define FAULT "ud2"
#else
#define RETURN_ADDRESS "x30"
#define FAULT ".inst 0"
#endif
__asm__(".text\n"
        ".globl test_unwind_before_fault\n"
        ".type test_unwind_before_fault, %function\n"
        "test_unwind_before_fault:\n"
        ".cfi_startproc\n"
        ".cfi_undefined " RETURN_ADDRESS "\n"
        "nop\n"
        ".cfi_endproc\n"
        ".globl test_unwind_fault\n"
        ".type test_unwind_fault, %function\n"
        "test_unwind_fault:\n"
        ".cfi_startproc\n" FAULT "\n"
        "ret\n"
        ".cfi_endproc\n");
void test_unwind_fault(void);

static void walk_and_skip(int number, siginfo_t *info, void *ucontext)
{
    ucontext_t *u = ucontext;

    walk_the_interrupted(number, info, ucontext);
#if defined __x86_64__
    u->uc_mcontext.gregs[REG_RIP] += 2;
#else
    u->uc_mcontext.pc += 4;
#endif
}

static void walk_from_handler_and_skip(int number, siginfo_t *info, void *ucontext)
{
    walk_and_skip(number, info, ucontext);
    walk_from_handler(number, info, ucontext);
}

static WEFT__NOIPA void fault(void)
{
    expect_here(HERE());
    test_unwind_fault();
    THEN_RETURN();
}

static void a_fault_in_a_functions_first_instruction_is_of_that_function(void **state)
{
    (void)state;
    of_this_stack();
    at_bottom = fault;
    install(SIGILL, walk_and_skip, 0);
    expected_count = 0;
    descend(3);
    assert_int_equal(frames[0], (uintptr_t)test_unwind_fault);
    assert_noted_from(2);
    install(SIGILL, walk_from_handler_and_skip, 0);
    expected_count = 0;
    descend(3);
    assert_true(find_noted() >= 3);
    assert_noted_from(find_noted());
    uninstall(SIGILL);
}
#endif

#endif

/* ---- functions without an entry, and entries that no compiler writes ---- */

#if defined __x86_64__ || defined __aarch64__
__asm__(".text\n"
        ".globl test_unwind_silent\n"
        ".type test_unwind_silent, %function\n"
        "test_unwind_silent:\n"
#if defined __x86_64__
        "pushq %rbp\n"
        "movq %rsp, %rbp\n"
        "call *%rdi\n"
        "popq %rbp\n"
#else
        "stp x29, x30, [sp, -16]!\n"
        "mov x29, sp\n"
        "blr x0\n"
        "ldp x29, x30, [sp], 16\n"
#endif
        "ret\n");
void test_unwind_silent(void (*call)(void));

static WEFT__NOIPA void call_silent(void)
{
    expect_here(HERE());
    test_unwind_silent(walk_from_here);
    THEN_RETURN();
}

static void a_function_without_an_entry_is_passed_by_its_frame_pointer(void **state)
{
    (void)state;
    of_this_stack();
    at_bottom = call_silent;
    expected_count = 0;
    descend(3);
    assert_int_equal(frames[1], expected[expected_count - 1]);
    expected_count--;
    assert_noted_from(3);
}
#endif

#if defined __x86_64__
/* Its frame is 16 bytes above the stack pointer, which an expression says that uses most operations
 * there are; two more say where rbx is saved, and what the return address is. */
__asm__(".text\n"
        ".globl test_unwind_expressions\n"
        ".type test_unwind_expressions, %function\n"
        "test_unwind_expressions:\n"
        ".cfi_startproc\n"
        "pushq %rbx\n"
        ".cfi_adjust_cfa_offset 8\n"
        ".cfi_remember_state\n"
        ".cfi_escape 0x0f, 34\n"
        ".cfi_escape 0x77, 0\n"                            /* rsp */
        ".cfi_escape 0x08, 200, 0x09, 254, 0x22\n"         /* 200 + -2 */
        ".cfi_escape 0x0a, 198, 0, 0x29, 0x34, 0x24\n"     /* == 198, << 4: 16 */
        ".cfi_escape 0x14, 0x13, 0x12, 0x16, 0x1a\n"       /* over drop dup swap and: 16 */
        ".cfi_escape 0x33, 0x1e, 0x20, 0x20, 0x1f, 0x1f\n" /* * 3, not not neg neg: 48 */
        ".cfi_escape 0x11, 0x7f, 0x22, 0x31, 0x25\n"       /* + -1, >> 1: 23 */
        ".cfi_escape 0x23, 9, 0x31, 0x26, 0x22\n"          /* + 9, >> 1, + rsp */
        ".cfi_escape 0x10, 3, 2, 0x40, 0x1c\n"             /* rbx at the frame - 16 */
        ".cfi_escape 0x16, 16, 3, 0x38, 0x1c, 0x06\n"      /* rip: what is at the frame - 8 */
        "xorl %ebx, %ebx\n"
        "call *%rdi\n"
        "popq %rbx\n"
        ".cfi_restore_state\n"
        ".cfi_adjust_cfa_offset -8\n"
        "ret\n"
        ".cfi_endproc\n");
void test_unwind_expressions(void (*call)(void));

static WEFT__NOIPA void call_expressions(void)
{
    expect_here(HERE());
    test_unwind_expressions(walk_from_here);
    THEN_RETURN();
}

/* Damaged, as it were: the frame that it points at is itself. */
__asm__(".text\n"
        ".globl test_unwind_circle\n"
        ".type test_unwind_circle, %function\n"
        "test_unwind_circle:\n"
        ".cfi_startproc\n"
        ".cfi_def_cfa rbp, 16\n"
        ".cfi_offset rbp, -16\n"
        "nop\n"
        "ret\n"
        ".cfi_endproc\n");
void test_unwind_circle(void);

static void a_frame_that_leads_back_to_itself_is_the_last(void **state)
{
    uintptr_t frame[2] = {(uintptr_t)frame, (uintptr_t)test_unwind_circle + 1};
    struct weft_registers from = {.pc = (uintptr_t)test_unwind_circle};

    (void)state;
    __asm__ volatile("" : : "r"(frame) : "memory");
    from.at[WEFT__REGISTER_SP] = (uintptr_t)frame;
    from.at[WEFT__REGISTER_FP] = (uintptr_t)frame;
    low = (const char *)frame; /* a sanitizer may keep it elsewhere than on this stack */
    high = (const char *)(frame + 2);
    walk(&from);
    assert_int_equal(frames_count, 2);
}

static void expressions_are_evaluated(void **state)
{
    (void)state;
    of_this_stack();
    at_bottom = call_expressions;
    expected_count = 0;
    descend(8);
    assert_int_equal(frames[1], expected[expected_count - 1]);
    expected_count--;
    assert_noted_from(3);
}
#endif

/* ---- contexts that are switched out ---- */

struct coroutine {
    struct weft_context context; /* at the top of its stack */
    struct weft_sanitizer sanitizer;
    int depth;
    char *low;
};

static weft__switch_fn *backend;
static struct coroutine root, *coroutine, *running, *left;

static WEFT__NOT_SANITIZED void resume(struct coroutine *to)
{
    struct coroutine *me = running;

    left = me;
    running = to;
    weft__sanitize_leave(&me->sanitizer, &to->sanitizer, 0);
    backend(&me->context, &to->context, 0);
    weft__sanitize_arrive(&me->sanitizer, &left->sanitizer);
    THEN_RETURN();
}

static void suspend(void)
{
    expect_here(HERE());
    resume(&root);
    THEN_RETURN();
}

static WEFT__NOT_SANITIZED void enter(struct weft_context *context)
{
    struct coroutine *self = WEFT__CONTAINER_OF(context, struct coroutine, context);

    weft__sanitize_arrive(&self->sanitizer, &left->sanitizer);
    for (;;) {
        expected_count = 0;
        descend(self->depth);
    }
}

static void boot(void)
{
    static struct weft_maker maker;
    char *base =
        mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    void *top = base + STACK_BYTES - 512;

    assert_true(base != MAP_FAILED);
    backend = weft__context_choose();
    running = &root;
    weft__sanitize_root(&root.sanitizer);
    coroutine = top;
    *coroutine = (struct coroutine){.low = base};
    weft__sanitize_stack_made(&coroutine->sanitizer, base, top);
    weft__context_boot(&maker, &top, &base, 0, 1, enter);
    at_bottom = suspend;
}

static void unboot(void)
{
    weft__sanitize_stack_retired(&coroutine->sanitizer);
    munmap(coroutine->low, STACK_BYTES);
}

static void walk_coroutine(void)
{
    struct weft_registers from;

    weft__context_registers(&coroutine->context, &from);
    low = coroutine->low;
    high = (char *)coroutine;
    walk(&from);
}

static void a_context_that_waits_is_walked_from_the_switch_to_its_bottom(void **state)
{
    size_t beyond = 0, at;

    (void)state;
    boot();
    for (int depth = 0; depth < 30; depth++) {
        coroutine->depth = depth;
        resume(coroutine);
        walk_coroutine();
        assert_int_equal(expected_count, functions_to(depth) + 1);
        at = find_noted();
        assert_true(at >= 2); /* the switch, resume */
        assert_noted_from(at);
        if (depth == 0)
            beyond = frames_count - expected_count;
        assert_int_equal(frames_count, expected_count + beyond);
    }
    assert_true(beyond >= 3 && beyond <= 7);
    unboot();
}

static void a_context_that_has_not_run_has_a_bottom_too(void **state)
{
    (void)state;
    boot();
    walk_coroutine();
    assert_true(frames_count >= 2 && frames_count <= 6);
    unboot();
}

/* ---- every instruction ---- */

/* The processor's trap flag: a signal after each instruction, whose handler walks what it
 * interrupted. So every row of the tables that a run passes is looked at: entries and ends of
 * functions, linkage stubs, the loader binding a symbol, libc, the switch. */
#if defined __x86_64__ && !defined WEFT__SANITIZED

enum { STEPS_MAX = 100000 }; /* there are some thousands: a run that does not end is let go */

static uintptr_t bottom_of_main, bottom_of_coroutine;
static size_t steps, steps_lost;
static uintptr_t lost;
static volatile bool is_stepping;

static void look(int number, siginfo_t *info, void *ucontext)
{
    struct weft_registers from;
    bool is_of_coroutine;
    size_t n;

    (void)number;
    (void)info;
    if (!is_stepping || steps == STEPS_MAX) {
        ((ucontext_t *)ucontext)->uc_mcontext.gregs[REG_EFL] &= ~0x100;
        return;
    }
    weft__registers_of_signal(&from, ucontext);
    is_of_coroutine = coroutine && from.at[WEFT__REGISTER_SP] >= (uintptr_t)coroutine->low &&
                      from.at[WEFT__REGISTER_SP] < (uintptr_t)coroutine;
    if (is_of_coroutine)
        n = weft__unwind(&from, coroutine->low, coroutine, frames, FRAMES_MAX, 1);
    else
        n = weft__unwind(&from, low, high, frames, FRAMES_MAX, 1);
    steps++;
    if (n < FRAMES_MAX && frames[n - 1] == (is_of_coroutine ? bottom_of_coroutine : bottom_of_main))
        return;
    if (steps_lost++ == 0)
        lost = from.pc;
}

/* The first signal comes after the last of these, when the stack is again as the tables say. */
#define STEP()                                     \
    __asm__ volatile("leaq -128(%%rsp), %%rsp\n\t" \
                     "pushfq\n\t"                  \
                     "orq $0x100, (%%rsp)\n\t"     \
                     "popfq\n\t"                   \
                     "leaq 128(%%rsp), %%rsp" ::   \
                         : "memory", "cc")

static void step_through(void (*what)(void))
{
    struct weft_module m = {.path = "?"};

    walk_at_depth(0);
    bottom_of_main = frames[frames_count - 1];
    steps = steps_lost = 0;
    is_stepping = true;
    use_alternate_stack(true);
    install(SIGTRAP, look, SA_ONSTACK);
    what();
    uninstall(SIGTRAP);
    use_alternate_stack(false);
    if (steps_lost > 0) {
        weft__unwind_module(lost, &m);
        printf("lost at %s+%#lx, and %zu more of %zu\n", m.path, (unsigned long)m.offset,
               steps_lost - 1, steps);
    }
}

static void do_nothing(void) {}

static WEFT__NOIPA void step_libc(void)
{
    int numbers[] = {3, 1, 2, 9, 5};
    char text[100];

    STEP();
    at_bottom = do_nothing;
    expected_count = 0;
    descend(10);
    qsort(numbers, 5, sizeof numbers[0], compare_and_walk);
    snprintf(text, sizeof text, "%d %s %f", numbers[0], "text", 1.5);
    free(malloc(100));
    is_stepping = false;
    THEN_RETURN();
}

static void no_instruction_of_libc_or_ours_loses_the_stack(void **state)
{
    (void)state;
    if (!LIBC_HAS_TABLES)
        return;
    coroutine = NULL;
    step_through(step_libc);
    assert_in_range(steps, 300, STEPS_MAX - 1);
    assert_int_equal(steps_lost, 0);
}

static WEFT__NOIPA void step_switches(void)
{
    at_bottom = suspend;
    STEP();
    for (int i = 0; i < 3; i++)
        resume(coroutine);
    is_stepping = false;
    THEN_RETURN();
}

/* libc's own switch has rows that are not right everywhere. */
static void no_instruction_of_a_switch_loses_the_stack(void **state)
{
    (void)state;
    if (weft__context_choose() != weft__switch_registers)
        return;
    boot();
    coroutine->depth = 2;
    resume(coroutine);
    walk_coroutine();
    bottom_of_coroutine = frames[frames_count - 1];
    step_through(step_switches);
    assert_in_range(steps, 100, STEPS_MAX - 1);
    assert_int_equal(steps_lost, 0);
    unboot();
}
#endif

/* ---- green threads ---- */

#ifndef WEFT_PLAIN_TESTS

static chan(int) never;

static void receive(void)
{
    expect_here(HERE());
    chan_recv(never, NULL);
    THEN_RETURN();
}

static void descend_in_thread(int depth)
{
    descend(depth);
    THEN_RETURN();
}

static const struct weft_control *control_of(const void *task)
{
    struct weft_thread *t = NULL;

    if (weft__thread_find(&weft__self->threads, task, &t) != 0)
        abort();
    return t->at.control;
}

static void a_parked_thread_is_walked_from_the_library_to_its_bottom(void **state)
{
    const struct weft_control *c;
    struct weft_registers from;
    size_t beyond = 0, at;

    (void)state;
    never = chan_new(int);
    at_bottom = receive;
    for (int depth = 0; depth < 20; depth++) {
        task(void) t;

        expected_count = 0;
        t = spawn(descend_in_thread, depth);
        check_settle();
        c = control_of((const void *)t);
        weft__context_registers(&c->context, &from);
        low = c->base;
        high = (const char *)c;
        walk(&from);
        at = find_noted();
        assert_true(at >= 1 && at < 20);
        assert_noted_from(at);
        if (depth == 0)
            beyond = frames_count - expected_count;
        assert_int_equal(frames_count, expected_count + beyond);
        assert_int_equal(chan_send(never, 1), 0);
        task_join(t);
    }
    chan_free(never);
}

static void walk_main(void)
{
    struct weft_registers from;

    weft__context_registers(&weft__self->root.context, &from);
    walk(&from);
}

static void join_walker(void)
{
    task(void) t = spawn(walk_main);

    expect_here(HERE());
    task_join(t);
    THEN_RETURN();
}

static void the_parked_main_thread_is_walked_by_another(void **state)
{
    size_t depth = 20, whole; /* with the frames of this and of two functions that are gone */

    (void)state;
    walk_at_depth((int)depth);
    whole = frames_count - expected_count;
    expected_count = 0;
    at_bottom = join_walker;
    descend((int)depth);
    assert_true(find_noted() >= 1 && find_noted() < 20);
    assert_noted_from(find_noted());
    assert_int_equal(frames_count - find_noted() - expected_count, whole - 2);
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_frame_of_a_recursion_is_found),
#ifdef __GLIBC__
        cmocka_unit_test(the_whole_stack_is_what_libc_finds),
#endif
        cmocka_unit_test(a_walk_goes_through_libc),
        cmocka_unit_test(a_call_that_is_the_last_thing_in_its_function_is_of_that_function),
        cmocka_unit_test(the_first_and_the_last_frames_are_kept),
        cmocka_unit_test(a_walk_ends_where_the_stack_does),
        cmocka_unit_test(nothing_is_found_from_nowhere),
        cmocka_unit_test(garbage_does_no_harm),
        cmocka_unit_test(an_address_is_so_far_into_a_file),
        cmocka_unit_test(memory_is_of_no_module),
#ifndef WEFT__TSAN
        cmocka_unit_test(a_walk_goes_through_a_signal_frame),
        cmocka_unit_test(a_handler_walks_what_it_interrupted),
#if defined __x86_64__ || defined __aarch64__
        cmocka_unit_test(a_fault_in_a_functions_first_instruction_is_of_that_function),
#endif
#endif
#if defined __x86_64__ || defined __aarch64__
        cmocka_unit_test(a_function_without_an_entry_is_passed_by_its_frame_pointer),
#endif
#if defined __x86_64__
        cmocka_unit_test(expressions_are_evaluated),
        cmocka_unit_test(a_frame_that_leads_back_to_itself_is_the_last),
#endif
        cmocka_unit_test(a_context_that_waits_is_walked_from_the_switch_to_its_bottom),
        cmocka_unit_test(a_context_that_has_not_run_has_a_bottom_too),
#if defined __x86_64__ && !defined WEFT__SANITIZED
        cmocka_unit_test(no_instruction_of_libc_or_ours_loses_the_stack),
        cmocka_unit_test(no_instruction_of_a_switch_loses_the_stack),
#endif
#ifndef WEFT_PLAIN_TESTS
        check_test(a_parked_thread_is_walked_from_the_library_to_its_bottom),
        check_test(the_parked_main_thread_is_walked_by_another),
#endif
    };

    return cmocka_run_group_tests_name("unwind", tests, NULL, NULL);
}
