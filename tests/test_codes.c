/* SPDX-License-Identifier: MIT */
/* The table of result codes, row by row: every call that can return a code returns it, and an
 * object that it was to fill is then as it was. */
#include "check.h"

#include <errno.h>

#include "runtime/calls.h"

enum { AS_IT_WAS = -12345 };

static chan(int) c;
static gen(int) g;
static gen(int, int) echoing;
static task(int) t;
static struct weft_group *full; /* its only place is taken */
static int into;                /* what a call was to fill */

/* ---- the calls ---- */

static int call_send(void)
{
    return chan_send(c, 1);
}

static int call_send_from(void)
{
    return chan_send_from(c, &into);
}

static int call_recv(void)
{
    return chan_recv(c, &into);
}

static int call_trysend(void)
{
    return chan_trysend(c, 1);
}

static int call_tryrecv(void)
{
    return chan_tryrecv(c, &into);
}

static int give_into(int *given)
{
    return *given = 0;
}

static int call_group_go(void)
{
    return group_go(full, give_into, &into);
}

static int call_close(void)
{
    return chan_close(c);
}

static int call_select_recv(void)
{
    return chan_select(chan_case_recv(c, &into));
}

static int call_select_send(void)
{
    return chan_select(chan_case_send(c, 1));
}

static int call_select_none(void)
{
    return chan_select_n(NULL, 0);
}

static int call_sleep(void)
{
    return weft_sleep(WEFT_FOREVER);
}

static int call_join(void)
{
    return task_join(t, &into);
}

static int call_next(void)
{
    return gen_next(g, &into);
}

static int call_gen_send(void)
{
    return gen_send(echoing, &into, 1);
}

static int call_gen_close(void)
{
    return gen_close(g);
}

typedef int call(void);

static call *const parking[] = {
    call_send,  call_send_from, call_recv, call_select_recv, call_select_send, call_select_none,
    call_sleep, call_join,      call_next, call_gen_send,    call_group_go,
};

enum { PARKING = sizeof parking / sizeof parking[0] };

/* ---- objects for which every call parks, until `release` ---- */

static chan(int) gate, other_gate;

static int wait_at_other_gate(void)
{
    return chan_recv(other_gate, NULL) == -EPIPE ? 0 : 8;
}

static int wait_at_gate(void)
{
    return chan_recv(gate, NULL) == -EPIPE ? 7 : 8;
}

static void yield_behind_gate(gen(int) self)
{
    chan_recv(gate, NULL);
    gen_yield(self, 5);
}

static void echo_behind_gate(gen(int, int) self)
{
    int n = 0;

    while (gen_yield_recv(self, &n, n) == 0)
        chan_recv(gate, NULL);
}

static int make_objects(void **state)
{
    int failed = check_fresh(state);

    into = AS_IT_WAS;
    gate = chan_new(int);
    c = chan_new(int);
    check_watch(c);
    check_watch(gate);
    t = spawn(wait_at_gate);
    g = gen_new(int, yield_behind_gate);
    echoing = gen_new2(int, int, echo_behind_gate);
    other_gate = chan_new(int);
    full = group_new(1);
    group_go(full, wait_at_other_gate);
    gen_next(echoing, NULL);
    check_settle();
    return failed;
}

static int drop_objects(void **state)
{
    int n = 0;

    chan_close(gate);
    task_join(t, &n);
    gen_close(g);
    gen_close(echoing);
    chan_close(other_gate);
    n += group_wait(full);
    group_free(full);
    chan_free(other_gate);
    check_unwatch(c);
    check_unwatch(gate);
    chan_free(c);
    chan_free(gate);
    return n == 7 ? check_over(state) : -1;
}

/* ---- -ETIMEDOUT ---- */

static int after_the_deadline(call *f)
{
    weft_sleep(20);
    return f();
}

static void every_call_that_parks_returns_etimedout_when_its_deadline_is_over(void **state)
{
    (void)state;
    for (int i = 0; i < PARKING; i++) {
        int64_t now = weft_now();

        assert_int_equal(weft_within(10, parking[i]()), -ETIMEDOUT);
        assert_int_equal(weft_now(), now + 10);
        assert_int_equal(into, AS_IT_WAS);
        assert_true(check_now(CHECK_RUNNING));
    }
}

