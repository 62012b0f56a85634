/* SPDX-License-Identifier: MIT */
/* weft_group: threads that are waited for together. */
#include "group.h"

#include <errno.h>

#include <weft/thread.h>

#include "calls.h"
#include "deadline.h"
#include "report.h"
#include "sched.h"

static struct weft__group_slot *group_slot(struct weft_group_slot *user)
{
    return (struct weft__group_slot *)(void *)user;
}

static bool group_slot_is_held(const struct weft__group_slot *s)
{
    return s->link.next != NULL;
}

static struct weft_thread *group_thread_of(struct weft_list *link)
{
    return WEFT__CONTAINER_OF(link, struct weft_thread_side, member)->thread;
}

static WEFT__COLD void group_stop(const struct weft_group *g, const char *call, const char *why)
{
    weft__mistake("%s of group %p (made at %s), %s", call, (const void *)g, weft__site(g->site),
                  why);
}

static size_t group_starts(const struct weft_group *g)
{
    size_t n = 0;

    for (const struct weft_list *at = g->slots.next; at != &g->slots; at = at->next)
        n++;
    return n;
}

static WEFT__COLD void group_stop_left(const struct weft_group *g, const char *call)
{
    size_t starts = group_starts(g), members = g->running - starts;

    if (members == 0)
        group_stop(g, call, "of which a start is under way");
    weft__mistake("%s of group %p (made at %s), which %zu thread%s still run%s in%s: group_wait it "
                  "first",
                  call, (const void *)g, weft__site(g->site), members, members == 1 ? "" : "s",
                  members == 1 ? "s" : "", starts ? ", and of which a start is under way" : "");
}

static void group_check(const struct weft_worker *w, const struct weft_group *g, const char *call)
{
    if (WEFT__UNLIKELY(!weft__owns(w, g->owner)))
        group_stop(g, call, "which was freed, or belongs to another OS thread");
}

/* ---- cancelling ---- */

/* Nobody may start a member any more. */
static void group_refuse_callers(struct weft_worker *w, struct weft_group *g)
{
    while (!weft__list_is_empty(&g->callers)) {
        struct weft_list *first = weft__list_pop_front(&g->callers);

        weft__ready(w, WEFT__CONTAINER_OF(first, struct weft_control, waiter.link), -ECANCELED);
    }
}

static void group_cancel_members(struct weft_worker *w, struct weft_group *g)
{
    for (struct weft_list *at = g->members.next; at != &g->members; at = at->next)
        weft__cancel(w, group_thread_of(at));
}

/* A member that waits for a group of its own cancels that: it then comes to the end of the list that
 * is being gone through, so that no depth of groups takes up the stack. */
static void group_cancel(struct weft_worker *w, struct weft_group *g)
{
    bool is_first = weft__list_is_empty(&w->cancelling);

    if (g->is_cancelled)
        return;
    g->is_cancelled = true;
    group_refuse_callers(w, g);
    weft__list_push_back(&w->cancelling, &g->cancelling);
    while (is_first && !weft__list_is_empty(&w->cancelling)) {
        struct weft_list *at = w->cancelling.next;

        group_cancel_members(w, WEFT__CONTAINER_OF(at, struct weft_group, cancelling));
        weft__list_remove(at);
    }
}

/* ---- waits ---- */

static void group_describe(const struct weft_group *g, const struct weft_control *c,
                           struct weft_print *out)
{
    size_t starts = group_starts(g), members = g->running - starts;

    weft__print(out, "%s %p (made at %s)", c->wait->name, (const void *)g, weft__site(g->site));
    if (members > 0)
        weft__print(out, ", in which %zu thread%s run%s", members, members == 1 ? "" : "s",
                    members == 1 ? "s" : "");
    if (starts > 0)
        weft__print(out, ",%s of which a start is under way", members > 0 ? " and" : "");
}

static void group_describe_go(const struct weft_control *c, struct weft_print *out)
{
    const struct weft__group_slot *s = c->on;

    group_describe(s->group, c, out);
}

static void group_unhook_go(struct weft_control *c)
{
    weft__list_remove(&c->waiter.link);
}

static void group_describe_wait(const struct weft_control *c, struct weft_print *out)
{
    group_describe(c->on, c, out);
}

static void group_unhook_wait(struct weft_control *c)
{
    struct weft_group *g = c->on;

    g->waiter = NULL;
}

/* The members are on their way out, and the wait for them goes on. */
static void group_wait_cancelled(struct weft_control *c)
{
    group_cancel(weft__self, c->on);
}

static const struct weft_wait group_wait_go = {
    .name = "waiting for a place in group",
    .describe = group_describe_go,
    .unhook = group_unhook_go,
};
static const struct weft_wait group_wait_end = {
    .name = "waiting for the end of group",
    .describe = group_describe_wait,
    .unhook = group_unhook_wait,
    .cancelled = group_wait_cancelled,
};

/* What group_wait returns to a thread when no member is left. */
static int group_result(const struct weft_group *g, const struct weft_control *c)
{
    if (g->result != 0)
        return g->result;
    return c->interrupt & WEFT__INTERRUPT_CANCELLED ? -ECANCELED : 0;
}

