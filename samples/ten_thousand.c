/* SPDX-License-Identifier: MIT */
/* Ten thousand tasks that sleep one second each are over after one second. */
#include <stdio.h>
#include <weft.h>

enum { TASKS = 10000 };

int main(void)
{
    static task(int) tasks[TASKS];
    int64_t start_ns = weft_now();
    int64_t took_ns;
    int slept = 0;

    for (int i = 0; i < TASKS; i++)
        tasks[i] = spawn(weft_sleep, WEFT_SEC(1)); /* NULL: no memory; the join says -EINVAL */
    for (int i = 0; i < TASKS; i++) {
        int error;

        if (task_join(tasks[i], &error) == 0 && error == 0)
            slept++;
    }
    took_ns = weft_now() - start_ns;
    printf("%d tasks slept one second each, in %.4f s\n", slept, (double)took_ns / 1e9);
    printf("overhead: %.1f ms\n", (double)(took_ns - WEFT_SEC(1)) / 1e6);
    return slept == TASKS ? 0 : 1;
}
