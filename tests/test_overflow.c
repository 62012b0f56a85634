/* SPDX-License-Identifier: MIT */
/* A green thread that outgrows its stack meets the guard page, and nothing else: the process dies
 * of SIGSEGV at an address inside it, and no other thread's stack was written to. Each case is a
 * child process: so many threads are parked, and one of them is sent off.
 *
 * Then the report of it, and what becomes of every fault that is something else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <weft.h>

#include "child.h"
#include "emulator.h"
#include "expect.h"
#include "faults.h"
#include "runtime/calls.h"
#include "runtime/guard.h"
#include "runtime/sched.h"
#include "runtime/worker.h"

/* Whether OS threads have no alternate stack of their own: sanitizers give them one. */
#ifdef WEFT__SANITIZED
#define WEFT_TEST_STACKLESS false
#else
#define WEFT_TEST_STACKLESS true
#endif

enum { THREADS = 100, CANARY_BYTES = 300, FRAME_BYTES = 200, NOT_HERE = 77 };

struct overflow {
    enum weft__guard_way way; /* how guards are made */
    int victim;               /* which of the threads overflows */
    size_t stack_bytes;
};

/* ---- ways of making guards ---- */

static struct weft__calls real_calls;

static ssize_t no_batch(const struct iovec *ranges, size_t n, int advice)
{
    if (advice == WEFT__MADV_GUARD_INSTALL) {
        errno = EINVAL;
        return -1;
    }
    return real_calls.process_madvise(ranges, n, advice);
}

static int no_marker(void *at, size_t size, int advice)
{
    if (advice == WEFT__MADV_GUARD_INSTALL) {
        errno = EINVAL;
        return -1;
    }
    return real_calls.madvise(at, size, advice);
}

static void force(enum weft__guard_way way)
{
    real_calls = weft__calls;
    if (way > WEFT__GUARD_BATCH)
        weft__calls.process_madvise = no_batch;
    if (way > WEFT__GUARD_MADVISE)
        weft__calls.madvise = no_marker;
}

/* ---- in the child ---- */

static volatile unsigned char *canaries[THREADS];
static int victim;
static volatile uint64_t depth_max = UINT64_MAX; /* unknown to the compiler */

static void say(const char *text)
{
    if (write(STDERR_FILENO, text, strlen(text)) < 0)
        _exit(1);
}

static bool canaries_live(void)
{
    for (int i = 0; i < THREADS; i++)
        for (size_t k = 0; i != victim && k < CANARY_BYTES; k++)
            if (canaries[i][k] != (unsigned char)(i + 1))
                return false;
    return true;
}

/* Once it returns, the same fault kills the process. */
static void handle_fault(int signo, siginfo_t *info, void *context)
{
    const char *guard = weft__self->current->base;
    const char *at = info->si_addr;

    (void)context;
    if (at >= guard && at < guard + weft__self->stacks.guard.page_bytes)
        say("in the guard;");
    else
        say("elsewhere;");
    say(canaries_live() ? "others untouched\n" : "others overwritten\n");
    signal(signo, SIG_DFL);
}

static void catch_faults(void)
{
    static char alternate[64 * 1024];
    const stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
    struct sigaction action = {.sa_sigaction = handle_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};

    sigaltstack(&stack, NULL);
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
}

static WEFT__NOINLINE uint64_t recurse(uint64_t depth)
{
    volatile char frame[FRAME_BYTES];

    for (size_t i = 0; i < FRAME_BYTES; i += 64)
        frame[i] = (char)depth;
    if (depth == depth_max)
        return 0;
    return recurse(depth + 1) + (uint64_t)frame[depth % FRAME_BYTES];
}

static void wait_and_overflow(int i, chan_rx(int) start)
{
    volatile unsigned char canary[CANARY_BYTES];

    for (size_t k = 0; k < CANARY_BYTES; k++)
        canary[k] = (unsigned char)(i + 1);
    canaries[i] = canary;
    chan_recv(start, NULL);
    if (i == victim)
        recurse(canary[0]);
}

