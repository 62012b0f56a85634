/* SPDX-License-Identifier: MIT */
/* weft_explore: a scenario under every schedule. */
#include <weft/explore.h>

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "runtime/calls.h"
#include "runtime/path.h"
#include "runtime/report.h"
#include "runtime/reports/leaks.h"
#include "runtime/reports/schedule.h"
#include "runtime/reports/stuck.h"
#include "runtime/sched.h"
#include "shutdown.h"

enum {
    EXPLORE_CHOICES_MAX = 100000,
    EXPLORE_PATIENCE = 100,       /* so many times that, and the program is stopped */
    EXPLORE_DEADLOCKS_MAX = 1000, /* in one run: whoever meets more does not listen */
    EXPLORE_SHRUNK_MAX = 2000,    /* choices of a random schedule that is made shorter */
    EXPLORE_LOOK = 1024,          /* schedules between two looks at the clock, for the progress */
    EXPLORE_TEXT = 128,           /* bytes of a line of progress */
};

enum explore_mode {
    EXPLORE_RUNNING,  /* fn runs */
    EXPLORE_SETTLING, /* it has returned, and the others run on; main lets them */
    EXPLORE_ENDING,   /* what is left is ended: nothing is chosen any more */
};

/* What a worker has from before, which no scenario sees. */
struct explore_aside {
    struct weft_oracle oracle;
    struct weft_clock clock;
    int64_t timers_now;
    struct weft_list chans;
    struct weft_list gens;
    struct weft_list groups;
    void (*stuck)(struct weft_worker *w);
    size_t live; /* records */
};

struct explore {
    struct weft_worker *worker;
    int (*fn)(void *argument);
    void *argument;
    struct weft_explore_opts opts;
    struct explore_aside aside;
    struct weft_path path; /* of this run: first what it has to be, then what it was */
    size_t next;           /* the choice that comes next */
    struct weft_path best; /* the shortest that fails */
    bool has_best;
    enum explore_mode mode;
    bool is_replay;
    bool is_asked;      /* by the environment */
    bool is_lenient;    /* an answer that is too large stands for 0 */
    bool is_deadlocked; /* in this run, and so are the next */
    bool is_endless;
    bool is_cancelled; /* for that */
    bool is_diverged;
    bool lacks_memory;
    uint32_t deadlocks;
    uint32_t unchosen;            /* turns in a row without a choice */
    uint64_t excess;              /* turns beyond the limit */
    struct weft_oracle generator; /* of random schedules */
    int64_t since_ns, shown_ns;   /* when it began, when progress was shown last */
    struct weft_explored found;
};

/* ---- the oracle ---- */

/* A replay says what it chooses; beyond its limit, and when it does not fit, it chooses nothing. */
static bool explore_is_traced(const struct explore *e, size_t before)
{
    return e->is_replay && e->opts.trace_fd > 0 && e->next > before;
}

static void explore_trace(const struct explore *e, uint32_t n, uint32_t answer,
                          enum weft__choice kind)
{
    const struct weft_worker *w = e->worker;
    char buffer[EXPLORE_TEXT];
    struct weft_print out = weft__print_to(e->opts.trace_fd, buffer, sizeof buffer);

    weft__print(&out, "choice %zu: %u of %u", e->next - 1, answer, n);
    if (kind == WEFT__CHOICE_TIME) {
        weft__print(&out, answer ? ": time passes before a thread runs\n"
                                 : ": a thread runs before time passes\n");
    } else if (kind == WEFT__CHOICE_SELECT) {
        weft__print(&out, " clauses: ");
        weft__print_thread(&out, w->current->thread);
        weft__print(&out, " takes it\n");
    }
    weft__print_flush(&out);
}

static void explore_trace_runs(const struct explore *e, void *entry)
{
    char buffer[EXPLORE_TEXT];
    struct weft_print out = weft__print_to(e->opts.trace_fd, buffer, sizeof buffer);

    weft__print(&out, " ready: ");
    weft__print_thread(&out, weft__entry_is_unstarted(entry)
                                 ? weft__entry_thread(entry)
                                 : ((struct weft_control *)entry)->thread);
    weft__print(&out, " runs\n");
    weft__print_flush(&out);
}

