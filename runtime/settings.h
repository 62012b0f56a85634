/* SPDX-License-Identifier: MIT */
/* What the environment asks for: the WEFT_ variables, each read once. */
#ifndef WEFT_RUNTIME_SETTINGS_H
#define WEFT_RUNTIME_SETTINGS_H

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

#endif
