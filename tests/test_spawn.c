/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "child.h"

#include <errno.h>
#include <fenv.h>
#include <float.h>
#include <glob.h>
#include <netdb.h>
#include <regex.h>
#include <string.h>
#include <time.h>

#include "runtime/calls.h"

static const size_t kib = 1024;

static void nothing(void) {}

static int add(int a, int b)
{
    return a + b;
}

/* ---- arguments ---- */

static int next_number;

static int number(void)
{
    return ++next_number;
}

static void note_numbers(int a, long b, const char *c, bool d)
{
    note("%d %ld %s %d", a, b, c, d);
}

static void arguments_are_evaluated_once_at_the_start(void **state)
{
    volatile int n = 7;

    (void)state;
    next_number = 0;
    go(note_numbers, number(), n, "text", true);
    assert_int_equal(next_number, 1);
    n = 8; /* too late */
    check_settle();
    assert_noted("1 7 text 1");
}

static void an_argument_may_start_a_thread_itself(void **state)
{
    task(int) inner = NULL;
    task(int) outer = spawn(add, 1, (inner = spawn(add, 2, 3)) ? 10 : 20);
    int sums[2] = {0};

    (void)state;
    assert_int_equal(task_join(outer, &sums[0]), 0);
    assert_int_equal(task_join(inner, &sums[1]), 0);
    assert_int_equal(sums[0], 11);
    assert_int_equal(sums[1], 5);
}

static int sleep_and_give(int ms)
{
    weft_sleep(WEFT_MS(ms));
    return ms;
}

/* The thread that starts it is between the evaluation of the arguments and the start meanwhile, and
 * so is another. */
static void start_with_a_late_argument(int ms, int other)
{
    int sum = 0;

    task_join(spawn(add, sleep_and_give(ms), other), &sum);
    note("%d ", sum);
}

static void an_argument_may_park(void **state)
{
    (void)state;
    go(start_with_a_late_argument, 30, 1);
    go(start_with_a_late_argument, 10, 2);
    go(start_with_a_late_argument, sleep_and_give(20), sleep_and_give(5));
    weft_sleep(WEFT_MS(100));
    assert_noted("12 31 25 ");
}

/* ---- results ---- */

struct point {
    int x, y;
};

enum colour { RED, GREEN = 5 };

static struct point somewhere;

static bool give_bool(void)
{
    return true;
}

static char give_char(void)
{
    return 'w';
}

static signed char give_negative(void)
{
    return -3;
}

static unsigned short give_short(void)
{
    return 65535;
}

static int64_t give_long(void)
{
    return INT64_MIN;
}

static struct point *give_pointer(void)
{
    return &somewhere;
}

static enum colour give_enum(void)
{
    return GREEN;
}

static float give_float(float x)
{
    return x / 2;
}

static double give_double(double x)
{
    return x / 3;
}

static void (*give_function(void))(void)
{
    return nothing;
}

#define assert_gives(type, value, ...)                           \
    do {                                                         \
        task(type) t_ = spawn(__VA_ARGS__);                      \
        struct {                                                 \
            char before;                                         \
            type result;                                         \
            char behind;                                         \
        } into_ = {'<', (type)0, '>'};                           \
                                                                 \
        assert_int_equal(task_join(t_, &into_.result), 0);       \
        assert_true(into_.result == (value));                    \
        assert_true(into_.before == '<' && into_.behind == '>'); \
    } while (0)

typedef void (*function_pointer)(void);

static void a_join_gives_the_result_in_its_own_type(void **state)
{
    (void)state;
    assert_gives(bool, true, give_bool);
    assert_gives(char, 'w', give_char);
    assert_gives(signed char, -3, give_negative);
    assert_gives(unsigned short, 65535, give_short);
    assert_gives(int, -1, add, 1, -2);
    assert_gives(int64_t, INT64_MIN, give_long);
    assert_gives(struct point *, &somewhere, give_pointer);
    assert_gives(enum colour, GREEN, give_enum);
    assert_gives(function_pointer, nothing, give_function);
    assert_gives(float, 1.25F, give_float, 2.5F);
    assert_gives(double, 1.0 / 3, give_double, 1.0);
}

