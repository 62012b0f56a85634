/* SPDX-License-Identifier: MIT */
/* Bytes are a program of a few threads and channels, and what the scheduler chooses: it does on weft
 * what the reference says (tests/model/). Each runs on a fresh worker, whose clock begins at zero, so
 * that one input is one run. A failing program is printed. */
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"
#include "runtime/worker.h"
#include "tests/check.h"
#include "tests/model/program.h"
#include "tests/model/reference.h"
#include "tests/model/run.h"

static struct program p;
static struct trace due;
static struct run_report report;

static void explain(void)
{
    program_print(&p);
    fflush(stdout);
    fprintf(stderr, "after %d operations and %d choices: %s\n", report.actual.events_count,
            report.actual.choices_count, report.wrong);
    abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    setenv("WEFT_CLOCK", "virtual", 1);
    setenv("WEFT_OVERFLOW", "off", 1); /* faults are libFuzzer's to report */
    run_stop = explain;
    run_forgets_closes = getenv("WEFT_FUZZ_FORGETS") != NULL;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (n == 0)
        return 0;
    program_read(&p, bytes, n);
    if (!reference_run(&p, &due))
        return 0;
    run_program(&p, &due, &report,
                bytes[n - 1] % 4 == 0 ? RUN_LOOKS_AT_CHOICES : RUN_LOOKS_AT_THE_END);
    weft__worker_end(weft__self);
    return 0;
}
