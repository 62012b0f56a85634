/* SPDX-License-Identifier: MIT */
#include "scenarios.h"

/* clang-format off */
#define VALUE(v, c) {.kind = PROGRAM_CLAUSE_SEND, .chan = (c), .value = (v)}
#define INTO(c) {.kind = PROGRAM_CLAUSE_RECV, .chan = (c)}
#define DEFAULT {.kind = PROGRAM_CLAUSE_DEFAULT, .chan = PROGRAM_NO_CHAN}
#define TIMEOUT(t) {.kind = PROGRAM_CLAUSE_TIMEOUT, .chan = PROGRAM_NO_CHAN, .time = (t)}

#define SEND(v, c) {.kind = PROGRAM_SEND, .n = 1, .clauses = {VALUE(v, c)}}
#define RECV(c) {.kind = PROGRAM_RECV, .n = 1, .clauses = {INTO(c)}}
#define TRYSEND(v, c) {.kind = PROGRAM_TRYSEND, .n = 1, .clauses = {VALUE(v, c)}}
#define TRYRECV(c) {.kind = PROGRAM_TRYRECV, .n = 1, .clauses = {INTO(c)}}
#define SELECT2(a, b) {.kind = PROGRAM_SELECT, .n = 2, .clauses = {a, b}}
#define SELECT3(a, b, c) {.kind = PROGRAM_SELECT, .n = 3, .clauses = {a, b, c}}
#define CLOSE(c) {.kind = PROGRAM_CLOSE, .chan = (c)}
#define SLEEP(t) {.kind = PROGRAM_SLEEP, .time = (t)}
#define COMPUTE(t) {.kind = PROGRAM_COMPUTE, .time = (t)}
#define YIELD {.kind = PROGRAM_YIELD}
#define SPAWN(t) {.kind = PROGRAM_SPAWN, .thread = (t)}
#define JOIN(t) {.kind = PROGRAM_JOIN, .thread = (t)}
#define DETACH(t) {.kind = PROGRAM_DETACH, .thread = (t)}
#define CANCEL(t) {.kind = PROGRAM_CANCEL, .thread = (t)}
#define GEN(t) {.kind = PROGRAM_GEN, .thread = (t)}
#define NEXT(t) {.kind = PROGRAM_NEXT, .thread = (t)}
#define EACH(t) {.kind = PROGRAM_EACH, .thread = (t)}
#define ASK(v, t) {.kind = PROGRAM_ASK, .thread = (t), .value = (v)}
#define FINISH(t) {.kind = PROGRAM_FINISH, .thread = (t)}
#define GIVE(v) {.kind = PROGRAM_GIVE, .value = (v)}
#define GIVE_TAKE(v) {.kind = PROGRAM_GIVE_TAKE, .value = (v)}
#define GO(t, g) {.kind = PROGRAM_GO, .thread = (t), .which = (g)}
#define WAIT(g) {.kind = PROGRAM_GROUP_WAIT, .which = (g)}
#define CANCEL_GROUP(g) {.kind = PROGRAM_GROUP_CANCEL, .which = (g)}
#define FAIL(v) {.kind = PROGRAM_FAIL, .value = (v)}
#define LOCK(m) {.kind = PROGRAM_LOCK, .which = (m)}
#define TRYLOCK(m) {.kind = PROGRAM_TRYLOCK, .which = (m)}
#define UNLOCK(m) {.kind = PROGRAM_UNLOCK, .which = (m)}
#define ACQUIRE(s) {.kind = PROGRAM_ACQUIRE, .which = (s)}
#define TRYACQUIRE(s) {.kind = PROGRAM_TRYACQUIRE, .which = (s)}
#define RELEASE(s) {.kind = PROGRAM_RELEASE, .which = (s)}
#define SET(c) {.kind = PROGRAM_SET, .which = (c)}
#define AWAIT(c) {.kind = PROGRAM_AWAIT, .which = (c)}
#define WITHIN(t) {.kind = PROGRAM_WITHIN, .time = (t)}
#define SHIELD {.kind = PROGRAM_SHIELD}
#define END {.kind = PROGRAM_END}

