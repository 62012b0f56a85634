/* SPDX-License-Identifier: MIT */
/* What cppcheck must see in loops over channels and generators, and beside calls that it is told nothing
 * of, reading macros by plain.h: the lines marked, and nothing else. Nothing compiles this. */
#include <weft.h>

#include <stddef.h>

static void in_each_value(chan(int) values)
{
    chan_each(value, values) {
        int slots[2];

        slots[2] = value;            /* BUG */
        chan_send(values, slots[2]); /* BUG */
    }
}

static int in_each_of_a_generator(gen(int) numbers)
{
    int sum;

    gen_each(n, numbers) {
        int *none = NULL;

        *none = n; /* BUG */
    }
    return sum; /* BUG */
}

static int beside_a_select(chan(int) c)
{
    int x, slots[2] = {0, 0};

    switch (chan_select(chan_case_recv(c, &x), chan_case_default)) {
    case 0:
        return slots[2]; /* BUG */
    default:
        return 0;
    }
}

static int beside_threads(chan(int) c)
{
    int slots[2] = {0, 0};
    task(int) t = spawn(beside_a_select, c), u = spawn(beside_a_select, c);

    go(in_each_value, c);
    weft_within(10, task_join(t, &slots[0]));
    task_join(u, &slots[1]);
    return slots[2]; /* BUG */
}
