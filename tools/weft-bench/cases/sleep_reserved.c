/* SPDX-License-Identifier: MIT */
/* n threads sleep for a second, on stacks that were made ready before: one sample only. */
#include "sleepers.h"

int main(int argc, char **argv)
{
    uint64_t n, samples;

    bench_arguments(argc, argv, &n, &samples);
    bench_check(weft_reserve(n) == 0, "the stacks could not be reserved");
    sleepers_run(n);
    return 0;
}
