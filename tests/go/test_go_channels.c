/* SPDX-License-Identifier: MIT */
/* What Go's tests of channels check, and the tests of chan.c beside this folder do not. */
#include "tests/check.h"

#include <errno.h>
#include <string.h>

#include "runtime/calls.h"

/* ---- try forms, over types ---- */

struct pair {
    const char *name;
    double number;
};

struct large {
    int64_t words[1000];
};

/* Twice: to and from one that waits, and a try that finds nobody. */
#define TRY_BOTH_WAYS(T, name, ...)                                                        \
    static void name##_send(chan_tx(T) c, __typeof__(T) const *value)                      \
    {                                                                                      \
        note("%d ", chan_send_from(c, value));                                             \
    }                                                                                      \
    static void name##_receive(chan_rx(T) c, T *into)                                      \
    {                                                                                      \
        note("%d ", chan_recv(c, into));                                                   \
    }                                                                                      \
    static void a_##name##_passes_by_the_try_forms(void **state)                           \
    {                                                                                      \
        chan(T) c = chan_new(T);                                                           \
        static T into;                                                                     \
        static __typeof__(T) const values[] = {__VA_ARGS__};                               \
                                                                                           \
        (void)state;                                                                       \
        memset(&into, 0, sizeof into);                                                     \
        assert_int_equal(chan_tryrecv(c, &into), -EAGAIN);                                 \
        assert_int_equal(chan_trysend(c, values[0]), -EAGAIN);                             \
        assert_int_equal(chan_select(chan_case_recv(c, &into), chan_case_default), 1);     \
        assert_int_equal(chan_select(chan_case_send(c, values[0]), chan_case_default), 1); \
        for (int i = 0; i < 4; i++) {                                                      \
            go(name##_send, c, &values[i % 2]);                                            \
            check_settle();                                                                \
            if (i < 2)                                                                     \
                assert_int_equal(chan_tryrecv(c, &into), 0);                               \
            else                                                                           \
                assert_int_equal(chan_select(chan_case_recv(c, &into)), 0);                \
            assert_memory_equal(&into, &values[i % 2], sizeof into);                       \
            check_settle();                                                                \
            assert_noted("0 ");                                                            \
            go(name##_receive, c, &into);                                                  \
            check_settle();                                                                \
            if (i < 2)                                                                     \
                assert_int_equal(chan_trysend(c, values[1 - i % 2]), 0);                   \
            else                                                                           \
                assert_int_equal(chan_select(chan_case_send(c, values[1 - i % 2])), 0);    \
            check_settle();                                                                \
            assert_memory_equal(&into, &values[1 - i % 2], sizeof into);                   \
            assert_noted("0 ");                                                            \
        }                                                                                  \
        assert_int_equal(chan_tryrecv(c, &into), -EAGAIN);                                 \
        chan_free(c);                                                                      \
    }

/* As chan/nonblock.go does: what does not block, over types of every size and kind. */
TRY_BOTH_WAYS(bool, bool, true, false)
TRY_BOTH_WAYS(int8_t, byte, 1, -128)
TRY_BOTH_WAYS(int16_t, short, 1000, -32768)
TRY_BOTH_WAYS(int32_t, int, 1000000, INT32_MIN)
TRY_BOTH_WAYS(int64_t, word, 1000000000000, INT64_MIN)
TRY_BOTH_WAYS(float, float, 1.5F, -2.25F)
TRY_BOTH_WAYS(double, double, 1e300, -0.0)
TRY_BOTH_WAYS(const char *, pointer, "one", "two")
TRY_BOTH_WAYS(struct pair, struct, {"one", 1}, {"two", 2})
TRY_BOTH_WAYS(struct large, large_struct, {{[0] = 1, [999] = 2}}, {{[0] = 3, [999] = 4}})

/* ---- no size ---- */

/* A type without bytes, as GNU C has them. */
__extension__ struct nothing {
};

static void send_nothing(chan_tx(struct nothing) c, int times)
{
    static struct nothing value;

    for (int i = 0; i < times; i++)
        note("%d", chan_send(c, value));
}

static void receive_nothing(chan_rx(struct nothing) c, int times)
{
    struct nothing into;

    for (int i = 0; i < times; i++)
        note("%d", chan_recv(c, &into));
}

/* As chan/zerosize.go does: channels of a type that has no bytes meet all the same. */
static void what_has_no_size_is_handed_over_too(void **state)
{
    chan(struct nothing) c = chan_new(struct nothing), d = chan_new(struct nothing);
    static struct nothing into;

    (void)state;
    assert_int_equal(sizeof into, 0);
    assert_ptr_not_equal(c, d);
    assert_int_equal(chan_trysend(c, into), -EAGAIN);
    go(send_nothing, c, 2);
    go(receive_nothing, c, 3);
    check_settle();
    assert_noted("0000");
    assert_int_equal(chan_select(chan_case_recv(c, &into), chan_case_send(c, into)), 1);
    check_settle();
    assert_noted("0");
    chan_close(c);
    assert_int_equal(chan_recv(c, &into), -EPIPE);
    chan_free(c);
    chan_free(d);
}

/* ---- making them ---- */

static void *no_memory(size_t bytes)
{
    (void)bytes;
    errno = ENOMEM;
    return NULL;
}

/* As chancap.go and makechan.go do: what cannot be had is refused, and the next is made. */
static void a_channel_that_cannot_be_had_is_refused(void **state)
{
    chan(int) c;

    (void)state;
    weft_now(); /* makes the worker */
    assert_null(weft_chan_new_(SIZE_MAX, "here"));
    assert_null(weft_chan_new_(SIZE_MAX / 2 + 1, "here"));
    weft__calls.malloc = no_memory;
    assert_null(chan_new(int));
    weft__calls.malloc = malloc;
    c = chan_new(int);
    assert_non_null(c);
    chan_free(c);
}

/* ---- who gets what ---- */

enum { VALUES = 100 };

static void send_in_order(chan_tx(int) c, int values)
{
    for (int i = 0; i < values; i++)
        chan_send(c, i);
}

/* As chan/fifo.go and runtime TestChan do: one sender's values come in the order of their sends. */
static void values_of_one_sender_come_in_order(void **state)
{
    chan(int) c = chan_new(int);

    (void)state;
    check_watch(c);
    for (int way = 0; way < 3; way++) {
        go(send_in_order, c, VALUES);
        for (int i = 0; i < VALUES; i++) {
            int n = -1, result;

            if (way == 0)
                result = chan_recv(c, &n);
            else if (way == 1)
                result = chan_select(chan_case_recv(c, &n));
            else
                while ((result = chan_tryrecv(c, &n)) == -EAGAIN)
                    weft_yield();
            assert_int_equal(result, 0);
            assert_int_equal(n, i);
        }
    }
    check_settle();
    check_unwatch(c);
    chan_free(c);
}

enum { SENDERS = 4, EACH = 1000 };

static unsigned short times_received[SENDERS][EACH];

struct numbered {
    int from, number;
};

static void send_numbered(chan_tx(struct numbered) c, int me)
{
    for (int i = 0; i < EACH; i++)
        chan_send(c, (struct numbered){me, i});
}

/* Every sender's numbers rise, whoever gets those in between. */
static void receive_numbered(chan_rx(struct numbered) c)
{
    int last[SENDERS] = {-1, -1, -1, -1};

    for (int i = 0; i < EACH; i++) {
        struct numbered value;

        if (chan_recv(c, &value) != 0)
            return;
        if (value.number <= last[value.from])
            note("out of order ");
        last[value.from] = value.number;
        times_received[value.from][value.number]++;
        if (value.number % 7 == 0)
            weft_yield();
    }
}

/* As runtime TestChan and ken/chan1.go do: among many senders and receivers on one channel every
 * value is received once, and those of one sender in order. */
static void among_many_on_one_channel_every_value_comes_once(void **state)
{
    chan(struct numbered) c = chan_new(struct numbered);

    (void)state;
    for (int first = 0; first < 2; first++) {
        memset(times_received, 0, sizeof times_received);
        for (int i = 0; i < 2 * SENDERS; i++)
            if ((i < SENDERS) == first)
                go(send_numbered, c, i % SENDERS);
            else
                go(receive_numbered, c);
        check_settle();
        assert_noted("");
        for (int i = 0; i < SENDERS * EACH; i++)
            assert_int_equal(times_received[i / EACH][i % EACH], 1);
    }
    chan_free(c);
}

/* ---- close ---- */

/* As closedchan.go does, by select: every form on a closed channel, in any place among others. What
 * is a panic there, sending, is a result here. */
static void every_clause_of_a_closed_channel_says_so(void **state)
{
    chan(int) c = chan_new(int), never = chan_new(int);
    int n = -1;

    (void)state;
    chan_close(c);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(chan_select(chan_case_recv(c, &n)), CHAN_CLOSED(0));
        assert_int_equal(chan_select(chan_case_send(c, 1)), CHAN_CLOSED(0));
        assert_int_equal(chan_select(chan_case_recv(c, &n), chan_case_default), CHAN_CLOSED(0));
        assert_int_equal(chan_select(chan_case_default, chan_case_send(c, 1)), CHAN_CLOSED(1));
        assert_int_equal(chan_select(chan_case_recv(never, &n), chan_case_recv(c, &n)),
                         CHAN_CLOSED(1));
        assert_int_equal(chan_select(chan_case_send(c, 1), chan_case_recv(never, &n)),
                         CHAN_CLOSED(0));
        assert_int_equal(
            chan_select(chan_case_send(never, 1), chan_case_timeout(5), chan_case_send(c, 1)),
            CHAN_CLOSED(2));
        assert_int_equal(chan_close(c), -EPIPE);
    }
    assert_int_equal(n, -1);
    assert_int_equal(weft_now(), 0);
    chan_free(c);
    chan_free(never);
}

/* As closedchan.go does with no channel: a close of it is a mistake there, and a result here. */
static void no_channel_cannot_be_closed(void **state)
{
    chan(int) none = NULL;

    (void)state;
    assert_int_equal(chan_close(none), -EINVAL);
    assert_int_equal(chan_send(none, 1), -EINVAL);
    assert_int_equal(chan_recv(none, NULL), -EINVAL);
    assert_int_equal(chan_trysend(none, 1), -EINVAL);
    assert_int_equal(chan_tryrecv(none, NULL), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        check_test(a_bool_passes_by_the_try_forms),
        check_test(a_byte_passes_by_the_try_forms),
        check_test(a_short_passes_by_the_try_forms),
        check_test(a_int_passes_by_the_try_forms),
        check_test(a_word_passes_by_the_try_forms),
        check_test(a_float_passes_by_the_try_forms),
        check_test(a_double_passes_by_the_try_forms),
        check_test(a_pointer_passes_by_the_try_forms),
        check_test(a_struct_passes_by_the_try_forms),
        check_test(a_large_struct_passes_by_the_try_forms),
        check_test(what_has_no_size_is_handed_over_too),
        check_test(a_channel_that_cannot_be_had_is_refused),
        check_test(values_of_one_sender_come_in_order),
        check_test(among_many_on_one_channel_every_value_comes_once),
        check_test(every_clause_of_a_closed_channel_says_so),
        check_test(no_channel_cannot_be_closed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
