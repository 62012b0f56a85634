/* SPDX-License-Identifier: MIT */
#include "abandoned.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "aside.h"
#include "cycle.h"
#include "listing.h"
#include "memory.h"
#include "runtime/calls.h"
#include "runtime/deadline.h"
#include "runtime/sched.h"
#include "runtime/settings.h"
#include "runtime/unwind/unwind.h"
#include "users.h"

#ifdef WEFT_HAVE_UCONTEXT
#include <ucontext.h>
#endif

enum {
    ABANDONED_IDLE_NS = 100000000, /* of so long a wait a look is part */
    ABANDONED_CHAN_BYTES = 128,    /* no more than a channel takes up to its queues' ends */
    ABANDONED_OWN_BYTES = 4096, /* of stack below a look's first frame: it takes so much anyway */
    ABANDONED_FIRST_BYTES = 64, /* no more than the first frame of a stack */
    ABANDONED_REST = 20,        /* times as long as a look takes there is none in such waits */
};

/* A channel that is looked for in memory. */
struct abandoned_chan {
    uintptr_t of;   /* 0: none */
    uint32_t dead;  /* so often it is among arguments that nobody looks at any more */
    uint32_t found; /* and so often in memory, those included */
    bool is_known;  /* to somebody outside of the set */
};

/* One look. */
struct abandoned {
    struct weft_worker *worker;
    const char *here;             /* the running thread's innermost frame */
    uint32_t waiting;             /* threads in the set */
    uint32_t untold;              /* of these */
    uint32_t parked;              /* of all threads */
    size_t wants;                 /* channels that the set waits for, some counted twice */
    bool has_changed;             /* a thread was taken out of the set */
    struct abandoned_chan *chans; /* by their addresses; NULL: not looked for yet */
    size_t mask;
    uintptr_t lowest; /* channel */
    uintptr_t highest;
    uintptr_t stacks_low; /* all stacks of the set are between these */
    uintptr_t stacks_high;
    void *work; /* of which the table is a part */
    size_t work_bytes;
};

/* ---- the table of channels ---- */

static struct abandoned_chan *abandoned_slot(const struct abandoned *a, uintptr_t of)
{
    size_t i = (size_t)((uint64_t)of * UINT64_C(0x9e3779b97f4a7c15) >> 32);

    for (;; i++) {
        struct abandoned_chan *c = &a->chans[i & a->mask];

        if (c->of == of || c->of == 0)
            return c;
    }
}

static bool abandoned_counts(const struct abandoned *a, const struct weft_memory_part *part,
                             uintptr_t at);

static const char *abandoned_low(const struct abandoned *a, const struct weft_control *c)
{
    return c == a->worker->current ? a->here : c->context.sp;
}

/* A channel of the set has this word: in its queues are clauses of selects, which lie on stacks. */
static bool abandoned_is_in_chan(const struct abandoned *a, uintptr_t at)
{
    for (uintptr_t back = 0; back < ABANDONED_CHAN_BYTES; back += sizeof(uintptr_t))
        if (abandoned_slot(a, at - back)->of != 0)
            return true;
    return false;
}

/* Where a thread's frames are, without what its switch has left at the end, which others have switched
 * from and to, and without the first, which who made the stack has written. */
static bool abandoned_is_in_frames(const struct abandoned *a, const struct weft_control *c,
                                   uintptr_t word)
{
    uintptr_t low = (uintptr_t)abandoned_low(a, c), high = (uintptr_t)c - ABANDONED_FIRST_BYTES;

#ifdef WEFT_HAVE_UCONTEXT
    if (a->worker->backend == weft__switch_ucontext && c != a->worker->current)
        low += sizeof(ucontext_t);
#endif
    return word > low && word < high;
}

/* Somebody has a pointer into a frame of the set's: there may be a handle. */
static void abandoned_see(const struct abandoned *a, uintptr_t word,
                          const struct weft_memory_part *part, size_t i)
{
    uintptr_t at = part ? part->at + i * sizeof word : 0;
    /* NOLINTNEXTLINE(performance-no-int-to-ptr) */
    struct weft_control *c = weft__stack_find(&a->worker->stacks, (const void *)word);

    if (!c || !c->thread || c->thread->at.control != c ||
        c->thread->state != WEFT__THREAD_STARTED || !abandoned_is_in_frames(a, c, word))
        return;
    if (!part || (abandoned_counts(a, part, at) && !abandoned_is_in_chan(a, at)))
        weft__thread_side(c->thread)->marks |= WEFT__MARK_SEEN;
}