static void every_call_that_parks_returns_etimedout_at_once_where_there_is_no_time(void **state)
{
    int64_t now = weft_now();

    (void)state;
    for (int i = 0; i < PARKING; i++) {
        assert_int_equal(weft_within(0, parking[i]()), -ETIMEDOUT);
        assert_int_equal(weft_within(-5, parking[i]()), -ETIMEDOUT);
        assert_int_equal(into, AS_IT_WAS);
    }
    assert_int_equal(weft_now(), now);
}

static void every_call_that_parks_returns_etimedout_after_the_deadline(void **state)
{
    (void)state;
    for (int i = 0; i < PARKING; i++) {
        int64_t now = weft_now();

        assert_int_equal(weft_within(10, after_the_deadline(parking[i])), -ETIMEDOUT);
        assert_int_equal(weft_now(), now + 10);
        assert_int_equal(into, AS_IT_WAS);
    }
}

/* ---- -ECANCELED: in a task that is cancelled, in the body of a generator that is being closed ---- */

static int canceled[2];

static void make_call_twice(gen(int) self, call *f)
{
    canceled[0] = f();
    canceled[1] = f();
    (void)self;
}

static void every_call_that_parks_returns_ecanceled_in_a_body_that_is_closed(void **state)
{
    (void)state;
    for (int i = 0; i < PARKING; i++) {
        gen(int) body = gen_new(int, make_call_twice, parking[i]);

        assert_int_equal(weft_within(10, gen_next(body, NULL)), -ETIMEDOUT);
        canceled[0] = canceled[1] = 0;
        assert_int_equal(gen_close(body), 0);
        assert_int_equal(canceled[0], -ECANCELED); /* it was parked */
        assert_int_equal(canceled[1], -ECANCELED); /* and would park */
        assert_int_equal(into, AS_IT_WAS);
    }
}

static void make_call_twice_in_task(call *f)
{
    canceled[0] = f();
    canceled[1] = f();
}

static void every_call_that_parks_returns_ecanceled_in_a_task_that_is_cancelled(void **state)
{
    (void)state;
    for (int i = 0; i < PARKING; i++)
        for (int parked = 0; parked < 2; parked++) {
            task(void) made = spawn(make_call_twice_in_task, parking[i]);

            if (parked)
                check_settle();
            canceled[0] = canceled[1] = 0;
            assert_int_equal(task_cancel(made), 0);
            assert_true(check_now(CHECK_RUNNING));
            assert_int_equal(task_join(made), 0);
            assert_int_equal(canceled[0], -ECANCELED);
            assert_int_equal(canceled[1], -ECANCELED);
            assert_int_equal(into, AS_IT_WAS);
        }
}

/* The call before it was cancelled; then the deadline passes as well. */
static int when_both_are_over(call *f)
{
    weft_sleep(20);
    check_compute(20);
    for (int i = 0; i < 100; i++)
        weft_yield(); /* it is heard of */
    return f();
}

static void make_call_within(gen(int) self, call *f)
{
    canceled[0] = weft_within(10, when_both_are_over(f));
    canceled[1] = weft_within(0, f());
    (void)self;
}

static void ecanceled_comes_before_etimedout(void **state)
{
    (void)state;
    for (int i = 0; i < PARKING; i++) {
        gen(int) body = gen_new(int, make_call_within, parking[i]);

        assert_int_equal(weft_within(5, gen_next(body, NULL)), -ETIMEDOUT);
        canceled[0] = canceled[1] = 0;
        assert_int_equal(gen_close(body), 0);
        assert_int_equal(canceled[0], -ECANCELED);
        assert_int_equal(canceled[1], -ECANCELED);
    }
}

/* ---- -EDEADLK ---- */

static void every_call_of_mains_that_parks_returns_edeadlk_if_the_program_asked_for_it(void **state)
{
    (void)state;
    weft_deadlock_returns(1);
    for (int i = 0; i < PARKING; i++) {
        assert_int_equal(parking[i](), -EDEADLK);
        assert_int_equal(into, AS_IT_WAS);
        assert_true(check_now(CHECK_RUNNING));
    }
}

static void after_edeadlk_what_was_waited_for_can_still_be_had(void **state)
{
    (void)state;
    weft_deadlock_returns(1);
    assert_int_equal(call_next(), -EDEADLK);
    assert_int_equal(call_join(), -EDEADLK);
    chan_send(gate, 1);
    chan_send(gate, 1);
    assert_int_equal(call_next(), 0);
    assert_int_equal(into, 5);
    assert_int_equal(call_join(), 0);
    assert_int_equal(into, 8);
    t = spawn(wait_at_gate);
}

