/* SPDX-License-Identifier: MIT */
/* In a child process: an OS thread that reads what the process says on standard error, so that the
 * others can go on until something was said, however long that takes. */
#ifndef WEFT_TESTS_OVERHEARD_H
#define WEFT_TESTS_OVERHEARD_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "runtime/sanitize.h"

enum { OVERHEARD_BYTES = 16384 };

static char overheard[OVERHEARD_BYTES]; /* so far; a string */
static int overheard_from, overheard_to;
static const char *overheard_sign; /* what is waited for */
static void (*overheard_then)(void);

/* Reads until the sign was heard; passes all on. */
static inline void *overheard_run(void *nothing)
{
    size_t size = 0;

    while (!strstr(overheard, overheard_sign)) {
        ssize_t got = read(overheard_from, overheard + size, sizeof overheard - 1 - size);

        if (got <= 0)
            break;
        if (write(overheard_to, overheard + size, (size_t)got) != got)
            break;
        size += (size_t)got;
    }
    overheard_then();
    return nothing;
}

/* From now on. When the sign is heard, `then` is called on that OS thread, which gets no signals. */
static inline void overhear(const char *sign, void (*then)(void))
{
    pthread_t reader;
    sigset_t all, before;
    int ends[2];

    if (pipe(ends) != 0)
        _exit(1);
    overheard_to = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    overheard_from = ends[0];
    overheard_sign = sign;
    overheard_then = then;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_create(&reader, NULL, overheard_run, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

#endif
