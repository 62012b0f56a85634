/* SPDX-License-Identifier: MIT */
#include "model.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "account.h"
#include "reference.h"
#include "tests/child.h"
#include "tools/weft-stress/progress.h"

enum {
    MODEL_BATCH = 500,      /* programs of one child process */
    MODEL_WALKED = 4,       /* of so many one has its structures walked at every choice */
    MODEL_WALKED_FAR = 256, /* the same of schedules, behind the first thousands */
    MODEL_WALKED_NEAR = 4096,
    MODEL_LIMIT_S = 20,    /* for one batch, which takes a fraction of a second */
    MODEL_ROUND = 1 << 14, /* schedules between two looks at the clock */
    MODEL_SCHEDULES = 24,  /* with which a smaller program is tried */
    MODEL_TRIES = 4000,    /* of smaller programs */
    MODEL_SHOWN_AFTER = 3, /* events that were due behind the first difference */
};

/* What a child tells its parent, however it ends. */
static struct model_shared {
    uint64_t seed;
    uint64_t schedule;
    uint64_t tried;
    uint64_t limit;
    uint64_t untold; /* programs that were too long */
    struct program explored;
    struct model_verdict verdict;
} * shared;

static void model_share(void)
{
    if (shared)
        return;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        abort();
}

/* ---- in the child ---- */

static struct trace last_due; /* of the last program */

/* False: it is too long. */
static bool try_here(const struct program *p, enum run_look look)
{
    const char *wrong;

    if (!reference_run(p, &last_due))
        return false;
    run_program(p, &last_due, &shared->verdict.report, look);
    if (look != RUN_LOOKS_NEVER && !account_holds(p, &last_due, &wrong)) {
        snprintf(shared->verdict.report.wrong, RUN_WRONG_BYTES, "%s", wrong);
        _exit(1);
    }
    return true;
}

static void try_seeds_here(const void *argument)
{
    const uint64_t *range = argument;
    static struct program p;

    alarm(MODEL_LIMIT_S);
    for (uint64_t i = 0; i < range[1]; i++) {
        shared->seed = range[0] + i;
        program_generate(&p, shared->seed);
        if (!try_here(&p, shared->seed % MODEL_WALKED == 0 ? RUN_LOOKS_AT_CHOICES
                                                           : RUN_LOOKS_AT_THE_END))
            shared->untold++;
    }
}

static void try_program_here(const void *p)
{
    alarm(MODEL_LIMIT_S);
    try_here(p, RUN_LOOKS_AT_CHOICES);
}

static void try_schedules_here(const void *program)
{
    static struct program p;

    p = *(const struct program *)program;
    for (uint64_t i = 0; i <= MODEL_SCHEDULES; i++) {
        if (i > 0)
            p.given_count = 0;
        p.schedule = i == 0 ? ((const struct program *)program)->schedule : i - 1;
        shared->schedule = p.schedule;
        alarm(MODEL_LIMIT_S);
        try_here(&p, RUN_LOOKS_AT_CHOICES);
    }
}

/* The next schedule after the last one that was tried, the last choices first. */
static bool next_schedule(struct program *p)
{
    int at = last_due.choices_count;

    while (at > 0 && last_due.choices[at - 1].answer + 1 == last_due.choices[at - 1].of)
        at--;
    if (at == 0)
        return false;
    if (at > PROGRAM_GIVEN)
        abort();
    for (int i = 0; i < at; i++)
        p->given[i] = (uint8_t)last_due.choices[i].answer;
    p->given[at - 1]++;
    p->given_count = at;
    return true;
}

static enum run_look look_at(uint64_t tried)
{
    if (tried < MODEL_WALKED_NEAR)
        return tried % MODEL_WALKED == 0 ? RUN_LOOKS_AT_CHOICES : RUN_LOOKS_AT_THE_END;
    return tried % MODEL_WALKED_FAR == 0 ? RUN_LOOKS_AT_CHOICES : RUN_LOOKS_NEVER;
}

static void show_schedules(void)
{
    const uint64_t tried = shared->tried;

    alarm(MODEL_LIMIT_S);
    if (progress_is_seen() && tried > 0)
        progress_draw("model", (double)tried / (double)shared->limit);
}

static void try_every_schedule_here(const void *unused)
{
    (void)unused;
    do {
        if (shared->tried % MODEL_ROUND == 0)
            show_schedules();
        if (!try_here(&shared->explored, look_at(shared->tried))) {
            snprintf(shared->verdict.report.wrong, RUN_WRONG_BYTES,
                     "the reference says that this does not end");
            _exit(1);
        }
        shared->tried++;
    } while (shared->tried < shared->limit && next_schedule(&shared->explored));
    if (progress_is_seen() && shared->tried > MODEL_ROUND)
        progress_erase();
}

/* ---- and outside ---- */

/* True if the child did all of it. */
static bool in_child(void (*does)(const void *argument), const void *argument, bool is_heard)
{
    pid_t pid;
    int how;

    model_share();
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        child_be_plain();
        if (!is_heard)
            dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
        does(argument);
        _exit(0);
    }
    while (pid < 0 || waitpid(pid, &how, 0) < 0)
        if (pid < 0 || errno != EINTR)
            abort();
    shared->verdict.signal = WIFSIGNALED(how) ? WTERMSIG(how) : 0;
    shared->verdict.is_as_expected = WIFEXITED(how) && WEXITSTATUS(how) == 0;
    return shared->verdict.is_as_expected;
}

