/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#ifdef __GLIBC__ /* musl has no backtrace() */
#include <execinfo.h>
#endif
#include <fenv.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>

#include "child.h"
#include "runtime/base.h"
#include "runtime/calls.h"
#include "runtime/context.h"
#include "runtime/sanitize.h"

/* ---- coroutines: contexts with the least around them ---- */

enum { COROUTINES_MAX = 70, STACK_BYTES = 64 * 1024, SKIP_BYTES = 4096 };

struct coroutine {
    struct weft_context context; /* at the top of its stack */
    struct weft_sanitizer sanitizer;
    void (*body)(struct coroutine *self);
    char *low; /* of its stack, above what was skipped */
};

static weft__switch_fn *switch_backend;
static struct coroutine *coroutines[COROUTINES_MAX];
static struct coroutine root;
static struct coroutine *running, *left;
static char *stacks;

/* Leaves for another, and answers what one is resumed with. Announced to the sanitizers. */
static WEFT__NOT_SANITIZED int resume(struct coroutine *to, int result)
{
    struct coroutine *me = running;
    int got;

    left = me;
    running = to;
    if (to != me)
        weft__sanitize_leave(&me->sanitizer, &to->sanitizer, 0);
    got = (int)switch_backend(&me->context, &to->context, result);
    if (to != me)
        weft__sanitize_arrive(&me->sanitizer, &left->sanitizer);
    return got;
}

static WEFT__NOT_SANITIZED void enter(struct weft_context *context)
{
    struct coroutine *self = WEFT__CONTAINER_OF(context, struct coroutine, context);

    weft__sanitize_arrive(&self->sanitizer, &left->sanitizer);
    self->body(self);
    resume(&root, -1);
    abort(); /* resumed after its end */
}

/* Makes n coroutines that will run body, as the library makes a batch of stacks. */
static void boot(size_t n, void (*body)(struct coroutine *))
{
    static struct weft_maker maker;
    void *tops[COROUTINES_MAX];
    char *bases[COROUTINES_MAX];

    for (size_t i = 0; i < n; i++) {
        bases[i] = stacks + i * STACK_BYTES;
        coroutines[i] = (void *)(bases[i] + STACK_BYTES - ((sizeof(struct coroutine) + 63) & ~63u));
        *coroutines[i] = (struct coroutine){.body = body, .low = bases[i] + SKIP_BYTES};
        weft__sanitize_stack_made(&coroutines[i]->sanitizer, coroutines[i]->low,
                                  (char *)coroutines[i]);
        tops[i] = coroutines[i];
    }
    weft__context_boot(&maker, tops, bases, SKIP_BYTES, n, enter);
}

