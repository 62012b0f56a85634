/* SPDX-License-Identifier: MIT */
#include "census.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "aside.h"
#include "runtime/calls.h"
#include "runtime/report.h"
#include "runtime/spawn.h"

enum {
    CENSUS_BUCKETS = 256,
    CENSUS_PAGES = 4096,           /* looked at by one call */
    CENSUS_KEPT_BYTES = 16 * 1024, /* cleared by hand rather than given back to the system */
    CENSUS_OWN_BYTES = 1024,       /* the frames of what searches and clears take less */
    CENSUS_MARGIN_BYTES = 256,     /* a function that calls nothing takes less below its frame */
    CENSUS_ROOM = 2,               /* times the deepest is enough */
    CENSUS_CELL_BYTES = 32,
};

/* The threads of one site with stacks of one class. */
struct census_row {
    struct census_row *next; /* in its bucket, or the next in the report */
    const char *site;        /* as their records have it: may be unloaded by now */
    const char *text;        /* a copy, behind the row */
    uint64_t threads;
    size_t deepest;
    size_t stack_bytes; /* 0: of several classes */
    int stack_class;
};

struct weft_census {
    struct census_row *buckets[CENSUS_BUCKETS];
    struct census_row others; /* those for whose row there was no memory */
    bool has_reported;
    unsigned char resident[CENSUS_PAGES]; /* as mincore answers: not on a stack that is measured */
};

/* ---- how deep ---- */

typedef uint64_t __attribute__((may_alias)) census_word;

/* The lowest word that is not zero, or high. */
static char *census_scan(char *low, char *high)
{
    for (; low < high; low += sizeof(census_word))
        if (*(const census_word *)(void *)low != 0)
            return low;
    return high;
}

/* The same, for whole stacks: pages that nobody has touched are not looked at. */
static char *census_lowest(const struct weft_worker *w, char *low, char *high)
{
    size_t page_bytes = w->stacks.guard.page_bytes;
    unsigned char *resident = w->census->resident;

    while (low < high) {
        size_t pages = ((size_t)(high - low) + page_bytes - 1) / page_bytes;

        pages = pages < CENSUS_PAGES ? pages : CENSUS_PAGES;
        if (weft__calls.mincore(low, pages * page_bytes, resident) != 0)
            memset(resident, 1, pages);
        for (size_t i = 0; i < pages; i++, low += page_bytes) {
            char *end = high - low > (ptrdiff_t)page_bytes ? low + page_bytes : high;
            char *found = resident[i] & 1 ? census_scan(low, end) : end;

            if (found != end)
                return found;
        }
    }
    return high;
}

static char *census_stack_low(const struct weft_worker *w, const struct weft_control *c)
{
    return c->base + w->stacks.guard.page_bytes;
}

/* Up to its own frame. Calls nothing, since that would use what it has cleared. */
static WEFT__NOINLINE void census_zero(char *low)
{
    volatile census_word *at = (volatile census_word *)(void *)low;
    const volatile void *end = (char *)__builtin_frame_address(0) - CENSUS_MARGIN_BYTES;

    while ((const volatile void *)at < end)
        *at++ = 0;
}

/* Clears the running thread's stack from low up to here. */
static void census_clear(const struct weft_worker *w, char *low, char *here)
{
    size_t page_bytes = w->stacks.guard.page_bytes;
    char *kept = here - CENSUS_KEPT_BYTES - (uintptr_t)here % page_bytes;
    char *own = here - CENSUS_OWN_BYTES - (uintptr_t)here % sizeof(census_word);

    low -= (uintptr_t)low % page_bytes;
    if (low < kept && weft__calls.madvise(low, (size_t)(kept - low), MADV_DONTNEED) == 0)
        low = kept;
    census_zero(low < own ? low : own);
}

/* How deep the running thread's stack was used since the last sweep. */
static WEFT__NOINLINE size_t census_sweep(const struct weft_worker *w, const struct weft_control *c)
{
    char *here = __builtin_frame_address(0);
    char *low = census_lowest(w, census_stack_low(w, c), here);

    census_clear(w, low, here);
    return (size_t)((const char *)c - low);
}

/* ---- the table ---- */

static struct census_row **census_bucket(struct weft_census *census, const char *site,
                                         int stack_class)
{
    uintptr_t hash = (uintptr_t)site / 8 + (uintptr_t)stack_class;

    return &census->buckets[(hash ^ hash / CENSUS_BUCKETS) % CENSUS_BUCKETS];
}

