/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "child.h"

#include <errno.h>
#include <string.h>

#include "runtime/calls.h"

static void count(gen(int) self, int from, int to)
{
    for (int i = from; i < to; i++) {
        int result = gen_yield(self, i);

        if (result < 0) {
            note("%d ", result);
            return;
        }
    }
}

/* ---- next ---- */

static void values_come_in_order_and_then_the_end(void **state)
{
    gen(int) g = gen_new(int, count, 1, 4);
    int n = -1;

    (void)state;
    for (int i = 1; i < 4; i++) {
        assert_int_equal(gen_next(g, &n), 0);
        assert_int_equal(n, i);
    }
    n = -1;
    for (int i = 0; i < 3; i++)
        assert_int_equal(gen_next(g, &n), -EPIPE);
    assert_int_equal(n, -1);
    assert_int_equal(gen_close(g), 0);
    assert_noted("");
}

static void note_and_yield(gen(int) self, int value)
{
    note("runs ");
    gen_yield(self, value);
    note("ends ");
}

static void the_body_runs_only_when_it_is_asked(void **state)
{
    gen(int) g = gen_new(int, note_and_yield, 5);
    int n = -1;

    (void)state;
    check_settle();
    assert_noted("");
    assert_int_equal(gen_next(g, &n), 0);
    assert_int_equal(n, 5);
    check_settle();
    assert_noted("runs ");
    assert_int_equal(gen_next(g, &n), -EPIPE);
    assert_noted("ends ");
    gen_close(g);
}

static void a_value_can_be_dropped(void **state)
{
    gen(int) g = gen_new(int, count, 0, 10);
    int n = -1;

    (void)state;
    gen_next(g, NULL);
    gen_next(g, NULL);
    gen_next(g, &n);
    assert_int_equal(n, 2);
    gen_close(g);
    assert_noted("-32 ");
}

static void each_asks_until_the_end(void **state)
{
    gen(int) g = gen_new(int, count, 0, 100);
    int sum = 0;

    (void)state;
    gen_each(n, g) {
        if (n < 10)
            continue;
        sum += n;
        if (n == 19)
            break;
    }
    assert_int_equal(sum, 145);
    gen_each(n, g)
        sum += n; /* goes on where the first loop broke off */
    assert_int_equal(sum, 4950 - 45);
    gen_close(g);
}

static void never_yield(gen(int) self)
{
    (void)self;
    note("ran ");
}

static void a_body_that_never_yields_ends_at_the_first_question(void **state)
{
    gen(int) g = gen_new(int, never_yield);

    (void)state;
    assert_int_equal(gen_next(g, NULL), -EPIPE);
    assert_int_equal(check_threads(), 0); /* the body is gone, the generator is not */
    assert_int_equal(gen_next(g, NULL), -EPIPE);
    assert_noted("ran ");
    gen_close(g);
}

static void a_suspended_body_is_on_no_list(void **state)
{
    gen(int) g = gen_new(int, count, 0, 10);

    (void)state;
    check_now(CHECK_RUNNING);
    gen_next(g, NULL);
    check_now(CHECK_RUNNING);
    assert_int_equal(weft__ring_count(&weft__self->run), 0);
    gen_close(g);
    assert_noted("-32 ");
}

/* ---- values of all sizes ---- */

