/* SPDX-License-Identifier: MIT */
/* What the library says before it stops the program: sentences on standard error. */
#ifndef WEFT_RUNTIME_REPORT_H
#define WEFT_RUNTIME_REPORT_H

struct weft_print;
struct weft_thread;

/* "thread 3 'parser' (worker at main.c:12)" */
void weft__print_thread(struct weft_print *p, const struct weft_thread *t);

/* Where something was made, as a string that can be read: the module that has it may be unloaded. */
const char *weft__site(const char *site);

/* A mistake of the program's: one sentence that names the running thread, where it is, then abort().
 * Defined with the reports. */
__attribute__((noreturn, cold, format(printf, 1, 2))) void weft__mistake(const char *format, ...);

#endif
