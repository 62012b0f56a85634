/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "emulator.h"
#include "faults.h"
#include "runtime/worker.h"

enum { RUNS = 100 };

static char order[64];

static void end_worker_now(void)
{
    if (weft__self)
        weft__worker_end(weft__self);
}

static int begin(void **state)
{
    (void)state;
    setenv("WEFT_SEED", "7", 1);
    unsetenv("WEFT_CLOCK");
    return weft__self ? -1 : 0;
}

static int end(void **state)
{
    (void)state;
    end_worker_now();
    unsetenv("WEFT_SEED");
    unsetenv("WEFT_CLOCK");
    return 0;
}

#define test(name) cmocka_unit_test_setup_teardown(name, begin, end)

/* ---- the same again ---- */

static void sign_in_turn(int letter, chan_tx(int) out)
{
    for (int i = 0; i < 4; i++) {
        order[strlen(order)] = (char)letter; /* zeros follow */
        chan_send(out, letter);
    }
}

/* Five threads, two channels, a select: what comes is told by `order`. */
static void run(void)
{
    chan(int) out[2] = {chan_new(int), chan_new(int)};
    int x;

    memset(order, 0, sizeof order);
    for (int i = 0; i < 4; i++)
        go(sign_in_turn, 'a' + i, out[i % 2]);
    for (int i = 0; i < 16; i++)
        chan_select(chan_case_recv(out[0], &x), chan_case_recv(out[1], &x));
    weft_sleep(1);
    for (int i = 0; i < 2; i++)
        chan_free(out[i]);
}

/* The hash of a run with this seed, on a worker of its own. */
static uint64_t hash_of(const char *seed)
{
    uint64_t hash;

    end_worker_now();
    setenv("WEFT_SEED", seed, 1);
    run();
    hash = weft__self->seed.hash;
    end_worker_now();
    return hash;
}

static void a_seed_has_the_same_schedule_a_hundred_times(void **state)
{
    uint64_t hash = hash_of("7");
    char first[sizeof order];

    (void)state;
    memcpy(first, order, sizeof first);
    for (int i = 1; i < RUNS; i++) {
        assert_true(hash_of("7") == hash);
        assert_string_equal(order, first);
    }
}

static int begin_anew(const void *unused)
{
    (void)unused;
    execute_self("go wrong");
    return 1;
}

/* A process that begins anew has its code, stacks and heap elsewhere. */
static void a_seed_has_the_same_schedule_in_each_process(void **state)
{
    const int processes = is_emulated() ? 5 : RUNS;
    struct child first = child_run(begin_anew, NULL);

    (void)state;
    assert_int_equal(first.signal, SIGABRT);
    assert_non_null(strstr(first.said, "weft: this run's schedule: WEFT_SEED=7 (hash 0x"));
    for (int i = 1; i < processes; i++)
        assert_string_equal(child_run(begin_anew, NULL).said, first.said);
}

static void other_seeds_have_other_schedules(void **state)
{
    char seen[10][sizeof order];
    int different = 0;

    (void)state;
    for (int i = 0; i < 10; i++) {
        const char seed[] = {(char)('0' + i), '\0'};

        hash_of(seed);
        memcpy(seen[i], order, sizeof seen[i]);
        for (int k = 0; k < i; k++)
            different += strcmp(seen[k], seen[i]) != 0;
    }
    assert_int_equal(different, 45);
}

static void without_a_seed_nobody_chooses(void **state)
{
    const char *none[] = {"", "x", "7x", "-1", "18446744073709551616"};

    (void)state;
    unsetenv("WEFT_SEED");
    weft_now();
    assert_null(weft__self->oracle.choose);
    assert_false(weft__self->clock.is_virtual);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        end_worker_now();
        setenv("WEFT_SEED", none[i], 1);
        weft_now();
        assert_null(weft__self->oracle.choose);
    }
}

static void time_is_virtual_unless_it_is_to_be_real(void **state)
{
    (void)state;
    weft_now();
    assert_true(weft__self->clock.is_virtual);
    end_worker_now();
    setenv("WEFT_CLOCK", "real", 1);
    weft_now();
    assert_false(weft__self->clock.is_virtual);
    assert_non_null(weft__self->oracle.choose);
    end_worker_now();
    setenv("WEFT_CLOCK", "virtual", 1);
    weft_now();
    assert_true(weft__self->clock.is_virtual);
}

static void a_random_seed_is_one_number(void **state)
{
    uint64_t given;

    (void)state;
    setenv("WEFT_SEED", "random", 1);
    weft_now();
    given = weft__self->seed.given;
    end_worker_now();
    weft_now();
    assert_true(weft__self->seed.given == given);
    assert_true(given > 0 && given <= UINT32_MAX);
}

/* ---- other processes and OS threads ---- */

static void *own_seed(void *own)
{
    weft_now();
    *(uint64_t *)own = weft__self->seed.own;
    return NULL;
}

static void other_os_threads_have_seeds_of_their_own(void **state)
{
    uint64_t own[2];

    (void)state;
    weft_now();
    assert_int_equal(weft__self->seed.own, 7);
    for (int i = 0; i < 2; i++) {
        pthread_t t;

        assert_int_equal(pthread_create(&t, NULL, own_seed, &own[i]), 0);
        pthread_join(t, NULL);
        assert_true(own[i] != 7);
    }
    assert_true(own[0] != own[1]);
}

