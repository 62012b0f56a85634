// SPDX-License-Identifier: MIT
// Fibers that all sleep at once.
#ifndef WEFT_BENCH_SLEEPERS_HPP
#define WEFT_BENCH_SLEEPERS_HPP

#include "boost.hpp"

#include <chrono>

inline void sleeper(std::chrono::milliseconds duration, uint64_t &slept)
{
    boost::this_fiber::sleep_for(duration);
    slept++;
}

// How many have slept.
template <typename Stacks> uint64_t sleep_all(uint64_t n, std::chrono::milliseconds duration)
{
    uint64_t slept = 0;
    std::vector<fiber> fibers;

    fibers.reserve(n);
    for (uint64_t i = 0; i < n; i++)
        fibers.push_back(spawn<Stacks>(sleeper, duration, std::ref(slept)));
    join(fibers);
    return slept;
}

// The sample: by how much they take longer than the second.
template <typename Stacks> void sleep_second(uint64_t n)
{
    uint64_t start = bench_now_ns(), slept = sleep_all<Stacks>(n, std::chrono::seconds(1));

    bench_print(1, bench_now_ns() - start - BENCH_SECOND, slept);
}

#endif
