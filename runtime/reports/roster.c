/* SPDX-License-Identifier: MIT */
#include "roster.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

struct weft_seat weft__seats[WEFT__SEATS];

static pthread_mutex_t roster_mutex = PTHREAD_MUTEX_INITIALIZER;

void weft__roster_lock(void)
{
    pthread_mutex_lock(&roster_mutex);
}

void weft__roster_unlock(void)
{
    pthread_mutex_unlock(&roster_mutex);
}

static void roster_seat(struct weft_seat *seat, struct weft_worker *w, pid_t tid)
{
    seat->worker = w;
    __atomic_store_n(&seat->tid, tid, __ATOMIC_RELAXED);
}

static struct weft_seat *roster_find(const struct weft_worker *w)
{
    for (int i = 0; i < WEFT__SEATS; i++)
        if (weft__seats[i].worker == w)
            return &weft__seats[i];
    return NULL;
}

static void roster_join(struct weft_worker *w)
{
    struct weft_seat *seat = roster_find(NULL);

    if (seat)
        roster_seat(seat, w, (pid_t)syscall(SYS_gettid));
}

void weft__roster_join(struct weft_worker *w)
{
    weft__roster_lock();
    roster_join(w);
    weft__roster_unlock();
}

void weft__roster_leave(const struct weft_worker *w)
{
    struct weft_seat *seat;

    weft__roster_lock();
    seat = roster_find(w);
    if (seat)
        roster_seat(seat, NULL, 0);
    weft__roster_unlock();
}

void weft__roster_forked(struct weft_worker *w)
{
    bool was_in = w && roster_find(w);

    for (int i = 0; i < WEFT__SEATS; i++)
        roster_seat(&weft__seats[i], NULL, 0);
    if (was_in)
        roster_join(w);
}