static int overflow(const void *argument)
{
    const struct overflow *o = argument;
    const struct weft_spawn_opts opts = {.size = sizeof opts, .stack_bytes = o->stack_bytes};
    chan(int) starts[THREADS];

    setenv("WEFT_CLOCK", "virtual", 1);
    force(o->way);
    victim = o->victim;
    for (int i = 0; i < THREADS; i++) {
        starts[i] = chan_new(int);
        go_with(&opts, wait_and_overflow, i, starts[i]);
    }
    weft_sleep(1); /* all are parked now */
    if (weft__self->stacks.guard.way != o->way)
        return NOT_HERE;
    catch_faults();
    chan_send(starts[victim], 0);
    weft_sleep(1);
    return 1;
}

/* ---- */

static void assert_meets_guard(enum weft__guard_way way, size_t stack_bytes)
{
    const int victims[] = {0, THREADS / 2, THREADS - 1};

    for (size_t i = 0; i < sizeof victims / sizeof victims[0]; i++) {
        const struct overflow o = {way, victims[i], stack_bytes};
        struct child child = child_run(overflow, &o);

        if (child.status == NOT_HERE)
            skip(); /* not with this kernel */
        if (!strstr(child.said, "in the guard;others untouched\n"))
            fail_msg("the child said: %s", child.said);
        assert_int_equal(child.signal, SIGSEGV);
    }
}

static void an_overflow_meets_a_guard_made_in_a_batch(void **state)
{
    (void)state;
    assert_meets_guard(WEFT__GUARD_BATCH, 0);
}

static void an_overflow_meets_a_guard_made_by_a_marker(void **state)
{
    (void)state;
    assert_meets_guard(WEFT__GUARD_MADVISE, 0);
}

static void an_overflow_meets_a_guard_made_by_protection(void **state)
{
    (void)state;
    assert_meets_guard(WEFT__GUARD_MPROTECT, 0);
}

static void an_overflow_of_the_smallest_stack_meets_its_guard(void **state)
{
    (void)state;
    assert_meets_guard(WEFT__GUARD_MPROTECT, WEFT__STACK_BYTES_MIN);
}

static void an_overflow_of_a_large_stack_meets_its_guard(void **state)
{
    (void)state;
    assert_meets_guard(WEFT__GUARD_MPROTECT, 1024 * 1024);
}

/* ---- the report ---- */

struct many {
    int threads;    /* parked, one of which overflows */
    bool elsewhere; /* on another OS thread than main's */
};

static const struct weft_spawn_opts named = {.size = sizeof named, .name = "victim"};

/* Says who it is, as a report should. */
static void announce_and_overflow(chan_rx(int) start)
{
    chan_recv(start, NULL);
    dprintf(STDERR_FILENO, "thread %u\n", weft__thread_slot(weft__self->current->thread) + 1);
    recurse(0);
}

static void park(chan_rx(int) never)
{
    chan_recv(never, NULL);
}

static void *overflow_among(void *argument)
{
    const struct many *many = argument;
    chan(int) start = chan_new(int), never = chan_new(int);

    for (int i = 0; i < many->threads; i++) {
        if (i == many->threads / 2)
            go_with(&named, announce_and_overflow, start);
        else
            go(park, never);
    }
    weft_sleep(1);
    chan_send(start, 0);
    weft_sleep(1);
    return NULL;
}

static int overflow_of_one(const void *argument)
{
    const struct many *many = argument;
    pthread_t os_thread;

    setenv("WEFT_CLOCK", "virtual", 1);
    if (!many->elsewhere) {
        overflow_among((void *)(uintptr_t)many);
    } else {
        pthread_create(&os_thread, NULL, overflow_among, (void *)(uintptr_t)many);
        pthread_join(os_thread, NULL);
    }
    return 1;
}

static const char *const remedy =
    "  if the calls below are no endless recursion, it needs a larger one:\n"
    "    spawn_with(&(struct weft_spawn_opts){.size = sizeof(struct weft_spawn_opts), "
    ".stack_bytes = 128 * 1024}, ...)\n"
    "    or, for all threads, weft_stack_default(128 * 1024) before the first spawn\n"
    "    #0 ";

