/* SPDX-License-Identifier: MIT */
/* What a signal handler can say of the thread that it interrupted. */
#ifndef WEFT_RUNTIME_INTERRUPTED_H
#define WEFT_RUNTIME_INTERRUPTED_H

struct weft_control;
struct weft_print;

/* Where the thread is: its frames, from the third argument of the handler. Then all of the text is
 * written. */
void weft__print_interrupted(struct weft_print *p, const struct weft_control *c,
                             const void *ucontext);

#endif
