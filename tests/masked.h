/* SPDX-License-Identifier: MIT */
/* Reports with what differs from run to run masked, so that a test can compare all of the text. */
#ifndef WEFT_TESTS_MASKED_H
#define WEFT_TESTS_MASKED_H

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "runtime/unwind/unwind.h"

/* What is left of a backtrace, and the line below the last: where there are backtraces. */
#ifdef WEFT__UNWIND
#define FRAMES "    #\n"
#define HINT \
    "weft: `weft-lines` makes functions and lines of these offsets: PROGRAM 2>&1 | weft-lines\n"
#else
#define FRAMES ""
#define HINT ""
#endif

/* Skips a path's folders: "/home/x/y.c:12" is "y.c:12". */
static inline const char *masked_name(const char *at)
{
    size_t length = strcspn(at, " \n)+");
    const char *slash = memrchr(at, '/', length);

    return slash ? slash + 1 : at;
}

/* Addresses become "0x", lines of source files "N", paths names. Frames go, but the first of each
 * backtrace leaves "    #". What a sanitizer says of itself goes. The answer is overwritten by the
 * next call. */
static inline const char *masked(const char *text)
{
    static char out[65536];
    char *to = out;
    bool had_frame = false;

    while (*text && to < out + sizeof out - 1000) {
        size_t length = strcspn(text, "\n");
        bool is_frame = strncmp(text, "    #", 5) == 0 || strncmp(text, "    ...", 7) == 0;

        if (is_frame && !had_frame)
            to = stpcpy(to, "    #\n");
        had_frame = is_frame;
        if (is_frame || strncmp(text, "==", 2) == 0) {
            text += length + (text[length] != '\0');
            continue;
        }
        while (*text && *text != '\n') {
            if (text[0] == '/')
                text = masked_name(text);
            if (strncmp(text, "0x", 2) == 0) {
                to = stpcpy(to, "0x");
                text += 2 + strspn(text + 2, "0123456789abcdef");
            } else if (strncmp(text, ".c:", 3) == 0) {
                to = stpcpy(to, ".c:N");
                text += 3 + strspn(text + 3, "0123456789");
            } else {
                *to++ = *text++;
            }
        }
        if (*text)
            *to++ = *text++;
    }
    *to = '\0';
    return out;
}

#endif
