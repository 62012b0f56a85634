// SPDX-License-Identifier: MIT
// A source, stages that each add one, a sink.
#include "boost.hpp"

namespace
{
void source(channel &out)
{
    for (uint64_t i = 0; i < BENCH_PIPELINE; i++)
        out.push(i);
}

void stage(channel &in, channel &out)
{
    for (int i = 0; i < BENCH_PIPELINE; i++)
        out.push(in.value_pop() + 1);
}

void sample(uint64_t stages)
{
    uint64_t sum = 0, start = bench_now_ns();
    std::vector<channel> channels(stages + 1);
    std::vector<fiber> fibers;

    fibers.push_back(spawn(source, std::ref(channels[0])));
    for (uint64_t i = 0; i < stages; i++)
        fibers.push_back(spawn(stage, std::ref(channels[i]), std::ref(channels[i + 1])));
    for (int i = 0; i < BENCH_PIPELINE; i++)
        sum += channels[stages].value_pop();
    bench_print(BENCH_PIPELINE * (stages + 1), bench_now_ns() - start, sum);
    join(fibers);
}
} // namespace

int main(int argc, char **argv)
{
    return repeat(argc, argv, sample);
}