static void explore_diverge(struct explore *e, uint32_t was, uint32_t is)
{
    e->found.diverged_at = e->next;
    e->found.diverged_was = was;
    e->found.diverged_is = is;
    e->is_diverged = true;
    e->mode = EXPLORE_ENDING;
}

/* A choice that stands in the path. */
static uint32_t explore_old(struct explore *e, uint32_t n)
{
    struct weft_choice *c = &e->path.choices[e->next];

    if (WEFT__UNLIKELY(c->n != n)) {
        if (e->is_lenient && c->answer >= n)
            c->answer = 0;
        if (c->n != 0 || c->answer >= n) {
            explore_diverge(e, c->n, n);
            return 0;
        }
        c->n = n;
    }
    e->next++;
    return c->answer;
}

/* Too many: the threads are told to stop, and main is waited for. A select's choice is no place to
 * take others off their channels. */
static WEFT__COLD uint32_t explore_exceed(struct explore *e, enum weft__choice kind)
{
    if (++e->excess / EXPLORE_PATIENCE >= e->opts.choices_max)
        weft__mistake(
            "weft_explore: this run has had %llu turns, its threads are cancelled, and still it "
            "does not end",
            (unsigned long long)e->opts.choices_max + e->excess);
    e->is_endless = true;
    if (kind == WEFT__CHOICE_READY && !e->is_cancelled) {
        e->is_cancelled = true;
        weft__cancel_threads(e->worker);
    }
    return 0;
}

/* A thread goes on without a choice. One that does so for ever would never be heard of. */
static void explore_unchosen(struct explore *e, enum weft__choice kind)
{
    if (WEFT__UNLIKELY(++e->unchosen >= e->opts.choices_max))
        explore_exceed(e, kind);
}

static void explore_alone(void *state)
{
    explore_unchosen(state, WEFT__CHOICE_READY);
}

static uint32_t explore_new(struct explore *e, uint32_t n, enum weft__choice kind)
{
    uint32_t answer = e->opts.random_schedules ? weft__oracle_draw(&e->generator, n) : 0;

    if (WEFT__UNLIKELY(e->next >= e->opts.choices_max))
        return explore_exceed(e, kind);
    if (WEFT__UNLIKELY(weft__path_add(&e->path, n, answer) != 0)) {
        e->lacks_memory = true;
        e->mode = EXPLORE_ENDING;
        return 0;
    }
    e->next++;
    return answer;
}

static uint32_t explore_answer(struct explore *e, uint32_t n, enum weft__choice kind)
{
    size_t before = e->next;
    uint32_t answer;

    e->unchosen = 0;
    answer = before < e->path.length ? explore_old(e, n) : explore_new(e, n, kind);
    if (WEFT__UNLIKELY(explore_is_traced(e, before)))
        explore_trace(e, n, answer, kind);
    return answer;
}

/* Main only waits for the others to end, and comes last: fn has returned, or has called
 * weft_shutdown(). */
static WEFT__COLD uint32_t explore_settle_ready(struct explore *e, uint32_t n)
{
    const struct weft_worker *w = e->worker;
    uint32_t others = 0, main_at = n, answer = 0;

    for (uint32_t i = 0; i < n; i++) {
        if (weft__ring_peek(&w->run, i) == &w->root)
            main_at = i;
        else
            others++;
    }
    if (e->excess >= e->opts.choices_max)
        e->is_endless = true;
    if (e->is_endless && e->mode != EXPLORE_SETTLING)
        return explore_exceed(e, WEFT__CHOICE_READY);
    if (e->is_endless)
        return main_at < n ? main_at : 0;
    if (others > 1)
        answer = explore_answer(e, others, WEFT__CHOICE_READY);
    else
        e->excess++; /* one that goes on for ever alone chooses nothing */
    return answer + (answer >= main_at);
}

