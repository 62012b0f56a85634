/* SPDX-License-Identifier: MIT */
/* Signal handlers in front of others': what is not ours goes on to whoever had the signal before,
 * exactly as the kernel would have had it. Knows no threads. */
#ifndef WEFT_RUNTIME_CHAIN_H
#define WEFT_RUNTIME_CHAIN_H

#include <signal.h>
#include <stdbool.h>

struct weft_chain {
    int signo;
    int is_spent; /* the one before was SA_RESETHAND and has been called: SIG_DFL since */
    struct sigaction before;
};

/* Installs handle, on the alternate stack, restarting system calls: 0, or -1. For the life of the
 * process. */
int weft__chain_install(struct weft_chain *c, int signo,
                        void (*handle)(int signo, siginfo_t *info, void *context));

/* In the handler, last of all: the signal goes on. A handler is called with the mask that it asked
 * for, and may leave by siglongjmp. What the default action ends the process for is made to happen
 * again when the handler returns, so that exit status and core dump are those of the fault. */
void weft__chain_pass(struct weft_chain *c, siginfo_t *info, void *context);

/* The same, but what has no handler is over: for signals that ask for something. */
void weft__chain_pass_to_handler(struct weft_chain *c, siginfo_t *info, void *context);

#endif
