/* SPDX-License-Identifier: MIT */
/* An array of tasks: work is spread over threads, and a join brings each one's result, typed. */
#include <stdio.h>
#include <weft.h>

enum { TASKS = 10, NUMBERS_EACH = 100 };

static long add_up(int from, int to)
{
    long sum = 0;

    for (int n = from; n < to; n++)
        sum += n;
    return sum;
}

int main(void)
{
    const int end = TASKS * NUMBERS_EACH;
    task(long) tasks[TASKS];
    long total = 0;

    for (int i = 0; i < TASKS; i++)
        tasks[i] = spawn(add_up, i * NUMBERS_EACH, (i + 1) * NUMBERS_EACH);
    for (int i = 0; i < TASKS; i++) {
        long sum;

        if (task_join(tasks[i], &sum) < 0) /* -EINVAL: no memory, it is NULL */
            return 1;
        printf("task %d: %ld\n", i, sum);
        total += sum;
    }
    printf("total: %ld\n", total);
    return total == add_up(0, end) ? 0 : 1;
}
