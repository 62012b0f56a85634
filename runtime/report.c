/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "calls.h"
#include "sched.h"

/* Powers of two: the bytes of a piece are all there, or none is. */
enum { REPORT_PIECE_BYTES = 128, REPORT_SITE_MAX = 1024 };

/* Whether the rest of a piece can be read, of n bytes: all, or its last ones where nobody may peek. */
static bool report_can_read(const char *from, size_t n)
{
    char copy[REPORT_PIECE_BYTES];

    if (weft__calls.peek(copy, (uintptr_t)from, n) == (ssize_t)n)
        return true;
    return errno != EFAULT && weft__is_readable((uintptr_t)from + n - sizeof(uint64_t));
}

static bool report_is_string(const char *text)
{
    const char *end = text + REPORT_SITE_MAX;

    while (text < end) {
        size_t n = REPORT_PIECE_BYTES - (uintptr_t)text % REPORT_PIECE_BYTES;

        if (!report_can_read(text, n))
            return false;
        if (memchr(text, '\0', n))
            return true;
        text += n;
    }
    return false;
}

const char *weft__site(const char *site)
{
    int saved_errno = errno;
    bool is_there = report_is_string(site);

    errno = saved_errno;
    return is_there ? site : "unloaded code";
}

void weft__print_thread(struct weft_print *p, const struct weft_thread *t)
{
    const char *name = weft__thread_name(t);

    weft__print(p, "thread %u ", weft__thread_slot(t) + 1);
    if (name)
        weft__print(p, "'%s' ", name);
    weft__print(p, "(%s)", t->site ? weft__site(t->site) : "being started");
}
