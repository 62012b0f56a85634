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

/* A generator, by the size of what it yields. */
union run_gen {
    gen(uint64_t, uint32_t) of_8;
    gen(struct element_wide, uint32_t) of_40;
};

enum run_role { RUN_NOBODY, RUN_TASK, RUN_BODY, RUN_MEMBER };

struct run {
    const struct program *p;
    const struct trace *expected;
    struct run_report *report;
    enum run_look look;
    int64_t base_ns;
    union run_chan chans[PROGRAM_CHANS];
    struct weft_group *groups[PROGRAM_GROUPS];
    bool is_awaited[PROGRAM_GROUPS];    /* somebody is in a wait for it */
    int in_group_call[PROGRAM_THREADS]; /* one more than the group that it waits for, or 0 */
    int groups_of[PROGRAM_THREADS];     /* members, and those that are to be */
    bool has_begun[PROGRAM_THREADS];    /* as a member */
    struct weft_mutex mutexes[PROGRAM_BESIDES];
    struct weft_semaphore semaphores[PROGRAM_BESIDES];
    struct weft_completion completions[PROGRAM_BESIDES];
    bool is_ending; /* no more threads are started */
    enum run_role roles[PROGRAM_THREADS];
    task(int) tasks[PROGRAM_THREADS];
    bool ended[PROGRAM_THREADS];
    bool claimed[PROGRAM_THREADS]; /* joined, detached, or about to be */
    union run_gen gens[PROGRAM_THREADS];
    bool is_asked[PROGRAM_THREADS];  /* somebody is in a call for the generator */
    bool is_closed[PROGRAM_THREADS]; /* so was the generator, or is being */
};

extern struct run run;

/* A thread on its way through its operations. */
struct run_thread {
    int name;
    int pc;
    int fails;   /* a member, with this */
    int shields; /* that it is in */
    bool holds[PROGRAM_BESIDES];
    bool is_refused; /* a body that has been told that its generator is closed */
};

/* False: it is something already. */
bool run_makes(int thread, enum run_role role);

/* Does all operations of a thread: what a member returns. */
int run_act(int name);

/* Its operation is over: compares, and does not return if there is a difference. */
void run_tell(const struct run_thread *t, int result, int value);

/* ---- operations ---- */

void run_gen(const struct run_thread *t, const struct program_op *op);
void run_ask(const struct run_thread *t, const struct program_op *op); /* NEXT to FINISH */
void run_give(struct run_thread *t, const struct program_op *op);
void run_go(const struct run_thread *t, const struct program_op *op);
void run_group_wait(const struct run_thread *t, const struct program_op *op);
void run_group_cancel(const struct run_thread *t, const struct program_op *op);
void run_beside(struct run_thread *t, const struct program_op *op); /* LOCK to AWAIT */
void run_unlock_all(struct run_thread *t);
void run_make_besides(void);

/* ---- what must hold; the first thing that does not, or NULL ---- */

const char *run_besides_wrong(void);
const char *run_besides_left(void);

#endif
