/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- the same checks over all sizes of elements ---- */

enum { SIZE_MAX_HERE = 4096, MARGIN = 16 };

static const size_t sizes[] = {0, 1, 2, 3, 4, 7, 8, 16, 24, 300, SIZE_MAX_HERE};

static struct weft_chan *sized; /* the channel under test */
static size_t size;

/* An object of the size under test, and what lies around it. */
struct sized_object {
    unsigned char before[MARGIN];
    unsigned char bytes[SIZE_MAX_HERE + MARGIN];
};

static struct sized_object sent, received;

static void fill(struct sized_object *object, int seed)
{
    memset(object, 0xee, sizeof *object);
    for (size_t i = 0; i < size; i++)
        object->bytes[i] = (unsigned char)(seed + (int)i * 7);
}

static void blank(struct sized_object *object)
{
    memset(object, 0xee, sizeof *object);
}

/* It holds what fill(seed) wrote, or nothing (-1), and nothing beside it was touched. */
static void assert_filled(const struct sized_object *object, int seed)
{
    struct sized_object expected;

    if (seed < 0)
        blank(&expected);
    else
        fill(&expected, seed);
    assert_memory_equal(object, &expected, sizeof expected);
}

static void send_sized(const unsigned char *bytes)
{
    note("%d", weft_chan_send_(sized, bytes, size));
}

static void receive_sized(unsigned char *into)
{
    note("%d", weft_chan_recv_(sized, into, size));
}

static void receiver_that_waits_gets_the_value(void)
{
    fill(&sent, 1);
    blank(&received);
    go(receive_sized, received.bytes);
    check_settle();
    assert_int_equal(weft_chan_send_(sized, sent.bytes, size), 0);
    assert_filled(&received, 1); /* it was copied by the sender, before the receiver runs */
    check_settle();
    assert_noted("0");
    assert_filled(&sent, 1);
}

static void sender_that_waits_gives_the_value(void)
{
    fill(&sent, 2);
    blank(&received);
    go(send_sized, sent.bytes);
    check_settle();
    assert_int_equal(weft_chan_recv_(sized, received.bytes, size), 0);
    assert_filled(&received, 2);
    check_settle();
    assert_noted("0");
    assert_filled(&sent, 2);
}

static void value_can_be_dropped(void)
{
    fill(&sent, 3);
    go(send_sized, sent.bytes);
    check_settle();
    assert_int_equal(weft_chan_recv_(sized, NULL, size), 0);
    go(receive_sized, NULL);
    check_settle();
    assert_int_equal(weft_chan_send_(sized, sent.bytes, size), 0);
    go(receive_sized, NULL);
    check_settle();
    assert_int_equal(weft_chan_trysend_(sized, sent.bytes, size), 0);
    check_settle();
    assert_noted("000");
}

static void try_forms_need_a_partner_that_waits(void)
{
    fill(&sent, 4);
    blank(&received);
    assert_int_equal(weft_chan_tryrecv_(sized, received.bytes, size), -EAGAIN);
    assert_int_equal(weft_chan_trysend_(sized, sent.bytes, size), -EAGAIN);
    assert_filled(&received, -1);
    go(send_sized, sent.bytes);
    check_settle();
    assert_int_equal(weft_chan_tryrecv_(sized, received.bytes, size), 0);
    assert_filled(&received, 4);
    blank(&received);
    assert_int_equal(weft_chan_tryrecv_(sized, received.bytes, size), -EAGAIN);
    go(receive_sized, received.bytes);
    check_settle();
    fill(&sent, 5);
    assert_int_equal(weft_chan_trysend_(sized, sent.bytes, size), 0);
    assert_filled(&received, 5);
    check_settle();
    assert_noted("00");
}

static void failure_leaves_the_object_untouched(void)
{
    struct weft_chan *c = sized;

    blank(&received);
    assert_int_equal(weft_within(5, weft_chan_recv_(sized, received.bytes, size)), -ETIMEDOUT);
    assert_int_equal(weft_within(0, weft_chan_recv_(sized, received.bytes, size)), -ETIMEDOUT);
    sized = weft_chan_new_(size, "here");
    go(receive_sized, received.bytes);
    check_settle();
    weft_chan_close_(sized);
    check_settle();
    assert_noted("-32");
    assert_int_equal(weft_chan_recv_(sized, received.bytes, size), -EPIPE);
    assert_int_equal(weft_chan_tryrecv_(sized, received.bytes, size), -EPIPE);
    assert_filled(&received, -1);
    weft_chan_free_(sized);
    sized = c;
}

