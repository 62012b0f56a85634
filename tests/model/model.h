/* SPDX-License-Identifier: MIT */
/* Programs are tried in child processes, so that whatever a bug does to one, a crash and an endless
 * loop included, is a finding about that program. */
#ifndef WEFT_TESTS_MODEL_MODEL_H
#define WEFT_TESTS_MODEL_MODEL_H

#include "program.h"
#include "run.h"

/* What became of a program. */
struct model_verdict {
    bool is_as_expected;
    int signal; /* that ended it, SIGALRM if it did not end; or 0 */
    struct run_report report;
};

/* Tries the programs of so many seeds, from the first on. False: that of *seed has failed. */
bool model_try_seeds(uint64_t first, uint64_t count, uint64_t *seed);

/* How many programs of seeds were left out so far: their traces have no room for what they do. */
uint64_t model_untold(void);

/* Tries one program, by its own schedule. What it says on standard error is seen if is_heard. */
const struct model_verdict *model_try(const struct program *p, bool is_heard);

/* Tries a program by all its schedules, up to so many: *tried is how many there were. False: by one
 * it fails, which it then has as its own. */
bool model_try_every_schedule(struct program *p, uint64_t limit, uint64_t *tried);

/* Makes a failing program as small as it gets; it fails by its own schedule. */
void model_shrink(struct program *p);

/* Prints a failing program, and what was to happen and did, on standard output. */
void model_explain(const struct program *p);

#endif
