/* SPDX-License-Identifier: MIT */
/* What Go's tests do with long-lived networks of threads, whose answers are known. */
#include "tests/check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- other orders ---- */

static uint64_t order;

static uint32_t any_order(void *state, uint32_t n, enum weft__choice kind)
{
    (void)state;
    (void)kind;
    order = order * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((order >> 33) % n);
}

/* Threads run in the order of the run queue with seed 0, else at random. */
static void run_in_order(uint64_t seed)
{
    weft_now(); /* makes the worker */
    order = seed;
    weft__sched_set_oracle(weft__self, seed ? any_order : NULL, NULL);
}

enum { ORDERS = 3 };

/* ---- power series ----
 *
 * A power series gives its coefficients one by one, without an end. What makes a new one of others
 * starts a thread, or several, that takes theirs and gives its own; some series are made of
 * themselves. As in M. D. McIlroy's "Squinting at power series" (1990), on which Go's test is built
 * too.
 *
 * Each coefficient is asked for: if threads worked ahead, a series that is made of itself would
 * grow for ever. When a series is closed, all goes: who finds one of its series closed closes the
 * others. */

/* In lowest terms, the denominator positive. With denominator 0 it is too large to be held. */
struct ratio {
    int64_t over, under;
};

__extension__ typedef __int128 wide;

static const struct ratio too_large = {0, 0};

static wide magnitude(wide n)
{
    return n < 0 ? -n : n;
}

static struct ratio ratio_of(wide over, wide under)
{
    wide a = magnitude(over), b = magnitude(under);

    if (under == 0)
        return too_large;
    while (b != 0) {
        wide rest = a % b;

        a = b;
        b = rest;
    }
    if (under < 0)
        a = -a;
    over /= a;
    under /= a;
    if (magnitude(over) > INT64_MAX || under > INT64_MAX)
        return too_large;
    return (struct ratio){(int64_t)over, (int64_t)under};
}

static struct ratio plus(struct ratio a, struct ratio b)
{
    wide left, right;

    if (a.under == 0 || b.under == 0 ||
        __builtin_mul_overflow((wide)a.over, (wide)b.under, &left) ||
        __builtin_mul_overflow((wide)b.over, (wide)a.under, &right) ||
        __builtin_add_overflow(left, right, &left))
        return too_large;
    return ratio_of(left, (wide)a.under * b.under);
}

static struct ratio times(struct ratio a, struct ratio b)
{
    return ratio_of((wide)a.over * b.over, (wide)a.under * b.under);
}

static struct ratio inverse(struct ratio a)
{
    return ratio_of(a.under, a.over);
}

static struct ratio whole(int64_t n)
{
    return (struct ratio){n, 1};
}

struct series {
    chan(bool) ask;
    chan(struct ratio) give;
};

typedef struct series *series;

/* All series of a network, to be freed when its threads have ended. */
enum { SERIES_MAX = 20000 };

static struct {
    struct series made[SERIES_MAX];
    size_t count;
} network;

static series series_new(void)
{
    series s = &network.made[network.count];

    if (network.count++ == SERIES_MAX)
        abort();
    s->ask = chan_new(bool);
    s->give = chan_new(struct ratio);
    return s;
}

static void series_close(series s)
{
    chan_close(s->ask);
    chan_close(s->give);
}

/* The reader's side, then the writer's: false when the series is closed. */
static bool take(series s, struct ratio *into)
{
    return chan_send(s->ask, true) == 0 && chan_recv(s->give, into) == 0;
}

static bool asked(series s)
{
    return chan_recv(s->ask, NULL) == 0;
}

static bool give(series s, struct ratio coefficient)
{
    return chan_send(s->give, coefficient) == 0;
}

static void network_begin(uint64_t seed)
{
    run_in_order(seed);
    network.count = 0;
}

/* Closes what was asked for; with it all threads end. */
static void network_end(series s)
{
    series_close(s);
    check_settle();
    assert_int_equal(check_threads(), 0);
    for (size_t i = 0; i < network.count; i++) {
        chan_free(network.made[i].ask);
        chan_free(network.made[i].give);
    }
}

