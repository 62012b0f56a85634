/* SPDX-License-Identifier: MIT */
/* Random programs over a few channels, under an oracle that chooses at random. At every choice and
 * after every call all structures are walked; at the end every value has been received exactly
 * once, or its sender knows that nobody has it.
 *
 * A failure prints the seed; WEFT_TEST_SEED=n in the environment runs that one first. */
#include "check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
    CHANS = 4,
    IDS = 8192,       /* values of one program */
    THREADS_MAX = 40, /* started by one program, bodies included */
    ROOTS_MAX = 6,    /* of them by main */
    OPS = 12,         /* calls of one thread */
    END_NS = 300,     /* when main closes every channel */
};

/* What became of a value. */
enum fate {
    FATE_OPEN,  /* its sender does not know */
    FATE_GIVEN, /* somebody has it */
    FATE_KEPT,  /* nobody has it */
};

static struct {
    chan(int) chans[CHANS];
    int ids;
    unsigned char fates[IDS];    /* what the sender was told */
    unsigned char received[IDS]; /* how often */
    int threads;
    task(int) tasks[THREADS_MAX]; /* by name; NULL for bodies */
    bool cancelled[THREADS_MAX];
    bool ended[THREADS_MAX];
    task(int) orphans[THREADS_MAX]; /* whose spawner could not join them */
    int orphans_count;
    bool has_few_stacks; /* nobody waits for good for a thread that may need one */
    uint64_t hash;       /* of all that happened, in order */
    char wrong[128];
} world;

/* What a thread may expect of its calls. */
struct actor {
    int name;
    int depth;  /* of threads and bodies within one another */
    int limits; /* deadlines that it is in, but for those that a shield hides */
    int shields;
    bool is_body;
};

static void wrong(const struct actor *a, const char *what, int number)
{
    if (world.wrong[0] == '\0')
        snprintf(world.wrong, sizeof world.wrong, "thread %d: %s (%d)", a->name, what, number);
}

static void record(const struct actor *a, int op, int result)
{
    const int facts[] = {a->name, op, result, (int)weft_now()};

    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++)
        world.hash = (world.hash ^ (uint32_t)facts[i]) * 1099511628211u;
    if (!check_now(CHECK_RUNNING))
        wrong(a, "an invariant was broken by call", op);
}

/* None of its calls that may park does anything any more. */
static bool is_off(const struct actor *a)
{
    return a->name >= 0 && world.cancelled[a->name] && a->shields == 0;
}

static bool is_legal(const struct actor *a, int result)
{
    switch (result) {
    case 0:
    case -EPIPE:
        return true;
    case -ETIMEDOUT:
        return a->limits > 0;
    case -ECANCELED:
        return is_off(a) || (a->is_body && a->shields == 0);
    default:
        return false;
    }
}

static void expect(const struct actor *a, int op, int result)
{
    if (!is_legal(a, result))
        wrong(a, "a call returned what it may not", result);
    record(a, op, result);
}

/* The same, of a call that may park; was_off: it was off when it made the call. */
static void expect_parking(const struct actor *a, int op, bool was_off, int result)
{
    if (was_off && result != -ECANCELED)
        wrong(a, "a cancelled thread's call was not called off", op);
    expect(a, op, result);
}

/* ---- values ---- */

static int new_value(void)
{
    return world.ids < IDS - 1 ? world.ids++ : IDS - 1;
}

static void told(int value, int result)
{
    world.fates[value] = result == 0 ? FATE_GIVEN : FATE_KEPT;
}

static void took(const struct actor *a, int value, int result)
{
    if (result != 0 && value != -1)
        wrong(a, "a failure has touched the object", result);
    if (result == 0 && (value < 0 || value >= world.ids))
        wrong(a, "a value came from nowhere", value);
    else if (result == 0)
        world.received[value]++;
}

static chan(int) any_chan(void)
{
    return world.chans[check_random(CHANS)];
}

/* ---- calls ---- */

static void do_send(const struct actor *a)
{
    const bool off = is_off(a);
    int value = new_value(), result = chan_send(any_chan(), value);

    told(value, result);
    expect_parking(a, 1, off, result);
}

static void do_receive(const struct actor *a)
{
    const bool off = is_off(a);
    int value = -1, result = chan_recv(any_chan(), &value);

    took(a, value, result);
    expect_parking(a, 2, off, result);
}

static void do_try(const struct actor *a)
{
    int value = -1, result;

    if (check_random(2)) {
        result = chan_tryrecv(any_chan(), &value);
        took(a, value, result);
    } else {
        value = new_value();
        result = chan_trysend(any_chan(), value);
        told(value, result);
    }
    expect(a, 3, result == -EAGAIN ? 0 : result);
}

