/* SPDX-License-Identifier: MIT */
/* The register switch, on stacks of this program's own: everything that a call preserves is there
 * after a million switches. Built by torture.sh with every setting of the compilers. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "plain.h"

#include "runtime/switch.h"

#ifdef WEFT_HAVE_REGISTERS

#include <errno.h>
#include <fenv.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unwind.h>

#ifdef WEFT_HAVE_UCONTEXT
#include <ucontext.h>
#endif

#ifndef SWITCHES
#define SWITCHES 1000000
#endif

enum { STACK_BYTES = 256 * 1024 };

/* A context that runs body, and after it leaves for main for ever. */
struct side {
    struct weft_context context;
    void (*body)(struct side *self);
    char *stack;
    struct side *peer;
    uint64_t (*work)(uint64_t seed, int rounds, struct side *self);
    uint64_t seed;
    uint64_t result;
    void *outer_frame; /* the frame pointer that the first function of the stack was called with */
    uintptr_t misaligned;
    int rounds;
    bool done;
};

static struct weft_context main_context;
static struct side sides[2];

static __attribute__((noinline)) int resume(struct side *s, int value)
{
    return weft__switch_registers(&main_context, &s->context, value);
}

static __attribute__((noinline)) int leave(struct side *s, int value)
{
    return weft__switch_registers(&s->context, &main_context, value);
}

static void side_run(struct side *s)
{
    s->body(s);
    s->done = true;
    for (;;)
        leave(s, 0);
}

static void side_entry(void *argument)
{
    struct side *s = argument;

    s->outer_frame = *(void **)__builtin_frame_address(0);
    side_run(s);
}

static void birth_by_frame(struct side *s, size_t stack_bytes)
{
    weft__context_frame(&s->context, s->stack + stack_bytes, side_entry, s);
}

#ifdef WEFT_HAVE_UCONTEXT
static struct side *side_born;

static void side_first(void)
{
    struct side *s = side_born;

    s->outer_frame = *(void **)__builtin_frame_address(0);
    leave(s, 0);
    side_run(s);
}

static void birth_by_makecontext(struct side *s, size_t stack_bytes)
{
    ucontext_t first;

    getcontext(&first);
    first.uc_link = NULL;
    first.uc_stack.ss_sp = s->stack;
    first.uc_stack.ss_size = stack_bytes;
#ifdef __x86_64__
    first.uc_mcontext.gregs[REG_RBP] = 0; /* makecontext leaves the maker's in it */
#else
    first.uc_mcontext.regs[29] = 0;
#endif
    makecontext(&first, side_first, 0);
    side_born = s;
    weft__context_enter(&main_context, &first);
}
#endif

static void (*birth)(struct side *s, size_t stack_bytes) = birth_by_frame;

static void side_make_at(struct side *s, void (*body)(struct side *), size_t stack_bytes)
{
    char *stack = s->stack;

    if (!stack)
        stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(s, 0, sizeof *s);
    s->stack = stack;
    s->body = body;
    birth(s, stack_bytes);
}

static void side_make(struct side *s, void (*body)(struct side *))
{
    side_make_at(s, body, STACK_BYTES);
}

/* ---- what is live across a switch ---- */

typedef double vector __attribute__((vector_size(32)));

static uint64_t mix(uint64_t x)
{
    x ^= x >> 31;
    return x * 0x9e3779b97f4a7c15u + 1;
}

/* More of each kind than there are registers that a call preserves. hand_over switches, or does
 * nothing: the result must be the same. */
