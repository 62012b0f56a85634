/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Generators: a thread that makes values one at a time, when somebody asks for the next.
 *
 *     static void count(gen(int) self, int from, int to)
 *     {
 *         for (int i = from; i < to; i++)
 *             if (gen_yield(self, i) < 0)
 *                 return;
 *     }
 *     gen(int) g = gen_new(int, count, 1, 4);
 *     gen_each(i, g)
 *         printf("%d\n", i);
 *     gen_close(g);
 *
 * Rules for all generators:
 *
 * - gen(Y) yields values of type Y; gen(Y, S) is sent values of type S besides. Y and S are
 *   complete object types that can be assigned, but no arrays.
 * - The body is a function whose first parameter is the generator itself; rules and limits of its
 *   other arguments are those of start.h. It runs on a stack of its own from the first gen_next on,
 *   yields only itself, and may do all that a thread may, parking included; its consumer then
 *   waits.
 * - The generator is its creator's, who closes it exactly once: that frees it. Any thread may be
 *   the consumer, one at a time.
 * - The body does not inherit the deadlines of its consumer.
 * - Arguments are evaluated once.
 * - Stops the program: yielding from another thread than the body, or again after -EPIPE; asking or
 *   closing from within the body, or while another thread is inside.
 *
 * Cost of one value: two switches, straight from one thread to the other, without the run queue.
 *
 * From C++ use weft.hpp.
 */
#ifndef WEFT_GEN_H
#define WEFT_GEN_H

#include "base.h"
#include "start.h"

#if defined __GNUC__ && !defined __clang__
#pragma GCC system_header /* see base.h */
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* For the macros alone. */
WEFT_API struct weft_gen *weft_gen_new_(size_t size, size_t takes_size, const char *site);
WEFT_API struct weft_gen *weft_gen_start_(struct weft_gen *gen, struct weft_start *start);
WEFT_API int weft_gen_yield_(struct weft_gen *gen, const void *object, size_t size, void *in,
                             size_t in_size);
WEFT_API int weft_gen_next_(struct weft_gen *gen, void *object, size_t size, const void *sent,
                            size_t sent_size);
WEFT_API int weft_gen_close_(struct weft_gen *gen);

#ifdef __cplusplus
}
#endif

#ifndef __cplusplus

/**
 * The type of a generator: gen(Y), or gen(Y, S) for one that is sent values.
 *
 * A pointer that nobody follows; Y and S are in its type.
 */
#define weft_gen(...) WEFT_CAT_(WEFT_GEN_TYPE_, WEFT_ARITY_(__VA_ARGS__))(__VA_ARGS__)

/**
 * Makes a generator whose body is fn(self, args...): gen_new(Y, fn, args...), a weft_gen(Y).
 *
 * The body does not run yet. The generator is the caller's, see weft_gen_close(). Does not park.
 * NULL: no memory; the arguments may not have been evaluated. Cost: one allocation.
 */
#define weft_gen_new(Y, ...) WEFT_UNIQUE_(WEFT_GEN_NEW_, (Y), 0, __VA_ARGS__)

/** Makes a generator that is sent values: gen_new2(Y, S, fn, args...), as weft_gen_new(). */
#define weft_gen_new2(Y, S, ...) \
    WEFT_UNIQUE_(WEFT_GEN_NEW_, (Y, S), sizeof(__typeof__(S)), __VA_ARGS__)

/**
 * Asks for the next value: gen_next(g, Y *into).
 *
 * The body runs until it yields. into is exactly a Y *, or NULL, which drops the value. May park.
 * Results: 0: *into is set; -EPIPE: the body has returned, now or before; -ETIMEDOUT, -ECANCELED,
 * -EDEADLK: the body goes on, and waits with its value for the next gen_next; -EINVAL: the
 * generator is NULL. Unless it is 0, *into is untouched.
 */
#define weft_gen_next(gen, into) WEFT_UNIQUE_(WEFT_GEN_NEXT_, "gen_next", gen, into, NULL, 0)