#define size_checks(T, bytes)                                                                      \
    typedef struct {                                                                               \
        unsigned char b[bytes];                                                                    \
    } T;                                                                                           \
    static T T##_made(int seed)                                                                    \
    {                                                                                              \
        T value;                                                                                   \
                                                                                                   \
        memset(&value, seed, sizeof value);                                                        \
        return value;                                                                              \
    }                                                                                              \
    static void T##_echo(gen(T, T) self, int from)                                                 \
    {                                                                                              \
        T value = T##_made(from);                                                                  \
                                                                                                   \
        while (gen_yield_recv(self, &value, value) == 0)                                           \
            ;                                                                                      \
    }                                                                                              \
    static bool T##_holds(void)                                                                    \
    {                                                                                              \
        gen(T, T) g = gen_new2(T, T, T##_echo, 1);                                                 \
        struct {                                                                                   \
            unsigned char before[16];                                                              \
            T value;                                                                               \
            unsigned char behind[16];                                                              \
        } got, expected;                                                                           \
        T sent;                                                                                    \
        bool right = true;                                                                         \
                                                                                                   \
        memset(&got, 0xee, sizeof got);                                                            \
        memset(&expected, 0xee, sizeof expected);                                                  \
        expected.value = T##_made(1);                                                              \
        right = right && gen_next(g, &got.value) == 0 && memcmp(&got, &expected, sizeof got) == 0; \
        sent = expected.value = T##_made(2);                                                       \
        right = right && gen_send(g, &got.value, sent) == 0;                                       \
        right = right && memcmp(&got, &expected, sizeof got) == 0;                                 \
        expected.value = T##_made(0);                                                              \
        right = right && gen_next(g, &got.value) == 0 && memcmp(&got, &expected, sizeof got) == 0; \
        gen_close(g);                                                                              \
        return right;                                                                              \
    }

size_checks(size_1, 1) size_checks(size_2, 2) size_checks(size_3, 3) size_checks(size_4, 4)
    size_checks(size_7, 7) size_checks(size_8, 8) size_checks(size_16, 16) size_checks(size_24, 24)
        size_checks(size_300, 300) size_checks(size_4096, 4096)

            static void values_of_every_size_pass_both_ways(void **state)
{
    (void)state;
    assert_true(size_1_holds());
    assert_true(size_2_holds());
    assert_true(size_3_holds());
    assert_true(size_4_holds());
    assert_true(size_7_holds());
    assert_true(size_8_holds());
    assert_true(size_16_holds());
    assert_true(size_24_holds());
    assert_true(size_300_holds());
    assert_true(size_4096_holds());
}

/* ---- send ---- */

static void average(gen(double, double) self)
{
    double sum = 0, value = 0;
    int n = 0;

    while (gen_yield_recv(self, &value, n > 0 ? sum / n : 0) == 0) {
        sum += value;
        n++;
    }
}

static void what_is_sent_comes_out_of_the_yield_that_waits(void **state)
{
    gen(double, double) g = gen_new2(double, double, average);
    double mean = -1;

    (void)state;
    assert_int_equal(gen_next(g, &mean), 0);
    assert_true(mean == 0);
    assert_int_equal(gen_send(g, &mean, 1.0), 0);
    assert_true(mean == 1);
    assert_int_equal(gen_send(g, &mean, 2.0), 0);
    assert_true(mean == 1.5);
    assert_int_equal(gen_send(g, NULL, 9.0), 0);
    assert_int_equal(gen_next(g, &mean), 0); /* counts as a zero */
    assert_true(mean == 3);
    gen_close(g);
}

static void drop_what_is_sent(gen(int, int) self)
{
    for (int i = 0; gen_yield(self, i) == 0; i++)
        ;
}

static void a_plain_yield_drops_what_is_sent(void **state)
{
    gen(int, int) g = gen_new2(int, int, drop_what_is_sent);
    int n = -1;

    (void)state;
    gen_next(g, NULL);
    assert_int_equal(gen_send(g, &n, 77), 0);
    assert_int_equal(n, 1);
    gen_close(g);
}

static void nothing_can_be_sent_before_the_body_has_started(void **state)
{
    gen(int, int) g = gen_new2(int, int, drop_what_is_sent);
    int n = -1;

    (void)state;
    assert_int_equal(gen_send(g, &n, 77), -EINVAL);
    assert_int_equal(n, -1);
    assert_int_equal(gen_next(g, &n), 0);
    assert_int_equal(n, 0);
    gen_close(g);
}

static void end_at_zero(gen(int, int) self, int n)
{
    while (n > 0 && gen_yield_recv(self, &n, n) == 0)
        ;
}

static void a_send_to_a_body_that_ends_hears_of_the_end(void **state)
{
    gen(int, int) g = gen_new2(int, int, end_at_zero, 3);
    int n = -1;

    (void)state;
    gen_next(g, &n);
    assert_int_equal(gen_send(g, &n, 0), -EPIPE);
    assert_int_equal(n, 3);
    assert_int_equal(gen_send(g, &n, 1), -EPIPE);
    gen_close(g);
}

/* ---- close, in each state of the body ---- */

static void a_body_that_has_not_started_never_runs(void **state)
{
    gen(int) g = gen_new(int, never_yield);

    (void)state;
    assert_int_equal(gen_close(g), 0);
    check_settle();
    assert_noted("");
    assert_int_equal(check_threads(), 0);
}

static void a_suspended_bodys_yield_returns_epipe(void **state)
{
    gen(int) g = gen_new(int, count, 0, 10);

    (void)state;
    gen_next(g, NULL);
    assert_int_equal(gen_close(g), 0);
    assert_noted("-32 ");
    assert_int_equal(check_threads(), 0);
}

static void sleep_then_count(gen(int) self, int64_t ns)
{
    for (int i = 0;; i++) {
        int slept = weft_sleep(ns), yielded;

        if (slept < 0) {
            note("sleep:%d again:%d yield:%d", slept, weft_sleep(1), gen_yield(self, i));
            return;
        }
        yielded = gen_yield(self, i);
        if (yielded < 0) {
            note("yield:%d again:%d", yielded, weft_sleep(5));
            return;
        }
    }
}

static void an_offering_bodys_yield_returns_epipe_and_the_value_is_dropped(void **state)
{
    gen(int) g = gen_new(int, sleep_then_count, (int64_t)20);
    int n = -1;

    (void)state;
    assert_int_equal(weft_within(10, gen_next(g, &n)), -ETIMEDOUT);
    weft_sleep(50); /* it offers its value now */
    check_now(CHECK_RUNNING);
    assert_int_equal(gen_close(g), 0);
    assert_noted("yield:-32 again:0"); /* only the yield is over: it may park to clean up */
    assert_int_equal(n, -1);
}

static void a_body_parked_elsewhere_is_cancelled_there_and_from_then_on(void **state)
{
    gen(int) g = gen_new(int, sleep_then_count, (int64_t)20);

    (void)state;
    assert_int_equal(weft_within(10, gen_next(g, NULL)), -ETIMEDOUT);
    assert_int_equal(gen_close(g), 0);
    assert_noted("sleep:-125 again:-125 yield:-32");
    assert_int_equal(weft_now(), 10);
}

static void receive_and_yield(gen(int) self, chan_rx(int) c)
{
    for (;;) {
        int n = -1, result = chan_recv(c, &n);

        note("recv:%d(%d) ", result, n);
        if (result < 0 || gen_yield(self, n) < 0)
            return;
        result = chan_recv(c, &n);
        note("recv:%d ", result);
    }
}

/* The body is ready, and has its value; only then it is cancelled. */
static void a_body_that_was_served_before_the_close_hears_of_that_first(void **state)
{
    chan(int) c = chan_new(int);
    gen(int) g = gen_new(int, receive_and_yield, c);

    (void)state;
    check_watch(c);
    assert_int_equal(weft_within(10, gen_next(g, NULL)), -ETIMEDOUT);
    assert_int_equal(chan_trysend(c, 5), 0);
    assert_int_equal(gen_close(g), 0);
    assert_noted("recv:0(5) ");
    check_unwatch(c);
    chan_free(c);
}

static void a_body_parked_in_a_channel_leaves_its_queue(void **state)
{
    chan(int) c = chan_new(int);
    gen(int) g = gen_new(int, receive_and_yield, c);

    (void)state;
    check_watch(c);
    assert_int_equal(weft_within(10, gen_next(g, NULL)), -ETIMEDOUT);
    assert_int_equal(gen_close(g), 0);
    assert_noted("recv:-125(-1) ");
    assert_int_equal(chan_trysend(c, 5), -EAGAIN);
    check_unwatch(c);
    chan_free(c);
}

static void select_and_yield(gen(int) self, chan_rx(int) a, chan_tx(int) b)
{
    note("%d ", chan_select(chan_case_recv(a, NULL), chan_case_send(b, 1),
                            chan_case_timeout(WEFT_SEC(1))));
    note("%d ", chan_select(chan_case_recv(a, NULL), chan_case_default));
    note("%d ", chan_select(chan_case_recv(a, NULL), chan_case_timeout(0)));
    gen_yield(self, 1);
}

static void a_body_parked_in_a_select_leaves_every_channel(void **state)
{
    chan(int) a = chan_new(int), b = chan_new(int);
    gen(int) g = gen_new(int, select_and_yield, a, b);

    (void)state;
    check_watch(a);
    check_watch(b);
    assert_int_equal(weft_within(10, gen_next(g, NULL)), -ETIMEDOUT);
    assert_int_equal(gen_close(g), 0);
    assert_noted("-125 1 -125 ");
    assert_int_equal(chan_trysend(a, 5), -EAGAIN);
    assert_int_equal(chan_tryrecv(b, NULL), -EAGAIN);
    check_unwatch(a);
    check_unwatch(b);
    chan_free(a);
    chan_free(b);
}

static int sleep_long(void)
{
    weft_sleep(100);
    return 4;
}

static void join_and_yield(gen(int) self, task(int) t)
{
    note("%d", task_join(t));
    (void)self;
}

static void a_body_parked_in_a_join_leaves_the_task_joinable(void **state)
{
    task(int) t = spawn(sleep_long);
    gen(int) g = gen_new(int, join_and_yield, t);
    int four = 0;

    (void)state;
    assert_int_equal(weft_within(10, gen_next(g, NULL)), -ETIMEDOUT);
    assert_int_equal(gen_close(g), 0);
    assert_noted("-125");
    assert_int_equal(task_join(t, &four), 0);
    assert_int_equal(four, 4);
}

static void a_finished_generator_is_only_freed(void **state)
{
    gen(int) g = gen_new(int, never_yield);

    (void)state;
    gen_next(g, NULL);
    go(never_yield, NULL);
    assert_int_equal(gen_close(g), 0);
    assert_noted("ran "); /* nobody else has run */
    check_settle();
    assert_noted("ran ");
}

static void clean_up_slowly(gen(int) self)
{
    while (gen_yield(self, 1) == 0)
        ;
    note("%d ", weft_sleep(20));
    weft_yield();
    note("%d ", weft_sleep(20));
}

static void close_waits_until_the_body_has_returned_whatever_deadline_rules(void **state)
{
    gen(int) g = gen_new(int, clean_up_slowly);

    (void)state;
    gen_next(g, NULL);
    assert_int_equal(weft_within(10, gen_close(g)), 0);
    assert_int_equal(weft_now(), 40);
    assert_noted("0 0 ");
    g = gen_new(int, clean_up_slowly);
    gen_next(g, NULL);
    assert_int_equal(weft_within(0, gen_close(g)), 0);
    assert_noted("0 0 ");
}

static void close_it(gen(int) g)
{
    note("%d", gen_close(g));
}

static void another_thread_may_close_it(void **state)
{
    gen(int) g = gen_new(int, count, 0, 10);

    (void)state;
    gen_next(g, NULL);
    go(close_it, g);
    check_settle();
    assert_noted("-32 0");
}

/* ---- deadlines ---- */

static void a_consumer_that_leaves_by_a_deadline_loses_no_value(void **state)
{
    gen(int) g = gen_new(int, sleep_then_count, (int64_t)30);
    int n = -1;

    (void)state;
    assert_int_equal(weft_within(10, gen_next(g, &n)), -ETIMEDOUT); /* 10: it sleeps */
    assert_int_equal(n, -1);
    assert_int_equal(weft_within(10, gen_next(g, &n)), -ETIMEDOUT); /* 20 */
    assert_int_equal(gen_next(g, &n), 0);
    assert_int_equal(n, 0);
    assert_int_equal(weft_now(), 30);
    assert_int_equal(weft_within(10, gen_next(g, &n)), -ETIMEDOUT); /* 40 */
    weft_sleep(100);                                                /* it offers, meanwhile */
    assert_int_equal(gen_next(g, &n), 0);
    assert_int_equal(n, 1);
    assert_int_equal(weft_now(), 140);
    assert_int_equal(gen_next(g, &n), 0);
    assert_int_equal(n, 2);
    assert_int_equal(weft_now(), 170);
    gen_close(g);
    assert_noted("yield:-32 again:0");
}

static void within_no_time_a_consumer_takes_what_is_offered(void **state)
{
    gen(int) g = gen_new(int, sleep_then_count, (int64_t)30);
    int n = -1;

    (void)state;
    assert_int_equal(weft_within(0, gen_next(g, &n)), -ETIMEDOUT); /* it is not even started */
    assert_int_equal(check_stacks(), 0);
    assert_int_equal(weft_within(10, gen_next(g, &n)), -ETIMEDOUT);
    assert_int_equal(weft_within(0, gen_next(g, &n)), -ETIMEDOUT);
    weft_sleep(50);
    assert_int_equal(weft_within(0, gen_next(g, &n)), 0);
    assert_int_equal(n, 0);
    assert_int_equal(weft_within(0, gen_next(g, &n)), -ETIMEDOUT);
    gen_close(g);
    assert_noted("yield:-32 again:0");
}

static int next_late(gen(int) g, int *into)
{
    weft_sleep(20);
    return gen_next(g, into);
}

static void after_the_deadline_a_consumer_takes_nothing(void **state)
{
    gen(int) g = gen_new(int, sleep_then_count, (int64_t)5);
    int n = -1;

    (void)state;
    assert_int_equal(weft_within(1, gen_next(g, &n)), -ETIMEDOUT);
    weft_sleep(10);
    assert_int_equal(weft_within(10, next_late(g, &n)), -ETIMEDOUT);
    assert_int_equal(n, -1);
    assert_int_equal(gen_next(g, &n), 0);
    assert_int_equal(n, 0);
    gen_close(g);
    noted();
}

static void echo_slowly(gen(int, int) self)
{
    for (int i = 100;; i++) {
        int in = -1;

        weft_sleep(30);
        if (gen_yield_recv(self, &in, i) < 0)
            return;
        note("%d ", in);
    }
}

/* Sent while it offers: the offered value is taken, and the yield that has offered it receives. */
static void a_body_that_offers_may_be_sent_something(void **state)
{
    gen(int, int) g = gen_new2(int, int, echo_slowly);
    int n = -1;

    (void)state;
    assert_int_equal(weft_within(10, gen_next(g, &n)), -ETIMEDOUT);
    weft_sleep(50);
    assert_int_equal(gen_send(g, &n, 7), 0);
    assert_int_equal(n, 100);
    weft_sleep(50);
    assert_noted("7 ");
    assert_int_equal(gen_next(g, &n), 0);
    assert_int_equal(n, 101);
    assert_int_equal(gen_next(g, &n), 0);
    assert_int_equal(n, 102);
    assert_noted("0 ");
    gen_close(g);
}

/* Sent while it is busy: its next yield gives the value and receives at once. */
static void a_body_that_is_busy_may_be_sent_something(void **state)
{
    gen(int, int) g = gen_new2(int, int, echo_slowly);
    int n = -1;

    (void)state;
    assert_int_equal(weft_within(10, gen_next(g, &n)), -ETIMEDOUT);
    assert_int_equal(gen_send(g, &n, 8), 0);
    assert_int_equal(n, 100);
    assert_int_equal(weft_now(), 30);
    check_settle();
    assert_noted("8 ");
    assert_int_equal(gen_next(g, &n), 0);
    assert_int_equal(n, 101);
    gen_close(g);
}

static void what_a_busy_body_was_sent_is_received_once(void **state)
{
    gen(int, int) g = gen_new2(int, int, echo_slowly);
    int n = -1;

    (void)state;
    assert_int_equal(weft_within(10, gen_next(g, &n)), -ETIMEDOUT);
    assert_int_equal(gen_send(g, &n, 8), 0);
    weft_sleep(50); /* its second value, meanwhile */
    for (int i = 1; i < 3; i++) {
        assert_int_equal(gen_next(g, &n), 0);
        assert_int_equal(n, 100 + i);
    }
    check_settle();
    assert_noted("8 0 ");
    gen_close(g);
}

/* It must not be heard of later either: the value was in the frame that has been left. */
static void a_send_that_times_out_before_it_was_heard_sends_nothing(void **state)
{
    (void)state;
    for (int offers = 0; offers < 2; offers++) {
        gen(int, int) g = gen_new2(int, int, echo_slowly);
        int n = -1;

        assert_int_equal(weft_within(10, gen_next(g, &n)), -ETIMEDOUT);
        assert_int_equal(weft_within(10, gen_send(g, &n, 9)), -ETIMEDOUT);
        assert_int_equal(n, -1);
        if (offers)
            weft_sleep(50); /* its first value, meanwhile */
        for (int i = 0; i < 3; i++) {
            assert_int_equal(gen_next(g, &n), 0);
            assert_int_equal(n, 100 + i);
        }
        assert_noted("0 0 ");
        gen_close(g);
    }
}

static void yield_with_deadlines(gen(int) self)
{
    note("%d@", weft_within(10, gen_yield(self, 1)));
    note("%d ", (int)weft_now());
    note("%d@", weft_within(10, gen_yield(self, 2)));
    note("%d ", (int)weft_now());
    note("%d@", weft_within(0, gen_yield(self, 3)));
    note("%d ", (int)weft_now());
    weft_sleep(5);
    note("%d@", weft_within(0, gen_yield(self, 4)));
    note("%d ", (int)weft_now());
    gen_yield(self, 5);
}

/* A value that was taken has been yielded; one that nobody took in time has not, and it is lost. */
static void a_bodys_own_deadline_limits_how_long_it_offers(void **state)
{
    gen(int) g = gen_new(int, yield_with_deadlines);
    int n = -1;

    (void)state;
    gen_next(g, &n);
    assert_int_equal(n, 1);
    weft_sleep(50); /* suspended: its deadline passes, and does not wake it */
    assert_noted("");
    assert_int_equal(weft_within(1, gen_next(g, &n)), 0);
    assert_int_equal(n, 2);
    assert_noted("0@50 ");
    assert_int_equal(gen_next(g, &n), 0); /* the yield of 3 found us waiting */
    assert_int_equal(n, 3);
    assert_noted("0@50 ");
    assert_int_equal(weft_within(1, gen_next(g, &n)), -ETIMEDOUT);
    weft_sleep(50);
    assert_noted("0@50 -110@55 "); /* nobody waited for 4 */
    assert_int_equal(gen_next(g, &n), 0);
    assert_int_equal(n, 5);
    gen_close(g);
    noted();
}

static void yield_in_vain(gen(int) self)
{
    weft_sleep(5);
    note("%d ", weft_within(10, gen_yield(self, 1)));
    weft_sleep(5);
    note("%d ", gen_yield(self, 2));
}

/* It stays with its value at first, and then takes it back. */
static void a_value_that_was_offered_in_vain_is_nobodys(void **state)
{
    gen(int) g = gen_new(int, yield_in_vain);
    int n = -1;

    (void)state;
    assert_int_equal(weft_within(1, gen_next(g, &n)), -ETIMEDOUT);
    weft_sleep(15);
    assert_noted("-110 ");
    assert_int_equal(weft_within(1, gen_next(g, &n)), -ETIMEDOUT);
    assert_int_equal(n, -1);
    assert_int_equal(gen_next(g, &n), 0);
    assert_int_equal(n, 2);
    assert_int_equal(weft_now(), 20);
    gen_close(g);
    assert_noted("-32 ");
}

static void yield_then_sleep(gen(int) self)
{
    int result = 0;

    weft_within(10, ({
                    gen_yield(self, 1);
                    result = weft_sleep(1);
                }));
    note("%d", result);
}

static void a_bodys_deadline_runs_on_while_it_is_suspended(void **state)
{
    gen(int) g = gen_new(int, yield_then_sleep);

    (void)state;
    gen_next(g, NULL);
    weft_sleep(20);
    assert_int_equal(gen_next(g, NULL), -EPIPE);
    assert_noted("-110");
    gen_close(g);
}

/* ---- consumers, threads, other generators ---- */

static void consume(gen(int) g, const char *name)
{
    gen_each(n, g) {
        note("%s%d ", name, n);
        weft_yield();
    }
}

static void two_consumers_in_turn_get_every_value_once(void **state)
{
    gen(int) g = gen_new(int, count, 0, 6);

    (void)state;
    go(consume, g, "a");
    go(consume, g, "b");
    check_settle();
    assert_noted("a0 b1 a2 b3 a4 b5 ");
    gen_close(g);
}

static void relay(gen(int) self, chan_rx(int) in)
{
    chan_each(n, in)
        if (gen_yield(self, n) < 0)
            return;
}

static void send_slowly(chan_tx(int) c, int n)
{
    for (int i = 0; i < n; i++) {
        weft_sleep(10);
        chan_send(c, i);
    }
    chan_close(c);
}

static void the_consumer_waits_while_the_body_is_parked(void **state)
{
    chan(int) c = chan_new(int);
    gen(int) g = gen_new(int, relay, c);
    int expected = 0;

    (void)state;
    go(send_slowly, c, 10);
    gen_each(n, g) {
        assert_int_equal(n, expected++);
        assert_int_equal(weft_now(), 10 * expected);
    }
    assert_int_equal(expected, 10);
    check_settle();
    gen_close(g);
    chan_free(c);
}

struct tree {
    int value;
    const struct tree *left, *right;
};

static int delegate(gen(int) self, gen(int) from)
{
    int result = 0;

    gen_each(n, from)
        if ((result = gen_yield(self, n)) < 0)
            break;
    gen_close(from);
    return result;
}

static void walk(gen(int) self, const struct tree *t)
{
    if (t->left && delegate(self, gen_new(int, walk, t->left)) < 0)
        return;
    if (gen_yield(self, t->value) < 0)
        return;
    if (t->right)
        delegate(self, gen_new(int, walk, t->right));
}

static const struct tree *tree_of(struct tree *nodes, int from, int to)
{
    int middle = (from + to) / 2;

    if (from >= to)
        return NULL;
    nodes[middle] =
        (struct tree){middle, tree_of(nodes, from, middle), tree_of(nodes, middle + 1, to)};
    return &nodes[middle];
}

static void generators_delegate_to_generators(void **state)
{
    enum { NODES = 1000 };
    static struct tree nodes[NODES];
    gen(int) g = gen_new(int, walk, tree_of(nodes, 0, NODES));
    int expected = 0;

    (void)state;
    gen_each(n, g)
        assert_int_equal(n, expected++);
    assert_int_equal(expected, NODES);
    gen_close(g);
    g = gen_new(int, walk, tree_of(nodes, 0, NODES));
    gen_each(n, g)
        if (n == 333)
            break;
    gen_close(g); /* closes those within, from the outside in */
    assert_int_equal(check_threads(), 0);
}

/* The outer body is parked in the inner one's next while the inner one sleeps. */
static void pass_on(gen(int) self, gen(int) inner)
{
    int n = -1, result = gen_next(inner, &n);

    note("next:%d ", result);
    note("close:%d ", gen_close(inner));
    gen_yield(self, n);
}

static void a_body_parked_in_another_generators_next_is_cancelled_there(void **state)
{
    gen(int) inner = gen_new(int, sleep_then_count, (int64_t)1000);
    gen(int) outer = gen_new(int, pass_on, inner);

    (void)state;
    assert_int_equal(weft_within(10, gen_next(outer, NULL)), -ETIMEDOUT);
    gen_close(outer);
    assert_noted("next:-125 sleep:-125 again:-125 yield:-32close:0 ");
}

static void keep_errno(gen(int) self)
{
    bool kept = errno == 0;

    errno = EDOM;
    gen_yield(self, kept);
    gen_yield(self, errno == EDOM);
    weft_sleep(1);
    gen_yield(self, errno == EDOM);
}

static void a_body_has_an_errno_of_its_own(void **state)
{
    gen(int) g = gen_new(int, keep_errno);
    int kept = 0;

    (void)state;
    gen_next(g, &kept);
    assert_int_equal(kept, 1);
    errno = ERANGE;
    for (int i = 0; i < 2; i++) {
        gen_next(g, &kept);
        assert_int_equal(kept, 1);
        assert_int_equal(errno, ERANGE);
    }
    gen_close(g);
}

static void start_threads(gen(int) self)
{
    for (int i = 0; i < 3; i++) {
        int n = 0;

        task_join(spawn(sleep_long), &n);
        if (gen_yield(self, n + i) < 0)
            return;
    }
}

static void a_body_may_start_and_join_threads(void **state)
{
    gen(int) g = gen_new(int, start_threads);
    int sum = 0;

    (void)state;
    gen_each(n, g)
        sum += n;
    assert_int_equal(sum, 15);
    assert_int_equal(weft_now(), 300);
    gen_close(g);
}

/* ---- many ---- */

static void a_hundred_thousand_abandoned_generators_leave_nothing(void **state)
{
    enum { AT_ONCE = 500, ROUNDS = 200 };
    static gen(int) all[AT_ONCE];

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < AT_ONCE; i++) {
            int n = -1;

            all[i] = gen_new(int, count, i, i + 10);
            for (int k = 0; k < i % 3; k++)
                gen_next(all[i], &n);
        }
        for (int i = 0; i < AT_ONCE; i++)
            gen_close(all[i]);
        noted();
    }
    assert_int_equal(check_threads(), 0);
    assert_int_equal(check_stacks(), 0);
}