static uint32_t explore_choose(void *state, uint32_t n, enum weft__choice kind)
{
    struct explore *e = state;
    size_t before = e->next;
    uint32_t answer;

    if (WEFT__UNLIKELY(e->mode == EXPLORE_ENDING)) {
        explore_unchosen(e, kind);
        return 0;
    }
    if (WEFT__UNLIKELY((e->mode == EXPLORE_SETTLING || e->worker->is_ending) &&
                       kind == WEFT__CHOICE_READY))
        answer = explore_settle_ready(e, n);
    else
        answer = explore_answer(e, n, kind);
    if (WEFT__UNLIKELY(kind == WEFT__CHOICE_READY && explore_is_traced(e, before)))
        explore_trace_runs(e, weft__ring_peek(&e->worker->run, answer));
    return answer;
}

static void explore_print_schedule(const struct explore *e, const struct weft_path *p,
                                   size_t length, struct weft_print *out)
{
    if (e->opts.name)
        weft__print(out, "%s:", e->opts.name);
    weft__path_print(p, weft__path_trimmed(p, length), out);
}

static void explore_tell(const void *state, struct weft_print *out)
{
    const struct explore *e = state;

    weft__print(out, "WEFT_REPLAY=");
    explore_print_schedule(e, &e->path, e->next, out);
}

/* ---- deadlocks ---- */

/* Nothing can run, so main is parked. The stuck hook has no state, but the oracle's. */
static void explore_stuck(struct weft_worker *w)
{
    struct explore *e = w->oracle.state;

    if (w->root.wait->deaf || ++e->deadlocks > EXPLORE_DEADLOCKS_MAX) {
        w->deadlock_returns = false;
        e->aside.stuck(w); /* there is no way on */
    }
    if (e->mode == EXPLORE_RUNNING) {
        e->is_deadlocked = true;
        if (e->is_replay && e->deadlocks == 1)
            weft__stuck_tell(w);
    }
    weft__interrupt(w, &w->root, -EDEADLK);
}

/* ---- one run ---- */

static void explore_restart_clock(struct weft_worker *w)
{
    w->clock.virtual_ns = 0;
    if (!weft__wheel_is_empty(&w->timers))
        weft__mistake("weft_explore: the scenario has left a weft_within()");
    w->timers.now = 0;
    weft__sched_now(w);
}

static bool explore_has_left(const struct explore *e)
{
    return e->worker->threads.live > e->aside.live;
}

static bool explore_leaks(const struct explore *e)
{
    const struct weft_worker *w = e->worker;

    return explore_has_left(e) || !weft__list_is_empty(&w->chans) ||
           !weft__list_is_empty(&w->gens) || !weft__list_is_empty(&w->groups);
}

/* What can run goes on until it has ended, or until nothing can. */
static void explore_settle(struct explore *e)
{
    e->mode = EXPLORE_SETTLING;
    e->excess = 0;
    while (explore_has_left(e) && weft__sched_turn(e->worker) == 0 && !e->is_endless)
        ;
}

static void explore_count_left(struct weft_thread *t, void *data)
{
    size_t *left = data;

    *left += t->state != WEFT__THREAD_DONE && !(t->flags & (WEFT__THREAD_ROOT | WEFT__THREAD_BODY));
}

static bool explore_left_threads(const struct explore *e)
{
    size_t left = 0;

    if (explore_has_left(e))
        weft__thread_each(&e->worker->threads, explore_count_left, &left);
    return left > 0;
}

