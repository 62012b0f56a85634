/* SPDX-License-Identifier: MIT */
/* n threads sleep for a second, in a process that has started none before. */
#include "sleepers.h"

int main(int argc, char **argv)
{
    uint64_t n, samples;

    bench_arguments(argc, argv, &n, &samples);
    thread_setup(n);
    thread_id *threads = calloc(n, sizeof *threads);
    bench_check(threads != NULL, "no memory");
    sleepers_print(threads, n);
    return 0;
}
