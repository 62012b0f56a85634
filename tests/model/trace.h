/* SPDX-License-Identifier: MIT */
/* What happened in one run of a program, in order: what every operation gave, and what was
 * chosen. */
#ifndef WEFT_TESTS_MODEL_TRACE_H
#define WEFT_TESTS_MODEL_TRACE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    TRACE_EVENTS = 1024,
    TRACE_CHOICES = 4096,
    TRACE_SKIPPED = -1000000, /* the result of an operation that made no sense */
    TRACE_UNTOUCHED = -1,     /* instead of a value: nothing was received */
    TRACE_SPOILT = -2,   /* what was received was never sent, or a loser's object was touched */
    TRACE_NO_MORE = 1,   /* the result of a loop over a generator's values */
    TRACE_FAILED = 1,    /* the value of a wait for a group of which some member has failed */
    TRACE_THREAD = 1000, /* what a thread returns, and its number */
};

/* An operation is over, and its thread is running again. */
struct trace_event {
    int thread;
    int pc;
    int result;
    int value;
    int choices;       /* so many were made before */
    bool is_cancelled; /* weft_is_cancelled */
    int64_t now;       /* since the program's beginning */
    int64_t remaining; /* weft_remaining */
};

struct trace_choice {
    uint32_t of; /* so many were ready */
    uint32_t answer;
    bool of_clauses; /* else of threads */
};

struct trace {
    int events_count;
    int choices_count;
    struct trace_event events[TRACE_EVENTS];
    struct trace_choice choices[TRACE_CHOICES];
};

static inline bool trace_is_same_event(const struct trace_event *a, const struct trace_event *b)
{
    return a->thread == b->thread && a->pc == b->pc && a->result == b->result &&
           a->value == b->value && a->choices == b->choices && a->is_cancelled == b->is_cancelled &&
           a->now == b->now && a->remaining == b->remaining;
}

#endif
