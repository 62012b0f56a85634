/* SPDX-License-Identifier: MIT */
#include "account.h"

#include <errno.h>
#include <string.h>

enum { ACCOUNT_VALUES = 2048 };

/* What became of a value. */
enum { ACCOUNT_GIVEN = 1, ACCOUNT_TAKEN = 2, ACCOUNT_KEPT = 4 };

static struct {
    unsigned char sent[ACCOUNT_VALUES];    /* on channels */
    unsigned char yielded[ACCOUNT_VALUES]; /* by bodies; given unless its yield says otherwise */
    unsigned char asked[ACCOUNT_VALUES];   /* sent into bodies */
    int given[PROGRAM_CHANS], taken[PROGRAM_CHANS];
    const char *wrong;
} account;

static void give(unsigned char *fates, int value, int fate)
{
    if (value < ACCOUNT_VALUES)
        fates[value] |= (unsigned char)fate;
}

static void take(unsigned char *fates, int value)
{
    if (value < 0 || value >= ACCOUNT_VALUES)
        return; /* it was dropped, or nobody knows */
    if (fates[value] & ACCOUNT_TAKEN)
        account.wrong = "a value was received twice";
    fates[value] |= ACCOUNT_TAKEN;
}

static void count_clause(const struct program *p, const struct program_clause *k, int value)
{
    const bool is_told = k->chan != PROGRAM_NO_CHAN && p->sizes[k->chan] > 1;

    if (k->chan == PROGRAM_NO_CHAN || k->kind > PROGRAM_CLAUSE_RECV)
        return;
    if (k->kind == PROGRAM_CLAUSE_SEND) {
        account.given[k->chan]++;
        if (is_told)
            give(account.sent, k->value, ACCOUNT_GIVEN);
    } else {
        account.taken[k->chan]++;
        if (is_told)
            take(account.sent, value);
    }
}

/* Of a yield: what the consumer has sent; and whether anybody may have the value. */
static void count_yield(const struct trace_event *e, const struct program_op *op)
{
    give(account.yielded, op->value, e->result == -ETIMEDOUT ? ACCOUNT_KEPT : ACCOUNT_GIVEN);
    if (e->value != 0)
        take(account.asked, e->value);
}

static void count(const struct program *p, const struct trace_event *e)
{
    const struct program_op *op = program_op(p, e->thread, e->pc);

    switch (op->kind) {
    case PROGRAM_SEND:
    case PROGRAM_RECV:
    case PROGRAM_TRYSEND:
    case PROGRAM_TRYRECV:
    case PROGRAM_SELECT:
        if (e->result >= 0)
            count_clause(p, &op->clauses[e->result], e->value);
        break;
    case PROGRAM_NEXT:
    case PROGRAM_EACH:
    case PROGRAM_ASK:
        if (op->kind == PROGRAM_ASK && e->result != TRACE_SKIPPED)
            give(account.asked, op->value, ACCOUNT_GIVEN);
        if (e->result == 0)
            take(account.yielded, e->value);
        break;
    case PROGRAM_GIVE:
    case PROGRAM_GIVE_TAKE:
        if (e->result != TRACE_SKIPPED)
            count_yield(e, op);
        break;
    default:
        break;
    }
}

static void settle(const unsigned char *fates)
{
    for (int i = 0; i < ACCOUNT_VALUES; i++)
        if ((fates[i] & ACCOUNT_TAKEN) && !(fates[i] & ACCOUNT_GIVEN))
            account.wrong = "a value was received that its sender still has";
}

bool account_holds(const struct program *p, const struct trace *trace, const char **wrong)
{
    memset(&account, 0, sizeof account);
    for (int i = 0; i < trace->events_count; i++)
        count(p, &trace->events[i]);
    settle(account.sent);
    settle(account.yielded);
    settle(account.asked);
    for (int i = 0; i < p->chans; i++)
        if (account.given[i] != account.taken[i])
            account.wrong = "what was sent and what was received on a channel are not as many";
    *wrong = account.wrong;
    return account.wrong == NULL;
}
