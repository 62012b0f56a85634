/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "child.h"

enum { LIMIT = 10 };

/* ---- what tests share ---- */

static struct weft_mutex mutex, more[3];
static struct weft_condition condition;

static int fresh(void **state)
{
    mutex = (struct weft_mutex){0};
    condition = (struct weft_condition){0};
    memset(more, 0, sizeof more);
    return check_fresh(state);
}

#define fresh_test(test) cmocka_unit_test_setup_teardown(test, fresh, check_over)

static const struct weft_control *running(void)
{
    return weft__self->current;
}

static bool is_held(void)
{
    return mutex.holder != NULL;
}

static bool is_mine(void)
{
    return mutex.holder == weft__thread_handle(running()->thread);
}

/* Locks, notes whether it holds the mutex then, and what the call returned, and unlocks. */
static void lock_once(const char *name)
{
    int result = weft_mutex_lock(&mutex);

    note("%s%s%d ", name, is_mine() ? "+" : "-", result);
    if (result == 0)
        weft_mutex_unlock(&mutex);
}

static void lock_within(const char *name, int64_t ns)
{
    weft_within(ns, lock_once(name));
}

/* The deadline passes before anybody else runs. The oracle makes the scheduler look at the timers
 * at every switch. */
static void let_the_deadline_pass(void)
{
    check_compute(LIMIT);
    weft_yield();
    check_settle();
}

/* ---- lock and unlock ---- */

static void a_free_mutex_is_locked_without_parking(void **state)
{
    (void)state;
    go(lock_once, "other");
    assert_int_equal(weft_mutex_lock(&mutex), 0);
    assert_true(is_mine());
    assert_noted("");
    weft_mutex_unlock(&mutex);
    assert_false(is_held());
    check_settle();
    assert_noted("other+0 ");
}

static void those_who_wait_get_it_in_the_order_in_which_they_came(void **state)
{
    const char *const names[] = {"a", "b", "c", "d"};

    (void)state;
    weft_mutex_lock(&mutex);
    for (int i = 0; i < 4; i++)
        go(lock_once, names[i]);
    check_settle();
    assert_noted("");
    weft_mutex_unlock(&mutex);
    check_settle();
    assert_noted("a+0 b+0 c+0 d+0 ");
    assert_false(is_held());
}

static void lock_again_and_again(const char *name)
{
    for (int i = 0; i < 3; i++)
        lock_once(name);
}

/* Else the thread that runs would have it again before who was woken comes to run. */
static void who_unlocks_and_locks_again_goes_behind_those_who_wait(void **state)
{
    (void)state;
    weft_mutex_lock(&mutex);
    go(lock_again_and_again, "a");
    go(lock_again_and_again, "b");
    go(lock_again_and_again, "c");
    check_settle();
    weft_mutex_unlock(&mutex);
    check_settle();
    assert_noted("a+0 b+0 c+0 a+0 b+0 c+0 a+0 b+0 c+0 ");
}

static void whoever_is_woken_holds_it_before_it_runs(void **state)
{
    (void)state;
    weft_mutex_lock(&mutex);
    go(lock_once, "a");
    check_settle();
    weft_mutex_unlock(&mutex);
    assert_true(is_held());
    assert_false(is_mine());
    assert_int_equal(weft_mutex_trylock(&mutex), -EAGAIN);
    assert_int_equal(weft_within(0, weft_mutex_lock(&mutex)), -ETIMEDOUT);
    check_settle();
    assert_noted("a+0 ");
}

static void trylock_takes_a_free_mutex_and_no_other(void **state)
{
    (void)state;
    assert_int_equal(weft_mutex_trylock(&mutex), 0);
    assert_true(is_mine());
    assert_int_equal(weft_mutex_trylock(&mutex), -EAGAIN);
    weft_mutex_unlock(&mutex);
    assert_int_equal(weft_within(-1, weft_mutex_trylock(&mutex)), 0);
    weft_mutex_unlock(&mutex);
}

static void hog(const int *others_ran)
{
    while (*others_ran == 0) {
        weft_mutex_lock(&mutex);
        weft_mutex_unlock(&mutex);
    }
}

static void run(int *ran)
{
    ++*ran;
}