/**
 * Hands a value to the consumer: gen_yield(self, value), in the body.
 *
 * The value converts to Y as by assignment. Parks until the next is asked for. Results: 0: go on;
 * -EPIPE: the consumer has closed the generator, whether it took the value before or not: clean up
 * and return; -ETIMEDOUT: a deadline of the body's own is over before anyone asked for the value,
 * which nobody has.
 */
#define weft_gen_yield(gen, ...) WEFT_UNIQUE_(WEFT_GEN_YIELD_, gen, __VA_ARGS__)

/**
 * Finishes the body and frees the generator.
 *
 * A body that has not started never runs. One that is suspended in a yield is resumed, and the
 * yield returns -EPIPE; one that is parked elsewhere gets -ECANCELED there, and from every later
 * call that may park; a yield returns -EPIPE still. The call waits until the body has returned,
 * whatever deadline is in force. Values that nobody took are dropped. May park. Results: 0;
 * -EINVAL: the generator is NULL.
 */
#define weft_gen_close(gen) \
    weft_gen_close_(((void)sizeof(WEFT_YIELDS_(gen) *), WEFT_GEN_HANDLE_(gen)))

/**
 * Asks for values in a loop until the body has returned: gen_each(y, g) { ... }.
 *
 * A for loop that declares y, a Y, and has weft_gen_next() as its condition: it ends with the first
 * result other than 0. break, continue and return are the loop's own; the generator is still to be
 * closed.
 */
