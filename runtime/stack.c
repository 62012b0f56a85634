/* SPDX-License-Identifier: MIT */
#include "stack.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "calls.h"

enum {
    STACK_SLAB_BYTES = 64 * 1024 * 1024,
    STACK_BATCH_MAX = 32, /* prepared at once on a miss */
    STACK_SPARE_MIN = 64, /* a pool of this size is never trimmed */
    STACK_COLOUR_BYTES = 64,
    STACK_RETURNS_MIN = 1024, /* returns between two looks at a pool, or its peak if that is more */
    STACK_DECAY = 4,          /* the peak loses this part of itself at such a look */
    STACK_IDLE_NS = 100 * 1000 * 1000, /* an idle wait that is worth new page faults */
};

struct weft_slab {
    struct weft_slab *older;
    char *base;
    size_t bytes;
    size_t cut_bytes; /* handed out so far, from the low end */
};

void weft__stack_init(struct weft_stacks *s, size_t top_bytes,
                      void (*boot)(struct weft_pool *, char *const *, void *const *, size_t),
                      char *(*retire)(void *))
{
    memset(s, 0, sizeof *s);
    weft__guard_init(&s->guard);
    s->top_bytes = top_bytes;
    s->boot = boot;
    s->retire = retire;
}

static void stack_pool_fini(struct weft_pool *p)
{
    struct weft_slab *slab;

    while (weft__ring_count(&p->warm) > 0)
        p->stacks->retire(weft__ring_pop_back(&p->warm));
    while ((slab = p->slab) != NULL) {
        p->slab = slab->older;
        weft__sanitize_memory(slab->base, slab->bytes); /* what is mapped here next is not ours */
        weft__calls.munmap(slab->base, slab->bytes);
        weft__calls.free(slab);
    }
    weft__calls.free(p->warm.slots);
    weft__calls.free(p->raw.slots);
}

void weft__stack_fini(struct weft_stacks *s)
{
    for (size_t i = 0; i < WEFT__STACK_CLASSES; i++)
        stack_pool_fini(&s->pools[i]);
}

int weft__stack_class(size_t bytes)
{
    int stack_class = 0;

    if (bytes < WEFT__STACK_BYTES_MIN)
        return -EINVAL;
    while (((size_t)1 << (stack_class + WEFT__STACK_CLASS_MIN)) < bytes)
        if (++stack_class == WEFT__STACK_CLASSES)
            return -EINVAL;
    return stack_class;
}

WEFT__COLD struct weft_pool *weft__stack_pool_make(struct weft_stacks *s, int stack_class)
{
    struct weft_pool *p = &s->pools[stack_class];

    p->stacks = s;
    p->stride = (size_t)1 << (stack_class + WEFT__STACK_CLASS_MIN);
    if (p->stride < 2 * s->guard.page_bytes) /* kernels with pages of 64 KiB */
        p->stride = 2 * s->guard.page_bytes;
    p->batch = 1;
    p->until_trim = STACK_RETURNS_MIN;
    return p;
}

static int stack_fail(struct weft_pool *p, const char *call, int error)
{
    p->stacks->failed_call = call;
    p->stacks->failed_errno = error;
    return -1;
}

static void *stack_top(const struct weft_pool *p, char *base)
{
    size_t colour = ((uintptr_t)base / p->stride) % WEFT__STACK_COLOURS;
    size_t below = p->stacks->top_bytes + colour * STACK_COLOUR_BYTES;

    return base + p->stride -
           ((below + STACK_COLOUR_BYTES - 1) & ~(size_t)(STACK_COLOUR_BYTES - 1));
}

static int stack_ring_fit(struct weft_pool *p, struct weft_ring *ring, size_t capacity)
{
    size_t have = ring->slots ? (size_t)ring->mask + 1 : 0;
    size_t want = have ? have : 64;
    void **slots;

    if (capacity <= have)
        return 0;
    while (want < capacity)
        want *= 2;
    slots = weft__calls.malloc(want * sizeof *slots);
    if (!slots)
        return stack_fail(p, "malloc", ENOMEM);
    weft__calls.free(weft__ring_adopt(ring, slots, (uint32_t)want));
    return 0;
}

