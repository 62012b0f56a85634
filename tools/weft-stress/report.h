/* SPDX-License-Identifier: MIT */
/* What goes to standard output: a line per pattern, as a table or as JSON. */
#ifndef STRESS_REPORT_H
#define STRESS_REPORT_H

#include <stdbool.h>
#include <stdint.h>

struct options;
struct pattern;
struct run;
struct soak;

bool report_is_verified(const struct run *r);

void report_head(const struct options *o);
void report_line(const struct options *o, const struct pattern *p, const struct run *r);

/* The last line: how many patterns were verified, of how many, and how long all of it took. */
void report_foot(const struct options *o, unsigned verified, unsigned ran, int64_t took_ns);

/* Of a soak: its messages and findings, and what the process held after the warm-up and at the end. */
void report_soak(const struct options *o, const struct soak *s);

#endif
