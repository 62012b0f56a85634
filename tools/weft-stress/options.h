/* SPDX-License-Identifier: MIT */
/* The command line. */
#ifndef STRESS_OPTIONS_H
#define STRESS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pattern;

enum { OPTIONS_EXIT_USAGE = 2 };

struct options {
    size_t threads;
    uint64_t messages; /* per pattern; 0: as many as take about a second */
    uint64_t seed;
    size_t stack_bytes;            /* 0: the library's default */
    const struct pattern *pattern; /* NULL: all */
    const char *context;           /* NULL: the library chooses */
    uint64_t soak;                 /* messages of all patterns at once; 0: one after the other */
    bool json;
};

/* Returns only if there is something to run: after --help and --version it ends the program, and
 * after a mistake too, with the usage on standard error and OPTIONS_EXIT_USAGE. */
void options_parse(struct options *o, int argc, char **argv);

#endif