static int fresh(void **state)
{
    (void)state;
    stacks = mmap(NULL, COROUTINES_MAX * STACK_BYTES, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    root = (struct coroutine){.low = NULL};
    running = &root;
    weft__sanitize_root(&root.sanitizer);
    switch_backend = weft__context_choose();
    return stacks == MAP_FAILED ? -1 : 0;
}

static int over(void **state)
{
    (void)state;
    return munmap(stacks, COROUTINES_MAX * STACK_BYTES);
}

/* ---- making and entering ---- */

static int runs;

static void count_run(struct coroutine *self)
{
    (void)self;
    runs++;
}

static void a_new_context_has_not_run(void **state)
{
    (void)state;
    runs = 0;
    boot(5, count_run);
    assert_int_equal(runs, 0);
}

static void each_of_a_batch_runs_when_it_is_entered(void **state)
{
    (void)state;
    for (size_t n = 1; n <= COROUTINES_MAX; n += n < 3 ? 1 : 23) {
        runs = 0;
        boot(n, count_run);
        for (size_t i = n; i > 0; i--) {
            assert_int_equal(resume(coroutines[i - 1], 0), -1);
            assert_int_equal(runs, n - i + 1);
        }
    }
}

static void *given;
static uintptr_t misaligned;

static void look_at_stack(struct coroutine *self)
{
    _Alignas(64) volatile char aligned[64] = {0};
    _Alignas(16) volatile char vector[16] = {0};

    given = self;
    misaligned = ((uintptr_t)aligned % 64) | ((uintptr_t)vector % 16) |
                 ((uintptr_t)__builtin_frame_address(0) % 16);
}

static void it_gets_itself_on_an_aligned_stack_of_its_own(void **state)
{
    (void)state;
    boot(3, look_at_stack);
    resume(coroutines[1], 0);
    assert_ptr_equal(given, coroutines[1]);
    assert_int_equal(misaligned, 0);
}

/* Under ASan a local array of this size may be elsewhere. */
#ifndef WEFT__SANITIZED
static void use_whole_stack(struct coroutine *self)
{
    char *low = (char *)__builtin_frame_address(0) - 512;
    uint32_t sum = 0;

    for (char *at = self->low; at < low; at++)
        *at = 'x';
    for (char *at = self->low; at < low; at++)
        sum += *at == 'x';
    runs = (int)sum;
}

static void its_stack_reaches_down_to_what_is_skipped(void **state)
{
    (void)state;
    boot(3, use_whole_stack);
    memset(stacks + STACK_BYTES, 'g', SKIP_BYTES);
    resume(coroutines[1], 0);
    assert_true(runs > STACK_BYTES - SKIP_BYTES - 2048);
    for (int i = 0; i < SKIP_BYTES; i++)
        assert_int_equal(stacks[STACK_BYTES + i], 'g');
}
#endif

/* ---- switching ---- */

static void echo(struct coroutine *self)
{
    int got = 0;

    (void)self;
    for (int i = 0; i < 1000; i++)
        got = resume(&root, got + i);
}

static void a_switch_hands_over_its_result(void **state)
{
    const int results[] = {0, 1, -1, 4095, -4096, INT32_MAX - 1, INT32_MIN + 10};

    (void)state;
    boot(1, echo);
    assert_int_equal(resume(coroutines[0], 77), 0);
    for (int i = 0; i < (int)(sizeof results / sizeof results[0]); i++)
        assert_int_equal(resume(coroutines[0], results[i] - i), results[i] + 1);
}

/* An OS thread's own, until its first switch. */
static void a_context_that_was_never_left_has_no_registers(void **state)
{
    const struct weft_context none = {0};
    struct weft_registers r, zero = {0};

    (void)state;
    memset(&r, 0x55, sizeof r);
    weft__context_registers(&none, &r);
    assert_memory_equal(&r, &zero, sizeof r);
}

static void a_switch_to_oneself_returns_the_result_at_once(void **state)
{
    (void)state;
    assert_int_equal(resume(&root, 42), 42);
    assert_int_equal(resume(&root, -42), -42);
}

/* Live values of every kind, across many switches. */
static uint64_t mix(uint64_t seed, struct coroutine *peer, int switches)
{
    uint64_t a = seed, b = seed * 3, c = seed * 5, d = seed * 7, e = seed * 11, f = seed * 13;
    double x = (double)seed, y = x / 3, z = x / 7;

    for (int i = 0; i < switches; i++) {
        if (peer)
            resume(peer, 0);
        a += b ^ (uint64_t)i, b += c << 1, c += d >> 1, d += e, e += f, f += a;
        x = x * 1.000001 + y, y += z, z = z * 0.999999 + 1;
    }
    return a ^ b ^ c ^ d ^ e ^ f ^ (uint64_t)(int64_t)(x + y + z);
}

enum { MIXERS = 20, SWITCHES = 500 };

static uint64_t mixed[MIXERS];

static size_t index_of(const struct coroutine *self)
{
    size_t i = 0;

    while (coroutines[i] != self)
        i++;
    return i;
}

static void mix_with_next(struct coroutine *self)
{
    size_t i = index_of(self);

    mixed[i] = mix(i, coroutines[(i + 1) % MIXERS], SWITCHES);
    if (i + 1 < MIXERS)
        resume(coroutines[i + 1], 0);
}

static void what_a_call_preserves_is_preserved_across_a_ring_of_switches(void **state)
{
    (void)state;
    memset(mixed, 0, sizeof mixed);
    boot(MIXERS, mix_with_next);
    resume(coroutines[0], 0);
    for (uint64_t i = 0; i < MIXERS; i++)
        assert_true(mixed[i] == mix(i, NULL, SWITCHES));
}

/* ---- what a context has for itself ---- */

static int mode_seen[2];

static void round_up(struct coroutine *self)
{
    (void)self;
    mode_seen[0] = fegetround();
    fesetround(FE_UPWARD);
    resume(&root, 0);
    mode_seen[1] = fegetround();
    fesetround(FE_TONEAREST);
}

static void each_context_keeps_its_rounding_mode(void **state)
{
    int between;

    (void)state;
    boot(1, round_up);
    resume(coroutines[0], 0);
    between = fegetround();
    fesetround(FE_DOWNWARD);
    resume(coroutines[0], 0);
    assert_int_equal(fegetround(), FE_DOWNWARD);
    fesetround(FE_TONEAREST);
    assert_int_equal(mode_seen[0], FE_TONEAREST);
    assert_int_equal(between, FE_TONEAREST);
    assert_int_equal(mode_seen[1], FE_UPWARD);
}

static sigset_t mask_seen;

static void look_at_mask(struct coroutine *self)
{
    (void)self;
    sigprocmask(SIG_SETMASK, NULL, &mask_seen);
}

/* Signals that the maker has blocked: a context that was made earlier must not unblock them, nor
 * one that is made now. */
static void a_signal_that_is_blocked_stays_blocked_in_contexts_made_now(void **state)
{
    sigset_t usr1, after;

    (void)state;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    sigprocmask(SIG_BLOCK, &usr1, NULL);
    boot(2, look_at_mask);
    resume(coroutines[0], 0);
    sigprocmask(SIG_UNBLOCK, &usr1, &after);
    assert_true(sigismember(&mask_seen, SIGUSR1));
    assert_true(sigismember(&after, SIGUSR1));
    boot(2, look_at_mask);
    resume(coroutines[1], 0);
    assert_false(sigismember(&mask_seen, SIGUSR1));
}

#ifdef __GLIBC__
static void *frames[64];
static int frames_count;

static void look_at_backtrace(struct coroutine *self)
{
    (void)self;
    frames_count = backtrace(frames, 64);
}

static void a_backtrace_ends_at_the_bottom_of_the_stack(void **state)
{
    (void)state;
    backtrace(frames, 64); /* loads what it needs here, where there is room */
    boot(1, look_at_backtrace);
    resume(coroutines[0], 0);
    assert_in_range(frames_count, 2, 12);
}
#endif

/* ---- which backend ---- */

/* In a child, since a process chooses once. */
static int chosen_under(const void *wish)
{
    weft__switch_fn *chosen;

    if (wish)
        setenv("WEFT_CONTEXT", wish, 1);
    else
        unsetenv("WEFT_CONTEXT");
    chosen = weft__context_choose();
    setenv("WEFT_CONTEXT", "something else", 1);
    if (weft__context_choose() != chosen)
        return 100;
#ifdef WEFT_HAVE_UCONTEXT
    if (chosen == weft__switch_ucontext)
        return 2;
#endif
    return 1;
}

enum { REGISTERS = 1, UCONTEXT = 2 };

/* Before any test has chosen for this process. */
static void the_environment_chooses_the_backend_once(void **state)
{
    (void)state;
#if defined WEFT_HAVE_REGISTERS && defined WEFT_HAVE_UCONTEXT
    assert_int_equal(child_run(chosen_under, "registers").status, REGISTERS);
    assert_int_equal(child_run(chosen_under, "ucontext").status, UCONTEXT);
    assert_int_equal(child_run(chosen_under, NULL).status,
                     child_run(chosen_under, "something else").status);
#elif defined WEFT_HAVE_REGISTERS
    assert_int_equal(child_run(chosen_under, "ucontext").status, REGISTERS);
#else
    assert_int_equal(child_run(chosen_under, "registers").status, UCONTEXT);
#endif
}

static void a_word_that_is_no_backend_is_told_of_once(void **state)
{
    struct child c = child_run(chosen_under, "fibers");

    (void)state;
    assert_string_equal(c.said,
                        "weft: WEFT_CONTEXT=fibers is ignored: say registers or ucontext\n");
    assert_string_equal(child_run(chosen_under, "").said, "");
    assert_string_equal(child_run(chosen_under, "ucontext").said, "");
    assert_string_equal(child_run(chosen_under, "registers").said, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_environment_chooses_the_backend_once),
        cmocka_unit_test(a_word_that_is_no_backend_is_told_of_once),
#define TEST(test) cmocka_unit_test_setup_teardown(test, fresh, over)
        TEST(a_new_context_has_not_run),
        TEST(each_of_a_batch_runs_when_it_is_entered),
        TEST(it_gets_itself_on_an_aligned_stack_of_its_own),
#ifndef WEFT__SANITIZED
        TEST(its_stack_reaches_down_to_what_is_skipped),
#endif
        TEST(a_switch_hands_over_its_result),
        TEST(a_switch_to_oneself_returns_the_result_at_once),
        TEST(a_context_that_was_never_left_has_no_registers),
        TEST(what_a_call_preserves_is_preserved_across_a_ring_of_switches),
        TEST(each_context_keeps_its_rounding_mode),
        TEST(a_signal_that_is_blocked_stays_blocked_in_contexts_made_now),
#ifdef __GLIBC__
        TEST(a_backtrace_ends_at_the_bottom_of_the_stack),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
