// SPDX-License-Identifier: MIT
// A fiber is started and joined, one after the other.
#include "boost.hpp"

namespace
{
void answer(uint64_t i, uint64_t &result)
{
    result = i;
}

uint64_t spawn_each(uint64_t n)
{
    uint64_t result = 0, sum = 0;

    for (uint64_t i = 0; i < n; i++) {
        spawn(answer, i, std::ref(result)).join();
        sum += result;
    }
    return sum;
}

void sample(uint64_t)
{
    spawn_each(BENCH_SPAWNS_WARM);
    uint64_t start = bench_now_ns(), sum = spawn_each(BENCH_SPAWNS);
    bench_print(BENCH_SPAWNS, bench_now_ns() - start, sum);
}
} // namespace

int main(int argc, char **argv)
{
    return repeat(argc, argv, sample);
}