static struct census_row *census_row_new(struct census_row **bucket, const char *site,
                                         int stack_class)
{
    size_t size = strlen(site) + 1;
    struct census_row *row = weft__calls.malloc(sizeof *row + size);

    if (!row)
        return NULL;
    *row = (struct census_row){
        .next = *bucket,
        .site = site,
        .text = memcpy(row + 1, site, size),
        .stack_class = stack_class,
    };
    *bucket = row;
    return row;
}

/* Another module's text may lie where one lay that was unloaded. */
static struct census_row *census_row(struct weft_census *census, const char *site, int stack_class)
{
    struct census_row **bucket = census_bucket(census, site, stack_class);
    struct census_row *row = *bucket;

    while (row &&
           (row->site != site || row->stack_class != stack_class || strcmp(row->text, site) != 0))
        row = row->next;
    if (!row)
        row = census_row_new(bucket, site, stack_class);
    return row ? row : &census->others;
}

/* Its stack's size is kept in the row, since a shutdown forgets the pools. */
static void census_count(const struct weft_worker *w, const char *site, int stack_class,
                         size_t depth)
{
    struct census_row *row = census_row(w->census, site, stack_class);

    if (row != &w->census->others)
        row->stack_bytes = w->stacks.pools[stack_class].stride;
    row->threads++;
    if (row->deepest < depth)
        row->deepest = depth;
}

static void census_clear_others(struct weft_census *census)
{
    census->others = (struct census_row){
        .text = "others: there was no memory to tell them apart",
    };
}

/* ---- a thread's life ---- */

/* Swept at the end for the depth, and before the beginning of what the library has done on the stack
 * in between. A new thread's errno is zero. */
static struct weft_control *census_run(struct weft_worker *w, struct weft_control *c)
{
    const char *site = c->thread->site;
    int stack_class = c->thread->stack_class;
    struct weft_control *peer;
    size_t depth;

    census_sweep(w, c);
    *w->errno_at = 0;
    peer = weft__thread_run(w, c);
    depth = census_sweep(w, c); /* before weft__site, which uses the stack too */
    census_count(w, weft__site(site), stack_class, depth);
    return peer;
}

static void census_count_living(struct weft_thread *t, void *data)
{
    struct weft_worker *w = data;
    struct weft_control *c = t->at.control;
    size_t depth;

    if (t->state != WEFT__THREAD_STARTED || !c->pool)
        return;
    depth = (size_t)((char *)c - census_lowest(w, census_stack_low(w, c), (char *)c));
    census_count(w, weft__site(t->site), t->stack_class, depth);
}

/* ---- the report ---- */

static bool census_goes_before(const struct census_row *a, const struct census_row *b)
{
    if (a->deepest != b->deepest)
        return a->deepest > b->deepest;
    if (a->threads != b->threads)
        return a->threads > b->threads;
    return strcmp(a->text, b->text) < 0;
}

static void census_insert(struct census_row **list, struct census_row *row)
{
    while (*list && !census_goes_before(row, *list))
        list = &(*list)->next;
    row->next = *list;
    *list = row;
}

/* Takes all rows out of the table, sorted. */
static struct census_row *census_take(struct weft_census *census)
{
    struct census_row *list = NULL;

    for (size_t i = 0; i < CENSUS_BUCKETS; i++)
        while (census->buckets[i]) {
            struct census_row *row = census->buckets[i];

            census->buckets[i] = row->next;
            census_insert(&list, row);
        }
    return list;
}

static void census_free(struct census_row *list)
{
    while (list) {
        struct census_row *next = list->next;

        weft__calls.free(list);
        list = next;
    }
}

static struct weft_print census_cell(char *text)
{
    return (struct weft_print){.fd = -1, .text = text, .size = CENSUS_CELL_BYTES};
}

/* A cell, flush right. */
static void census_print_cell(struct weft_print *p, size_t width, struct weft_print *cell)
{
    for (size_t used = cell->used; used < width; used++)
        weft__print(p, " ");
    weft__print(p, "%s", weft__print_string(cell));
}

/* In tenths, rounded up: "1.2 KiB". */
static void census_print_depth(struct weft_print *p, uint64_t bytes)
{
    const char *unit = bytes < 1024 * 1024 ? "KiB" : "MiB";
    uint64_t unit_bytes = bytes < 1024 * 1024 ? 1024 : 1024 * 1024;
    uint64_t tenths = (bytes * 10 + unit_bytes - 1) / unit_bytes;

    weft__print(p, "%llu.%llu %s", (unsigned long long)tenths / 10, (unsigned long long)tenths % 10,
                unit);
}

