/* SPDX-License-Identifier: MIT */
/* A generator is asked for two million numbers. */
#include <weft.h>

#include "../bench.h"

static void count_up(gen(uint64_t) self)
{
    for (uint64_t i = 0; gen_yield(self, i) == 0; i++)
        ;
}

int main(int argc, char **argv)
{
    uint64_t size, samples;

    bench_arguments(argc, argv, &size, &samples);
    while (samples-- > 0) {
        gen(uint64_t) numbers = gen_new(uint64_t, count_up);
        uint64_t number, sum = 0, began = bench_now_ns();

        for (int i = 0; i < BENCH_GENERATED; i++)
            if (gen_next(numbers, &number) == 0)
                sum += number;
        bench_print(BENCH_GENERATED, bench_now_ns() - began, sum);
        gen_close(numbers);
    }
    return 0;
}