static void a_join_after_the_end_gives_the_result_in_its_own_type(void **state)
{
    task(double) d = spawn(give_double, 6.0);
    task(signed char) c = spawn(give_negative);
    double two = 0;
    signed char minus_three = 0;

    (void)state;
    check_settle();
    assert_int_equal(check_threads(), 2);
    assert_int_equal(check_stacks(), 0);
    assert_int_equal(task_join(d, &two), 0);
    assert_int_equal(task_join(c, &minus_three), 0);
    assert_true(two == 2.0);
    assert_int_equal(minus_three, -3);
}

static void a_join_may_drop_the_result(void **state)
{
    (void)state;
    assert_int_equal(task_join(spawn(add, 1, 2)), 0);
    assert_int_equal(task_join(spawn(add, 1, 2), NULL), 0);
    assert_int_equal(task_join(spawn(nothing)), 0);
}

/* ---- joining ---- */

static void a_join_before_the_end_waits_for_it(void **state)
{
    task(int) t = spawn(sleep_and_give, 5);
    int ms = 0;

    (void)state;
    assert_int_equal(task_join(t, &ms), 0);
    assert_int_equal(ms, 5);
    assert_int_equal(weft_now(), WEFT_MS(5));
}

static void tasks_may_be_joined_in_any_order(void **state)
{
    task(int) tasks[] = {spawn(sleep_and_give, 3), spawn(sleep_and_give, 1),
                         spawn(sleep_and_give, 2)};
    const int order[] = {0, 2, 1}, slept[] = {3, 2, 1};

    (void)state;
    for (int i = 0; i < 3; i++) {
        int ms = 0;

        assert_int_equal(task_join(tasks[order[i]], &ms), 0);
        assert_int_equal(ms, slept[i]);
    }
    assert_int_equal(weft_now(), WEFT_MS(3));
}

/* say_after: one after the other takes the sum, together the longest. */
static void tasks_spawned_together_sleep_together(void **state)
{
    task(int) one = spawn(sleep_and_give, 1000);
    int64_t began;

    (void)state;
    task_join(one);
    task_join(spawn(sleep_and_give, 2000));
    assert_int_equal(weft_now(), WEFT_SEC(3));
    began = weft_now();
    one = spawn(sleep_and_give, 1000);
    task_join(spawn(sleep_and_give, 2000));
    task_join(one);
    assert_int_equal(weft_now() - began, WEFT_SEC(2));
}

static void join_and_note(task(int) t)
{
    int n = 0;

    note("%d ", task_join(t, &n));
    note("%d", n);
}

static void any_thread_may_join_a_task_that_it_was_handed(void **state)
{
    task(int) t = spawn(add, 20, 22);
    void *opaque = t;

    (void)state;
    go(join_and_note, opaque);
    check_settle();
    assert_noted("0 42");
}

static int join_within(task(int) t, int64_t ns, int *into)
{
    return weft_within(ns, task_join(t, into));
}

static void a_join_that_times_out_leaves_the_task_joinable(void **state)
{
    task(int) t = spawn(sleep_and_give, 10);
    int ms = -1;

    (void)state;
    assert_int_equal(join_within(t, WEFT_MS(2), &ms), -ETIMEDOUT);
    assert_int_equal(weft_now(), WEFT_MS(2));
    assert_int_equal(join_within(t, WEFT_MS(3), &ms), -ETIMEDOUT);
    assert_int_equal(weft_now(), WEFT_MS(5));
    assert_int_equal(ms, -1);
    assert_int_equal(join_within(t, WEFT_MS(50), &ms), 0);
    assert_int_equal(weft_now(), WEFT_MS(10));
    assert_int_equal(ms, 10);
}

static void a_join_within_no_time_takes_what_has_ended(void **state)
{
    task(int) t = spawn(add, 1, 2);
    int n = -1;

    (void)state;
    assert_int_equal(join_within(t, 0, &n), -ETIMEDOUT);
    assert_int_equal(n, -1);
    check_settle(); /* a try has let it run already */
    assert_int_equal(join_within(t, 0, &n), 0);
    assert_int_equal(n, 3);
}

static void another_thread_may_join_what_the_first_gave_up(void **state)
{
    task(int) t = spawn(sleep_and_give, 10);

    (void)state;
    assert_int_equal(join_within(t, WEFT_MS(1), NULL), -ETIMEDOUT);
    go(join_and_note, t);
    weft_sleep(WEFT_MS(20));
    assert_noted("0 10");
}

/* ---- records ---- */

static void a_handle_is_not_used_again_for_the_next_task(void **state)
{
    task(int) first = spawn(add, 1, 1);
    task(int) second;

    (void)state;
    task_join(first);
    second = spawn(add, 1, 1);
    assert_ptr_not_equal(first, second);
    task_join(second);
}

