/* SPDX-License-Identifier: MIT */
/* What the environment asks for: the WEFT_ variables, each read once. What makes no sense is said in
 * one line on standard error, and is as if it were not there. */
#ifndef WEFT_RUNTIME_SETTINGS_H
#define WEFT_RUNTIME_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

/* Reports that are printed on request: WEFT_REPORT=leaks,deadlocks */
enum {
    WEFT__REPORT_LEAKS = 1,     /* what is left at the end */
    WEFT__REPORT_STACKS = 2,    /* how deep the stacks went */
    WEFT__REPORT_DEADLOCKS = 4, /* channels that nobody will come to any more */
    WEFT__REPORT_ALL = 7,
};

/* The bits of a comma list, "all" among them; *unknown is the first word that is none, with what
 * follows it, or NULL. */
uint32_t weft__settings_parse_reports(const char *list, const char **unknown);

/* Those that WEFT_REPORT asks for. Reads it at the first call, and says so if it makes no sense. */
uint32_t weft__settings_reports(void);

/* The rest, read before the first worker. */
struct weft_settings {
    bool overflow;       /* WEFT_OVERFLOW is not "off", and the program has not turned it off */
    int dump_signal;     /* WEFT_DUMP_SIGNAL, or 0 */
    int64_t watchdog_ns; /* WEFT_WATCHDOG, or 0 */
};

extern struct weft_settings weft__settings;

void weft__settings_read(void);

/* WEFT_SEED: true if it asks for a seed, the same one whenever it is asked. */
bool weft__settings_seed(uint64_t *seed);

/* "7", "0x1f": which number that is; false if it is none. */
bool weft__settings_parse_seed(const char *text, uint64_t *seed);

/* Says on standard error that a variable's value is ignored, and why; async-signal-safe. */
void weft__settings_ignore(const char *name, const char *value, const char *why);

/* "100ms", in ns, us, ms or s: how long that is; -1 if it is no duration, or none that is more than
 * nothing. */
int64_t weft__settings_duration(const char *text);

/* "USR1", "SIGUSR1", "10", "RTMIN+3": which signal that is; -1 if there is no such signal. */
int weft__settings_signal(const char *text);

#endif