static void give_up(series a, series b, series c)
{
    series_close(a);
    series_close(b);
    series_close(c);
}

/* What is left of `from`; a coefficient has been asked for. */
static void pass_on_asked(series from, series to)
{
    struct ratio a;

    do
        if (!take(from, &a) || !give(to, a))
            break;
    while (asked(to));
    give_up(from, from, to);
}

static void pass_on(series from, series to)
{
    if (asked(to))
        pass_on_asked(from, to);
    else
        give_up(from, from, to);
}

static void give_constants(series to, struct ratio first, struct ratio then)
{
    if (asked(to) && give(to, first))
        while (asked(to) && give(to, then))
            ;
}

/* first, and then `then` for ever. */
static series constants(int64_t first, int64_t then)
{
    series to = series_new();

    go(give_constants, to, whole(first), whole(then));
    return to;
}

/* Two readers of one series, who need not keep step: what only one of them has had is kept. While
 * one waits for a coefficient that is still to come, the other may ask for earlier ones, of which
 * that one is made. */
struct tee {
    series from, to[2];
    size_t next[2]; /* which coefficient each is to get */
    bool asks[2];   /* it has asked, and waits for that one */
    bool is_asking; /* for the next of `from` */
    struct ratio *kept, coming;
    size_t count, room;
};

static void tee_keep(struct tee *t)
{
    if (t->count == t->room) {
        t->room = t->room ? 2 * t->room : 16;
        t->kept = realloc(t->kept, t->room * sizeof *t->kept);
        if (!t->kept)
            abort();
    }
    t->kept[t->count++] = t->coming;
}

/* Gives what has been asked for and is there: whether somebody must wait. */
static bool tee_is_behind(struct tee *t)
{
    bool is_behind = false;

    for (int i = 0; i < 2; i++)
        if (t->asks[i] && t->next[i] < t->count)
            t->asks[i] = !give(t->to[i], t->kept[t->next[i]++]);
        else
            is_behind |= t->asks[i];
    return is_behind;
}

static int tee_select(struct tee *t, bool is_behind)
{
    enum { LEFT, RIGHT, ASK, COME };
    int done =
        chan_select([LEFT] = chan_case_recv(t->asks[0] ? NULL : t->to[0]->ask, NULL),
                    [RIGHT] = chan_case_recv(t->asks[1] ? NULL : t->to[1]->ask, NULL),
                    [ASK] = chan_case_send(is_behind && !t->is_asking ? t->from->ask : NULL, true),
                    [COME] = chan_case_recv(t->is_asking ? t->from->give : NULL, &t->coming));

    if (done == LEFT || done == RIGHT)
        t->asks[done] = true;
    if (done == ASK || done == COME)
        t->is_asking = done == ASK;
    if (done == COME)
        tee_keep(t);
    return done;
}

static void tee_serve(series from, series left, series right)
{
    struct tee t = {.from = from, .to = {left, right}};

    while (tee_select(&t, tee_is_behind(&t)) >= 0)
        ;
    free(t.kept);
    give_up(from, left, right);
}

static void tee(series from, series to[2])
{
    to[0] = series_new();
    to[1] = series_new();
    go(tee_serve, from, to[0], to[1]);
}

static void give_sum(series f, series g, series to)
{
    struct ratio a, b;

    while (asked(to) && take(f, &a) && take(g, &b) && give(to, plus(a, b)))
        ;
    give_up(f, g, to);
}

static series add(series f, series g)
{
    series to = series_new();

    go(give_sum, f, g, to);
    return to;
}

static void give_scaled(struct ratio by, series f, series to)
{
    struct ratio a;

    while (asked(to) && take(f, &a) && give(to, times(by, a)))
        ;
    give_up(f, f, to);
}

static series scale(struct ratio by, series f)
{
    series to = series_new();

    go(give_scaled, by, f, to);
    return to;
}

static void give_after(struct ratio first, series f, series to)
{
    if (asked(to) && give(to, first))
        pass_on(f, to);
    else
        give_up(f, f, to);
}

