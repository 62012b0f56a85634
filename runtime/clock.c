/* SPDX-License-Identifier: MIT */
#include "clock.h"

#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "calls.h"
#include "settings.h"

enum { CLOCK_NS_PER_SECOND = 1000000000 };

/* Each OS thread reads it: only the first complains. */
static void clock_complain(const char *name, const char *kind)
{
    static uint32_t complained;

    if (!__atomic_exchange_n(&complained, 1, __ATOMIC_RELAXED))
        weft__settings_ignore(name, kind, "no such clock; say virtual or real");
}

void weft__clock_init(struct weft_clock *c, bool is_seeded)
{
    const char *name = "WEFT_CLOCK", *kind = weft__calls.getenv(name);

    *c = (struct weft_clock){.is_virtual = is_seeded};
    if (!kind || *kind == '\0')
        return;
    if (strcmp(kind, "virtual") == 0)
        c->is_virtual = true;
    else if (strcmp(kind, "real") == 0)
        c->is_virtual = false;
    else
        clock_complain(name, kind);
}

int64_t weft__clock_now(const struct weft_clock *c)
{
    struct timespec now;

    if (c->is_virtual)
        return c->virtual_ns;
    weft__calls.clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * CLOCK_NS_PER_SECOND + now.tv_nsec;
}

/* The default slack of 50 us would be added to every wait of this OS thread. */
static void clock_sharpen(struct weft_clock *c)
{
    if (c->is_sharp)
        return;
    weft__calls.prctl(PR_SET_TIMERSLACK, 1);
    c->is_sharp = true;
}

void weft__clock_wait(struct weft_clock *c, int64_t until_ns)
{
    struct timespec until = {
        .tv_sec = (time_t)(until_ns / CLOCK_NS_PER_SECOND),
        .tv_nsec = (long)(until_ns % CLOCK_NS_PER_SECOND),
    };

    if (c->is_virtual) {
        if (c->virtual_ns < until_ns)
            c->virtual_ns = until_ns;
        return;
    }
    clock_sharpen(c);
    weft__calls.clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}
