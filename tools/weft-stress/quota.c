/* SPDX-License-Identifier: MIT */
#include "quota.h"

#include <stdbool.h>
#include <time.h>

enum {
    QUOTA_BUDGET_NS = 1000 * 1000 * 1000,
    QUOTA_LOOK = 1024,               /* messages between two looks at the clock */
    QUOTA_PORTION_MAX = 64,          /* messages to one sender at a time */
    QUOTA_OUTSTANDING_MAX = 1 << 20, /* messages to all senders at a time */
};

int64_t quota_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void quota_init(struct quota *q, uint64_t messages)
{
    *q = (struct quota){
        .limit = messages ? messages : UINT64_MAX,
        .budget_ns = messages ? INT64_MAX : QUOTA_BUDGET_NS,
    };
}

void quota_begin(struct quota *q)
{
    q->begin_ns = quota_now();
}

/* What is taken and not yet passed will need its time too. */
static bool quota_is_over(const struct quota *q)
{
    double need_ns = (double)(quota_now() - q->begin_ns);

    if (q->passed >= QUOTA_LOOK)
        need_ns *= (double)q->taken / (double)q->passed;
    return need_ns >= (double)q->budget_ns;
}

uint64_t quota_take(struct quota *q, uint64_t most)
{
    uint64_t left, n;

    if (q->taken >= q->look_at) {
        q->look_at = q->taken + QUOTA_LOOK;
        if (quota_is_over(q))
            q->limit = q->taken;
    }
    left = q->limit - q->taken;
    n = left < most ? left : most;
    q->taken += n;
    return n;
}

uint64_t quota_portion(const struct quota *q, uint64_t senders)
{
    uint64_t share = q->limit / senders, portion = QUOTA_OUTSTANDING_MAX / senders;

    if (portion > share)
        portion = share;
    if (portion > QUOTA_PORTION_MAX)
        portion = QUOTA_PORTION_MAX;
    return portion ? portion : 1;
}

double quota_done(const struct quota *q)
{
    /* Asked by the process that watches, while another one takes. */
    uint64_t taken = __atomic_load_n(&q->taken, __ATOMIC_RELAXED);
    int64_t begin_ns = __atomic_load_n(&q->begin_ns, __ATOMIC_RELAXED);
    double done;

    if (begin_ns == 0)
        return 0;
    if (q->budget_ns == INT64_MAX)
        done = (double)taken / (double)q->limit;
    else
        done = (double)(quota_now() - begin_ns) / (double)q->budget_ns;
    return done < 1 ? done : 1;
}