uint64_t model_untold(void)
{
    model_share();
    return shared->untold;
}

bool model_try_seeds(uint64_t first, uint64_t count, uint64_t *seed)
{
    const bool shows = progress_is_seen();
    bool is_well = true;

    for (uint64_t done = 0; done < count && is_well; done += MODEL_BATCH) {
        uint64_t left = count - done;
        const uint64_t range[] = {first + done, left < MODEL_BATCH ? left : MODEL_BATCH};

        is_well = in_child(try_seeds_here, range, true);
        if (shows)
            progress_draw("model", (double)done / (double)count);
    }
    if (shows)
        progress_erase();
    *seed = shared->seed;
    return is_well;
}

const struct model_verdict *model_try(const struct program *p, bool is_heard)
{
    in_child(try_program_here, p, is_heard);
    return &shared->verdict;
}

bool model_try_every_schedule(struct program *p, uint64_t limit, uint64_t *tried)
{
    bool is_well;

    model_share();
    shared->explored = *p;
    shared->explored.schedule = 0;
    shared->explored.given_count = 0;
    shared->tried = 0;
    shared->limit = limit;
    is_well = in_child(try_every_schedule_here, NULL, true);
    *p = shared->explored;
    *tried = shared->tried;
    return is_well;
}

/* By any of some schedules. */
static bool fails_somehow(struct program *p, void *data)
{
    (void)data;
    if (in_child(try_schedules_here, p, false))
        return false;
    if (p->schedule != shared->schedule)
        p->given_count = 0;
    p->schedule = shared->schedule;
    return true;
}

void model_shrink(struct program *p)
{
    program_shrink(p, fails_somehow, NULL, MODEL_TRIES);
}

/* ---- explaining ---- */

static const char *name_of(int thread)
{
    static char name[16];

    if (thread == 0)
        return "main";
    snprintf(name, sizeof name, "t%d", thread);
    return name;
}

static const char *code_of(int result)
{
    switch (-result) {
    case EPIPE:
        return "-EPIPE";
    case EAGAIN:
        return "-EAGAIN";
    case ETIMEDOUT:
        return "-ETIMEDOUT";
    case ECANCELED:
        return "-ECANCELED";
    case EDEADLK:
        return "-EDEADLK";
    case EINVAL:
        return "-EINVAL";
    case ESRCH:
        return "-ESRCH";
    default:
        return strerror(-result);
    }
}

static void print_result(const struct trace_event *e, const struct program_op *op)
{
    if (e->result == TRACE_SKIPPED)
        printf("skipped");
    else if (e->result <= -4096)
        printf("CHAN_CLOSED(%d)", -4096 - e->result);
    else if (e->result < 0)
        printf("%s", code_of(e->result));
    else if (op && op->kind == PROGRAM_SELECT)
        printf("clause %d", e->result);
    else
        printf("%d", e->result);
    if (e->value == TRACE_SPOILT)
        printf(", an object was spoilt");
    else if (e->value != TRACE_UNTOUCHED)
        printf(", got %d", e->value);
}

static void print_choices(const struct trace *trace, int from, int to)
{
    for (int i = from; i < to; i++)
        printf("%31s takes %s %u of %u\n", "", trace->choices[i].of_clauses ? "clause" : "thread",
               trace->choices[i].answer, trace->choices[i].of);
}

static void print_event(const struct program *p, const struct trace *trace, int at)
{
    const struct trace_event *e = &trace->events[at];
    const struct program_op *op = program_op(p, e->thread, e->pc);

    print_choices(trace, at > 0 ? e[-1].choices : 0, e->choices);
    printf("%8lld ns  %-4s %2d  %-40s = ", (long long)e->now, name_of(e->thread), e->pc,
           op ? program_text(op) : "?");
    print_result(e, op);
    if (e->is_cancelled)
        printf(", cancelled");
    if (e->remaining != PROGRAM_FOREVER)
        printf(", %lld ns left", (long long)e->remaining);
    printf("\n");
}

static bool is_as_due(const struct trace *due, const struct trace *actual, int at)
{
    return at < due->events_count && at < actual->events_count &&
           trace_is_same_event(&due->events[at], &actual->events[at]);
}

static void print_traces(const struct program *p, const struct trace *due,
                         const struct trace *actual)
{
    int at = 0;

    printf("what happened as expected:\n");
    for (; is_as_due(due, actual, at); at++)
        print_event(p, due, at);
    printf("what was due then:\n");
    for (int i = at; i < due->events_count && i < at + MODEL_SHOWN_AFTER; i++)
        print_event(p, due, i);
    printf("what happened:\n");
    if (at < actual->events_count)
        print_event(p, actual, at);
    else
        print_choices(actual, at > 0 ? actual->events[at - 1].choices : 0, actual->choices_count);
}

void model_explain(const struct program *p)
{
    const struct model_verdict *v = model_try(p, true);

    reference_run(p, &last_due);
    program_print(p);
    print_traces(p, &last_due, &v->report.actual);
    if (v->is_as_expected)
        printf("  and nothing is wrong with it now\n");
    else if (v->signal == SIGALRM)
        printf("  and it did not end\n");
    else if (v->signal != 0)
        printf("  %s\n", strsignal(v->signal));
    else
        printf("  %s\n", v->report.wrong);
    fflush(stdout);
}