static void a_loop_that_locks_and_unlocks_does_not_hold_the_worker(void **state)
{
    int ran = 0;

    (void)state;
    go(hog, &ran);
    go(run, &ran);
    check_settle();
    assert_int_equal(ran, 1);
}

/* ---- the end of a wait before its time ---- */

static void a_deadline_ends_the_wait_and_the_next_in_line_gets_it(void **state)
{
    (void)state;
    weft_mutex_lock(&mutex);
    go(lock_within, "a", LIMIT);
    go(lock_once, "b");
    weft_sleep(2 * LIMIT);
    assert_noted("a--110 ");
    weft_mutex_unlock(&mutex);
    check_settle();
    assert_noted("b+0 ");
    assert_false(is_held());
}

static void within_no_time_a_free_mutex_is_locked(void **state)
{
    (void)state;
    assert_int_equal(weft_within(0, weft_mutex_lock(&mutex)), 0);
    go(lock_within, "a", 0);
    go(lock_within, "b", -1);
    check_settle();
    assert_noted("a--110 b--110 ");
    weft_mutex_unlock(&mutex);
}

/* The handover comes first, and the deadline before the waiter runs. */
static void a_handover_before_the_deadline_counts(void **state)
{
    (void)state;
    check_randomly(1);
    weft_mutex_lock(&mutex);
    go(lock_within, "a", LIMIT);
    check_settle();
    weft_mutex_unlock(&mutex);
    let_the_deadline_pass();
    assert_noted("a+0 ");
    assert_false(is_held());
}

/* The waiter is ready with its failure, and has not run, when the mutex is unlocked. */
static void a_deadline_before_the_handover_counts(void **state)
{
    (void)state;
    check_randomly(1);
    weft_mutex_lock(&mutex);
    go(lock_within, "a", LIMIT);
    check_settle();
    check_compute(LIMIT);
    while (mutex.waiters.list.next != &mutex.waiters.list)
        weft_yield();
    weft_mutex_unlock(&mutex);
    check_settle();
    assert_noted("a--110 ");
    assert_false(is_held());
}

static void a_cancelled_wait_ends_and_a_handover_before_that_counts(void **state)
{
    (void)state;
    for (int handed_over = 0; handed_over < 2; handed_over++) {
        task(void) t;

        weft_mutex_lock(&mutex);
        t = spawn(lock_once, "a");
        check_settle();
        if (handed_over)
            weft_mutex_unlock(&mutex);
        task_cancel(t);
        if (!handed_over)
            weft_mutex_unlock(&mutex);
        check_settle();
        assert_string_equal(noted(), handed_over ? "a+0 " : "a--125 ");
        assert_false(is_held());
        task_join(t);
    }
}

static void sleep_then_lock(void)
{
    weft_sleep(LIMIT);
    lock_once("a");
}

static void a_cancelled_thread_does_not_even_get_a_free_mutex(void **state)
{
    task(void) t = spawn(sleep_then_lock);

    (void)state;
    check_settle();
    task_cancel(t);
    task_join(t);
    assert_noted("a--125 ");
    assert_false(is_held());
}

static void lock_in_body(gen(int) self)
{
    (void)self;
    lock_once("body");
}

static void a_body_that_waits_for_a_mutex_can_be_closed(void **state)
{
    gen(int) g = gen_new(int, lock_in_body);

    (void)state;
    weft_mutex_lock(&mutex);
    assert_int_equal(weft_within(LIMIT, gen_next(g, NULL)), -ETIMEDOUT);
    assert_int_equal(gen_close(g), 0);
    assert_noted("body--125 ");
    weft_mutex_unlock(&mutex);
    assert_false(is_held());
}

static void lock_and_receive(chan_rx(int) c)
{
    weft_mutex_lock(&mutex);
    chan_recv(c, NULL);
    weft_mutex_unlock(&mutex);
}

static void main_is_told_of_a_deadlock_and_does_not_hold_the_mutex(void **state)
{
    chan(int) c = chan_new(int);

    (void)state;
    weft_deadlock_returns(1);
    go(lock_and_receive, c);
    check_settle();
    assert_int_equal(weft_mutex_lock(&mutex), -EDEADLK);
    assert_false(is_mine());
    assert_int_equal(chan_send(c, 1), 0);
    assert_int_equal(weft_mutex_lock(&mutex), 0);
    weft_mutex_unlock(&mutex);
    chan_free(c);
}