enum { CLAUSES_MAX = 5 };

static size_t make_clauses(struct weft_case *cases, int *values)
{
    size_t n = 1 + check_random(CLAUSES_MAX - 1);

    for (size_t i = 0; i < n; i++) {
        chan(int) c = i == 0 || check_random(8) ? any_chan() : NULL;

        if (check_random(2)) {
            values[i] = -1;
            cases[i] = chan_set_recv(c, &values[i]);
        } else {
            values[i] = new_value();
            cases[i] = chan_set_send(c, &values[i]);
        }
    }
    if (check_random(3) == 0) {
        cases[n] = (struct weft_case){.op = WEFT_OP_DEFAULT};
        if (check_random(2))
            cases[n] = (struct weft_case){.op = WEFT_OP_TIMEOUT, .amount = check_random(30)};
        n++;
    }
    return n;
}

static void settle_clauses(const struct actor *a, const struct weft_case *cases, const int *values,
                           size_t n, int done)
{
    for (size_t i = 0; i < n; i++) {
        int result = done == (int)i ? 0 : -EAGAIN;

        if (cases[i].op == WEFT_OP_RECV)
            took(a, values[i], result);
        else if (cases[i].op == WEFT_OP_SEND)
            told(values[i], result);
    }
}

static void do_select(const struct actor *a)
{
    struct weft_case cases[CLAUSES_MAX] = {0};
    int values[CLAUSES_MAX] = {0};
    size_t n = make_clauses(cases, values);
    const bool off = is_off(a) && cases[n - 1].op != WEFT_OP_DEFAULT;
    int done = chan_select_n(cases, n);

    settle_clauses(a, cases, values, n, done);
    if (done <= CHAN_CLOSED(0) && (size_t)(CHAN_CLOSED(0) - done) >= n)
        wrong(a, "a select returned an index out of range", done);
    expect_parking(a, 4, off,
                   done >= 0 && done < (int)n ? 0
                   : done <= CHAN_CLOSED(0)   ? -EPIPE
                                              : done);
}

static void do_close(const struct actor *a)
{
    if (check_random(5) == 0)
        expect(a, 5, chan_close(any_chan()));
}

static void do_sleep(const struct actor *a)
{
    const bool off = is_off(a);

    expect_parking(a, 6, off, weft_sleep((int64_t)check_random(20) - 1));
}

static void do_yield(const struct actor *a)
{
    weft_yield();
    record(a, 7, 0);
}

static void do_anything(const struct actor *a);

static void do_some(const struct actor *a)
{
    for (uint32_t i = check_random(3); i < 3; i++)
        do_anything(a);
}

static void do_within(const struct actor *a)
{
    struct actor inside = *a;

    inside.limits++;
    weft_within((int64_t)check_random(25) - 1, do_some(&inside));
    record(a, 8, 0);
}

static void do_shield(const struct actor *a)
{
    struct actor inside = *a;

    inside.limits = 0;
    inside.shields++;
    weft_shield(do_some(&inside));
    record(a, 15, 0);
}

/* ---- threads and generators ---- */

static int act(int name, int depth)
{
    struct actor a = {.name = name, .depth = depth};

    for (int i = 0; i < OPS; i++)
        do_anything(&a);
    world.ended[name] = true;
    return name;
}

static task(int) start(int depth)
{
    int name = world.threads++;

    world.tasks[name] = spawn(act, name, depth);
    return world.tasks[name];
}

/* Any thread but a body, its own as well, whatever has become of it. */
static void do_cancel(const struct actor *a)
{
    int name = (int)check_random((uint32_t)world.threads), result;

    if (!world.tasks[name] || check_random(4) > 0)
        return;
    result = task_cancel(world.tasks[name]);
    if (result != (world.ended[name] ? -ESRCH : 0))
        wrong(a, "a cancelling returned what it may not", result);
    if (result == 0)
        world.cancelled[name] = true;
    if (weft_is_cancelled() != is_off(a) && !a->is_body)
        wrong(a, "a thread is told wrong that it is cancelled, or is not", name);
    record(a, 16, result);
}

