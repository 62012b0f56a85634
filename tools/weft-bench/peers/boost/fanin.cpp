// SPDX-License-Identifier: MIT
// Many producers, all parked on one channel before its consumer starts.
#include "boost.hpp"

namespace
{
void produce(uint64_t value, channel &out)
{
    for (int i = 0; i < BENCH_FANIN_EACH; i++)
        out.push(value);
}

void sample(uint64_t n)
{
    channel values;
    std::vector<fiber> fibers;

    for (uint64_t i = 0; i < n; i++)
        fibers.push_back(spawn(produce, i, std::ref(values)));
    boost::this_fiber::yield(); // until all are parked
    uint64_t messages = n * BENCH_FANIN_EACH, sum = 0, start = bench_now_ns();
    for (uint64_t i = 0; i < messages; i++)
        sum += values.value_pop();
    bench_print(messages, bench_now_ns() - start, sum);
    join(fibers);
}
} // namespace

int main(int argc, char **argv)
{
    return repeat(argc, argv, sample);
}
