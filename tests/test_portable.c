/* SPDX-License-Identifier: MIT */
/* The portable start: what the stub does elsewhere, without knowing an ABI. */
#ifndef WEFT_PORTABLE_START
#define WEFT_PORTABLE_START 1
#endif

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include <weft.h>

struct point {
    int x, y;
};

struct pair {
    long a, b;
};

struct floats {
    float f[4];
};

enum color { RED, GREEN, BLUE };

typedef int binary(int, int);
typedef const char *text;

#define SAME(a, b) ((a) == (b))

static int started;

static void count_start(void)
{
    started++;
}
WEFT_FN(count_start);

static int answer(void)
{
    return 42;
}
WEFT_FN(answer);

static void a_group_starts_functions(void **state)
{
    struct weft_group *g = group_new(1);

    (void)state;
    assert_int_equal(group_go(g, answer), 0);
    assert_int_equal(group_wait(g), 42);
    group_free(g);
}

static void a_function_without_parameters_starts(void **state)
{
    int result = 0;

    (void)state;
    started = 0;
    assert_int_equal(go(count_start), 0);
    assert_int_equal(task_join(spawn(count_start)), 0);
    assert_int_equal(started, 2);
    assert_int_equal(task_join(spawn(answer), &result), 0);
    assert_int_equal(result, 42);
}

static bool mixed(signed char a, short b, float f, double d, struct point p, struct pair pair,
                  const char *s, long l, long double w, struct floats floats, int (*fn)(int, int),
                  void *null, unsigned char uc)
{
    return a == -5 && b == -300 && SAME(f, 1.5f) && SAME(d, 2.5) && p.x == 7 && p.y == 8 &&
           pair.a == 9 && pair.b == 10 && strcmp(s, "hi") == 0 && l == 1 && SAME(w, 11.L) &&
           SAME(floats.f[3], 12.f) && fn(1, 2) == 3 && !null && uc == 200;
}
WEFT_FN(mixed, signed char, short, float, double, struct point, struct pair, const char *, long,
        long double, struct floats, int (*)(int, int), void *, unsigned char);

static int add(int a, int b)
{
    return a + b;
}
WEFT_FN(add, int, int);

static void arguments_of_every_kind_arrive(void **state)
{
    const struct floats floats = {{0, 0, 0, 12}};
    const char hi[] = "hi";
    bool result = false;

    (void)state;
    assert_int_equal(task_join(spawn(mixed, -5, -300, 1.5f, 2.5, ((struct point){7, 8}),
                                     ((struct pair){9, 10}), hi, 1, 11, floats, add, NULL, 200),
                               &result),
                     0);
    assert_true(result);
}

static void starts_nest_in_arguments(void **state)
{
    int sum = 0;

    (void)state;
    assert_int_equal(task_join(spawn(add, task_join(spawn(add, 1, 2), &sum) + sum,
                                     go(add, go(add, 1, 1), 1) + 4),
                               &sum),
                     0);
    assert_int_equal(sum, 7);
    weft_yield();
}

static int evaluated;

static int next_value(void)
{
    return ++evaluated;
}

static void arguments_are_evaluated_once(void **state)
{
    int sum = 0;

    (void)state;
    evaluated = 0;
    assert_int_equal(task_join(spawn(add, next_value(), next_value()), &sum), 0);
    assert_int_equal(evaluated, 2);
    assert_int_equal(sum, 3);
}