static void ten_thousand_suspended_generators_keep_their_places(void **state)
{
    enum { MANY = 10000 };
    static gen(int) all[MANY];

    (void)state;
    for (int i = 0; i < MANY; i++)
        all[i] = gen_new(int, count, i, i + 3);
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < MANY; i++) {
            int n = -1;

            gen_next(all[i], &n);
            if (n != i + k)
                fail();
        }
    for (int i = 0; i < MANY; i++)
        gen_close(all[i]);
    assert_true(noted()[0] != '\0');
}

/* ---- fork ---- */

static gen(int) closed_within;

static void yield_then_sleep_long(gen(int) self)
{
    gen_yield(self, 1);
    weft_sleep(WEFT_SEC(1));
}

static void clean_up_in_a_shield(gen(int) self)
{
    gen_yield(self, 1);
    weft_shield(weft_sleep(WEFT_SEC(1)));
}

static void close_another(gen(int) self)
{
    gen_next(closed_within, NULL);
    gen_close(closed_within);
    gen_yield(self, 2);
}

static void close_at_once(void)
{
    gen_close(closed_within);
}

static int count_generators(const void *unused)
{
    const struct weft_list *all = &weft__self->gens;
    int n = 0;

    (void)unused;
    for (const struct weft_list *at = all->next; at != all; at = at->next)
        n++;
    return n;
}

