/* SPDX-License-Identifier: MIT */
#include "guard.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "calls.h"

static int guard_fail(struct weft_guard *g, const char *call)
{
    g->failed_call = call;
    g->failed_errno = errno;
    return -1;
}

static int guard_batch(struct weft_guard *g, char *const *pages, size_t n)
{
    struct iovec ranges[WEFT__GUARD_BATCH_MAX];
    ssize_t done;

    for (size_t i = 0; i < n; i++)
        ranges[i] = (struct iovec){.iov_base = pages[i], .iov_len = g->page_bytes};
    done = weft__calls.process_madvise(ranges, n, WEFT__MADV_GUARD_INSTALL);
    if (done == (ssize_t)(n * g->page_bytes))
        return 0;
    if (done >= 0)
        errno = EAGAIN; /* it stopped half-way, and does not tell why */
    return guard_fail(g, "process_madvise");
}

static int guard_madvise(struct weft_guard *g, char *const *pages, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (weft__calls.madvise(pages[i], g->page_bytes, WEFT__MADV_GUARD_INSTALL) != 0)
            return guard_fail(g, "madvise");
    return 0;
}

static int guard_mprotect(struct weft_guard *g, char *const *pages, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (weft__calls.mprotect(pages[i], g->page_bytes, PROT_NONE) != 0)
            return guard_fail(g, "mprotect");
    return 0;
}

static int guard_by(struct weft_guard *g, enum weft__guard_way way, char *const *pages, size_t n)
{
    switch (way) {
    case WEFT__GUARD_BATCH:
        return guard_batch(g, pages, n);
    case WEFT__GUARD_MADVISE:
        return guard_madvise(g, pages, n);
    case WEFT__GUARD_MPROTECT:
        return guard_mprotect(g, pages, n);
    default:
        return -1;
    }
}

enum guard_answer { GUARD_WORKS, GUARD_FAILS, GUARD_UNKNOWN };

/* Tries a way on a page of its own: does it answer as a guard must? */
static enum guard_answer guard_try(struct weft_guard *g, enum weft__guard_way way, char *page)
{
    if (guard_by(g, way, &page, 1) != 0)
        return g->failed_errno == ENOMEM ? GUARD_UNKNOWN : GUARD_FAILS;
    if (weft__calls.touch(page) == 0) {
        errno = ENOTSUP; /* the call said yes and the page can still be written */
        guard_fail(g, "guard probe");
        return GUARD_FAILS;
    }
    if (errno == EFAULT)
        return GUARD_WORKS;
    guard_fail(g, "guard probe");
    return GUARD_UNKNOWN;
}

/* A lack of memory or mappings says nothing of a way, nor does a touch that was not even tried: the
 * probe is then to be repeated. */
static int guard_probe(struct weft_guard *g)
{
    for (int way = WEFT__GUARD_BATCH; way < WEFT__GUARD_REFUSED; way++) {
        char *page = weft__calls.mmap(NULL, g->page_bytes, PROT_READ | PROT_WRITE,
                                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        enum guard_answer answer;

        if (page == MAP_FAILED)
            return guard_fail(g, "mmap");
        answer = guard_try(g, (enum weft__guard_way)way, page);
        weft__calls.munmap(page, g->page_bytes);
        if (answer == GUARD_WORKS) {
            g->way = (enum weft__guard_way)way;
            return 0;
        }
        if (answer == GUARD_UNKNOWN)
            return -1;
    }
    g->way = WEFT__GUARD_REFUSED;
    return -1;
}

void weft__guard_init(struct weft_guard *g)
{
    *g = (struct weft_guard){.page_bytes = (size_t)sysconf(_SC_PAGESIZE)};
}

int weft__guard_ready(struct weft_guard *g)
{
    if (g->way == WEFT__GUARD_UNPROBED)
        return guard_probe(g);
    return 0;
}

int weft__guard_install(struct weft_guard *g, char *const *pages, size_t n)
{
    if (weft__guard_ready(g) != 0)
        return -1;
    /* Memory that was locked refuses markers long after the probe, so each way may still fail. */
    while (g->way < WEFT__GUARD_MPROTECT) {
        if (guard_by(g, g->way, pages, n) == 0)
            return 0;
        if (g->failed_errno == ENOMEM)
            return -1;
        g->way++;
    }
    return guard_by(g, g->way, pages, n);
}