typedef void abandoned_found(const struct abandoned *a, struct abandoned_chan *c,
                             const struct weft_memory_part *part, size_t i);

/* Of memory as it is, or of a copy (part). Poison is none of our business. */
static WEFT__NOT_SANITIZED void abandoned_look_at(const struct abandoned *a, const uintptr_t *words,
                                                  size_t n, abandoned_found *found,
                                                  const struct weft_memory_part *part)
{
    for (size_t i = 0; i < n; i++) {
        struct abandoned_chan *c;

        if (WEFT__UNLIKELY(words[i] - a->stacks_low < a->stacks_high - a->stacks_low))
            abandoned_see(a, words[i], part, i);
        if (WEFT__LIKELY(words[i] - a->lowest > a->highest - a->lowest))
            continue;
        c = abandoned_slot(a, words[i]);
        if (c->of != 0)
            found(a, c, part, i);
    }
}

static void abandoned_found_known(const struct abandoned *a, struct abandoned_chan *c,
                                  const struct weft_memory_part *part, size_t i)
{
    (void)a;
    (void)part;
    (void)i;
    c->is_known = true;
}

static void abandoned_found_dead(const struct abandoned *a, struct abandoned_chan *c,
                                 const struct weft_memory_part *part, size_t i)
{
    (void)a;
    (void)part;
    (void)i;
    c->dead++;
}

static void abandoned_look_between(const struct abandoned *a, const void *low, const void *high)
{
    uintptr_t from = ((uintptr_t)low + sizeof(uintptr_t) - 1) & ~(sizeof(uintptr_t) - 1);

    if (from < (uintptr_t)high)
        abandoned_look_at(a, (const uintptr_t *)from, /* NOLINT(performance-no-int-to-ptr) */
                          ((uintptr_t)high - from) / sizeof(uintptr_t), abandoned_found_known,
                          NULL);
}

/* ---- who is in the set ---- */

static bool abandoned_is_in(const struct weft_thread *t)
{
    return t->flags & WEFT__THREAD_LEFT;
}

/* Of roots nobody can say who sees their stacks: libc does, and has thread-local variables there. */
static bool abandoned_may_be(const struct weft_thread *t)
{
    const struct weft_control *c = t->at.control;
    struct weft_use use;

    if (t->state != WEFT__THREAD_STARTED || !c->wait)
        return false;
    if (t->flags & WEFT__THREAD_ROOT)
        return false;
    if (weft__timer_is_armed(&c->timer) || (!c->wait->deaf && weft__deadline_is_armed(c)))
        return false;
    if (weft__cycle_length(t) > 0)
        return false;
    return c->wait->use ? c->wait->use(c, 0, &use) : c->wait->waits_for != NULL;
}

static void abandoned_start(struct weft_thread *t, void *data)
{
    struct abandoned *a = data;

    a->parked += weft__doing(a->worker, t) == WEFT__DOING_PARKED;
    if (abandoned_may_be(t))
        t->flags |= WEFT__THREAD_LEFT;
    else
        t->flags &= (uint16_t) ~(WEFT__THREAD_LEFT | WEFT__THREAD_TOLD);
    weft__thread_side(t)->marks = 0;
}

/* It has not ended, and is none of the set. */
static bool abandoned_goes_on(const struct abandoned *a, const struct weft_thread *handle)
{
    const struct weft_thread *t = handle ? weft__users_alive(a->worker, handle) : NULL;

    return t && !abandoned_is_in(t);
}

static bool abandoned_finds_user(const struct abandoned *a, const struct weft_use *use)
{
    if (use->users->are_more || abandoned_goes_on(a, use->creator))
        return true;
    for (size_t i = 0; i < use->users->size; i++)
        if (abandoned_goes_on(a, use->users->slots[i]))
            return true;
    return a->chans && abandoned_slot(a, (uintptr_t)use->of)->is_known;
}

/* Once a round for each channel: many may wait on one. */
static bool abandoned_is_used(const struct abandoned *a, const struct weft_use *use)
{
    struct weft_users *users = use->users;

    if (users->round != a->worker->abandoned_round) {
        users->round = a->worker->abandoned_round;
        users->is_used = abandoned_finds_user(a, use);
    }
    return users->is_used;
}