/* The report's text, but for the frames. */
static void assert_reported(const struct child *child)
{
    unsigned number = 0;
    char head[256];

    if (sscanf(child->said, "thread %u\n", &number) != 1)
        fail_msg("the child said: %s", child->said);
    snprintf(head, sizeof head,
             "weft: stack overflow in thread %u 'victim' (announce_and_overflow at ", number);
    if (!strstr(child->said, head) || !strstr(child->said, "): its stack of 64 KiB is used up\n") ||
        !strstr(child->said, remedy) || !strstr(child->said, " more ...\n"))
        fail_msg("the child said: %s", child->said);
}

static void assert_reports(int threads, bool elsewhere)
{
    const struct many many = {threads, elsewhere};
    struct child child = child_run(overflow_of_one, &many);

    assert_reported(&child);
    assert_int_equal(child.signal, SIGSEGV);
}

static void an_overflow_names_the_only_thread(void **state)
{
    (void)state;
    assert_reports(1, false);
}

static void an_overflow_names_one_thread_of_ten(void **state)
{
    (void)state;
    assert_reports(10, false);
}

static bool has_markers(void)
{
    struct weft_guard guard;

    weft__guard_init(&guard);
    return weft__guard_ready(&guard) == 0 && guard.way != WEFT__GUARD_MPROTECT;
}

static void an_overflow_names_one_thread_of_very_many(void **state)
{
    (void)state;
    if (!has_markers())
        skip(); /* there cannot be so many */
    assert_reports(50000, false);
}

static void an_overflow_on_another_os_thread_is_reported_too(void **state)
{
    (void)state;
    assert_reports(10, true);
}

static void count_up(gen(int) g)
{
    gen_yield(g, 1);
    recurse(0);
}

static int overflow_of_a_body(const void *argument)
{
    gen(int) g = gen_new(int, count_up);
    int x;

    (void)argument;
    gen_next(g, &x);
    gen_next(g, &x);
    return 1;
}

/* It is not the program that spawns it. */
static void an_overflow_of_a_generators_body_offers_the_default_alone(void **state)
{
    struct child child = child_run(overflow_of_a_body, NULL);

    (void)state;
    assert_non_null(strstr(child.said, "weft: stack overflow in thread 2 (count_up at "));
    assert_non_null(strstr(child.said, "\n    weft_stack_default(128 * 1024) before the first"));
    assert_null(strstr(child.said, "spawn_with"));
    assert_int_equal(child.signal, SIGSEGV);
}

static int go_deep(void)
{
    return (int)recurse(0);
}

static int overflow_of_a_member(const void *argument)
{
    struct weft_group *g = group_new(0);

    (void)argument;
    group_go(g, go_deep);
    group_wait(g);
    return 1;
}

/* Nor does group_go take options. */
static void an_overflow_of_a_groups_member_offers_the_default_alone(void **state)
{
    struct child child = child_run(overflow_of_a_member, NULL);

    (void)state;
    assert_non_null(strstr(child.said, "weft: stack overflow in thread 2 (go_deep at "));
    assert_non_null(strstr(child.said, "\n    weft_stack_default(128 * 1024) before the first"));
    assert_null(strstr(child.said, "spawn_with"));
    assert_int_equal(child.signal, SIGSEGV);
}

#ifdef WEFT_TEST_PROBES

static WEFT__NOINLINE int use_much(size_t at)
{
    volatile char much[1024 * 1024];

    much[at] = 1;
    return much[at];
}

static void have_a_large_frame(void)
{
    use_much((size_t)weft_now() % 2);
}

static int overflow_by_one_frame(const void *argument)
{
    (void)argument;
    go(have_a_large_frame);
    weft_yield();
    return 1;
}

/* Compiled with -fstack-clash-protection; else it would write into somebody else's stack. */
static void a_frame_larger_than_the_guard_is_reported_too(void **state)
{
    struct child child = child_run(overflow_by_one_frame, NULL);

    (void)state;
    assert_non_null(strstr(child.said, "weft: stack overflow in thread 2 (have_a_large_frame at "));
    assert_int_equal(child.signal, SIGSEGV);
}

#endif

/* ---- what is no overflow ---- */

/* Not NULL, which a sanitizer would see. */
static volatile int *volatile nowhere = (volatile int *)4096;

static void fault(void)
{
    *nowhere = 1;
}

static int fault_in_a_thread(const void *setting)
{
    if (setting)
        setenv("WEFT_OVERFLOW", setting, 1);
    go(fault);
    weft_yield();
    return 1;
}

