/* SPDX-License-Identifier: MIT */
/* The census tells how deep the threads of each site went: exactly, whatever was on the stack before
 * them, and in words. */
#include "check.h"
#include "child.h"
#include "emulator.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "faults.h"
#include "runtime/reports/census.h"
#include "runtime/spawn.h"

enum {
    FRAME_BYTES = 256,
    EXACT_BYTES = 256,    /* what a measured depth may differ by, in either direction */
    SHALLOW_BYTES = 2048, /* a thread that calls nothing, with a whole ucontext_t */
    MANY = 10000,
};

/* ---- threads that go so deep ---- */

static uintptr_t deepest; /* the lowest address that dig used last */
static size_t known;      /* and how deep that is */
static const void *ran_on;

/* Each level takes a frame of more than FRAME_BYTES. */
static WEFT__NOINLINE void dig_to(uintptr_t end)
{
    volatile char frame[FRAME_BYTES];

    for (size_t i = 0; i < sizeof frame; i++)
        frame[i] = 1;
    deepest = (uintptr_t)frame;
    if (deepest > end)
        dig_to(end);
    frame[0] = 2; /* no tail call */
}

static void dig(size_t depth)
{
    char *top = (char *)weft__self->current;

    dig_to((uintptr_t)top - depth);
    known = (size_t)((uintptr_t)top - deepest);
    ran_on = top;
}

static void dig_and_park(size_t depth)
{
    dig(depth);
    weft_sleep(1000000000);
}

static void lie_still(void)
{
    ran_on = weft__self->current;
}

static void dig_in_generator(gen(int) self, size_t depth)
{
    dig(depth);
    gen_yield(self, 1);
}

static void note_errno(void)
{
    note("%d ", errno);
}

/* ---- reading reports ---- */

/* What a row says, in bytes. */
struct row {
    size_t threads, deepest, stack, enough;
    int place; /* among the rows, from 0; -1: there is none */
};

static char said[64 * 1024];

static size_t bytes_of(double number, const char *unit)
{
    return (size_t)(number * (unit[0] == 'K' ? 1024 : 1024 * 1024));
}

static size_t number_without_commas(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        if (*text != ',')
            n = n * 10 + (size_t)(*text - '0');
    return n;
}

/* One line; false if it is no row. */
static bool read_row(const char *line, struct row *row)
{
    double bytes_deepest, bytes_stack, bytes_enough;
    char threads[32], of_deepest[4], of_stack[4], of_enough[4];

    if (sscanf(line, " %31s %lf %3s %lf %3s %lf %3s", threads, &bytes_deepest, of_deepest,
               &bytes_stack, of_stack, &bytes_enough, of_enough) != 7)
        return false;
    row->threads = number_without_commas(threads);
    row->deepest = bytes_of(bytes_deepest, of_deepest);
    row->stack = bytes_of(bytes_stack, of_stack);
    row->enough = bytes_of(bytes_enough, of_enough);
    return true;
}

/* The first row whose site begins so. */
static struct row find_row(const char *report, const char *site)
{
    struct row row = {.place = -1};
    int place = 0;

    for (const char *line = report; line && *line; line = strchr(line, '\n')) {
        char one[512] = {0};

        line += *line == '\n';
        memcpy(one, line, strcspn(line, "\n") < 511 ? strcspn(line, "\n") : 511);
        if (!read_row(one, &row))
            continue;
        row.place = place++;
        if (strstr(one, site))
            return row;
    }
    row.place = -1;
    return row;
}

/* The running worker's report, as text. */
static const char *report(void)
{
    struct weft_print p = {.fd = -1, .text = said, .size = sizeof said};

    weft__census_report(weft__self, &p);
    return weft__print_string(&p);
}

static void begin(void)
{
    weft_now(); /* makes the worker */
    if (weft__sanitize_is_on())
        skip();
    weft__census_begin(weft__self);
}

static void run_dig(size_t stack_bytes, size_t depth)
{
    const struct weft_spawn_opts opts = {.size = sizeof opts, .stack_bytes = stack_bytes};

    assert_int_equal(task_join(spawn_with(&opts, dig, depth)), 0);
}

static void assert_near(size_t measured, size_t expected)
{
    if (measured + EXACT_BYTES < expected || measured > expected + EXACT_BYTES)
        fail_msg("%zu bytes deep, said to be %zu", expected, measured);
}