static bool abandoned_stays(const struct abandoned *a, const struct weft_control *c)
{
    const struct weft_thread *on;
    struct weft_use use;

    if (!c->wait->use) {
        on = c->wait->waits_for(c);
        return on && abandoned_is_in(on);
    }
    for (size_t i = 0; c->wait->use(c, i, &use); i++)
        if (abandoned_is_used(a, &use))
            return false;
    return true;
}

/* ---- where handles are looked for ---- */

static void abandoned_look_at_stack(struct abandoned *a, const struct weft_control *c)
{
    const struct weft_worker *w = a->worker;
    const char *low = abandoned_low(a, c);

#if defined WEFT_HAVE_UCONTEXT && defined __x86_64__
    if (w->backend == weft__switch_ucontext && c != w->current) {
        static const int kept[] = {REG_RBX, REG_RBP, REG_R12, REG_R13, REG_R14, REG_R15};
        const ucontext_t *u = (const void *)low;

        for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
            abandoned_look_between(a, &u->uc_mcontext.gregs[kept[i]],
                                   &u->uc_mcontext.gregs[kept[i]] + 1);
        low += sizeof *u; /* much of the rest is never written, and is what was there before */
    }
#endif

    if (c->pool)
        abandoned_look_between(a, low, c);
    else if (w->is_main) /* another OS thread's is looked at as memory */
        abandoned_look_between(a, low, w->root_end);
}

/* Arguments in memory of their own are found there. Registers that were captured are not looked at
 * any more once the thread runs, a copy is. */
static void abandoned_look_at_arguments(struct abandoned *a, const struct weft_thread *t)
{
    const struct weft_thread_side *side = weft__thread_side(t);
    const struct weft_packed *packed = &t->packed;
    size_t bytes = ((size_t)packed->registers + packed->vectors + packed->stack_words) * 8;

    if (t->state <= WEFT__THREAD_STARVED || t->flags & WEFT__THREAD_COPY) {
        abandoned_look_between(a, t->arguments.words, t->arguments.words + WEFT__THREAD_WORDS);
        if (t->flags & WEFT__THREAD_FAR)
            abandoned_look_between(a, side->words, side->words + WEFT__THREAD_SIDE_WORDS);
    } else if (t->flags & WEFT__THREAD_OWNS) {
        abandoned_look_at(a, (const void *)t->arguments.far, bytes / sizeof(uintptr_t),
                          abandoned_found_dead, NULL);
    }
}

/* What a thread that is not in the set holds. */
static void abandoned_look_at_held(struct abandoned *a, const struct weft_thread *t)
{
    abandoned_look_at_arguments(a, t);
    if (t->state == WEFT__THREAD_STARTED)
        abandoned_look_at_stack(a, t->at.control);
    else
        abandoned_look_between(a, &t->does, &t->does + 1); /* it may have ended, with a result */
}

static void abandoned_look_at_thread(struct weft_thread *t, void *a)
{
    if (!abandoned_is_in(t))
        abandoned_look_at_held(a, t);
    else
        abandoned_look_at_arguments(a, t); /* others may have been told where a copy is */
}

static bool abandoned_is_within(uintptr_t at, const void *low, size_t bytes)
{
    return at - (uintptr_t)low < bytes;
}

static bool abandoned_is_in_slab(uintptr_t at)
{
    for (size_t i = 0; i < WEFT__THREAD_SLABS_MAX; i++) {
        const struct weft_thread_slab *slab =
            __atomic_load_n(&weft__thread_slabs[i], __ATOMIC_ACQUIRE);

        if (!slab)
            return false;
        if (abandoned_is_within(at, slab, sizeof *slab))
            return true;
    }
    return false;
}

/* A word of memory counts unless it is one of the library's own, or lies on a stack, where it is
 * looked for in another way. */
static bool abandoned_counts(const struct abandoned *a, const struct weft_memory_part *part,
                             uintptr_t at)
{
    const struct weft_worker *w = a->worker;
    const uintptr_t end = (uintptr_t)w->root_end;

    if (abandoned_is_within(at, a->here - ABANDONED_OWN_BYTES, ABANDONED_OWN_BYTES))
        return false;
    if (abandoned_is_within(at, a->work, a->work_bytes) || abandoned_is_within(at, w, sizeof *w))
        return false;
    if (w->is_main && at < end && end - 1 >= part->low && end - 1 < part->high)
        return false;
    /* NOLINTNEXTLINE(performance-no-int-to-ptr) */
    return !weft__stack_find(&w->stacks, (const void *)at) && !abandoned_is_in_slab(at);
}

