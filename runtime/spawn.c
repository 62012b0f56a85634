/* SPDX-License-Identifier: MIT */
#include "spawn.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <weft/start.h>
#include <weft/thread.h>

#include "calls.h"
#include "local.h"
#include "report.h"
#include "sched.h"

/* ---- starting ---- */

/* The class of stacks for threads that ask for none; the same for the whole process. */
static int spawn_default_class = WEFT__STACK_CLASS_DEFAULT;

/* The class of stacks that the start asks for, or -EINVAL. */
static int spawn_class(const struct weft_spawn_opts *opts)
{
    if (opts && opts->size < offsetof(struct weft_spawn_opts, name)) /* it is not set */
        return -EINVAL;
    if (!opts || opts->stack_bytes == 0)
        return __atomic_load_n(&spawn_default_class, __ATOMIC_RELAXED);
    return weft__stack_class(opts->stack_bytes);
}

static const char *spawn_name(const struct weft_spawn_opts *opts)
{
    return opts && opts->size >= sizeof *opts ? opts->name : NULL;
}

/* Room for n words of arguments: in the record, beside it, or in memory of their own. NULL: there
 * is none. */
static inline uint64_t *spawn_words(struct weft_thread *t, size_t n)
{
    uint64_t *far;

    if (n <= WEFT__THREAD_WORDS)
        return t->arguments.words;
    far = weft__thread_side(t)->words;
    if (n > WEFT__THREAD_SIDE_WORDS) {
        far = weft__calls.malloc(n * sizeof(uint64_t));
        if (!far)
            return NULL;
        t->flags |= WEFT__THREAD_OWNS;
    }
    t->flags |= WEFT__THREAD_FAR;
    t->arguments.far = far;
    return far;
}

/* Where they are. */
static void *spawn_arguments(struct weft_thread *t)
{
    return WEFT__UNLIKELY(t->flags & WEFT__THREAD_FAR) ? t->arguments.far : t->arguments.words;
}

/* What every start sets. The public flags are the record's. */
static inline void spawn_set(struct weft_thread *t, const struct weft_start *s, int stack_class)
{
    t->stack_class = (uint8_t)stack_class;
    t->does.fn = s->fn;
    t->site = s->site;
    t->flags |= (uint16_t)s->flags;
    weft__start_save_fp_control(&t->fp_control);
}

/* A record with room on the run queue, its arguments still missing; NULL with s->error set. */
static struct weft_thread *spawn_record(struct weft_worker *w, struct weft_start *s)
{
    int stack_class = spawn_class(s->opts);
    const char *name = spawn_name(s->opts);
    struct weft_thread *t;

    s->error = stack_class;
    if (stack_class < 0)
        return NULL;
    s->error = -ENOMEM;
    t = weft__thread_new(&w->threads);
    if (WEFT__UNLIKELY(!t))
        return NULL;
    if (WEFT__UNLIKELY(weft__sched_fit(w) != 0)) {
        weft__thread_free(&w->threads, t);
        return NULL;
    }
    if (WEFT__UNLIKELY(name != NULL))
        weft__thread_set_name(t, name);
    spawn_set(t, s, stack_class);
    return t;
}

_Static_assert((int)WEFT_START_DETACHED == (int)WEFT__THREAD_DETACHED &&
                   (int)WEFT_START_FLOAT == (int)WEFT__THREAD_FLOAT,
               "a start's flags are the record's");

/* A generator keeps its body back until somebody asks for a value. */
static void spawn_launch(struct weft_worker *w, struct weft_start *s, struct weft_thread *t)
{
    s->error = 0;
    if (s->gen) {
        t->flags |= WEFT__THREAD_BODY;
        t->waits_for_end.generator = s->gen;
        s->task = t;
        return;
    }
    s->task = weft__thread_handle(t);
    weft__sched_start(w, t);
}

/* ---- starting by the stub ---- */

#ifdef WEFT_HAVE_STUB

WEFT_API void weft_start_begin_(struct weft_start *s)
{
    struct weft_worker *w = weft__worker();

    s->task = NULL;
    s->error = -ENOMEM;
    if (WEFT__LIKELY(w != NULL)) {
        s->outer = w->current->starting;
        w->current->starting = s;
    }
    weft__start_zero();
}

/* The arguments: 0, or -1 without memory. */
static int spawn_pack(struct weft_thread *t, const struct weft_capture *capture, size_t stack_bytes)
{
    uint64_t *words = t->arguments.words;
    size_t n = weft__start_pack(capture, stack_bytes, &t->packed, words, WEFT__THREAD_WORDS);

    if (n <= WEFT__THREAD_WORDS)
        return 0;
    words = spawn_words(t, n);
    if (!words)
        return -1;
    weft__start_pack(capture, stack_bytes, &t->packed, words, n);
    return 0;
}