static void do_spawn(const struct actor *a)
{
    task(int) t;
    int name = -1, result;
    bool off;

    if (a->depth >= 2 || world.threads >= THREADS_MAX)
        return;
    t = start(a->depth + 1);
    if (check_random(2))
        do_anything(a);
    if (check_random(4) == 0) {
        expect(a, 17, task_detach(t));
        return;
    }
    if (world.has_few_stacks) {
        world.orphans[world.orphans_count++] = t;
        return;
    }
    off = is_off(a);
    result = task_join(t, &name);
    if (result != 0)
        world.orphans[world.orphans_count++] = t;
    if ((result == 0) != (name >= 0))
        wrong(a, "a join gave no result, or a failed one gave one", name);
    expect_parking(a, 9, off, result);
}

static int yield_value(gen(int) self, const struct actor *a)
{
    struct actor inside = *a;
    int value = new_value(), result;

    if (check_random(3) == 0) {
        inside.limits++;
        result = weft_within((int64_t)check_random(20) - 1, gen_yield(self, value));
    } else {
        result = gen_yield(self, value);
    }
    if (result != -EPIPE) /* which may come before or after the value was taken */
        told(value, result);
    expect(&inside, 10, result);
    return result;
}

static void act_as_body(gen(int) self, int name, int depth)
{
    struct actor a = {.name = name, .depth = depth, .is_body = true};

    for (int i = 0; i < OPS; i++) {
        if (check_random(2))
            do_anything(&a);
        if (yield_value(self, &a) == -EPIPE)
            break;
    }
    if (check_random(2))
        do_anything(&a); /* cleans up */
}

static void ask_for_value(const struct actor *a, gen(int) g)
{
    struct actor inside = *a;
    const bool off = is_off(a);
    int value = -1, result;

    if (world.has_few_stacks || check_random(2)) {
        inside.limits++;
        result = weft_within((int64_t)check_random(20) - 1, gen_next(g, &value));
    } else {
        result = gen_next(g, &value);
    }
    took(a, value, result);
    expect_parking(&inside, 11, off, result);
}

static void do_generate(const struct actor *a)
{
    gen(int) g;

    if (a->depth >= 2 || world.threads >= THREADS_MAX)
        return;
    g = gen_new(int, act_as_body, world.threads++, a->depth + 1);
    for (uint32_t i = check_random(6); i < 6; i++) {
        ask_for_value(a, g);
        if (check_random(3) == 0)
            do_anything(a);
    }
    if (gen_close(g) != 0)
        wrong(a, "a generator could not be closed", 0);
    record(a, 12, 0);
}

static void do_anything(const struct actor *a)
{
    static void (*const calls[])(const struct actor *) = {
        do_send,  do_send,  do_receive, do_receive, do_try,      do_select, do_select, do_select,
        do_sleep, do_yield, do_within,  do_close,   do_generate, do_spawn,  do_shield, do_cancel,
    };

    calls[check_random(sizeof calls / sizeof calls[0])](a);
}

/* ---- programs ---- */

static void begin_world(void)
{
    memset(&world, 0, sizeof world);
    for (int i = 0; i < CHANS; i++) {
        world.chans[i] = chan_new(int);
        check_watch(world.chans[i]);
    }
}

static void run_world(void)
{
    task(int) tasks[ROOTS_MAX];
    const int n = 2 + (int)check_random(ROOTS_MAX - 1);
    const struct actor self = {.name = -1};

    for (int i = 0; i < n; i++)
        tasks[i] = start(0);
    weft_sleep(END_NS);
    for (int i = 0; i < CHANS; i++)
        chan_close(world.chans[i]);
    for (int i = 0; i < n; i++)
        expect(&self, 13, task_join(tasks[i]));
    for (int i = 0, turns = 0; check_threads() > 0 && turns < END_NS; turns++) {
        while (i < world.orphans_count)
            expect(&self, 14, task_join(world.orphans[i++]));
        weft_sleep(1); /* some were detached, and may leave orphans */
    }
}

static void end_world(void)
{
    const struct actor self = {.name = -1};

    for (int i = 0; i < CHANS; i++) {
        check_unwatch(world.chans[i]);
        chan_free(world.chans[i]);
    }
    for (int i = 0; i < world.ids && i < IDS - 1; i++) {
        if (world.received[i] > 1)
            wrong(&self, "a value was received more than once", i);
        if (world.fates[i] == FATE_GIVEN && world.received[i] != 1)
            wrong(&self, "a value was lost", i);
        if (world.fates[i] == FATE_KEPT && world.received[i] != 0)
            wrong(&self, "a value was received, and its sender told otherwise", i);
    }
}

enum mode { MODE_RANDOM, MODE_FIFO, MODE_FEW_STACKS };

