// SPDX-License-Identifier: MIT
// A token goes round a ring of fibers; the one that times it is one of them.
#include "boost.hpp"

namespace
{
void pass(channel &in, channel &out)
{
    for (int i = 0; i < 1 + BENCH_RING_ROUNDS; i++)
        out.push(in.value_pop() + 1);
}

uint64_t turn(uint64_t token, std::vector<channel> &ring)
{
    ring.front().push(token + 1);
    return ring.back().value_pop();
}

void sample(uint64_t n)
{
    std::vector<channel> ring(n);
    std::vector<fiber> fibers;

    for (uint64_t i = 1; i < n; i++)
        fibers.push_back(spawn(pass, std::ref(ring[i - 1]), std::ref(ring[i])));
    uint64_t token = turn(0, ring), start = bench_now_ns();
    for (int i = 0; i < BENCH_RING_ROUNDS; i++)
        token = turn(token, ring);
    bench_print(n * BENCH_RING_ROUNDS, bench_now_ns() - start, token);
    join(fibers);
}
} // namespace

int main(int argc, char **argv)
{
    return repeat(argc, argv, sample);
}
