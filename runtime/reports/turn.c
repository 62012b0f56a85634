/* SPDX-License-Identifier: MIT */
#include "turn.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "runtime/calls.h"

enum { TURN_TRIES = 1000, TURN_TRY_NS = 1000 * 1000 };

static pid_t turn_of; /* an OS thread, or 0 */

bool weft__turn_take(void)
{
    const struct timespec pause = {.tv_nsec = TURN_TRY_NS};
    pid_t me = (pid_t)syscall(SYS_gettid);

    for (int i = 0; i < TURN_TRIES; i++) {
        pid_t holder = 0;

        if (__atomic_compare_exchange_n(&turn_of, &holder, me, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED))
            return true;
        if (holder == me)
            return false;
        weft__calls.clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
    }
    return false;
}

void weft__turn_give(bool taken)
{
    if (taken)
        __atomic_store_n(&turn_of, 0, __ATOMIC_RELEASE);
}

void weft__turn_forked(void)
{
    turn_of = 0;
}
