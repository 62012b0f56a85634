/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Select: does one of several sends and receives, whichever can go first.
 *
 *     enum { DATA, QUIT, IDLE };
 *     switch (chan_select([DATA] = chan_case_recv(data, &x),
 *                         [QUIT] = chan_case_recv(quit, NULL),
 *                         [IDLE] = chan_case_timeout(WEFT_SEC(1)))) {
 *     case DATA:              use(x); break;
 *     case CHAN_CLOSED(DATA): data = NULL; break;
 *     case QUIT: ...
 *     default:                return;
 *     }
 *
 * Rules for all selects:
 *
 * - The result is the index of the clause that was done; that of a clause whose channel is closed
 *   is CHAN_CLOSED(index). Give every switch a default: the negative results end there.
 * - Of a result r at run time: r >= 0 is an index; r <= CHAN_CLOSED(0) says that a channel is
 *   closed, and CHAN_CLOSED(r) is then the index; what is between them is a negative errno value.
 * - If several clauses can go, one is chosen at random, each with the same probability; a closed
 *   channel counts as one that can go. If none can, the caller parks in all of them at once.
 * - Exactly one clause is done, and only that one has an effect: of the others, nothing was sent,
 *   and no object is touched.
 * - A clause whose channel is NULL is never ready, nor is one left out between two indexes.
 * - Use at most one default and one timeout.
 * - A select never meets itself: it may send on a channel and receive from it.
 *
 * From C++ use weft.hpp.
 */
#ifndef WEFT_SELECT_H
#define WEFT_SELECT_H

#include "base.h"
#include "chan.h"

#if defined __GNUC__ && !defined __clang__
#pragma GCC system_header /* see base.h */
#endif

#ifdef __cplusplus
extern "C" {
#endif

struct weft_control;

/* The members of the next two structs are the library's. They are laid open so that clauses live in
 * their caller's frame. */
struct weft_waiter {
    struct weft_list link; /* in a channel's queue, while parked */
    void *object;          /* the user's, to copy from or to */
};

/**
 * One clause of a set that is built at run time, for weft_chan_select_n().
 *
 * All zero: never ready. Make others by weft_chan_set_recv() and weft_chan_set_send().
 */
struct weft_case {
    struct weft_waiter waiter;    /* while parked; its object says that it is a clause's */
    struct weft_control *control; /* then the thread's */
    void *object;                 /* the user's, to copy from or to */
    struct weft_chan *chan;
    int64_t amount; /* the size of an element; nanoseconds of a timeout */
    int op;         /* WEFT_OP_... */
};

/**
 * One clause in the arguments of weft_chan_select().
 *
 * It is of another type than a run-time clause because it must not outlive the call's arguments: a
 * value to be sent is in a temporary object there.
 */
struct weft_clause {
    struct weft_case one;
};

/* Of a clause with a channel: where in it the queue of partners is, in words. */
enum { WEFT_OP_NONE, WEFT_OP_DEFAULT, WEFT_OP_SEND, WEFT_OP_TIMEOUT, WEFT_OP_RECV };

/**
 * What a select returns when it finds the channel of clause i closed: a constant expression, below
 * every negative errno value. It is its own inverse: of such a result it is the index.
 */
#define WEFT_CHAN_CLOSED(i) (-4096 - (i))

/* For the macros alone. */
WEFT_API int weft_chan_select_(struct weft_case *cases, size_t n, size_t case_size);

#ifdef __cplusplus
}
#endif

#ifndef __cplusplus

/**
 * Does one of its clauses, and is that one's index: chan_select(clause, ...).
 *
 * Any number of clauses, in order or with array designators, [INDEX] = clause. May park until one
 * can go; with a default clause it never does, and deadlines do not touch it. Results: the index of
 * the clause done; CHAN_CLOSED(index); -ETIMEDOUT: the enclosing weft_within() is over, not a
 * timeout clause; -ECANCELED, -EDEADLK. Unless it is an index, nothing was sent or received. Of
 * several that can go each is as likely as any other. Cost: some nanoseconds a clause, and less
 * where most of many can go; no allocation.
 */
#define weft_chan_select(...) WEFT_UNIQUE_(WEFT_SELECT_, __VA_ARGS__)

/** The clause that receives: chan_case_recv(c, T *into); into as in weft_chan_recv(). */
#define weft_chan_case_recv(channel, into) \
    WEFT_UNIQUE_(WEFT_CASE_RECV_, "chan_case_recv", WEFT_CLAUSE_, channel, into)

/**
 * The clause that sends: chan_case_send(c, value).
 *
 * The value is evaluated and converted whether or not the clause is chosen, and lives as long as
 * the select: only for the arguments of weft_chan_select().
 */
