/* SPDX-License-Identifier: MIT */
/* The typed layer at work: what the macros evaluate, convert, carry and give back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <complex.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft.h>

struct point {
    int x, y;
};

struct large {
    char bytes[300];
};

struct pair {
    long a, b;
};

struct __attribute__((packed)) packed {
    char c;
    int i;
};

struct mixed {
    double d;
    int i;
};

struct floats {
    float f[4];
};

struct halves {
    float x, y;
};

typedef struct {
    int a;
    double b;
} unnamed;

typedef struct {
    alignas(64) char line[64];
} cache_line;

union either {
    int i;
    double d;
};

enum color { RED, GREEN, BLUE };

typedef int binary(int, int);
typedef int row[4];
typedef int (*raw_function)(int, int);
typedef float vector __attribute__((vector_size(16)));
typedef const char *text;

static int add(int a, int b)
{
    return a + b;
}

/* ---- every argument is evaluated once ---- */

static struct {
    int handles, pointers, values;
} calls;

static chan(int) shared_chan;
static gen(int, int) shared_gen;
static int shared_int;

static chan(int) the_chan(void)
{
    calls.handles++;
    return shared_chan;
}

static gen(int, int) the_gen(void)
{
    calls.handles++;
    return shared_gen;
}

static int *the_pointer(void)
{
    calls.pointers++;
    return &shared_int;
}

static int the_value(void)
{
    calls.values++;
    return 7;
}

#define assert_evaluates(call, handles_, pointers_, values_) \
    do {                                                     \
        memset(&calls, 0, sizeof calls);                     \
        (void)(call);                                        \
        assert_int_equal(calls.handles, handles_);           \
        assert_int_equal(calls.pointers, pointers_);         \
        assert_int_equal(calls.values, values_);             \
    } while (0)

static void drain(chan(int) c)
{
    chan_each(v, c)
        (void)v;
}

static void fill(chan(int) c)
{
    while (chan_send(c, 1) == 0)
        ;
}

static void sending_evaluates_each_argument_once(void **state)
{
    struct weft_case set;

    (void)state;
    shared_chan = chan_new(int);
    assert_int_equal(go(drain, shared_chan), 0);
    weft_yield();
    assert_evaluates(chan_send(the_chan(), the_value()), 1, 0, 1);
    assert_evaluates(chan_send_from(the_chan(), the_pointer()), 1, 1, 0);
    assert_evaluates(chan_select(chan_case_send(the_chan(), the_value())), 1, 0, 1);
    assert_evaluates(set = chan_set_send(the_chan(), the_pointer()), 1, 1, 0);
    assert_int_equal(chan_select_n(&set, 1), 0);
    weft_yield();
    assert_evaluates(chan_trysend(the_chan(), the_value()), 1, 0, 1);
    assert_evaluates(chan_close(the_chan()), 1, 0, 0);
    weft_yield();
    assert_evaluates((chan_free(the_chan()), 0), 1, 0, 0);
}

static void receiving_evaluates_each_argument_once(void **state)
{
    struct weft_case set;
    int turns = 0;

    (void)state;
    shared_chan = chan_new(int);
    assert_int_equal(go(fill, shared_chan), 0);
    weft_yield();
    assert_evaluates(chan_recv(the_chan(), the_pointer()), 1, 1, 0);
    assert_evaluates(chan_select(chan_case_recv(the_chan(), the_pointer())), 1, 1, 0);
    assert_evaluates(set = chan_set_recv(the_chan(), the_pointer()), 1, 1, 0);
    assert_int_equal(chan_select_n(&set, 1), 0);
    weft_yield();
    assert_evaluates(chan_tryrecv(the_chan(), the_pointer()), 1, 1, 0);
    memset(&calls, 0, sizeof calls);
    chan_each(v, the_chan()) {
        turns += v;
        if (turns == 3)
            break;
    }
    assert_int_equal(calls.handles, 1);
    chan_close(shared_chan);
    weft_yield();
    chan_free(shared_chan);
}

static void take_three(chan(int) c, const int *p, int v)
{
    (void)c;
    (void)p;
    (void)v;
}

static const struct weft_spawn_opts *the_opts(void)
{
    calls.handles++;
    return NULL;
}