static void within_no_time_a_partner_that_waits_is_served(void)
{
    fill(&sent, 6);
    blank(&received);
    go(send_sized, sent.bytes);
    check_settle();
    assert_int_equal(weft_within(0, weft_chan_recv_(sized, received.bytes, size)), 0);
    assert_filled(&received, 6);
    fill(&sent, 7);
    go(receive_sized, received.bytes);
    check_settle();
    assert_int_equal(weft_within(0, weft_chan_send_(sized, sent.bytes, size)), 0);
    assert_filled(&received, 7);
    check_settle();
    assert_noted("00");
}

static void for_every_size(void (*check)(void))
{
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size = sizes[i];
        sized = weft_chan_new_(size, "here");
        check_watch_(sized);
        check();
        check_unwatch_(sized);
        weft_chan_free_(sized);
    }
}

#define test_for_every_size(check)      \
    static void a_##check(void **state) \
    {                                   \
        (void)state;                    \
        for_every_size(check);          \
    }

test_for_every_size(receiver_that_waits_gets_the_value)
    test_for_every_size(sender_that_waits_gives_the_value) test_for_every_size(value_can_be_dropped)
        test_for_every_size(failure_leaves_the_object_untouched)

            static void the_try_forms_need_a_partner_that_waits(void **state)
{
    (void)state;
    for_every_size(try_forms_need_a_partner_that_waits);
}

static void also_within_no_time_a_partner_that_waits_is_served(void **state)
{
    (void)state;
    for_every_size(within_no_time_a_partner_that_waits_is_served);
}

/* ---- the typed layer, as it runs ---- */

struct large {
    int number;
    char rest[300];
};

struct padded {
    char c;
    long l;
};

static void send_padded(chan_tx(struct padded) c, const struct padded *from)
{
    chan_send_from(c, from);
}

/* What pads a struct need not be initialised, and is copied all the same. */
static void values_with_holes_arrive(void **state)
{
    chan(struct padded) c = chan_new(struct padded);
    struct padded *from = malloc(sizeof *from), into = {0, 0};

    (void)state;
    assert_non_null(from);
    from->c = 1;
    from->l = 2;
    go(send_padded, c, from);
    assert_int_equal(chan_recv(c, &into), 0);
    assert_int_equal(into.c + into.l, 3);
    check_settle();
    free(from);
    chan_free(c);
}

static void send_large(chan_tx(struct large) c, const struct large *from)
{
    chan_send_from(c, from);
    chan_send(c, (struct large){.number = 2});
}

static void values_of_a_struct_arrive_whole(void **state)
{
    static const struct large first = {.number = 1, .rest = "one"};
    chan(struct large) c = chan_new(struct large);
    struct large got;

    (void)state;
    go(send_large, c, &first);
    chan_recv(c, &got);
    assert_int_equal(got.number, 1);
    assert_string_equal(got.rest, "one");
    chan_recv(c, &got);
    assert_int_equal(got.number, 2);
    assert_string_equal(got.rest, "");
    check_settle();
    chan_free(c);
}

static void note_doubles(chan_rx(double) c)
{
    chan_each(x, c)
        note("%g ", x);
}

static void values_convert_as_by_assignment(void **state)
{
    chan(double) c = chan_new(double);
    int evaluated = 0;

    (void)state;
    go(note_doubles, c);
    chan_send(c, 1);
    chan_send(c, 2.5F);
    chan_send(c, evaluated++);
    chan_close(c);
    check_settle();
    assert_noted("1 2.5 0 ");
    assert_int_equal(evaluated, 1);
    chan_free(c);
}

static void send_numbers(chan_tx(int) c, int from, int to)
{
    for (int i = from; i < to; i++)
        chan_send(c, i);
}

static void send_then_close(chan_tx(int) c, int n)
{
    send_numbers(c, 0, n);
    chan_close(c);
}

static void each_receives_until_the_channel_is_closed(void **state)
{
    chan(int) c = chan_new(int);
    int sum = 0, channels = 0;

    (void)state;
    go(send_then_close, c, 100);
    chan_each(n, (channels++, c))
        sum += n;
    assert_int_equal(sum, 4950);
    assert_int_equal(channels, 1);
    check_settle();
    chan_free(c);
}