/* ---- -EPIPE ---- */

static void every_call_on_a_closed_channel_returns_epipe(void **state)
{
    call *const calls[] = {call_send,    call_send_from, call_recv,
                           call_trysend, call_tryrecv,   call_close};

    (void)state;
    assert_int_equal(chan_close(c), 0);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(calls[i](), -EPIPE);
        assert_int_equal(weft_within(0, calls[i]()), -EPIPE);
    }
    assert_int_equal(call_select_recv(), CHAN_CLOSED(0));
    assert_int_equal(call_select_send(), CHAN_CLOSED(0));
    assert_int_equal(weft_within(0, call_select_recv()), CHAN_CLOSED(0));
    assert_int_equal(into, AS_IT_WAS);
}

static void close_c(void)
{
    chan_close(c);
}

static void every_call_parked_in_a_channel_returns_epipe_when_it_is_closed(void **state)
{
    call *const calls[] = {call_send, call_send_from, call_recv, call_select_recv,
                           call_select_send};
    const int results[] = {-EPIPE, -EPIPE, -EPIPE, CHAN_CLOSED(0), CHAN_CLOSED(0)};

    (void)state;
    for (int i = 0; i < 5; i++) {
        chan(int) kept = c;

        c = chan_new(int);
        go(close_c);
        assert_int_equal(calls[i](), results[i]);
        assert_int_equal(into, AS_IT_WAS);
        chan_free(c);
        c = kept;
    }
}

static void yield_nothing(gen(int) self)
{
    (void)self;
}

static void yield_no_echo(gen(int, int) self)
{
    (void)self;
}

static void next_and_send_return_epipe_when_the_body_returns_and_from_then_on(void **state)
{
    gen(int) empty = gen_new(int, yield_nothing);
    gen(int, int) mute = gen_new2(int, int, yield_no_echo);

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(gen_next(empty, &into), -EPIPE);
        assert_int_equal(gen_next(mute, &into), -EPIPE);
        assert_int_equal(gen_send(mute, &into, 1), -EPIPE);
        assert_int_equal(weft_within(0, gen_next(empty, &into)), -EPIPE);
    }
    assert_int_equal(into, AS_IT_WAS);
    gen_close(empty);
    gen_close(mute);
}

static int yielded;

static void yield_until_refused(gen(int, int) self, bool receives)
{
    do
        yielded = receives ? gen_yield_recv(self, &into, 1) : gen_yield(self, 1);
    while (yielded == 0);
}

static void yield_returns_epipe_when_the_generator_is_closed(void **state)
{
    (void)state;
    for (int receives = 0; receives < 2; receives++) {
        gen(int, int) closed = gen_new2(int, int, yield_until_refused, receives);

        gen_next(closed, NULL);
        into = AS_IT_WAS;
        gen_close(closed);
        assert_int_equal(yielded, -EPIPE);
        assert_int_equal(into, AS_IT_WAS);
    }
}

/* ---- -EAGAIN ---- */

static void the_try_forms_return_eagain_where_they_would_park(void **state)
{
    (void)state;
    assert_int_equal(call_trysend(), -EAGAIN);
    assert_int_equal(call_tryrecv(), -EAGAIN);
    assert_int_equal(into, AS_IT_WAS);
}

/* ---- -EINVAL ---- */

static void every_call_on_nothing_returns_einval(void **state)
{
    call *const calls[] = {call_send,  call_send_from, call_recv, call_trysend,  call_tryrecv,
                           call_close, call_join,      call_next, call_gen_send, call_gen_close};
    chan(int) kept_c = c;
    gen(int) kept_g = g;
    gen(int, int) kept_echoing = echoing;
    task(int) kept_t = t;

    (void)state;
    c = NULL;
    g = NULL;
    echoing = NULL;
    t = NULL;
    for (int i = 0; i < 10; i++)
        assert_int_equal(calls[i](), -EINVAL);
    assert_int_equal(gen_yield(g, 1), -EINVAL);
    assert_int_equal(gen_yield_recv(echoing, &into, 1), -EINVAL);
    assert_int_equal(into, AS_IT_WAS);
    c = kept_c;
    g = kept_g;
    echoing = kept_echoing;
    t = kept_t;
}

