// SPDX-License-Identifier: MIT
// Many fibers parked on one channel, in a fresh process: time, memory and mappings.
#include "boost.hpp"

namespace
{
void sample(uint64_t n)
{
    channel values;
    std::vector<fiber> fibers(n);
    uint64_t sum = 0, before = bench_resident_bytes(), start = bench_now_ns();

    for (fiber &f : fibers)
        f = spawn<heap>([&] { sum += values.value_pop(); });
    boost::this_fiber::yield(); // until all are parked
    uint64_t elapsed_ns = bench_now_ns() - start;
    uint64_t bytes_each = (bench_resident_bytes() - before) / n, mappings = bench_mappings();
    for (uint64_t i = 0; i < n; i++)
        values.push(i);
    join(fibers);
    bench_print_park(elapsed_ns, sum, bytes_each, mappings);
}
} // namespace

int main(int argc, char **argv)
{
    return once(argc, argv, sample);
}