static WEFT__NOINLINE void spawn_any(struct weft_worker *w, struct weft_start *s,
                                     const struct weft_capture *capture)
{
    struct weft_thread *t = spawn_record(w, s);

    if (WEFT__UNLIKELY(!t))
        return;
    if (WEFT__UNLIKELY(spawn_pack(t, capture, s->stack_bytes) != 0)) {
        weft__thread_free(&w->threads, t);
        return;
    }
    spawn_launch(w, s, t);
}

/* A thread without options, of a few words, for which there is room. */
static bool spawn_is_plain(const struct weft_worker *w, const struct weft_start *s,
                           const struct weft_capture *capture)
{
    return !s->opts && !s->gen && w->threads.free && w->threads.live < w->run.mask &&
           weft__start_is_plain(capture, s->stack_bytes);
}

/* What spawn_any does, for such a thread. */
static inline void spawn_plain(struct weft_worker *w, struct weft_start *s,
                               const struct weft_capture *capture)
{
    struct weft_thread *t = weft__thread_new(&w->threads);
    size_t n = weft__start_plain_words(capture);

    spawn_set(t, s, __atomic_load_n(&spawn_default_class, __ATOMIC_RELAXED));
    weft__start_pack_plain(capture, &t->packed, spawn_words(t, n), n);
    s->error = 0;
    s->task = weft__thread_handle(t);
    weft__sched_start(w, t);
}

void weft__start_commit(const struct weft_capture *capture)
{
    struct weft_worker *w = weft__self;
    struct weft_start *s = w ? w->current->starting : NULL;

    if (WEFT__UNLIKELY(!s))
        return; /* its begin found no memory, and said so */
    w->current->starting = s->outer;
    if (WEFT__UNLIKELY(!spawn_is_plain(w, s, capture)))
        spawn_any(w, s, capture);
    else
        spawn_plain(w, s, capture);
}

static uint64_t spawn_run_call(struct weft_thread *t)
{
    struct weft_result result =
        weft__start_call(t->does.fn, &t->packed, spawn_arguments(t), t->fp_control);

    return t->flags & WEFT__THREAD_FLOAT ? result.vector : result.word;
}

#endif

/* ---- starting with a copy ---- */

/* A thread that has room for an object of this size: where the object goes, NULL with s->error set. */
static void *spawn_copy_room(struct weft_worker *w, struct weft_start *s, size_t size,
                             struct weft_thread **t)
{
    void *room;

    s->task = NULL;
    s->error = -ENOMEM;
    *t = w ? spawn_record(w, s) : NULL;
    if (!*t)
        return NULL;
    room = spawn_words(*t, size / sizeof(uint64_t) + 1);
    if (!room) {
        weft__thread_free(&w->threads, *t);
        return NULL;
    }
    (*t)->flags |= WEFT__THREAD_COPY;
    return room;
}

WEFT_API void weft_start_copy_(struct weft_start *s, void (*fn)(void *object, void *result),
                               const void *object, size_t size)
{
    struct weft_worker *w = weft__worker();
    struct weft_thread *t;
    void *room;

    s->fn = (void (*)(void))fn;
    room = spawn_copy_room(w, s, size, &t);
    if (!room)
        return;
    if (size > 0)
        memcpy(room, object, size);
    spawn_launch(w, s, t);
}

/* ---- starting in steps, with an object whose making may fail ---- */

/* In between the record is nobody's: in no list, and no report. It is counted, so that the run
 * queue has room for it. */

WEFT_API void *weft_start_room_(struct weft_start *s, void (*fn)(void *object, void *result),
                                size_t size)
{
    struct weft_thread *t;
    void *room;

    s->fn = (void (*)(void))fn;
    room = spawn_copy_room(weft__worker(), s, size, &t);
    if (!room)
        return NULL;
    t->state = WEFT__THREAD_FREE;
    s->task = t;
    return room;
}

WEFT_API void weft_start_launch_(struct weft_start *s)
{
    struct weft_thread *t = s->task;

    t->state = WEFT__THREAD_UNSTARTED;
    spawn_launch(weft__self, s, t);
}

WEFT_API void weft_start_abandon_(struct weft_start *s)
{
    weft__thread_free(&weft__self->threads, s->task);
    s->task = NULL;
}

/* ---- starting with a function that takes a copy ---- */

/* An object of the user's lies behind the function that takes it, as aligned as promised. */
enum { SPAWN_PLAIN_AT = 16 };

static void spawn_run_plain(void *object, void *result)
{
    void (*fn)(void *copy);

    (void)result;
    memcpy(&fn, object, sizeof fn);
    fn((char *)object + SPAWN_PLAIN_AT);
}

WEFT_API int weft_go_copy(void (*fn)(void *copy), const void *object, size_t size)
{
    struct weft_start s = {
        .fn = (void (*)(void))spawn_run_plain,
        .site = "weft_go_copy",
        .flags = WEFT_START_DETACHED,
    };
    struct weft_worker *w = weft__worker();
    struct weft_thread *t;
    char *room;

    if (size > SIZE_MAX / 2)
        return -ENOMEM;
    room = spawn_copy_room(w, &s, SPAWN_PLAIN_AT + size, &t);
    if (!room)
        return s.error;
    memcpy(room, &fn, sizeof fn);
    if (size > 0)
        memcpy(room + SPAWN_PLAIN_AT, object, size);
    spawn_launch(w, &s, t);
    return 0;
}

