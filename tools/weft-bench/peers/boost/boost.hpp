// SPDX-License-Identifier: MIT
// What the Boost programs share: fibers, unbuffered channels, the loop over samples.
#ifndef WEFT_BENCH_BOOST_HPP
#define WEFT_BENCH_BOOST_HPP

#include <boost/fiber/all.hpp>
#include <memory>
#include <utility>
#include <vector>

#include <bench.h>

using channel = boost::fibers::unbuffered_channel<uint64_t>;
using fiber = boost::fibers::fiber;

// The pool keeps the stacks of fibers that have ended. Those of malloc cost less memory and are the
// faster ones when all are new.
using pool = boost::fibers::pooled_fixedsize_stack;
using heap = boost::fibers::fixedsize_stack;

template <typename Stacks> inline Stacks stacks(64 * 1024);

template <typename Stacks = pool, typename... Arguments> fiber spawn(Arguments &&...arguments)
{
    return fiber(std::allocator_arg, stacks<Stacks>, std::forward<Arguments>(arguments)...);
}

inline void join(std::vector<fiber> &fibers)
{
    for (fiber &f : fibers)
        f.join();
}

template <typename Sample> int repeat(int argc, char **argv, Sample sample)
{
    uint64_t size, samples;

    bench_arguments(argc, argv, &size, &samples);
    while (samples-- > 0)
        sample(size);
    return 0;
}

// For what only a fresh process can do.
template <typename Sample> int once(int argc, char **argv, Sample sample)
{
    uint64_t size, samples;

    bench_arguments(argc, argv, &size, &samples);
    sample(size);
    return 0;
}

#endif