#define WORK(name, hand_over)                                                                      \
    static __attribute__((noinline)) uint64_t name(uint64_t seed, int rounds, struct side *self)   \
    {                                                                                              \
        uint64_t a = mix(seed), b = mix(a), c = mix(b), d = mix(c), e = mix(d), f = mix(e),        \
                 g = mix(f), h = mix(g);                                                           \
        double p = (double)(a >> 40), q = p + 1, r = q + 2, s = r + 3, t = s + 4, u = t + 5,       \
               v = u + 6, w = v + 7, x = w + 8, y = x + 9;                                         \
        long double z = 1 + (long double)(b >> 40) / 3;                                            \
        vector k = {p, q, r, s};                                                                   \
        uint64_t block[8] __attribute__((aligned(64))) = {a, b, c, d, e, f, g, h};                 \
        volatile char *more = __builtin_alloca(16 + (seed & 127));                                 \
        uint64_t sum = 0;                                                                          \
                                                                                                   \
        more[0] = (char)seed;                                                                      \
        for (int i = 0; i < rounds; i++) {                                                         \
            a = mix(a + h), b = mix(b ^ a), c = mix(c + b), d = mix(d ^ c);                        \
            e = mix(e + d), f = mix(f ^ e), g = mix(g + f), h = mix(h ^ g);                        \
            p = p * 0.5 + q, q = q * 0.25 + r, r = r * 0.5 + s, s = s * 0.125 + 1;                 \
            t = t * 0.5 + u, u = u * 0.25 + v, v = v * 0.5 + w, w = w * 0.125 + x;                 \
            x = x * 0.25 + y, y = y * 0.5 + p, z = z * 0.5L + y;                                   \
            k = k * 0.5 + (vector){p, t, w, y};                                                    \
            block[i & 7] += a;                                                                     \
            self->misaligned |= (uintptr_t)block & 63;                                             \
            hand_over;                                                                             \
            sum =                                                                                  \
                mix(sum + a + b + c + d + e + f + g + h + block[(i + 3) & 7] + (uint64_t)more[0]); \
            sum += (uint64_t)(p + q + r + s + t + u + v + w + x + y + (double)z) +                 \
                   (uint64_t)(k[0] + k[1] + k[2] + k[3]);                                          \
        }                                                                                          \
        return sum;                                                                                \
    }

static __attribute__((noinline)) void nothing(struct side *s)
{
    __asm__ volatile("" : : "r"(s) : "memory");
}

static __attribute__((noinline)) void to_peer(struct side *s)
{
    weft__switch_registers(&s->context, &s->peer->context, 0);
}

WORK(work_alone, nothing(self))
WORK(work_one_place, to_peer(self))
WORK(work_here, weft__switch_registers(&self->context, &self->peer->context, 0))
WORK(work_there, weft__switch_registers(&self->context, &self->peer->context, 0))

static void body_work(struct side *s)
{
    s->result = s->work(s->seed, s->rounds, s);
}

static void compare_with_alone(uint64_t (*first)(uint64_t, int, struct side *),
                               uint64_t (*second)(uint64_t, int, struct side *))
{
    static struct side alone;

    for (int i = 0; i < 2; i++)
        side_make(&sides[i], body_work);
    for (uint64_t i = 0; i < 2; i++) {
        sides[i].peer = &sides[1 - i];
        sides[i].rounds = SWITCHES / 2;
        sides[i].seed = 1000 + 77 * i;
        sides[i].work = i ? second : first;
    }
    resume(&sides[0], 0); /* they switch to each other until the first is done */
    assert_true(sides[0].done);
    assert_false(sides[1].done);
    resume(&sides[1], 0);
    assert_true(sides[1].done);
    for (int i = 0; i < 2; i++) {
        assert_true(sides[i].result == work_alone(sides[i].seed, SWITCHES / 2, &alone));
        assert_int_equal(sides[i].misaligned, 0);
    }
}

/* Both contexts return to the same place: the switch ends in a return. */
static void values_survive_a_million_switches_in_one_place(void **state)
{
    (void)state;
    compare_with_alone(work_one_place, work_one_place);
}

/* Two places: the switch ends in a jump. */
static void values_survive_a_million_switches_in_two_places(void **state)
{
    (void)state;
    compare_with_alone(work_here, work_there);
}

/* Signals that find a green thread running use its stack, below what the switch has stored there
 * already. */
static volatile sig_atomic_t signals;

static void signal_note(int number)
{
    char text[64];

    snprintf(text, sizeof text, "%d", number);
    signals++;
}

static void values_survive_signals_between_switches(void **state)
{
    struct itimerval often = {{0, 100}, {0, 100}};
    struct itimerval never = {{0, 0}, {0, 0}};
    struct sigaction action = {.sa_handler = signal_note};

    (void)state;
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    compare_with_alone(work_here, work_there);
    setitimer(ITIMER_REAL, &never, NULL);
    signal(SIGALRM, SIG_IGN);
    assert_true(signals > 0);
}

/* ---- floating-point control ---- */

static volatile double one = 1, three = 3;
static volatile long double long_one = 1, long_three = 3;