static void a_send_to_a_body_that_has_not_started_returns_einval(void **state)
{
    gen(int, int) unstarted = gen_new2(int, int, yield_no_echo);

    (void)state;
    assert_int_equal(gen_send(unstarted, &into, 1), -EINVAL);
    assert_int_equal(into, AS_IT_WAS);
    gen_close(unstarted);
}

static void a_stack_out_of_range_returns_einval(void **state)
{
    const struct weft_spawn_opts small = {.size = sizeof small, .stack_bytes = 16 * 1024 - 1};

    (void)state;
    assert_int_equal(go_with(&small, close_c), -EINVAL);
    assert_null(spawn_with(&small, close_c));
    assert_int_equal(weft_stack_default(16 * 1024 - 1), -EINVAL);
}

static void a_select_of_more_clauses_than_indexes_returns_einval(void **state)
{
    struct weft_case one = {.op = 0};

    (void)state;
    assert_int_equal(chan_select_n(&one, (size_t)INT32_MAX), -EINVAL);
}

/* ---- -ENOMEM, and NULL ---- */

static void *no_malloc(size_t size)
{
    (void)size;
    return NULL;
}

static void *no_calloc(size_t n, size_t size)
{
    (void)n;
    (void)size;
    return NULL;
}

static void refuse_memory(void)
{
    weft__calls.malloc = no_malloc;
    weft__calls.calloc = no_calloc;
}

struct large {
    long words[2];
};

/* More than a record and its side hold. */
static void take_large(struct large k, struct large l, struct large m, struct large n,
                       struct large o)
{
    (void)(k.words[0] + l.words[0] + m.words[0] + n.words[0] + o.words[0]);
}
WEFT_FN(take_large, struct large, struct large, struct large, struct large, struct large);

static void without_memory_nothing_is_made_and_what_runs_goes_on(void **state)
{
    const struct weft__calls calls = weft__calls;
    size_t threads = check_threads();
    char large[200] = "";
    struct large words = {{1, 2}};

    (void)state;
    refuse_memory();
    assert_null(chan_new(int));
    assert_null(gen_new(int, yield_nothing));
    assert_int_equal(go(take_large, words, words, words, words, words), -ENOMEM);
    assert_null(spawn(take_large, words, words, words, words, words));
    assert_int_equal(weft_go_copy((void (*)(void *))free, large, sizeof large), -ENOMEM);
    assert_int_equal(check_threads(), threads);
    assert_int_equal(weft_within(10, call_recv()), -ETIMEDOUT);
    weft__calls = calls;
    assert_int_equal(go(close_c), 0);
    assert_int_equal(call_recv(), -EPIPE);
}

static void run_once(void *ran)
{
    *(bool *)ran = true;
}

/* What needs no worker is done, the rest is not. */
static void synchronise_without_a_worker(void)
{
    struct weft_mutex mutex = {0};
    struct weft_condition condition = {0};
    struct weft_semaphore semaphore = {0};
    struct weft_waitgroup group = {0};
    struct weft_completion completion = {0};
    struct weft_once once = {0};
    bool ran = false;

    assert_int_equal(weft_mutex_lock(&mutex), -ENOMEM);
    assert_int_equal(weft_mutex_trylock(&mutex), -ENOMEM);
    assert_int_equal(weft_condition_wait(&condition, &mutex), -ENOMEM);
    weft_condition_signal(&condition);
    weft_condition_broadcast(&condition);
    weft_semaphore_release(&semaphore);
    assert_int_equal(weft_semaphore_acquire(&semaphore), -ENOMEM);
    assert_int_equal(weft_semaphore_tryacquire(&semaphore), -ENOMEM);
    assert_int_equal(semaphore.permits, 1);
    weft_waitgroup_add(&group, 2);
    weft_waitgroup_done(&group);
    assert_int_equal(weft_waitgroup_wait(&group), -ENOMEM);
    assert_int_equal(group.count, 1);
    weft_completion_set(&completion);
    assert_int_equal(weft_completion_is_set(&completion), 1);
    assert_int_equal(weft_completion_wait(&completion), -ENOMEM);
    assert_int_equal(weft_once(&once, run_once, &ran), -ENOMEM);
    assert_false(ran);
}