/* Address space for new stacks; halved down to one stack where a limit is tight. */
static int stack_slab_new(struct weft_pool *p)
{
    size_t bytes = p->stride > STACK_SLAB_BYTES ? p->stride : STACK_SLAB_BYTES;
    struct weft_slab *slab = weft__calls.malloc(sizeof *slab);
    char *base;

    if (!slab)
        return stack_fail(p, "malloc", ENOMEM);
    for (;;) {
        base = weft__calls.mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
        if (base != MAP_FAILED)
            break;
        if (bytes / 2 < p->stride) {
            stack_fail(p, "mmap", errno);
            weft__calls.free(slab);
            return -1;
        }
        bytes /= 2;
    }
    weft__calls.madvise(base, bytes, MADV_NOHUGEPAGE); /* fails where there are none: as good */
    *slab = (struct weft_slab){.older = p->slab, .base = base, .bytes = bytes};
    p->slab = slab;
    return 0;
}

/* Cuts up to n new stacks from the newest slab and guards them: how many. */
static size_t stack_cut(struct weft_pool *p, char **bases, size_t n)
{
    struct weft_slab *slab;
    size_t room;

    /* First whatever needs a little memory: a slab may take all that is left. */
    if (stack_ring_fit(p, &p->warm, p->cut + n) != 0 || stack_ring_fit(p, &p->raw, p->cut + n) != 0)
        return 0;
    if (weft__guard_ready(&p->stacks->guard) != 0) {
        stack_fail(p, p->stacks->guard.failed_call, p->stacks->guard.failed_errno);
        return 0;
    }
    if ((!p->slab || p->slab->bytes - p->slab->cut_bytes < p->stride) && stack_slab_new(p) != 0)
        return 0;
    slab = p->slab;
    room = (slab->bytes - slab->cut_bytes) / p->stride;
    n = n < room ? n : room;
    for (size_t i = 0; i < n; i++)
        bases[i] = slab->base + slab->cut_bytes + i * p->stride;
    while (n > 0 && weft__guard_install(&p->stacks->guard, bases, n) != 0) {
        stack_fail(p, p->stacks->guard.failed_call, p->stacks->guard.failed_errno);
        n /= 2; /* near the limit of mappings a few may still fit */
    }
    slab->cut_bytes += n * p->stride;
    p->cut += n;
    return n;
}

/* Faults the top pages in with one call; where it fails, first use does it one by one. */
static void stack_populate(struct weft_pool *p, void *const *tops, size_t n)
{
    struct iovec pages[STACK_BATCH_MAX];
    size_t page_bytes = p->stacks->guard.page_bytes;

    if (n < 2)
        return;
    for (size_t i = 0; i < n; i++)
        pages[i] = (struct iovec){
            .iov_base = (void *)((uintptr_t)tops[i] & ~(uintptr_t)(page_bytes - 1)),
            .iov_len = page_bytes,
        };
    weft__calls.process_madvise(pages, n, WEFT__MADV_POPULATE_WRITE);
}

/* Up to n stacks, at most STACK_BATCH_MAX, become warm: how many. */
static size_t stack_prepare(struct weft_pool *p, size_t n)
{
    char *bases[STACK_BATCH_MAX];
    void *tops[STACK_BATCH_MAX];
    size_t got = 0;

    n = n < STACK_BATCH_MAX ? n : STACK_BATCH_MAX;
    while (got < n && weft__ring_count(&p->raw) > 0)
        bases[got++] = weft__ring_pop_back(&p->raw);
    if (got < n)
        got += stack_cut(p, bases + got, n - got);
    for (size_t i = 0; i < got; i++)
        tops[i] = stack_top(p, bases[i]);
    stack_populate(p, tops, got);
    p->stacks->boot(p, bases, tops, got);
    for (size_t i = got; i > 0; i--)
        weft__ring_push_back(&p->warm, tops[i - 1]);
    return got;
}

WEFT__NOINLINE int weft__stack_miss(struct weft_pool *p)
{
    int saved_errno = errno; /* of the thread that runs */
    size_t got = stack_prepare(p, p->batch);

    errno = saved_errno;
    if (got == 0)
        return -1;
    if (p->batch < STACK_BATCH_MAX)
        p->batch *= 2;
    return 0;
}

