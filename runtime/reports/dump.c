/* SPDX-License-Identifier: MIT */
#include "dump.h"

#include <weft/report.h>

#include "abandoned.h"
#include "listing.h"
#include "runtime/sched.h"
#include "runtime/unwind/unwind.h"

/* "weft: 10,003 threads: 1 running, 2 ready, 10,000 parked" */
static void dump_print_head(struct weft_print *out, const struct weft_tally *tally)
{
    const char *before = ": ";

    weft__print(out, "weft: ");
    weft__print_count(out, tally->total);
    weft__print(out, tally->total == 1 ? " thread" : " threads");
    for (int i = 0; i < WEFT__DOINGS; i++) {
        if (tally->of[i] == 0)
            continue;
        weft__print(out, "%s", before);
        weft__print_count(out, tally->of[i]);
        weft__print(out, " %s", weft__doing_names[i]);
        before = ", ";
    }
    weft__print(out, "\n");
}

void weft__dump_from(struct weft_worker *w, int fd, const struct weft_registers *here)
{
    char buffer[WEFT__PRINT_BYTES];
    struct weft_print out = weft__print_to(fd, buffer, sizeof buffer);
    struct weft_view view = {.worker = w, .here = here, .out = &out};
    struct weft_tally tally = weft__listing_count(w);

    weft__sched_now(w); /* else those that wait beside a hog seem to have just begun */
    dump_print_head(&out, &tally);
    weft__list(&view, WEFT__LIST_ALL);
    weft__view_hint(&view);
    weft__print_flush(&out);
}

void weft__dump(struct weft_worker *w, int fd)
{
    struct weft_registers here;

    weft__registers_here(&here);
    weft__dump_from(w, fd, &here);
}

WEFT_API void weft_dump(int fd)
{
    struct weft_worker *w = weft__self;

    if (w) {
        weft__abandoned_look(w, true);
        weft__dump(w, fd);
    } else {
        char buffer[64];
        struct weft_print out = weft__print_to(fd, buffer, sizeof buffer);

        weft__print(&out, "weft: this OS thread has no green threads\n");
        weft__print_flush(&out);
    }
}