struct thirds {
    double d;
    long double l;
};

static struct thirds third(void)
{
    return (struct thirds){one / three, long_one / long_three};
}

static int modes_wrong;

static void body_mode(struct side *s)
{
    int mode = s == &sides[0] ? FE_UPWARD : FE_DOWNWARD;
    struct thirds expected;

    fesetround(mode);
    expected = third();
    for (;;) {
        struct thirds now;

        leave(s, 0);
        now = third();
        modes_wrong += fegetround() != mode || now.d != expected.d || now.l != expected.l;
    }
}

static void each_context_keeps_its_rounding_mode(void **state)
{
    struct thirds expected = third();

    (void)state;
    modes_wrong = 0;
    for (int i = 0; i < 2; i++)
        side_make(&sides[i], body_mode);
    for (int n = 0; n < 100000; n++)
        for (int i = 0; i < 2; i++) {
            struct thirds now;

            resume(&sides[i], 0);
            now = third();
            modes_wrong +=
                fegetround() != FE_TONEAREST || now.d != expected.d || now.l != expected.l;
        }
    assert_int_equal(modes_wrong, 0);
}

/* One word at a time, and what no rounding function sets. */
#ifdef __x86_64__
static unsigned control_get(int which)
{
    unsigned value = 0;

    if (which == 0)
        __asm__ volatile("stmxcsr %0" : "+m"(value));
    else
        __asm__ volatile("fnstcw %0" : "+m"(value));
    return which == 0 ? value & ~0x3fu : value;
}

static void control_set(int which, unsigned value)
{
    if (which == 0)
        __asm__ volatile("ldmxcsr %0" : : "m"(value));
    else
        __asm__ volatile("fldcw %0" : : "m"(value));
}

static const unsigned control_bits[] = {0x8040, 0x0300}; /* tiny values to zero; precision */
#else
static unsigned control_get(int which)
{
    uint64_t value;

    (void)which;
    __asm__ volatile("mrs %0, fpcr" : "=r"(value));
    return (unsigned)value;
}

static void control_set(int which, unsigned value)
{
    uint64_t wide = value;

    (void)which;
    __asm__ volatile("msr fpcr, %0" : : "r"(wide));
}

static const unsigned control_bits[] = {1u << 24, 1u << 25}; /* tiny values to zero; default NaN */
#endif

#if defined __x86_64__ && defined __GLIBC__
static volatile long double zero;

static void body_trapping(struct side *s)
{
    feenableexcept(FE_DIVBYZERO);
    leave(s, 0);
    s->result = third().l > 0;
}

/* The x87 unit keeps in mind what was divided by zero, and traps when that is unmasked. */
static void a_context_does_not_trap_for_what_another_did(void **state)
{
    volatile long double infinite;

    (void)state;
    side_make(&sides[0], body_trapping);
    resume(&sides[0], 0);
    infinite = long_one / zero;
    (void)infinite;
    resume(&sides[0], 0);
    assert_int_equal(sides[0].result, 1);
}
#endif

static int controls_wrong;
static unsigned control_birth;

static void body_control(struct side *s)
{
    int which = s == &sides[1];
    unsigned mine = control_get(which) ^ control_bits[which];

    control_birth = control_get(0);
    control_set(which, mine);
    for (;;) {
        leave(s, 0);
        controls_wrong += control_get(which) != mine;
    }
}

static void each_context_keeps_each_control_word(void **state)
{
    unsigned expected[] = {control_get(0), control_get(1)};

    (void)state;
    controls_wrong = 0;
    for (int i = 0; i < 2; i++)
        side_make(&sides[i], body_control);
    for (int n = 0; n < 1000; n++)
        for (int i = 0; i < 2; i++) {
            resume(&sides[i], 0);
            controls_wrong += control_get(0) != expected[0] || control_get(1) != expected[1];
        }
    assert_int_equal(controls_wrong, 0);
}

static void a_context_begins_with_the_control_words_of_its_maker(void **state)
{
    unsigned before = control_get(0), set;

    (void)state;
    control_set(0, before ^ control_bits[0]);
    set = control_get(0);
    side_make(&sides[0], body_control);
    control_set(0, before);
    resume(&sides[0], 0);
    assert_int_equal(control_birth, set);
    assert_int_equal(control_get(0), before);
}