static void ten_thousand_tasks_give_their_results(void **state)
{
    enum { TASKS = 10000 };
    static task(int) tasks[TASKS];

    (void)state;
    for (int i = 0; i < TASKS; i++)
        tasks[i] = spawn(add, i, i);
    for (int i = 0; i < TASKS; i++) {
        int sum = 0;

        task_join(tasks[i], &sum);
        if (sum != 2 * i)
            fail();
    }
}

static int fib(int n)
{
    task(int) a, b;
    int x = 0, y = 0;

    if (n < 2)
        return n;
    a = spawn(fib, n - 1);
    b = spawn(fib, n - 2);
    task_join(a, &x);
    task_join(b, &y);
    return x + y;
}

static void a_tree_of_tasks_adds_up(void **state)
{
    int n = 0;

    (void)state;
    task_join(spawn(fib, 15), &n);
    assert_int_equal(n, 610);
}

static void a_tree_of_tasks_adds_up_in_any_order(void **state)
{
    int n = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        check_randomly(seed);
        task_join(spawn(fib, 7), &n);
        assert_int_equal(n, 13);
    }
}

static void count_run(int *runs)
{
    ++*runs;
}

static void detached_threads_leave_nothing(void **state)
{
    int runs = 0;

    (void)state;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(go(count_run, &runs), 0);
    assert_int_equal(check_threads(), 1000);
    check_settle();
    assert_int_equal(runs, 1000);
    assert_int_equal(check_threads(), 0);
}

static void yield_and_count(int *runs)
{
    weft_yield();
    ++*runs;
}

/* The stack that a thread has ended on is given back by whoever runs next, and its memory to the
 * system before it is used again: nothing is kept. */
static void very_many_threads_end_and_no_stack_is_kept(void **state)
{
#ifdef WEFT__SANITIZED
    enum { ROUNDS = 30, AT_ONCE = 1000 };
#else
    enum { ROUNDS = 1000, AT_ONCE = 1000 };
#endif
    int runs = 0;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < AT_ONCE; i++)
            go(yield_and_count, &runs);
        weft_yield();
        weft_yield();
        weft_sleep(WEFT_SEC(1)); /* a long wait: unused stacks go */
    }
    assert_int_equal(runs, ROUNDS * AT_ONCE);
    assert_int_equal(check_threads(), 0);
    assert_int_equal(check_stacks(), 0);
    assert_true(weft__self->stacks.pools[WEFT__STACK_CLASS_DEFAULT].cut <= 2 * AT_ONCE);
}

/* ---- options ---- */

static int use_much_stack(void)
{
    volatile char room[512 * 1024];

    for (size_t i = 0; i < sizeof room; i += 1024)
        room[i] = 1;
    return room[0];
}

static int use_little_stack(void)
{
    volatile char room[1024];

    for (size_t i = 0; i < sizeof room; i++)
        room[i] = 1;
    return room[0];
}

static void a_thread_gets_the_stack_that_it_asks_for(void **state)
{
    const struct weft_spawn_opts large = {.size = sizeof large, .stack_bytes = 1024 * kib};
    const struct weft_spawn_opts small = {.size = sizeof small, .stack_bytes = 16 * kib};
    int one = 0;

    (void)state;
    assert_int_equal(task_join(spawn_with(&large, use_much_stack), &one), 0);
    assert_int_equal(one, 1);
    one = 0;
    assert_int_equal(task_join(spawn_with(&small, use_little_stack), &one), 0);
    assert_int_equal(one, 1);
    assert_true(weft__self->stacks.pools[0].cut > 0);
    assert_int_equal(weft__self->stacks.pools[WEFT__STACK_CLASS_DEFAULT].cut, 0);
}

/* Sanitizers have functions of their own in the place of libc's. */
#ifndef WEFT__SANITIZED

static FILE *nowhere;

static void print_numbers(void)
{
    fprintf(nowhere, "%d %f %s", 1, 1e300, "text");
}

static void print_a_long_number(void)
{
    fprintf(nowhere, "%.2000f", 1e300);
}

static void print_a_very_long_number(void)
{
    fprintf(nowhere, "%Lf", LDBL_MAX);
}

static void say_an_error(void)
{
    errno = ENOENT;
    perror("as it should be");
}

static void tell_the_time(void)
{
    const time_t now = 1000000000;
    struct tm parts;
    char text[64];

    if (localtime_r(&now, &parts))
        strftime(text, sizeof text, "%c %Z", &parts);
}

