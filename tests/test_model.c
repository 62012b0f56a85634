/* SPDX-License-Identifier: MIT */
/* Random programs against a reference: every result, every value, every choice and the time of
 * each step are as a second, naive implementation of the contract says
 * (tests/model/reference.h).
 *
 * A failing program is shrunk and printed, with its seed: WEFT_MODEL_SEED=n in the environment
 * tries that one alone. WEFT_MODEL_PROGRAMS=n is how many are tried, from the seed
 * WEFT_MODEL_FIRST on; WEFT_MODEL_SMALL=n how many small ones are tried by all their schedules,
 * and WEFT_MODEL_SCHEDULES=n how many of these each at most. WEFT_MODEL_LARGE=n is how many
 * schedules of each large scenario are tried at most, in this of WEFT_MODEL_CORES=n processes, the
 * WEFT_MODEL_CORE=n-th from 0 on, which share them out. */
#include "check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "model/account.h"
#include "model/model.h"
#include "model/reference.h"
#include "model/scenarios.h"

#ifdef WEFT__SANITIZED
enum { PROGRAMS = 2000, SMALL_PROGRAMS = 50, SCHEDULES = 200, LARGE_SCHEDULES = 200 };
#else
enum { PROGRAMS = 100000, SMALL_PROGRAMS = 3000, SCHEDULES = 5000, LARGE_SCHEDULES = 40000 };
#endif

enum { SCENARIO_SCHEDULES = 10000000 };

/* What was tried, and found to be as it should. */
static struct {
    int scenarios, exhausted;
    uint64_t schedules, programs, small_programs;
} proved;

static const struct program *scenario_named(const char *name)
{
    for (int i = 0; i < scenarios_count; i++)
        if (strcmp(scenarios[i].name, name) == 0)
            return &scenarios[i].program;
    abort();
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *given = getenv(name);

    return given ? strtoull(given, NULL, 0) : otherwise;
}

/* Programs are tried in children: no worker is made here. */
static int in_virtual_time(void **state)
{
    (void)state;
    return setenv("WEFT_CLOCK", "virtual", 1);
}

static void explain_seed(uint64_t seed)
{
    static struct program p;

    program_generate(&p, seed);
    printf("WEFT_MODEL_SEED=%llu: a program of %d operations on %d threads failed; shrinking it\n",
           (unsigned long long)seed, program_length(&p), p.threads);
    fflush(stdout);
    model_shrink(&p);
    model_explain(&p);
}

static void random_programs_do_what_the_reference_says(void **state)
{
    const bool one = getenv("WEFT_MODEL_SEED") != NULL;
    const uint64_t first = setting(one ? "WEFT_MODEL_SEED" : "WEFT_MODEL_FIRST", 1);
    const uint64_t count = one ? 1 : setting("WEFT_MODEL_PROGRAMS", PROGRAMS);
    uint64_t seed;

    (void)state;
    print_message("%llu programs, from WEFT_MODEL_SEED=%llu on\n", (unsigned long long)count,
                  (unsigned long long)first);
    if (!model_try_seeds(first, count, &seed)) {
        explain_seed(seed);
        fail();
    }
    proved.programs += count;
    assert_int_equal(model_untold(), 0);
}

/* ---- all schedules of small programs ---- */

static uint64_t explore(struct program *p, uint64_t limit)
{
    uint64_t tried;

    if (model_try_every_schedule(p, limit, &tried))
        return tried;
    model_shrink(p);
    model_explain(p);
    fail();
    return tried;
}

/* Its schedules, and whether these are all. */
static void explore_scenario(const struct scenario *s, uint64_t limit)
{
    static struct program p;
    uint64_t tried;

    p = s->program;
    tried = explore(&p, limit);
    print_message("%9llu %s: %s\n", (unsigned long long)tried,
                  tried < limit ? "schedules, all" : "schedules of more", s->name);
    proved.scenarios++;
    proved.exhausted += tried < limit;
    proved.schedules += tried;
}

static void written_scenarios_do_what_the_reference_says_by_every_schedule(void **state)
{
    (void)state;
    for (int i = 0; i < scenarios_count; i++)
        explore_scenario(&scenarios[i], SCENARIO_SCHEDULES);
    assert_int_equal(proved.exhausted, proved.scenarios);
}

static void large_scenarios_do_what_the_reference_says_by_many_schedules(void **state)
{
    const int cores = (int)setting("WEFT_MODEL_CORES", 1);

    (void)state;
    for (int i = (int)setting("WEFT_MODEL_CORE", 0); i < scenarios_large_count; i += cores)
        explore_scenario(&scenarios_large[i], setting("WEFT_MODEL_LARGE", LARGE_SCHEDULES));
}

