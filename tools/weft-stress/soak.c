/* SPDX-License-Identifier: MIT */
#include "soak.h"

#include <stdlib.h>

enum {
    SOAK_ROUNDS_MIN = 16,
    SOAK_ROUND_MESSAGES_MAX = 1000 * 1000,
    SOAK_WARM_SHARE = 8, /* one round in so many is for the warm-up */
    SOAK_THREADS_MIN = 2,
    SOAK_DEPTH_BYTES = 24 * 1024, /* of a stack: more than any pattern uses */
    SOAK_FRAME_BYTES = 1024,
    SOAK_MAINS = 3, /* of each pattern, beside its threads: its main, and such as receive for all */
};

/* How many of a round's messages a pattern has: few where one takes long. */
static const struct soak_share {
    const char *name;
    void (*run)(struct run *r);
    unsigned parts;
} soak_shares[] = {
    {"ring", ring_run, 8},
    {"pairs", pairs_run, 16},
    {"fan-in", fan_in_run, 16},
    {"fan-out", fan_out_run, 16},
    {"pipeline", pipeline_run, 16},
    {"sieve", sieve_run, 8},
    {"select", select_run, 16},
    {"sleepers", sleepers_run, 1},
    {"generators", generators_run, 8},
    {"tree", tree_run, 4},
    {"upsets", upsets_run, 16},
    {"groups", groups_run, 4},
    {"abandoned", abandoned_run, 4},
};

enum { SOAK_PATTERNS = sizeof soak_shares / sizeof *soak_shares };

const struct pattern soak_pattern = {.name = "soak", .run = soak_run};

/* A pattern's main. */
static void soak_thread(void (*run)(struct run *r), struct run *r)
{
    run(r);
}
WEFT_FN(soak_thread, void (*)(struct run *), struct run *);

/* Of each pattern, beside its main. */
static size_t soak_threads(const struct run *all)
{
    size_t threads = all->threads / SOAK_PATTERNS;

    return threads < SOAK_THREADS_MIN ? SOAK_THREADS_MIN : threads;
}

static void soak_prepare(struct run *r, const struct soak *s, const struct soak_share *share,
                         uint64_t messages)
{
    unsigned parts = 0;

    for (size_t i = 0; i < SOAK_PATTERNS; i++)
        parts += soak_shares[i].parts;
    *r = (struct run){
        .threads = soak_threads(&s->all),
        .seed = s->all.seed + s->rounds,
        .stack_bytes = s->all.stack_bytes,
    };
    quota_init(&r->quota, messages * share->parts / parts + 1);
}

static void soak_collect(struct soak *s, const struct soak_share *share, const struct run *r)
{
    s->all.messages += r->messages;
    s->all.broken_off += r->broken_off;
    if (!r->is_over)
        check_fail(&s->all.check, "%s has not come to its end", share->name);
    if (r->check.wrong > 0)
        check_fail(&s->all.check, "%s, round %zu: %s", share->name, s->rounds, r->check.first);
}

/* All patterns at once, until each has passed its share. */
static void soak_round(struct soak *s, struct run *runs, uint64_t messages)
{
    task(void) tasks[SOAK_PATTERNS];

    for (size_t i = 0; i < SOAK_PATTERNS; i++) {
        soak_prepare(&runs[i], s, &soak_shares[i], messages);
        tasks[i] = run_need(&s->all, spawn(soak_thread, soak_shares[i].run, &runs[i]));
    }
    for (size_t i = 0; i < SOAK_PATTERNS; i++) {
        if (task_join(tasks[i]) != 0)
            check_fail(&s->all.check, "task_join failed");
        soak_collect(s, &soak_shares[i], &runs[i]);
    }
    s->rounds++;
}

/* ---- warm-up ---- */

static size_t soak_depth(const struct run *all)
{
    size_t half = all->stack_bytes / 2;

    return half < SOAK_DEPTH_BYTES ? half / 2 : SOAK_DEPTH_BYTES;
}

__attribute__((noinline)) static size_t soak_touch(size_t depth)
{
    volatile char bytes[SOAK_FRAME_BYTES];

    bytes[0] = (char)depth;
    if (depth > SOAK_FRAME_BYTES)
        depth = soak_touch(depth - SOAK_FRAME_BYTES); /* no tail call: the bytes are read below */
    return depth + (size_t)bytes[0] % 2;
}

/* Threads that wait for one another, so that each has a stack of its own. */
struct soak_warm {
    struct weft_waitgroup missing, running;
    struct weft_completion all_are_there;
};

static void soak_warm_stack(struct soak_warm *warm, size_t depth)
{
    soak_touch(depth);
    weft_waitgroup_done(&warm->missing);
    weft_completion_wait(&warm->all_are_there);
    weft_waitgroup_done(&warm->running);
}
WEFT_FN(soak_warm_stack, struct soak_warm *, size_t);

/* Every stack that a round may need is used once, and deeply: which stack is used for what is a
 * matter of chance, and their memory would otherwise grow for long. */
static void soak_warm_stacks(struct run *all)
{
    size_t stacks = SOAK_PATTERNS * (soak_threads(all) + SOAK_MAINS);
    struct soak_warm warm = {.missing = {.count = 0}};

    if (weft_reserve(stacks) != 0)
        run_refused(all);
    weft_waitgroup_add(&warm.missing, (int64_t)stacks);
    weft_waitgroup_add(&warm.running, (int64_t)stacks);
    for (size_t i = 0; i < stacks; i++)
        if (go(soak_warm_stack, &warm, soak_depth(all)) != 0)
            run_refused(all);
    weft_waitgroup_wait(&warm.missing);
    weft_completion_set(&warm.all_are_there);
    weft_waitgroup_wait(&warm.running);
}

static uint64_t soak_round_messages(uint64_t messages)
{
    uint64_t share = messages / SOAK_ROUNDS_MIN;

    if (share > SOAK_ROUND_MESSAGES_MAX)
        share = SOAK_ROUND_MESSAGES_MAX;
    return share ? share : 1;
}

static void soak_look(struct soak *s)
{
    s->warm = usage_now();
    s->rounds_warm = s->rounds;
}

/* Rounds until all messages have been received, or one was wrong. */
static void soak_rounds(struct soak *s, struct run *runs)
{
    uint64_t due = s->all.quota.limit, each = soak_round_messages(due);

    while (s->all.messages < due && s->all.check.wrong == 0) {
        soak_round(s, runs, each);
        __atomic_store_n(&s->all.quota.taken, s->all.messages, __ATOMIC_RELAXED);
        if (s->rounds_warm == 0 && s->all.messages >= due / SOAK_WARM_SHARE)
            soak_look(s);
    }
}

void soak_run(struct run *all)
{
    struct soak *s = (struct soak *)all;
    struct run *runs;

    s->patterns = SOAK_PATTERNS;
    soak_warm_stacks(all);
    runs = run_memory(all, SOAK_PATTERNS, sizeof *runs);
    quota_begin(&all->quota);
    soak_rounds(s, runs);
    all->end_ns = quota_now();
    s->end = usage_now();
    usage_compare(&all->check, &s->warm, &s->end);
    free(runs);
    if (weft_shutdown() != 0)
        check_fail(&all->check, "weft_shutdown failed");
    all->is_over = true;
}