static void *stack_find(const struct weft_pool *p, const void *address)
{
    for (const struct weft_slab *slab = p->slab; slab; slab = slab->older) {
        uintptr_t offset = (uintptr_t)address - (uintptr_t)slab->base;

        if (offset < slab->cut_bytes)
            return stack_top(p, slab->base + offset / p->stride * p->stride);
    }
    return NULL;
}

void *weft__stack_find(const struct weft_stacks *s, const void *address)
{
    void *top = NULL;

    for (size_t i = 0; i < WEFT__STACK_CLASSES && !top; i++)
        top = stack_find(&s->pools[i], address);
    return top;
}

static size_t stack_spare_max(const struct weft_pool *p)
{
    size_t spare = 2 * p->peak > p->used ? 2 * p->peak - p->used : 0;

    if (p->reserved > p->used && spare < p->reserved - p->used)
        spare = p->reserved - p->used;
    return spare > STACK_SPARE_MIN ? spare : STACK_SPARE_MIN;
}

static void stack_release(struct weft_pool *p, char *const *bases, size_t n)
{
    struct iovec ranges[STACK_BATCH_MAX] = {{0}};
    size_t page_bytes = p->stacks->guard.page_bytes, bytes = p->stride - page_bytes;

    for (size_t i = 0; i < n; i++)
        ranges[i] = (struct iovec){.iov_base = bases[i] + page_bytes, .iov_len = bytes};
    if (weft__calls.process_madvise(ranges, n, MADV_DONTNEED) == (ssize_t)(n * bytes))
        return;
    for (size_t i = 0; i < n; i++)
        weft__calls.madvise(ranges[i].iov_base, bytes, MADV_DONTNEED);
}

void weft__stack_drop(struct weft_pool *p, void *top)
{
    char *base = p->stacks->retire(top);

    p->used--;
    stack_release(p, &base, 1);
    weft__ring_push_back(&p->raw, base);
}

static void stack_trim_batch(struct weft_pool *p, size_t n)
{
    char *bases[STACK_BATCH_MAX];

    for (size_t i = 0; i < n; i++) {
        bases[i] = p->stacks->retire(weft__ring_pop_front(&p->warm)); /* the coldest */
        weft__ring_push_back(&p->raw, bases[i]);
    }
    stack_release(p, bases, n);
}

static void stack_trim(struct weft_pool *p, size_t peak)
{
    int saved_errno = errno;
    size_t spare;

    p->peak = p->used > peak ? p->used : peak;
    spare = stack_spare_max(p);
    while (weft__ring_count(&p->warm) > spare) {
        size_t excess = weft__ring_count(&p->warm) - spare;

        stack_trim_batch(p, excess < STACK_BATCH_MAX ? excess : STACK_BATCH_MAX);
    }
    p->until_trim = p->peak > STACK_RETURNS_MIN ? p->peak : STACK_RETURNS_MIN;
    errno = saved_errno;
}

WEFT__COLD void weft__stack_trim(struct weft_pool *p)
{
    stack_trim(p, p->peak - p->peak / STACK_DECAY);
}

void weft__stack_idle(struct weft_stacks *s, int64_t wait_ns)
{
    if (wait_ns < STACK_IDLE_NS)
        return;
    for (size_t i = 0; i < WEFT__STACK_CLASSES; i++)
        if (s->pools[i].stride != 0)
            stack_trim(&s->pools[i], 0);
}

/* A page for each is more than there is: better refused now than killed on the way. */
static bool stack_is_absurd(size_t n)
{
    long pages = sysconf(_SC_PHYS_PAGES);

    return pages > 0 && n > (size_t)pages;
}

int weft__stack_reserve(struct weft_pool *p, size_t n)
{
    if (stack_is_absurd(n))
        return stack_fail(p, "weft_reserve", ENOMEM);
    while (weft__ring_count(&p->warm) < n) {
        if (stack_prepare(p, n - weft__ring_count(&p->warm)) == 0)
            return -1;
    }
    if (p->reserved < p->used + n)
        p->reserved = p->used + n;
    return 0;
}