/* first + x f */
static series after(struct ratio first, series f)
{
    series to = series_new();

    go(give_after, first, f, to);
    return to;
}

/* f g = f0 g0 + x (f0 g' + g0 f' + x f' g'), where f = f0 + x f': each coefficient makes the
 * network larger by one such step. */
static series multiply(series f, series g);

static void give_product(series f, series g, series to)
{
    struct ratio f0, g0;
    series fs[2], gs[2];

    if (!asked(to) || !take(f, &f0) || !take(g, &g0) || !give(to, times(f0, g0)) || !asked(to)) {
        give_up(f, g, to);
        return;
    }
    tee(f, fs);
    tee(g, gs);
    pass_on_asked(
        add(add(scale(f0, gs[0]), scale(g0, fs[0])), after(whole(0), multiply(fs[1], gs[1]))), to);
}

static series multiply(series f, series g)
{
    series to = series_new();

    go(give_product, f, g, to);
    return to;
}

static void give_derivative(series f, series to)
{
    struct ratio a;

    if (asked(to) && take(f, &a))
        for (int64_t n = 1; take(f, &a) && give(to, times(whole(n), a)) && asked(to); n++)
            ;
    give_up(f, f, to);
}

static series derivative(series f)
{
    series to = series_new();

    go(give_derivative, f, to);
    return to;
}

static void give_integral(struct ratio constant, series f, series to)
{
    struct ratio a;

    if (asked(to) && give(to, constant))
        for (int64_t n = 1; asked(to) && take(f, &a) && give(to, times(ratio_of(1, n), a)); n++)
            ;
    give_up(f, f, to);
}

static series integral(int64_t constant, series f)
{
    series to = series_new();

    go(give_integral, whole(constant), f, to);
    return to;
}

/* Joins what a loop comes back by to where it begins. */
static void feed(series from, series to)
{
    go(pass_on, from, to);
}

/* r = 1/f: r0 = 1/f0, and r = r0 - x r0 f' r. */
static void give_reciprocal(series f, series to)
{
    series loop = series_new(), rs[2];
    struct ratio f0, r0;

    if (!asked(to) || !take(f, &f0)) {
        give_up(f, loop, to);
        return;
    }
    r0 = inverse(f0);
    tee(loop, rs);
    feed(after(r0, scale(times(whole(-1), r0), multiply(f, rs[1]))), loop);
    pass_on_asked(rs[0], to);
}

static series reciprocal(series f)
{
    series to = series_new();

    go(give_reciprocal, f, to);
    return to;
}

/* f(g) = f0 + x g' f'(g), for a g without a constant. */
static series compose(series f, series g);

static void give_composition(series f, series g, series to)
{
    series gs[2];
    struct ratio f0, g0;

    if (!asked(to) || !take(f, &f0) || !give(to, f0) || !asked(to)) {
        give_up(f, g, to);
        return;
    }
    tee(g, gs);
    if (take(gs[0], &g0))
        pass_on_asked(multiply(gs[0], compose(f, gs[1])), to);
    else
        give_up(f, gs[1], to);
}

static series compose(series f, series g)
{
    series to = series_new();

    go(give_composition, f, g, to);
    return to;
}

/* e^x = 1 + the integral of e^x, and the like: the loop goes over a tee's other side. */
static series exponential(void)
{
    series loop = series_new(), es[2];

    tee(loop, es);
    feed(integral(1, es[1]), loop);
    return es[0];
}

/* Each is the integral of the other. */
static void sine_and_cosine(series *sine, series *cosine)
{
    series sine_loop = series_new(), cosine_loop = series_new(), ss[2], cs[2];

    tee(sine_loop, ss);
    tee(cosine_loop, cs);
    feed(integral(0, cs[1]), sine_loop);
    feed(integral(1, scale(whole(-1), ss[1])), cosine_loop);
    *sine = ss[0];
    *cosine = cs[0];
}

static series logarithm(void) /* of 1 + x */
{
    return integral(0, reciprocal(after(whole(1), constants(1, 0))));
}

static series square(series f)
{
    series fs[2];

    tee(f, fs);
    return multiply(fs[0], fs[1]);
}