static void look_up_a_host(void)
{
#if !defined WEFT_TEST_STATIC || !defined __GLIBC__ /* glibc's would load libraries */
    struct addrinfo *found = NULL;

    if (getaddrinfo("localhost", "80", NULL, &found) == 0)
        freeaddrinfo(found);
#endif
}

static void match_a_pattern(void)
{
    regex_t pattern;

    if (regcomp(&pattern, "^(a|b)*[c-f]+(x(y)z){2,3}$", REG_EXTENDED) == 0) {
        (void)regexec(&pattern, "ababcxyzxyz", 0, NULL, 0);
        regfree(&pattern);
    }
}

static void look_for_files(void)
{
    glob_t found;

    if (glob("/*/?[a-m]*", 0, NULL, &found) == 0)
        globfree(&found);
}

static int compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static void sort_numbers(void)
{
    static int numbers[1000];

    for (int i = 0; i < 1000; i++)
        numbers[i] = i * 7919 % 1000;
    qsort(numbers, 1000, sizeof numbers[0], compare);
}

static int use_libc(const void *unused)
{
    static const struct {
        void (*fn)(void);
        size_t stack_bytes;
    } uses[] = {
        {print_numbers, 16384},   {tell_the_time, 16384},  {sort_numbers, 16384},
        {say_an_error, 32768},    {look_up_a_host, 32768}, {print_a_long_number, 32768},
        {match_a_pattern, 32768}, {look_for_files, 65536}, {print_a_very_long_number, 65536},
    };

    (void)unused;
    nowhere = fopen("/dev/null", "we");
    for (size_t i = 0; nowhere && i < sizeof uses / sizeof uses[0]; i++) {
        const struct weft_spawn_opts opts = {.size = sizeof opts,
                                             .stack_bytes = uses[i].stack_bytes};

        task_join(spawn_with(&opts, uses[i].fn));
    }
    return nowhere ? 0 : 1;
}

/* What libc needs of a stack is its own affair, and not documented. The usual functions fit twice
 * into a stack of the default size, 64 KiB; those that format the longest numbers there are, or read
 * folders, fit once. */
static void functions_of_libc_fit_on_a_stack_of_the_default_size(void **state)
{
    struct child child = child_run(use_libc, NULL);

    (void)state;
    if (child.status != 0)
        fail_msg("signal %d: %s", child.signal, child.said);
}
#endif

static void a_stack_below_16_kib_or_beyond_measure_is_refused(void **state)
{
    const struct weft_spawn_opts small = {.size = sizeof small, .stack_bytes = 16 * kib - 1};
    const struct weft_spawn_opts vast = {.size = sizeof vast, .stack_bytes = SIZE_MAX};

    (void)state;
    assert_int_equal(go_with(&small, nothing), -EINVAL);
    assert_null(spawn_with(&small, nothing));
    assert_int_equal(go_with(&vast, nothing), -EINVAL);
    assert_null(spawn_with(&vast, nothing));
    assert_int_equal(check_threads(), 0);
}

static void options_without_their_size_are_refused(void **state)
{
    const struct weft_spawn_opts unset = {.stack_bytes = 64 * kib};

    (void)state;
    assert_int_equal(go_with(&unset, nothing), -EINVAL);
    assert_null(spawn_with(&unset, nothing));
    assert_int_equal(check_threads(), 0);
}

static void no_options_are_those_of_go(void **state)
{
    const struct weft_spawn_opts none = {.size = sizeof none};
    int runs = 0;

    (void)state;
    assert_int_equal(go_with(NULL, count_run, &runs), 0);
    assert_int_equal(go_with(&none, count_run, &runs), 0);
    assert_int_equal(task_join(spawn_with(NULL, count_run, &runs)), 0);
    check_settle();
    assert_int_equal(runs, 3);
}

static void note_name(void)
{
    const char *name = weft__thread_name(weft__self->current->thread);

    note("%s", name ? name : "(none)");
}

static void a_name_is_copied_up_to_31_bytes(void **state)
{
    char name[] = "0123456789012345678901234567890123456789";
    struct weft_spawn_opts opts = {.size = sizeof opts, .name = name};

    (void)state;
    go_with(&opts, note_name);
    memset(name, 'x', sizeof name - 1);
    check_settle();
    assert_noted("0123456789012345678901234567890");
}

