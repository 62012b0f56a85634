/* SPDX-License-Identifier: MIT */
/* Two sleeps one after the other take as long as both; two threads sleep at the same time. */
#include <stdio.h>
#include <weft.h>

static int say_after(int seconds, const char *what)
{
    int error = weft_sleep(WEFT_SEC(seconds));

    printf("%s\n", what);
    return error;
}

static double seconds_since(int64_t start_ns)
{
    return (double)(weft_now() - start_ns) / 1e9;
}

int main(void)
{
    int64_t start_ns = weft_now();
    task(int) hello, world;
    int hello_error, world_error;

    if (say_after(1, "hello") < 0 || say_after(2, "world") < 0)
        return 1;
    printf("one after the other: %.3f s\n", seconds_since(start_ns));

    start_ns = weft_now();
    hello = spawn(say_after, 1, "hello");
    world = spawn(say_after, 2, "world");
    if (task_join(hello, &hello_error) < 0 || task_join(world, &world_error) < 0)
        return 1;
    printf("together: %.3f s\n", seconds_since(start_ns));
    return hello_error < 0 || world_error < 0 ? 1 : 0;
}
