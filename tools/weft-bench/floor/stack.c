/* SPDX-License-Identifier: MIT */
#include "stack.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../bench.h"

/* Numbers that older headers lack. */
enum { SELF = -10000, GUARD_INSTALL = 102, POPULATE_WRITE = 23 };

enum {
    STACK_BATCH = 64,
    STACK_COLOURS = 16, /* so that the tops do not all fall into one set of the caches */
    STACK_COLOUR_BYTES = 64,
};

static struct {
    char *base;
    size_t count, cut, ready; /* of all: handed out so far, guarded and populated */
    void **free;
    size_t free_count;
} stacks;

void floor_stacks_init(size_t n)
{
    size_t bytes = (n + 1) * FLOOR_STACK_BYTES;

    stacks.cut = stacks.free_count = 0;
    if (stacks.base)
        return;
    char *base = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    stacks.free = calloc(n, sizeof *stacks.free);
    bench_check(base != MAP_FAILED && stacks.free, "no memory");
    madvise(base, bytes, MADV_NOHUGEPAGE);
    stacks.base = base + (-(uintptr_t)base & (FLOOR_STACK_BYTES - 1));
    stacks.count = n;
}

/* One call for the same page of many stacks. */
static void stack_advise(size_t first, size_t n, size_t offset, int advice)
{
    struct iovec pages[STACK_BATCH];
    size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);

    for (size_t i = 0; i < n; i++)
        pages[i] = (struct iovec){
            .iov_base = stacks.base + (first + i) * FLOOR_STACK_BYTES + offset,
            .iov_len = page_bytes,
        };
    syscall(SYS_process_madvise, SELF, pages, n, advice, 0);
}

static void stack_batch(void)
{
    size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE), left = stacks.count - stacks.ready;
    size_t n = left < STACK_BATCH ? left : STACK_BATCH;

    stack_advise(stacks.ready, n, 0, GUARD_INSTALL);
    stack_advise(stacks.ready, n, FLOOR_STACK_BYTES - page_bytes, POPULATE_WRITE);
    stacks.ready += n;
}

void floor_stacks_reserve(size_t n)
{
    while (stacks.ready < n)
        stack_batch();
}

void *floor_stack_take(void)
{
    if (stacks.free_count > 0)
        return stacks.free[--stacks.free_count];
    if (stacks.cut == stacks.ready)
        stack_batch();
    return stacks.base + stacks.cut++ * FLOOR_STACK_BYTES;
}

void floor_stack_give(void *inside)
{
    stacks.free[stacks.free_count++] = (void *)((uintptr_t)inside & -(uintptr_t)FLOOR_STACK_BYTES);
}

void *floor_stack_top(void *stack)
{
    size_t colour = (uintptr_t)stack / FLOOR_STACK_BYTES % STACK_COLOURS;

    return (char *)stack + FLOOR_STACK_BYTES - colour * STACK_COLOUR_BYTES;
}
