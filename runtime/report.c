/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "calls.h"
#include "sched.h"

/* Powers of two: the bytes of a piece are all there, or none is. */
enum { REPORT_PIECE_BYTES = 128, REPORT_SITE_MAX = 1024 };

/* Where a program may not read memory by a call: the kernel copies a signal set before it finds that
 * there is nothing to be done with it. */
static bool report_can_copy(const char *word)
{
    return syscall(SYS_rt_sigprocmask, -1, word, NULL, sizeof(uint64_t)) == 0 || errno != EFAULT;
}

/* Whether the rest of a piece can be read, of n bytes. */
static bool report_can_read(const char *from, size_t n)
{
    char copy[REPORT_PIECE_BYTES];

    if (weft__calls.peek(copy, (uintptr_t)from, n) == (ssize_t)n)
        return true;
    return errno != EFAULT && report_can_copy(from + n - sizeof(uint64_t));
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
