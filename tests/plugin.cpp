// SPDX-License-Identifier: MIT
// What test_plugin loads: C++ in a program that has none.
#include <weft.h>

// Throws and catches i, lets others do the same with theirs, and throws again what it has caught: i
// is the answer, if each thread has its own.
static int catch_and_throw_again(int i)
{
    try {
        try {
            throw i;
        } catch (int) {
            weft_yield();
            throw;
        }
    } catch (int caught) {
        return caught;
    }
}

extern "C" __attribute__((visibility("default"))) int plugin_mixes_exceptions_up(void)
{
    const int threads = 3;
    weft_task(int) t[threads];
    int wrong = 0;

    for (int i = 0; i < threads; i++)
        t[i] = weft_spawn(catch_and_throw_again, i);
    for (int i = 0; i < threads; i++) {
        int caught = -1;

        wrong += weft_task_join(t[i], &caught) != 0 || caught != i;
    }
    return wrong;
}