#define weft_gen_each(y, gen)                                                              \
    for (WEFT_YIELDS_(gen) y, (**weft_each_##y##_)(struct weft_gen *) =                    \
                                  (WEFT_YIELDS_(gen)(**)(struct weft_gen *))(void *)(gen); \
         weft_gen_next_(WEFT_GEN_HANDLE_(weft_each_##y##_), &y, sizeof y, NULL, 0) == 0;)

/**
 * Sends a value into the body, and asks for the next one: gen_send(g, Y *into, value).
 *
 * The value must be of exactly type S: 1.0, not 1, for a double. It becomes what the
 * weft_gen_yield_recv() that the body waits in receives; a body that waits in weft_gen_yield()
 * drops it. The first value is asked for by weft_gen_next(). May park. Results: as weft_gen_next();
 * after -ETIMEDOUT, -ECANCELED and -EDEADLK the body may have received the value or not; -EINVAL:
 * the generator is NULL, or its body has not started.
 */
#define weft_gen_send(gen, into, ...) WEFT_UNIQUE_(WEFT_GEN_SEND_, gen, into, __VA_ARGS__)

/**
 * Hands a value to the consumer and receives what it sends: gen_yield_recv(self, S *in, value).
 *
 * As weft_gen_yield(). When it is 0, *in is what gen_send() sent, or all zero if gen_next() asked;
 * otherwise *in is untouched.
 */
#define weft_gen_yield_recv(gen, in, ...) WEFT_UNIQUE_(WEFT_GEN_YIELD_RECV_, gen, in, __VA_ARGS__)

/* ------------------------------------------------------------------------------------------------
 * From here on: not for use, only what the macros above are made of. */

#define WEFT_GEN_TYPE_0_(Y) \
    __typeof__(__typeof__(Y)(**)(struct weft_gen *, struct weft_takes_nothing *))
#define WEFT_GEN_TYPE_1_(Y, S) __typeof__(__typeof__(Y)(**)(struct weft_gen *, __typeof__(S) *))

/* Y, from a generator: the result of a call that is never made. */
#define WEFT_YIELDS_(gen) __typeof__((*(gen))((struct weft_gen *)0, (void *)0))

#define WEFT_GEN_HANDLE_(gen) ((struct weft_gen *)(void *)(gen))

/* types is (Y) or (Y, S). */
#define WEFT_GEN_NEW_(n, types, takes_size, ...) \
    WEFT_CAT_(WEFT_GEN_NEW_, WEFT_ARITY_(__VA_ARGS__))(n, types, takes_size, __VA_ARGS__)
#define WEFT_GEN_NEW_0_(n, types, takes_size, fn) \
    WEFT_GEN_MAKE_(n, types, takes_size, fn, weft_gen_##n)
#define WEFT_GEN_NEW_1_(n, types, takes_size, fn, ...) \
    WEFT_GEN_MAKE_(n, types, takes_size, fn, weft_gen_##n, __VA_ARGS__)
#define WEFT_GEN_MAKE_(n, types, takes_size, fn, ...)                                              \
    __extension__({                                                                                \
        weft_gen types weft_gen_##n = NULL;                                                        \
        weft_gen_##n = (weft_gen types)(void *)weft_gen_new_(                                      \
            sizeof(WEFT_YIELDS_(weft_gen_##n)), takes_size, __FILE__ ":" WEFT_TEXT_(__LINE__));    \
        if (weft_gen_##n) {                                                                        \
            WEFT_BEGIN_1_(n, 0, NULL, WEFT_GEN_HANDLE_(weft_gen_##n), fn, __VA_ARGS__)             \
            weft_gen_##n = (weft_gen types)(void *)weft_gen_start_(WEFT_GEN_HANDLE_(weft_gen_##n), \
                                                                   &weft_start_##n);               \
        }                                                                                          \
        weft_gen_##n;                                                                              \
    })

#define WEFT_GEN_NEXT_(n, name, gen, into, sent, sent_size)                                    \
    __extension__({                                                                            \
        __auto_type weft_gen_##n = (gen);                                                      \
        typedef WEFT_YIELDS_(weft_gen_##n) weft_elem_##n;                                      \
        __auto_type weft_into_##n = (into);                                                    \
        WEFT_CAN_HOLD_(weft_into_##n, weft_elem_##n, name, "element");                         \
        weft_elem_##n *weft_to_##n = weft_into_##n;                                            \
        weft_gen_next_(WEFT_GEN_HANDLE_(weft_gen_##n), weft_to_##n, sizeof *weft_to_##n, sent, \
                       sent_size);                                                             \
    })

/* The type of a generator tells whether it takes an S, but not which S it takes: the call that is
 * never made is given a pointer to the value. */
#define WEFT_GEN_SEND_(n, gen, into, ...)                                               \
    __extension__({                                                                     \
        __typeof__(((void)0, (__VA_ARGS__))) weft_sent_##n = (__VA_ARGS__);             \
        (void)sizeof(__typeof__((*(gen))((struct weft_gen *)0, &weft_sent_##n)) *);     \
        WEFT_GEN_NEXT_(n, "gen_send", gen, into, &weft_sent_##n, sizeof weft_sent_##n); \
    })

#define WEFT_GEN_YIELD_(n, gen, ...)             \
    __extension__({                              \
        __auto_type weft_gen_##n = (gen);        \
        WEFT_GEN_GIVE_(n, NULL, 0, __VA_ARGS__); \
    })
#define WEFT_GEN_YIELD_RECV_(n, gen, in, ...)                                           \
    __extension__({                                                                     \
        __auto_type weft_gen_##n = (gen);                                               \
        __auto_type weft_in_##n = (in);                                                 \
        (void)sizeof(__typeof__((*weft_gen_##n)((struct weft_gen *)0, weft_in_##n)) *); \
        WEFT_GEN_GIVE_(n, weft_in_##n, sizeof *weft_in_##n, __VA_ARGS__);               \
    })
#define WEFT_GEN_GIVE_(n, in, in_size, ...)                                                     \
    typedef WEFT_YIELDS_(weft_gen_##n) weft_elem_##n;                                           \
    weft_elem_##n weft_value_##n;                                                               \
    weft_value_##n = (__VA_ARGS__);                                                             \
    weft_gen_yield_(WEFT_GEN_HANDLE_(weft_gen_##n), &weft_value_##n, sizeof weft_value_##n, in, \
                    in_size)

#endif

#endif
