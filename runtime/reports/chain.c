/* SPDX-License-Identifier: MIT */
#include "chain.h"

#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "runtime/calls.h"

int weft__chain_install(struct weft_chain *c, int signo,
                        void (*handle)(int signo, siginfo_t *info, void *context))
{
    struct sigaction action = {.sa_sigaction = handle,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};

    sigemptyset(&action.sa_mask);
    /* Before ours may run, which needs to know. */
    if (weft__calls.sigaction(signo, NULL, &c->before) != 0)
        return -1;
    c->signo = signo;
    return weft__calls.sigaction(signo, &action, NULL);
}

/* The instruction that the signal comes from is executed again, and ends up here again. Not so where
 * somebody sent it, or where the kernel could not do what it was asked for. */
static bool chain_comes_again(const siginfo_t *info)
{
    if (info->si_code <= 0 || info->si_code == SI_KERNEL)
        return false;
    return info->si_signo != SIGBUS || info->si_code != BUS_MCEERR_AO;
}

/* Where our handler cannot be taken away, it would be called for ever. A fault whose signal is
 * blocked ends the process as without one: from the handler's return on it is. */
static void chain_end_anyway(const struct weft_chain *c, const siginfo_t *info, void *context)
{
    if (!chain_comes_again(info))
        _exit(128 + c->signo); /* as a shell says it */
    sigaddset(&((ucontext_t *)context)->uc_sigmask, c->signo);
}

/* It is blocked until the handler returns, and strikes then, at the same place. */
static void chain_end(struct weft_chain *c, siginfo_t *info, void *context)
{
    const struct sigaction end = {.sa_handler = SIG_DFL};

    if (weft__calls.sigaction(c->signo, &end, NULL) != 0) {
        chain_end_anyway(c, info, context);
        return;
    }
    if (chain_comes_again(info))
        return;
    if (weft__calls.sigqueue((pid_t)syscall(SYS_gettid), c->signo, info) != 0)
        raise(c->signo);
}

/* What is blocked while a handler runs: what was, what it wants, and the signal itself. The mask in
 * the context is the kernel's, which is shorter than libc's. */
static void chain_mask(const struct weft_chain *c, const void *context)
{
    sigset_t mask;

    sigemptyset(&mask);
    memcpy(&mask, &((const ucontext_t *)context)->uc_sigmask, (NSIG - 1) / 8);
    for (int signo = 1; signo < NSIG; signo++)
        if (sigismember(&c->before.sa_mask, signo) == 1)
            sigaddset(&mask, signo);
    if (!(c->before.sa_flags & SA_NODEFER))
        sigaddset(&mask, c->signo);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
}

static void chain_call(struct weft_chain *c, siginfo_t *info, void *context)
{
    chain_mask(c, context);
    if (c->before.sa_flags & SA_SIGINFO)
        c->before.sa_sigaction(c->signo, info, context);
    else
        c->before.sa_handler(c->signo);
}

static bool chain_is_function(const struct weft_chain *c)
{
    return c->before.sa_handler != SIG_DFL && c->before.sa_handler != SIG_IGN;
}

/* The handler before is there, and is not one that serves once and has served. */
static bool chain_claim(struct weft_chain *c)
{
    if (!chain_is_function(c))
        return false;
    return !(c->before.sa_flags & (int)SA_RESETHAND) ||
           !__atomic_exchange_n(&c->is_spent, 1, __ATOMIC_RELAXED);
}

/* The kernel does not let a program ignore its own faults. */
void weft__chain_pass(struct weft_chain *c, siginfo_t *info, void *context)
{
    if (chain_claim(c))
        chain_call(c, info, context);
    else if (c->before.sa_handler != SIG_IGN || info->si_code > 0)
        chain_end(c, info, context);
}

void weft__chain_pass_to_handler(struct weft_chain *c, siginfo_t *info, void *context)
{
    if (chain_claim(c))
        chain_call(c, info, context);
}