/* The copy lives as long as the record, which is longer than fn runs. */
static uint64_t spawn_run_copy(struct weft_thread *t)
{
    void (*fn)(void *, void *) = (void (*)(void *, void *))t->does.fn;
    uint64_t result = 0;

    weft__start_set_fp_control(t->fp_control);
    fn(spawn_arguments(t), &result);
    return result;
}

/* ---- running to the end ---- */

static uint64_t spawn_run(struct weft_thread *t)
{
#ifdef WEFT_HAVE_STUB
    if (WEFT__LIKELY(!(t->flags & WEFT__THREAD_COPY)))
        return spawn_run_call(t);
#endif
    return spawn_run_copy(t);
}

static struct weft_control *spawn_joined(struct weft_worker *w, struct weft_thread *t,
                                         struct weft_control *joiner)
{
    weft__thread_deliver(w, t, joiner->waiter.object, joiner->on_stride);
    joiner->result = 0;
    joiner->wait = NULL;
    return joiner;
}

/* The end of an ordinary thread, whom a joiner may wait for. */
static inline struct weft_control *spawn_end(struct weft_worker *w, struct weft_thread *t)
{
    t->state = WEFT__THREAD_DONE;
    if (t->waits_for_end.joiner)
        return spawn_joined(w, t, t->waits_for_end.joiner);
    if (t->flags & WEFT__THREAD_DETACHED)
        weft__thread_free(&w->threads, t);
    return NULL;
}

/* Others that come for it would wait for ever. */
static void spawn_check_locks(const struct weft_locks *l)
{
    if (WEFT__LIKELY(l->count == 0))
        return;
    if (l->count == 1)
        weft__mistake("return while it holds mutex %p", (void *)l->all);
    if (l->last == 0)
        weft__mistake("return while it holds %zu mutexes", l->count);
    weft__mistake("return while it holds %zu mutexes, %p among them", l->count, (void *)l->last);
}

/* Of any thread. Its values are destroyed first, by code of the program's that may do as it likes. */
static WEFT__NOINLINE struct weft_control *spawn_end_any(struct weft_worker *w,
                                                         struct weft_thread *t)
{
    if (t->flags & WEFT__THREAD_LOCALS)
        weft__locals_end(t->at.control);
    if (t->flags & WEFT__THREAD_LOCKS)
        spawn_check_locks(&t->at.control->locks);
    if (t->flags & WEFT__THREAD_GROUPS)
        w->creator_ended(t);
    if (t->flags & WEFT__THREAD_CANCELLED && !(t->flags & WEFT__THREAD_BODY) &&
        w->cancelled_left > 0)
        w->cancelled_left--;
    if (!(t->flags & (WEFT__THREAD_BODY | WEFT__THREAD_GROUPED)))
        return spawn_end(w, t);
    t->state = WEFT__THREAD_DONE;
    if (t->flags & WEFT__THREAD_BODY)
        return w->body_ended(w, t->waits_for_end.generator);
    return w->member_ended(w, t);
}

struct weft_control *weft__thread_run(struct weft_worker *w, struct weft_control *c)
{
    struct weft_thread *t = c->thread;

    t->does.word = spawn_run(t);
    if (WEFT__UNLIKELY(t->flags & WEFT__THREAD_ENDS))
        return spawn_end_any(w, t);
    return spawn_end(w, t);
}

/* ---- the rest of the family ---- */

WEFT_API WEFT__NOIPA void weft_yield(void)
{
    struct weft_worker *w = weft__worker();

    if (!w)
        return;
    if (WEFT__UNLIKELY(weft__ring_count(&w->run) == 0))
        weft__sched_yield_alone(w);
    weft__sched_last(w, w->current, 0);
    if (WEFT__UNLIKELY(--w->countdown == 0))
        weft__sched_next(w, w->current);
    else
        weft__switch_first(w, w->current);
}

WEFT_API int weft_reserve(size_t n)
{
    struct weft_worker *w = weft__worker();

    if (!w || weft__stack_reserve(weft__stack_pool(&w->stacks, spawn_class(NULL)), n) != 0)
        return -ENOMEM;
    return 0;
}

WEFT_API int weft_stack_default(size_t bytes)
{
    int stack_class = weft__stack_class(bytes);

    if (stack_class < 0)
        return stack_class;
    __atomic_store_n(&spawn_default_class, stack_class, __ATOMIC_RELAXED);
    return 0;
}

WEFT_API void weft_deadlock_returns(int on)
{
    struct weft_worker *w = weft__worker();

    if (w)
        w->deadlock_returns = on != 0;
}