/* ---- their coefficients ---- */

static void assert_begins(series s, const struct ratio *due, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct ratio got = too_large;

        assert_true(take(s, &got));
        if (got.over != due[i].over || got.under != due[i].under)
            fail_msg("coefficient %zu is %lld/%lld, not %lld/%lld", i, (long long)got.over,
                     (long long)got.under, (long long)due[i].over, (long long)due[i].under);
    }
    network_end(s);
}

#define assert_series(s, ...)                             \
    assert_begins(s, (const struct ratio[]){__VA_ARGS__}, \
                  sizeof(const struct ratio[]){__VA_ARGS__} / sizeof(struct ratio))

/* As chan/powser1.go does, and the others here: power series over channels, with known answers. */
static void sums_and_multiples_of_series_are_right(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < ORDERS; seed++) {
        network_begin(seed);
        assert_series(add(constants(1, 1), constants(0, 2)), {1, 1}, {3, 1}, {3, 1}, {3, 1});
        network_begin(seed);
        assert_series(scale(ratio_of(-2, 4), constants(3, 4)), {-3, 2}, {-2, 1}, {-2, 1});
        network_begin(seed);
        assert_series(derivative(constants(1, 1)), {1, 1}, {2, 1}, {3, 1}, {4, 1});
        network_begin(seed);
        assert_series(integral(7, constants(1, 1)), {7, 1}, {1, 1}, {1, 2}, {1, 3}, {1, 4});
    }
}

/* 1/(1 - x) squared counts, and cubed gives the triangular numbers. */
static void products_of_series_are_right(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < ORDERS; seed++) {
        enum { COUNT = 32 };
        struct ratio due[COUNT];

        network_begin(seed);
        for (int i = 0; i < COUNT; i++)
            due[i] = whole(i + 1);
        assert_begins(square(constants(1, 1)), due, COUNT);
        assert_true(network.count > 4 * COUNT); /* it has grown with each coefficient */
        network_begin(seed);
        for (int i = 0; i < 12; i++)
            due[i] = whole((int64_t)(i + 1) * (i + 2) / 2);
        assert_begins(multiply(constants(1, 1), square(constants(1, 1))), due, 12);
    }
}

static void the_exponential_series_is_made_of_itself(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < ORDERS; seed++) {
        struct ratio due[20] = {{1, 1}};

        network_begin(seed);
        for (int i = 1; i < 20; i++)
            due[i] = times(due[i - 1], ratio_of(1, i));
        assert_begins(exponential(), due, 20);
        network_begin(seed);
        assert_begins(derivative(exponential()), due, 19);
        network_begin(seed); /* e^x e^x = e^2x */
        for (int64_t i = 0, power = 1; i < 10; i++, power *= 2)
            due[i] = times(due[i], whole(power));
        assert_begins(square(exponential()), due, 10);
    }
}

static void sine_and_cosine_are_made_of_each_other(void **state)
{
    series sine, cosine;

    (void)state;
    for (uint64_t seed = 0; seed < ORDERS; seed++) {
        network_begin(seed);
        sine_and_cosine(&sine, &cosine);
        assert_series(sine, {0, 1}, {1, 1}, {0, 1}, {-1, 6}, {0, 1}, {1, 120}, {0, 1}, {-1, 5040});
        network_begin(seed);
        sine_and_cosine(&sine, &cosine);
        assert_series(add(square(sine), square(cosine)), {1, 1}, {0, 1}, {0, 1}, {0, 1}, {0, 1},
                      {0, 1}, {0, 1}, {0, 1}, {0, 1});
    }
}

static void reciprocals_of_series_are_right(void **state)
{
    series sine, cosine;

    (void)state;
    for (uint64_t seed = 0; seed < ORDERS; seed++) {
        network_begin(seed);
        assert_series(reciprocal(constants(1, 1)), {1, 1}, {-1, 1}, {0, 1}, {0, 1}, {0, 1});
        network_begin(seed);
        assert_series(logarithm(), {0, 1}, {1, 1}, {-1, 2}, {1, 3}, {-1, 4}, {1, 5}, {-1, 6});
        network_begin(seed); /* tan x */
        sine_and_cosine(&sine, &cosine);
        assert_series(multiply(sine, reciprocal(cosine)), {0, 1}, {1, 1}, {0, 1}, {1, 3}, {0, 1},
                      {2, 15}, {0, 1}, {17, 315}, {0, 1});
    }
}

