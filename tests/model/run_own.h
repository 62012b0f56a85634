/* SPDX-License-Identifier: MIT */
/* What the files of the runner share: the run that is under way. */
#ifndef WEFT_TESTS_MODEL_RUN_OWN_H
#define WEFT_TESTS_MODEL_RUN_OWN_H

#include "element.h"
#include "run.h"
#include "tests/check.h"

/* A channel, by the size of its elements. */
union run_chan {
    struct weft_chan *any;
    chan(uint8_t) of_1;
    chan(uint32_t) of_4;
    chan(uint64_t) of_8;
    chan(struct element_wide) of_40;
};

struct run {
    const struct program *p;
    const struct trace *expected;
    struct run_report *report;
    bool walks;
    int64_t base_ns;
    union run_chan chans[PROGRAM_CHANS];
    task(int) tasks[PROGRAM_THREADS];
    bool born[PROGRAM_THREADS];
    bool ended[PROGRAM_THREADS];
    bool claimed[PROGRAM_THREADS]; /* joined, detached, or about to be */
};

extern struct run run;

/* A thread on its way through its operations. */
struct run_thread {
    int name;
    int pc;
};

/* Its operation is over: compares, and does not return if there is a difference. */
void run_tell(const struct run_thread *t, int result, int value);

#endif
