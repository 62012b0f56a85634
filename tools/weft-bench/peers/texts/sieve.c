/* SPDX-License-Identifier: MIT */
/* The sieve of threads: one counts up, and one for each prime drops that prime's multiples. */
#include <stdatomic.h>
#include <stdbool.h>

#include "chan.h"
#include "samples.h"
#include "thread.h"
#include "../../bench.h"

struct filter {
    uint64_t prime;
    struct chan *in; /* no multiples of the primes before; `in + 1`: nor of this one */
};

static atomic_bool enough;

/* Ends the numbers with 0, which ends every filter in turn. */
static void *count_up(void *out)
{
    for (uint64_t n = 2; !atomic_load_explicit(&enough, memory_order_relaxed); n++)
        chan_send_word(out, n);
    chan_send_word(out, 0);
    return NULL;
}

static void *drop_multiples(void *filter)
{
    const struct filter *f = filter;
    uint64_t n;

    while ((n = chan_recv_word(f->in)) != 0)
        if (n % f->prime != 0)
            chan_send_word(f->in + 1, n);
    chan_send_word(f->in + 1, 0);
    return NULL;
}

/* Filter i reads numbers[i]. The last prime gets none: main reads what is left. */
static uint64_t sieve(struct chan *numbers, struct filter *filters, thread_id *threads,
                      uint64_t primes)
{
    uint64_t sum = 0;

    for (uint64_t i = 0; i < primes; i++) {
        chan_make(&numbers[i], CHAN_CAPACITY, sizeof(uint64_t));
        threads[i] = i == 0 ? thread_start(count_up, &numbers[0])
                            : thread_start(drop_multiples, &filters[i - 1]);
        filters[i] = (struct filter){chan_recv_word(&numbers[i]), &numbers[i]};
        sum += filters[i].prime;
    }
    return sum;
}

static void finish(struct chan *numbers, thread_id *threads, uint64_t primes)
{
    enough = true;
    while (chan_recv_word(&numbers[primes - 1]) != 0)
        ;
    for (uint64_t i = 0; i < primes; i++) {
        thread_join(threads[i]);
        chan_drop(&numbers[i]);
    }
    enough = false;
}

int main(int argc, char **argv)
{
    uint64_t primes, samples;

    bench_arguments(argc, argv, &primes, &samples);
    thread_setup(primes);
    struct chan *numbers = calloc(primes, sizeof *numbers);
    struct filter *filters = calloc(primes, sizeof *filters);
    thread_id *threads = calloc(primes, sizeof *threads);
    bench_check(numbers && filters && threads, "no memory");
    for (bool more = samples_next(&samples); more;) {
        uint64_t began = bench_now_ns(), sum = sieve(numbers, filters, threads, primes);

        bench_print(1, bench_now_ns() - began, sum);
        more = samples_next(&samples);
        if (more) /* else the threads end with the process */
            finish(numbers, threads, primes);
    }
    return 0;
}