/* Its closer is gone and nobody else knows of it, whichever of the two records comes first. */
static void a_forks_child_keeps_no_generator_that_was_being_closed(void **state)
{
    (void)state;
    for (int body_first = 0; body_first < 2; body_first++) {
        task(void) closer = body_first ? NULL : spawn(close_at_once);
        struct child c;

        closed_within = gen_new(int, clean_up_in_a_shield);
        if (body_first)
            closer = spawn(close_at_once);
        gen_next(closed_within, NULL);
        check_settle();
        c = child_run(count_generators, NULL);
        task_join(closer);
        assert_int_equal(c.status, 0);
    }
}

static int ask_after_the_fork(const void *generator)
{
    gen(int) g = *(gen(int) const *)generator;
    int n = -1, result = gen_next(g, &n);

    return result == -EPIPE && n == -1 && gen_close(g) == 0 ? 0 : 1;
}

/* A body that waits for the end of another generator's is not suspended: a fork's child does not
 * have it, whichever of the two records comes first. */
static void a_forks_child_has_no_body_that_was_closing_another_generator(void **state)
{
    (void)state;
    for (int outer_first = 1; outer_first >= 0; outer_first--) {
        gen(int) early = gen_new(int, outer_first ? close_another : yield_then_sleep_long);
        gen(int) late = gen_new(int, outer_first ? yield_then_sleep_long : close_another);
        gen(int) outer = outer_first ? early : late;
        struct child c;

        closed_within = outer_first ? late : early;
        assert_int_equal(weft_within(10, gen_next(outer, NULL)), -ETIMEDOUT);
        c = child_run(ask_after_the_fork, &outer);
        assert_int_equal(gen_next(outer, NULL), 0);
        gen_close(outer);
        assert_int_equal(c.status, 0);
    }
}