/* The size to ask for: with the guard, the control block, and what the top is shifted by. */
static size_t census_enough(const struct weft_stacks *s, size_t deepest)
{
    size_t needed = CENSUS_ROOM * deepest + s->guard.page_bytes + s->top_bytes +
                    (size_t)WEFT__STACK_COLOURS * WEFT__LINE_BYTES;
    size_t size = WEFT__STACK_BYTES_MIN;

    while (size < needed)
        size *= 2;
    return size;
}

static void census_print_row(const struct weft_worker *w, const struct census_row *row,
                             struct weft_print *p)
{
    char texts[4][CENSUS_CELL_BYTES];
    struct weft_print threads = census_cell(texts[0]), deepest = census_cell(texts[1]);
    struct weft_print stack = census_cell(texts[2]), enough = census_cell(texts[3]);

    weft__print_count(&threads, row->threads);
    census_print_depth(&deepest, row->deepest);
    if (row->stack_bytes > 0)
        weft__print_size(&stack, row->stack_bytes);
    weft__print_size(&enough, census_enough(&w->stacks, row->deepest));
    census_print_cell(p, 11, &threads);
    census_print_cell(p, 12, &deepest);
    census_print_cell(p, 10, &stack);
    census_print_cell(p, 10, &enough);
    weft__print(p, "  %s\n", row->text);
}

static void census_print(const struct weft_worker *w, const struct census_row *list,
                         struct weft_print *p)
{
    weft__print(
        p, "weft: stacks used, by the lines that start threads (all sizes have a guard page of ");
    weft__print_size(p, w->stacks.guard.page_bytes);
    weft__print(p, " in them)\n"
                   "    threads     deepest     stack    enough  started at\n");
    for (; list; list = list->next)
        census_print_row(w, list, p);
    if (w->census->others.threads > 0)
        census_print_row(w, &w->census->others, p);
    weft__print(p,
                "  deepest: at least so much was used; enough: a stack that holds twice that, for "
                "stack_bytes in struct weft_spawn_opts, or weft_stack_default()\n");
}

void weft__census_report(struct weft_worker *w, struct weft_print *p)
{
    struct weft_census *census = w->census;
    struct census_row *list;

    if (!census)
        return;
    weft__thread_each(&w->threads, census_count_living, w);
    list = census_take(census);
    if (list || census->others.threads > 0) {
        census->has_reported = true;
        census_print(w, list, p);
    }
    census_free(list);
    census_clear_others(census);
}

/* ---- its life ---- */

static struct weft_print census_stderr(char *buffer)
{
    return weft__print_to(STDERR_FILENO, buffer, WEFT__PRINT_BYTES);
}

static void census_write(void *worker)
{
    struct weft_worker *w = worker;
    char buffer[WEFT__PRINT_BYTES];
    struct weft_print p = census_stderr(buffer);

    weft__census_report(w, &p);
    if (!w->census->has_reported)
        weft__print(&p, "weft: stacks: no thread has run\n");
    weft__print_flush(&p);
    w->census->has_reported = true;
}

/* By a thread that may have little room. */
static void census_at_exit(void)
{
    if (weft__self && weft__self->census)
        weft__aside(weft__self, census_write, weft__self);
}

static void census_register(void)
{
    static uint32_t is_registered; /* of a size that every processor can exchange */

    if (!__atomic_exchange_n(&is_registered, 1, __ATOMIC_RELAXED))
        weft__calls.atexit(census_at_exit);
}

static void census_refuse(const char *why)
{
    char buffer[WEFT__PRINT_BYTES];
    struct weft_print p = census_stderr(buffer);

    weft__print(&p, "weft: WEFT_REPORT=stacks: %s\n", why);
    weft__print_flush(&p);
}

WEFT__COLD void weft__census_begin(struct weft_worker *w)
{
    if (weft__sanitize_is_on()) {
        census_refuse("there is no such report under a sanitizer or valgrind, which have their own "
                      "use for unused stack");
        return;
    }
    w->census = weft__calls.calloc(1, sizeof *w->census);
    if (!w->census) {
        census_refuse("there is no memory for it");
        return;
    }
    census_clear_others(w->census);
    w->run_thread = census_run;
    census_register();
}

void weft__census_forked(struct weft_worker *w)
{
    if (!w->census)
        return;
    census_free(census_take(w->census));
    census_clear_others(w->census);
    w->census->has_reported = true;
}

void weft__census_end(struct weft_worker *w)
{
    char buffer[WEFT__PRINT_BYTES];
    struct weft_print p = census_stderr(buffer);

    weft__census_report(w, &p);
    weft__print_flush(&p);
    weft__calls.free(w->census);
    w->census = NULL;
}