#define THREAD(...)                                                                \
    {.n = sizeof (struct program_op[]){__VA_ARGS__} / sizeof(struct program_op),   \
     .ops = {__VA_ARGS__}}
#define OF(n, ...) \
    {.threads = (n), .chans = 2, .sizes = {8, 40, 4, 1}, .unit_ns = 1, .of = {__VA_ARGS__}}
/* With groups, the first of which has a limit, and with what is beside channels. */
#define WITH(n, limit, ...)                                                        \
    {.threads = (n), .chans = 2, .sizes = {8, 40, 4, 1}, .unit_ns = 1, .groups = 2, \
     .limits = {(limit), 0}, .besides = 2, .of = {__VA_ARGS__}}

/* What main does: starts them, and waits until they have had time for all of it. */
#define MAIN_2 THREAD(SPAWN(1), SPAWN(2), SLEEP(100))
#define MAIN_3 THREAD(SPAWN(1), SPAWN(2), SPAWN(3), SLEEP(100))

const struct scenario scenarios[] = {
    {"two senders and two receivers",
     OF(5, THREAD(SPAWN(1), SPAWN(2), SPAWN(3), SPAWN(4), SLEEP(100)), THREAD(SEND(1, 0)),
        THREAD(SEND(2, 0)), THREAD(RECV(0)), THREAD(RECV(0)))},
    {"one sends what two receive",
     OF(4, MAIN_3, THREAD(SEND(1, 0), SEND(2, 0), SEND(3, 0)), THREAD(RECV(0), RECV(0)),
        THREAD(RECV(0)))},
    {"two send what one receives",
     OF(4, MAIN_3, THREAD(RECV(0), RECV(0), RECV(0)), THREAD(SEND(1, 0), SEND(2, 0)),
        THREAD(SEND(3, 0)))},
    {"a ping and its pong",
     OF(3, MAIN_2, THREAD(SEND(1, 0), RECV(1), SEND(2, 0)), THREAD(RECV(0), SEND(3, 1), RECV(0)))},
    {"a pipeline",
     OF(4, MAIN_3, THREAD(SEND(1, 0), SEND(2, 0)), THREAD(RECV(0), SEND(3, 1), RECV(0)),
        THREAD(RECV(1), RECV(1)))},
    {"a close meets a sender and a receiver",
     OF(4, MAIN_3, THREAD(SEND(1, 0)), THREAD(RECV(0)), THREAD(CLOSE(0)))},
    {"a close meets two receivers, and another close",
     OF(4, MAIN_3, THREAD(RECV(0), CLOSE(0)), THREAD(RECV(0)), THREAD(CLOSE(0), SEND(1, 0)))},
    {"a close meets a select on both sides",
     OF(3, MAIN_2, THREAD(SELECT2(VALUE(1, 0), INTO(0)), RECV(0)), THREAD(CLOSE(0)))},
    {"two selects meet on two channels",
     OF(3, MAIN_2, THREAD(SELECT2(VALUE(1, 0), INTO(1)), RECV(1)),
        THREAD(SELECT2(VALUE(2, 1), INTO(0)), SEND(3, 1)))},
    {"two selects that send and receive on one channel",
     OF(3, MAIN_2, THREAD(SELECT2(VALUE(1, 0), INTO(0))), THREAD(SELECT2(VALUE(2, 0), INTO(0))))},
    {"a select is chosen from both sides",
     OF(4, MAIN_3, THREAD(SELECT2(INTO(0), INTO(1)), RECV(0)), THREAD(SEND(1, 0)),
        THREAD(SEND(2, 1), CLOSE(0)))},
    {"three clauses on one channel",
     OF(4, MAIN_3, THREAD(SELECT3(INTO(0), INTO(0), VALUE(1, 0))), THREAD(SEND(2, 0)),
        THREAD(RECV(0)))},
    {"selects with a default race for a sender",
     OF(4, MAIN_3, THREAD(SELECT2(INTO(0), DEFAULT)), THREAD(SELECT2(INTO(0), DEFAULT)),
        THREAD(SEND(1, 0)))},
    {"try forms meet those that park",
     OF(4, MAIN_3, THREAD(TRYSEND(1, 0), RECV(0)), THREAD(TRYRECV(0), SEND(2, 0)),
        THREAD(YIELD, TRYRECV(0)))},
    {"a select's timeout meets its sender",
     OF(3, MAIN_2, THREAD(SELECT2(INTO(0), TIMEOUT(5)), RECV(0)), THREAD(SLEEP(5), SEND(1, 0)))},
    {"a deadline meets a handoff",
     OF(3, MAIN_2, THREAD(WITHIN(5), RECV(0), RECV(0), END), THREAD(SLEEP(5), SEND(1, 0)))},
    {"a deadline that is over, and not yet noticed, meets a handoff",
     OF(4, MAIN_3, THREAD(WITHIN(5), RECV(0), END, RECV(0)), THREAD(COMPUTE(7), SEND(1, 0)),
        THREAD(YIELD, SEND(2, 0)))},
    {"two deadlines of one instant on both sides of a channel",
     OF(3, MAIN_2, THREAD(SLEEP(5), WITHIN(5), SEND(1, 0), END), THREAD(WITHIN(10), RECV(0), END))},
    {"nested deadlines",
     OF(3, MAIN_2, THREAD(WITHIN(4), WITHIN(9), RECV(0), END, RECV(1), END),
        THREAD(SLEEP(4), SEND(1, 0), SEND(2, 1)))},
    {"under a deadline of zero",
     OF(4, MAIN_3, THREAD(WITHIN(0), SEND(1, 0), RECV(0), END), THREAD(RECV(0)),
        THREAD(WITHIN(0), SELECT2(VALUE(2, 0), INTO(1)), END))},
    {"a cancellation meets a handoff",
     OF(4, MAIN_3, THREAD(RECV(0), RECV(0)), THREAD(SEND(1, 0)), THREAD(CANCEL(1)))},
    {"a cancellation meets a select, a close and a deadline",
     OF(4, MAIN_3, THREAD(WITHIN(1), SELECT2(INTO(0), VALUE(1, 1)), END), THREAD(CLOSE(0)),
        THREAD(CANCEL(1), RECV(1)))},
    {"a shield meets a cancellation and a deadline",
     OF(4, MAIN_3, THREAD(WITHIN(3), SHIELD, RECV(0), END, RECV(0), END), THREAD(CANCEL(1)),
        THREAD(SLEEP(3), SEND(1, 0), SEND(2, 0)))},
    {"two threads cancel one another",
     OF(3, MAIN_2, THREAD(CANCEL(2), RECV(0)), THREAD(CANCEL(1), SEND(1, 0)))},
    {"a join meets the end, a deadline and a cancellation",
     OF(4, MAIN_3, THREAD(WITHIN(2), JOIN(3), END), THREAD(CANCEL(1), CANCEL(3)),
        THREAD(SLEEP(2)))},
    {"two join one, and a third detaches it",
     OF(5, THREAD(SPAWN(1), SPAWN(2), SPAWN(3), SPAWN(4), SLEEP(100)), THREAD(JOIN(4)),
        THREAD(JOIN(4)), THREAD(DETACH(4)), THREAD(YIELD))},
    {"a thread is cancelled before it runs, and joined",
     OF(3, THREAD(SPAWN(1), SPAWN(2), CANCEL(2), JOIN(1)), THREAD(JOIN(2)),
        THREAD(SEND(1, 0), SHIELD, YIELD, END))},
    {"nothing can run any more",
     OF(4, THREAD(SPAWN(1), SPAWN(2), SPAWN(3), JOIN(1)), THREAD(RECV(0), JOIN(2)),
        THREAD(SEND(1, 0), SEND(2, 0)), THREAD(WITHIN(5), RECV(1), END))},
    {"a handoff under a deadline that is over, and not yet noticed",
     OF(3, MAIN_2, THREAD(RECV(0), RECV(0)),
        THREAD(WITHIN(5), COMPUTE(7), SEND(1, 0), SEND(2, 0), END))},
    {"a select is served, and parks again before its timeout",
     OF(3, MAIN_2, THREAD(SELECT2(INTO(0), TIMEOUT(5)), RECV(1), RECV(0)), THREAD(SEND(1, 0)))},
    {"an ended thread is joined under a deadline of zero",
     OF(3, MAIN_2, THREAD(WITHIN(0), JOIN(2), END, JOIN(2)), THREAD(YIELD))},
    {"a closed channel under a deadline of zero",
     OF(3, MAIN_2, THREAD(WITHIN(0), RECV(0), SELECT2(INTO(0), VALUE(1, 1)), END),
        THREAD(CLOSE(0)))},
    {"nothing can run for a long time",
     OF(3, THREAD(SPAWN(1), SPAWN(2), JOIN(1), RECV(0)), THREAD(SLEEP(1000)), THREAD(RECV(0)))},
    {"sleeps of one instant",
     OF(4, MAIN_3, THREAD(SLEEP(2), SEND(1, 0)), THREAD(SLEEP(1), SLEEP(1), RECV(0)),
        THREAD(SLEEP(0), SLEEP(2)))},

    /* ---- generators ---- */
    {"two ask one generator, in turn",
     WITH(4, 0, THREAD(GEN(3), SPAWN(1), SPAWN(2), SLEEP(100)),
        THREAD(LOCK(0), NEXT(3), UNLOCK(0)), THREAD(LOCK(0), NEXT(3), UNLOCK(0)),
        THREAD(YIELD, GIVE(1), GIVE(2)))},
    {"two ask one generator, as they come",
     OF(5, THREAD(GEN(3), SPAWN(1), SPAWN(2), SPAWN(4), SLEEP(100)), THREAD(NEXT(3), NEXT(3)),
        THREAD(NEXT(3), NEXT(3)), THREAD(GIVE(1), RECV(0), GIVE(2)), THREAD(SEND(3, 0)))},
    {"a close meets a body that waits in a channel",
     OF(4, THREAD(GEN(3), SPAWN(1), SPAWN(2), SLEEP(100)),
        THREAD(WITHIN(3), NEXT(3), END, FINISH(3)), THREAD(SLEEP(3), SEND(2, 0)),
        THREAD(RECV(0), GIVE(1)))},
    {"a close meets a body that waits with its value",
     OF(4, THREAD(GEN(3), SPAWN(1), SPAWN(2), SLEEP(100)),
        THREAD(WITHIN(3), NEXT(3), END, FINISH(3)), THREAD(SLEEP(3), NEXT(3)),
        THREAD(SLEEP(3), GIVE(1), GIVE(2)))},
    {"a close meets a body that has never run, and its first next",
     OF(4, THREAD(GEN(3), SPAWN(1), SPAWN(2), SLEEP(100)), THREAD(NEXT(3)), THREAD(FINISH(3)),
        THREAD(GIVE(1)))},
    {"a close meets the cancellation of the closer",
     OF(4, THREAD(GEN(3), SPAWN(1), SPAWN(2), SLEEP(100)), THREAD(NEXT(3), FINISH(3), RECV(1)),
        THREAD(CANCEL(1), SEND(2, 0)), THREAD(GIVE(1), SHIELD, RECV(0), END, RECV(0)))},
    {"a close waits for a body in a shield",
     OF(4, THREAD(GEN(3), SPAWN(1), SPAWN(2), SLEEP(100)),
        THREAD(WITHIN(2), NEXT(3), FINISH(3), END), THREAD(SLEEP(4), SEND(2, 0), SEND(3, 0)),
        THREAD(SHIELD, RECV(0), END, RECV(0), GIVE(1)))},
    {"a loop over a generator meets a cancellation",
     OF(4, THREAD(GEN(3), SPAWN(1), SPAWN(2), SLEEP(100)), THREAD(EACH(3), FINISH(3)),
        THREAD(YIELD, CANCEL(1)), THREAD(GIVE(1), YIELD, GIVE(2), GIVE(3)))},
    {"a busy body is sent a value",
     OF(4, THREAD(GEN(3), SPAWN(1), SPAWN(2), SLEEP(100)),
        THREAD(WITHIN(2), NEXT(3), END, ASK(5, 3), ASK(6, 3)), THREAD(SLEEP(2), SEND(7, 0)),
        THREAD(RECV(0), GIVE_TAKE(1), GIVE_TAKE(2)))},
    {"a body offers a value under a deadline of its own",
     OF(4, THREAD(GEN(3), SPAWN(1), SPAWN(2), SLEEP(100)),
        THREAD(WITHIN(2), NEXT(3), END, SLEEP(2), NEXT(3)), THREAD(SLEEP(2), SEND(3, 0)),
        THREAD(WITHIN(4), RECV(0), GIVE(1), GIVE_TAKE(2), END))},
    {"a generator asks a generator",
     OF(5, THREAD(GEN(3), GEN(4), SPAWN(1), SPAWN(2), SLEEP(100)), THREAD(EACH(3), FINISH(3)),
        THREAD(CANCEL(1), FINISH(4)), THREAD(NEXT(4), GIVE(1), NEXT(4)),
        THREAD(GIVE(2), RECV(0), GIVE(3)))},
    {"a generator is asked under a deadline of zero",
     OF(4, THREAD(GEN(3), SPAWN(1), SPAWN(2), SLEEP(100)),
        THREAD(WITHIN(0), NEXT(3), ASK(5, 3), END, NEXT(3)),
        THREAD(WITHIN(1), NEXT(3), END, SLEEP(2), WITHIN(0), NEXT(3), END),
        THREAD(SLEEP(2), WITHIN(0), GIVE(1), END, GIVE_TAKE(2)))},
    {"bodies of two generators meet on a channel",
     OF(5, THREAD(GEN(3), GEN(4), SPAWN(1), SPAWN(2), SLEEP(100)), THREAD(EACH(3), FINISH(3)),
        THREAD(NEXT(4), FINISH(4)), THREAD(SEND(1, 0), GIVE(2)), THREAD(RECV(0), GIVE(3), RECV(0)))},
    {"main asks a body for which nothing can come",
     OF(3, THREAD(GEN(2), NEXT(2), SPAWN(1), NEXT(2), NEXT(2)), THREAD(SEND(1, 0)),
        THREAD(RECV(0), GIVE(2)))},

    /* ---- groups ---- */
    {"a member fails while another waits to send",
     WITH(4, 0, THREAD(GO(1, 0), GO(2, 0), SPAWN(3), WAIT(0)), THREAD(YIELD, FAIL(7)),
        THREAD(SEND(1, 0)), THREAD(RECV(0)))},
    {"two members fail, and a third minds it not",
     WITH(4, 0, THREAD(GO(1, 0), GO(2, 0), GO(3, 0), WAIT(0)), THREAD(YIELD, FAIL(7)),
        THREAD(YIELD, FAIL(8)), THREAD(SHIELD, YIELD, END, RECV(0), FAIL(9)))},
    {"a wait for a group meets a deadline and a cancellation",
     WITH(4, 0, THREAD(SPAWN(1), SPAWN(2), SLEEP(100)),
        THREAD(GO(3, 0), WITHIN(2), WAIT(0), END, WAIT(0)), THREAD(SLEEP(2), CANCEL(1)),
        THREAD(SLEEP(2), RECV(0)))},
    {"two come for the one place in a group",
     WITH(5, 1, THREAD(SPAWN(1), SPAWN(2), SLEEP(100), WAIT(0)), THREAD(GO(3, 0)),
        THREAD(GO(4, 0), SEND(1, 0)), THREAD(YIELD, RECV(0)), THREAD(YIELD))},
    {"a full group is cancelled, and one waits for a place",
     WITH(5, 1, THREAD(SPAWN(1), SPAWN(2), YIELD, CANCEL_GROUP(0), WAIT(0)), THREAD(GO(3, 0)),
        THREAD(GO(4, 0)), THREAD(RECV(0)), THREAD(SEND(1, 0)))},
    {"a member fails, and one waits for its place",
     WITH(5, 1, THREAD(SPAWN(1), SPAWN(2), SLEEP(100), WAIT(0)), THREAD(GO(3, 0), GO(3, 0)),
        THREAD(GO(4, 0)), THREAD(YIELD, FAIL(7)), THREAD(YIELD))},
    {"a wait for a place meets its deadline and a cancellation",
     WITH(5, 1, THREAD(SPAWN(1), SPAWN(2), SLEEP(100), WAIT(0)), THREAD(GO(3, 0), CANCEL(2)),
        THREAD(WITHIN(2), GO(4, 0), END), THREAD(SLEEP(2)), THREAD(YIELD))},
    {"a cancellation reaches a group within a group",
     WITH(5, 0, THREAD(GO(1, 0), GO(4, 0), YIELD, CANCEL_GROUP(0), WAIT(0)),
        THREAD(GO(2, 1), GO(3, 1), WAIT(1)), THREAD(RECV(0)), THREAD(SEND(1, 1), FAIL(7)),
        THREAD(SEND(2, 0)))},
    {"a member waits for a group in a shield",
     WITH(4, 0, THREAD(GO(1, 0), GO(3, 0), WAIT(0)), THREAD(GO(2, 1), SHIELD, WAIT(1), END, WAIT(1)),
        THREAD(YIELD, RECV(0)), THREAD(FAIL(7), SEND(1, 0)))},
    {"a member starts another, and fails",
     WITH(4, 2, THREAD(GO(1, 0), SPAWN(3), WAIT(0)), THREAD(GO(2, 0), FAIL(7)),
        THREAD(SEND(1, 0), RECV(0)), THREAD(RECV(0)))},
    {"a member is in its generator when the group fails",
     WITH(4, 0, THREAD(GEN(3), GO(1, 0), GO(2, 0), WAIT(0)), THREAD(NEXT(3), NEXT(3), FINISH(3)),
        THREAD(YIELD, FAIL(7)), THREAD(GIVE(1), RECV(0)))},
    {"main waits for a group that nothing ends",
     WITH(3, 0, THREAD(GO(1, 0), WAIT(0), GO(2, 0), WAIT(0)), THREAD(RECV(0)), THREAD(SEND(1, 0)))},

    /* ---- beside channels ---- */
    {"a mutex goes from hand to hand",
     WITH(4, 0, MAIN_3, THREAD(LOCK(0), YIELD, UNLOCK(0)), THREAD(LOCK(0), YIELD, UNLOCK(0)),
        THREAD(LOCK(0), YIELD, UNLOCK(0)))},
    {"an unlock meets a deadline, a cancellation and one who tries",
     WITH(4, 0, MAIN_3, THREAD(LOCK(0), SLEEP(3), UNLOCK(0)), THREAD(WITHIN(3), LOCK(0), END),
        THREAD(SLEEP(3), TRYLOCK(0), CANCEL(2)))},
    {"two mutexes are locked in either order, until one gives up",
     WITH(3, 0, MAIN_2, THREAD(LOCK(0), LOCK(1), UNLOCK(0)),
        THREAD(LOCK(1), WITHIN(4), LOCK(0), END, UNLOCK(1)))},
    {"two acquire what one releases",
     WITH(4, 0, MAIN_3, THREAD(ACQUIRE(0), RELEASE(0)), THREAD(ACQUIRE(0)),
        THREAD(RELEASE(0), TRYACQUIRE(0), RELEASE(0)))},
    {"a release meets a deadline and a cancellation",
     WITH(4, 0, MAIN_3, THREAD(WITHIN(2), ACQUIRE(0), END, RELEASE(0)),
        THREAD(SLEEP(2), RELEASE(0)), THREAD(SLEEP(2), CANCEL(1), ACQUIRE(0)))},
    {"a completion is set, and all wait for it",
     WITH(4, 0, MAIN_3, THREAD(AWAIT(0), AWAIT(0)), THREAD(WITHIN(0), AWAIT(0), END, AWAIT(0)),
        THREAD(YIELD, SET(0), SET(0)))},
    {"a set meets a deadline and a cancellation",
     WITH(4, 0, MAIN_3, THREAD(WITHIN(2), AWAIT(0), END, AWAIT(0)), THREAD(SLEEP(2), SET(0)),
        THREAD(SLEEP(2), CANCEL(1), AWAIT(0)))},
};

