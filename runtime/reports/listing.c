/* SPDX-License-Identifier: MIT */
#include "listing.h"

#include <time.h>

#include "cycle.h"
#include "runtime/calls.h"
#include "runtime/report.h"
#include "runtime/sched.h"

enum {
    LISTING_GROUPS = 64,       /* of equal threads; what does not fit is counted */
    LISTING_NAMED = 3,         /* threads of a group that are named by their numbers */
    LISTING_WALKS_MAX = 20000, /* stacks that are walked to be compared */
    LISTING_PATIENCE_MS = 2000,
};

/* Equal threads: they do the same, were started in the same place, wait in the same kind of call and
 * their stacks have the same frames. */
struct listing_group {
    uint64_t key;
    uint64_t key_shallow; /* without the frames */
    enum weft__doing doing;
    uint32_t count;
    uint32_t unwalked; /* of these, how many stacks were not compared */
    const struct weft_thread *named[LISTING_NAMED];
};

/* One report at a time has it. */
static struct {
    const struct weft_worker *user;
    struct listing_group groups[LISTING_GROUPS];
    uint32_t used;
    uint32_t walks;
    uint32_t which;
    uint32_t more[WEFT__DOINGS]; /* threads that belong to no group, since there are too many */
    struct weft_view *view;
} listing;

static bool listing_take(const struct weft_worker *w)
{
    const struct timespec moment = {.tv_nsec = 1000000};

    for (int i = 0; i < LISTING_PATIENCE_MS; i++) {
        const struct weft_worker *nobody = NULL;

        if (__atomic_compare_exchange_n(&listing.user, &nobody, w, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED))
            return true;
        if (nobody == w)
            return false;
        weft__calls.clock_nanosleep(CLOCK_MONOTONIC, 0, &moment, NULL);
    }
    return false;
}

static void listing_give(void)
{
    __atomic_store_n(&listing.user, NULL, __ATOMIC_RELEASE);
}

void weft__listing_forked(void)
{
    listing.user = NULL;
}

/* ---- counting ---- */

static void listing_tally(struct weft_thread *t, void *data)
{
    struct weft_tally *tally = data;

    tally->total++;
    tally->of[weft__doing(tally->worker, t)]++;
}

struct weft_tally weft__listing_count(const struct weft_worker *w)
{
    struct weft_tally tally = {.worker = w};

    weft__thread_each(&w->threads, listing_tally, &tally);
    return tally;
}

/* ---- which threads are equal ---- */

