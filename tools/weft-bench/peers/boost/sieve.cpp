// SPDX-License-Identifier: MIT
// The concurrent prime sieve.
#include "boost.hpp"

using boost::fibers::channel_op_status;

namespace
{
void count(const bool &stop, channel &out)
{
    uint64_t number = 2;

    while (!stop)
        out.push(number++);
    out.close();
}

void filter(uint64_t prime, channel &in, channel &out)
{
    uint64_t number;

    while (in.pop(number) == channel_op_status::success)
        if (number % prime != 0)
            out.push(number);
    out.close();
}

void sample(uint64_t primes)
{
    uint64_t number, sum = 0, start = bench_now_ns();
    bool stop = false;
    std::vector<channel> channels(primes + 1);
    std::vector<fiber> fibers;

    fibers.push_back(spawn(count, std::cref(stop), std::ref(channels[0])));
    for (uint64_t i = 0; i < primes; i++) {
        uint64_t prime = channels[i].value_pop();

        sum += prime;
        fibers.push_back(spawn(filter, prime, std::ref(channels[i]), std::ref(channels[i + 1])));
    }
    bench_print(1, bench_now_ns() - start, sum);
    stop = true;
    while (channels[primes].pop(number) == channel_op_status::success)
        ;
    join(fibers);
}
} // namespace

int main(int argc, char **argv)
{
    return repeat(argc, argv, sample);
}