/* As an older program has them: the struct ended before the name. */
static void members_beyond_the_size_of_the_options_are_not_read(void **state)
{
    struct weft_spawn_opts opts = {
        .size = offsetof(struct weft_spawn_opts, name),
        .stack_bytes = 16 * kib,
        .name = (const char *)(uintptr_t)1,
    };

    (void)state;
    assert_int_equal(go_with(&opts, note_name), 0);
    check_settle();
    assert_noted("(none)");
    assert_true(weft__self->stacks.pools[0].cut > 0);
}

static void the_default_stack_can_be_chosen(void **state)
{
    (void)state;
    assert_int_equal(weft_stack_default(16 * kib - 1), -EINVAL);
    assert_int_equal(weft_stack_default(SIZE_MAX), -EINVAL);
    assert_int_equal(weft_stack_default(100 * kib), 0);
    task_join(spawn(use_little_stack));
    assert_int_equal(weft__self->stacks.pools[WEFT__STACK_CLASS_DEFAULT].cut, 0);
    assert_true(weft__self->stacks.pools[WEFT__STACK_CLASS_DEFAULT + 1].cut > 0);
    assert_int_equal(weft_stack_default(64 * kib), 0);
}

static void reserved_stacks_are_there_when_threads_need_them(void **state)
{
    const struct weft_pool *pool;
    size_t cut;

    (void)state;
    assert_int_equal(weft_reserve(100), 0);
    pool = &weft__self->stacks.pools[WEFT__STACK_CLASS_DEFAULT];
    assert_in_range(weft__ring_count(&pool->warm), 100, 200);
    cut = pool->cut;
    for (int i = 0; i < 100; i++)
        go(sleep_and_give, 1);
    weft_sleep(WEFT_MS(2));
    assert_int_equal(pool->cut, cut);
    assert_int_equal(weft_reserve(0), 0);
}

/* ---- copies ---- */

static int parcels_right;

static void look_at_parcel(void *copy)
{
    const unsigned char *bytes = copy;
    const size_t size = bytes[0] | (size_t)bytes[1] << 8;
    bool right = (uintptr_t)copy % 16 == 0;

    for (size_t i = 2; i < size; i++)
        right = right && bytes[i] == (unsigned char)i;
    weft_yield(); /* the copy outlives what other threads do */
    for (size_t i = 2; i < size; i++)
        right = right && bytes[i] == (unsigned char)i;
    parcels_right += right;
}

#if defined __x86_64__ && defined __GLIBC__
static volatile long double infinite, zero;

static void divide_by_zero(void)
{
    infinite = 1.0L / zero;
}

static void calculate(void *copy)
{
    volatile long double one = 1;

    (void)copy;
    note("%d ", (int)(one + one));
}

/* The first thread leaves the x87's flag of a division by zero; the second has been started by one
 * that unmasks that exception, and used to be hit by the signal at its first instruction there. */
static void a_thread_is_not_hit_by_the_exceptions_of_the_one_before(void **state)
{
    (void)state;
    go(divide_by_zero);
    feenableexcept(FE_DIVBYZERO);
    weft_go_copy(calculate, "", 1);
    fedisableexcept(FE_DIVBYZERO);
    check_settle();
    assert_noted("2 ");
}
#endif

static void go_copy_gives_each_thread_an_aligned_copy(void **state)
{
    const size_t sizes[] = {2, 3, 8, 16, 31, 32, 33, 40, 48, 49, 64, 100, 1000, 4096};
    const int n = sizeof sizes / sizeof sizes[0];

    (void)state;
    parcels_right = 0;
    for (int i = 0; i < n; i++) {
        unsigned char bytes[4096];

        for (size_t k = 2; k < sizes[i]; k++)
            bytes[k] = (unsigned char)k;
        bytes[0] = (unsigned char)sizes[i];
        bytes[1] = (unsigned char)(sizes[i] >> 8);
        assert_int_equal(weft_go_copy(look_at_parcel, bytes, sizes[i]), 0);
        memset(bytes, 0xff, sizeof bytes);
    }
    check_settle();
    assert_int_equal(parcels_right, n);
}

static void note_copy(void *copy)
{
    (void)copy;
    note("ran");
}

static void go_copy_of_nothing_runs(void **state)
{
    (void)state;
    assert_int_equal(weft_go_copy(note_copy, NULL, 0), 0);
    check_settle();
    assert_noted("ran");
}

static void note_rounding(void *copy)
{
    (void)copy;
    note(fegetround() == FE_UPWARD ? "upwards" : "otherwise");
}

