// SPDX-License-Identifier: MIT
// Many fibers are started, then all are joined and their results taken.
#include "boost.hpp"

namespace
{
void answer(uint64_t i, uint64_t &result)
{
    result = i;
}

uint64_t spawn_all(std::vector<fiber> &fibers, std::vector<uint64_t> &results)
{
    uint64_t sum = 0;

    for (uint64_t i = 0; i < fibers.size(); i++)
        fibers[i] = spawn(answer, i, std::ref(results[i]));
    for (uint64_t i = 0; i < fibers.size(); i++) {
        fibers[i].join();
        sum += results[i];
    }
    return sum;
}

void sample(uint64_t n)
{
    std::vector<fiber> fibers(n);
    std::vector<uint64_t> results(n);

    spawn_all(fibers, results); // so that the stacks are not the first
    uint64_t start = bench_now_ns(), sum = spawn_all(fibers, results);
    bench_print(n, bench_now_ns() - start, sum);
}
} // namespace

int main(int argc, char **argv)
{
    return repeat(argc, argv, sample);
}
