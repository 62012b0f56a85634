/* SPDX-License-Identifier: MIT */
/* Signals that come while green threads work: their handlers run on whatever stack is in use, and
 * change nothing. And whose the signal mask is. */
#include "check.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>

/* ---- a storm ---- */

static volatile sig_atomic_t signals;
static volatile double sink = 1;

/* Takes some of the stack, and what is not its own: errno, vector registers. */
static void disturb(int number)
{
    volatile char more[512];
    int saved_errno = errno;

    memset((char *)more, number, sizeof more);
    sink = sink * 1.5 + more[100];
    signals++;
    errno = saved_errno;
}

static void storm(long every_us)
{
    const struct itimerval often = {{0, every_us}, {0, every_us}};
    const struct sigaction action = {.sa_handler = every_us ? disturb : SIG_IGN,
                                     .sa_flags = SA_RESTART}; /* no SA_ONSTACK */

    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
}

enum { PAIRS = 20, SIGNALS = 500, ENOUGH = 100000000 };

static int sent, received, selected, slept, wrong;
static int64_t sums[2];
static bool is_over;

static void send_until_over(chan_tx(int) c, chan_tx(int) other)
{
    for (int i = 0; !is_over; i++) {
        double half = i / 2.0;

        errno = EDOM;
        if (i % 3 == 0 ? chan_select(chan_case_send(c, i), chan_case_send(other, i)) < 0
                       : chan_send(c, i) != 0)
            wrong++;
        wrong += errno != EDOM || half * 2 != i;
        sums[0] += i;
        sent++;
    }
    chan_close(c);
}

static void receive_until_closed(chan_rx(int) c, chan_rx(int) other)
{
    for (int x = 0, y = 0;;) {
        errno = ERANGE;
        switch (chan_select(chan_case_recv(c, &x), chan_case_recv(other, &y),
                            chan_case_timeout(WEFT_SEC(100)))) {
        case 0:
            sums[1] += x;
            break;
        case 1:
            sums[1] += y;
            selected++;
            break;
        case CHAN_CLOSED(0):
            return;
        default:
            wrong++;
        }
        wrong += errno != ERANGE;
        received++;
    }
}

static void sleep_until_over(void)
{
    for (; !is_over; slept++)
        wrong += weft_sleep(1 + slept % 5) != 0;
}

static void count_up(gen(int) self)
{
    for (int i = 0; gen_yield(self, i) == 0; i++)
        ;
}

static void signals_find_small_stacks_and_change_nothing(void **state)
{
    struct weft_spawn_opts small = {.size = sizeof small, .stack_bytes = (size_t)16 * 1024};
    chan(int) pairs[PAIRS];
    gen(int) counting;
    chan(int) other;

    (void)state;
#ifdef WEFT__SANITIZED
    small.stack_bytes = 0; /* its own frames are large */
#elif defined __aarch64__
    small.stack_bytes *= 2; /* a ucontext_t and the frame of a signal have some 5 KiB each */
#endif
    setenv("WEFT_CLOCK", "real", 1); /* the virtual one stands still while threads can run */
    counting = gen_new(int, count_up);
    other = chan_new(int);
    sent = received = selected = slept = wrong = 0;
    sums[0] = sums[1] = 0;
    is_over = false;
    signals = 0;
    for (int i = 0; i < PAIRS; i++) {
        pairs[i] = chan_new(int);
        go_with(&small, send_until_over, pairs[i], other);
        go_with(&small, receive_until_closed, pairs[i], other);
    }
    go_with(&small, sleep_until_over);
    storm(100);
    for (int i = 0, x = -1; i < ENOUGH && signals < SIGNALS; i++)
        wrong += gen_next(counting, &x) != 0 || x != i || weft_sleep(i % 7) != 0;
    storm(0);
    is_over = true;
    gen_close(counting);
    while (check_threads() > 0)
        weft_yield();
    for (int i = 0; i < PAIRS; i++)
        chan_free(pairs[i]);
    chan_free(other);
    assert_true(signals >= SIGNALS);
    assert_int_equal(wrong, 0);
    assert_int_equal(received, sent);
    assert_true(sums[0] == sums[1]);
    assert_true(sent > 0 && selected > 0 && slept > 0);
}

/* ---- the mask ---- */

static sigset_t mask_now(void)
{
    sigset_t mask;

    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    return mask;
}

static void mask_change(int how)
{
    sigset_t usr1;

    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    pthread_sigmask(how, &usr1, NULL);
}

static void note_mask(const char *name)
{
    sigset_t mask = mask_now();

    note("%s%s", name, sigismember(&mask, SIGUSR1) ? "+ " : "- ");
}

static void look_twice(const char *name)
{
    note_mask(name);
    weft_yield();
    note_mask(name);
}

static void block_between(const char *name)
{
    note_mask(name);
    mask_change(SIG_BLOCK);
    note_mask(name);
    weft_yield();
    note_mask(name);
    mask_change(SIG_UNBLOCK);
}

static bool masks_are_threads_own(void)
{
#ifdef WEFT_HAVE_UCONTEXT
    return weft__self->backend == weft__switch_ucontext;
#else
    return false;
#endif
}

/* A switch by registers leaves the mask as it is: it is the OS thread's. swapcontext gives each thread
 * the one that it left with. Neither ever loses a signal that was blocked from the start. */
static void a_changed_mask_is_the_os_threads_or_the_threads(void **state)
{
    (void)state;
    go(look_twice, "a");
    go(block_between, "b");
    check_settle();
    assert_noted(masks_are_threads_own() ? "a- b- b+ a- b+ " : "a- b- b+ a+ b+ ");
    note_mask("main");
    assert_noted("main- ");
}

static void what_is_blocked_before_the_first_thread_stays_blocked(void **state)
{
    (void)state;
    mask_change(SIG_BLOCK);
    go(look_twice, "a");
    go(look_twice, "b");
    check_settle();
    note_mask("main");
    mask_change(SIG_UNBLOCK);
    assert_noted("a+ b+ a+ b+ main+ ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        check_test(signals_find_small_stacks_and_change_nothing),
        check_test(a_changed_mask_is_the_os_threads_or_the_threads),
        check_test(what_is_blocked_before_the_first_thread_stays_blocked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
