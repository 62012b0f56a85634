/* SPDX-License-Identifier: MIT */
/* tree: each thread spawns two, one for either half of the numbers that it was given less its own,
 * joins them and returns the sum. A message is one join.
 *
 * One of the halves is odd, so that every thread but one has two children or none: that makes half
 * of them leaves, which do not park. */
#include <inttypes.h>

#include "pattern.h"
#include "run.h"

/* What the numbers first, first + 1, ... come to. */
static uint64_t tree_sum(uint64_t first, uint64_t count)
{
    return tally_below(first + count).sum - tally_below(first).sum;
}

static uint64_t tree_node(struct run *r, uint64_t first, uint64_t count);
WEFT_FN(tree_node, struct run *, uint64_t, uint64_t);

static uint64_t tree_join(struct run *r, task(uint64_t) t, uint64_t first, uint64_t count)
{
    uint64_t sum = run_join(r, t), due = tree_sum(first, count);

    if (sum != due)
        check_fail(&r->check, "the thread of number %" PRIu64 " returned %" PRIu64 ", not %" PRIu64,
                   first, sum, due);
    r->messages++;
    return sum;
}

static uint64_t tree_node(struct run *r, uint64_t first, uint64_t count)
{
    uint64_t left = count > 1 ? count / 2 | 1 : 0, right = count - 1 - left, sum = first;
    task(uint64_t) a = NULL, b = NULL;

    if (left > 0)
        a = run_need(r, spawn(tree_node, r, first + 1, left));
    if (right > 0)
        b = run_need(r, spawn(tree_node, r, first + 1 + left, right));
    if (count == 1 && first == r->threads - 1)
        run_measure(r); /* the last of the leaves, which start last */
    if (a)
        sum += tree_join(r, a, first + 1, left);
    if (b)
        sum += tree_join(r, b, first + 1 + left, right);
    return sum;
}

void tree_run(struct run *r)
{
    uint64_t trees = 0;

    run_begin(r, (r->threads + 1) / 2);
    quota_begin(&r->quota);
    while (quota_take(&r->quota, r->threads) > 0) {
        task(uint64_t) root = run_need(r, spawn(tree_node, r, 0, r->threads));

        tree_join(r, root, 0, r->threads);
        trees++;
    }
    check_count(&r->check, 0, r->messages, trees * r->threads);
    run_end(r, r->messages);
}