/* ---- slots ---- */

static void group_give(struct weft_group *g, struct weft__group_slot *s)
{
    weft__list_push_back(&g->slots, &s->link);
}

/* A member less, or a slot that was not used: the place goes to who has waited longest for one.
 * Answers who waits for the end of all, if this is it, with its result set. */
static struct weft_control *group_vacate(struct weft_worker *w, struct weft_group *g)
{
    struct weft_control *c = g->waiter;

    if (!weft__list_is_empty(&g->callers)) {
        c = WEFT__CONTAINER_OF(weft__list_pop_front(&g->callers), struct weft_control, waiter.link);
        group_give(g, c->on);
        weft__wake(w, w->current, c, 0);
        return NULL;
    }
    if (--g->running > 0 || !c)
        return NULL;
    g->waiter = NULL;
    c->result = group_result(g, c);
    c->wait = NULL;
    return c;
}

WEFT_API void weft_group_leave_(struct weft_group_slot *user)
{
    struct weft__group_slot *s = group_slot(user);
    struct weft_worker *w = weft__self;
    struct weft_control *waiter;

    if (!group_slot_is_held(s))
        return;
    weft__list_remove(&s->link);
    s->link.next = NULL;
    waiter = group_vacate(w, s->group);
    if (waiter)
        weft__wake(w, w->current, waiter, waiter->result);
}

/* ---- life ---- */

/* The list of groups that the thread has made. */
static struct weft_list *group_list_of(struct weft_thread *creator)
{
    struct weft_list *groups = &weft__thread_side(creator)->groups;

    if (!(creator->flags & WEFT__THREAD_GROUPS))
        weft__list_init(groups);
    creator->flags |= WEFT__THREAD_GROUPS;
    return groups;
}

static void group_orphan(struct weft_group *g)
{
    weft__list_remove_init(&g->made);
    g->creator = NULL;
}

static void group_creator_ended(struct weft_thread *t)
{
    struct weft_list *groups = &weft__thread_side(t)->groups;

    while (!weft__list_is_empty(groups)) {
        struct weft_group *g = WEFT__CONTAINER_OF(groups->next, struct weft_group, made);

        if (WEFT__UNLIKELY(g->running > 0))
            group_stop_left(g, "return by the creator");
        group_orphan(g);
    }
}

static void group_fail(struct weft_worker *w, struct weft_group *g, const struct weft_thread *t,
                       int result)
{
    struct weft_print out = {.fd = -1, .text = g->who, .size = sizeof g->who};

    weft__print_thread(&out, t);
    weft__print_string(&out);
    g->result = result;
    group_cancel(w, g);
}

static struct weft_control *group_member_ended(struct weft_worker *w, struct weft_thread *t)
{
    struct weft_group *g = t->waits_for_end.group;
    int result = (int)(uint32_t)t->does.word;

    weft__list_remove(&weft__thread_side(t)->member);
    if (result != 0 && g->result == 0)
        group_fail(w, g, t, result);
    weft__thread_free(&w->threads, t);
    return group_vacate(w, g);
}

WEFT_API struct weft_group *weft_group_new_(size_t running_max, const char *site)
{
    struct weft_worker *w = weft__worker();
    struct weft_group *g = w ? weft__calls.calloc(1, sizeof *g) : NULL;

    if (!g)
        return NULL;
    w->member_ended = group_member_ended;
    w->creator_ended = group_creator_ended;
    g->owner = w->id;
    g->site = site;
    g->running_max = running_max;
    weft__list_init(&g->members);
    weft__list_init(&g->slots);
    weft__list_init(&g->callers);
    g->creator = w->current->thread;
    weft__list_push_back(group_list_of(g->creator), &g->made);
    weft__list_push_back(&w->groups, &g->link);
    return g;
}

static void group_free(struct weft_group *g, const char *call)
{
    if (WEFT__UNLIKELY(g->running > 0))
        group_stop_left(g, call);
    weft__list_remove(&g->made);
    weft__list_remove(&g->link);
    weft__calls.free(g);
}

WEFT_API void weft_group_free(struct weft_group *g)
{
    if (!g)
        return;
    group_check(weft__worker(), g, "group_free");
    group_free(g, "group_free");
}

void weft__groups_free(struct weft_worker *w)
{
    while (!weft__list_is_empty(&w->groups))
        group_free(WEFT__CONTAINER_OF(w->groups.next, struct weft_group, link), "weft_shutdown");
}

/* ---- starting members ---- */

static bool group_is_full(const struct weft_group *g)
{
    return g->running_max > 0 && g->running == g->running_max;
}