static void write_astray(void)
{
    const struct weft_control *me = weft__self->current;

    *(volatile char *)(me->base + 8) = 1;
}

static int a_pointer_goes_astray(const void *unused)
{
    (void)unused;
    go(write_astray);
    weft_yield();
    return 0;
}

/* It hits the guard of the stack that it runs on, most of which is free: that used to be taken for an
 * overflow. */
static void a_pointer_astray_in_the_guard_is_no_overflow(void **state)
{
    struct child child = child_run(a_pointer_goes_astray, NULL);

    (void)state;
    assert_int_equal(child.signal, SIGSEGV);
    assert_null(strstr(child.said, "weft: stack overflow"));
}

static void another_fault_ends_the_process_in_silence(void **state)
{
    struct child child = child_run(fault_in_a_thread, NULL);

    (void)state;
    assert_string_equal(child.said, "");
    assert_int_equal(child.signal, SIGSEGV);
}

static void fault_in_own_stack(void)
{
    size_t page_bytes = weft__self->stacks.guard.page_bytes;
    char *page = weft__self->current->base + 2 * page_bytes;

    mprotect(page, page_bytes, PROT_NONE);
    nowhere = (volatile int *)(void *)page;
    fault();
}

static int protect_what_it_uses(const void *argument)
{
    (void)argument;
    go(fault_in_own_stack);
    weft_yield();
    return 1;
}

static void a_fault_above_the_guard_is_no_overflow(void **state)
{
    struct child child = child_run(protect_what_it_uses, NULL);

    (void)state;
    assert_string_equal(child.said, "");
    assert_int_equal(child.signal, SIGSEGV);
}

static void show_guard_and_park(chan_rx(int) never)
{
    nowhere = (volatile int *)(void *)weft__self->current->base;
    park(never);
}

static int fault_in_anothers_guard(const void *argument)
{
    chan(int) never = chan_new(int);

    go(show_guard_and_park, never);
    weft_yield();
    return fault_in_a_thread(argument);
}

static void a_fault_in_the_guard_of_another_thread_is_no_overflow(void **state)
{
    struct child child = child_run(fault_in_anothers_guard, NULL);

    (void)state;
    assert_string_equal(child.said, "");
    assert_int_equal(child.signal, SIGSEGV);
}

static int fault_at_no_address(const void *argument)
{
    nowhere = (volatile int *)((uintptr_t)1 << 63); /* NOLINT(performance-no-int-to-ptr) */
    return fault_in_a_thread(argument);
}

/* The kernel does not tell where: si_code is SI_KERNEL. */
static void a_fault_at_no_address_ends_the_process_in_silence(void **state)
{
    struct child child = child_run(fault_at_no_address, NULL);

    (void)state;
    assert_string_equal(child.said, "");
    assert_int_equal(child.signal, SIGSEGV);
}

static int fault_beyond_a_file(const void *argument)
{
    int fd = memfd_create("empty", 0);

    (void)argument;
    nowhere = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return fault_in_a_thread(NULL);
}

static void a_bus_error_keeps_its_signal(void **state)
{
    struct child child = child_run(fault_beyond_a_file, NULL);

    (void)state;
    assert_string_equal(child.said, "");
    assert_int_equal(child.signal, SIGBUS);
}

static int overflow_main(const void *argument)
{
    (void)argument;
    setrlimit(RLIMIT_STACK, &(struct rlimit){1024 * 1024, 1024 * 1024});
    weft_yield();
    return (int)recurse(0);
}

static void an_overflow_of_mains_own_stack_is_none_of_ours(void **state)
{
    struct child child = child_run(overflow_main, NULL);

    (void)state;
    assert_string_equal(child.said, "");
    assert_int_equal(child.signal, SIGSEGV);
}

static int be_sent_a_fault(const void *ignore)
{
    if (ignore)
        signal(SIGSEGV, SIG_IGN);
    weft_yield();
    kill(getpid(), SIGSEGV);
    return 7;
}

static void a_signal_that_somebody_sends_ends_the_process_likewise(void **state)
{
    struct child child = child_run(be_sent_a_fault, NULL);

    (void)state;
    assert_string_equal(child.said, "");
    assert_int_equal(child.signal, SIGSEGV);
}

