/* SPDX-License-Identifier: MIT */
#include "sleepers.h"

int main(int argc, char **argv)
{
    uint64_t n, samples;

    bench_arguments(argc, argv, &n, &samples);
    sleepers_init(n);
    floor_stacks_reserve(n);
    sleepers_run(n);
    return 0;
}
