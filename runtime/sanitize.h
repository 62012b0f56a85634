/* SPDX-License-Identifier: MIT */
/* What ASan, TSan, MSan and Valgrind are told: of every stack, and of every switch.
 *
 * Without a sanitizer all of this is nothing, but for Valgrind's registrations, which are a few
 * instructions per stack, never per switch. With one, a switch is announced before and confirmed
 * first thing on the other side, so that it cannot be a tail call. */
#ifndef WEFT_RUNTIME_SANITIZE_H
#define WEFT_RUNTIME_SANITIZE_H

#include <stddef.h>

#if defined __has_feature
#define WEFT__HAS_FEATURE(x) __has_feature(x)
#else
#define WEFT__HAS_FEATURE(x) 0
#endif

#if defined __SANITIZE_ADDRESS__ || WEFT__HAS_FEATURE(address_sanitizer)
#define WEFT__ASAN 1
#endif
#if defined __SANITIZE_THREAD__ || WEFT__HAS_FEATURE(thread_sanitizer)
#define WEFT__TSAN 1
#endif
#if WEFT__HAS_FEATURE(memory_sanitizer)
#define WEFT__MSAN 1
#endif
#if defined WEFT__ASAN || defined WEFT__TSAN || defined WEFT__MSAN
#define WEFT__SANITIZED 1
#endif

#ifdef __clang__
#define WEFT__NOT_SANITIZED __attribute__((no_sanitize("address", "thread", "memory"), noinline))
#elif defined WEFT__SANITIZED
#define WEFT__NOT_SANITIZED __attribute__((no_sanitize_address, no_sanitize_thread, noinline))
#else
#define WEFT__NOT_SANITIZED __attribute__((noinline))
#endif

#if defined __has_include
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#define WEFT__VALGRIND 1
#endif
#endif

#ifdef WEFT__ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef WEFT__MSAN
#include <sanitizer/msan_interface.h>
#endif
#ifdef WEFT__TSAN
#include <sanitizer/tsan_interface.h>
#endif

/* True where unused stack is not as the program left it, or may not be looked at. */
static inline int weft__sanitize_is_on(void)
{
#ifdef WEFT__SANITIZED
    return 1;
#elif defined WEFT__VALGRIND
    return RUNNING_ON_VALGRIND != 0;
#else
    return 0;
#endif
}

/* A stack as the tools know it. */
struct weft_sanitizer {
    const void *low; /* NULL: an OS thread's own stack, learned when it is first left */
    size_t bytes;
    void *fake_stack; /* ASan's, while switched out */
    const void
        *left_low;     /* of the stack that was left for this one, as ASan answers; not locals: */
    size_t left_bytes; /* gcc would leave poison for those in a function that is not sanitized */
    void *fiber;       /* TSan's */
    unsigned valgrind_id;
#ifdef WEFT__SANITIZED
    const char *ended_low; /* what is poisoned while no thread has the stack */
    size_t ended_bytes;
#endif
};

/* Memory that comes into use, or leaves it: frames that never returned have left poison there. */
static inline void weft__sanitize_memory(const void *low, size_t bytes)
{
#ifdef WEFT__ASAN
    __asan_unpoison_memory_region(low, bytes);
#endif
#ifdef WEFT__MSAN
    __msan_unpoison(low, bytes);
#endif
    (void)low;
    (void)bytes;
}

static inline void weft__sanitize_stack_made(struct weft_sanitizer *s, const char *low,
                                             const char *high)
{
    s->low = low;
    s->bytes = (size_t)(high - low);
    s->fake_stack = NULL;
#ifdef WEFT__SANITIZED
    s->ended_bytes = 0;
#endif
#ifdef WEFT__VALGRIND
    s->valgrind_id = VALGRIND_STACK_REGISTER(low, high);
#endif
#ifdef WEFT__TSAN
    s->fiber = __tsan_create_fiber(0);
#endif
}

enum { WEFT__SANITIZE_ENDED_BYTES = 16 * 1024 }; /* what is looked at of a stack, from its top */

/* The thread has ended, and its stack has been left at sp. Until another takes it nobody has business
 * there: that clears the same range of poison. */
static inline __attribute__((always_inline)) void
weft__sanitize_stack_ended(struct weft_sanitizer *s, const char *sp)
{
#ifdef WEFT__SANITIZED
    s->ended_bytes = (size_t)(sp - (const char *)s->low);
    if (s->ended_bytes > WEFT__SANITIZE_ENDED_BYTES)
        s->ended_bytes = WEFT__SANITIZE_ENDED_BYTES;
    s->ended_low = sp - s->ended_bytes;
#endif
#ifdef WEFT__ASAN
    __asan_poison_memory_region(s->ended_low, s->ended_bytes);
#endif
#ifdef WEFT__MSAN
    __msan_poison(s->ended_low, s->ended_bytes);
#endif
    (void)s;
    (void)sp;
}

static inline void weft__sanitize_stack_taken(struct weft_sanitizer *s)
{
#ifdef WEFT__SANITIZED
    weft__sanitize_memory(s->ended_low, s->ended_bytes);
    s->ended_bytes = 0;
#endif
    (void)s;
}

static inline void weft__sanitize_stack_retired(struct weft_sanitizer *s)
{
#ifdef WEFT__VALGRIND
    VALGRIND_STACK_DEREGISTER(s->valgrind_id);
#endif
#ifdef WEFT__TSAN
    __tsan_destroy_fiber(s->fiber);
#endif
    (void)s;
}

static inline void weft__sanitize_root(struct weft_sanitizer *s)
{
#ifdef WEFT__TSAN
    s->fiber = __tsan_get_current_fiber();
#endif
    (void)s;
}

/* Before a switch; `dying`: nothing on the stack that is left will be used again. */
static inline __attribute__((always_inline)) void weft__sanitize_leave(struct weft_sanitizer *from,
                                                                       struct weft_sanitizer *to,
                                                                       int dying)
{
#ifdef WEFT__ASAN
    __sanitizer_start_switch_fiber(dying ? NULL : &from->fake_stack, to->low, to->bytes);
#endif
#ifdef WEFT__TSAN
    __tsan_switch_to_fiber(to->fiber, 0);
#endif
    (void)from;
    (void)to;
    (void)dying;
}

/* First thing after one. `from`: whose stack was left, so that an OS thread's own is learned. */
static inline __attribute__((always_inline)) void weft__sanitize_arrive(struct weft_sanitizer *self,
                                                                        struct weft_sanitizer *from)
{
#ifdef WEFT__ASAN
    __sanitizer_finish_switch_fiber(self->fake_stack, &self->left_low, &self->left_bytes);
    self->fake_stack = NULL;
    if (!from->low) {
        from->low = self->left_low;
        from->bytes = self->left_bytes;
    }
#endif
    (void)self;
    (void)from;
}

#endif
