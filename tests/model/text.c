/* SPDX-License-Identifier: MIT */
#include "program.h"

#include <stdarg.h>
#include <stdio.h>

static char text[256];
static size_t text_size;

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
    va_list values;
    int size;

    va_start(values, format);
    size = vsnprintf(text + text_size, sizeof text - text_size, format, values);
    va_end(values);
    text_size += size > 0 ? (size_t)size : 0;
    if (text_size >= sizeof text)
        text_size = sizeof text - 1;
}

static void say_chan(int chan)
{
    if (chan == PROGRAM_NO_CHAN)
        say("NULL");
    else
        say("c%d", chan);
}

static void say_clause(const struct program_clause *k)
{
    switch (k->kind) {
    case PROGRAM_CLAUSE_SEND:
        say("send %d on ", k->value);
        say_chan(k->chan);
        break;
    case PROGRAM_CLAUSE_RECV:
        say(k->drops ? "receive and drop from " : "receive from ");
        say_chan(k->chan);
        break;
    case PROGRAM_CLAUSE_TIMEOUT:
        say("timeout %d", (int)k->time);
        break;
    default:
        say("default");
    }
}

static void say_clauses(const struct program_op *op)
{
    for (int i = 0; i < op->n; i++) {
        say(i > 0 ? " | " : "");
        say_clause(&op->clauses[i]);
    }
}

static void say_chan_of(const char *what, const struct program_op *op)
{
    say("%s ", what);
    say_chan(op->chan);
}

static void say_time(const char *what, int64_t time)
{
    if (time == PROGRAM_FOREVER)
        say("%s for ever", what);
    else
        say("%s %lld", what, (long long)time);
}

const char *program_text(const struct program_op *op)
{
    static const char *const about[] = {
        "spawn",     "join",
        "detach",    "cancel",
        "start",     "make the generator of",
        "next of",   "each of",
        "send into", "close the generator of",
    };

    static const char *const beside[] = {
        "lock m",       "try to lock m", "unlock m",   "acquire from s", "try to acquire from s",
        "release to s", "set done",      "await done",
    };

    text_size = 0;
    switch (op->kind) {
    case PROGRAM_TRYSEND:
    case PROGRAM_TRYRECV:
        say("try to ");
        say_clauses(op);
        break;
    case PROGRAM_SEND:
    case PROGRAM_RECV:
        say_clauses(op);
        break;
    case PROGRAM_SELECT:
        say("select ");
        say_clauses(op);
        break;
    case PROGRAM_CLOSE:
        say_chan_of("close", op);
        break;
    case PROGRAM_SLEEP:
        say_time("sleep", op->time);
        break;
    case PROGRAM_YIELD:
        say("yield");
        break;
    case PROGRAM_COMPUTE:
        say_time("compute", op->time);
        break;
    case PROGRAM_WITHIN:
        say_time("within", op->time);
        break;
    case PROGRAM_SHIELD:
        say("shield");
        break;
    case PROGRAM_END:
        say("end");
        break;
    case PROGRAM_ASK:
        say("send %d into t%d", op->value, op->thread);
        break;
    case PROGRAM_GIVE:
        say("yield value %d", op->value);
        break;
    case PROGRAM_GIVE_TAKE:
        say("yield value %d and receive", op->value);
        break;
    case PROGRAM_GROUP_WAIT:
        say("wait for g%d", op->which);
        break;
    case PROGRAM_GROUP_CANCEL:
        say("cancel g%d", op->which);
        break;
    case PROGRAM_FAIL:
        say("fail with %d", op->value);
        break;
    case PROGRAM_LOCK:
    case PROGRAM_TRYLOCK:
    case PROGRAM_UNLOCK:
    case PROGRAM_ACQUIRE:
    case PROGRAM_TRYACQUIRE:
    case PROGRAM_RELEASE:
    case PROGRAM_SET:
    case PROGRAM_AWAIT:
        say("%s%d", beside[op->kind - PROGRAM_LOCK], op->which);
        break;
    case PROGRAM_DRAIN:
        say("wait until all have ended");
        break;
    default:
        say("%s t%d%s", about[op->kind - PROGRAM_SPAWN], op->thread, op->drops ? ", and drop" : "");
        if (op->kind == PROGRAM_GO)
            say(" in g%d", op->which);
    }
    return text;
}

static void print_thread(const struct program *p, int thread)
{
    const struct program_thread *t = &p->of[thread];
    int depth = 0;

    printf(thread == 0 ? "main:\n" : "t%d:\n", thread);
    for (int pc = 0; pc < t->n; pc++) {
        if (t->ops[pc].kind == PROGRAM_END)
            depth--;
        printf("  %2d  %*s%s\n", pc, depth * 4, "", program_text(&t->ops[pc]));
        if (program_begins_scope(&t->ops[pc]))
            depth++;
    }
    if (thread == 0)
        printf("      close all channels, cancel all threads and groups, wait for them, close "
               "generators, join the rest\n");
}

void program_print(const struct program *p)
{
    for (int i = 0; i < p->chans; i++)
        printf("%sc%d of %d byte%s", i > 0 ? ", " : "", i, p->sizes[i],
               p->sizes[i] == 1 ? "" : "s");
    for (int i = 0; i < p->groups; i++)
        printf(p->limits[i] > 0 ? ", g%d for %d at once" : ", g%d", i, p->limits[i]);
    printf("; begins at %lld ns, times are in units of %lld ns\n", (long long)p->base_ns,
           (long long)p->unit_ns);
    for (int i = 0; i < p->threads; i++)
        if (i == 0 || p->of[i].n > 0)
            print_thread(p, i);
}