/* ---- depths ---- */

static void measure(size_t stack_bytes, size_t depth)
{
    struct row row;

    run_dig(stack_bytes, depth);
    row = find_row(report(), " dig at");
    assert_int_equal(row.threads, 1);
    assert_int_equal(row.stack, stack_bytes);
    assert_near(row.deepest, known);
}

/* The first on a stack, and those after deeper and shallower ones. */
static void test_a_depth_is_known_to_some_hundred_bytes(void **state)
{
    static const size_t sizes[] = {16 << 10, 64 << 10, 256 << 10, 1 << 20, 16 << 20};

    (void)state;
    begin();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (size_t depth = 2048; depth < sizes[i] - 8192 && depth < 1000 << 10;
             depth += depth / 2) {
            measure(sizes[i], depth);
            measure(sizes[i], 2048);
            measure(sizes[i], depth);
        }
}

static void test_a_shallow_thread_is_shallow_on_a_deep_ones_stack(void **state)
{
    (void)state;
    begin();
    for (size_t depth = 4096; depth < 200 << 10; depth += 20000) {
        const struct weft_spawn_opts opts = {.size = sizeof opts, .stack_bytes = 256 << 10};
        const void *deep_on;

        run_dig(256 << 10, depth);
        deep_on = ran_on;
        assert_int_equal(task_join(spawn_with(&opts, lie_still)), 0);
        assert_ptr_equal(ran_on, deep_on);
        assert_in_range(find_row(report(), "lie_still at").deepest, 1, SHALLOW_BYTES);
    }
}

/* The second begins where the first has ended, without a switch. */
static void test_a_shallow_thread_is_shallow_in_a_deep_ones_wake(void **state)
{
    (void)state;
    begin();
    for (size_t depth = 4096; depth < 50 << 10; depth += 5000) {
        go(dig, depth);
        go(lie_still);
        check_settle();
        assert_in_range(find_row(report(), "lie_still at").deepest, 1, SHALLOW_BYTES);
    }
}

static void test_living_threads_are_measured_as_they_are(void **state)
{
    gen(int) g;
    int value;

    (void)state;
    begin();
    go(dig_and_park, (size_t)20000);
    check_settle();
    assert_near(find_row(report(), "dig_and_park at").deepest, known);
    assert_near(find_row(report(), "dig_and_park at").deepest, known);
    weft_sleep(2000000000);
    assert_near(find_row(report(), "dig_and_park at").deepest, known);

    g = gen_new(int, dig_in_generator, (size_t)10000);
    assert_int_equal(gen_next(g, &value), 0);
    assert_near(find_row(report(), "dig_in_generator at").deepest, known);
    gen_close(g);
    report();
}

static void test_a_site_shows_its_deepest_and_counts_all(void **state)
{
    struct row row;

    (void)state;
    begin();
    for (size_t i = 0; i < 10; i++)
        run_dig(64 << 10, 3000 + 4000 * (i * 7 % 10));
    run_dig(64 << 10, 3000 + 4000 * 9);
    row = find_row(report(), " dig at");
    assert_int_equal(row.threads, 11);
    assert_near(row.deepest, known);
}

static void test_sites_are_sorted_and_parted_by_size(void **state)
{
    const char *text;

    (void)state;
    begin();
    run_dig(64 << 10, 8000);
    go(dig, (size_t)16000);
    go(lie_still);
    check_settle();
    run_dig(256 << 10, 40000);
    text = report();
    assert_int_equal(find_row(text, " dig at").stack, 256 << 10);
    assert_int_equal(find_row(text, " dig at").place, 0);
    assert_int_equal(find_row(text, "lie_still at").place, 3);
    assert_in_range(find_row(text, "lie_still at").enough, 16 << 10, 16 << 10);
    assert_int_equal(find_row(text, " dig at").enough, 128 << 10);
    assert_int_equal(find_row(report(), " dig at").place, -1);
}

static void test_enough_holds_twice_the_deepest(void **state)
{
    (void)state;
    begin();
    for (size_t depth = 2048; depth < 200 << 10; depth += 7000) {
        struct row row;

        run_dig(256 << 10, depth);
        row = find_row(report(), " dig at");
        assert_true(row.enough >= 2 * known + 4096);
        assert_true(row.enough == 16 << 10 || row.enough / 2 < 2 * (known + EXACT_BYTES) + 8192);
        run_dig(row.enough, 2 * known);
        report();
    }
}