/* ---- no stack ---- */

static void hold_a_stack(chan_rx(int) until)
{
    chan_recv(until, NULL);
    note("released ");
}

static void a_body_waits_for_a_stack_and_its_consumer_for_the_body(void **state)
{
    chan(int) c = chan_new(int);
    gen(int) g = gen_new(int, count, 5, 10);
    int n = -1;

    (void)state;
    check_allow_stacks(1);
    go(hold_a_stack, c);
    check_settle();
    assert_int_equal(weft_within(10, gen_next(g, &n)), -ETIMEDOUT);
    check_now(CHECK_RUNNING);
    assert_int_equal(weft_within(10, gen_next(g, &n)), -ETIMEDOUT);
    chan_send(c, 1);
    assert_int_equal(gen_next(g, &n), 0);
    assert_int_equal(n, 5);
    gen_close(g);
    assert_noted("released -32 ");
    chan_free(c);
}

static void a_generator_that_waits_for_a_stack_can_be_closed(void **state)
{
    chan(int) c = chan_new(int);
    gen(int) g[3];

    (void)state;
    check_allow_stacks(1);
    go(hold_a_stack, c);
    check_settle();
    for (int closed = 0; closed < 3; closed++) { /* the first, the middle, the last in the queue */
        for (int i = 0; i < 3; i++) {
            g[i] = gen_new(int, note_and_yield, i);
            assert_int_equal(weft_within(1, gen_next(g[i], NULL)), -ETIMEDOUT);
        }
        assert_int_equal(gen_close(g[closed]), 0);
        check_now(CHECK_RUNNING);
        g[closed] = gen_new(int, note_and_yield, 3);
        assert_int_equal(weft_within(1, gen_next(g[closed], NULL)), -ETIMEDOUT);
        check_now(CHECK_RUNNING);
        for (int i = 0; i < 3; i++)
            assert_int_equal(gen_close(g[i]), 0);
        assert_int_equal(check_threads(), 1);
    }
    chan_send(c, 1);
    check_settle();
    assert_noted("released ");
    chan_free(c);
}

