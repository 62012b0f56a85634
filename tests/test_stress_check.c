/* SPDX-License-Identifier: MIT */
/* Does weft-stress find what it looks for? First its checkers are fed with values that were
 * lost, came twice or out of order; then every pattern runs as it is, but for one send that
 * loses its value, passes it twice or swaps it with the channel's next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <weft.h>

#include "emulator.h"

/* NOLINTBEGIN(bugprone-suspicious-include): the sources themselves, so that their sends can be made
 * to go wrong. */
#include "tools/weft-stress/check.c"
#include "tools/weft-stress/limits.c"
#include "tools/weft-stress/memory.c"
#include "tools/weft-stress/plain.c"
#include "tools/weft-stress/quota.c"
#include "tools/weft-stress/run.c"
#include "tools/weft-stress/usage.c"

/* ---- sends that go wrong ---- */

enum fault { SOUND, LOST, DOUBLED, SWAPPED, SWALLOWED };

static struct {
    enum fault fault;
    uint64_t at;    /* the send of that number goes wrong, counted from 1 */
    uint64_t sends; /* so far */
    uint64_t received;
    void *held_for; /* swapped: on what a value is held back */
    char held[8];
} faulty;

typedef int faulty_pass(void *through, const void *value, size_t size);

static int faulty_pass_both(faulty_pass *pass, void *through, const void *first, const void *second,
                            size_t size)
{
    int result = pass(through, first, size);

    return result != 0 ? result : pass(through, second, size);
}

static int faulty_send(faulty_pass *pass, void *through, const void *value, size_t size)
{
    bool hit = ++faulty.sends == faulty.at;
    char late[sizeof faulty.held];

    if (faulty.held_for == through) {
        faulty.held_for = NULL;
        memcpy(late, faulty.held, size);
        return faulty_pass_both(pass, through, value, late, size);
    }
    if (!hit || faulty.fault == SOUND)
        return pass(through, value, size);
    if (faulty.fault == DOUBLED)
        return faulty_pass_both(pass, through, value, value, size);
    if (faulty.fault == SWAPPED) {
        memcpy(faulty.held, value, size);
        faulty.held_for = through;
    }
    return 0;
}

static int faulty_pass_chan(void *through, const void *value, size_t size)
{
    return weft_chan_send_(through, value, size);
}

static int faulty_pass_gen(void *through, const void *value, size_t size)
{
    return weft_gen_yield_(through, value, size, NULL, 0);
}

#define FAULTY_SEND(pass, through, type, ...)                                         \
    __extension__({                                                                   \
        type faulty_value = (__VA_ARGS__);                                            \
        faulty_send(pass, (void *)(uintptr_t)(through), &faulty_value, sizeof(type)); \
    })
#undef chan_send
#define chan_send(channel, ...) \
    FAULTY_SEND(faulty_pass_chan, channel, __typeof__((*(channel))(NULL)), __VA_ARGS__)
#undef gen_yield
#define gen_yield(gen, ...) FAULTY_SEND(faulty_pass_gen, gen, uint64_t, __VA_ARGS__)

/* A select evaluates what it may send each time, sent or not: here the numbers themselves are such
 * as a receiver sees behind a lost, a doubled and two swapped ones. */
static uint64_t faulty_number(uint64_t n)
{
    uint64_t at = faulty.at - 1;

    if (n > faulty.sends + 1)
        faulty.sends = n - 1; /* the next has been sent as well */
    switch (faulty.fault) {
    case LOST:
        return n >= at ? n + 1 : n;
    case DOUBLED:
        return n > at ? n - 1 : n;
    case SWAPPED:
        return n == at ? at + 1 : n == at + 1 ? at : n;
    default:
        return n;
    }
}
#undef chan_case_send
#define chan_case_send(channel, ...) weft_chan_case_send(channel, faulty_number(__VA_ARGS__))

/* A value that select received, and that its caller never hears of. */
static bool faulty_swallows(int clause)
{
    if (faulty.fault != SWALLOWED || clause < 0 || clause > 1)
        return false;
    return ++faulty.received == faulty.at;
}
#undef chan_select
#define chan_select(...)                                   \
    __extension__({                                        \
        int faulty_clause = weft_chan_select(__VA_ARGS__); \
        if (faulty_swallows(faulty_clause))                \
            faulty_clause = weft_chan_select(__VA_ARGS__); \
        faulty_clause;                                     \
    })