/* ---- calls that fail ---- */

static void test_calls_that_fail_change_no_depth(void **state)
{
    (void)state;
    begin();
    run_dig(256 << 10, 4096); /* the stacks are there: older kernels make guards by madvise */
    assert_int_equal(task_join(spawn(note_errno)), 0);
    report();
    faults_install();
    faults_fail(1 << FAULT_MINCORE | 1 << FAULT_MADVISE, 1, UINT32_MAX);
    for (size_t i = 0; i < 2; i++) {
        measure(256 << 10, 100 << 10);
        measure(256 << 10, 4096);
        assert_int_equal(task_join(spawn(note_errno)), 0);
    }
    assert_true(faults->has_failed);
    faults_remove();
    assert_noted("0 0 0 ");
    report();
}

static void test_without_memory_threads_are_counted_together(void **state)
{
    struct row row;

    (void)state;
    begin();
    run_dig(64 << 10, 4096);
    faults_install();
    faults_fail(1 << FAULT_MALLOC, 1, UINT32_MAX);
    run_dig(64 << 10, 4096);
    assert_int_equal(task_join(spawn(lie_still)), 0);
    assert_int_equal(task_join(spawn(dig, (size_t)16000)), 0);
    faults_remove();
    assert_non_null(strstr(report(), "  others: there was no memory to tell them apart\n"));
    row = find_row(said, " dig at");
    assert_int_equal(row.threads, 2);
    assert_int_equal(find_row(report(), "others").place, -1);
}

/* ---- whole programs ---- */

static void many_threads(void)
{
    for (int i = 0; i < MANY; i++)
        go(lie_still);
    weft_sleep(1);
    go(dig_and_park, (size_t)20000);
    weft_sleep(1);
}

static void no_thread(void)
{
    weft_sleep(1);
}

static void exit_from_thread(void)
{
    exit(3);
}

static void a_thread_exits(void)
{
    go(lie_still);
    go(exit_from_thread);
    weft_sleep(1);
}

static void *other_worker(void *unused)
{
    (void)unused;
    task_join(spawn(dig, (size_t)8000));
    return NULL;
}

static void two_workers(void)
{
    pthread_t other;

    task_join(spawn(lie_still));
    if (pthread_create(&other, NULL, other_worker, NULL) == 0)
        pthread_join(other, NULL);
}

static void a_child_of_its_own(void)
{
    pid_t child;

    task_join(spawn(dig, (size_t)8000));
    child = fork();
    if (child == 0)
        exit(0);
    waitpid(child, NULL, 0);
}

static void shuts_down(void)
{
    go(lie_still);
    go(dig_and_park, (size_t)20000);
    weft_sleep(1);
    weft_shutdown();
}

static const struct {
    const char *name;
    void (*run)(void);
} programs[] = {
    {"many_threads", many_threads},
    {"no_thread", no_thread},
    {"a_thread_exits", a_thread_exits},
    {"two_workers", two_workers},
    {"a_child_of_its_own", a_child_of_its_own},
    {"shuts_down", shuts_down},
};

static int run_program(const char *name)
{
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++)
        if (strcmp(programs[i].name, name) == 0)
            programs[i].run();
    return 0;
}

struct program {
    const char *name;
    const char *wish; /* WEFT_REPORT */
};

static int execute(const void *argument)
{
    const struct program *program = argument;

    setenv("WEFT_REPORT", program->wish, 1);
    execute_self(program->name);
    return 99;
}

static struct child run(const char *name, const char *wish)
{
    struct program program = {name, wish};

    return child_run(execute, &program);
}

static int lines_with(const char *text, const char *what)
{
    int count = 0;

    for (; (text = strstr(text, what)) != NULL; text += strlen(what))
        count++;
    return count;
}

static void skip_where_there_is_none(void)
{
    if (weft__sanitize_is_on())
        skip();
}