/* ---- condition ---- */

static void wait_holding(const char *name)
{
    int result = weft_condition_wait(&condition, &mutex);

    note("%s%s%d ", name, is_mine() ? "+" : "-", result);
    weft_mutex_unlock(&mutex);
}

static void wait_once(const char *name)
{
    weft_mutex_lock(&mutex);
    wait_holding(name);
}

static void wait_within(const char *name, int64_t ns)
{
    weft_mutex_lock(&mutex);
    weft_within(ns, wait_holding(name));
}

static void a_signal_wakes_who_has_waited_longest_and_no_other(void **state)
{
    (void)state;
    go(wait_once, "a");
    go(wait_once, "b");
    check_settle();
    assert_false(is_held());
    weft_condition_signal(&condition);
    check_settle();
    assert_noted("a+0 ");
    weft_condition_signal(&condition);
    check_settle();
    assert_noted("b+0 ");
    weft_condition_signal(&condition); /* nobody waits: it is gone */
    go(wait_within, "c", LIMIT);
    weft_sleep(LIMIT + 1);
    assert_noted("c+-110 ");
    assert_false(is_held());
}

/* The wait and the unlock are one step: nobody runs in between whose signal would be lost. */
static void who_gets_the_mutex_from_a_wait_can_signal_that(void **state)
{
    (void)state;
    weft_mutex_lock(&mutex);
    go(wait_once, "a");
    check_settle();
    assert_int_equal(weft_within(LIMIT, weft_condition_wait(&condition, &mutex)), -ETIMEDOUT);
    assert_true(is_mine());
    weft_condition_signal(&condition);
    assert_int_equal(weft_within(LIMIT, weft_condition_wait(&condition, &mutex)), -ETIMEDOUT);
    assert_noted("a+0 ");
    weft_mutex_unlock(&mutex);
}

static uint32_t ready(void)
{
    return weft__ring_count(&weft__self->run);
}

/* With a signal a thread goes from one queue to the other; it runs once it has the mutex. */
static void a_broadcast_wakes_one_after_the_other(void **state)
{
    (void)state;
    go(wait_once, "a");
    go(wait_once, "b");
    go(wait_once, "c");
    check_settle();
    weft_condition_broadcast(&condition);
    assert_int_equal(ready(), 1);
    check_settle();
    assert_noted("a+0 b+0 c+0 ");
    assert_false(is_held());
}

static void whoever_is_signalled_goes_behind_those_who_wait_for_the_mutex(void **state)
{
    (void)state;
    go(wait_once, "a");
    go(wait_once, "b");
    check_settle();
    weft_mutex_lock(&mutex);
    go(lock_once, "first");
    check_settle();
    weft_condition_broadcast(&condition);
    assert_int_equal(ready(), 0);
    go(lock_once, "last");
    check_settle();
    assert_noted("");
    weft_mutex_unlock(&mutex);
    check_settle();
    assert_noted("first+0 a+0 b+0 last+0 ");
    assert_false(is_held());
}

static void a_broadcast_is_nothing_to_those_who_come_later(void **state)
{
    (void)state;
    weft_condition_broadcast(&condition);
    go(wait_within, "a", LIMIT);
    weft_sleep(LIMIT + 1);
    assert_noted("a+-110 ");
}

static void when_the_time_is_over_the_wait_goes_on_until_the_mutex_is_free(void **state)
{
    (void)state;
    go(wait_within, "a", LIMIT);
    check_settle();
    weft_mutex_lock(&mutex);
    weft_sleep(3 * LIMIT);
    assert_noted("");
    weft_mutex_unlock(&mutex);
    assert_int_equal(weft_mutex_trylock(&mutex), -EAGAIN);
    check_settle();
    assert_noted("a+-110 ");
    assert_false(is_held());
}

