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
#define WITHIN(t) {.kind = PROGRAM_WITHIN, .time = (t)}
#define SHIELD {.kind = PROGRAM_SHIELD}
#define END {.kind = PROGRAM_END}

#define THREAD(...)                                                                \
    {.n = sizeof (struct program_op[]){__VA_ARGS__} / sizeof(struct program_op),   \
     .ops = {__VA_ARGS__}}
#define OF(n, ...) \
    {.threads = (n), .chans = 2, .sizes = {8, 40, 4, 1}, .unit_ns = 1, .of = {__VA_ARGS__}}

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
};

const int scenarios_count = sizeof scenarios / sizeof scenarios[0];
