/* SPDX-License-Identifier: MIT */
/* n threads sleep for a second, in a process that has started none before: one sample only. */
#include "sleepers.h"

int main(int argc, char **argv)
{
    uint64_t n, samples;

    bench_arguments(argc, argv, &n, &samples);
    sleepers_run(n);
    return 0;
}
