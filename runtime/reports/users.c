/* SPDX-License-Identifier: MIT */
#include "users.h"

#include "runtime/calls.h"
#include "runtime/sched.h"

enum { USERS_MIN = 8 };

struct weft_thread *weft__users_alive(const struct weft_worker *w, const struct weft_thread *handle)
{
    struct weft_thread *t = NULL;

    if (weft__thread_find(&w->threads, handle, &t) != WEFT__THREAD_FOUND)
        return NULL;
    return t->state == WEFT__THREAD_DONE ? NULL : t;
}

/* Where a handle is, or would be; there is a free slot. */
static const struct weft_thread **users_slot(const struct weft_users *users,
                                             const struct weft_thread *handle)
{
    size_t i = (size_t)((uint64_t)(uintptr_t)handle * UINT64_C(0x9e3779b97f4a7c15) >> 32);

    for (;; i++) {
        const struct weft_thread **slot = &users->slots[i & (users->size - 1)];

        if (!*slot || *slot == handle)
            return slot;
    }
}

static size_t users_count_alive(const struct weft_worker *w, const struct weft_users *users)
{
    size_t n = 0;

    for (size_t i = 0; i < users->size; i++)
        n += users->slots[i] && weft__users_alive(w, users->slots[i]);
    return n;
}

/* Room for as many again as have not ended: 0, or -1. */
static int users_grow(const struct weft_worker *w, struct weft_users *users)
{
    const size_t alive = users_count_alive(w, users);
    struct weft_users larger = {.size = USERS_MIN};

    while (larger.size < alive * 4)
        larger.size *= 2;
    larger.slots = weft__calls.calloc(larger.size, sizeof(void *));
    if (!larger.slots)
        return -1;
    for (size_t i = 0; i < users->size; i++)
        if (users->slots[i] && weft__users_alive(w, users->slots[i]))
            *users_slot(&larger, users->slots[i]) = users->slots[i];
    larger.used = alive;
    weft__users_free(users);
    *users = larger;
    return 0;
}

void weft__users_add(const struct weft_worker *w, struct weft_users *users,
                     const struct weft_thread *handle)
{
    if (users->size > 0 && *users_slot(users, handle))
        return;
    if (users->used * 2 >= users->size && users_grow(w, users) != 0) {
        users->are_more = true;
        return;
    }
    *users_slot(users, handle) = handle;
    users->used++;
}

void weft__users_free(struct weft_users *users)
{
    weft__calls.free(users->slots);
}