/* Moved to the mutex's queue by then: neither deadline nor cancellation take it off. */
static void a_signal_before_the_end_counts_however_late_the_mutex(void **state)
{
    task(void) t;

    (void)state;
    go(wait_within, "a", LIMIT);
    t = spawn(wait_once, "b");
    check_settle();
    weft_mutex_lock(&mutex);
    weft_condition_broadcast(&condition);
    task_cancel(t);
    weft_sleep(3 * LIMIT);
    assert_noted("");
    weft_mutex_unlock(&mutex);
    check_settle();
    assert_noted("a+0 b+0 ");
    task_join(t);
}

/* Woken by the deadline, and not yet run: such a one does not swallow the signal. */
static void a_signal_after_the_end_goes_to_the_next(void **state)
{
    task(void) t = spawn(wait_once, "a");

    (void)state;
    go(wait_once, "b");
    check_settle();
    task_cancel(t);
    weft_condition_signal(&condition);
    check_settle();
    assert_string_equal(noted(), "b+0 a+-125 ");
    assert_false(is_held());
    task_join(t);
}

/* While it runs for the mutex, the signal gives that to another. */
static void a_cancelled_wait_ends_with_the_mutex(void **state)
{
    task(void) t = spawn(wait_once, "a");

    (void)state;
    check_settle();
    weft_mutex_lock(&mutex);
    task_cancel(t);
    check_settle();
    assert_noted("");
    weft_mutex_unlock(&mutex);
    check_settle();
    assert_noted("a+-125 ");
    task_join(t);
}

static void within_no_time_a_wait_fails_and_keeps_the_mutex(void **state)
{
    (void)state;
    weft_mutex_lock(&mutex);
    go(lock_once, "a");
    check_settle();
    assert_int_equal(weft_within(0, weft_condition_wait(&condition, &mutex)), -ETIMEDOUT);
    assert_true(is_mine());
    assert_noted("");
    weft_mutex_unlock(&mutex);
    check_settle();
    assert_noted("a+0 ");
}

static void main_is_told_of_a_deadlock_and_holds_the_mutex(void **state)
{
    (void)state;
    weft_deadlock_returns(1);
    weft_mutex_lock(&mutex);
    assert_int_equal(weft_condition_wait(&condition, &mutex), -EDEADLK);
    assert_true(is_mine());
    weft_mutex_unlock(&mutex);
}

static void wait_in_body(gen(int) self)
{
    (void)self;
    wait_once("body");
}

static void a_body_that_waits_for_a_condition_can_be_closed(void **state)
{
    gen(int) g = gen_new(int, wait_in_body);

    (void)state;
    assert_int_equal(weft_within(LIMIT, gen_next(g, NULL)), -ETIMEDOUT);
    assert_int_equal(gen_close(g), 0);
    assert_noted("body+-125 ");
    assert_false(is_held());
}

static struct weft_mutex other_mutex;

static void wait_with_the_other(void)
{
    weft_mutex_lock(&other_mutex);
    note("%d ", weft_condition_wait(&condition, &other_mutex));
    weft_mutex_unlock(&other_mutex);
}

static void each_gets_the_mutex_that_it_gave(void **state)
{
    (void)state;
    other_mutex = (struct weft_mutex){0};
    go(wait_with_the_other);
    go(wait_once, "a");
    check_settle();
    weft_mutex_lock(&mutex);
    weft_condition_broadcast(&condition);
    check_settle();
    assert_noted("0 ");
    weft_mutex_unlock(&mutex);
    check_settle();
    assert_noted("a+0 ");
}

/* ---- who waits for whom ---- */

static struct weft_thread *last_waits_for(void)
{
    const struct weft_control *c =
        WEFT__CONTAINER_OF(mutex.waiters.list.prev, struct weft_control, waiter.link);

    return c->wait->waits_for(c);
}

static void whoever_waits_for_a_mutex_waits_for_its_holder(void **state)
{
    (void)state;
    go(wait_once, "b");
    check_settle();
    weft_mutex_lock(&mutex);
    go(lock_once, "a");
    check_settle();
    assert_ptr_equal(last_waits_for(), running()->thread);
    weft_condition_signal(&condition);
    assert_ptr_equal(last_waits_for(), running()->thread);
    weft_mutex_unlock(&mutex);
    check_settle();
    assert_noted("a+0 b+0 ");
}

static void lock_and_end(void)
{
    weft_mutex_lock(&mutex);
}

