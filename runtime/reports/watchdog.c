/* SPDX-License-Identifier: MIT */
#include "watchdog.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "altstack.h"
#include "runtime/calls.h"
#include "chain.h"
#include "interrupted.h"
#include "runtime/report.h"
#include "roster.h"
#include "runtime/sched.h"
#include "turn.h"

enum {
    WATCHDOG_LOOKS = 4, /* in the time that it allows */
    WATCHDOG_PERIOD_NS_MIN = 250 * 1000,
    WATCHDOG_STACK_BYTES = 64 * 1024,
    WATCHDOG_NS_PER_SECOND = 1000000000,
};

/* What moves whenever a call that may park is made. */
struct watchdog_sight {
    const struct weft_control *current;
    uint32_t head;
    uint32_t countdown;
    uint32_t spent;
};

struct watchdog_seat {
    struct watchdog_sight sight;
    int64_t still_ns; /* so long it has been the same */
    pid_t tid;        /* whom all of this is about */
    bool is_told;
};

static struct weft_chain watchdog_chain;
static int64_t watchdog_limit_ns;                        /* 0: there is no watchdog */
static struct watchdog_seat watchdog_seats[WEFT__SEATS]; /* the watchdog's; handlers read theirs */

/* From another OS thread than the worker's, or in a handler: whatever is there. */
static WEFT__NOT_SANITIZED struct watchdog_sight watchdog_see(const volatile struct weft_worker *w)
{
    return (struct watchdog_sight){
        .current = w->current,
        .head = w->run.head,
        .countdown = w->countdown,
        .spent = w->spent,
    };
}

static WEFT__NOT_SANITIZED bool watchdog_is_idle(const volatile struct weft_worker *w)
{
    return w->is_idle;
}

static WEFT__NOT_SANITIZED bool watchdog_is_same(const struct watchdog_sight *a,
                                                 const struct watchdog_sight *b)
{
    return a->current == b->current && a->head == b->head && a->countdown == b->countdown &&
           a->spent == b->spent;
}

/* ---- in the OS thread that is told of ---- */

/* It may have gone on since. */
static WEFT__NOT_SANITIZED int64_t watchdog_confirm(const struct weft_worker *w,
                                                    const struct watchdog_seat *seat)
{
    struct watchdog_sight now = watchdog_see(w);

    if (!watchdog_is_same(&now, &seat->sight) || w->is_idle || !w->current->thread)
        return 0;
    return seat->still_ns >= watchdog_limit_ns ? seat->still_ns : 0;
}

static void watchdog_report(const struct weft_worker *w, int64_t still_ns, const void *ucontext)
{
    uint32_t ready = w->run.tail - w->run.head;
    char buffer[WEFT__PRINT_BYTES];
    struct weft_print p = weft__print_to(STDERR_FILENO, buffer, sizeof buffer);
    bool taken = weft__turn_take();

    weft__print(&p, "weft: ");
    weft__print_thread(&p, w->current->thread);
    weft__print(&p, " has not yielded for ");
    weft__print_duration(&p, still_ns);
    if (ready > 0)
        weft__print(&p, ", while %u other%s ready to run", ready, ready == 1 ? " is" : "s are");
    weft__print(&p, "\n");
    weft__print_interrupted(&p, w->current, ucontext);
    weft__turn_give(taken);
}

static const struct watchdog_seat *watchdog_asked(const siginfo_t *info)
{
    uintptr_t offset = (uintptr_t)info->si_value.sival_ptr - (uintptr_t)watchdog_seats;

    return info->si_code == SI_QUEUE && offset < sizeof watchdog_seats ? info->si_value.sival_ptr
                                                                       : NULL;
}

static void watchdog_handle(int signo, siginfo_t *info, void *context)
{
    int saved_errno = errno;
    const struct weft_worker *w = weft__self;
    const struct watchdog_seat *seat = watchdog_asked(info);
    int64_t still_ns = w && seat ? watchdog_confirm(w, seat) : 0;

    (void)signo;
    if (still_ns > 0 && weft__altstack_suffices(context))
        watchdog_report(w, still_ns, context);
    errno = saved_errno;
    if (!seat)
        weft__chain_pass_to_handler(&watchdog_chain, info, context);
}