static void go_copy_starts_a_thread_with_the_rounding_of_who_starts_it(void **state)
{
    int before = fegetround();

    (void)state;
    fesetround(FE_UPWARD);
    weft_go_copy(note_rounding, "", 1);
    fesetround(before);
    check_settle();
    assert_noted("upwards");
    assert_int_equal(fegetround(), before);
}

static void go_copy_of_more_than_memory_can_hold_starts_nothing(void **state)
{
    (void)state;
    assert_int_equal(weft_go_copy(note_copy, "", SIZE_MAX / 2 + 1), -ENOMEM);
    assert_int_equal(weft_go_copy(note_copy, "", SIZE_MAX), -ENOMEM);
    assert_int_equal(check_threads(), 0);
}

/* ---- no memory ---- */

static int allocations_left;

static void *malloc_what_is_left(size_t size)
{
    return allocations_left-- > 0 ? malloc(size) : NULL;
}

static void *calloc_what_is_left(size_t n, size_t size)
{
    return allocations_left-- > 0 ? calloc(n, size) : NULL;
}

static void allow_allocations(int n)
{
    allocations_left = n;
    weft__calls.malloc = malloc_what_is_left;
    weft__calls.calloc = calloc_what_is_left;
}

/* Records come by the slab, and the run queue grows by doubling: now and then a start asks for
 * memory, and the first time gets none. */
static void a_start_without_memory_starts_nothing_and_the_others_go_on(void **state)
{
    enum { MANY = 3000 };
    int runs = 0, refused = 0;

    (void)state;
    weft_now();
    for (int i = 0; i < MANY; i++) {
        int result;

        allow_allocations(0);
        result = go(count_run, &runs);
        assert_int_equal(check_threads(), result == 0 ? i + 1 : i);
        if (result == 0)
            continue;
        assert_int_equal(result, -ENOMEM);
        refused++;
        allow_allocations(3);
        assert_int_equal(go(count_run, &runs), 0);
    }
    assert_true(refused > 0);
    allow_allocations(MANY);
    check_settle();
    assert_int_equal(runs, MANY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        check_test(arguments_are_evaluated_once_at_the_start),
        check_test(an_argument_may_start_a_thread_itself),
        check_test(an_argument_may_park),
        check_test(a_join_gives_the_result_in_its_own_type),
        check_test(a_join_after_the_end_gives_the_result_in_its_own_type),
        check_test(a_join_may_drop_the_result),
        check_test(a_join_before_the_end_waits_for_it),
        check_test(tasks_may_be_joined_in_any_order),
        check_test(tasks_spawned_together_sleep_together),
        check_test(any_thread_may_join_a_task_that_it_was_handed),
        check_test(a_join_that_times_out_leaves_the_task_joinable),
        check_test(a_join_within_no_time_takes_what_has_ended),
        check_test(another_thread_may_join_what_the_first_gave_up),
        check_test(a_handle_is_not_used_again_for_the_next_task),
        check_test(ten_thousand_tasks_give_their_results),
        check_test(a_tree_of_tasks_adds_up),
        check_test(a_tree_of_tasks_adds_up_in_any_order),
        check_test(detached_threads_leave_nothing),
        check_test(very_many_threads_end_and_no_stack_is_kept),
        check_test(a_thread_gets_the_stack_that_it_asks_for),
#ifndef WEFT__SANITIZED
        check_test(functions_of_libc_fit_on_a_stack_of_the_default_size),
#endif
        check_test(a_stack_below_16_kib_or_beyond_measure_is_refused),
        check_test(options_without_their_size_are_refused),
        check_test(no_options_are_those_of_go),
        check_test(a_name_is_copied_up_to_31_bytes),
        check_test(members_beyond_the_size_of_the_options_are_not_read),
        check_test(the_default_stack_can_be_chosen),
        check_test(reserved_stacks_are_there_when_threads_need_them),
        check_test(go_copy_gives_each_thread_an_aligned_copy),
#if defined __x86_64__ && defined __GLIBC__
        check_test(a_thread_is_not_hit_by_the_exceptions_of_the_one_before),
#endif
        check_test(go_copy_of_nothing_runs),
        check_test(go_copy_starts_a_thread_with_the_rounding_of_who_starts_it),
        check_test(go_copy_of_more_than_memory_can_hold_starts_nothing),
        check_test(a_start_without_memory_starts_nothing_and_the_others_go_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