static void without_memory_for_a_worker_calls_return_and_do_nothing(void **state)
{
    task(void) of_no_worker = (task(void))(uintptr_t)1;

    (void)state;
    refuse_memory();
    assert_null(chan_new(int));
    assert_null(gen_new(int, yield_nothing));
    assert_int_equal(go(close_c), -ENOMEM);
    assert_null(spawn(close_c));
    assert_int_equal(task_join(of_no_worker), -ENOMEM);
    assert_int_equal(task_cancel(of_no_worker), -ENOMEM);
    assert_int_equal(task_detach(of_no_worker), -ENOMEM);
    assert_int_equal(task_cancel((task(void))NULL), -EINVAL);
    assert_int_equal(task_detach((task(void))NULL), -EINVAL);
    assert_int_equal(weft_sleep(1), -ENOMEM);
    assert_int_equal(weft_reserve(1), -ENOMEM);
    assert_int_equal(chan_select(chan_case_default), -ENOMEM);
    synchronise_without_a_worker();
    weft_yield();
    weft_deadlock_returns(1);
    assert_int_equal(weft_within(1, 5), 5);
    assert_int_equal(weft_shield(5), 5);
    assert_true(weft_within(1, weft_remaining()) == WEFT_FOREVER);
    assert_int_equal(weft_is_cancelled(), 0);
    assert_int_equal(weft_set_name("name"), -ENOMEM);
    assert_true(weft_now() > 0);
    assert_null(weft__self);
}

static void reserving_more_than_the_machine_has_returns_enomem_at_once(void **state)
{
    (void)state;
    assert_int_equal(weft_reserve(SIZE_MAX), -ENOMEM);
    assert_int_equal(weft_reserve((size_t)1 << 40), -ENOMEM);
    assert_int_equal(check_stacks(), 0);
    assert_int_equal(weft_reserve(1), 0);
}

static void count_run(int *runs)
{
    ++*runs;
}

static void reserving_more_than_there_is_returns_enomem(void **state)
{
    int runs = 0;

    (void)state;
    check_allow_stacks(2);
    assert_int_equal(weft_reserve(100), -ENOMEM);
    check_allow_stacks(0);
    go(count_run, &runs); /* what could be had is ready */
    check_settle();
    assert_int_equal(runs, 1);
}

/* ---- the index ---- */

static void closed_is_a_constant_below_every_errno(void **state)
{
    enum { CLOSED_0 = CHAN_CLOSED(0), CLOSED_7 = CHAN_CLOSED(7) };

    (void)state;
    assert_int_equal(CLOSED_0, -4096);
    assert_true(CLOSED_7 < CLOSED_0);
}

int main(void)
{
#define objects_test(test) cmocka_unit_test_setup_teardown(test, make_objects, drop_objects)
    const struct CMUnitTest tests[] = {
        objects_test(every_call_that_parks_returns_etimedout_when_its_deadline_is_over),
        objects_test(every_call_that_parks_returns_etimedout_at_once_where_there_is_no_time),
        objects_test(every_call_that_parks_returns_etimedout_after_the_deadline),
        objects_test(every_call_that_parks_returns_ecanceled_in_a_body_that_is_closed),
        objects_test(every_call_that_parks_returns_ecanceled_in_a_task_that_is_cancelled),
        objects_test(ecanceled_comes_before_etimedout),
        objects_test(every_call_of_mains_that_parks_returns_edeadlk_if_the_program_asked_for_it),
        objects_test(after_edeadlk_what_was_waited_for_can_still_be_had),
        objects_test(every_call_on_a_closed_channel_returns_epipe),
        objects_test(every_call_parked_in_a_channel_returns_epipe_when_it_is_closed),
        objects_test(next_and_send_return_epipe_when_the_body_returns_and_from_then_on),
        objects_test(yield_returns_epipe_when_the_generator_is_closed),
        objects_test(the_try_forms_return_eagain_where_they_would_park),
        objects_test(every_call_on_nothing_returns_einval),
        objects_test(a_send_to_a_body_that_has_not_started_returns_einval),
        objects_test(a_stack_out_of_range_returns_einval),
        objects_test(a_select_of_more_clauses_than_indexes_returns_einval),
        objects_test(without_memory_nothing_is_made_and_what_runs_goes_on),
        check_test(without_memory_for_a_worker_calls_return_and_do_nothing),
        check_test(reserving_more_than_there_is_returns_enomem),
        check_test(reserving_more_than_the_machine_has_returns_enomem_at_once),
        check_test(closed_is_a_constant_below_every_errno),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