static void what_the_program_ignores_is_ignored(void **state)
{
    struct child child = child_run(be_sent_a_fault, "");

    (void)state;
    for (int again = 0; is_emulated() && child.signal == SIGSEGV && again < 3; again++)
        child = child_run(be_sent_a_fault, ""); /* emulator.h */
    assert_string_equal(child.said, "");
    assert_int_equal(child.status, 7);
}

static int ignore_a_fault(const void *argument)
{
    signal(SIGSEGV, SIG_IGN);
    return fault_in_a_thread(argument);
}

static void no_program_can_ignore_its_own_faults(void **state)
{
    struct child child = child_run(ignore_a_fault, NULL);

    (void)state;
    assert_int_equal(child.signal, SIGSEGV);
}

/* ---- the handler before ---- */

static bool is_blocked(int signo)
{
    sigset_t mask;

    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    return sigismember(&mask, signo) == 1;
}

static void expect_what_the_kernel_gives(int signo, siginfo_t *info, void *context)
{
    const ucontext_t *at = context;

    expect(signo == SIGSEGV);
    expect(info->si_signo == SIGSEGV);
    expect(info->si_code == SEGV_MAPERR);
    expect(info->si_addr == (const void *)16);
    expect(is_blocked(SIGSEGV));
    expect(is_blocked(SIGUSR1)); /* as it asked for */
    expect(is_blocked(SIGHUP));  /* as it was */
    expect(!is_blocked(SIGUSR2));
    expect(sigismember(&at->uc_sigmask, SIGHUP) == 1);
    expect(sigismember(&at->uc_sigmask, SIGUSR1) == 0);
    _exit(7);
}

static void block(int signo)
{
    sigset_t one;

    sigemptyset(&one);
    sigaddset(&one, signo);
    pthread_sigmask(SIG_BLOCK, &one, NULL);
}

static void handle(void (*fn)(int, siginfo_t *, void *), int flags)
{
    struct sigaction action = {.sa_sigaction = fn, .sa_flags = SA_SIGINFO | SA_ONSTACK | flags};

    sigaddset(&action.sa_mask, SIGUSR1);
    sigaction(SIGSEGV, &action, NULL);
}

static int fault_with_a_handler(const void *argument)
{
    handle(expect_what_the_kernel_gives, 0);
    block(SIGHUP);
    nowhere = (volatile int *)16; /* NOLINT(performance-no-int-to-ptr) */
    return fault_in_a_thread(argument);
}

static void the_handler_before_is_called_as_the_kernel_would(void **state)
{
    struct child child = child_run(fault_with_a_handler, NULL);

    (void)state;
    assert_string_equal(child.said, "");
    assert_int_equal(child.status, 7);
}

static void end_plainly(int signo)
{
    expect(signo == SIGSEGV);
    expect(!is_blocked(SIGSEGV));
    _exit(7);
}

static int fault_with_a_plain_handler(const void *argument)
{
    const struct sigaction action = {.sa_handler = end_plainly, .sa_flags = SA_NODEFER};

    sigaction(SIGSEGV, &action, NULL);
    return fault_in_a_thread(argument);
}

static void a_plain_handler_that_defers_nothing_finds_nothing_blocked(void **state)
{
    struct child child = child_run(fault_with_a_plain_handler, NULL);

    (void)state;
    assert_string_equal(child.said, "");
    assert_int_equal(child.status, 7);
}

static void note_the_call(int signo, siginfo_t *info, void *context)
{
    (void)signo;
    (void)info;
    (void)context;
    say("called\n");
}

static int fault_with_a_handler_for_once(const void *argument)
{
    handle(note_the_call, (int)SA_RESETHAND);
    return fault_in_a_thread(argument);
}

static void a_handler_for_once_is_called_once(void **state)
{
    struct child child = child_run(fault_with_a_handler_for_once, NULL);

    (void)state;
    assert_string_equal(child.said, "called\n");
    assert_int_equal(child.signal, SIGSEGV);
}

static sigjmp_buf safe;

static void go_back(int signo, siginfo_t *info, void *context)
{
    (void)signo;
    (void)info;
    (void)context;
    siglongjmp(safe, 1);
}

