/* SPDX-License-Identifier: MIT */
#include "leaks.h"

#include <string.h>
#include <unistd.h>

#include "aside.h"
#include "runtime/calls.h"
#include "runtime/group.h"
#include "runtime/report.h"
#include "listing.h"
#include "runtime/sched.h"
#include "runtime/settings.h"

enum { LEAKS_SITES = 32 /* that are told apart */ };

enum {
    LEAKS_THREADS = WEFT__LIST(WEFT__DOING_PARKED) | WEFT__LIST(WEFT__DOING_READY) |
                    WEFT__LIST(WEFT__DOING_STARVED) | WEFT__LIST(WEFT__DOING_UNSTARTED) |
                    WEFT__LIST(WEFT__DOING_DONE) | WEFT__LIST_LEFT,
};

static bool leaks_forgotten;

void weft__leaks_forget(void)
{
    __atomic_store_n(&leaks_forgotten, true, __ATOMIC_RELAXED);
}

/* ---- counting ---- */

struct leaks {
    const struct weft_worker *worker;
    uint32_t threads;
    uint32_t tasks;
    uint32_t chans;
    uint32_t gens;
    uint32_t groups;
};

static void leaks_count_thread(struct weft_thread *t, void *data)
{
    struct leaks *l = data;
    enum weft__doing doing = weft__doing(l->worker, t);

    if (t->flags & (WEFT__THREAD_ROOT | WEFT__THREAD_BODY) || doing == WEFT__DOING_RUN)
        return;
    if (doing == WEFT__DOING_DONE)
        l->tasks++;
    else
        l->threads++;
}

static uint32_t leaks_count_list(const struct weft_list *all)
{
    uint32_t n = 0;

    for (const struct weft_list *at = all->next; at != all; at = at->next)
        n++;
    return n;
}

static struct leaks leaks_of(const struct weft_worker *w)
{
    struct leaks l = {
        .worker = w,
        .chans = leaks_count_list(&w->chans),
        .gens = leaks_count_list(&w->gens),
        .groups = leaks_count_list(&w->groups),
    };

    weft__thread_each(&w->threads, leaks_count_thread, &l);
    return l;
}

/* ---- printing ---- */

static void leaks_print_count(struct weft_print *out, uint32_t n, const char *what,
                              const char *happened, const char **before)
{
    if (n == 0)
        return;
    weft__print(out, "%s", *before);
    weft__print_count(out, n);
    weft__print(out, " %s%s %s", what, n == 1 ? "" : "s", happened);
    *before = ", ";
}

static void leaks_print_head(struct weft_print *out, const struct leaks *l)
{
    const char *before = "weft: leaks: ";

    leaks_print_count(out, l->threads, "thread", "not ended", &before);
    leaks_print_count(out, l->tasks, "task", "not joined", &before);
    leaks_print_count(out, l->chans, "channel", "not freed", &before);
    leaks_print_count(out, l->gens, "generator", "not closed", &before);
    leaks_print_count(out, l->groups, "group", "not freed", &before);
    weft__print(out, "\n");
}

struct leaks_site {
    const char *site;
    uint32_t count;
};

/* The place of a site in the table, or of a new one; as many as there is room for: there is none. */
static size_t leaks_find(const struct leaks_site *sites, size_t used, const char *site)
{
    for (size_t i = 0; i < used; i++)
        if (sites[i].site == site || strcmp(sites[i].site, site) == 0)
            return i;
    return used;
}

/* What stands on one of the worker's lists, by the places where it was made. */
static WEFT__NOINLINE void leaks_print_made(struct weft_print *out, const struct weft_list *all,
                                            const char *(*site_of)(const struct weft_list *link),
                                            const char *what, const char *happened)
{
    struct leaks_site sites[LEAKS_SITES];
    uint32_t more = 0;
    size_t used = 0;

    for (const struct weft_list *at = all->next; at != all; at = at->next) {
        const char *site = weft__site(site_of(at));
        size_t i = leaks_find(sites, used, site);

        if (i == LEAKS_SITES) {
            more++;
            continue;
        }
        if (i == used)
            sites[used++] = (struct leaks_site){.site = site};
        sites[i].count++;
    }
    for (size_t i = 0; i < used; i++) {
        weft__print(out, "  ");
        weft__print_count(out, sites[i].count);
        weft__print(out, " %s%s %s: made at %s\n", what, sites[i].count == 1 ? "" : "s", happened,
                    sites[i].site);
    }
    if (more > 0) {
        weft__print(out, "  and ");
        weft__print_count(out, more);
        weft__print(out, " more %ss, made elsewhere\n", what);
    }
}

static const char *leaks_group_site(const struct weft_list *link)
{
    return WEFT__CONTAINER_OF(link, const struct weft_group, link)->site;
}

static WEFT__NOINLINE void leaks_print(struct weft_view *v, const struct leaks *l)
{
    const struct weft_worker *w = l->worker;

    leaks_print_head(v->out, l);
    if (l->threads + l->tasks > 0)
        weft__list(v, LEAKS_THREADS);
    if (l->chans > 0)
        leaks_print_made(v->out, &w->chans, w->chan_site, "channel", "not freed");
    if (l->gens > 0)
        leaks_print_made(v->out, &w->gens, w->gen_site, "generator", "not closed");
    leaks_print_made(v->out, &w->groups, leaks_group_site, "group", "not freed");
    weft__view_hint(v);
}

static void leaks_write(void *worker)
{
    struct weft_worker *w = worker;
    char buffer[WEFT__PRINT_BYTES];
    struct weft_print out = weft__print_to(STDERR_FILENO, buffer, sizeof buffer);
    struct weft_view view = {.worker = w, .out = &out};
    struct leaks l = leaks_of(w);

    if (l.threads + l.tasks + l.chans + l.gens + l.groups > 0)
        leaks_print(&view, &l);
    else if (!w->leaks_told)
        weft__print(&out, "weft: no leaks\n");
    w->leaks_told = true;
    weft__print_flush(&out);
}

/* exit() may be called where there is little room. */
void weft__leaks_report(struct weft_worker *w)
{
    if (weft__settings_reports() & WEFT__REPORT_LEAKS && !w->forked &&
        !__atomic_load_n(&leaks_forgotten, __ATOMIC_RELAXED))
        weft__aside(w, leaks_write, w);
}

static void leaks_at_exit(void)
{
    if (weft__self)
        weft__leaks_report(weft__self);
}

void weft__leaks_watch(void)
{
    if (weft__settings_reports() & WEFT__REPORT_LEAKS)
        weft__calls.atexit(leaks_at_exit);
}
