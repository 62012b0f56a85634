/* SPDX-License-Identifier: MIT */
/* What no program may do: a task is joined by its maker, and a second time by another thread. */
#include <weft.h>

static int answer(void)
{
    return 42;
}

static void print(task(int) of)
{
    task_join(of); /* too late: main has had the result */
}

int main(void)
{
    task(int) once = spawn(answer);

    task_join(once);
    task_join(spawn(print, once));
    return 0;
}