static void break_and_continue_are_those_of_each(void **state)
{
    chan(int) c = chan_new(int);
    int sum = 0;

    (void)state;
    go(send_numbers, c, 0, 11);
    chan_each(n, c) {
        if (n % 2 == 0 && n < 10)
            continue;
        if (n == 10)
            break;
        sum += n;
    }
    assert_int_equal(sum, 25);
    check_settle();
    chan_free(c);
}

static int sum_of(chan_rx(int) c)
{
    int sum = 0;

    chan_each(n, c)
        sum += n;
    return sum;
}

static void a_deadline_ends_each(void **state)
{
    chan(int) c = chan_new(int);

    (void)state;
    go(send_numbers, c, 0, 5);
    assert_int_equal(weft_within(10, sum_of(c)), 10);
    assert_int_equal(weft_now(), 10);
    chan_free(c);
}

struct request {
    int n;
    chan_tx(int) reply;
};

static void serve_squares(chan_rx(struct request) in)
{
    chan_each(r, in)
        chan_send(r.reply, r.n * r.n);
}

static void channels_travel_over_channels(void **state)
{
    chan(struct request) requests = chan_new(struct request);
    chan(int) reply = chan_new(int);

    (void)state;
    go(serve_squares, requests);
    for (int i = 0; i < 10; i++) {
        int square = 0;

        chan_send(requests, (struct request){i, reply});
        chan_recv(reply, &square);
        assert_int_equal(square, i * i);
    }
    chan_close(requests);
    check_settle();
    chan_free(requests);
    chan_free(reply);
}

/* ---- order ---- */

static void receive_as(chan_rx(int) c, int name)
{
    int n = -1;
    int result = chan_recv(c, &n);

    note("%d:%d ", name, result == 0 ? n : result);
}

static void send_as(chan_tx(int) c, int name)
{
    int result = chan_send(c, name);

    note("%d:%d ", name, result);
}

static void receivers_are_served_first_come_first_served(void **state)
{
    chan(int) c = chan_new(int);

    (void)state;
    check_watch(c);
    for (int i = 0; i < 5; i++)
        go(receive_as, c, i);
    check_settle();
    for (int i = 0; i < 5; i++)
        chan_send(c, 10 + i);
    check_settle();
    assert_noted("0:10 1:11 2:12 3:13 4:14 ");
    check_unwatch(c);
    chan_free(c);
}

static void senders_are_served_first_come_first_served(void **state)
{
    chan(int) c = chan_new(int);

    (void)state;
    check_watch(c);
    for (int i = 0; i < 5; i++)
        go(send_as, c, i);
    check_settle();
    for (int i = 0; i < 5; i++) {
        int n = -1;

        chan_recv(c, &n);
        assert_int_equal(n, i);
    }
    check_settle();
    assert_noted("0:0 1:0 2:0 3:0 4:0 ");
    check_unwatch(c);
    chan_free(c);
}

static void receive_within(chan_rx(int) c, int name, int64_t ns)
{
    int n = -1;
    int result = weft_within(ns, chan_recv(c, &n));

    note("%d:%d ", name, result == 0 ? n : result);
}

static void a_waiter_that_leaves_keeps_the_others_in_order(void **state)
{
    chan(int) c = chan_new(int);

    (void)state;
    check_watch(c);
    for (int i = 0; i < 5; i++)
        go(receive_within, c, i, i % 2 == 1 ? 10 : WEFT_FOREVER);
    weft_sleep(20);
    assert_true(check_now(CHECK_RUNNING));
    for (int i = 0; i < 3; i++)
        chan_send(c, 10 + i);
    check_settle();
    assert_noted("1:-110 3:-110 0:10 2:11 4:12 ");
    check_unwatch(c);
    chan_free(c);
}

/* Go's chan/fifo.go: a daisy chain, in which each waits for a word from the one before. */
static void send_after_the_one_before(chan_tx(int) c, chan_rx(int) before, chan_tx(int) after,
                                      int name)
{
    chan_recv(before, NULL);
    chan_send(c, name);
    chan_send(after, 1);
}

static void values_of_a_daisy_chain_arrive_in_its_order(void **state)
{
    enum { LINKS = 50 };
    chan(int) links[LINKS + 1], c = chan_new(int);

    (void)state;
    for (int i = 0; i <= LINKS; i++)
        links[i] = chan_new(int);
    for (int i = LINKS - 1; i >= 0; i--)
        go(send_after_the_one_before, c, links[i], links[i + 1], i);
    chan_send(links[0], 1);
    for (int i = 0; i < LINKS; i++) {
        int n = -1;

        chan_recv(c, &n);
        assert_int_equal(n, i);
    }
    chan_recv(links[LINKS], NULL);
    check_settle();
    for (int i = 0; i <= LINKS; i++)
        chan_free(links[i]);
    chan_free(c);
}