static void small_programs_do_what_the_reference_says_by_every_schedule(void **state)
{
    const uint64_t limit = setting("WEFT_MODEL_SCHEDULES", SCHEDULES);
    static struct program p;
    const uint64_t first = setting("WEFT_MODEL_FIRST", 1);
    const uint64_t count = setting("WEFT_MODEL_SMALL", SMALL_PROGRAMS);
    uint64_t all = 0;

    (void)state;
    for (uint64_t seed = first; seed < first + count; seed++) {
        program_generate_small(&p, seed);
        p.base_ns = 0;
        all += explore(&p, limit);
    }
    print_message("%llu schedules of %llu programs\n", (unsigned long long)all,
                  (unsigned long long)count);
    proved.schedules += all;
    proved.small_programs += count;
}

/* ---- the laboratory itself ---- */

static void one_seed_gives_one_program_and_one_trace(void **state)
{
    static struct program p, q;
    static struct trace t, u;

    (void)state;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        memset(&p, 0, sizeof p);
        memset(&q, 0, sizeof q);
        program_generate(&p, seed);
        program_generate(&q, seed);
        assert_memory_equal(&p, &q, sizeof p);
        assert_true(reference_run(&p, &t) && reference_run(&q, &u));
        assert_int_equal(t.events_count, u.events_count);
        assert_int_equal(t.choices_count, u.choices_count);
        for (int i = 0; i < t.events_count; i++)
            assert_true(trace_is_same_event(&t.events[i], &u.events[i]));
    }
}

/* No program is so long that its trace is cut off, which would not be tried. */
static void every_program_fits_into_a_trace(void **state)
{
    static struct program p;
    static struct trace t;

    (void)state;
    for (uint64_t seed = 1; seed <= PROGRAMS / 20; seed++) {
        program_generate(&p, seed);
        assert_true(reference_run(&p, &t));
    }
}

/* Alters the first event of a run that is of such a kind and did what it was to. */
static const char *account_of_altered(struct program *p, int kind, int result, int value)
{
    static struct trace t;
    const char *wrong = NULL;

    assert_true(reference_run(p, &t));
    assert_true(account_holds(p, &t, &wrong));
    for (int i = 0; i < t.events_count; i++) {
        struct trace_event *e = &t.events[i];
        const struct program_op *op = program_op(p, e->thread, e->pc);

        if (op->kind == kind && e->result == 0) {
            e->result = result;
            e->value = value;
            break;
        }
    }
    account_holds(p, &t, &wrong);
    return wrong;
}

static void an_account_tells_what_is_lost_kept_and_received_twice(void **state)
{
    static struct program p;

    (void)state;
    p = *scenario_named("one sends what two receive");
    assert_string_equal(account_of_altered(&p, PROGRAM_RECV, 0, 3), "a value was received twice");
    assert_string_equal(account_of_altered(&p, PROGRAM_RECV, 0, 4),
                        "a value was received that its sender still has");
    assert_string_equal(account_of_altered(&p, PROGRAM_SEND, -ECANCELED, TRACE_UNTOUCHED),
                        "what was sent and what was received on a channel are not as many");
    p = *scenario_named("two ask one generator, in turn");
    assert_string_equal(account_of_altered(&p, PROGRAM_NEXT, 0, 2), "a value was received twice");
    assert_string_equal(account_of_altered(&p, PROGRAM_NEXT, 0, 3),
                        "a value was received that its sender still has");
}

/* A close that is forgotten shows when somebody closes once more, or uses the channel. */
static void a_difference_is_found_and_shrunk(void **state)
{
    static struct program p;
    uint64_t seed;

    (void)state;
    run_forgets_closes = true;
    assert_false(model_try_seeds(1, 100, &seed));
    program_generate(&p, seed);
    model_shrink(&p);
    assert_false(model_try(&p, false)->is_as_expected);
    run_forgets_closes = false;
    assert_in_range(program_length(&p), 0, 3);
    assert_true(model_try(&p, false)->is_as_expected);
}

/* Of the tests that have passed. */
static int say_what_is_proved(void **state)
{
    (void)state;
    printf("proved: %d scenarios, %d of them by every schedule, and %llu small programs, by %llu "
           "schedules in all; %llu random programs\n",
           proved.scenarios, proved.exhausted, (unsigned long long)proved.small_programs,
           (unsigned long long)proved.schedules, (unsigned long long)proved.programs);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_seed_gives_one_program_and_one_trace),
        cmocka_unit_test(every_program_fits_into_a_trace),
        cmocka_unit_test(an_account_tells_what_is_lost_kept_and_received_twice),
        cmocka_unit_test(a_difference_is_found_and_shrunk),
        cmocka_unit_test(written_scenarios_do_what_the_reference_says_by_every_schedule),
        cmocka_unit_test(large_scenarios_do_what_the_reference_says_by_many_schedules),
        cmocka_unit_test(small_programs_do_what_the_reference_says_by_every_schedule),
        cmocka_unit_test(random_programs_do_what_the_reference_says),
    };

    return cmocka_run_group_tests(tests, in_virtual_time, say_what_is_proved);
}