static void abandoned_found_in_memory(const struct abandoned *a, struct abandoned_chan *c,
                                      const struct weft_memory_part *part, size_t i)
{
    if (abandoned_counts(a, part, part->at + i * sizeof(uintptr_t)) && ++c->found > c->dead)
        c->is_known = true;
}

static void abandoned_look_at_part(const struct weft_memory_part *part, void *a)
{
    abandoned_look_at(a, part->words, part->n, abandoned_found_in_memory, part);
}

/* ---- the look ---- */

/* As if it were memory. Once: what it leads to is seen, too. */
static void abandoned_look_if_seen(struct abandoned *a, struct weft_thread *t)
{
    struct weft_thread_side *side = weft__thread_side(t);

    if (!a->chans || !abandoned_is_in(t) || side->marks != WEFT__MARK_SEEN)
        return;
    side->marks |= WEFT__MARK_SHOWN;
    abandoned_look_at_stack(a, t->at.control);
    a->has_changed = true;
}

static void abandoned_drop(struct weft_thread *t, void *data)
{
    struct abandoned *a = data;

    abandoned_look_if_seen(a, t);
    if (!abandoned_is_in(t) || abandoned_stays(a, t->at.control))
        return;
    t->flags &= (uint16_t)~WEFT__THREAD_LEFT; /* what was told stays told */
    a->has_changed = true;
    if (a->chans)
        abandoned_look_at_stack(a, t->at.control);
}

static void abandoned_count(struct weft_thread *t, void *data)
{
    const struct weft_control *c = t->at.control;
    struct abandoned *a = data;
    struct weft_use use;

    if (!abandoned_is_in(t))
        return;
    a->waiting++;
    a->untold += weft__thread_is_newly_left(t);
    for (size_t i = 0; c->wait->use && c->wait->use(c, i, &use); i++)
        a->wants++;
}

/* Takes out of the set who is not of it, until all are. */
static void abandoned_settle(struct abandoned *a)
{
    const struct weft_threads *all = &a->worker->threads;

    do {
        a->has_changed = false;
        a->worker->abandoned_round++;
        weft__thread_each(all, abandoned_drop, a);
    } while (a->has_changed);
    a->waiting = 0;
    a->untold = 0;
    a->wants = 0;
    weft__thread_each(all, abandoned_count, a);
}

static void abandoned_want(struct weft_thread *t, void *data)
{
    const struct weft_control *c = t->at.control;
    struct abandoned *a = data;
    struct weft_use use;

    if (!abandoned_is_in(t))
        return;
    if ((uintptr_t)c->base < a->stacks_low)
        a->stacks_low = (uintptr_t)c->base;
    if ((uintptr_t)c > a->stacks_high)
        a->stacks_high = (uintptr_t)c;
    for (size_t i = 0; c->wait->use && c->wait->use(c, i, &use); i++) {
        uintptr_t of = (uintptr_t)use.of;

        abandoned_slot(a, of)->of = of;
        if (of < a->lowest)
            a->lowest = of;
        if (of > a->highest)
            a->highest = of;
    }
}

/* The table, and behind it room for copies of memory: false if there is no memory. */
static bool abandoned_prepare(struct abandoned *a)
{
    size_t slots = 64, bytes;
    void *work;

    while (slots < a->wants * 2)
        slots *= 2;
    bytes = WEFT__MEMORY_WORK_BYTES + slots * sizeof *a->chans;
    work =
        weft__calls.mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (work == MAP_FAILED)
        return false;
    a->work = work;
    a->work_bytes = bytes;
    a->chans = (void *)((char *)work + WEFT__MEMORY_WORK_BYTES);
    a->mask = slots - 1;
    a->lowest = UINTPTR_MAX;
    a->highest = 0;
    a->stacks_low = UINTPTR_MAX;
    weft__thread_each(&a->worker->threads, abandoned_want, a);
    return true;
}

/* Leaves in the set whom nobody can reach. False: that is not known. */
static bool abandoned_search(struct abandoned *a)
{
    bool all;

    if (!a->worker->root_end || !abandoned_prepare(a))
        return false;
    weft__thread_each(&a->worker->threads, abandoned_look_at_thread, a);
    all = weft__memory_each(a->work, abandoned_look_at_part, a);
    abandoned_settle(a);
    weft__calls.munmap(a->work, a->work_bytes);
    return all;
}