static chan(int) never;

static int main_waits_for_a_holder(const void *unused)
{
    (void)unused;
    never = chan_new(int);
    go(lock_and_receive, never);
    weft_yield();
    weft_mutex_lock(&mutex);
    return 0;
}

static void the_report_of_a_deadlock_names_the_holder(void **state)
{
    struct child c = child_run(main_waits_for_a_holder, NULL);

    (void)state;
    assert_int_equal(c.status, 2);
    assert_non_null(strstr(c.said, "(main): locking mutex 0x"));
    assert_non_null(strstr(c.said, ", which thread 2 (lock_and_receive at "));
    assert_non_null(strstr(c.said, ") holds, for "));
}

/* ---- the end of a holder ---- */

static struct weft_local unlocks = WEFT_LOCAL((void (*)(void *))weft_mutex_unlock);

static void lock_many_and_unlock_all(void)
{
    for (int i = 0; i < 3; i++)
        weft_mutex_lock(&more[i]);
    weft_mutex_unlock(&more[1]);
    weft_mutex_trylock(&more[1]);
    for (int i = 0; i < 3; i++)
        weft_mutex_unlock(&more[i]);
}

static void leave_it_to_a_destructor(void)
{
    weft_mutex_lock(&mutex);
    weft_local_set(&unlocks, &mutex);
}

/* Whatever the way on which it came to them: by lock, trylock, handover, signal or giving up. Each
 * kind of thread, and twice, for the second has the stack of the first. */
static void whoever_has_unlocked_all_may_end(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        weft_mutex_lock(&mutex);
        go(lock_once, "a");
        go(wait_once, "b");
        go(wait_within, "c", LIMIT);
        go(lock_many_and_unlock_all);
        go(leave_it_to_a_destructor);
        check_settle();
        weft_mutex_unlock(&mutex);
        check_settle();
        weft_condition_signal(&condition);
        weft_sleep(2 * LIMIT);
        assert_noted("a+0 b+0 c+-110 ");
        assert_false(is_held());
    }
}

static void lock_two(void)
{
    weft_mutex_lock(&more[0]);
    lock_and_end();
}

/* The last one locked is not the one that is left. */
static void lock_two_and_unlock_one(void)
{
    weft_mutex_lock(&mutex);
    weft_mutex_lock(&more[0]);
    weft_mutex_unlock(&more[0]);
}

static void lock_three_and_unlock_the_last(void)
{
    lock_two_and_unlock_one();
    weft_mutex_lock(&more[1]);
    weft_mutex_lock(&more[2]);
    weft_mutex_unlock(&more[2]);
}

static void end_with_what_a_signal_brought(void)
{
    weft_mutex_lock(&mutex);
    weft_condition_wait(&condition, &mutex);
}

static void end_with_what_giving_up_brought(void)
{
    weft_mutex_lock(&mutex);
    weft_within(LIMIT, weft_condition_wait(&condition, &mutex));
}

static void try_and_end(void)
{
    weft_mutex_trylock(&mutex);
}

/* Of a holder that ends, nobody would tell a waiter who has timers around it. */
static void signal_and_end(void)
{
    weft_mutex_lock(&mutex);
    weft_condition_signal(&condition);
}

static void end_in_a_body(gen(int) self)
{
    (void)self;
    weft_mutex_lock(&mutex);
}

static int take_values(gen(int) g)
{
    return gen_next(g, NULL);
}

static int end_in_a_group(void)
{
    weft_mutex_lock(&mutex);
    return 0;
}

/* Its second life on one stack counts anew. */
static void after_an_innocent_one(void)
{
    task_join(spawn(lock_once, "a"));
    task_join(spawn(lock_and_end));
}

static const struct end {
    void (*fn)(void);
    const char *says; /* NULL for one mutex */
} ends[] = {
    {lock_and_end, NULL},
    {try_and_end, NULL},
    {lock_two_and_unlock_one, NULL},
    {end_with_what_a_signal_brought, NULL},
    {end_with_what_giving_up_brought, NULL},
    {signal_and_end, NULL},
    {lock_two, "2 mutexes, "},
    {lock_three_and_unlock_the_last, "2 mutexes\n"},
};

