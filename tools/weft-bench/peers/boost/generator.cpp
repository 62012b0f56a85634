// SPDX-License-Identifier: MIT
// A coroutine of Boost.Coroutine2 that hands out the numbers.
#include "boost.hpp"

#include <boost/coroutine2/coroutine.hpp>

namespace
{
using numbers = boost::coroutines2::coroutine<uint64_t>;

void count(numbers::push_type &out)
{
    for (uint64_t i = 0;; i++)
        out(i);
}

void sample(uint64_t)
{
    numbers::pull_type generator(count);
    uint64_t sum = 0, start = bench_now_ns();

    for (int i = 0; i < BENCH_GENERATED; i++) {
        sum += generator.get();
        generator();
    }
    bench_print(BENCH_GENERATED, bench_now_ns() - start, sum);
}
} // namespace

int main(int argc, char **argv)
{
    return repeat(argc, argv, sample);
}