/* ---- close ---- */

static void close_wakes_all_receivers_and_all_senders_in_order(void **state)
{
    (void)state;
    for (int k = 0; k <= 100; k = k < 4 ? k + 1 : k * 5) {
        for (int sends = 0; sends < 2; sends++) {
            chan(int) c = chan_new(int);
            char expected[2000] = "";
            size_t length = 0;

            check_watch(c);
            for (int i = 0; i < k; i++) {
                if (sends)
                    go(send_as, c, i);
                else
                    go(receive_as, c, i);
                length += (size_t)snprintf(expected + length, sizeof expected - length, "%d:%d ", i,
                                           -EPIPE);
            }
            check_settle();
            assert_int_equal(chan_close(c), 0);
            check_now(CHECK_RUNNING);
            check_settle();
            assert_noted(expected);
            check_unwatch(c);
            chan_free(c);
        }
    }
}

/* Go's closedchan.go: what it panics at is -EPIPE here. */
static void a_closed_channel_refuses_everything(void **state)
{
    chan(int) c = chan_new(int);
    int n = -1;

    (void)state;
    assert_int_equal(chan_close(c), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(chan_close(c), -EPIPE);
        assert_int_equal(chan_send(c, 1), -EPIPE);
        assert_int_equal(chan_send_from(c, &n), -EPIPE);
        assert_int_equal(chan_trysend(c, 1), -EPIPE);
        assert_int_equal(chan_recv(c, &n), -EPIPE);
        assert_int_equal(chan_recv(c, NULL), -EPIPE);
        assert_int_equal(chan_tryrecv(c, &n), -EPIPE);
        assert_int_equal(weft_within(0, chan_send(c, 1)), -EPIPE);
        assert_int_equal(weft_within(0, chan_recv(c, &n)), -EPIPE);
        chan_each(x, c)
            n = x;
    }
    assert_int_equal(n, -1);
    chan_free(c);
}

/* ---- free ---- */

static void a_served_channel_may_be_freed_before_its_user_runs(void **state)
{
    chan(int) c = chan_new(int);
    int n = 0;

    (void)state;
    go(send_as, c, 1);
    check_settle();
    chan_recv(c, &n);
    chan_free(c);
    check_settle();
    assert_noted("1:0 ");
    c = chan_new(int);
    go(receive_as, c, 2);
    check_settle();
    chan_send(c, 5);
    chan_free(c);
    check_settle();
    assert_noted("2:5 ");
    c = chan_new(int);
    go(receive_as, c, 3);
    check_settle();
    chan_close(c);
    chan_free(c);
    check_settle();
    assert_noted("3:-32 ");
    c = chan_new(int);
    go(receive_within, c, 4, 10);
    check_settle();
    check_compute(20);
    check_settle(); /* it is woken by its deadline */
    chan_free(c);
    assert_noted("4:-110 ");
}

static void freeing_no_channel_does_nothing(void **state)
{
    chan(int) none = NULL;

    (void)state;
    chan_free(none);
}

/* ---- programs ---- */

/* Go's runtime TestChan, for a channel without a buffer. */
static void try_to_receive(chan_rx(int) c, bool *got)
{
    *got = chan_recv(c, NULL) == 0;
}

static void receivers_block_until_a_send_and_senders_until_a_receive(void **state)
{
    chan(int) c = chan_new(int);
    bool received_one = false;

    (void)state;
    go(try_to_receive, c, &received_one);
    check_settle();
    assert_false(received_one);
    assert_int_equal(chan_tryrecv(c, NULL), -EAGAIN);
    chan_send(c, 0);
    check_settle();
    assert_true(received_one);
    go(send_as, c, 1);
    check_settle();
    assert_noted("");
    assert_int_equal(chan_trysend(c, 2), -EAGAIN);
    chan_recv(c, NULL);
    check_settle();
    assert_noted("1:0 ");
    chan_free(c);
}

static void multiply(chan_rx(int) in, chan_tx(int) out)
{
    chan_each(n, in) {
        if (n % 3 == 0)
            weft_yield(); /* so that consumers overtake one another */
        chan_send(out, n * 2);
    }
}