/* ---- around the switch ---- */

static void body_add(struct side *s)
{
    for (int value = 0;;)
        value = leave(s, value + 1);
}

static void each_switch_hands_over_a_result(void **state)
{
    (void)state;
    side_make(&sides[0], body_add);
    resume(&sides[0], 0);
    assert_int_equal(resume(&sides[0], 5), 6);
    assert_int_equal(resume(&sides[0], -2), -1);
    assert_true(resume(&sides[0], INT_MAX - 1) == INT_MAX);
}

static void a_switch_to_oneself_returns(void **state)
{
    (void)state;
    assert_int_equal(weft__switch_registers(&main_context, &main_context, 42), 42);
}

static void body_errno(struct side *s)
{
    for (;;) {
        errno = 7;
        leave(s, errno);
    }
}

static void errno_is_left_alone(void **state)
{
    (void)state;
    side_make(&sides[0], body_errno);
    resume(&sides[0], 0);
    errno = 5;
    assert_int_equal(resume(&sides[0], 0), 7);
    assert_int_equal(errno, 7);
}

static void body_align(struct side *s)
{
    double here __attribute__((aligned(64))) = 0.25;
    char text[32];

    snprintf(text, sizeof text, "%.2f", *(volatile double *)&here);
    s->result = strcmp(text, "0.25") == 0;
    s->misaligned = ((uintptr_t)&here & 63) | ((uintptr_t)__builtin_frame_address(0) & 15);
}

static void stacks_of_any_size_are_aligned(void **state)
{
    (void)state;
    for (size_t less = 0; less < 4096; less += 8) {
        side_make_at(&sides[0], body_align, STACK_BYTES - less);
        resume(&sides[0], 0);
        assert_true(sides[0].done);
        assert_int_equal(sides[0].result, 1);
        assert_int_equal(sides[0].misaligned, 0);
        assert_null(sides[0].outer_frame);
    }
}

#ifdef __GLIBC__ /* elsewhere the compiler's unwinder may not link */
static _Unwind_Reason_Code frame_count(struct _Unwind_Context *context, void *data)
{
    (void)context;
    ++*(int *)data;
    return _URC_NO_REASON;
}

static int backtrace_frames;
static _Unwind_Reason_Code backtrace_end;

static void body_look_back(struct side *s)
{
    leave(s, 0);
    backtrace_frames = 0;
    backtrace_end = _Unwind_Backtrace(frame_count, &backtrace_frames);
}

static void backtraces_end_at_the_bottom_of_the_stack(void **state)
{
    (void)state;
    side_make(&sides[0], body_look_back);
    resume(&sides[0], 0);
    resume(&sides[0], 0);
    assert_true(sides[0].done);
    assert_int_equal(backtrace_end, _URC_END_OF_STACK);
    assert_true(backtrace_frames >= 2 && backtrace_frames <= 5);
}
#endif

int main(void)
{
    const struct CMUnitTest switch_tests[] = {
        cmocka_unit_test(values_survive_a_million_switches_in_one_place),
        cmocka_unit_test(values_survive_a_million_switches_in_two_places),
        cmocka_unit_test(values_survive_signals_between_switches),
        cmocka_unit_test(each_context_keeps_its_rounding_mode),
        cmocka_unit_test(each_context_keeps_each_control_word),
#if defined __x86_64__ && defined __GLIBC__
        cmocka_unit_test(a_context_does_not_trap_for_what_another_did),
#endif
        cmocka_unit_test(a_context_begins_with_the_control_words_of_its_maker),
        cmocka_unit_test(each_switch_hands_over_a_result),
        cmocka_unit_test(a_switch_to_oneself_returns),
        cmocka_unit_test(errno_is_left_alone),
        cmocka_unit_test(stacks_of_any_size_are_aligned),
#ifdef __GLIBC__
        cmocka_unit_test(backtraces_end_at_the_bottom_of_the_stack),
#endif
    };
    int failed = cmocka_run_group_tests_name("contexts made by hand", switch_tests, NULL, NULL);

#ifdef WEFT_HAVE_UCONTEXT
    birth = birth_by_makecontext;
    failed += cmocka_run_group_tests_name("contexts made by makecontext", switch_tests, NULL, NULL);
#endif
    return failed;
}

#else

int main(void)
{
    return 0;
}

#endif