static void starting_evaluates_each_argument_once(void **state)
{
    void (*functions[])(chan(int), const int *, int) = {take_three, NULL};
    int next = 0;
    task(void) t;

    (void)state;
    assert_evaluates(go(take_three, the_chan(), the_pointer(), the_value()), 1, 1, 1);
    assert_evaluates(go_with(the_opts(), take_three, the_chan(), NULL, the_value()), 2, 0, 1);
    assert_evaluates(t = spawn(functions[next++], the_chan(), the_pointer(), the_value()), 1, 1, 1);
    assert_int_equal(next, 1);
    assert_int_equal(task_join(t), 0);
    weft_yield();
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wvla"

static int sums[2];

static void sum_row(int n, int (*line)[n], int *sum)
{
    for (int i = 0; i < n; i++)
        *sum += (*line)[i];
}

/* C evaluates what typeof is asked of, if its type has a variable length: these used to be evaluated
 * twice. */
static void starting_evaluates_arguments_of_variable_length_once(void **state)
{
    int n = 3, next = 0;
    int rows[2][n], (*line)[n] = rows;
    task(void) t;

    (void)state;
    for (int i = 0; i < 2 * n; i++)
        rows[i / n][i % n] = i;
    memset(sums, 0, sizeof sums);
    t = spawn(sum_row, n, line++, &sums[next++]);
    assert_int_equal(next, 1);
    assert_ptr_equal(line, &rows[1]);
    assert_int_equal(go(sum_row, n, (next++, line), &sums[1]), 0);
    assert_int_equal(next, 2);
    assert_int_equal(task_join(t), 0);
    weft_yield();
    assert_int_equal(sums[0], 0 + 1 + 2);
    assert_int_equal(sums[1], 3 + 4 + 5);
}

#pragma GCC diagnostic pop

static void echo(gen(int, int) self, chan(int) c, const int *p, int v)
{
    int got = v;

    take_three(c, p, v);
    (void)self;
    while (gen_yield_recv(the_gen(), the_pointer(), (the_value(), got)) == 0)
        got = shared_int;
}

static void generators_evaluate_each_argument_once(void **state)
{
    int got = 0, turns = 0;

    (void)state;
    assert_evaluates(shared_gen = gen_new2(int, int, echo, the_chan(), the_pointer(), the_value()),
                     1, 1, 1);
    /* The body adds one of each when it runs to its next yield. */
    assert_evaluates(gen_next(the_gen(), (the_pointer(), &got)), 2, 2, 1);
    assert_int_equal(got, 7);
    assert_evaluates(gen_send(the_gen(), (the_pointer(), &got), the_value() + 1), 2, 2, 2);
    assert_int_equal(got, 8);
    memset(&calls, 0, sizeof calls);
    gen_each(v, the_gen()) {
        assert_int_equal(v, 0);
        if (++turns == 3)
            break;
    }
    assert_int_equal(calls.handles, 1 + 3);
    assert_evaluates(gen_close(the_gen()), 1, 0, 0);
}

static void deadlines_evaluate_each_argument_once(void **state)
{
    (void)state;
    assert_evaluates(weft_within(the_value(), (the_pointer(), 0)), 0, 1, 1);
    assert_evaluates(chan_select(chan_case_timeout(the_value())), 0, 0, 1);
}

/* ---- elements of every type ---- */

/* Sends one value of type T through a channel by all ways, and compares each with the first. */
#define DEFINE_TRIP(T, name, same)                                                        \
    static void send_##name(chan(T) c, T const *value)                                    \
    {                                                                                     \
        T copy = *value;                                                                  \
                                                                                          \
        chan_send(c, copy);                                                               \
        chan_send_from(c, value);                                                         \
        chan_select(chan_case_send(c, *value));                                           \
    }                                                                                     \
    static bool trip_##name(T const *value)                                               \
    {                                                                                     \
        chan(T) c = chan_new(T);                                                          \
        T one;                                                                            \
        T two;                                                                            \
        T three;                                                                          \
        bool received;                                                                    \
                                                                                          \
        go(send_##name, c, value);                                                        \
        received = chan_recv(c, &one) == 0 && chan_recv(c, &two) == 0 &&                  \
                   chan_select(chan_case_recv(c, &three)) == 0;                           \
        chan_free(c);                                                                     \
        return received && same(one, *value) && same(two, *value) && same(three, *value); \
    }

#define SAME(a, b) ((a) == (b))
#define SAME_BYTES(a, b) (memcmp(&(a), &(b), sizeof(a)) == 0)
#define SAME_EITHER(p, q) SAME((p).d, (q).d)
#define SAME_VECTORS(p, q) (SAME((p)[0], (q)[0]) && SAME((p)[3], (q)[3]))
#define SAME_UNNAMED(p, q) ((p).a == (q).a && SAME((p).b, (q).b))

DEFINE_TRIP(int, int, SAME)
DEFINE_TRIP(double, double, SAME)
DEFINE_TRIP(bool, bool, SAME)
DEFINE_TRIP(enum color, color, SAME)
DEFINE_TRIP(char *, string, SAME)
DEFINE_TRIP(text, text, SAME)
DEFINE_TRIP(struct point, point, SAME_BYTES)
DEFINE_TRIP(struct large, large, SAME_BYTES)
DEFINE_TRIP(struct packed, packed, SAME_BYTES)
DEFINE_TRIP(union either, either, SAME_EITHER)
DEFINE_TRIP(unnamed, unnamed, SAME_UNNAMED)
DEFINE_TRIP(binary *, function, SAME)
DEFINE_TRIP(raw_function, raw_function, SAME)
DEFINE_TRIP(row *, row, SAME)
DEFINE_TRIP(chan(int), chan, SAME)
DEFINE_TRIP(long double, wide, SAME)
DEFINE_TRIP(double _Complex, complex, SAME)
DEFINE_TRIP(vector, vector, SAME_VECTORS)
DEFINE_TRIP(cache_line, line, SAME_BYTES)

static void elements_of_every_type_arrive_whole(void **state)
{
    const struct point point = {1, -2};
    const struct packed packed = {'p', 1 << 30};
    const union either either = {.d = 0.1};
    const unnamed anonymous = {1, 0.2};
    const vector v = {1, 2, 3, 4};
    const chan(int) c = chan_new(int);
    const enum color color = BLUE;
    const double d = 0.1;
    const long double wide = 0.1L;
    const double _Complex complex_value = 1 + 2 * I;
    const bool truth = true;
    const int n = -42;
    const text constant = "text";
    binary *const function = add;
    struct large large = {"first"};
    cache_line line = {"first"};
    row numbers = {1, 2, 3, 4};
    row *const pointer = &numbers;
    char string[] = "string";
    char *const variable = string;

    (void)state;
    large.bytes[sizeof large.bytes - 1] = 'l';
    line.line[sizeof line.line - 1] = 'l';
    assert_true(trip_int(&n));
    assert_true(trip_double(&d));
    assert_true(trip_bool(&truth));
    assert_true(trip_color(&color));
    assert_true(trip_string(&variable));
    assert_true(trip_text(&constant));
    assert_true(trip_point(&point));
    assert_true(trip_large(&large));
    assert_true(trip_packed(&packed));
    assert_true(trip_either(&either));
    assert_true(trip_unnamed(&anonymous));
    assert_true(trip_function(&function));
    assert_true(trip_raw_function(&function));
    assert_true(trip_row(&pointer));
    assert_true(trip_chan(&c));
    assert_true(trip_wide(&wide));
    assert_true(trip_complex(&complex_value));
    assert_true(trip_vector(&v));
    assert_true(trip_line(&line));
    chan_free(c);
}

static void send_converted(chan(double) doubles, chan(signed char) chars)
{
    chan_send(doubles, 3);
    chan_send(chars, 'a' + 1);
}

static void values_convert_as_by_assignment(void **state)
{
    chan(double) doubles = chan_new(double);
    chan(signed char) chars = chan_new(signed char);
    signed char c = 0;
    double d = 0;

    (void)state;
    go(send_converted, doubles, chars);
    chan_recv(doubles, &d);
    chan_recv(chars, &c);
    assert_true(SAME(d, 3.0));
    assert_int_equal(c, 'b');
    chan_free(doubles);
    chan_free(chars);
}

/* ---- select ---- */

static void a_select_counts_its_clauses_in_any_order(void **state)
{
    enum { FIRST, HOLE, READY, LAST };
    chan(struct point) c = chan_new(struct point);
    chan(int) idle = chan_new(int);
    struct point sent = {3, 4}, got = {0, 0};
    int x;

    (void)state;
    go(send_point, c, &sent);
    weft_yield();
    assert_int_equal(
        chan_select([LAST] = chan_case_recv(idle, &x), [READY] = chan_case_recv(c, &got),
                    [FIRST] = chan_case_send(idle, 1)),
        READY);
    assert_int_equal(got.x * 10 + got.y, 34);
    assert_int_equal(chan_select([LAST] = chan_case_default, [FIRST] = chan_case_recv(idle, &x)),
                     LAST);
    chan_recv(c, NULL);
    chan_recv(c, NULL);
    chan_close(c);
    assert_int_equal(chan_select([READY] = chan_case_recv(c, &got)), CHAN_CLOSED(READY));
    chan_free(c);
    chan_free(idle);
}

static void a_run_time_set_receives_into_each_its_own_object(void **state)
{
    enum { N = 20 };
    chan(int) channels[N];
    struct weft_case set[N];
    int sent[N], got[N], sum = 0;
    task(void) senders[N];

    (void)state;
    for (int i = 0; i < N; i++) {
        channels[i] = chan_new(int);
        sent[i] = 100 + i;
        got[i] = 0;
        set[i] = chan_set_recv(channels[i], &got[i]);
    }
    for (int i = 0; i < N; i++)
        senders[i] = spawn(send_int, channels[i], &sent[i]);
    for (int i = 0; i < 3 * N; i++) {
        int done = chan_select_n(set, N);

        assert_in_range(done, 0, N - 1);
        sum += got[done];
    }
    assert_int_equal(sum, 3 * (100 * N + N * (N - 1) / 2));
    for (int i = 0; i < N; i++) {
        task_join(senders[i]);
        chan_free(channels[i]);
    }
}

/* ---- arguments ---- */

static bool mixed_arguments(signed char a, short b, float f, double d, struct point p,
                            struct pair pair, const char *s, long l1, long l2, long l3, long l4,
                            void *null, unsigned char uc)
{
    return a == -5 && b == -300 && SAME(f, 1.5f) && SAME(d, 2.5) && p.x == 7 && p.y == 8 &&
           pair.a == 9 && pair.b == 10 && strcmp(s, "hi") == 0 && l1 == 1 && l2 == 2 && l3 == 3 &&
           l4 == -4 && !null && uc == 200;
}

static bool exact_arguments(long a, long b, long c, long d, long e, long f, long g, long h, long i,
                            long j)
{
    return a == 1 && b == 2 && c == 3 && d == 4 && e == 5 && f == 6 && g == 7 && h == 8 && i == 9 &&
           j == 10;
}

static bool doubles(double a, double b, double c, double d, double e, double f, double g, double h,
                    double i, float j, double k, double l, float m)
{
    return SAME(a, 1.) && SAME(b, 2.) && SAME(c, 3.) && SAME(d, 4.) && SAME(e, 5.) && SAME(f, 6.) &&
           SAME(g, 7.) && SAME(h, 8.) && SAME(i, 9.) && SAME(j, 10.f) && SAME(k, 11.) &&
           SAME(l, 12.) && SAME(m, 13.f);
}

static bool is_pair(struct pair p, long n)
{
    return p.a == n && p.b == -n;
}

static bool pairs(struct pair a, struct pair b, struct pair c, struct pair d, struct pair e,
                  struct pair f, struct pair g, struct pair h, struct pair i, struct pair j,
                  struct pair k, struct pair l, struct pair m)
{
    return is_pair(a, 1) && is_pair(b, 2) && is_pair(c, 3) && is_pair(d, 4) && is_pair(e, 5) &&
           is_pair(f, 6) && is_pair(g, 7) && is_pair(h, 8) && is_pair(i, 9) && is_pair(j, 10) &&
           is_pair(k, 11) && is_pair(l, 12) && is_pair(m, 13);
}

static bool odd_structs(struct packed p, struct mixed m, struct floats f, long double w,
                        union either u, struct halves h, vector v, struct packed q)
{
    return p.c == 'p' && p.i == 1 && SAME(m.d, 2.) && m.i == 3 && SAME(f.f[0], 4.f) &&
           SAME(f.f[3], 5.f) && SAME(w, 6.L) && SAME(u.d, 7.) && SAME(h.x, -8.f) &&
           SAME(h.y, 8.f) && SAME(v[0], 10.f) && SAME(v[3], 11.f) && q.c == 'q' && q.i == 12;
}

/* With exact types: what is not a scalar may be on the stack although registers are left. */
static bool packed_structs(struct packed a, struct packed b, struct halves c, struct halves d,
                           struct halves e, struct halves f, struct halves g)
{
    return a.i == 1 && b.i == 2 && SAME(c.y, 3.f) && SAME(d.y, 4.f) && SAME(e.y, 5.f) &&
           SAME(f.y, 6.f) && SAME(g.y, 7.f);
}

__extension__ typedef __int128 twice_as_long;

/* Given int and char *: the numbers become wider on the way, and push the pointers off the
 * registers. */
static bool wider_arguments(const char *a, twice_as_long b, const char *c, twice_as_long d, text e,
                            long double f, const void *g, double _Complex h, text i, const char *j,
                            long double k, text l, twice_as_long m)
{
    return *a == 'a' && b == 2 && *c == 'c' && d == -4 && *e == 'e' && SAME(f, 6.L) && !g &&
           SAME(creal(h), 8.) && SAME(cimag(h), 0.) && *i == 'i' && *j == 'j' && SAME(k, 11.L) &&
           *l == 'l' && m == -13;
}

static bool pointers(const char *a, text b, const char *c, const void *d, text e, const char *f,
                     text g, const char *h, const void *i, text j)
{
    return *a == 'a' && *b == 'b' && *c == 'c' && !d && *e == 'e' && *f == 'f' && *g == 'g' &&
           *h == 'h' && !i && *j == 'j';
}

#define PAIR(n) ((struct pair){n, -(n)})
#define HALVES(n) ((struct halves){-(n), n})

static bool joins_true(task(bool) t)
{
    bool result = false;

    return task_join(t, &result) == 0 && result;
}

static void arguments_of_every_kind_arrive(void **state)
{
    struct floats floats = {{4, 0, 0, 5}};
    const short s = -300;
    struct {
        unsigned bits : 3;
    } field = {1};

    (void)state;
    assert_true(joins_true(spawn(mixed_arguments, -5, s, 1.5f, 2.5, ((struct point){7, 8}),
                                 ((struct pair){9, 10}), "hi", field.bits, 2, 3, -4, NULL, 200)));
    assert_true(joins_true(spawn(exact_arguments, 1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L, 10L)));
    assert_true(joins_true(spawn(exact_arguments, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)));
    assert_true(joins_true(spawn(doubles, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13)));
    assert_true(
        joins_true(spawn(doubles, 1., 2., 3., 4., 5., 6., 7., 8., 9., 10.f, 11., 12., 13.f)));
    assert_true(
        joins_true(spawn(pairs, PAIR(1), PAIR(2), PAIR(3), PAIR(4), PAIR(5), PAIR(6), PAIR(7),
                         PAIR(8), PAIR(9), PAIR(10), PAIR(11), PAIR(12), PAIR(13))));
    assert_true(joins_true(spawn(odd_structs, ((struct packed){'p', 1}), ((struct mixed){2, 3}),
                                 floats, 6, ((union either){.d = 7}), HALVES(8),
                                 ((vector){10, 0, 0, 11}), ((struct packed){'q', 12}))));
    assert_true(joins_true(
        spawn(wider_arguments, "a", 2, "c", -4, "e", 6, NULL, 8, "i", "j", 11, "l", -13)));
    assert_true(joins_true(spawn(pointers, "a", "b", "c", NULL, "e", "f", "g", "h", NULL, "j")));
    assert_true(
        joins_true(spawn(packed_structs, ((struct packed){'a', 1}), ((struct packed){'b', 2}),
                         HALVES(3), HALVES(4), HALVES(5), HALVES(6), HALVES(7))));
}

static int once(int x)
{
    return x;
}

static int tens(int a, int b)
{
    return a * 10 + b;
}

static void starts_nest_in_arguments(void **state)
{
    int a = 0, b = 0, result = 0;

    (void)state;
    assert_int_equal(task_join(spawn(tens, task_join(spawn(once, 3), &a) + a,
                                     (task_join(spawn(once, 4), &b), b)),
                               &result),
                     0);
    assert_int_equal(result, 34);
    assert_int_equal(task_join(spawn(tens, go(once, go(once, 1)), 5), &result), 0);
    assert_int_equal(result, 5);
    weft_yield();
}

static int started_twice;

static void count_start(void)
{
    started_twice++;
}

static void a_function_without_parameters_starts(void **state)
{
    (void)state;
    started_twice = 0;
    assert_int_equal(go(count_start), 0);
    assert_int_equal(task_join(spawn(count_start)), 0);
    assert_int_equal(started_twice, 2);
}

/* ---- functions with marks ---- */

static int arrived;

static _Noreturn void forever(int n)
{
    for (;;) {
        arrived += n;
        weft_sleep(WEFT_FOREVER);
    }
}

static __attribute__((noreturn)) void marked_forever(int n)
{
    for (;;) {
        arrived += n;
        weft_sleep(WEFT_FOREVER);
    }
}

typedef __attribute__((noreturn)) void (*never_returns)(int n);

static __attribute__((const, noinline)) int square(int x)
{
    return x * x;
}

static __attribute__((pure, noinline)) int times_arrived(int x)
{
    return x * arrived;
}

/* gcc and clang used to remove what follows the call of a function that does not return: after such
 * a start the program ran into whatever came next in memory. */
static void functions_that_do_not_return_start_and_the_caller_goes_on(void **state)
{
    never_returns pointer = marked_forever;

    (void)state;
    arrived = 0;
    assert_int_equal(go(forever, 1), 0);
    assert_int_equal(go(forever, 'a' - 'a' + 10L), 0);
    assert_int_equal(go(marked_forever, 100), 0);
    assert_int_equal(go(pointer, 1000), 0);
    weft_yield();
    assert_int_equal(arrived, 1111);
}

static void functions_marked_const_or_pure_are_called_each_time(void **state)
{
    int a = 0, b = 0, c = 0;

    (void)state;
    arrived = 5;
    assert_int_equal(task_join(spawn(square, 7), &a), 0);
    assert_int_equal(task_join(spawn(times_arrived, 7), &b), 0);
    arrived = 6;
    assert_int_equal(task_join(spawn(times_arrived, 7), &c), 0);
    assert_int_equal(a, 49);
    assert_int_equal(b, 35);
    assert_int_equal(c, 42);
}

static void a_variadic_function_starts(void **state)
{
    char got[80] = "";
    int length = 0;

    (void)state;
    assert_int_equal(task_join(spawn(snprintf, got, sizeof got, "%d %.2f %s %ld %.1f %c %d", 3, 2.5,
                                     "ok", -4L, 1e3, 'x', 7),
                               &length),
                     0);
    assert_string_equal(got, "3 2.50 ok -4 1000.0 x 7");
    assert_int_equal(length, strlen(got));
}

/* ---- results ---- */

/* Around the object that is joined into, nothing may be written. */
#define DEFINE_RESULT(T, name)                                                  \
    static T give_##name(T value)                                               \
    {                                                                           \
        weft_yield();                                                           \
        return value;                                                           \
    }                                                                           \
    static bool result_##name(T value)                                          \
    {                                                                           \
        struct {                                                                \
            unsigned char before[8];                                            \
            T value;                                                            \
            unsigned char after[8];                                             \
        } got;                                                                  \
        unsigned char fence[8];                                                 \
        task(T) t = spawn(give_##name, value);                                  \
                                                                                \
        memset(&got, 0xa5, sizeof got);                                         \
        memset(fence, 0xa5, sizeof fence);                                      \
        return task_join(t, &got.value) == 0 && SAME(got.value, value) &&       \
               SAME_BYTES(got.before, fence) && SAME_BYTES(got.after, fence) && \
               task_join(spawn(give_##name, value)) == 0 &&                     \
               task_join(spawn(give_##name, value), NULL) == 0;                 \
    }

DEFINE_RESULT(bool, bool)
DEFINE_RESULT(char, char)
DEFINE_RESULT(signed char, signed_char)
DEFINE_RESULT(unsigned char, unsigned_char)
DEFINE_RESULT(short, short)
DEFINE_RESULT(unsigned short, unsigned_short)
DEFINE_RESULT(int, int)
DEFINE_RESULT(unsigned, unsigned)
DEFINE_RESULT(long, long)
DEFINE_RESULT(unsigned long long, unsigned_long_long)
DEFINE_RESULT(float, float)
DEFINE_RESULT(double, double)
DEFINE_RESULT(enum color, color)
DEFINE_RESULT(void *, pointer)
DEFINE_RESULT(text, text)
DEFINE_RESULT(binary *, function)
DEFINE_RESULT(chan(double), chan)

static void results_of_every_scalar_type_are_joined(void **state)
{
    chan(double) c = chan_new(double);

    (void)state;
    assert_true(result_bool(true));
    assert_true(result_char('c'));
    assert_true(result_signed_char(-5));
    assert_true(result_unsigned_char(200));
    assert_true(result_short(-300));
    assert_true(result_unsigned_short(60000));
    assert_true(result_int(-1));
    assert_true(result_unsigned(4000000000u));
    assert_true(result_long(INT64_MIN));
    assert_true(result_unsigned_long_long(UINT64_MAX));
    assert_true(result_float(0.1f));
    assert_true(result_double(0.1));
    assert_true(result_color(BLUE));
    assert_true(result_pointer(&c));
    assert_true(result_text("text"));
    assert_true(result_function(add));
    assert_true(result_chan(c));
    chan_free(c);
}

/* ---- options ---- */

static void options_choose_stack_and_name(void **state)
{
    struct weft_spawn_opts opts = {.size = sizeof opts, .stack_bytes = 1 << 18, .name = "named"};
    int result = 0;

    (void)state;
    assert_int_equal(task_join(spawn_with(&opts, once, 3), &result), 0);
    assert_int_equal(result, 3);
    assert_int_equal(go_with(&opts, once, 4), 0);
    opts.stack_bytes = 1;
    assert_int_equal(go_with(&opts, once, 5), -EINVAL);
    assert_null(spawn_with(&opts, once, 6));
    weft_yield();
}

/* ---- generators ---- */

static bool body_got_all;

static void generate(gen(struct point) self, signed char a, double b, struct pair c, const char *d,
                     struct floats e, long f, long g, long h, long i, long j, float k, bool l,
                     void *m)
{
    body_got_all = a == -1 && SAME(b, 2.) && is_pair(c, 3) && strcmp(d, "4") == 0 &&
                   SAME(e.f[3], 5.f) && f == 6 && g == 7 && h == 8 && i == 9 && j == 10 &&
                   SAME(k, 11.f) && l && !m;
    for (int n = 0; n < 3; n++)
        if (gen_yield(self, (struct point){n, n * n}) < 0)
            return;
}

static void a_body_gets_its_arguments_and_yields_structs(void **state)
{
    struct floats floats = {{0, 0, 0, 5}};
    gen(struct point) g = gen_new(struct point, generate, -1, 2, PAIR(3), "4", floats, 6, 7, 8, 9,
                                  10, 11, true, NULL);
    struct point p = {-1, -1};
    int sum = 0;

    (void)state;
    assert_int_equal(gen_next(g, &p), 0);
    assert_true(body_got_all);
    assert_int_equal(p.x + p.y, 0);
    assert_int_equal(gen_next(g, NULL), 0);
    gen_each(q, g)
        sum += q.x * 10 + q.y;
    assert_int_equal(sum, 24);
    assert_int_equal(gen_next(g, &p), -EPIPE);
    assert_int_equal(p.x + p.y, 0);
    assert_int_equal(gen_close(g), 0);
}

static void average(gen(double, int) self)
{
    double sum = 0;
    int n = 0, next;

    while (gen_yield_recv(self, &next, n ? sum / n : 0) == 0) {
        sum += next;
        n++;
    }
}

static void a_generator_is_sent_values(void **state)
{
    gen(double, int) g = gen_new2(double, int, average);
    double mean = -1;

    (void)state;
    assert_int_equal(gen_send(g, &mean, 1), -EINVAL);
    assert_int_equal(gen_next(g, &mean), 0);
    assert_true(SAME(mean, 0.));
    assert_int_equal(gen_send(g, &mean, 10), 0);
    assert_true(SAME(mean, 10.));
    assert_int_equal(gen_send(g, &mean, 20), 0);
    assert_true(SAME(mean, 15.));
    assert_int_equal(gen_next(g, &mean), 0); /* as if zero were sent */
    assert_true(SAME(mean, 10.));
    assert_int_equal(gen_close(g), 0);
}

/* ---- weft_within ---- */

static int leaves_by_return(chan(int) c)
{
    return weft_within(WEFT_FOREVER, __extension__({
                           if (c)
                               return weft_within(0, chan_recv(c, NULL));
                           weft_is_cancelled();
                       }));
}

static void within_keeps_value_and_type(void **state)
{
    struct large large = {"large"};
    struct point p = weft_within(WEFT_SEC(1), (struct point){1, 2});
    const char *s = weft_within(0, "text");

    (void)state;
    assert_int_equal(p.x * 10 + p.y, 12);
    assert_string_equal(s, "text");
    assert_int_equal(sizeof(weft_within(0, (char)1)), 1);
    assert_string_equal(weft_within(WEFT_FOREVER, large).bytes, "large");
    weft_within(WEFT_FOREVER, weft_yield());
}

static void within_ends_however_it_is_left(void **state)
{
    chan(int) c = chan_new(int);
    int turns = 0;

    (void)state;
    assert_int_equal(leaves_by_return(c), -ETIMEDOUT);
    for (int i = 0; i < 3; i++)
        weft_within(0, __extension__({
                        turns++;
                        if (i == 1)
                            break;
                        (void)0;
                    }));
    assert_int_equal(turns, 2);
    weft_within(0, __extension__({
                    goto out;
                    (void)0;
                }));
out:
    /* No deadline is left behind: a sleep sleeps. */
    assert_int_equal(weft_sleep(1), 0);
    assert_int_equal(weft_within(WEFT_SEC(100), weft_within(0, chan_recv(c, NULL))), -ETIMEDOUT);
    assert_int_equal(weft_within(0, weft_within(WEFT_SEC(100), chan_recv(c, NULL))), -ETIMEDOUT);
    assert_int_equal(weft_sleep(1), 0);
    chan_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sending_evaluates_each_argument_once),
        cmocka_unit_test(receiving_evaluates_each_argument_once),
        cmocka_unit_test(starting_evaluates_each_argument_once),
        cmocka_unit_test(starting_evaluates_arguments_of_variable_length_once),
        cmocka_unit_test(generators_evaluate_each_argument_once),
        cmocka_unit_test(deadlines_evaluate_each_argument_once),
        cmocka_unit_test(elements_of_every_type_arrive_whole),
        cmocka_unit_test(values_convert_as_by_assignment),
        cmocka_unit_test(a_select_counts_its_clauses_in_any_order),
        cmocka_unit_test(a_run_time_set_receives_into_each_its_own_object),
        cmocka_unit_test(arguments_of_every_kind_arrive),
        cmocka_unit_test(starts_nest_in_arguments),
        cmocka_unit_test(a_function_without_parameters_starts),
        cmocka_unit_test(functions_that_do_not_return_start_and_the_caller_goes_on),
        cmocka_unit_test(functions_marked_const_or_pure_are_called_each_time),
        cmocka_unit_test(a_variadic_function_starts),
        cmocka_unit_test(results_of_every_scalar_type_are_joined),
        cmocka_unit_test(options_choose_stack_and_name),
        cmocka_unit_test(a_body_gets_its_arguments_and_yields_structs),
        cmocka_unit_test(a_generator_is_sent_values),
        cmocka_unit_test(within_keeps_value_and_type),
        cmocka_unit_test(within_ends_however_it_is_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