#define weft_chan_case_send(channel, ...) WEFT_UNIQUE_(WEFT_CASE_SEND_, channel, __VA_ARGS__)

/** The clause that is chosen if no other can go now. */
#define weft_chan_case_default WEFT_CLAUSE_(.op = WEFT_OP_DEFAULT)

/**
 * The clause that is chosen if no other could go for ns nanoseconds: chan_case_timeout(ns).
 *
 * Never sooner. WEFT_FOREVER: never; zero or less: now, if no other can go.
 */
#define weft_chan_case_timeout(ns) WEFT_CLAUSE_(.amount = (ns), .op = WEFT_OP_TIMEOUT)

/**
 * Does as weft_chan_select() with clauses of a set built at run time: chan_select_n(cases, n).
 *
 * cases: an array of n struct weft_case, which stays the caller's and may be used again; its
 * objects live until the call returns, and it is not touched meanwhile. With n zero nothing is ever
 * ready. Results: as weft_chan_select(); -EINVAL: n is too large for the indexes.
 */
#define weft_chan_select_n(cases, n) weft_chan_select_((cases), (n), sizeof(struct weft_case))

/** The run-time clause that receives: chan_set_recv(c, T *into), a struct weft_case. */
#define weft_chan_set_recv(channel, into) \
    WEFT_UNIQUE_(WEFT_CASE_RECV_, "chan_set_recv", WEFT_SET_, channel, into)

/**
 * The run-time clause that sends: chan_set_send(c, const T *from), a struct weft_case.
 *
 * *from is read when the value is handed over: it stays as it is until the select returns.
 */
#define weft_chan_set_send(channel, from) WEFT_UNIQUE_(WEFT_SET_SEND_, channel, from)

/* ------------------------------------------------------------------------------------------------
 * From here on: not for use, only what the macros above are made of. */

#define WEFT_SET_(...) ((struct weft_case){__VA_ARGS__})
#define WEFT_CLAUSE_(...) ((struct weft_clause){.one = {__VA_ARGS__}})

/* Counted by sizeof, so that designators may come in any order. */
#define WEFT_SELECT_(n, ...)                                                    \
    __extension__({                                                             \
        struct weft_clause weft_clauses_##n[] = {__VA_ARGS__};                  \
        weft_chan_select_(&weft_clauses_##n[0].one,                             \
                          sizeof weft_clauses_##n / sizeof weft_clauses_##n[0], \
                          sizeof weft_clauses_##n[0]);                          \
    })

#define WEFT_CASE_RECV_(n, name, make, channel, into)                         \
    __extension__({                                                           \
        __auto_type weft_chan_##n = (channel);                                \
        typedef WEFT_ELEM_(weft_chan_##n) weft_elem_##n;                      \
        WEFT_NO_RECV_(weft_chan_##n, weft_elem_##n);                          \
        __auto_type weft_into_##n = (into);                                   \
        WEFT_CAN_HOLD_(weft_into_##n, weft_elem_##n, name, "element");        \
        weft_elem_##n *weft_to_##n = weft_into_##n;                           \
        make(.object = weft_to_##n, .chan = WEFT_CHAN_HANDLE_(weft_chan_##n), \
             .amount = sizeof *weft_to_##n, .op = WEFT_OP_RECV);              \
    })
#define WEFT_SET_SEND_(n, channel, from)                                                     \
    __extension__({                                                                          \
        __auto_type weft_chan_##n = (channel);                                               \
        typedef WEFT_ELEM_(weft_chan_##n) weft_elem_##n;                                     \
        WEFT_NO_SEND_(weft_chan_##n, weft_elem_##n);                                         \
        const weft_elem_##n *weft_from_##n = (from);                                         \
        WEFT_SET_(.object = (void *)(uintptr_t)weft_from_##n,                                \
                  .chan = WEFT_CHAN_HANDLE_(weft_chan_##n), .amount = sizeof *weft_from_##n, \
                  .op = WEFT_OP_SEND);                                                       \
    })

/* The value must outlive its own braces, so it ends up in a compound literal, which lives in the
 * block of the select. */
#define WEFT_CASE_SEND_(n, channel, ...)                                                    \
    WEFT_CLAUSE_(.object = (WEFT_ELEM_(channel)[1]){__extension__({                         \
                     typedef WEFT_ELEM_(channel) weft_elem_##n;                             \
                     WEFT_NO_SEND_(channel, weft_elem_##n);                                 \
                     weft_elem_##n weft_value_##n;                                          \
                     weft_value_##n = (__VA_ARGS__);                                        \
                     weft_value_##n;                                                        \
                 })},                                                                       \
                 .chan = WEFT_CHAN_HANDLE_(channel), .amount = sizeof(WEFT_ELEM_(channel)), \
                 .op = WEFT_OP_SEND)

#endif

#endif
