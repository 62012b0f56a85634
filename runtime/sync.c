/* SPDX-License-Identifier: MIT */
#include "sync.h"

#include "report.h"

void weft__sync_refuse_null(const char *call)
{
    weft__mistake("%s of NULL", call);
}

WEFT__COLD void weft__sync_adopt(const struct weft_worker *w, struct weft_waiters *q,
                                 const char *call)
{
    if (q->owner)
        weft__mistake("%s of %p, which belongs to another OS thread, or was not all zero before "
                      "its first use",
                      call, (void *)q);
    if (!w)
        return;
    q->owner = w->id;
    weft__list_init(&q->list);
}

void weft__sync_unhook(struct weft_control *c)
{
    weft__list_remove(&c->waiter.link);
}

void weft__sync_wake_all(struct weft_waiters *q)
{
    struct weft_control *c;

    while ((c = weft__sync_first(q)) != NULL)
        weft__sync_wake(c, 0);
}

struct weft_thread *weft__sync_alive(const struct weft_worker *w, const struct weft_thread *handle)
{
    struct weft_thread *t = NULL;

    if (weft__thread_find(&w->threads, handle, &t) != WEFT__THREAD_FOUND)
        return NULL;
    return t->state == WEFT__THREAD_STARTED ? t : NULL;
}

void weft__sync_describe(const struct weft_control *c, struct weft_print *out)
{
    weft__print(out, "%s %p", c->wait->name, c->on);
}

void weft__sync_describe_whose(const struct weft_control *c, const struct weft_thread *handle,
                               const char *does, struct weft_print *out)
{
    const struct weft_thread *t = weft__sync_alive(weft__self, handle);

    weft__print(out, "%s %p, which ", c->wait->name, c->on);
    if (t)
        weft__print_thread(out, t);
    else
        weft__print(out, "a thread that has ended");
    weft__print(out, " %s", does);
}