static uint64_t listing_mix(uint64_t key, uint64_t word)
{
    key = (key ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return key ^ key >> 29;
}

static uint64_t listing_key_shallow(const struct weft_thread *t, enum weft__doing doing)
{
    uint64_t key = listing_mix((uint64_t)doing, (uintptr_t)t->site);

    if (t->state == WEFT__THREAD_STARTED)
        key = listing_mix(key, (uintptr_t)t->at.control->wait);
    return listing_mix(key, t->flags & WEFT__THREAD_CANCELLED);
}

static uint64_t listing_key(const struct weft_thread *t, uint64_t key)
{
    uintptr_t frames[WEFT__BACKTRACE_RAW];
    size_t all, n = weft__view_frames(listing.view, t, frames, &all);

    for (size_t i = 0; i < n; i++)
        key = listing_mix(key, frames[i]);
    return listing_mix(key, all);
}

static struct listing_group *listing_find(uint64_t key, uint64_t key_shallow)
{
    for (uint32_t i = 0; i < listing.used; i++)
        if (key ? listing.groups[i].key == key : listing.groups[i].key_shallow == key_shallow)
            return &listing.groups[i];
    return NULL;
}

static struct listing_group *listing_group(const struct weft_thread *t, enum weft__doing doing)
{
    uint64_t key_shallow = listing_key_shallow(t, doing);
    bool walk = listing.walks < LISTING_WALKS_MAX;
    uint64_t key = walk ? listing_key(t, key_shallow) | 1 : 0;
    struct listing_group *g = listing_find(key, key_shallow);

    listing.walks += t->state == WEFT__THREAD_STARTED && walk;
    if (g) {
        g->unwalked += t->state == WEFT__THREAD_STARTED && !walk;
        return g;
    }
    if (listing.used == LISTING_GROUPS)
        return NULL;
    g = &listing.groups[listing.used++];
    *g = (struct listing_group){.key = key, .key_shallow = key_shallow, .doing = doing};
    return g;
}

static bool listing_wants(const struct weft_thread *t, enum weft__doing doing)
{
    if (!(listing.which & WEFT__LIST(doing)))
        return false;
    if (listing.which & WEFT__LIST_ABANDONED && !weft__thread_is_newly_left(t))
        return false;
    return !(listing.which & WEFT__LIST_LEFT) ||
           !(t->flags & (WEFT__THREAD_ROOT | WEFT__THREAD_BODY));
}

static void listing_add(struct weft_thread *t, void *unused)
{
    enum weft__doing doing = weft__doing(listing.view->worker, t);
    struct listing_group *g;

    (void)unused;
    if (!listing_wants(t, doing) || weft__cycle_length(t) > 0)
        return;
    g = listing_group(t, doing);
    if (!g) {
        listing.more[doing]++;
        return;
    }
    if (g->count < LISTING_NAMED)
        g->named[g->count] = t;
    g->count++;
}

/* ---- printing ---- */

static void listing_print_ring(struct weft_thread *t, void *unused)
{
    struct weft_view *v = listing.view;
    unsigned n;

    (void)unused;
    if (!(listing.which & WEFT__LIST(WEFT__DOING_PARKED)) || listing.which & WEFT__LIST_ABANDONED)
        return;
    n = weft__cycle_length(t);
    if (n == 0 || !weft__cycle_begins(t))
        return;
    weft__print(v->out, "  %u threads wait for one another, and nothing else can wake them:\n", n);
    weft__cycle_view(v, t);
}

/* "3,000 threads like this: thread 5, 6, 7 and 2,997 more" */
static void listing_print_equals(struct weft_print *out, const struct listing_group *g)
{
    uint32_t named = g->count < LISTING_NAMED ? g->count : LISTING_NAMED;

    weft__print(out, "    ");
    weft__print_count(out, g->count);
    weft__print(out, " threads like this: thread");
    for (uint32_t i = 0; i < named; i++) {
        const char *before = i == 0 ? " " : i + 1 == g->count ? " and " : ", ";

        weft__print(out, "%s%u", before, weft__thread_slot(g->named[i]) + 1);
    }
    if (g->count > named) {
        weft__print(out, " and ");
        weft__print_count(out, g->count - named);
        weft__print(out, " more");
    }
    if (g->unwalked > 0) {
        weft__print(out, " (the stacks of ");
        weft__print_count(out, g->unwalked);
        weft__print(out, " were not compared)");
    }
    weft__print(out, "\n");
}

static void listing_print_group(const struct listing_group *g)
{
    struct weft_view *v = listing.view;

    weft__print(v->out, "  ");
    weft__view_thread(v, g->named[0]);
    weft__print(v->out, "\n");
    if (g->count > 1)
        listing_print_equals(v->out, g);
    weft__view_backtrace(v, g->named[0]);
}

static void listing_print_more(enum weft__doing doing)
{
    struct weft_print *out = listing.view->out;

    if (listing.more[doing] == 0)
        return;
    weft__print(out, "  and ");
    weft__print_count(out, listing.more[doing]);
    weft__print(out, " more, %s\n", weft__doing_names[doing]);
}

static void listing_print(const struct weft_worker *w)
{
    weft__thread_each(&w->threads, listing_print_ring, NULL);
    for (int doing = 0; doing < WEFT__DOINGS; doing++) {
        for (uint32_t i = 0; i < listing.used; i++)
            if (listing.groups[i].doing == (enum weft__doing)doing)
                listing_print_group(&listing.groups[i]);
        listing_print_more((enum weft__doing)doing);
    }
}

void weft__list(struct weft_view *v, uint32_t which)
{
    if (!listing_take(v->worker)) {
        weft__print(v->out, "  (another report is being written)\n");
        return;
    }
    listing.view = v;
    listing.which = which;
    listing.used = 0;
    listing.walks = 0;
    memset(listing.more, 0, sizeof listing.more);
    weft__thread_each(&v->worker->threads, listing_add, NULL);
    listing_print(v->worker);
    listing_give();
}