/* A wake that never comes, or comes at once. */
static int faulty_sleep(int64_t ns)
{
    chan(bool) nobody;

    if (++faulty.sends != faulty.at || faulty.fault == SOUND)
        return weft_sleep(ns);
    if (faulty.fault != LOST)
        return 0;
    nobody = chan_new(bool);
    return chan_recv(nobody, NULL);
}
#define weft_sleep(ns) faulty_sleep(ns)

#include "tools/weft-stress/fan.c"
#include "tools/weft-stress/generators.c"
#include "tools/weft-stress/pairs.c"
#include "tools/weft-stress/pipeline.c"
#include "tools/weft-stress/ring.c"
#include "tools/weft-stress/select.c"
#include "tools/weft-stress/sieve.c"
#include "tools/weft-stress/sleepers.c"

#include "tools/weft-stress/abandoned.c"
#include "tools/weft-stress/groups.c"
#include "tools/weft-stress/upsets.c"

/* A join that brings nothing, or what the one before it brought. */
static uint64_t faulty_join(struct run *r, task(uint64_t) t)
{
    static uint64_t before;
    uint64_t result = run_join(r, t), earlier = before;

    before = result;
    if (++faulty.sends != faulty.at || faulty.fault == SOUND)
        return result;
    return faulty.fault == LOST ? 0 : earlier;
}
#define run_join(r, t) faulty_join(r, t)

#include "tools/weft-stress/tree.c"

#include "tools/weft-stress/soak.c"
/* NOLINTEND(bugprone-suspicious-include) */

/* ---- the patterns, in child processes: a fault may end in a deadlock ---- */

enum {
    FOUND = 1,
    DEADLOCK = 2, /* the library's exit status */
    MESSAGES = 5000,
    PLACES = 8, /* where a fault is tried */
    CHILD_SECONDS_MAX = 20,
};

static void run_child(void (*pattern)(struct run *), size_t threads, uint64_t *sends)
{
    int nowhere = open("/dev/null", O_WRONLY);
    struct run r = {.threads = threads, .seed = 1, .stack_bytes = LIMITS_STACK_BYTES};

    dup2(nowhere, STDERR_FILENO); /* the deadlock's report is expected */
    alarm(CHILD_SECONDS_MAX);
    quota_init(&r.quota, MESSAGES);
    pattern(&r);
    *sends = faulty.sends;
    _exit(r.check.wrong > 0 ? FOUND : 0);
}

