/* SPDX-License-Identifier: MIT */
#include "dump_signal.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "altstack.h"
#include "runtime/calls.h"
#include "chain.h"
#include "aside.h"
#include "dump.h"
#include "interrupted.h"
#include "runtime/report.h"
#include "roster.h"
#include "runtime/sched.h"
#include "turn.h"
#include "runtime/unwind/unwind.h"

static struct weft_chain dump_signal_chain;

/* One OS thread gets the signal, and passes it on to the others. This tells theirs from it. */
static bool dump_signal_is_passed_on(const siginfo_t *info)
{
    return info->si_code == SI_QUEUE && info->si_value.sival_ptr == &dump_signal_chain;
}

static void dump_signal_pass_on(int signo)
{
    siginfo_t info = {.si_signo = signo, .si_code = SI_QUEUE};
    pid_t me = (pid_t)syscall(SYS_gettid);

    info.si_pid = getpid();
    info.si_uid = getuid();
    info.si_value.sival_ptr = &dump_signal_chain;
    for (int i = 0; i < WEFT__SEATS; i++) {
        pid_t tid = weft__seat_tid(i);

        if (tid != 0 && tid != me)
            weft__calls.sigqueue(tid, signo, &info);
    }
}

struct dump_signal_answer {
    struct weft_worker *worker;
    struct weft_registers here;
};

static void dump_signal_write(void *argument)
{
    const struct dump_signal_answer *a = argument;
    bool taken = weft__turn_take();

    weft__dump_from(a->worker, STDERR_FILENO, &a->here);
    weft__turn_give(taken);
}

/* At the next look outside, by a thread that may have little room. */
static void dump_signal_dump(struct weft_worker *w)
{
    struct dump_signal_answer a = {.worker = w};

    weft__registers_here(&a.here);
    weft__aside(w, dump_signal_write, &a);
}

static void dump_signal_dump_from(struct weft_worker *w, const void *ucontext)
{
    bool taken = weft__turn_take();
    struct weft_registers here;

    weft__registers_of_signal(&here, ucontext);
    weft__dump_from(w, STDERR_FILENO, &here);
    weft__turn_give(taken);
}

static void dump_signal_print_running(const struct weft_control *c, const void *ucontext)
{
    char buffer[WEFT__PRINT_BYTES];
    struct weft_print p = weft__print_to(STDERR_FILENO, buffer, sizeof buffer);
    bool taken = weft__turn_take();

    weft__print(&p, "weft: running: ");
    if (c->thread)
        weft__print_thread(&p, c->thread);
    else
        weft__print(&p, "no thread, the next is being chosen");
    weft__print(&p,
                "; all others are told of when it next calls weft, or at the next such signal\n");
    weft__print_interrupted(&p, c, ucontext);
    weft__turn_give(taken);
}

/* A second signal while the first is not answered yet finds the worker where it was: nothing has
 * changed since, or little, and a thread that never calls weft must not keep the others secret. */
static void dump_signal_ask(struct weft_worker *w, const void *ucontext)
{
    if (w->is_idle || w->asked) {
        w->asked = NULL;
        dump_signal_dump_from(w, ucontext);
    } else {
        w->asked = dump_signal_dump;
        dump_signal_print_running(w->current, ucontext);
    }
}

static void dump_signal_handle(int signo, siginfo_t *info, void *context)
{
    int saved_errno = errno;
    struct weft_worker *w = weft__self;
    bool is_first = !dump_signal_is_passed_on(info);

    if (is_first)
        dump_signal_pass_on(signo);
    if (w && weft__altstack_suffices(context))
        dump_signal_ask(w, context);
    errno = saved_errno;
    if (is_first)
        weft__chain_pass_to_handler(&dump_signal_chain, info, context);
}

void weft__dump_signal_watch(int signo)
{
    weft__chain_install(&dump_signal_chain, signo, dump_signal_handle);
}
