// SPDX-License-Identifier: MIT
// A client asks on one channel, a server answers on another.
#include "boost.hpp"

namespace
{
void serve(channel &questions, channel &answers)
{
    uint64_t question;

    while (questions.pop(question) == boost::fibers::channel_op_status::success)
        answers.push(question + 1);
}

void sample(uint64_t)
{
    channel questions, answers;
    fiber server = spawn(serve, std::ref(questions), std::ref(answers));
    uint64_t sum = 0, start = bench_now_ns();

    for (uint64_t i = 0; i < BENCH_ROUNDTRIPS; i++) {
        questions.push(i);
        sum += answers.value_pop();
    }
    bench_print(BENCH_ROUNDTRIPS, bench_now_ns() - start, sum);
    questions.close();
    server.join();
}
} // namespace

int main(int argc, char **argv)
{
    return repeat(argc, argv, sample);
}
