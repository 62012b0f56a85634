/* SPDX-License-Identifier: MIT */
#include "memory.h"

#include <errno.h>
#include <unistd.h>

#include "runtime/calls.h"
#include "runtime/sanitize.h"

enum {
    MEMORY_PAGES = 512, /* that are asked about at once */
    MEMORY_TEXT = MEMORY_PAGES * sizeof(uint64_t),
    MEMORY_COPY = WEFT__MEMORY_WORK_BYTES - MEMORY_TEXT, /* bytes that are read at once */
};

/* Of more than that we keep our hands off: it would take seconds. */
#define MEMORY_MAX ((size_t)(sizeof(void *) > 4 ? UINT64_C(1) << 32 : UINT64_C(1) << 31))

/* What a sanitizer maps for itself is larger than any program's memory, and has no addresses in it. */
#define MEMORY_SHADOW ((uintptr_t)(sizeof(void *) > 4 ? UINT64_C(1) << 40 : UINT64_C(1) << 28))

struct memory {
    void (*visit)(const struct weft_memory_part *part, void *data);
    void *data;
    uint64_t *text; /* the map, or what is known of pages: MEMORY_TEXT bytes */
    char *copy;     /* MEMORY_COPY bytes */
    size_t page_bytes;
    size_t left; /* bytes that may still be read */
    int maps;
    int pagemap; /* -1: there is none, and all pages are read */
    uintptr_t low;
    uintptr_t high;
};

/* ---- one mapping ---- */

/* A page that cannot be read is passed over. */
static bool memory_read(struct memory *m, uintptr_t low, uintptr_t high)
{
    while (low < high) {
        size_t want = high - low < MEMORY_COPY ? high - low : MEMORY_COPY;
        ssize_t got = weft__calls.peek(m->copy, low, want);

        if (got < 0 && errno != EFAULT && errno != EIO)
            return false;
        if (got <= 0) {
            low += m->page_bytes;
            continue;
        }
        if ((size_t)got > m->left)
            return false;
        m->left -= (size_t)got;
        m->visit(&(struct weft_memory_part){.words = (const void *)m->copy,
                                            .n = (size_t)got / sizeof(uintptr_t),
                                            .at = low,
                                            .low = m->low,
                                            .high = m->high},
                 m->data);
        low += (size_t)got / m->page_bytes * m->page_bytes;
        if ((size_t)got % m->page_bytes != 0)
            low += m->page_bytes;
    }
    return true;
}

/* In memory, or in swap. */
static bool memory_is_used(uint64_t page)
{
    return page >> 62;
}

/* Of so many pages those that were ever written. */
static bool memory_read_used(struct memory *m, uintptr_t low, size_t n)
{
    for (size_t i = 0, end; i < n; i = end) {
        end = i + 1;
        if (!memory_is_used(m->text[i]))
            continue;
        while (end < n && memory_is_used(m->text[end]))
            end++;
        if (!memory_read(m, low + i * m->page_bytes, low + end * m->page_bytes))
            return false;
    }
    return true;
}

static bool memory_read_mapping(struct memory *m)
{
    uintptr_t low = m->low;

#ifdef WEFT__SANITIZED
    if (m->high - m->low >= MEMORY_SHADOW)
        return true;
#endif
    if (m->pagemap < 0)
        return memory_read(m, low, m->high);
    while (low < m->high) {
        off_t place = (off_t)(low / m->page_bytes * sizeof(uint64_t));
        size_t n = (m->high - low) / m->page_bytes;
        ssize_t got;

        if (n > MEMORY_PAGES)
            n = MEMORY_PAGES;
        got = weft__calls.pread(m->pagemap, m->text, n * sizeof(uint64_t), place);
        if (got < (ssize_t)sizeof(uint64_t))
            return memory_read(m, low, m->high);
        n = (size_t)got / sizeof(uint64_t);
        if (!memory_read_used(m, low, n))
            return false;
        low += n * m->page_bytes;
    }
    return true;
}

/* ---- the list of all ---- */

/* "7f12a000-7f12c000 rw-p ...": where the number ends, with its value. */
static const char *memory_number(const char *at, const char *end, uintptr_t *value)
{
    *value = 0;
    for (; at < end; at++) {
        if (*at >= '0' && *at <= '9')
            *value = *value << 4 | (uintptr_t)(*at - '0');
        else if (*at >= 'a' && *at <= 'f')
            *value = *value << 4 | (uintptr_t)(*at - 'a' + 10);
        else
            break;
    }
    return at;
}

/* What a line says of a mapping; false: it is cut off. */
static bool memory_parse(struct memory *m, const char *at, const char *end, bool *is_readable)
{
    at = memory_number(at, end, &m->low);
    if (at == end)
        return false;
    at = memory_number(at + 1, end, &m->high);
    if (end - at < 4)
        return false;
    *is_readable = at[1] == 'r';
    return true;
}

/* Reads the line at an offset of the map: 1; 0: that was all; -1: it cannot be read. */
static int memory_next(struct memory *m, off_t *offset, bool *is_readable)
{
    bool is_first = true;

    for (;;) {
        const char *text = (const char *)m->text;
        ssize_t got = weft__calls.pread(m->maps, m->text, MEMORY_TEXT, *offset);

        if (got < 0)
            return -1;
        if (got == 0)
            return is_first ? 0 : 1;
        if (is_first && !memory_parse(m, text, text + got, is_readable))
            return -1;
        is_first = false;
        for (ssize_t i = 0; i < got; i++) {
            if (text[i] != '\n')
                continue;
            *offset += i + 1;
            return 1;
        }
        *offset += got;
    }
}

static bool memory_read_all(struct memory *m)
{
    off_t offset = 0;
    bool is_readable;
    int more;

    while ((more = memory_next(m, &offset, &is_readable)) > 0)
        if (is_readable && !memory_read_mapping(m))
            return false;
    return more == 0 && offset > 0;
}

bool weft__memory_each(void *work, void (*visit)(const struct weft_memory_part *part, void *data),
                       void *data)
{
    struct memory m = {
        .visit = visit,
        .data = data,
        .text = work,
        .copy = (char *)work + MEMORY_TEXT,
        .page_bytes = (size_t)sysconf(_SC_PAGESIZE),
        .left = MEMORY_MAX,
        .maps = weft__calls.open("/proc/self/maps"),
        .pagemap = weft__calls.open("/proc/self/pagemap"),
    };
    bool all = m.maps >= 0 && memory_read_all(&m);

    if (m.maps >= 0)
        weft__calls.close(m.maps);
    if (m.pagemap >= 0)
        weft__calls.close(m.pagemap);
    return all;
}
