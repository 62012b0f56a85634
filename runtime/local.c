/* SPDX-License-Identifier: MIT */
/* weft_local: an array of values for each thread that has any, and a table of keys for all. */
#include "local.h"

#include <errno.h>
#include <string.h>

#include <weft/local.h>

#include "calls.h"
#include "sched.h"

enum {
    LOCAL_SIZE_MIN = 8,   /* of a thread's first array */
    LOCAL_ROUNDS_MAX = 4, /* of destructors whose values other destructors have set */
};

/* ---- keys: a key's index is its place in the table ---- */

/* Place 0 is nobody's. An entry, once set, stays, but where two OS threads have given one key a
 * place each: one of them takes its own back. */
static struct weft_local *local_keys[WEFT_LOCAL_MAX + 1];

static bool local_claim(uint32_t index, struct weft_local *key)
{
    struct weft_local *nobody = NULL;

    return __atomic_compare_exchange_n(&local_keys[index], &nobody, key, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_RELAXED);
}

/* The key's index; 0: all are in use. */
static WEFT__COLD uint32_t local_enter(struct weft_local *key)
{
    for (uint32_t i = 1; i <= WEFT_LOCAL_MAX; i++) {
        uint32_t index = 0;

        if (!local_claim(i, key))
            continue;
        if (__atomic_compare_exchange_n(&key->index_, &index, i, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE))
            return i;
        __atomic_store_n(&local_keys[i], NULL, __ATOMIC_RELEASE);
        return index;
    }
    return __atomic_load_n(&key->index_, __ATOMIC_ACQUIRE);
}

/* ---- values ---- */

static struct weft_locals *local_values(const struct weft_control *c)
{
    return c->thread->flags & WEFT__THREAD_LOCALS ? c->locals : NULL;
}

/* Makes room for that index: 0, or -ENOMEM. */
static WEFT__COLD int local_grow(struct weft_control *c, uint32_t index)
{
    struct weft_locals *old = local_values(c), *bigger;
    uint32_t used = old ? old->size : 0;
    uint32_t size = used ? used : LOCAL_SIZE_MIN;

    while (size <= index)
        size *= 2;
    bigger = weft__calls.malloc(sizeof *bigger + size * sizeof bigger->values[0]);
    if (!bigger)
        return -ENOMEM;
    bigger->size = size;
    if (old)
        memcpy(bigger->values, old->values, used * sizeof old->values[0]);
    memset(bigger->values + used, 0, (size - used) * sizeof bigger->values[0]);
    weft__calls.free(old);
    c->locals = bigger;
    c->thread->flags |= WEFT__THREAD_LOCALS;
    return 0;
}

WEFT_API int weft_local_set(struct weft_local *key, void *value)
{
    struct weft_worker *w = weft__worker();
    uint32_t index = __atomic_load_n(&key->index_, __ATOMIC_ACQUIRE);
    const struct weft_locals *values;

    if (!w)
        return value ? -ENOMEM : 0;
    values = local_values(w->current);
    if (!value && (index == 0 || !values || index >= values->size))
        return 0; /* it has none */
    if (index == 0)
        index = local_enter(key);
    if (index == 0)
        return -ENOSPC;
    if ((!values || index >= values->size) && local_grow(w->current, index) != 0)
        return -ENOMEM;
    w->current->locals->values[index] = value;
    return 0;
}

WEFT_API void *weft_local_get(const struct weft_local *key)
{
    const struct weft_worker *w = weft__self;
    const struct weft_locals *values = w ? local_values(w->current) : NULL;
    uint32_t index = __atomic_load_n(&key->index_, __ATOMIC_ACQUIRE);

    return values && index < values->size ? values->values[index] : NULL;
}

/* ---- the end of a thread ---- */

/* A destructor may have set others, and have moved all of them. */
static bool local_destroy(struct weft_control *c, uint32_t index)
{
    void *value = c->locals->values[index];
    const struct weft_local *key;

    if (!value)
        return false;
    c->locals->values[index] = NULL;
    key = __atomic_load_n(&local_keys[index], __ATOMIC_ACQUIRE);
    if (key->destroy)
        key->destroy(value);
    return true;
}

static bool local_destroy_all(struct weft_control *c)
{
    bool any = false;

    for (uint32_t i = 1; i < c->locals->size; i++)
        any |= local_destroy(c, i);
    return any;
}

void weft__locals_end(struct weft_control *c)
{
    if (!(c->thread->flags & WEFT__THREAD_LOCALS))
        return;
    for (int round = 0; round < LOCAL_ROUNDS_MAX && local_destroy_all(c); round++)
        ;
    weft__locals_drop(c->thread);
}

void weft__locals_drop(struct weft_thread *t)
{
    if (!(t->flags & WEFT__THREAD_LOCALS))
        return;
    weft__calls.free(t->at.control->locals);
    t->flags &= (uint16_t)~WEFT__THREAD_LOCALS;
}