/* Catalan's numbers: c = 1 + x c^2. */
static void a_series_may_be_made_of_its_own_square(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < ORDERS; seed++) {
        series loop, cs[2];

        network_begin(seed);
        loop = series_new();
        tee(loop, cs);
        feed(after(whole(1), square(cs[1])), loop);
        assert_series(cs[0], {1, 1}, {1, 1}, {2, 1}, {5, 1}, {14, 1}, {42, 1}, {132, 1}, {429, 1});
    }
}

/* e^ln(1 + x) = 1 + x, and 1/(1 - x) of x + x^2: Fibonacci's numbers. */
static void compositions_of_series_are_right(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < ORDERS; seed++) {
        network_begin(seed);
        assert_series(compose(exponential(), logarithm()), {1, 1}, {1, 1}, {0, 1}, {0, 1}, {0, 1},
                      {0, 1});
        network_begin(seed);
        assert_series(compose(constants(1, 1), after(whole(0), after(whole(1), constants(1, 0)))),
                      {1, 1}, {1, 1}, {2, 1}, {3, 1}, {5, 1}, {8, 1});
    }
}

/* ---- primes ---- */

enum { PRIMES = 100, COMPOSITES_MAX = 400 };

static struct {
    chan(int) made[COMPOSITES_MAX];
    size_t count;
} composites;

static chan(int) composites_new(void)
{
    chan(int) c = chan_new(int);

    if (!c || composites.count == COMPOSITES_MAX)
        abort();
    composites.made[composites.count++] = c;
    return c;
}

static void send_multiples(chan_tx(int) to, int prime)
{
    for (int n = prime * prime; chan_send(to, n) == 0; n += prime)
        ;
}

/* What comes from either, in order and once. */
static void send_merged(chan_rx(int) a, chan_rx(int) b, chan_tx(int) to)
{
    int from_a = 0, from_b = 0, last = 0;

    while ((from_a > last || chan_recv(a, &from_a) == 0) &&
           (from_b > last || chan_recv(b, &from_b) == 0)) {
        int n = from_a < from_b ? from_a : from_b;

        if (n > last && chan_send(to, n) != 0)
            break;
        last = n;
    }
    chan_close(a);
    chan_close(b);
    chan_close(to);
}

static chan(int) merged_with_multiples(chan(int) others, int prime)
{
    chan(int) multiples = composites_new(), to = composites_new();

    go(send_multiples, multiples, prime);
    if (others)
        go(send_merged, others, multiples, to);
    return others ? to : multiples;
}

static bool is_prime(int n)
{
    for (int d = 2; d * d <= n; d++)
        if (n % d == 0)
            return false;
    return n > 1;
}

/* As chan/sieve2.go does: the primes are what the merged multiples of earlier primes leave out. The
 * multiples of a prime join when its square is due. */
static void what_merged_multiples_leave_out_are_the_primes(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < ORDERS; seed++) {
        int primes[PRIMES] = {2}, found = 1, joined = 1, composite = 0;
        chan(int) all;

        run_in_order(seed);
        composites.count = 0;
        all = merged_with_multiples(NULL, 2);
        for (int n = 3; found < PRIMES; n++) {
            if (n == primes[joined] * primes[joined]) {
                all = merged_with_multiples(all, primes[joined++]);
                composite = n; /* as the first of its multiples says, once more */
            }
            while (composite < n)
                assert_int_equal(chan_recv(all, &composite), 0);
            if (composite > n)
                primes[found++] = n;
        }
        for (int i = 0, due = 2; i < PRIMES; i++, due++) {
            while (!is_prime(due))
                due++;
            assert_int_equal(primes[i], due);
        }
        chan_close(all);
        check_settle();
        assert_int_equal(check_threads(), 0);
        for (size_t i = 0; i < composites.count; i++)
            chan_free(composites.made[i]);
    }
}