WEFT_API int weft_group_begin_(struct weft_group *g, struct weft_group_slot *user)
{
    struct weft__group_slot *s = group_slot(user);
    struct weft_worker *w = weft__worker();
    struct weft_control *me;

    s->link.next = NULL;
    if (!g || !w)
        return -EINVAL;
    group_check(w, g, "group_go");
    me = w->current;
    if (WEFT__UNLIKELY(me->interrupt & WEFT__INTERRUPT_FAIL))
        return weft__sched_interrupted(w, me);
    if (WEFT__UNLIKELY(g->is_cancelled))
        return weft__spend(w, -ECANCELED);
    *s = (struct weft__group_slot){.group = g, .control = me};
    if (!group_is_full(g)) {
        g->running++;
        group_give(g, s);
        return g->running_max > 0 ? weft__spend(w, 0) : 0;
    }
    if (WEFT__UNLIKELY(me->interrupt & WEFT__INTERRUPT_TRY))
        return weft__sched_tail(w, -ETIMEDOUT);
    me->on = s;
    weft__list_push_back(&g->callers, &me->waiter.link);
    return weft__park(w, me, &group_wait_go);
}

/* The thread has not run yet. If the group was cancelled while its arguments were evaluated, it
 * begins so: it may own them. */
WEFT_API int weft_group_started_(struct weft_group_slot *user, const struct weft_start *start)
{
    struct weft__group_slot *s = group_slot(user);
    struct weft_worker *w = weft__self;
    struct weft_thread_side *side;
    struct weft_thread *t = NULL;

    if (start->error != 0 || weft__thread_find(&w->threads, start->task, &t) != WEFT__THREAD_FOUND)
        return start->error; /* the slot goes back with its frame */
    side = weft__thread_side(t);
    t->flags |= WEFT__THREAD_GROUPED;
    t->waits_for_end.group = s->group;
    side->thread = t;
    weft__list_push_back(&s->group->members, &side->member);
    weft__list_remove(&s->link);
    s->link.next = NULL;
    if (WEFT__UNLIKELY(s->group->is_cancelled))
        weft__cancel(w, t);
    return 0;
}

/* ---- waiting for them ---- */

static bool group_has_member(const struct weft_group *g, const struct weft_thread *t)
{
    return t->flags & WEFT__THREAD_GROUPED && t->waits_for_end.group == g;
}

WEFT_API int weft_group_wait(struct weft_group *g)
{
    struct weft_worker *w = weft__worker();
    struct weft_control *me;

    if (!g || !w)
        return -EINVAL;
    group_check(w, g, "group_wait");
    me = w->current;
    if (WEFT__UNLIKELY(group_has_member(g, me->thread)))
        group_stop(g, "group_wait", "by a thread that runs in it");
    if (WEFT__UNLIKELY(g->waiter != NULL))
        group_stop(g, "group_wait", "which another thread is waiting for");
    if (WEFT__UNLIKELY(me->interrupt & WEFT__INTERRUPT_CANCELLED))
        group_cancel(w, g);
    else if (WEFT__UNLIKELY(me->interrupt & WEFT__INTERRUPT_EXPIRED))
        return weft__sched_interrupted(w, me);
    if (g->running == 0)
        return weft__spend(w, group_result(g, me));
    if (WEFT__UNLIKELY(me->interrupt & (WEFT__INTERRUPT_TRY | WEFT__INTERRUPT_EXPIRED)))
        return weft__sched_tail(w, -ETIMEDOUT);
    me->on = g;
    g->waiter = me;
    return weft__park(w, me, &group_wait_end);
}

WEFT_API int weft_group_cancel(struct weft_group *g)
{
    struct weft_worker *w = weft__worker();

    if (!g || !w)
        return -EINVAL;
    group_check(w, g, "group_cancel");
    group_cancel(w, g);
    return 0;
}

WEFT_API const char *weft_group_who(const struct weft_group *g)
{
    if (!g)
        return NULL;
    group_check(weft__worker(), g, "group_who");
    return g->result != 0 ? g->who : NULL;
}

/* ---- fork ---- */

static void group_drop_members(const struct weft_worker *w, struct weft_group *g,
                               bool (*survives)(const struct weft_worker *,
                                                const struct weft_thread *))
{
    struct weft_list *next;

    for (struct weft_list *at = g->members.next; at != &g->members; at = next) {
        next = at->next;
        if (survives(w, group_thread_of(at)))
            continue;
        weft__list_remove(at);
        g->running--;
    }
}

static void group_drop_slots(const struct weft_worker *w, struct weft_group *g,
                             bool (*survives)(const struct weft_worker *,
                                              const struct weft_thread *))
{
    struct weft_list *next;

    for (struct weft_list *at = g->slots.next; at != &g->slots; at = next) {
        next = at->next;
        if (survives(w, WEFT__CONTAINER_OF(at, struct weft__group_slot, link)->control->thread))
            continue;
        weft__list_remove(at);
        g->running--;
    }
}

/* Nobody waits: threads that are parked in a group do not survive, and unhook themselves. */
void weft__groups_drop(struct weft_worker *w,
                       bool (*survives)(const struct weft_worker *, const struct weft_thread *))
{
    for (struct weft_list *at = w->groups.next; at != &w->groups; at = at->next) {
        struct weft_group *g = WEFT__CONTAINER_OF(at, struct weft_group, link);

        group_drop_members(w, g, survives);
        group_drop_slots(w, g, survives);
        if (g->creator && !survives(w, g->creator))
            group_orphan(g);
    }
}