/* The exit status of the pattern's process, or minus the signal that killed it. */
static int run_faulty(void (*pattern)(struct run *), size_t threads, enum fault fault, uint64_t at,
                      uint64_t *sends)
{
    int status;
    pid_t child;

    memset(&faulty, 0, sizeof faulty);
    faulty.fault = fault;
    faulty.at = at;
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        run_child(pattern, threads, sends);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void assert_fault_is_found(void (*pattern)(struct run *), size_t threads, enum fault fault,
                                  uint64_t at)
{
    uint64_t sends;
    int status = run_faulty(pattern, threads, fault, at, &sends);

    if (status != FOUND && status != DEADLOCK)
        fail_msg("fault %d at send %llu ended with status %d", (int)fault, (unsigned long long)at,
                 status);
}

/* Sound, the pattern is verified with any number of threads. With any fault, from the first
 * value to the last, it is not. */
static void assert_faults_are_found(void (*pattern)(struct run *), size_t threads)
{
    uint64_t *sends =
        mmap(NULL, sizeof *sends, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    assert_ptr_not_equal(sends, MAP_FAILED);
    for (size_t few = 1; few < 8; few++)
        assert_int_equal(run_faulty(pattern, few, SOUND, 0, sends), 0);
    assert_int_equal(run_faulty(pattern, threads, SOUND, 0, sends), 0);
    for (enum fault fault = LOST; fault <= SWAPPED; fault++) {
        /* A generator's last value twice: nobody asks for the second. */
        uint64_t last = fault == DOUBLED ? *sends - threads : *sends;

        for (uint64_t i = 0; i < PLACES; i++)
            assert_fault_is_found(pattern, threads, fault, 1 + i * (last - 1) / (PLACES - 1));
    }
    munmap(sends, sizeof *sends);
}

static void every_fault_in_ring_is_found(void **state)
{
    (void)state;
    assert_faults_are_found(ring_run, 100);
}

static void every_fault_in_pairs_is_found(void **state)
{
    (void)state;
    assert_faults_are_found(pairs_run, 100);
    assert_faults_are_found(pairs_run, 101);
}

static void every_fault_in_fan_in_is_found(void **state)
{
    (void)state;
    assert_faults_are_found(fan_in_run, 100);
}

/* What is swapped on its way to two receivers is no mistake that either can see. */
static void every_fault_in_fan_out_is_found(void **state)
{
    (void)state;
    assert_faults_are_found(fan_out_run, 1);
}

static void losses_and_doubles_in_fan_out_to_many_are_found(void **state)
{
    (void)state;
    for (uint64_t at = 1; at <= MESSAGES; at += MESSAGES - 1) {
        assert_fault_is_found(fan_out_run, 100, LOST, at);
        assert_fault_is_found(fan_out_run, 100, DOUBLED, at);
    }
}

static void every_fault_in_pipeline_is_found(void **state)
{
    (void)state;
    assert_faults_are_found(pipeline_run, 100);
}

static void every_fault_in_sieve_is_found(void **state)
{
    (void)state;
    assert_faults_are_found(sieve_run, 50);
    assert_faults_are_found(sieve_run, 1); /* straight to main */
}

static void every_fault_in_select_is_found(void **state)
{
    (void)state;
    assert_faults_are_found(select_run, 10);
    assert_fault_is_found(select_run, 10, SWALLOWED, 1);
    assert_fault_is_found(select_run, 10, SWALLOWED, MESSAGES / 2);
    assert_fault_is_found(select_run, 10, SWALLOWED, MESSAGES);
}

static void every_fault_in_sleepers_is_found(void **state)
{
    (void)state;
    assert_faults_are_found(sleepers_run, 100);
}

static void every_fault_in_generators_is_found(void **state)
{
    (void)state;
    assert_faults_are_found(generators_run, 100);
}

static void every_fault_in_tree_is_found(void **state)
{
    (void)state;
    assert_faults_are_found(tree_run, 100);
}

/* ---- the soak ---- */

static void every_fault_in_upsets_is_found(void **state)
{
    (void)state;
    assert_faults_are_found(upsets_run, 20);
}

static void every_fault_in_groups_is_found(void **state)
{
    (void)state;
    assert_faults_are_found(groups_run, 20);
}

/* What a generator yields twice, nobody may ask for the second time. */
static void losses_in_abandoned_are_found(void **state)
{
    (void)state;
    for (uint64_t at = 1; at <= MESSAGES / 2; at += MESSAGES / 20)
        assert_fault_is_found(abandoned_run, 1, LOST, at);
}

static void soak_small(struct run *r)
{
    static struct soak s;

    s.all = *r;
    soak_run(&s.all);
    *r = s.all;
}

/* A value that is lost in any of the patterns, in any round. */
static void losses_in_a_soak_are_found(void **state)
{
    enum { THREADS = 60, LOSSES = 2 * PLACES };
    uint64_t *sends =
        mmap(NULL, sizeof *sends, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    (void)state;
    if (is_emulated()) /* the emulator's own mappings come and go */
        skip();
    assert_ptr_not_equal(sends, MAP_FAILED);
    assert_int_equal(run_faulty(soak_small, 1, SOUND, 0, sends), 0);
    assert_int_equal(run_faulty(soak_small, THREADS, SOUND, 0, sends), 0);
    for (uint64_t i = 0; i < LOSSES; i++)
        assert_fault_is_found(soak_small, THREADS, LOST, 1 + i * (*sends - 1) / (LOSSES - 1));
    munmap(sends, sizeof *sends);
}

static uint64_t findings_after(const struct usage *before)
{
    struct usage after = usage_now();
    struct check c = {.wrong = 0};

    usage_compare(&c, before, &after);
    return c.wrong;
}

static void *wait_for_byte(void *ends)
{
    char byte;

    return read(((int *)ends)[0], &byte, 1) == 1 ? NULL : ends;
}

static void what_a_process_has_not_given_back_is_found(void **state)
{
    const size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE), bytes = 64 * page_bytes;
    struct usage before = usage_now();
    int ends[2];
    pthread_t thread;
    char *memory;

    (void)state;
    if (is_emulated()) /* as above */
        skip();
    assert_int_equal(findings_after(&before), 0);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(findings_after(&before), 1); /* descriptors */
    before = usage_now();
    assert_int_equal(pthread_create(&thread, NULL, wait_for_byte, ends), 0);
    assert_in_range(findings_after(&before), 1, 3); /* an OS thread, and its stack */
    assert_int_equal(write(ends[1], "", 1), 1);
    pthread_join(thread, NULL);
    close(ends[0]);
    close(ends[1]);
    if (usage_is_sanitized)
        return;
    before = usage_now();
    memory = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(memory, MAP_FAILED);
    for (size_t i = 1; i < 6; i += 2)
        assert_int_equal(mprotect(memory + i * page_bytes, page_bytes, PROT_NONE), 0);
    assert_int_equal(findings_after(&before), 1); /* mappings */
    assert_int_equal(mprotect(memory, bytes, PROT_READ | PROT_WRITE), 0);
    before = usage_now();
    memset(memory, 1, bytes);
    assert_int_equal(findings_after(&before), 1); /* memory */
    munmap(memory, bytes);
    assert_int_equal(findings_after(&before), 0);
}

/* ---- the checkers alone ---- */

enum { VALUES = 5 };

/* What check_value and a count find in the values, of which 0 to 4 are due. */
static uint64_t findings(const uint64_t *values, size_t n)
{
    struct check c = {.wrong = 0};
    uint64_t due = 0;

    for (size_t i = 0; i < n; i++)
        due = check_value(&c, 7, due, values[i]) + 1;
    check_count(&c, 7, n, VALUES);
    return c.wrong;
}

static void sequence_in_order_is_sound(void **state)
{
    (void)state;
    assert_int_equal(findings((const uint64_t[]){0, 1, 2, 3, 4}, 5), 0);
}

static void sequence_shows_lost_doubled_and_swapped_values(void **state)
{
    (void)state;
    assert_int_equal(findings((const uint64_t[]){1, 2, 3, 4}, 4), 2);
    assert_int_equal(findings((const uint64_t[]){0, 1, 3, 4}, 4), 2);
    assert_int_equal(findings((const uint64_t[]){0, 1, 2, 3}, 4),
                     1); /* the last: the count alone */
    assert_int_equal(findings((const uint64_t[]){0, 1, 1, 2, 3, 4}, 6), 2);
    assert_int_equal(findings((const uint64_t[]){0, 2, 1, 3, 4}, 5), 3);
}

static void first_finding_is_told(void **state)
{
    struct check c = {.wrong = 0};

    (void)state;
    check_value(&c, 7, 40, 41);
    check_value(&c, 8, 0, 1);
    assert_int_equal(c.wrong, 2);
    assert_string_equal(c.first, "channel 7: 41 came where 40 was due");
}

static void rising_numbers_may_have_gaps_but_not_repeat(void **state)
{
    struct check c = {.wrong = 0};
    uint64_t floor = 0;

    (void)state;
    floor = check_rising(&c, 0, floor, 3) + 1;
    floor = check_rising(&c, 0, floor, 9) + 1;
    assert_int_equal(c.wrong, 0);
    floor = check_rising(&c, 0, floor, 9) + 1;
    assert_int_equal(c.wrong, 1);
    check_rising(&c, 0, floor, 4);
    assert_int_equal(c.wrong, 2);
}

/* A checksum that a loss and a doubling could cancel would not do: here all pairs of them. */
static void tally_shows_any_two_values_in_the_place_of_others(void **state)
{
    enum { N = 8 };
    struct tally due = tally_below(N);

    (void)state;
    for (unsigned lost = 0; lost < N * N; lost++)
        for (unsigned doubled = 0; doubled < N * N; doubled++) {
            unsigned a = lost / N, b = lost % N, x = doubled / N, y = doubled % N;
            struct check c = {.wrong = 0};
            struct tally t = due;

            if (a >= b || x > y || x == a || x == b || y == a || y == b)
                continue;
            t.count -= 2;
            t.sum -= a + b;
            t.squares -= a * a + b * b;
            tally_add(&t, x);
            tally_add(&t, y);
            check_tally(&c, 0, &t, &due);
            assert_int_not_equal(c.wrong, 0);
        }
}

static void tally_of_numbers_is_what_adding_them_gives(void **state)
{
    struct tally sum = {.count = 0};

    (void)state;
    for (uint64_t n = 0; n < 100; n++) {
        struct tally below = tally_below(n);

        assert_memory_equal(&below, &sum, sizeof sum);
        tally_add(&sum, n);
    }
}

/* Products beyond 2^64: the steps between neighbours must still fit. */
static void tally_of_numbers_holds_beyond_the_range(void **state)
{
    const uint64_t starts[] = {1000003, (uint64_t)1 << 40, UINT64_MAX / 2 - 9};

    (void)state;
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        for (uint64_t n = starts[i]; n < starts[i] + 6; n++) {
            struct tally below = tally_below(n), next = tally_below(n + 1);

            tally_add(&below, n);
            assert_memory_equal(&below, &next, sizeof next);
        }
}

enum { WINDOWS = 3 };

static uint64_t smallest_divisor(uint64_t n)
{
    for (uint64_t d = 2; d * d <= n; d++)
        if (n % d == 0)
            return d;
    return n;
}

static void plain_sieve_agrees_with_trial_division(void **state)
{
    (void)state;
    for (size_t filters = 0; filters <= 40; filters += 5) {
        struct plain *p = plain_new(filters);

        for (uint64_t n = 2; n < WINDOWS * (uint64_t)PLAIN_WINDOW; n++) {
            size_t taker = plain_taker(p, n);
            uint64_t d = smallest_divisor(n);

            if (taker < filters)
                assert_int_equal(p->primes[taker], d);
            else if (filters > 0)
                assert_true(d > p->primes[filters - 1]);
        }
        plain_free(p);
    }
}

static void plain_sieve_lets_out_the_primes(void **state)
{
    struct plain *p = plain_new(1000);
    uint64_t n = 1;

    (void)state;
    for (uint64_t due = 2; due < WINDOWS * (uint64_t)PLAIN_WINDOW; due++)
        if (smallest_divisor(due) == due)
            assert_int_equal(n = plain_next(p, n + 1), due);
    plain_free(p);
}

static void quota_gives_as_many_as_were_asked_for(void **state)
{
    struct quota q;
    uint64_t all = 0;

    (void)state;
    quota_init(&q, 10001);
    quota_begin(&q);
    for (uint64_t n; (n = quota_take(&q, 64)) > 0; all += n)
        assert_true(n <= 64);
    assert_int_equal(all, 10001);
    assert_true(quota_done(&q) == 1);
}

static void quota_without_a_number_ends_with_the_time(void **state)
{
    struct quota q;

    (void)state;
    quota_init(&q, 0);
    quota_begin(&q);
    assert_int_equal(quota_take(&q, 64), 64);
    q.begin_ns -= 2 * q.budget_ns;
    while (quota_take(&q, 64) > 0)
        ;
    assert_true(q.taken < 10000);
    assert_int_equal(quota_take(&q, 1), 0);
}

static void portions_give_every_sender_something(void **state)
{
    struct quota q;

    (void)state;
    quota_init(&q, 100);
    assert_int_equal(quota_portion(&q, 1), 64);
    assert_int_equal(quota_portion(&q, 50), 2);
    assert_int_equal(quota_portion(&q, 1000), 1);
    quota_init(&q, 0);
    assert_int_equal(quota_portion(&q, 5000), 64);
    assert_int_equal(quota_portion(&q, 500000), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sequence_in_order_is_sound),
        cmocka_unit_test(sequence_shows_lost_doubled_and_swapped_values),
        cmocka_unit_test(first_finding_is_told),
        cmocka_unit_test(rising_numbers_may_have_gaps_but_not_repeat),
        cmocka_unit_test(tally_shows_any_two_values_in_the_place_of_others),
        cmocka_unit_test(tally_of_numbers_is_what_adding_them_gives),
        cmocka_unit_test(tally_of_numbers_holds_beyond_the_range),
        cmocka_unit_test(plain_sieve_agrees_with_trial_division),
        cmocka_unit_test(plain_sieve_lets_out_the_primes),
        cmocka_unit_test(quota_gives_as_many_as_were_asked_for),
        cmocka_unit_test(quota_without_a_number_ends_with_the_time),
        cmocka_unit_test(portions_give_every_sender_something),
        cmocka_unit_test(every_fault_in_ring_is_found),
        cmocka_unit_test(every_fault_in_pairs_is_found),
        cmocka_unit_test(every_fault_in_fan_in_is_found),
        cmocka_unit_test(every_fault_in_fan_out_is_found),
        cmocka_unit_test(losses_and_doubles_in_fan_out_to_many_are_found),
        cmocka_unit_test(every_fault_in_pipeline_is_found),
        cmocka_unit_test(every_fault_in_sieve_is_found),
        cmocka_unit_test(every_fault_in_select_is_found),
        cmocka_unit_test(every_fault_in_sleepers_is_found),
        cmocka_unit_test(every_fault_in_generators_is_found),
        cmocka_unit_test(every_fault_in_tree_is_found),
        cmocka_unit_test(every_fault_in_upsets_is_found),
        cmocka_unit_test(every_fault_in_groups_is_found),
        cmocka_unit_test(losses_in_abandoned_are_found),
        cmocka_unit_test(losses_in_a_soak_are_found),
        cmocka_unit_test(what_a_process_has_not_given_back_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
