/* SPDX-License-Identifier: MIT */
#include "doing.h"

#include "runtime/report.h"
#include "runtime/sched.h"
#include "runtime/unwind/unwind.h"

const char *const weft__doing_names[WEFT__DOINGS] = {
    [WEFT__DOING_RUN] = "running",
    [WEFT__DOING_PARKED] = "parked",
    [WEFT__DOING_READY] = "ready",
    [WEFT__DOING_STARVED] = "waiting for a stack",
    [WEFT__DOING_UNSTARTED] = "not started yet",
    [WEFT__DOING_SUSPENDED] = "suspended",
    [WEFT__DOING_DONE] = "not joined yet",
};

static enum weft__doing doing_started(const struct weft_worker *w, const struct weft_control *c)
{
    if (!c->wait)
        return c == w->current ? WEFT__DOING_RUN : WEFT__DOING_READY;
    return c->wait->held ? WEFT__DOING_SUSPENDED : WEFT__DOING_PARKED;
}

enum weft__doing weft__doing(const struct weft_worker *w, const struct weft_thread *t)
{
    switch (t->state) {
    case WEFT__THREAD_STARTED:
        return doing_started(w, t->at.control);
    case WEFT__THREAD_STARVED:
        return WEFT__DOING_STARVED;
    case WEFT__THREAD_DONE:
        return WEFT__DOING_DONE;
    default:
        return t->flags & WEFT__THREAD_BODY ? WEFT__DOING_SUSPENDED : WEFT__DOING_UNSTARTED;
    }
}

static size_t doing_unwind(const struct weft_view *v, const struct weft_control *c,
                           uintptr_t frames[WEFT__BACKTRACE_RAW])
{
    if (c != v->worker->current)
        return weft__backtrace_parked(c, frames, WEFT__BACKTRACE_RAW, WEFT__BACKTRACE_RAW_OUTER);
    if (!v->here)
        return 0;
    return weft__backtrace_from(c, v->here, frames, WEFT__BACKTRACE_RAW, WEFT__BACKTRACE_RAW_OUTER);
}

size_t weft__view_frames(const struct weft_view *v, const struct weft_thread *t,
                         uintptr_t frames[WEFT__BACKTRACE_RAW], size_t *all)
{
    bool is_out;

    *all = 0;
    if (t->state != WEFT__THREAD_STARTED)
        return 0;
    *all = doing_unwind(v, t->at.control, frames);
    is_out = t->at.control != v->worker->current || v->worker->is_idle; /* waits in libc */
    return weft__backtrace_trim(t->at.control, is_out, frames, all);
}

static void doing_describe(struct weft_print *out, const struct weft_thread *t,
                           enum weft__doing doing)
{
    switch (doing) {
    case WEFT__DOING_PARKED:
        t->at.control->wait->describe(t->at.control, out);
        break;
    case WEFT__DOING_SUSPENDED:
        if (t->state == WEFT__THREAD_STARTED)
            t->at.control->wait->describe(t->at.control, out);
        else
            weft__print(out, "not started, since nobody has asked its generator for a value");
        break;
    case WEFT__DOING_DONE:
        weft__print(out, "has ended, and is not joined yet");
        break;
    default:
        weft__print(out, "%s", weft__doing_names[doing]);
    }
}

static void doing_print_since(struct weft_print *out, int64_t ns)
{
    if (ns < WEFT__TICK_NS) {
        weft__print(out, ", for less than 1 ms");
        return;
    }
    weft__print(out, ", for ");
    weft__print_duration(out, ns);
}

void weft__view_thread(struct weft_view *v, const struct weft_thread *t)
{
    weft__print_thread(v->out, t);
    weft__print(v->out, ": ");
    doing_describe(v->out, t, weft__doing(v->worker, t));
    if (weft__doing(v->worker, t) == WEFT__DOING_PARKED)
        doing_print_since(v->out, weft__sched_since(v->worker, t->at.control));
    if (t->flags & WEFT__THREAD_CANCELLED)
        weft__print(v->out, ", cancelled");
}

void weft__view_backtrace(struct weft_view *v, const struct weft_thread *t)
{
    uintptr_t frames[WEFT__BACKTRACE_RAW];
    size_t all, n = weft__view_frames(v, t, frames, &all);

    weft__print_backtrace(v->out, frames, n, all, WEFT__BACKTRACE_OUTER);
    v->has_frames |= n > 0;
}

void weft__view_hint(struct weft_view *v)
{
    if (v->has_frames)
        weft__print_hint(v->out);
}