/* There is memory again when the body is to start: who has waited longer goes first. */
static void a_body_does_not_overtake_those_who_wait_for_a_stack(void **state)
{
    chan(int) c = chan_new(int);
    gen(int) g = gen_new(int, note_and_yield, 5);
    int n = -1;

    (void)state;
    check_allow_stacks(1);
    go(hold_a_stack, c);
    go(never_yield, NULL);
    check_settle();
    check_allow_stacks(1);
    assert_int_equal(gen_next(g, &n), 0);
    assert_int_equal(n, 5);
    assert_noted("ran runs ");
    gen_close(g);
    chan_send(c, 1);
    check_settle();
    chan_free(c);
    noted();
}

static void yield_sum(gen(int) g, long a, long b, long c, long d, long e, long f, long h, long i,
                      long j, long k, long l, long m, long n)
{
    gen_yield(g, (int)(a + b + c + d + e + f + h + i + j + k + l + m + n));
}

static bool has_memory;

static void *malloc_if_there_is_memory(size_t size)
{
    return has_memory ? malloc(size) : NULL;
}

static void a_generator_without_memory_for_its_arguments_is_none(void **state)
{
    gen(int) g;
    int x = 0;

    (void)state;
    weft_now();
    weft__calls.malloc = malloc_if_there_is_memory;
    has_memory = false;
    assert_null(gen_new(int, yield_sum, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13));
    assert_int_equal(check_threads(), 0);
    assert_true(weft__list_is_empty(&weft__self->gens));
    has_memory = true;
    g = gen_new(int, yield_sum, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13);
    assert_int_equal(gen_next(g, &x), 0);
    assert_int_equal(x, 91);
    assert_int_equal(gen_close(g), 0);
    weft__calls.malloc = malloc;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        check_test(values_come_in_order_and_then_the_end),
        check_test(the_body_runs_only_when_it_is_asked),
        check_test(a_value_can_be_dropped),
        check_test(each_asks_until_the_end),
        check_test(a_body_that_never_yields_ends_at_the_first_question),
        check_test(a_suspended_body_is_on_no_list),
        check_test(values_of_every_size_pass_both_ways),
        check_test(what_is_sent_comes_out_of_the_yield_that_waits),
        check_test(a_plain_yield_drops_what_is_sent),
        check_test(nothing_can_be_sent_before_the_body_has_started),
        check_test(a_send_to_a_body_that_ends_hears_of_the_end),
        check_test(a_body_that_has_not_started_never_runs),
        check_test(a_suspended_bodys_yield_returns_epipe),
        check_test(an_offering_bodys_yield_returns_epipe_and_the_value_is_dropped),
        check_test(a_body_parked_elsewhere_is_cancelled_there_and_from_then_on),
        check_test(a_body_that_was_served_before_the_close_hears_of_that_first),
        check_test(a_body_parked_in_a_channel_leaves_its_queue),
        check_test(a_body_parked_in_a_select_leaves_every_channel),
        check_test(a_body_parked_in_a_join_leaves_the_task_joinable),
        check_test(a_finished_generator_is_only_freed),
        check_test(close_waits_until_the_body_has_returned_whatever_deadline_rules),
        check_test(another_thread_may_close_it),
        check_test(a_consumer_that_leaves_by_a_deadline_loses_no_value),
        check_test(within_no_time_a_consumer_takes_what_is_offered),
        check_test(after_the_deadline_a_consumer_takes_nothing),
        check_test(a_body_that_offers_may_be_sent_something),
        check_test(a_body_that_is_busy_may_be_sent_something),
        check_test(what_a_busy_body_was_sent_is_received_once),
        check_test(a_send_that_times_out_before_it_was_heard_sends_nothing),
        check_test(a_bodys_own_deadline_limits_how_long_it_offers),
        check_test(a_value_that_was_offered_in_vain_is_nobodys),
        check_test(a_bodys_deadline_runs_on_while_it_is_suspended),
        check_test(two_consumers_in_turn_get_every_value_once),
        check_test(the_consumer_waits_while_the_body_is_parked),
        check_test(generators_delegate_to_generators),
        check_test(a_body_parked_in_another_generators_next_is_cancelled_there),
        check_test(a_body_has_an_errno_of_its_own),
        check_test(a_body_may_start_and_join_threads),
        check_test(a_hundred_thousand_abandoned_generators_leave_nothing),
        check_test(ten_thousand_suspended_generators_keep_their_places),
        check_test(a_forks_child_has_no_body_that_was_closing_another_generator),
        check_test(a_forks_child_keeps_no_generator_that_was_being_closed),
        check_test(a_body_waits_for_a_stack_and_its_consumer_for_the_body),
        check_test(a_generator_that_waits_for_a_stack_can_be_closed),
        check_test(a_body_does_not_overtake_those_who_wait_for_a_stack),
        check_test(a_generator_without_memory_for_its_arguments_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