static uint64_t run_program(uint64_t seed, enum mode mode)
{
    uint64_t hash;

    check_randomly(seed);
    if (mode == MODE_FIFO)
        weft__sched_set_oracle(weft__self, NULL, NULL);
    if (mode == MODE_FEW_STACKS)
        check_allow_stacks(1 + seed % 4);
    begin_world();
    world.has_few_stacks = mode == MODE_FEW_STACKS;
    run_world();
    end_world();
    hash = world.hash;
    if (check_over(NULL) != 0 || world.wrong[0] != '\0') {
        print_error("WEFT_TEST_SEED=%llu: %s\n", (unsigned long long)seed, world.wrong);
        fail();
    }
    check_fresh(NULL);
    return hash;
}

enum { PROGRAMS = 100 };

static void random_programs_keep_every_invariant_and_every_value(void **state)
{
    const uint64_t seed = check_seed(1);

    (void)state;
    print_message("WEFT_TEST_SEED=%llu\n", (unsigned long long)seed);
    for (uint64_t i = 0; i < PROGRAMS; i++)
        run_program(seed + i, MODE_RANDOM);
}

static void random_programs_in_fifo_order_keep_every_invariant_and_every_value(void **state)
{
    const uint64_t seed = check_seed(1);

    (void)state;
    print_message("WEFT_TEST_SEED=%llu\n", (unsigned long long)seed);
    for (uint64_t i = 0; i < PROGRAMS; i++)
        run_program(seed + i, MODE_FIFO);
}

static void random_programs_with_few_stacks_keep_every_invariant_and_every_value(void **state)
{
    const uint64_t seed = check_seed(1);

    (void)state;
    print_message("WEFT_TEST_SEED=%llu\n", (unsigned long long)seed);
    for (uint64_t i = 0; i < PROGRAMS; i++)
        run_program(seed + i, MODE_FEW_STACKS);
}

static void one_seed_gives_one_run(void **state)
{
    const uint64_t seed = check_seed(1);

    (void)state;
    for (uint64_t i = 0; i < 10; i++)
        for (enum mode mode = MODE_RANDOM; mode <= MODE_FEW_STACKS; mode++) {
            uint64_t hash = run_program(seed + i, mode);

            assert_true(run_program(seed + i, mode) == hash);
        }
}

/* ---- the checker itself ---- */

static void receive(chan_rx(int) c)
{
    chan_recv(c, NULL);
}

/* Breaks things by hand: the checker must see each. */
static void the_checker_sees_what_is_broken(void **state)
{
    chan(int) c = chan_new(int);
    struct weft_worker *w = weft__self;
    int seen = 0;

    (void)state;
    go(receive, c);
    check_settle();
    assert_true(check_now(CHECK_RUNNING));
    print_message("what follows is meant to be found wrong:\n");
    w->threads.live++;
    seen += !check_now(CHECK_RUNNING);
    w->threads.live--;
    check_forget();
    weft__ring_push_back(&w->run, &w->root);
    seen += !check_now(CHECK_RUNNING);
    weft__ring_pop_back(&w->run);
    check_forget();
    w->timers.levels ^= 1;
    seen += !check_now(CHECK_RUNNING);
    w->timers.levels ^= 1;
    check_forget();
    w->stacks.pools[WEFT__STACK_CLASS_DEFAULT].used++;
    seen += !check_now(CHECK_RUNNING);
    w->stacks.pools[WEFT__STACK_CLASS_DEFAULT].used--;
    check_forget();
    w->root.interrupt |= WEFT__INTERRUPT_EXPIRED;
    seen += !check_now(CHECK_RUNNING);
    w->root.interrupt &= WEFT__INTERRUPT_WATCHED;
    check_forget();
    w->root.thread->flags |= WEFT__THREAD_CANCELLED;
    seen += !check_now(CHECK_RUNNING);
    check_forget();
    seen += weft_shield(check_now(CHECK_RUNNING)); /* there it is in order */
    w->root.thread->flags &= (uint16_t)~WEFT__THREAD_CANCELLED;
    w->root.interrupt &= WEFT__INTERRUPT_WATCHED;
    check_forget();
    assert_int_equal(seen, 7);
    assert_true(check_now(CHECK_RUNNING));
    chan_close(c);
    check_settle();
    chan_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        check_test(the_checker_sees_what_is_broken),
        check_test(random_programs_keep_every_invariant_and_every_value),
        check_test(random_programs_in_fifo_order_keep_every_invariant_and_every_value),
        check_test(random_programs_with_few_stacks_keep_every_invariant_and_every_value),
        check_test(one_seed_gives_one_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
