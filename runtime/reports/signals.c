/* SPDX-License-Identifier: MIT */
#include "signals.h"

#include <weft/report.h>

#include "altstack.h"
#include "dump_signal.h"
#include "listing.h"
#include "overflow.h"
#include "roster.h"
#include "runtime/sched.h"
#include "runtime/settings.h"
#include "schedule.h"
#include "turn.h"
#include "watchdog.h"

static bool signals_have_begun;

void weft__signals_begin(const struct weft_worker *w)
{
    signals_have_begun = true;
    weft__settings_read();
    if (w->seed.is_on)
        weft__schedule_watch();
    if (weft__settings.overflow)
        weft__overflow_watch();
    if (weft__settings.dump_signal != 0)
        weft__dump_signal_watch(weft__settings.dump_signal);
    if (weft__settings.watchdog_ns != 0)
        weft__watchdog_watch(weft__settings.watchdog_ns);
}

static bool signals_want_roster(void)
{
    return weft__settings.dump_signal != 0 || weft__settings.watchdog_ns != 0;
}

void weft__signals_join(struct weft_worker *w)
{
    if (weft__settings.overflow || signals_want_roster() || w->seed.is_on)
        weft__altstack_make(&w->altstack);
    if (signals_want_roster())
        weft__roster_join(w);
}

void weft__signals_abandon(const struct weft_worker *w)
{
    if (signals_want_roster())
        weft__roster_leave(w);
}

void weft__signals_leave(struct weft_worker *w)
{
    weft__signals_abandon(w);
    weft__altstack_drop(&w->altstack);
}

void weft__signals_fork_begins(void)
{
    weft__roster_lock();
}

void weft__signals_fork_ended(void)
{
    weft__roster_unlock();
}

void weft__signals_forked(struct weft_worker *w)
{
    weft__roster_forked(w);
    weft__roster_unlock();
    weft__turn_forked();
    weft__listing_forked();
    weft__watchdog_forked();
}

void weft_overflow_handler(int on)
{
    if (!signals_have_begun)
        weft__settings.overflow = on != 0;
}