/* The seed that a forked child has. */
static uint64_t seed_in_child(void)
{
    uint64_t own = 0;
    int ends[2];
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    if (pid == 0)
        _exit(write(ends[1], &weft__self->seed.own, sizeof own) == sizeof own ? 0 : 1);
    assert_int_equal(read(ends[0], &own, sizeof own), sizeof own);
    waitpid(pid, NULL, 0);
    close(ends[0]);
    close(ends[1]);
    return own;
}

static void children_have_seeds_of_their_own_which_come_again(void **state)
{
    uint64_t first[2];

    (void)state;
    for (int again = 0; again < 2; again++) {
        weft_now();
        for (int i = 0; i < 2; i++) {
            uint64_t own = seed_in_child();

            assert_true(own != 7);
            if (again)
                assert_true(own == first[i]);
            first[i] = own;
        }
        assert_true(first[0] != first[1]);
        end_worker_now();
    }
}

/* ---- failing ---- */

enum failure { FAIL_NOT, FAIL_DEADLOCK, FAIL_MISTAKE, FAIL_ABORT, FAIL_FAULT, FAIL_EXIT };

static int go_wrong(const void *how)
{
    chan(int) c;

    run();
    c = chan_new(int);
    switch (*(const enum failure *)how) {
    case FAIL_DEADLOCK:
        chan_recv(c, NULL);
        break;
    case FAIL_MISTAKE:
        weft_chan_recv_((void *)c, NULL, 3);
        break;
    case FAIL_ABORT:
        abort();
    case FAIL_FAULT:
        raise(SIGSEGV);
        break;
    case FAIL_EXIT:
        exit(3);
    default:
        break;
    }
    exit(0);
}

/* Which failures leave the line on standard error: once, and with the seed. */
static bool tells(enum failure how)
{
    struct child child = child_run(go_wrong, &how);
    const char *line = strstr(child.said, "weft: this run's schedule: WEFT_SEED=7 (hash 0x");

    if (!line)
        return false;
    assert_null(strstr(strchr(line, '\n'), "schedule"));
    assert_non_null(strstr(line, " choices)\n"));
    return true;
}

static void a_run_that_fails_names_its_seed(void **state)
{
    (void)state;
    assert_true(tells(FAIL_DEADLOCK));
    assert_true(tells(FAIL_MISTAKE));
    assert_true(tells(FAIL_ABORT));
    assert_true(tells(FAIL_FAULT));
#ifdef __GLIBC__
    assert_true(tells(FAIL_EXIT));
#endif
}

/* The seed is its parent's, and what it was given. */
static void a_child_that_fails_says_that_it_is_one(void **state)
{
    const enum failure how = FAIL_MISTAKE;
    struct child child;

    (void)state;
    weft_now();
    child = child_run(go_wrong, &how);
    assert_int_equal(child.signal, SIGABRT);
    assert_non_null(strstr(child.said, "weft: this run's schedule: WEFT_SEED=7 (hash 0x"));
    assert_non_null(strstr(child.said, " choices, in a child process or another OS thread)\n"));
}

static void a_run_that_does_not_says_nothing(void **state)
{
    const enum failure none = FAIL_NOT, abnormal = FAIL_ABORT;
    struct child child = child_run(go_wrong, &none);

    (void)state;
    assert_int_equal(child.status, 0);
    assert_string_equal(child.said, "");
    unsetenv("WEFT_SEED");
    child = child_run(go_wrong, &abnormal);
    assert_int_equal(child.signal, SIGABRT);
    assert_string_equal(child.said, "");
}

/* ---- what the system refuses ---- */

static void without_its_calls_it_goes_on(void **state)
{
    bool ended = false;

    (void)state;
    for (uint32_t nth = 1; !ended; nth++) {
        faults_install();
        faults_fail(FAULTS_ALL, nth, nth);
        if (weft_now() == 0 && weft__self)
            weft_yield();
        ended = !faults->has_failed;
        faults_stop();
        end_worker_now();
        faults_remove();
        assert_in_range(nth, 1, 1000);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        test(a_run_that_fails_names_its_seed), /* before there are handlers here */
        test(a_child_that_fails_says_that_it_is_one),
        test(a_run_that_does_not_says_nothing),
        test(a_seed_has_the_same_schedule_a_hundred_times),
        test(a_seed_has_the_same_schedule_in_each_process),
        test(other_seeds_have_other_schedules),
        test(without_a_seed_nobody_chooses),
        test(time_is_virtual_unless_it_is_to_be_real),
        test(a_random_seed_is_one_number),
        test(other_os_threads_have_seeds_of_their_own),
        test(children_have_seeds_of_their_own_which_come_again),
        test(without_its_calls_it_goes_on),
    };

    if (argc > 1 && strcmp(argv[1], "go wrong") == 0)
        return go_wrong(&(enum failure){FAIL_ABORT});
    return cmocka_run_group_tests_name("seed", tests, NULL, NULL);
}
