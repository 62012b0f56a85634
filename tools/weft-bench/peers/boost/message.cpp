// SPDX-License-Identifier: MIT
// A producer and a consumer on one channel, with messages of 8 or 64 bytes.
#include "boost.hpp"

namespace
{
void make(uint64_t i, uint64_t &message)
{
    message = i;
}

void make(uint64_t i, bench_64 &message)
{
    message = bench_64_make(i);
}

uint64_t sum_of(const uint64_t &message)
{
    return message;
}

uint64_t sum_of(const bench_64 &message)
{
    return bench_64_sum(&message);
}

template <typename T> void produce(boost::fibers::unbuffered_channel<T> &out)
{
    T message;

    for (uint64_t i = 0; i < BENCH_MESSAGES; i++) {
        make(i, message);
        out.push(message);
    }
    out.close();
}

template <typename T> void consume(boost::fibers::unbuffered_channel<T> &in, uint64_t &sum)
{
    T message;

    while (in.pop(message) == boost::fibers::channel_op_status::success)
        sum += sum_of(message);
}

template <typename T> void sample()
{
    uint64_t sum = 0, start = bench_now_ns();
    boost::fibers::unbuffered_channel<T> messages;
    fiber producer = spawn(produce<T>, std::ref(messages));
    fiber consumer = spawn(consume<T>, std::ref(messages), std::ref(sum));

    producer.join();
    consumer.join();
    bench_print(BENCH_MESSAGES, bench_now_ns() - start, sum);
}
} // namespace

int main(int argc, char **argv)
{
    return repeat(argc, argv,
                  [](uint64_t bytes) { bytes == 8 ? sample<uint64_t>() : sample<bench_64>(); });
}