/* ---- the report ---- */

static void abandoned_told(struct weft_thread *t, void *unused)
{
    (void)unused;
    if (abandoned_is_in(t))
        t->flags |= WEFT__THREAD_TOLD;
}

struct abandoned_news {
    struct weft_worker *worker;
    struct weft_registers here;
    uint32_t untold;
    bool rest_goes_on;
};

static void abandoned_write(void *argument)
{
    const struct abandoned_news *news = argument;
    char buffer[WEFT__PRINT_BYTES];
    struct weft_print out = weft__print_to(STDERR_FILENO, buffer, sizeof buffer);
    struct weft_view view = {.worker = news->worker, .here = &news->here, .out = &out};

    weft__print(&out, "weft: partial deadlock: ");
    weft__print_count(&out, news->untold);
    weft__print(&out, news->untold == 1 ? " thread waits" : " threads wait");
    weft__print(&out, " on channels that nobody else is known to use%s\n",
                news->rest_goes_on ? ", and the rest goes on" : "");
    weft__list(&view, WEFT__LIST(WEFT__DOING_PARKED) | WEFT__LIST_ABANDONED);
    weft__view_hint(&view);
    weft__print_flush(&out);
}

static WEFT__NOINLINE void abandoned_tell(struct weft_worker *w, uint32_t untold, bool rest_goes_on)
{
    struct abandoned_news news = {.worker = w, .untold = untold, .rest_goes_on = rest_goes_on};

    weft__registers_here(&news.here);
    weft__aside(w, abandoned_write, &news);
}

/* Its frame is the lowest place where the running thread may hold something; its own variables are
 * below that. Answers how many are to be told of. */
static WEFT__NOINLINE uint32_t abandoned_find(struct weft_worker *w, bool *is_proper)
{
    struct abandoned a = {.worker = w, .here = __builtin_frame_address(0)};

    weft__thread_each(&w->threads, abandoned_start, &a);
    abandoned_settle(&a);
    if (a.untold > 0 && !abandoned_search(&a))
        a.untold = 0;
    *is_proper = a.waiting < a.parked;
    return a.untold;
}

static void abandoned_look(struct weft_worker *w, bool rest_goes_on, bool is_last)
{
    bool is_proper;
    uint32_t untold;

    __builtin_unwind_init(); /* what registers hold is on the stack, too */
    untold = abandoned_find(w, &is_proper);
    if (untold == 0)
        return;
    if (!is_last || is_proper)
        abandoned_tell(w, untold, rest_goes_on);
    weft__thread_each(&w->threads, abandoned_told, NULL);
}

void weft__abandoned_look(struct weft_worker *w, bool rest_goes_on)
{
    if (w->is_watched && !w->explored)
        abandoned_look(w, rest_goes_on, false);
}

void weft__abandoned_look_last(struct weft_worker *w)
{
    if (w->is_watched)
        abandoned_look(w, false, true);
}

/* ---- when ---- */

static int64_t abandoned_now(void)
{
    struct timespec now;

    weft__calls.clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void abandoned_idles(struct weft_worker *w, int64_t ns)
{
    int64_t began, took;

    if (ns < ABANDONED_IDLE_NS)
        return;
    began = abandoned_now();
    if (began < w->idles_again_ns && !w->clock.is_virtual)
        return;
    weft__abandoned_look(w, true);
    took = abandoned_now() - began;
    w->idles_again_ns = began + took * (1 + ABANDONED_REST);
}

static struct weft_control *abandoned_run(struct weft_worker *w, struct weft_control *c)
{
    c->interrupt |= WEFT__INTERRUPT_WATCHED;
    return w->run_watched(w, c);
}

void weft__abandoned_begin(struct weft_worker *w)
{
    w->is_watched = true;
    w->is_main = getpid() == (pid_t)syscall(SYS_gettid);
    w->idles = abandoned_idles;
    w->run_watched = w->run_thread;
    w->run_thread = abandoned_run;
    w->root.interrupt |= WEFT__INTERRUPT_WATCHED;
}

static void abandoned_at_exit(void)
{
    if (weft__self)
        weft__abandoned_look(weft__self, false);
}

void weft__abandoned_watch(void)
{
    if (weft__settings_reports() & WEFT__REPORT_DEADLOCKS)
        weft__calls.atexit(abandoned_at_exit);
}
