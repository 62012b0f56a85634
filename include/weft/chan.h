/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Channels: threads hand one another values of one type.
 *
 * Rules for all channels:
 *
 * - A channel holds nothing. Sender and receiver meet: whoever comes first parks, and the value is
 *   copied, bytewise, from the sender's object to the receiver's.
 * - Waiting senders and waiting receivers are served first come, first served.
 * - The element type T is any complete object type that can be assigned, but no array: wrap one in
 *   a struct. T is part of the handle's type, so the compiler checks every use; a typedef is no new
 *   type. Values convert to T as by assignment.
 * - The channel is its creator's, who frees it once all users have ended or will not touch it
 *   again. Handles are copied freely and count nothing.
 * - Arguments are evaluated once.
 *
 * The calls that may park are weft_chan_send(), weft_chan_send_from(), weft_chan_recv() and
 * weft_chan_each(). They allocate nothing for themselves and make no system call, unless
 * all threads are parked, or one that runs meanwhile needs a new stack.
 *
 * From C++ use weft.hpp.
 */
#ifndef WEFT_CHAN_H
#define WEFT_CHAN_H

#include "base.h"

#if defined __GNUC__ && !defined __clang__
#pragma GCC system_header /* see base.h */
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* For the macros alone. */
WEFT_API struct weft_chan *weft_chan_new_(size_t size, const char *site);
WEFT_API void weft_chan_free_(struct weft_chan *channel);
WEFT_API int weft_chan_close_(struct weft_chan *channel);
WEFT_API int weft_chan_send_(struct weft_chan *channel, const void *object, size_t size);
WEFT_API int weft_chan_recv_(struct weft_chan *channel, void *object, size_t size);
WEFT_API int weft_chan_trysend_(struct weft_chan *channel, const void *object, size_t size);
WEFT_API int weft_chan_tryrecv_(struct weft_chan *channel, void *object, size_t size);

#ifdef __cplusplus
}
#endif

#ifndef __cplusplus

/**
 * The type of a channel of T: a pointer that nobody follows, with T in its type.
 *
 * Members, parameters, results and arrays of it are as of any pointer; NULL is no channel. T may be
 * incomplete where only the type is named.
 */
#define weft_chan(...) __typeof__(__typeof__(__VA_ARGS__)(**)(struct weft_chan *))

/** The type of a channel's receiving end: it cannot be sent on. weft_chan() converts to it. */
#define weft_chan_rx(...) __typeof__(__typeof__(__VA_ARGS__)(*const *)(struct weft_chan *))

/** The type of a channel's sending end: it cannot be received from. weft_chan() converts to it. */
#define weft_chan_tx(...) __typeof__(__typeof__(__VA_ARGS__)(*volatile *)(struct weft_chan *))

/**
 * Makes a channel of T: chan_new(T), a weft_chan(T).
 *
 * It is the caller's, see weft_chan_free(). Does not park. NULL: no memory. Cost: one allocation.
 */
#define weft_chan_new(...)                                                           \
    ((weft_chan(__VA_ARGS__))(void *)weft_chan_new_(sizeof(__typeof__(__VA_ARGS__)), \
                                                    __FILE__ ":" WEFT_TEXT_(__LINE__)))

/**
 * Hands a value to a receiver: chan_send(c, value).
 *
 * The value converts to T as by assignment. May park until a receiver takes it. Results: 0: it was
 * taken; -EPIPE: the channel is closed, before or while waiting; -ETIMEDOUT, -ECANCELED, -EDEADLK;
 * -EINVAL: the channel is NULL. Unless it is 0, nobody has the value, and what it owns is still the
 * caller's. Cost: the value is copied to a temporary object and from there to the receiver's.
 */
#define weft_chan_send(channel, ...) \
    WEFT_UNIQUE_(WEFT_CHAN_SEND_, weft_chan_send_, channel, __VA_ARGS__)

/**
 * Takes a value from a sender: chan_recv(c, T *into).
 *
 * into is exactly a T *, or NULL, which drops the value. May park until a sender comes. Results: 0:
 * *into is set; -EPIPE: the channel is closed, before or while waiting; -ETIMEDOUT, -ECANCELED,
 * -EDEADLK; -EINVAL: the channel is NULL. Unless it is 0, *into is untouched.
 */
#define weft_chan_recv(channel, into) \
    WEFT_UNIQUE_(WEFT_CHAN_RECV_, weft_chan_recv_, "chan_recv", channel, into)

/**
 * Receives in a loop until the channel is closed: chan_each(x, c) { ... }.
 *
 * A for loop that declares x, a T, and has weft_chan_recv() as its condition: it ends with the
 * first result other than 0, be it -EPIPE or that of a deadline. break, continue and return are the
 * loop's own. May park at each turn.
 */