static enum weft_explore_failure explore_judge(struct explore *e, int code)
{
    if (!e->is_diverged && !e->lacks_memory && !e->is_endless && e->next < e->path.length &&
        !e->is_lenient && !e->is_replay)
        explore_diverge(e, e->path.choices[e->next].n, 0);
    if (e->is_diverged)
        return WEFT_EXPLORE_DIVERGED;
    if (e->is_endless)
        return WEFT_EXPLORE_ENDLESS;
    if (e->is_deadlocked)
        return WEFT_EXPLORE_DEADLOCK;
    if (code != 0)
        return WEFT_EXPLORE_RETURNED;
    if (explore_left_threads(e))
        return WEFT_EXPLORE_LEFT;
    return explore_leaks(e) ? WEFT_EXPLORE_LEAK : WEFT_EXPLORE_GOOD;
}

/* What this run has left ends: 0, or -EDEADLK. */
static int explore_end(struct explore *e)
{
    e->mode = EXPLORE_ENDING;
    e->unchosen = 0;
    e->excess = 0;
    if (e->is_replay)
        weft__leaks_report(e->worker);
    return weft__end_made(e->worker);
}

/* Runs the path that there is, and on from its end. Returns 0 or what ends all. */
static int explore_run(struct explore *e, enum weft_explore_failure *failure, int *code)
{
    struct weft_worker *w = e->worker;

    e->next = 0;
    e->mode = EXPLORE_RUNNING;
    e->is_deadlocked = e->is_endless = e->is_cancelled = e->is_diverged = false;
    e->deadlocks = 0;
    e->unchosen = 0;
    e->excess = 0;
    w->oracle.jumps = e->opts.jumps_max;
    if (WEFT__UNLIKELY(w->clock.virtual_ns != 0))
        explore_restart_clock(w);
    *code = e->fn(e->argument);
    if (WEFT__UNLIKELY(explore_has_left(e)) && *code == 0 && e->mode == EXPLORE_RUNNING &&
        !e->is_deadlocked && !e->is_endless)
        explore_settle(e);
    *failure = explore_judge(e, *code);
    if (e->next > e->found.choices)
        e->found.choices = e->next;
    if (WEFT__LIKELY(*failure == WEFT_EXPLORE_GOOD))
        return e->lacks_memory ? -ENOMEM : 0;
    if (explore_leaks(e) && explore_end(e) != 0)
        return -EDEADLK;
    return e->lacks_memory ? -ENOMEM : 0;
}

/* ---- what was found ---- */

/* Of schedules that fail the shortest is kept: 0, or -ENOMEM. */
static int explore_keep(struct explore *e, enum weft_explore_failure failure, int code)
{
    size_t length = weft__path_trimmed(&e->path, e->next);

    if (e->has_best && length >= e->best.length)
        return 0;
    if (weft__path_copy(&e->best, &e->path, length) != 0)
        return -ENOMEM;
    e->has_best = true;
    e->found.failure = failure;
    e->found.code = code;
    return 0;
}

/* The best as text, in memory of its own. */
static char *explore_string(const struct explore *e)
{
    const size_t digits = 11; /* of a number and its point */
    size_t size = (e->best.length + 1) * digits + (e->opts.name ? strlen(e->opts.name) + 1 : 0) + 1;
    char *text = weft__calls.malloc(size);
    struct weft_print out = {.fd = -1, .text = text, .size = size};

    if (!text)
        return NULL;
    explore_print_schedule(e, &e->best, e->best.length, &out);
    weft__print_string(&out);
    return text;
}

static int64_t explore_now(void)
{
    static const struct weft_clock real;

    return weft__clock_now(&real);
}

static WEFT__COLD void explore_show(struct explore *e, int64_t now_ns)
{
    char buffer[EXPLORE_TEXT];
    struct weft_print out = weft__print_to(STDERR_FILENO, buffer, sizeof buffer);

    e->shown_ns = now_ns;
    weft__print(&out, "\rweft: explored ");
    weft__print_count(&out, e->found.schedules);
    if (e->opts.random_schedules != 0) {
        weft__print(&out, " of ");
        weft__print_count(&out, e->opts.random_schedules);
    }
    weft__print(&out, " schedules, ");
    weft__print_count(&out, e->found.failures);
    weft__print(&out, " failed");
    weft__print_flush(&out);
}