static WEFT__NOT_SANITIZED void fault_and_overflow_and_survive(int *survived)
{
    for (volatile int i = 0; i < 4; i++) {
        if (sigsetjmp(safe, 1) != 0)
            ++*survived;
        else if (i % 2 == 0)
            fault();
        else
            recurse(0);
    }
}

static int survive_faults(const void *argument)
{
    int survived = 0;

    (void)argument;
    handle(go_back, 0);
    go(fault_and_overflow_and_survive, &survived);
    weft_yield();
    return survived;
}

static int occurrences(const char *text, const char *of)
{
    int n = 0;

    while ((text = strstr(text, of)) != NULL) {
        text++;
        n++;
    }
    return n;
}

static void the_handler_before_may_jump_out(void **state)
{
    struct child child = child_run(survive_faults, NULL);

    (void)state;
    assert_int_equal(occurrences(child.said, "weft: stack overflow in thread 2"), 2);
    assert_int_equal(child.status, 4);
}

/* ---- off ---- */

static bool is_ours_anywhere(void)
{
    struct sigaction action;
    stack_t stack;

    sigaction(SIGSEGV, NULL, &action);
    sigaltstack(NULL, &stack);
    return action.sa_handler != SIG_DFL || (!(stack.ss_flags & SS_DISABLE) && WEFT_TEST_STACKLESS);
}

static int overflow_when_off(const void *by_call)
{
    if (by_call)
        weft_overflow_handler(0);
    else
        setenv("WEFT_OVERFLOW", "off", 1);
    weft_yield();
    weft_overflow_handler(1); /* too late */
    expect(!is_ours_anywhere());
    return overflow_of_one(&(struct many){1, true});
}

static void assert_silent(const struct child *child)
{
    assert_int_equal(occurrences(child->said, "weft"), 0);
    assert_int_equal(child->signal, SIGSEGV);
}

static void turned_off_by_the_environment_nothing_is_installed(void **state)
{
    struct child child = child_run(overflow_when_off, NULL);

    (void)state;
    assert_silent(&child);
}

static void turned_off_by_the_program_nothing_is_installed(void **state)
{
    struct child child = child_run(overflow_when_off, "");

    (void)state;
    assert_silent(&child);
}

/* ---- alternate stacks ---- */

static void *own_stack_stays(void *argument)
{
    static char own[64 * 1024];
    stack_t stack = {.ss_sp = own, .ss_size = sizeof own}, before;

    sigaltstack(&stack, &before);
    weft_yield();
    sigaltstack(NULL, &stack);
    expect(stack.ss_sp == own);
    weft__worker_end(weft__self);
    sigaltstack(NULL, &stack);
    expect(stack.ss_sp == own && !(stack.ss_flags & SS_DISABLE));
    sigaltstack(&before, NULL); /* which a sanitizer wants back */
    return argument;
}

static void *stack_goes_with_the_worker(void *argument)
{
    stack_t stack;

    weft_yield();
    sigaltstack(NULL, &stack);
    expect(!(stack.ss_flags & SS_DISABLE));
    weft__worker_end(weft__self);
    sigaltstack(NULL, &stack);
    expect(stack.ss_flags & SS_DISABLE || !WEFT_TEST_STACKLESS);
    return argument;
}

static int run_elsewhere(const void *fn)
{
    void *(*const *run)(void *) = fn;
    pthread_t os_thread;

    pthread_create(&os_thread, NULL, *run, NULL);
    pthread_join(os_thread, NULL);
    return 7;
}

static void assert_runs_elsewhere(void *(*fn)(void *))
{
    struct child child = child_run(run_elsewhere, &fn);

    assert_string_equal(child.said, "");
    assert_int_equal(child.status, 7);
}

static void an_alternate_stack_of_the_programs_is_kept(void **state)
{
    (void)state;
    assert_runs_elsewhere(own_stack_stays);
}

static void ours_goes_with_its_worker(void **state)
{
    (void)state;
    assert_runs_elsewhere(stack_goes_with_the_worker);
}

static int overflow_without_something(const void *argument)
{
    faults_install();
    faults->which = 1U << FAULT_SIGACTION | 1U << FAULT_SIGALTSTACK | 1U << FAULT_MPROTECT;
    faults->first = *(const uint32_t *)argument;
    faults->last = faults->first;
    weft_yield();
    expect(weft_within(0, weft_sleep(1)) == -ETIMEDOUT); /* it works */
    if (faults->nth < faults->first)
        return 7;
    return overflow_of_one(&(struct many){2, false});
}