#define weft_chan_each(x, channel)                                                               \
    for (WEFT_ELEM_(channel) x,                                                                  \
         (*const *weft_each_##x##_)(struct weft_chan *) = WEFT_UNIQUE_(WEFT_CAN_RECV_, channel); \
         weft_chan_recv_(WEFT_CHAN_HANDLE_(weft_each_##x##_), &x, sizeof x) == 0;)

/**
 * Closes a channel, for good: no value passes any more.
 *
 * Wakes all who wait in it; they get -EPIPE, selects CHAN_CLOSED(i), as does every later send,
 * receive and select. Either side may close. Does not park. Results: 0; -EPIPE: it was closed
 * before; -EINVAL: the channel is NULL. Cost: proportional to the number of waiters.
 */
#define weft_chan_close(channel) weft_chan_close_(WEFT_CHAN_(channel))

/**
 * Frees a channel, open or closed; NULL is fine.
 *
 * The handle, in all its copies, is no longer valid. Wakes nobody: a thread that waits in it is a
 * mistake, and stops the program. A call that has been woken does not touch the channel again, so
 * it may be freed as soon as its last user has been served. Does not park.
 */
#define weft_chan_free(channel) weft_chan_free_(WEFT_CHAN_(channel))

/**
 * Hands *from to a receiver: chan_send_from(c, const T *from).
 *
 * As weft_chan_send(), but copied straight from *from, for elements so large that one copy more
 * counts. *from stays as it is until the call returns.
 */
#define weft_chan_send_from(channel, from) WEFT_UNIQUE_(WEFT_CHAN_SEND_FROM_, channel, from)

/**
 * Hands a value to a receiver that waits already: chan_trysend(c, value).
 *
 * Never parks, never lets another thread run; deadlines do not touch it. Results: 0; -EAGAIN: no
 * receiver waits; -EPIPE: closed; -EINVAL: the channel is NULL.
 */
#define weft_chan_trysend(channel, ...) \
    WEFT_UNIQUE_(WEFT_CHAN_SEND_, weft_chan_trysend_, channel, __VA_ARGS__)

/**
 * Takes a value from a sender that waits already: chan_tryrecv(c, T *into).
 *
 * Never parks, never lets another thread run; deadlines do not touch it. Results: 0; -EAGAIN: no
 * sender waits; -EPIPE: closed; -EINVAL: the channel is NULL. Unless it is 0, *into is untouched.
 */
#define weft_chan_tryrecv(channel, into) \
    WEFT_UNIQUE_(WEFT_CHAN_RECV_, weft_chan_tryrecv_, "chan_tryrecv", channel, into)

/* ------------------------------------------------------------------------------------------------
 * From here on: not for use, only what the macros above are made of. */

/* T, from a channel or an end: the result of a call that is never made. */
#define WEFT_ELEM_(channel) __typeof__((*(channel))((struct weft_chan *)0))

#define WEFT_CHAN_HANDLE_(channel) ((struct weft_chan *)(uintptr_t)(channel))

/* The handle of what must be a channel; the first operand only checks that. */
#define WEFT_CHAN_(channel) ((void)sizeof(WEFT_ELEM_(channel) *), WEFT_CHAN_HANDLE_(channel))

#define WEFT_NO_SEND_(channel, T)                                         \
    _Static_assert(!WEFT_SAME_(channel, T(*const *)(struct weft_chan *)), \
                   "cannot send on a chan_rx: it is the receiving end")
#define WEFT_NO_RECV_(channel, T)                                            \
    _Static_assert(!WEFT_SAME_(channel, T(*volatile *)(struct weft_chan *)), \
                   "cannot receive from a chan_tx: it is the sending end")

/* The value is assigned, not used to initialise: of all forms that has the clearest messages. */
#define WEFT_CHAN_SEND_(n, call, channel, ...)                                          \
    __extension__({                                                                     \
        __auto_type weft_chan_##n = (channel);                                          \
        typedef WEFT_ELEM_(weft_chan_##n) weft_elem_##n;                                \
        WEFT_NO_SEND_(weft_chan_##n, weft_elem_##n);                                    \
        weft_elem_##n weft_value_##n;                                                   \
        weft_value_##n = (__VA_ARGS__);                                                 \
        call(WEFT_CHAN_HANDLE_(weft_chan_##n), &weft_value_##n, sizeof weft_value_##n); \
    })
#define WEFT_CHAN_SEND_FROM_(n, channel, from)                                                   \
    __extension__({                                                                              \
        __auto_type weft_chan_##n = (channel);                                                   \
        typedef WEFT_ELEM_(weft_chan_##n) weft_elem_##n;                                         \
        WEFT_NO_SEND_(weft_chan_##n, weft_elem_##n);                                             \
        const weft_elem_##n *weft_from_##n = (from);                                             \
        weft_chan_send_(WEFT_CHAN_HANDLE_(weft_chan_##n), weft_from_##n, sizeof *weft_from_##n); \
    })
#define WEFT_CHAN_RECV_(n, call, name, channel, into)                             \
    __extension__({                                                               \
        __auto_type weft_chan_##n = (channel);                                    \
        typedef WEFT_ELEM_(weft_chan_##n) weft_elem_##n;                          \
        WEFT_NO_RECV_(weft_chan_##n, weft_elem_##n);                              \
        __auto_type weft_into_##n = (into);                                       \
        WEFT_CAN_HOLD_(weft_into_##n, weft_elem_##n, name, "element");            \
        weft_elem_##n *weft_to_##n = weft_into_##n;                               \
        call(WEFT_CHAN_HANDLE_(weft_chan_##n), weft_to_##n, sizeof *weft_to_##n); \
    })
#define WEFT_CAN_RECV_(n, channel)                       \
    __extension__({                                      \
        __auto_type weft_chan_##n = (channel);           \
        typedef WEFT_ELEM_(weft_chan_##n) weft_elem_##n; \
        WEFT_NO_RECV_(weft_chan_##n, weft_elem_##n);     \
        weft_chan_##n;                                   \
    })

#endif

#endif
