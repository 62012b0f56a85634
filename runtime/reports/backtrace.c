/* SPDX-License-Identifier: MIT */
#include "backtrace.h"

#include <pthread.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/calls.h"
#include "runtime/print.h"
#include "runtime/sched.h"
#include "runtime/unwind/unwind.h"

/* ---- the library's own code ---- */

/* Distances of where code begins and ends, by turns, as own.h has them. */
extern const int32_t backtrace_own[] __asm__("__start_weft_own_code");
extern const int32_t backtrace_own_end[] __asm__("__stop_weft_own_code");

/* The linker makes these, and would let the world see them. */
__asm__(".hidden __start_weft_own_code\n"
        ".hidden __stop_weft_own_code\n");

static uintptr_t backtrace_at(const int32_t *distance)
{
    return (uintptr_t)distance + (uintptr_t)(intptr_t)*distance;
}

/* Where the whole program is optimised as one, its code is all in one place, which several files say
 * is theirs: then nothing can be told apart. */
static bool backtrace_knows_own(void)
{
    return backtrace_at(backtrace_own) != backtrace_at(backtrace_own + 4);
}

/* Of a call that is the last thing in its function, the return address is behind it. */
static bool backtrace_is_own(uintptr_t return_address)
{
    uintptr_t address = return_address - 1;

    if (!backtrace_knows_own())
        return false;
    for (const int32_t *own = backtrace_own; own != backtrace_own_end; own += 2)
        if (address >= backtrace_at(own) && address < backtrace_at(own + 1))
            return true;
    return false;
}

/* Where in the array the i-th of all frames is; it is stored. */
static size_t backtrace_index(size_t i, size_t all)
{
    if (all <= WEFT__BACKTRACE_RAW || i < WEFT__BACKTRACE_RAW - WEFT__BACKTRACE_RAW_OUTER)
        return i;
    return i - (all - WEFT__BACKTRACE_RAW);
}

static bool backtrace_is_stored(size_t i, size_t all)
{
    return backtrace_index(i, all) < WEFT__BACKTRACE_RAW &&
           (all <= WEFT__BACKTRACE_RAW || i < WEFT__BACKTRACE_RAW - WEFT__BACKTRACE_RAW_OUTER ||
            i >= all - WEFT__BACKTRACE_RAW_OUTER);
}

static bool backtrace_own_at(const uintptr_t *frames, size_t i, size_t all)
{
    return backtrace_is_stored(i, all) && backtrace_is_own(frames[backtrace_index(i, all)]);
}

enum { BACKTRACE_OUTSIDE = 3 /* so many of libc's frames may be outside of a thread's first */ };

/* The frames from `low` to before the answer are the program's. */
static size_t backtrace_outermost(const uintptr_t *frames, size_t low, size_t all)
{
    size_t end = all;

    for (int i = 0; i < BACKTRACE_OUTSIDE && end > low && !backtrace_own_at(frames, end - 1, all);
         i++)
        end--;
    if (end == low || !backtrace_own_at(frames, end - 1, all))
        return all;
    while (end > low && backtrace_own_at(frames, end - 1, all))
        end--;
    return end;
}

size_t weft__backtrace_trim(const struct weft_control *c, bool is_out,
                            uintptr_t frames[WEFT__BACKTRACE_RAW], size_t *all)
{
    const size_t inner = WEFT__BACKTRACE_MAX - WEFT__BACKTRACE_OUTER;
    size_t low = 0, n = 0, end, left;

    if (is_out) /* a sanitizer may stand between the switch and libc's */
        while (low < BACKTRACE_OUTSIDE && low < *all && !backtrace_own_at(frames, low, *all))
            low++;
    while (low < *all && backtrace_own_at(frames, low, *all))
        low++;
    end = c->pool && low < *all ? backtrace_outermost(frames, low, *all) : *all;
    left = end - low;
    for (size_t i = 0; i < left; i++)
        if ((left <= WEFT__BACKTRACE_MAX || i < inner || i >= left - WEFT__BACKTRACE_OUTER) &&
            backtrace_is_stored(low + i, *all))
            frames[n++] = frames[backtrace_index(low + i, *all)];
    if (low == 0 && n > 0)
        frames[0]++; /* not behind a call: where the thread was interrupted */
    *all = left;
    return n;
}