static void test_a_program_reports_at_its_end(void **state)
{
    struct child child = run("many_threads", "stacks");
    struct row row;

    (void)state;
    skip_where_there_is_none();
    assert_int_equal(child.status, 0);
    assert_ptr_equal(strstr(child.said,
                            "weft: stacks used, by the lines that start threads (all "
                            "sizes have a guard page of 4 KiB in them)\n"
                            "    threads     deepest     stack    enough  started at\n"),
                     child.said);
    row = find_row(child.said, "dig_and_park at");
    assert_int_equal(row.place, 0);
    assert_int_equal(row.threads, 1);
    assert_int_equal(row.enough, 64 << 10);
    row = find_row(child.said, "lie_still at");
    assert_int_equal(row.place, 1);
    assert_int_equal(row.threads, MANY);
    assert_in_range(row.deepest, 1, SHALLOW_BYTES);
    assert_int_equal(row.stack, 64 << 10);
    assert_int_equal(row.enough, 16 << 10);
    assert_non_null(strstr(child.said, "     10,000 "));
    assert_non_null(strstr(child.said, "weft_stack_default()\n"));
}

static void test_a_program_that_did_not_ask_says_nothing(void **state)
{
    (void)state;
    assert_int_equal(lines_with(run("many_threads", "").said, "weft:"), 0);
    weft_now();
    assert_null(weft__self->census);
    assert_ptr_equal(weft__self->run_thread, weft__thread_run);
}

static void test_a_program_without_threads_says_so(void **state)
{
    (void)state;
    skip_where_there_is_none();
    assert_string_equal(run("no_thread", "stacks").said, "weft: stacks: no thread has run\n");
}

static void test_exit_from_a_thread_reports(void **state)
{
    struct child child = run("a_thread_exits", "stacks");

    (void)state;
    skip_where_there_is_none();
    assert_int_equal(child.status, 3);
    assert_int_equal(find_row(child.said, "lie_still at").threads, 1);
    assert_int_equal(find_row(child.said, "exit_from_thread at").threads, 1);
}

static void test_each_worker_reports_at_its_end(void **state)
{
    struct child child = run("two_workers", "stacks");

    (void)state;
    skip_where_there_is_none();
    assert_int_equal(lines_with(child.said, "weft: stacks used,"), 2);
    assert_int_equal(find_row(child.said, " dig at").threads, 1);
    assert_int_equal(find_row(strstr(child.said + 1, "weft: stacks used,"), "lie_still at").threads,
                     1);
}

static void test_a_forks_child_does_not_repeat_its_parents_report(void **state)
{
    struct child child = run("a_child_of_its_own", "stacks");

    (void)state;
    skip_where_there_is_none();
    assert_int_equal(lines_with(child.said, "weft: stacks"), 1);
    assert_int_equal(find_row(child.said, " dig at").threads, 1);
}

static void test_a_program_that_shuts_down_reports_at_its_end(void **state)
{
    struct child child = run("shuts_down", "stacks");
    struct row row;

    (void)state;
    skip_where_there_is_none();
    assert_int_equal(lines_with(child.said, "weft: stacks"), 1);
    assert_int_equal(find_row(child.said, "lie_still at").stack, 64 << 10);
    row = find_row(child.said, "dig_and_park at");
    assert_int_equal(row.threads, 1);
    assert_in_range(row.deepest, 20000, 20000 + 1024);
}

static void test_under_a_sanitizer_a_line_says_that_there_is_no_census(void **state)
{
    (void)state;
    if (!weft__sanitize_is_on())
        skip();
    assert_int_equal(lines_with(run("many_threads", "stacks").said, "WEFT_REPORT=stacks: "), 1);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        check_test(test_a_depth_is_known_to_some_hundred_bytes),
        check_test(test_a_shallow_thread_is_shallow_on_a_deep_ones_stack),
        check_test(test_a_shallow_thread_is_shallow_in_a_deep_ones_wake),
        check_test(test_living_threads_are_measured_as_they_are),
        check_test(test_a_site_shows_its_deepest_and_counts_all),
        check_test(test_sites_are_sorted_and_parted_by_size),
        check_test(test_enough_holds_twice_the_deepest),
        check_test(test_calls_that_fail_change_no_depth),
        check_test(test_without_memory_threads_are_counted_together),
        check_test(test_a_program_reports_at_its_end),
        check_test(test_a_program_that_did_not_ask_says_nothing),
        check_test(test_a_program_without_threads_says_so),
        check_test(test_exit_from_a_thread_reports),
        check_test(test_each_worker_reports_at_its_end),
        check_test(test_a_forks_child_does_not_repeat_its_parents_report),
        check_test(test_a_program_that_shuts_down_reports_at_its_end),
        check_test(test_under_a_sanitizer_a_line_says_that_there_is_no_census),
    };

    if (argc == 2)
        return run_program(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