static void explore_progress(struct explore *e)
{
    int64_t now_ns;

    if (e->opts.progress == 0 || e->found.schedules % EXPLORE_LOOK != 0)
        return;
    now_ns = explore_now();
    if (now_ns - e->since_ns > WEFT_SEC(1) && now_ns - e->shown_ns > WEFT_MS(200))
        explore_show(e, now_ns);
}

static void explore_progress_ends(const struct explore *e)
{
    if (e->shown_ns != 0)
        weft__calls.write(STDERR_FILENO, "\n", 1);
}

/* ---- the walk ---- */

/* Prepares the path for the next run; false: there is none. */
static bool explore_advance(struct explore *e)
{
    const struct weft_explore_opts *o = &e->opts;

    if (o->failures_max != 0 && e->found.failures >= o->failures_max)
        return false;
    if (o->random_schedules != 0) {
        e->path.length = 0;
        weft__oracle_init(&e->generator, e->found.seed + e->found.schedules);
        if (e->found.schedules >= o->random_schedules)
            return false;
    } else if (!weft__path_advance(&e->path)) {
        e->found.is_exhausted = 1;
        return false;
    }
    return o->schedules_max == 0 || e->found.schedules < o->schedules_max;
}

static int explore_walk(struct explore *e)
{
    weft__oracle_init(&e->generator, e->found.seed);
    do {
        enum weft_explore_failure failure;
        int code, result = explore_run(e, &failure, &code);

        e->found.schedules++;
        if (WEFT__UNLIKELY(failure != WEFT_EXPLORE_GOOD && !e->lacks_memory)) {
            e->found.failures++;
            if (explore_keep(e, failure, code) != 0)
                result = -ENOMEM;
        }
        if (WEFT__UNLIKELY(result != 0 || e->is_diverged || e->is_replay))
            return result;
        explore_progress(e);
    } while (explore_advance(e));
    return 0;
}

/* One choice of the best is made to be first come, first served; if it still fails so, it stays. */
static int explore_shrink_at(struct explore *e, size_t at)
{
    enum weft_explore_failure failure;
    int code, result;

    (void)weft__path_copy(&e->path, &e->best, e->best.length); /* which it was once: it has room */
    e->path.choices[at].answer = 0;
    result = explore_run(e, &failure, &code);
    if (result != 0 || failure != e->found.failure || code != e->found.code)
        return result;
    (void)weft__path_copy(&e->best, &e->path, weft__path_trimmed(&e->path, e->next)); /* shorter */
    return 0;
}

/* A random schedule says much that does not matter. */
static int explore_shrink(struct explore *e)
{
    int result = 0;

    e->opts.random_schedules = 0;
    e->is_lenient = true;
    for (size_t at = e->best.length; at-- > 0 && result == 0;)
        if (at < e->best.length && e->best.choices[at].answer != 0)
            result = explore_shrink_at(e, at);
    return result;
}

static int explore_all(struct explore *e)
{
    bool is_random = e->opts.random_schedules != 0;
    int result = explore_walk(e);

    explore_progress_ends(e);
    if (result == 0 && is_random && e->has_best && e->best.length <= EXPLORE_SHRUNK_MAX &&
        e->found.failure != WEFT_EXPLORE_DIVERGED)
        result = explore_shrink(e);
    if (e->has_best) {
        e->found.schedule = explore_string(e);
        if (!e->found.schedule)
            result = -ENOMEM;
    }
    if (result != 0)
        return result;
    return e->found.failures > 0 ? 1 : 0;
}

/* ---- before and after ---- */

static void explore_put_aside(struct weft_list *to, struct weft_list *from)
{
    weft__list_init(to);
    weft__list_splice_back(to, from);
}

static void explore_put_back(struct weft_list *to, struct weft_list *from)
{
    weft__list_splice_back(from, to); /* what could not be ended is younger */
    weft__list_splice_back(to, from);
}