/* ---- printing ---- */

/* The last byte of the call, since the line behind it may be another. */
static void backtrace_print_frame(struct weft_print *p, size_t i, uintptr_t behind)
{
    uintptr_t address = behind - 1;
    struct weft_module module;

    if (weft__unwind_module(address, &module))
        weft__print(p, "    #%zu %s+0x%llx\n", i, module.path, (unsigned long long)module.offset);
    else
        weft__print(p, "    #%zu 0x%llx\n", i, (unsigned long long)address);
}

void weft__print_backtrace(struct weft_print *p, const uintptr_t *frames, size_t n, size_t all,
                           size_t outer)
{
    size_t missing = all - n;

    for (size_t i = 0; i < n; i++) {
        bool is_outer = missing > 0 && i >= n - outer;

        if (is_outer && i == n - outer) {
            weft__print(p, "    ... ");
            weft__print_count(p, missing);
            weft__print(p, " more ...\n");
        }
        backtrace_print_frame(p, is_outer ? i + missing : i, frames[i]);
    }
}

void weft__print_hint(struct weft_print *p)
{
    weft__print(p, "weft: `weft-lines` makes functions and lines of these offsets: "
                   "PROGRAM 2>&1 | weft-lines\n");
}

/* The end of main's stack is where the kernel put the program's name; libc would look it up in a
 * file. */
const char *weft__backtrace_stack_end(void)
{
    pthread_attr_t attributes;
    void *low = NULL;
    size_t size = 0;

    if (getpid() == (pid_t)syscall(SYS_gettid))
        return (const char *)getauxval(AT_EXECFN); /* NOLINT(performance-no-int-to-ptr) */
    if (weft__calls.pthread_getattr_np(pthread_self(), &attributes) != 0)
        return NULL;
    pthread_attr_getstack(&attributes, &low, &size);
    pthread_attr_destroy(&attributes);
    return low ? (const char *)low + size : NULL;
}

/* An OS thread's own stack is trusted: from where it is now. */
static const void *backtrace_low(const struct weft_control *c, const struct weft_registers *from)
{
    if (c->pool)
        return c->base + c->pool->stacks->guard.page_bytes;
    return (const void *)(uintptr_t)
        from->at[WEFT__REGISTER_SP]; /* NOLINT(performance-no-int-to-ptr) */
}

static const void *backtrace_high(const struct weft_control *c)
{
    if (c->pool)
        return c + 1;
    return WEFT__CONTAINER_OF(c, const struct weft_worker, root)->root_end;
}

size_t weft__backtrace_from(const struct weft_control *c, const struct weft_registers *from,
                            uintptr_t *frames, size_t max, size_t outer)
{
    const void *low = backtrace_low(c, from), *high = backtrace_high(c);

    return (uintptr_t)low < (uintptr_t)high ? weft__unwind(from, low, high, frames, max, outer) : 0;
}

size_t weft__backtrace_parked(const struct weft_control *c, uintptr_t *frames, size_t max,
                              size_t outer)
{
    struct weft_registers from;

    weft__context_registers(&c->context, &from);
    return weft__backtrace_from(c, &from, frames, max, outer);
}

void weft__print_where(struct weft_print *p, const struct weft_control *c,
                       const struct weft_registers *from)
{
    uintptr_t frames[WEFT__BACKTRACE_RAW];
    size_t all, n;

    weft__print_flush(p);
    all = weft__backtrace_from(c, from, frames, WEFT__BACKTRACE_RAW, WEFT__BACKTRACE_RAW_OUTER);
    n = weft__backtrace_trim(c, false, frames, &all);
    weft__print_backtrace(p, frames, n, all, WEFT__BACKTRACE_OUTER);
    if (n > 0)
        weft__print_hint(p);
    weft__print_flush(p);
}
