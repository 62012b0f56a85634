// SPDX-License-Identifier: MIT
// Fibers that yield in turn.
#include "boost.hpp"

namespace
{
struct turns {
    uint64_t rounds, yields, elapsed_ns; // the last is that of the first fiber
};

void take_turns(turns &t, bool first)
{
    boost::this_fiber::yield();
    uint64_t start = bench_now_ns(), count = 0;

    for (; count < t.rounds; count++)
        boost::this_fiber::yield();
    if (first)
        t.elapsed_ns = bench_now_ns() - start;
    t.yields += count;
}

void sample(uint64_t n)
{
    turns t = {bench_yield_rounds(n), 0, 0};
    std::vector<fiber> fibers;

    fibers.reserve(n);
    for (uint64_t i = 0; i < n; i++)
        fibers.push_back(spawn(take_turns, std::ref(t), i == 0));
    join(fibers);
    bench_print(n * t.rounds, t.elapsed_ns, t.yields);
}
} // namespace

int main(int argc, char **argv)
{
    return repeat(argc, argv, sample);
}