const int scenarios_count = sizeof scenarios / sizeof scenarios[0];

/* clang-format off */
#define MAIN_4 THREAD(SPAWN(1), SPAWN(2), SPAWN(3), SPAWN(4), SLEEP(100))
#define MAIN_6 THREAD(SPAWN(1), SPAWN(2), SPAWN(3), SPAWN(4), SPAWN(5), SPAWN(6), SLEEP(100))

/* The first are the largest: whoever shares them out takes them in turn. */
const struct scenario scenarios_large[] = {
    {"three send two values each, and three receive two",
     OF(7, MAIN_6, THREAD(SEND(1, 0), SEND(2, 0)), THREAD(SEND(3, 0), SEND(4, 0)),
        THREAD(SEND(5, 0), SEND(6, 0)), THREAD(RECV(0), RECV(0)), THREAD(RECV(0), RECV(0)),
        THREAD(RECV(0), RECV(0)))},
    {"three select and send, three receive and select, two channels, a close and a cancellation",
     OF(7, MAIN_6, THREAD(SELECT2(VALUE(1, 0), INTO(1)), SEND(2, 1)),
        THREAD(SELECT2(VALUE(3, 1), INTO(0)), SEND(4, 0)), THREAD(SEND(5, 0), CLOSE(1)),
        THREAD(RECV(0), SELECT2(INTO(0), INTO(1))), THREAD(RECV(1), SELECT2(VALUE(6, 0), INTO(0))),
        THREAD(RECV(0), CANCEL(4)))},
    {"three senders and three receivers",
     OF(7, MAIN_6, THREAD(SEND(1, 0)), THREAD(SEND(2, 0)), THREAD(SEND(3, 0)), THREAD(RECV(0)),
        THREAD(RECV(0)), THREAD(RECV(0)))},
    {"two send two values each, and two receive two",
     OF(5, MAIN_4, THREAD(SEND(1, 0), SEND(2, 0)), THREAD(SEND(3, 0), SEND(4, 0)),
        THREAD(RECV(0), RECV(0)), THREAD(RECV(0), RECV(0)))},
    {"three ask two generators, whose bodies meet on a channel, under a deadline and a close",
     OF(6, THREAD(GEN(4), GEN(5), SPAWN(1), SPAWN(2), SPAWN(3), SLEEP(100)),
        THREAD(NEXT(4), NEXT(5)), THREAD(WITHIN(2), NEXT(5), END, FINISH(4)),
        THREAD(YIELD, NEXT(4), FINISH(5)), THREAD(SEND(1, 0), GIVE(2), GIVE(3)),
        THREAD(YIELD, RECV(0), GIVE(4)))},
    {"a group of four for two places, of which one fails",
     WITH(6, 2, THREAD(SPAWN(1), GO(2, 0), GO(3, 0), GO(4, 0), GO(5, 0), WAIT(0)),
        THREAD(RECV(0), SEND(1, 1)), THREAD(YIELD, SEND(2, 0)), THREAD(RECV(1), YIELD),
        THREAD(YIELD, FAIL(7)), THREAD(SEND(3, 0)))},
};

const int scenarios_large_count = sizeof scenarios_large / sizeof scenarios_large[0];