static int end_holding(const void *fn)
{
    go(wait_once, "waits");
    weft_yield();
    go(*(void (*const *)(void))fn);
    weft_yield();
    weft_condition_broadcast(&condition);
    weft_sleep(2 * LIMIT);
    return 0;
}

static void check_end_is_told(const struct child *c, const char *says)
{
    char expected[64];

    print_message("             %s", c->said);
    assert_int_equal(c->signal, SIGABRT);
    if (says)
        snprintf(expected, sizeof expected, "): return while it holds %s", says);
    else
        snprintf(expected, sizeof expected, "): return while it holds mutex %p\n", (void *)&mutex);
    assert_non_null(strstr(c->said, expected));
}

static void whoever_ends_and_holds_one_stops_the_program(void **state)
{
    char among[64];

    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct child c = child_run(end_holding, &ends[i].fn);

        check_end_is_told(&c, ends[i].says);
        if (ends[i].fn != lock_two)
            continue;
        snprintf(among, sizeof among, "2 mutexes, %p among them\n", (void *)&mutex);
        assert_non_null(strstr(c.said, among));
    }
}

static int end_holding_otherwise(const void *how)
{
    const char *kind = how;
    struct weft_group *g;

    switch (kind[0]) {
    case 'g':
        g = group_new(0);
        group_go(g, end_in_a_group);
        return group_wait(g);
    case 'b':
        return task_join(spawn(take_values, gen_new(int, end_in_a_body)));
    default:
        after_an_innocent_one();
        return 0;
    }
}

static void a_body_and_a_member_are_threads_too(void **state)
{
    (void)state;
    for (const char *how = "gbt"; *how; how++) {
        struct child c = child_run(end_holding_otherwise, how);

        check_end_is_told(&c, NULL);
    }
}

static void *lock_and_end_outside(void *unused)
{
    weft_mutex_lock(&more[0]);
    return unused;
}

static int end_as_main(const void *unused)
{
    pthread_t other;

    (void)unused;
    pthread_create(&other, NULL, lock_and_end_outside, NULL);
    pthread_join(other, NULL);
    weft_mutex_lock(&mutex);
    return 7;
}

static void main_and_an_os_threads_own_function_may_end_with_one(void **state)
{
    struct child c = child_run(end_as_main, NULL);

    (void)state;
    assert_int_equal(c.status, 7);
    assert_string_equal(c.said, "");
}

/* ---- fork ---- */

static int use_alone(const void *unused)
{
    (void)unused;
    weft_condition_broadcast(&condition);
    weft_mutex_unlock(&mutex);
    if (is_held() || weft_mutex_lock(&mutex) != 0)
        return 1;
    return weft_within(1, weft_condition_wait(&condition, &mutex)) == -ETIMEDOUT ? 0 : 2;
}

static int lock_only(const void *unused)
{
    (void)unused;
    return weft_mutex_lock(&mutex);
}

static void a_forks_child_has_none_of_the_others_on_its_queues(void **state)
{
    (void)state;
    struct child c;

    go(wait_once, "a");
    check_settle();
    weft_mutex_lock(&mutex);
    go(lock_once, "b");
    go(lock_once, "c");
    check_settle();
    c = child_run(use_alone, NULL);
    assert_int_equal(c.status, 0);
    weft_condition_signal(&condition);
    weft_mutex_unlock(&mutex);
    check_settle();
    assert_noted("b+0 c+0 a+0 ");
}

static void what_a_fork_left_with_a_thread_cannot_be_had_in_its_child(void **state)
{
    (void)state;
    chan(int) channel = chan_new(int);
    struct child c;

    go(lock_and_receive, channel);
    check_settle();
    c = child_run(lock_only, NULL);
    assert_int_equal(c.signal, SIGABRT);
    assert_non_null(strstr(c.said, "whose holder is gone"));
    chan_send(channel, 1);
    check_settle();
    chan_free(channel);
}

/* ---- at random ---- */

enum { THREADS = 8, ROUNDS = 40, MANY = 3000, BOX = 2 };

static int inside, turns, wrongs;