/* ---- many to many ---- */

enum { NET_CHANS = 40, NET_THREADS_MAX = 10, NET_VALUES = 200 };

/* Every channel has one sender and one receiver, who have others besides, at random. */
static struct {
    chan(int) chans[NET_CHANS];
    int sender[NET_CHANS], receiver[NET_CHANS];
    int sent[NET_CHANS], received[NET_CHANS];
    int wrong;
} net;

/* One value on one of its channels: whether there was one left. */
static bool net_send_one(int me)
{
    struct weft_case cases[NET_CHANS] = {{.op = WEFT_OP_NONE}};
    bool has_any = false;
    int done;

    for (int i = 0; i < NET_CHANS; i++)
        if (net.sender[i] == me && net.sent[i] < NET_VALUES) {
            cases[i] = chan_set_send(net.chans[i], &net.sent[i]);
            has_any = true;
        }
    if (!has_any)
        return false;
    done = chan_select_n(cases, NET_CHANS);
    if (done < 0)
        net.wrong++;
    else if (++net.sent[done] == NET_VALUES)
        chan_close(net.chans[done]);
    return done >= 0;
}

static void net_send(int me)
{
    while (net_send_one(me))
        if (any_order(NULL, 4, WEFT__CHOICE_READY) == 0)
            weft_yield();
}

static void net_receive(int me)
{
    struct weft_case cases[NET_CHANS] = {{.op = WEFT_OP_NONE}};
    int open = 0, value = -1;

    for (int i = 0; i < NET_CHANS; i++)
        if (net.receiver[i] == me) {
            cases[i] = chan_set_recv(net.chans[i], &value);
            open++;
        }
    while (open > 0) {
        int done = chan_select_n(cases, NET_CHANS);

        if (done >= 0) {
            net.wrong += value != net.received[done]++;
        } else if (CHAN_CLOSED(done) >= 0 && CHAN_CLOSED(done) < NET_CHANS) {
            cases[CHAN_CLOSED(done)] = (struct weft_case){.op = WEFT_OP_NONE};
            open--;
        } else {
            net.wrong++;
            return;
        }
    }
}

/* As ken/chan.go does: random networks, in which each sends and receives by select over many
 * channels; every channel's values come in order, and all of them. */
static void every_channel_of_a_random_network_delivers_all_in_order(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        int senders, receivers;

        run_in_order(seed);
        memset(&net, 0, sizeof net);
        senders = 1 + (int)any_order(NULL, NET_THREADS_MAX, WEFT__CHOICE_READY);
        receivers = 1 + (int)any_order(NULL, NET_THREADS_MAX, WEFT__CHOICE_READY);
        for (int i = 0; i < NET_CHANS; i++) {
            net.chans[i] = chan_new(int);
            net.sender[i] = 1 + (int)any_order(NULL, (uint32_t)senders, WEFT__CHOICE_READY);
            net.receiver[i] = 1 + (int)any_order(NULL, (uint32_t)receivers, WEFT__CHOICE_READY);
        }
        for (int i = 1; i <= senders; i++)
            go(net_send, i);
        for (int i = 1; i <= receivers; i++)
            go(net_receive, i);
        check_settle();
        assert_int_equal(check_threads(), 0);
        assert_int_equal(net.wrong, 0);
        for (int i = 0; i < NET_CHANS; i++) {
            assert_int_equal(net.sent[i], NET_VALUES);
            assert_int_equal(net.received[i], NET_VALUES);
            chan_free(net.chans[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        check_test(sums_and_multiples_of_series_are_right),
        check_test(products_of_series_are_right),
        check_test(the_exponential_series_is_made_of_itself),
        check_test(sine_and_cosine_are_made_of_each_other),
        check_test(reciprocals_of_series_are_right),
        check_test(a_series_may_be_made_of_its_own_square),
        check_test(compositions_of_series_are_right),
        check_test(what_merged_multiples_leave_out_are_the_primes),
        check_test(every_channel_of_a_random_network_delivers_all_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