/* Handler or stack cannot be had: then there is a report or none, and the same end. */
static void without_handler_or_stack_the_end_is_the_same(void **state)
{
    struct child child;
    uint32_t nth = 0;

    (void)state;
    do {
        nth++;
        child = child_run(overflow_without_something, &nth);
        assert_true(child.signal == SIGSEGV || child.status == 7);
    } while (child.status != 7);
    assert_true(nth > 4);
}

/* ---- sanitizers ---- */

#ifdef WEFT__ASAN

/* As a program of its own: a child has left the sanitizer's handlers behind. */
static int run_as_program(const void *unused)
{
    (void)unused;
    execute_self("overflow");
    return 1;
}

static void the_sanitizer_reports_after_weft(void **state)
{
    struct child child = child_run(run_as_program, NULL);
    const char *theirs = strstr(child.said, "ERROR: AddressSanitizer: stack-overflow");

    (void)state;
    assert_reported(&child);
    assert_non_null(theirs);
    assert_true(strstr(child.said, "weft: stack overflow") < theirs);
}

#endif

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_overflow_meets_a_guard_made_in_a_batch),
        cmocka_unit_test(an_overflow_meets_a_guard_made_by_a_marker),
        cmocka_unit_test(an_overflow_meets_a_guard_made_by_protection),
        cmocka_unit_test(an_overflow_of_the_smallest_stack_meets_its_guard),
        cmocka_unit_test(an_overflow_of_a_large_stack_meets_its_guard),
        cmocka_unit_test(an_overflow_names_the_only_thread),
        cmocka_unit_test(an_overflow_names_one_thread_of_ten),
        cmocka_unit_test(an_overflow_names_one_thread_of_very_many),
        cmocka_unit_test(an_overflow_on_another_os_thread_is_reported_too),
        cmocka_unit_test(an_overflow_of_a_generators_body_offers_the_default_alone),
        cmocka_unit_test(an_overflow_of_a_groups_member_offers_the_default_alone),
#ifdef WEFT_TEST_PROBES
        cmocka_unit_test(a_frame_larger_than_the_guard_is_reported_too),
#endif
        cmocka_unit_test(a_pointer_astray_in_the_guard_is_no_overflow),
        cmocka_unit_test(another_fault_ends_the_process_in_silence),
        cmocka_unit_test(a_fault_above_the_guard_is_no_overflow),
        cmocka_unit_test(a_fault_in_the_guard_of_another_thread_is_no_overflow),
        cmocka_unit_test(a_fault_at_no_address_ends_the_process_in_silence),
        cmocka_unit_test(a_bus_error_keeps_its_signal),
        cmocka_unit_test(an_overflow_of_mains_own_stack_is_none_of_ours),
        cmocka_unit_test(a_signal_that_somebody_sends_ends_the_process_likewise),
        cmocka_unit_test(what_the_program_ignores_is_ignored),
        cmocka_unit_test(no_program_can_ignore_its_own_faults),
        cmocka_unit_test(the_handler_before_is_called_as_the_kernel_would),
        cmocka_unit_test(a_plain_handler_that_defers_nothing_finds_nothing_blocked),
        cmocka_unit_test(a_handler_for_once_is_called_once),
        cmocka_unit_test(the_handler_before_may_jump_out),
        cmocka_unit_test(turned_off_by_the_environment_nothing_is_installed),
        cmocka_unit_test(turned_off_by_the_program_nothing_is_installed),
        cmocka_unit_test(an_alternate_stack_of_the_programs_is_kept),
        cmocka_unit_test(ours_goes_with_its_worker),
        cmocka_unit_test(without_handler_or_stack_the_end_is_the_same),
#ifdef WEFT__ASAN
        cmocka_unit_test(the_sanitizer_reports_after_weft),
#endif
    };

    if (argc > 1 && strcmp(argv[1], "overflow") == 0)
        return overflow_of_one(&(struct many){10, false});
    return cmocka_run_group_tests(tests, NULL, NULL);
}