/* The type of the result is written once, and its function may or may not have one. */
#define DEFINE_RESULT(T, name)                                                        \
    static T give_##name(T value)                                                     \
    {                                                                                 \
        weft_yield();                                                                 \
        return value;                                                                 \
    }                                                                                 \
    WEFT_FN(give_##name, T);                                                          \
    static bool result_##name(T value)                                                \
    {                                                                                 \
        T got;                                                                        \
                                                                                      \
        memset(&got, 0xa5, sizeof got);                                               \
        return task_join(spawn(give_##name, value), &got) == 0 && SAME(got, value) && \
               task_join(spawn(give_##name, value)) == 0;                             \
    }

DEFINE_RESULT(bool, bool)
DEFINE_RESULT(signed char, signed_char)
DEFINE_RESULT(unsigned short, unsigned_short)
DEFINE_RESULT(int, int)
DEFINE_RESULT(unsigned long long, unsigned_long_long)
DEFINE_RESULT(float, float)
DEFINE_RESULT(double, double)
DEFINE_RESULT(enum color, color)
DEFINE_RESULT(text, text)
DEFINE_RESULT(binary *, function)

static void results_of_every_scalar_type_are_joined(void **state)
{
    (void)state;
    assert_true(result_bool(true));
    assert_true(result_signed_char(-5));
    assert_true(result_unsigned_short(60000));
    assert_true(result_int(-1));
    assert_true(result_unsigned_long_long(UINT64_MAX));
    assert_true(result_float(0.1f));
    assert_true(result_double(0.1));
    assert_true(result_color(BLUE));
    assert_true(result_text("text"));
    assert_true(result_function(add));
}

static _Noreturn void forever(int n)
{
    for (;;) {
        started += n;
        weft_sleep(WEFT_FOREVER);
    }
}
WEFT_FN(forever, int);

static void a_function_that_does_not_return_starts(void **state)
{
    (void)state;
    started = 0;
    assert_int_equal(go(forever, 3), 0);
    weft_yield();
    assert_int_equal(started, 3);
}

static void produce(chan_tx(struct point) out, int n)
{
    for (int i = 0; i < n; i++)
        chan_send(out, (struct point){i, i});
    chan_close(out);
}
WEFT_FN(produce, chan_tx(struct point), int);

static void handles_are_arguments(void **state)
{
    chan(struct point) c = chan_new(struct point);
    int sum = 0;

    (void)state;
    assert_int_equal(go(produce, c, 4), 0);
    chan_each(p, c)
        sum += p.x * 10 + p.y;
    assert_int_equal(sum, 66);
    chan_free(c);
}

static void options_are_checked(void **state)
{
    struct weft_spawn_opts opts = {.size = sizeof opts, .stack_bytes = 1 << 18, .name = "named"};
    int sum = 0;

    (void)state;
    assert_int_equal(task_join(spawn_with(&opts, add, 1, 2), &sum), 0);
    assert_int_equal(sum, 3);
    opts.stack_bytes = 1;
    assert_int_equal(go_with(&opts, add, 1, 2), -EINVAL);
    assert_null(spawn_with(&opts, count_start));
}

static void count(gen(int) self, int from, int to)
{
    while (from < to && gen_yield(self, from) == 0)
        from++;
}
WEFT_FN(count, gen(int), int, int);

static void one(gen(struct point) self)
{
    gen_yield(self, (struct point){1, 2});
}
WEFT_FN(one, gen(struct point));

static void average(gen(double, int) self)
{
    double sum = 0;
    int n = 0, next;

    while (gen_yield_recv(self, &next, n ? sum / n : 0) == 0) {
        sum += next;
        n++;
    }
}
WEFT_FN(average, gen(double, int));

static void generators_run(void **state)
{
    gen(int) counter = gen_new(int, count, 1, 4);
    gen(int) unused = gen_new(int, count, 1, 4);
    gen(struct point) points = gen_new(struct point, one);
    gen(double, int) averages = gen_new2(double, int, average);
    struct point p = {0, 0};
    double mean = -1;
    int digits = 0;

    (void)state;
    gen_each(i, counter)
        digits = digits * 10 + i;
    assert_int_equal(digits, 123);
    assert_int_equal(gen_next(points, &p), 0);
    assert_int_equal(p.x * 10 + p.y, 12);
    assert_int_equal(gen_next(points, &p), -EPIPE);
    assert_int_equal(gen_next(averages, &mean), 0);
    assert_int_equal(gen_send(averages, &mean, 10), 0);
    assert_int_equal(gen_send(averages, &mean, 20), 0);
    assert_true(SAME(mean, 15.));
    assert_int_equal(gen_close(counter), 0);
    assert_int_equal(gen_close(unused), 0);
    assert_int_equal(gen_close(points), 0);
    assert_int_equal(gen_close(averages), 0);
}

struct object {
    chan(int) out;
    int numbers[100];
};

static void send_numbers(void *copy)
{
    struct object *object = copy;
    const int aligned = (uintptr_t)copy % 16 == 0;

    chan_send(object->out, object->numbers[0] + object->numbers[99]);
    chan_send(object->out, aligned);
}

static void an_object_is_copied_for_its_thread(void **state)
{
    struct object object = {.out = chan_new(int), .numbers = {[0] = 1, [99] = 2}};
    int sum = 0, aligned = 0;

    (void)state;
    assert_int_equal(weft_go_copy(send_numbers, &object, sizeof object), 0);
    object.numbers[0] = object.numbers[99] = -1;
    assert_int_equal(chan_recv(object.out, &sum), 0);
    assert_int_equal(chan_recv(object.out, &aligned), 0);
    assert_int_equal(sum, 3);
    assert_true(aligned);
    chan_free(object.out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_function_without_parameters_starts),
        cmocka_unit_test(a_group_starts_functions),
        cmocka_unit_test(arguments_of_every_kind_arrive),
        cmocka_unit_test(starts_nest_in_arguments),
        cmocka_unit_test(arguments_are_evaluated_once),
        cmocka_unit_test(results_of_every_scalar_type_are_joined),
        cmocka_unit_test(a_function_that_does_not_return_starts),
        cmocka_unit_test(handles_are_arguments),
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(generators_run),
        cmocka_unit_test(an_object_is_copied_for_its_thread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
