/* SPDX-License-Identifier: MIT */
/* A client asks, a server answers, half a million times. */
#include <weft.h>

#include "../bench.h"

static void serve(chan_rx(uint64_t) in, chan_tx(uint64_t) out)
{
    chan_each(question, in)
        chan_send(out, question + 1);
    chan_close(out);
}

static uint64_t ask(chan_tx(uint64_t) out, chan_rx(uint64_t) in)
{
    uint64_t answer, sum = 0;

    for (uint64_t i = 0; i < BENCH_ROUNDTRIPS; i++) {
        chan_send(out, i);
        chan_recv(in, &answer);
        sum += answer;
    }
    return sum;
}

int main(int argc, char **argv)
{
    uint64_t size, samples;

    bench_arguments(argc, argv, &size, &samples);
    while (samples-- > 0) {
        chan(uint64_t) questions = chan_new(uint64_t), answers = chan_new(uint64_t);
        task(void) server = spawn(serve, questions, answers);
        uint64_t began = bench_now_ns(), sum = ask(questions, answers);

        bench_print(BENCH_ROUNDTRIPS, bench_now_ns() - began, sum);
        chan_close(questions);
        bench_check(task_join(server) == 0, "the server was not started");
        chan_free(questions);
        chan_free(answers);
    }
    return 0;
}