static int stay_inside(void)
{
    wrongs += !is_mine() || inside++ != 0;
    if (check_random(2))
        weft_yield();
    if (check_random(8) == 0)
        weft_sleep(check_random(5));
    inside--;
    turns++;
    return 0;
}

static void lock_at_random(void)
{
    for (int i = 0; i < ROUNDS; i++) {
        int result;

        if (check_random(4) == 0)
            result = weft_mutex_trylock(&mutex);
        else
            result = weft_within(check_random(2) ? (int64_t)check_random(8) : WEFT_FOREVER,
                                 weft_mutex_lock(&mutex));
        wrongs += is_mine() != (result == 0);
        if (result == 0) {
            stay_inside();
            weft_mutex_unlock(&mutex);
        } else {
            weft_yield();
        }
    }
}

static void one_at_a_time_is_inside_whatever_the_order(void **state)
{
    const uint64_t seed = check_seed(1);

    (void)state;
    print_message("WEFT_TEST_SEED=%llu\n", (unsigned long long)seed);
    turns = wrongs = 0;
    for (uint64_t i = 0; i < 20; i++) {
        check_randomly(seed + i);
        for (int n = 0; n < THREADS; n++)
            go(lock_at_random);
        while (check_threads() > 0)
            weft_sleep(1);
        assert_int_equal(wrongs, 0);
        assert_false(is_held());
    }
    assert_true(turns > 20 * THREADS);
}

/* A box of few places, its users in the habit of giving up. */
static int box, put, taken, gave_up;
static struct weft_condition has_room;

static int wait_until(struct weft_condition *c, const int *value, int unwanted)
{
    int result = 0;

    while (*value == unwanted && result == 0)
        result = weft_condition_wait(c, &mutex);
    wrongs += !is_mine();
    gave_up += result != 0;
    return *value == unwanted ? result : 0;
}

static int64_t some_time(void)
{
    return check_random(3) ? WEFT_FOREVER : (int64_t)check_random(6);
}

static void put_some(void)
{
    for (int i = 0; i < ROUNDS; i++) {
        weft_mutex_lock(&mutex);
        if (weft_within(some_time(), wait_until(&has_room, &box, BOX)) == 0) {
            wrongs += box++ >= BOX;
            put++;
            if (check_random(8))
                weft_condition_signal(&condition);
            else
                weft_condition_broadcast(&condition);
        }
        weft_mutex_unlock(&mutex);
        if (check_random(4) == 0)
            weft_sleep(check_random(4));
    }
}

static void take_some(const int *stop)
{
    while (!*stop) {
        weft_mutex_lock(&mutex);
        if (weft_within(some_time(), wait_until(&condition, &box, 0)) == 0) {
            wrongs += box-- <= 0;
            taken++;
        }
        weft_mutex_unlock(&mutex);
        weft_condition_signal(&has_room);
        if (check_random(4) == 0)
            weft_sleep(check_random(4));
    }
}

/* Signals that were lost would leave somebody parked for ever, and main's sleep would see it. */
static void nothing_is_lost_between_two_conditions(void **state)
{
    const uint64_t seed = check_seed(1);

    (void)state;
    print_message("WEFT_TEST_SEED=%llu\n", (unsigned long long)seed);
    gave_up = wrongs = 0;
    for (uint64_t i = 0; i < 20; i++) {
        int stop = 0;

        check_randomly(seed + i);
        has_room = (struct weft_condition){0};
        box = put = taken = 0;
        for (int n = 0; n < THREADS / 2; n++) {
            go(put_some);
            go(take_some, &stop);
        }
        while (check_threads() > THREADS / 2) /* the putters end by themselves */
            weft_sleep(1);
        while (box > 0)
            weft_sleep(1);
        stop = 1;
        weft_condition_broadcast(&condition);
        weft_sleep(100);
        for (int n = 0; n < THREADS && check_threads() > 0; n++) {
            weft_mutex_lock(&mutex);
            box = 1; /* for one that was not told to stop before it waited */
            weft_condition_broadcast(&condition);
            weft_mutex_unlock(&mutex);
            weft_sleep(100);
        }
        assert_int_equal(check_threads(), 0);
        assert_int_equal(wrongs, 0);
        assert_int_equal(is_held(), 0);
        assert_true(put > 0 && taken >= put);
    }
    assert_true(gave_up > 0);
}

