// SPDX-License-Identifier: MIT
// A tree of fibers with ten branches each, whose leaves send their numbers up.
#include "boost.hpp"

namespace
{
void node(uint64_t first, uint64_t leaves, channel &up)
{
    if (leaves == 1) {
        up.push(first);
        return;
    }
    channel below;
    uint64_t part = leaves / BENCH_TREE_FANOUT, sum = 0;

    for (uint64_t i = 0; i < BENCH_TREE_FANOUT; i++)
        spawn<heap>(node, first + i * part, part, std::ref(below)).detach();
    for (int i = 0; i < BENCH_TREE_FANOUT; i++)
        sum += below.value_pop();
    up.push(sum);
}

void sample(uint64_t leaves)
{
    channel up;
    uint64_t start = bench_now_ns();
    fiber root = spawn<heap>(node, 0, leaves, std::ref(up));
    uint64_t sum = up.value_pop(), elapsed_ns = bench_now_ns() - start;

    root.join();
    bench_print_tree(elapsed_ns, sum, bench_peak_bytes());
}
} // namespace

int main(int argc, char **argv)
{
    return repeat(argc, argv, sample);
}