static void explore_begin(struct explore *e)
{
    struct weft_worker *w = e->worker;
    struct explore_aside *a = &e->aside;

    a->oracle = w->oracle;
    a->clock = w->clock;
    a->timers_now = w->timers.now;
    a->stuck = w->stuck;
    a->live = w->threads.live;
    explore_put_aside(&a->chans, &w->chans);
    explore_put_aside(&a->gens, &w->gens);
    explore_put_aside(&a->groups, &w->groups);
    w->clock.is_virtual = true;
    explore_restart_clock(w);
    w->stuck = explore_stuck;
    w->explored = !e->is_replay;
    weft__sched_set_oracle(w, explore_choose, e);
    w->oracle.alone = explore_alone;
    w->oracle.tell = explore_tell;
    weft__schedule_watch();
}

static void explore_done(struct explore *e)
{
    struct weft_worker *w = e->worker;
    struct explore_aside *a = &e->aside;

    weft__sched_set_oracle(w, a->oracle.choose, a->oracle.state);
    w->oracle = a->oracle;
    w->explored = false;
    w->stuck = a->stuck;
    w->clock = a->clock;
    if (weft__wheel_is_empty(&w->timers))
        w->timers.now = a->timers_now;
    weft__sched_now(w);
    explore_put_back(&w->chans, &a->chans);
    explore_put_back(&w->gens, &a->gens);
    explore_put_back(&w->groups, &a->groups);
    weft__path_free(&e->path);
    weft__path_free(&e->best);
}

/* ---- what is asked for ---- */

/* "0.2.1" of "name:0.2.1", if that is this scenario's name; NULL: it is for another. */
static const char *explore_own(const char *text, const char *name)
{
    const char *colon = strrchr(text, ':');
    size_t length = colon ? (size_t)(colon - text) : 0;

    if (!colon || !name)
        return !colon && !name ? text : NULL;
    return strlen(name) == length && memcmp(text, name, length) == 0 ? colon + 1 : NULL;
}

static void explore_read_environment(struct explore *e)
{
    static bool is_used;
    const char *text = weft__calls.getenv("WEFT_REPLAY");

    if (e->opts.replay || !text || *text == '\0' || __atomic_load_n(&is_used, __ATOMIC_RELAXED) ||
        !explore_own(text, e->opts.name))
        return;
    __atomic_store_n(&is_used, true, __ATOMIC_RELAXED);
    e->is_asked = true;
    e->opts.replay = text;
    e->opts.trace_fd = STDERR_FILENO;
}

static void explore_complain(const char *text)
{
    char buffer[WEFT__PRINT_BYTES];
    struct weft_print out = weft__print_to(STDERR_FILENO, buffer, sizeof buffer);

    weft__print(&out, "weft: WEFT_REPLAY=%s is no choice string; say 0.2.1 or NAME:0.2.1\n", text);
    weft__print_flush(&out);
}

static int explore_read_replay(struct explore *e)
{
    const char *text = e->opts.replay, *own;
    int parsed;

    if (!text)
        return 0;
    own = explore_own(text, e->opts.name);
    if (!own)
        own = text; /* the name may be left out */
    e->is_replay = true;
    parsed = weft__path_parse(&e->path, own);
    if (parsed > 0 && e->is_asked)
        explore_complain(text);
    if (parsed != 0)
        return parsed < 0 ? -ENOMEM : -EINVAL;
    return 0;
}

static int explore_read(struct explore *e, const struct weft_explore_opts *opts)
{
    if (opts && opts->size < sizeof opts->size)
        return -EINVAL;
    if (opts)
        memcpy(&e->opts, opts, opts->size < sizeof *opts ? opts->size : sizeof *opts);
    explore_read_environment(e);
    if (e->opts.choices_max == 0)
        e->opts.choices_max = EXPLORE_CHOICES_MAX;
    if (e->opts.progress != 0 && !isatty(STDERR_FILENO))
        e->opts.progress = 0;
    if (e->opts.replay)
        e->opts.random_schedules = 0;
    if (e->opts.random_schedules != 0)
        e->found.seed = e->opts.seed != 0 ? e->opts.seed : (uint64_t)explore_now();
    if (e->opts.progress != 0)
        e->since_ns = explore_now();
    return explore_read_replay(e);
}