static void count_inside(int *count)
{
    int before;

    weft_mutex_lock(&mutex);
    before = *count;
    weft_yield();
    *count = before + 1;
    weft_mutex_unlock(&mutex);
}

static void thousands_of_threads_share_one_mutex(void **state)
{
    int count = 0;

    (void)state;
    for (int i = 0; i < MANY; i++)
        go(count_inside, &count);
    check_settle();
    assert_int_equal(count, MANY);
}

static void wait_although_cancelled(void)
{
    weft_mutex_lock(&mutex);
    weft_yield();
    note("%d ", weft_condition_wait(&condition, &mutex));
    note("%s", is_mine() ? "mine" : "lost");
    weft_mutex_unlock(&mutex);
}

static void a_cancelled_thread_does_not_wait_for_a_condition_and_keeps_the_mutex(void **state)
{
    task(void) t = spawn(wait_although_cancelled);

    (void)state;
    weft_yield();
    assert_int_equal(task_cancel(t), 0);
    task_join(t);
    assert_noted("-125 mine");
    assert_false(is_held());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fresh_test(a_free_mutex_is_locked_without_parking),
        fresh_test(those_who_wait_get_it_in_the_order_in_which_they_came),
        fresh_test(who_unlocks_and_locks_again_goes_behind_those_who_wait),
        fresh_test(whoever_is_woken_holds_it_before_it_runs),
        fresh_test(trylock_takes_a_free_mutex_and_no_other),
        fresh_test(a_loop_that_locks_and_unlocks_does_not_hold_the_worker),
        fresh_test(a_deadline_ends_the_wait_and_the_next_in_line_gets_it),
        fresh_test(within_no_time_a_free_mutex_is_locked),
        fresh_test(a_handover_before_the_deadline_counts),
        fresh_test(a_deadline_before_the_handover_counts),
        fresh_test(a_cancelled_wait_ends_and_a_handover_before_that_counts),
        fresh_test(a_cancelled_thread_does_not_even_get_a_free_mutex),
        fresh_test(a_body_that_waits_for_a_mutex_can_be_closed),
        fresh_test(main_is_told_of_a_deadlock_and_does_not_hold_the_mutex),
        fresh_test(a_signal_wakes_who_has_waited_longest_and_no_other),
        fresh_test(who_gets_the_mutex_from_a_wait_can_signal_that),
        fresh_test(a_broadcast_wakes_one_after_the_other),
        fresh_test(whoever_is_signalled_goes_behind_those_who_wait_for_the_mutex),
        fresh_test(a_broadcast_is_nothing_to_those_who_come_later),
        fresh_test(when_the_time_is_over_the_wait_goes_on_until_the_mutex_is_free),
        fresh_test(a_signal_before_the_end_counts_however_late_the_mutex),
        fresh_test(a_signal_after_the_end_goes_to_the_next),
        fresh_test(a_cancelled_wait_ends_with_the_mutex),
        fresh_test(within_no_time_a_wait_fails_and_keeps_the_mutex),
        fresh_test(main_is_told_of_a_deadlock_and_holds_the_mutex),
        fresh_test(a_body_that_waits_for_a_condition_can_be_closed),
        fresh_test(each_gets_the_mutex_that_it_gave),
        fresh_test(whoever_waits_for_a_mutex_waits_for_its_holder),
        fresh_test(the_report_of_a_deadlock_names_the_holder),
        fresh_test(whoever_has_unlocked_all_may_end),
        fresh_test(whoever_ends_and_holds_one_stops_the_program),
        fresh_test(a_body_and_a_member_are_threads_too),
        fresh_test(main_and_an_os_threads_own_function_may_end_with_one),
        fresh_test(a_forks_child_has_none_of_the_others_on_its_queues),
        fresh_test(what_a_fork_left_with_a_thread_cannot_be_had_in_its_child),
        fresh_test(one_at_a_time_is_inside_whatever_the_order),
        fresh_test(nothing_is_lost_between_two_conditions),
        fresh_test(thousands_of_threads_share_one_mutex),
        fresh_test(a_cancelled_thread_does_not_wait_for_a_condition_and_keeps_the_mutex),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