/* Go's TestMultiConsumer: work is spread over consumers and gathered again. */
static void what_many_consumers_make_of_the_values_adds_up(void **state)
{
    enum { CONSUMERS = 23, VALUES = 10000 };
    chan(int) in = chan_new(int), out = chan_new(int);
    int64_t sum = 0;

    (void)state;
    for (int i = 0; i < CONSUMERS; i++)
        go(multiply, in, out);
    go(send_then_close, in, VALUES);
    for (int i = 0; i < VALUES; i++) {
        int n = 0;

        chan_recv(out, &n);
        sum += n;
    }
    assert_int_equal(sum, (int64_t)VALUES * (VALUES - 1));
    check_settle();
    chan_free(in);
    chan_free(out);
}

static void sieve(chan_rx(int) in, chan_tx(int) out, int prime)
{
    chan_each(n, in)
        if (n % prime != 0 && chan_send(out, n) < 0)
            break;
    chan_close(out);
}

static bool is_prime(int n)
{
    for (int i = 2; i * i <= n; i++)
        if (n % i == 0)
            return false;
    return n > 1;
}

static void generate(chan_tx(int) out)
{
    for (int i = 2; chan_send(out, i) == 0; i++)
        ;
}

/* Go's chan/sieve1.go, compared with the plain way. */
static void a_sieve_of_channels_finds_the_primes(void **state)
{
    enum { PRIMES = 100 };
    chan(int) stages[PRIMES + 1];
    int expected = 1, found[PRIMES];

    (void)state;
    stages[0] = chan_new(int);
    go(generate, stages[0]);
    for (int i = 0; i < PRIMES; i++) {
        chan_recv(stages[i], &found[i]);
        stages[i + 1] = chan_new(int);
        go(sieve, stages[i], stages[i + 1], found[i]);
    }
    for (int i = 0; i <= PRIMES; i++)
        chan_close(stages[i]);
    check_settle();
    for (int i = 0; i <= PRIMES; i++)
        chan_free(stages[i]);
    for (int i = 0; i < PRIMES; i++) {
        while (!is_prime(++expected))
            ;
        assert_int_equal(found[i], expected);
    }
}

static void add_one(chan_rx(int) in, chan_tx(int) out)
{
    int n = 0;

    chan_recv(in, &n);
    chan_send(out, n + 1);
}

/* Go's chan/goroutines.go. */
static void a_chain_of_ten_thousand_threads_passes_a_value_on(void **state)
{
    enum { LINKS = 10000 };
    static chan(int) links[LINKS + 1];
    int n = 0;

    (void)state;
    for (int i = 0; i <= LINKS; i++)
        links[i] = chan_new(int);
    for (int i = 0; i < LINKS; i++)
        go(add_one, links[i], links[i + 1]);
    chan_send(links[0], 0);
    chan_recv(links[LINKS], &n);
    assert_int_equal(n, LINKS);
    check_settle();
    for (int i = 0; i <= LINKS; i++)
        chan_free(links[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        check_test(a_receiver_that_waits_gets_the_value),
        check_test(a_sender_that_waits_gives_the_value),
        check_test(a_value_can_be_dropped),
        check_test(the_try_forms_need_a_partner_that_waits),
        check_test(a_failure_leaves_the_object_untouched),
        check_test(also_within_no_time_a_partner_that_waits_is_served),
        check_test(values_of_a_struct_arrive_whole),
        check_test(values_with_holes_arrive),
        check_test(values_convert_as_by_assignment),
        check_test(each_receives_until_the_channel_is_closed),
        check_test(break_and_continue_are_those_of_each),
        check_test(a_deadline_ends_each),
        check_test(channels_travel_over_channels),
        check_test(receivers_are_served_first_come_first_served),
        check_test(senders_are_served_first_come_first_served),
        check_test(a_waiter_that_leaves_keeps_the_others_in_order),
        check_test(values_of_a_daisy_chain_arrive_in_its_order),
        check_test(close_wakes_all_receivers_and_all_senders_in_order),
        check_test(a_closed_channel_refuses_everything),
        check_test(a_served_channel_may_be_freed_before_its_user_runs),
        check_test(freeing_no_channel_does_nothing),
        check_test(receivers_block_until_a_send_and_senders_until_a_receive),
        check_test(what_many_consumers_make_of_the_values_adds_up),
        check_test(a_sieve_of_channels_finds_the_primes),
        check_test(a_chain_of_ten_thousand_threads_passes_a_value_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