static void explore_count_others(struct weft_thread *t, void *data)
{
    size_t *others = data;

    *others += !(t->flags & (WEFT__THREAD_ROOT | WEFT__THREAD_BODY));
}

/* Main is alone, nothing limits it, and nobody explores already. */
static int explore_check(const struct weft_worker *w)
{
    size_t others = 0;

    if (w->oracle.choose == explore_choose)
        return -EINVAL;
    if (w->current != &w->root)
        return -EPERM;
    weft__thread_each(&w->threads, explore_count_others, &others);
    if (others > 0 || w->root.deadline || w->root.interrupt & WEFT__INTERRUPT_FAIL ||
        !weft__wheel_is_empty(&w->timers))
        return -EINVAL;
    return 0;
}

WEFT_API int weft_explore(int (*fn)(void *argument), void *argument,
                          const struct weft_explore_opts *opts, struct weft_explored *result)
{
    struct weft_worker *w = weft__worker();
    struct explore e = {.worker = w, .fn = fn, .argument = argument};
    int code;

    if (result)
        memset(result, 0, sizeof *result);
    if (!fn)
        return -EINVAL;
    if (!w)
        return -ENOMEM;
    code = explore_check(w);
    if (code != 0)
        return code;
    code = explore_read(&e, opts);
    if (code == 0) {
        explore_begin(&e);
        code = explore_all(&e);
        explore_done(&e);
    } else {
        weft__path_free(&e.path);
    }
    if (result)
        *result = e.found;
    else
        weft__calls.free(e.found.schedule);
    return code;
}

/* ---- for people ---- */

static void explored_print_failure(const struct weft_explored *found, struct weft_print *out)
{
    static const char *const whats[] = {
        [WEFT_EXPLORE_DEADLOCK] = "a deadlock",
        [WEFT_EXPLORE_LEFT] = "a thread is left that can never end",
        [WEFT_EXPLORE_LEAK] = "a channel, generator, group or task is left",
        [WEFT_EXPLORE_ENDLESS] = "it does not end",
    };

    if (found->failure == WEFT_EXPLORE_RETURNED)
        weft__print(out, "the scenario returns %d", found->code);
    else if (found->failure == WEFT_EXPLORE_DIVERGED && found->diverged_was == 0)
        weft__print(out,
                    "the choice string does not fit: at choice %zu there are %u to choose from",
                    found->diverged_at, found->diverged_is);
    else if (found->failure == WEFT_EXPLORE_DIVERGED)
        weft__print(out,
                    "the scenario did not do the same again: at choice %zu there are %u to choose "
                    "from, and were %u",
                    found->diverged_at, found->diverged_is, found->diverged_was);
    else if ((size_t)found->failure < sizeof whats / sizeof *whats && whats[found->failure])
        weft__print(out, "%s", whats[found->failure]);
}

WEFT_API void weft_explored_print(const struct weft_explored *found, int fd)
{
    char buffer[WEFT__PRINT_BYTES];
    struct weft_print out = weft__print_to(fd, buffer, sizeof buffer);

    weft__print(&out, "weft: explored ");
    weft__print_count(&out, found->schedules);
    weft__print(&out, " schedule%s%s", found->schedules == 1 ? "" : "s",
                found->is_exhausted ? ", which are all" : "");
    if (found->seed != 0)
        weft__print(&out, " at random, seed %llu", (unsigned long long)found->seed);
    weft__print(&out, ": ");
    weft__print_count(&out, found->failures);
    weft__print(&out, " failed\n");
    if (found->schedule) {
        weft__print(&out, "weft: the shortest that fails: WEFT_REPLAY=%s (", found->schedule);
        explored_print_failure(found, &out);
        weft__print(&out, ")\n");
    }
    weft__print_flush(&out);
}