/* ---- in the watchdog ---- */

static void watchdog_tell(pid_t tid, const struct watchdog_seat *seat)
{
    siginfo_t info = {.si_signo = SIGURG, .si_code = SI_QUEUE};

    info.si_pid = getpid();
    info.si_uid = getuid();
    info.si_value.sival_ptr = (void *)(uintptr_t)seat;
    weft__calls.sigqueue(tid, SIGURG, &info);
}

static WEFT__NOT_SANITIZED void watchdog_look(struct watchdog_seat *seat, pid_t tid,
                                              const struct weft_worker *w, int64_t passed_ns)
{
    struct watchdog_sight now = watchdog_see(w);

    if (seat->tid != tid || watchdog_is_idle(w) || !watchdog_is_same(&now, &seat->sight)) {
        *seat = (struct watchdog_seat){.tid = tid, .sight = now};
        return;
    }
    seat->still_ns += passed_ns;
    if (seat->still_ns < watchdog_limit_ns || seat->is_told)
        return;
    seat->is_told = true;
    watchdog_tell(tid, seat);
}

static void watchdog_look_at_all(int64_t passed_ns)
{
    weft__roster_lock();
    for (int i = 0; i < WEFT__SEATS; i++) {
        pid_t tid = weft__seat_tid(i);

        if (tid != 0)
            watchdog_look(&watchdog_seats[i], tid, weft__seats[i].worker, passed_ns);
    }
    weft__roster_unlock();
}

static int64_t watchdog_now(void)
{
    struct timespec now;

    weft__calls.clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * WATCHDOG_NS_PER_SECOND + now.tv_nsec;
}

static void watchdog_pause(int64_t ns)
{
    const struct timespec pause = {
        .tv_sec = (time_t)(ns / WATCHDOG_NS_PER_SECOND),
        .tv_nsec = (long)(ns % WATCHDOG_NS_PER_SECOND),
    };

    weft__calls.clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
}

/* A process that was stopped, by a debugger or a signal, was stopped in all its OS threads: a pause
 * that took much longer than it should counts for no more than it should have taken. */
static void *watchdog_run(void *nothing)
{
    int64_t period_ns = watchdog_limit_ns / WATCHDOG_LOOKS, before_ns = watchdog_now();

    if (period_ns < WATCHDOG_PERIOD_NS_MIN)
        period_ns = WATCHDOG_PERIOD_NS_MIN;
    for (;;) {
        int64_t now_ns, passed_ns;

        watchdog_pause(period_ns);
        now_ns = watchdog_now();
        passed_ns = now_ns - before_ns;
        before_ns = now_ns;
        watchdog_look_at_all(passed_ns < 2 * period_ns ? passed_ns : period_ns);
    }
    return nothing;
}

/* With no signals of the program's. */
static void watchdog_start(void)
{
    size_t stack_bytes = WATCHDOG_STACK_BYTES;
    pthread_attr_t how;
    pthread_t thread;
    sigset_t all, before;

    if (stack_bytes < (size_t)PTHREAD_STACK_MIN)
        stack_bytes = (size_t)PTHREAD_STACK_MIN;
    if (pthread_attr_init(&how) != 0)
        return;
    pthread_attr_setstacksize(&how, stack_bytes);
    pthread_attr_setdetachstate(&how, PTHREAD_CREATE_DETACHED);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    weft__calls.pthread_create(&thread, &how, watchdog_run, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&how);
}

void weft__watchdog_watch(int64_t limit_ns)
{
    if (weft__chain_install(&watchdog_chain, SIGURG, watchdog_handle) != 0)
        return;
    watchdog_limit_ns = limit_ns;
    watchdog_start();
}

void weft__watchdog_forked(void)
{
    if (watchdog_limit_ns == 0)
        return;
    memset(watchdog_seats, 0, sizeof watchdog_seats);
    watchdog_start();
}
