/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Thread-local values: what each green thread has of its own under one key, as errno is.
 *
 * C's _Thread_local and pthread_getspecific() belong to the OS thread, which all green threads of
 * it share. A struct weft_local is a key: a static object of the program's, with a value for each
 * thread, main and the bodies of generators among them, and none to begin with.
 */
#ifndef WEFT_LOCAL_H
#define WEFT_LOCAL_H

#include "base.h"

#if defined __GNUC__ && !defined __clang__
#pragma GCC system_header /* see base.h */
#endif

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A key. Make it by WEFT_LOCAL(), at file scope; all zero is one without a destructor.
 *
 * It must stay where it is until no thread has a value under it any more. All OS threads may use it.
 */
struct weft_local {
    void (*destroy)(void *value); /**< or NULL; the program's to read, not to change */
    uint32_t index_;              /* the library's; 0 until the first value is set */
};

/** How many keys of a process may ever have a value. */
#define WEFT_LOCAL_MAX 1024

/**
 * Begins a key: static struct weft_local key = WEFT_LOCAL(destroy);
 *
 * destroy is a void (*)(void *value), or NULL. It is called for each thread that has a value other
 * than NULL when its function returns: in that thread, before it counts as ended, so that whoever
 * joins it, waits for its group or closes its generator finds it done. get() gives NULL by then. It
 * may park, and set values, which are destroyed in turn, in four rounds at most; what is set later
 * than that is forgotten. In which order keys go is not said. main's values are destroyed by
 * weft_shutdown(), those of another OS thread's own when that ends. Threads that never return
 * destroy nothing: those that a fork's child does not have, or that their OS thread leaves behind.
 */
#define WEFT_LOCAL(destroy) \
    {                       \
        (destroy), 0        \
    }

/**
 * Sets the calling thread's value under the key. The value is the caller's; NULL is none.
 *
 * What was set before is not destroyed. Does not park. Results: 0; -ENOMEM; -ENOSPC: WEFT_LOCAL_MAX
 * other keys are in use; then the value is what it was. Cost: one allocation when a thread sets its
 * first value, and again when it sets values under many keys.
 */
WEFT_API int weft_local_set(struct weft_local *key, void *value);

/**
 * Gives the calling thread's value under the key; NULL: it has none.
 *
 * Does not park. Cost: a few instructions.
 */
WEFT_API void *weft_local_get(const struct weft_local *key);

#ifdef __cplusplus
}
#endif

#endif
