/* SPDX-License-Identifier: MIT */
/* n threads sleep for a second, after n others that have left their stacks in the pool. */
#include "sleepers.h"

int main(int argc, char **argv)
{
    uint64_t n, samples;

    bench_arguments(argc, argv, &n, &samples);
    thread_setup(n);
    thread_id *threads = calloc(n, sizeof *threads);
    bench_check(threads != NULL, "no memory");
    sleepers_run(threads, n);
    sleepers_print(threads, n);
    return 0;
}
