/* SPDX-License-Identifier: MIT */
/* The patterns: ways in which many threads pass values. Each runs until its quota is used up,
 * checks every value, and ends clean: its threads have ended, its channels are freed. */
#ifndef STRESS_PATTERN_H
#define STRESS_PATTERN_H

#include <stddef.h>

struct run;

struct pattern {
    const char *name;
    const char *about;  /* who sends what to whom, for --help */
    size_t threads_max; /* it can use no more; 0: as many as there are */
    const char *note;   /* said when it uses fewer than it was offered */
    void (*run)(struct run *r);
};

/* In the order in which `all` runs them; ends with one that has no name. */
extern const struct pattern patterns[];

/* NULL: none has that name. */
const struct pattern *pattern_find(const char *name);

enum { SIEVE_FILTERS_MAX = 2000 };

void ring_run(struct run *r);
void pairs_run(struct run *r);
void fan_in_run(struct run *r);
void fan_out_run(struct run *r);
void pipeline_run(struct run *r);
void sieve_run(struct run *r);
void select_run(struct run *r);
void sleepers_run(struct run *r);
void generators_run(struct run *r);
void tree_run(struct run *r);

/* Those that only the soak runs. */
void upsets_run(struct run *r);
void groups_run(struct run *r);
void abandoned_run(struct run *r);

#endif
