/* SPDX-License-Identifier: MIT */
/* Everything that must compile without a warning, by any compiler in any mode of C11 and later,
 * with the stub and with the portable start. It is not run. */
#include <weft.h>

/* Macros that a program may have. */
#define N +
#define unused +
#define cleanup +
#define visibility +

#include <stdalign.h>
#include <stdbool.h>

/* Two headers may both say so. */
typedef chan(int) int_chan;
typedef chan(int) int_chan;

struct later;

struct point {
    int x, y;
};

struct large {
    char bytes[300];
};

struct __attribute__((packed)) packed {
    char c;
    int i;
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

enum color { RED, GREEN };

typedef int binary(int, int);
typedef float vector __attribute__((vector_size(16)));

/* A channel of anything may be a member. */
struct holder {
    chan(int) ints;
    chan(char *) strings;
    chan(const char *) texts;
    chan(struct point) points;
    chan(struct large) large;
    chan(struct later) later;
    chan(struct later *) pointers;
    chan(enum color) colors;
    chan(binary *) functions;
    chan(int (*)(int, int)) raw_functions;
    chan(int (*)[4]) rows;
    chan(unnamed) unnamed_structs;
    chan(union either) unions;
    chan(bool) bools;
    chan(long double) wide;
    chan(double _Complex) complex;
    chan(vector) vectors;
    chan(cache_line) lines;
    chan(double) array[3];
    chan(chan(int)) channels;
    chan_rx(int) rx;
    chan_tx(int) tx;
};

int_chan make(int *calls);

static int add(int a, int b)
{
    return a + b;
}

/* Of every type: a value sent, one received. */
int elements(struct holder *h, struct holder *got, int (*row)[4]);
int elements(struct holder *h, struct holder *got, int (*row)[4])
{
    int n = 0, i;
    char *string;
    const char *text;
    struct point point;
    struct large large = {{0}};
    struct later *pointer;
    enum color color;
    binary *function;
    unnamed anonymous;
    union either either;
    bool truth;
    long double wide;
    double _Complex complex;
    vector v;
    cache_line line = {{0}};
    double d;

    n += chan_send(h->ints, 42) + chan_recv(h->ints, &i);
    n += chan_send(h->strings, (char *)0) + chan_recv(h->strings, &string);
    n += chan_send(h->texts, "text") + chan_recv(h->texts, &text);
    n += chan_send(h->points, (struct point){1, 2}) + chan_recv(h->points, &point);
    n += chan_send(h->points, point) + chan_recv(got->points, NULL);
    n +=
        chan_send(h->large, large) + chan_send_from(h->large, &large) + chan_recv(h->large, &large);
    n += chan_send(h->pointers, NULL) + chan_recv(h->pointers, &pointer);
    n += chan_send(h->colors, GREEN) + chan_recv(h->colors, &color);
    n += chan_send(h->functions, add) + chan_recv(h->functions, &function);
    n += chan_send(h->raw_functions, add) + chan_recv(h->raw_functions, &function);
    n += chan_send(h->rows, row) + chan_recv(h->rows, &row);
    n += chan_send(h->unnamed_structs, (unnamed){1, 2}) + chan_recv(h->unnamed_structs, &anonymous);
    n += chan_send(h->unions, (union either){.d = 1}) + chan_recv(h->unions, &either);
    n += chan_send(h->bools, true) + chan_recv(h->bools, &truth);
    n += chan_send(h->wide, 1) + chan_recv(h->wide, &wide);
    n += chan_send(h->complex, 1) + chan_recv(h->complex, &complex);
    n += chan_send(h->vectors, (vector){1, 2, 3, 4}) + chan_recv(h->vectors, &v);
    n += chan_send(h->lines, line) + chan_recv(h->lines, &line);
    n += chan_send(h->array[1], 2) + chan_recv(h->array[2], &d);
    n += chan_send(h->channels, h->ints) + chan_recv(h->channels, &got->ints);
    return n;
}

int handles(chan(int) c, chan(int) variable, struct holder *h, int *calls);
int handles(chan(int) c, chan(int) variable, struct holder *h, int *calls)
{
    const chan(int) constant = variable;
    void *untyped = c;
    chan(int) again = untyped;
    chan(struct point) points = chan_new(struct point);
    chan(chan(int)) channels = chan_new(chan(int));
    chan(const char *) texts = chan_new(const char *);
    struct point point = {0, 0};
    int n = 0, x;

    if (!c || c == NULL || c != again)
        return 1;
    h->rx = c;
    h->tx = c;
    n += chan_recv(h->rx, &x) + chan_tryrecv(h->rx, &x);
    n += chan_send(h->tx, 1) + chan_trysend(h->tx, x) + chan_send_from(h->tx, &x);
    n += chan_send(constant, x) + chan_recv(constant, &x) + chan_send(make(calls), (*calls)++);
    n += chan_trysend(points, (struct point){1, 2}) + chan_tryrecv(points, &point);
    n += chan_close(c) + chan_close(h->rx) + chan_close(h->tx);
    chan_free(h->rx);
    chan_free(points);
    chan_free(channels);
    chan_free(texts);
    return n;
}

int loops(chan(int) c, chan_rx(struct point) points);
int loops(chan(int) c, chan_rx(struct point) points)
{
    int n = 0;

    chan_each(v, c) {
        if (v == 3)
            continue;
        if (v == 7)
            break;
        chan_each(p, points)
            n += p.x + v;
    }
    for (int v; chan_recv(c, &v) == 0;)
        n += v;
    return n;
}

int selects(chan(int) c, struct holder *h);
int selects(chan(int) c, struct holder *h)
{
    enum { DATA, POINT, DOUBLE, IDLE };
    struct weft_case set[3] = {chan_set_recv(c, NULL)};
    struct point point = {1, 2};
    binary *function;
    int n = 0, x;

    for (;;) {
        switch (chan_select([DATA] = chan_case_recv(c, &x),
                            [POINT] = chan_case_send(h->points, (struct point){1, 2}),
                            [DOUBLE] = chan_case_send(h->array[0], 3),
                            [IDLE] = chan_case_timeout(WEFT_MS(5)))) {
        case DATA:
            n += x;
            continue;
        case CHAN_CLOSED(DATA):
            c = NULL;
            continue;
        case POINT:
            return n;
        default:
            break;
        }
        break;
    }
    set[1] = chan_set_send(h->points, &point);
    set[2] = chan_set_recv(h->rx, &x);
    n += chan_select_n(set, 3);
    n += chan_select([2] = chan_case_recv(h->rx, NULL), [0] = chan_case_send(h->tx, x));
    n += chan_select(chan_case_recv(h->functions, &function),
                     chan_case_send(h->large, (struct large){{0}}),
                     chan_case_send(h->lines, (cache_line){{1}}), chan_case_default);
    return n;
}

static void nothing(void) {}
WEFT_FN(nothing);

static int word(chan(int) c, int n)
{
    (void)c;
    return n;
}
WEFT_FN(word, chan(int), int);

static double mixed(double a, struct point p, const char *s)
{
    return a + p.x + s[0];
}
WEFT_FN(mixed, double, struct point, const char *);

static bool odd(struct packed p, int (*f)(int, int), unsigned char c)
{
    return p.c && f && c;
}
WEFT_FN(odd, struct packed, int (*)(int, int), unsigned char);

static _Noreturn void forever(long n)
{
    for (;;)
        weft_sleep(n);
}
WEFT_FN(forever, long);

static long thirteen(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j, int k,
                     int l, int m)
{
    return a + b + c + d + e + f + g + h + i + j + k + l + m;
}
WEFT_FN(thirteen, int, int, int, int, int, int, int, int, int, int, int, int, int);

int starts(chan(int) c, struct weft_spawn_opts *opts);
int starts(chan(int) c, struct weft_spawn_opts *opts)
{
    struct {
        unsigned bits : 3;
    } field = {1};
    char array[] = "array";
    const int constant = 3;
    task(int) a = spawn(word, c, 3);
    task(double) b = spawn(mixed, 1, ((struct point){1, 2}), "a string literal");
    task(bool) d = spawn(odd, ((struct packed){'a', 1}), add, 'a');
    task(void) e = spawn_with(opts, nothing);
    task(long) f = spawn(thirteen, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13);
    int n = 0, i;
    double x;
    bool truth;
    long sum;

    n += go(nothing) + go(word, c, constant) + go(word, NULL, field.bits);
    n += go(mixed, constant, ((struct point){1, 2}), array) + go(forever, 1) + go(forever, 1L);
    n += go_with(opts, word, c, 1) + go_with(NULL, nothing);
    n += go_with((&(struct weft_spawn_opts){.size = sizeof *opts, .name = "named"}), nothing);
    n += task_join(a, &i) + task_join(b, &x) + task_join(d, &truth) + task_join(e);
    n += task_join(f, &sum) + task_join(spawn(word, c, 1), NULL) + task_join(spawn(nothing));
    n += task_cancel(a) + task_cancel(spawn(nothing)) + task_detach(n ? b : NULL) + task_detach(e);
    return n;
}

#ifndef WEFT_PORTABLE_START
/* Where arguments are captured, any expression may be started, and any function. */
int pointers(binary *f, int (*print)(const char *, ...), chan(int) c);
int pointers(binary *f, int (*print)(const char *, ...), chan(int) c)
{
    int (*const table[])(chan(int), int) = {word};

    return go(f, 1, 2) + go(print, "%s %d %f", "a", 1, 2.0) + go(table[0], c, 1) + go(&word, c, 1);
}
#endif

static void count(gen(int) self, int from, int to)
{
    while (from < to && gen_yield(self, from) == 0)
        from++;
}
WEFT_FN(count, gen(int), int, int);

static void origin(gen(struct point) self)
{
    gen_yield(self, (struct point){0, 0});
}
WEFT_FN(origin, gen(struct point));

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

int generators(void);
int generators(void)
{
    gen(int) counter = gen_new(int, count, 1, 10);
    gen(struct point) points = gen_new(struct point, origin);
    gen(double, int) averages = gen_new2(double, int, average);
    struct point point;
    double mean;
    int n = 0, i;

    while (gen_next(counter, &i) == 0)
        n += i;
    gen_each(k, counter) {
        gen_each(p, points)
            n += p.x + k;
    }
    gen_each(m, averages)
        n += (int)m;
    n += gen_next(points, &point) + gen_next(points, NULL);
    n += gen_next(averages, &mean) + gen_send(averages, &mean, 10) + gen_send(averages, NULL, n);
    return n + gen_close(counter) + gen_close(points) + gen_close(averages);
}

/* Of every kind, inside one another's arguments. */
int nests(chan(int) c, gen(int, long) g);
int nests(chan(int) c, gen(int, long) g)
{
    int n = 0, x;

    n += chan_send(c, __extension__({
                       int y;
                       chan_recv(c, &y);
                       chan_send(c, __extension__({
                                     int z;
                                     chan_recv(c, &z);
                                     z;
                                 }));
                       y;
                   }));
    n += weft_within(WEFT_MS(1),
                     weft_within(WEFT_MS(2), chan_send(c, weft_within(5, chan_recv(c, &x)))));
    n += go(word, c, go(word, c, go(word, c, task_join(spawn(word, c, 1), &x))));
    n += chan_select(chan_case_send(c, chan_select(chan_case_recv(c, &x), chan_case_default)),
                     chan_case_recv(c, (chan_recv(c, &x), &x)),
                     chan_case_timeout(weft_now() + chan_send(c, 1)));
    n += gen_send(g, &x, (long)gen_send(g, (gen_next(g, &x), &x), 2L));
    n += gen_close(gen_new(int, count, 1, gen_next(gen_new(int, count, 1, 2), &x)));
    return n;
}

static int zero(void)
{
    return 0;
}
WEFT_FN(zero);

static struct weft_local local = WEFT_LOCAL(NULL), empty;

int groups(chan(int) c);
int groups(chan(int) c)
{
    struct weft_group *g = group_new(2);
    int n = group_go(g, word, c, 1) + group_go(g, zero);

    n += group_go(g, word, c, group_go(g, word, c, group_go(g, zero)));
    for (int i = 0; group_go(g, zero) == 0 && i < 3; i++)
        n += weft_within(WEFT_MS(1), group_wait(g));
    n += weft_shield(group_wait(g)) + group_cancel(g) + (group_who(g) != NULL);
    group_free(g);
    n += weft_local_set(&local, &n) + weft_local_set(&empty, weft_local_get(&local));
    return n;
}

int deadlines(chan(int) c);
int deadlines(chan(int) c)
{
    for (int i = 0;; i++) {
        struct point p = weft_within(WEFT_SEC(1), (struct point){i, 2});
        const char *text = weft_within(WEFT_FOREVER, chan_close(c), "text");

        weft_within(0, nothing());
        weft_shield(nothing());
        p = weft_shield((struct point){(int)sizeof text, weft_shield(weft_within(1, i))});
        weft_within(WEFT_US(1), __extension__({
                        if (i == 1)
                            continue;
                        if (i == 2)
                            break;
                        if (i == p.x + text[0])
                            return 3;
                        if (i == 4)
                            goto out;
                        (void)0;
                    }));
    }
out:
    return weft_sleep(1) + weft_reserve(1) + weft_stack_default(65536);
}
