/* SPDX-License-Identifier: MIT */
/* What the model (tests/model) does not know, by every schedule: conditions, wait groups, once,
 * generators that yield nothing, starts whose arguments park, destructors of thread locals, tickers.
 *
 * Each scenario says what has to hold in whatever order its threads run and, where its name speaks of
 * a deadline or a cancellation, whichever of the events of one instant comes first. In those called
 * early, time may pass while threads are ready. WEFT_REPLAY= runs the schedule again that a failure
 * names; WEFT_EXPLORED_SCHEDULES=n is how many of each are tried at most. */
#include "check.h"

#include <errno.h>
#include <stdio.h>

#include <weft/explore.h>

#ifdef WEFT__SANITIZED
enum { SCHEDULES = 2000 };
#else
enum { SCHEDULES = 20000 };
#endif

enum { ACTORS = 5 };

static uint64_t schedules_max(void)
{
    const char *given = getenv("WEFT_EXPLORED_SCHEDULES");

    return given ? strtoull(given, NULL, 0) : SCHEDULES;
}

/* What was tried, and found to be as it should. */
static struct {
    int scenarios, exhausted;
    unsigned long long schedules;
} proved;

/* ---- scenarios ---- */

struct scenario {
    const char *name;
    void (*begin)(void); /* starts the actors */
    void (*over)(void);  /* when all have ended; or NULL */
    uint32_t jumps_max;  /* as of struct weft_explore_opts */
};

static task(void) actors[ACTORS];
static int actors_count;
static uint64_t moment;    /* counts what happens, so that one can tell what came first */
static const char *broken; /* the first that did not hold in this run */

#define holds(condition)             \
    do {                             \
        if (!(condition) && !broken) \
            broken = #condition;     \
    } while (0)

/* Starts an actor, which reports name as its function. */
#define act(fn) act_as(fn, #fn)

static void act_as(void (*fn)(void), const char *name)
{
    const struct weft_spawn_opts opts = {.size = sizeof opts, .name = name};

    actors[actors_count++] = spawn_with(&opts, fn);
}

static int run_scenario(void *argument)
{
    const struct scenario *s = argument;

    broken = NULL;
    actors_count = 0;
    moment = 0;
    s->begin();
    for (int i = 0; i < actors_count; i++)
        if (task_join(actors[i]) != 0)
            return 1;
    if (s->over)
        s->over();
    return broken || !check_now(CHECK_RUNNING) ? 2 : 0;
}

static void tell_failure(struct scenario *s, struct weft_explored *found)
{
    const struct weft_explore_opts opts = {.size = sizeof opts,
                                           .name = s->name,
                                           .jumps_max = s->jumps_max,
                                           .replay = found->schedule,
                                           .trace_fd = 1};

    weft_explored_print(found, 1);
    weft_explore(run_scenario, s, &opts, NULL);
    if (broken)
        print_message("does not hold: %s\n", broken);
    free(found->schedule);
    fail_msg("%s", s->name);
}

static void explore(struct scenario s)
{
    const struct weft_explore_opts opts = {.size = sizeof opts,
                                           .name = s.name,
                                           .schedules_max = schedules_max(),
                                           .jumps_max = s.jumps_max,
                                           .failures_max = 100};
    struct weft_explored found;
    int failed = weft_explore(run_scenario, &s, &opts, &found);

    assert_true(failed >= 0);
    if (failed > 0)
        tell_failure(&s, &found);
    print_message("%9llu %s: %s, %zu choices\n", (unsigned long long)found.schedules,
                  found.is_exhausted ? "schedules, all" : "schedules of more", s.name,
                  found.choices);
    proved.scenarios++;
    proved.exhausted += found.is_exhausted;
    proved.schedules += found.schedules;
}

/* ---- events ---- */

/* When something happened: which event in turn that was, and at what time. */
struct event {
    uint64_t moment;
    int64_t at;
};

static struct event happens(void)
{
    return (struct event){++moment, weft_now()};
}

/* Also if the other has not happened yet. */
static bool is_before(struct event one, struct event other)
{
    return one.moment && (!other.moment || one.moment < other.moment);
}

static bool has_followed(struct event one, struct event other)
{
    return one.moment > other.moment;
}

enum { INSTANT = 2 }; /* at which what might meet does */

static struct event cancelled; /* the first of the actors */

static void cancel_the_first(void)
{
    weft_sleep(INSTANT);
    if (task_cancel(actors[0]) == 0)
        cancelled = happens();
}

/* ---- a condition ---- */

static struct weft_mutex mutex;
static struct weft_condition changed;
static int inside; /* who hold the mutex */
static int items, taken;
static struct event announced; /* the signal or broadcast */

static void begin_with_condition(void)
{
    mutex = (struct weft_mutex){.holder = NULL};
    changed = (struct weft_condition){.reserved = {NULL}};
    inside = items = taken = 0;
    cancelled = announced = (struct event){.at = 0};
}

/* Also of a thread that was cancelled. */
static void enter(void)
{
    holds(weft_shield(weft_mutex_lock(&mutex)) == 0);
    holds(inside == 0);
    inside++;
}

static void leave(void)
{
    inside--;
    weft_mutex_unlock(&mutex);
}

/* Whatever comes of it, the mutex is this thread's again. */
static int await_change(void)
{
    int result;

    inside--;
    result = weft_condition_wait(&changed, &mutex);
    holds(inside == 0);
    holds(weft_mutex_trylock(&mutex) == -EAGAIN);
    inside++;
    return result;
}

static bool take_item(void)
{
    int result = 0;

    enter();
    while (items == 0 && result == 0)
        result = await_change();
    if (result == 0)
        items--;
    leave();
    return result == 0;
}

static void put_item(void)
{
    enter();
    items++;
    weft_condition_signal(&changed);
    leave();
}

static void take_one(void)
{
    taken += take_item();
}

/* If this one takes its signal with it and gives up, the other waits for ever. */
static void lend_one(void)
{
    if (take_item())
        put_item();
}

static void lend_one_in_time(void)
{
    weft_within(INSTANT, lend_one());
}

static void put_one(void)
{
    weft_sleep(INSTANT);
    put_item();
}

static void put_one_outside(void)
{
    weft_sleep(INSTANT);
    enter();
    items++;
    leave();
    weft_yield();
    weft_condition_signal(&changed);
}

static void over_taken(void)
{
    holds(taken == 1 && items == 0);
}

static void begin_signal_meets_deadline(void)
{
    begin_with_condition();
    act(lend_one_in_time);
    act(take_one);
    act(put_one);
}

static void begin_signal_meets_cancellation(void)
{
    begin_with_condition();
    act(lend_one);
    act(take_one);
    act(put_one_outside);
    act(cancel_the_first);
}

static void a_signal_is_never_lost_on_one_who_gives_up(void **state)
{
    (void)state;
    explore((struct scenario){"signal-deadline", begin_signal_meets_deadline, over_taken, 0});
    explore((struct scenario){"signal-deadline-early", begin_signal_meets_deadline, over_taken, 1});
    explore(
        (struct scenario){"signal-cancellation", begin_signal_meets_cancellation, over_taken, 0});
}

/* Ends by the broadcast if that came first, and else by what did. */
static void await_broadcast(int64_t ns, struct event *limit)
{
    struct event began;
    int result;

    enter();
    began = happens();
    result = weft_within(ns, await_change());
    if (is_before(announced, began)) /* missed */
        holds(result == -ETIMEDOUT || result == -ECANCELED);
    else if (result == 0)
        holds(has_followed(announced, began) && !is_before(*limit, announced));
    else if (result == -ETIMEDOUT)
        holds(weft_now() >= began.at + ns);
    else
        holds(result == -ECANCELED && is_before(*limit, announced) && weft_is_cancelled());
    if (has_followed(announced, began) && announced.at < began.at + ns &&
        !is_before(*limit, announced))
        holds(result == 0);
    leave();
}

static void await_until_cancelled(void)
{
    await_broadcast(4 * INSTANT, &cancelled);
}

static void await_in_time(void)
{
    struct event never = {.at = 0};

    await_broadcast(INSTANT, &never);
}

static void broadcast(void)
{
    weft_sleep(INSTANT);
    enter();
    weft_condition_broadcast(&changed);
    announced = happens();
    weft_yield(); /* they want the mutex by now */
    leave();
}

static void begin_broadcast(void)
{
    begin_with_condition();
    act(await_until_cancelled);
    act(await_in_time);
    act(broadcast);
    act(cancel_the_first);
}

static void a_broadcast_ends_the_waits_of_all_who_have_not_given_up(void **state)
{
    (void)state;
    explore((struct scenario){"broadcast", begin_broadcast, NULL, 0});
    explore((struct scenario){"broadcast-early", begin_broadcast, NULL, 1});
}

/* The deadline is over while another holds the mutex, before its signal or after. */
static void await_beyond_the_deadline(void)
{
    struct event began;
    int result;

    enter();
    began = happens();
    result = weft_within(INSTANT, await_change());
    if (has_followed(announced, began) && announced.at < began.at + INSTANT)
        holds(result == 0);
    if (result == 0)
        holds(has_followed(announced, began));
    else
        holds(result == -ETIMEDOUT && weft_now() >= began.at + INSTANT);
    leave();
}

static void hold_for_long(void)
{
    enter();
    weft_sleep(1);
    weft_condition_signal(&changed);
    announced = happens();
    weft_sleep(2 * INSTANT);
    leave();
}

static void try_to_wait(void)
{
    enter();
    holds(weft_within(0, await_change()) == -ETIMEDOUT);
    leave();
}

static void begin_deaf(void)
{
    begin_with_condition();
    act(await_beyond_the_deadline);
    act(hold_for_long);
    act(try_to_wait);
}

static void a_wait_returns_with_the_mutex_beyond_its_deadline(void **state)
{
    (void)state;
    explore((struct scenario){"deaf", begin_deaf, NULL, 0});
    explore((struct scenario){"deaf-early", begin_deaf, NULL, 2});
}

/* ---- a wait group ---- */

static struct weft_waitgroup left;
static int to_do;
static struct event zeros[2]; /* each time that nothing was left */
static int zeros_count;

static void count(int n)
{
    to_do += n;
    weft_waitgroup_add(&left, n);
    if (to_do == 0)
        zeros[zeros_count++] = happens();
}

static struct event zero_after(struct event began)
{
    for (int i = 0; i < zeros_count; i++)
        if (has_followed(zeros[i], began))
            return zeros[i];
    return (struct event){.at = 0};
}

/* It ends by the first of: the count is zero, even if not for long; the cancellation; the deadline. */
static void await_zero(int64_t ns, struct event *limit)
{
    const struct event began = happens();
    const bool is_zero = to_do == 0;
    const int result = weft_within(ns, weft_waitgroup_wait(&left));
    const struct event zero = zero_after(began);

    if (is_before(*limit, began))
        holds(result == -ECANCELED);
    else if (is_zero)
        holds(result == 0);
    else if (result == 0)
        holds(zero.moment && !is_before(*limit, zero));
    else if (result == -ETIMEDOUT)
        holds(weft_now() >= began.at + ns && (!zero.moment || zero.at >= began.at + ns));
    else
        holds(result == -ECANCELED && is_before(*limit, zero) && weft_is_cancelled());
}

static void await_zero_until_cancelled(void)
{
    await_zero(8 * INSTANT, &cancelled);
    await_zero(8 * INSTANT, &cancelled);
}

static void await_zero_in_time(void)
{
    struct event never = {.at = 0};

    await_zero(INSTANT, &never);
}

static void be_done(void)
{
    weft_sleep(INSTANT);
    count(-1);
}

static void be_done_and_begin_again(void)
{
    weft_sleep(INSTANT);
    count(-1);
    count(1); /* who was woken stays so */
    weft_sleep(INSTANT);
    count(-1);
}

static void begin_wait_group(void)
{
    left = (struct weft_waitgroup){.count = 0};
    to_do = zeros_count = 0;
    cancelled = (struct event){.at = 0};
    count(2);
    act(await_zero_until_cancelled);
    act(await_zero_in_time);
    act(be_done);
    act(be_done_and_begin_again);
}

static void begin_wait_group_cancelled(void)
{
    begin_wait_group();
    act(cancel_the_first);
}

static void a_wait_for_a_group_ends_by_what_comes_first(void **state)
{
    (void)state;
    explore((struct scenario){"wait-group", begin_wait_group, NULL, 0});
    explore((struct scenario){"wait-group-early", begin_wait_group, NULL, 1});
    explore((struct scenario){"wait-group-cancelled", begin_wait_group_cancelled, NULL, 0});
}

/* ---- once ---- */

static struct weft_once once, inner;
static int runs, inner_runs;
static bool is_finished;
static chan(int) supply;

static void run_inner(void *nothing)
{
    (void)nothing;
    inner_runs++;
    weft_yield();
}

/* Achieves nothing if its caller is cancelled, its time is over or the channel is closed; then it has
 * been run all the same. */
static void run_for_long(void *runner)
{
    runs++;
    *(bool *)runner = true;
    holds(!is_finished);
    if (chan_recv(supply, NULL) == -EPIPE)
        weft_sleep(INSTANT);
    is_finished = true;
}

static void call_once(void)
{
    bool runs_it = false;
    const bool was_cancelled = weft_is_cancelled();
    int result = weft_once(&once, run_for_long, &runs_it);

    holds(!was_cancelled || result == -ECANCELED);
    if (result == 0)
        holds(is_finished);
    else
        holds(!runs_it && (result == -ETIMEDOUT || result == -ECANCELED));
}

static void call_once_in_time(void)
{
    weft_within(INSTANT, call_once());
}

static void call_once_late(void)
{
    weft_sleep(INSTANT);
    call_once();
}

static void end_supply(void)
{
    weft_sleep(INSTANT);
    chan_close(supply);
}

static void begin_once(void)
{
    once = inner = (struct weft_once){.is_done = 0};
    runs = inner_runs = 0;
    is_finished = false;
    cancelled = (struct event){.at = 0};
    supply = chan_new(int);
}

static void begin_runner_gives_up(void)
{
    begin_once();
    act(call_once);
    act(call_once_in_time);
    act(call_once);
    act(cancel_the_first);
    chan_close(supply);
}

static void begin_runner_fails(void)
{
    begin_once();
    act(call_once_late);
    act(call_once_late);
    act(end_supply);
    act(cancel_the_first);
}

/* All may have been cancelled or late before anyone came to run it. */
static void over_once(void)
{
    holds(runs <= 1 && is_finished == (runs == 1));
    weft_shield(call_once());
    holds(runs == 1);
    chan_free(supply);
}

static void run_nested(void *nothing)
{
    (void)nothing;
    runs++;
    holds(weft_shield(weft_once(&inner, run_inner, NULL)) == 0);
    holds(inner_runs == 1);
    is_finished = true;
}

static void call_nested(void)
{
    int result = weft_once(&once, run_nested, NULL);

    holds(result == 0 ? is_finished : result == -ECANCELED);
}

static void call_inner(void)
{
    holds(weft_once(&inner, run_inner, NULL) == 0);
    holds(inner_runs == 1);
}

static void begin_nested(void)
{
    begin_once();
    act(call_nested);
    act(call_nested);
    act(call_inner);
    act(cancel_the_first);
}

static void over_nested(void)
{
    holds(runs == 1 && inner_runs == 1);
    chan_free(supply);
}

static void once_is_once_whoever_runs_it_and_gives_up(void **state)
{
    (void)state;
    explore((struct scenario){"once", begin_runner_gives_up, over_once, 0});
    explore((struct scenario){"once-early", begin_runner_gives_up, over_once, 1});
    explore((struct scenario){"once-fails", begin_runner_fails, over_once, 0});
    explore((struct scenario){"once-in-once", begin_nested, over_nested, 0});
}

/* ---- generators that yield nothing ---- */

static gen(int) nothing;
static int bodies_begun, bodies_ended;
static int kept;

static void body_is_gone(void *value)
{
    weft_yield();
    --*(int *)value;
}

static struct weft_local body_has = WEFT_LOCAL(body_is_gone);

/* Has nothing to say, and takes its time. */
static void say_nothing(gen(int) self)
{
    (void)self;
    bodies_begun++;
    kept++;
    weft_local_set(&body_has, &kept);
    if (chan_recv(supply, NULL) == 0)
        weft_yield();
    weft_shield(weft_sleep(1));
    bodies_ended++;
}

static void ask_for_nothing(void)
{
    int into = 77, result = gen_next(nothing, &into);

    holds(into == 77 && result != 0);
    if (result == -EPIPE)
        holds(bodies_ended == 1 && kept == 0);
    else
        holds(result == -ETIMEDOUT || result == -ECANCELED);
}

static void ask_and_ask_again(void)
{
    weft_within(INSTANT, ask_for_nothing());
    holds(gen_next((gen(int))NULL, NULL) == -EINVAL);
    ask_for_nothing();
}

static void ask_and_close(void)
{
    ask_and_ask_again();
    holds(weft_within(1, gen_close(nothing)) == 0);
    holds(bodies_begun == bodies_ended && kept == 0);
    nothing = NULL;
}

/* One at a time: two at once would be a mistake. */
static void ask_in_turn(void)
{
    enter();
    if (nothing)
        ask_and_ask_again();
    leave();
}

static void ask_once(void)
{
    enter();
    if (nothing)
        weft_within(1, ask_for_nothing());
    leave();
}

static void close_in_turn(void)
{
    weft_sleep(INSTANT);
    enter();
    holds(gen_close(nothing) == 0);
    holds(bodies_begun == bodies_ended && kept == 0);
    nothing = NULL;
    leave();
}

static void supply_in_time(void)
{
    weft_sleep(INSTANT);
    weft_within(INSTANT, chan_send(supply, 1));
    chan_close(supply);
}

static void begin_with_generator(void)
{
    begin_with_condition();
    supply = chan_new(int);
    kept = bodies_begun = bodies_ended = 0;
    nothing = gen_new(int, say_nothing);
}

static void begin_closed_by_consumer(void)
{
    begin_with_generator();
    act(ask_and_close);
    act(supply_in_time);
    act(cancel_the_first);
}

static void over_supply(void)
{
    chan_free(supply);
}

static void begin_closed_by_another(void)
{
    begin_with_generator();
    act(ask_in_turn);
    act(ask_in_turn);
    act(supply_in_time);
    act(close_in_turn);
}

/* By the close alone. */
static void begin_closed_without_supply(void)
{
    begin_with_generator();
    act(ask_once);
    act(ask_once);
    act(close_in_turn);
    act(cancel_the_first);
}

/* A body waits in the condition, and its consumer gives up, asks again and closes it. */
static void take_and_tell(gen(int) self)
{
    int result;

    bodies_begun++;
    if (take_item()) {
        taken++;
        result = gen_yield(self, 5);
        holds(result == 0 || result == -EPIPE);
    }
    bodies_ended++;
}

static void ask_for_an_item(void)
{
    int item = 0, result = gen_next(nothing, &item);

    holds(result == 0 ? item == 5 && taken == 1 : item == 0);
}

static void ask_for_an_item_and_close(void)
{
    weft_within(1, ask_for_an_item());
    weft_within(INSTANT, ask_for_an_item());
    gen_close(nothing);
    holds(bodies_ended == bodies_begun);
}

static void hold_and_put_one(void)
{
    weft_sleep(INSTANT);
    enter();
    weft_sleep(1);
    items++;
    weft_condition_signal(&changed);
    weft_yield();
    leave();
}

static void begin_body_awaits_change(void)
{
    begin_with_condition();
    bodies_begun = bodies_ended = 0;
    nothing = gen_new(int, take_and_tell);
    act(ask_for_an_item_and_close);
    act(hold_and_put_one);
    act(cancel_the_first);
}

static void over_body_awaits_change(void)
{
    holds(items + taken == 1);
}

static void a_generator_that_yields_nothing_only_ends(void **state)
{
    (void)state;
    explore((struct scenario){"nothing", begin_closed_by_consumer, over_supply, 0});
    explore((struct scenario){"nothing-early", begin_closed_by_consumer, over_supply, 1});
    explore((struct scenario){"nothing-closed", begin_closed_by_another, over_supply, 0});
    explore((struct scenario){"nothing-alone", begin_closed_without_supply, over_supply, 0});
    explore((struct scenario){"nothing-alone-early", begin_closed_without_supply, over_supply, 1});
}

static void a_body_that_waits_for_a_signal_is_closed_with_nothing_lost(void **state)
{
    (void)state;
    explore((struct scenario){"body-awaits", begin_body_awaits_change, over_body_awaits_change, 0});
    explore((struct scenario){"body-awaits-early", begin_body_awaits_change,
                              over_body_awaits_change, 2});
}

/* ---- starts whose arguments park ---- */

static struct weft_group *team;
static int evaluated, started, members_running, members_ended;
static bool is_team_cancelled;

static int evaluate_slowly(int n)
{
    evaluated++;
    weft_sleep(INSTANT);
    return n;
}

static int be_member(int result)
{
    holds(!is_team_cancelled || weft_is_cancelled());
    holds(++members_running == 1);
    weft_sleep(1);
    members_running--;
    members_ended++;
    return result;
}

/* What has been evaluated is started, in a group that has failed or was cancelled meanwhile too: it
 * may own its arguments. */
static void start_member(int result)
{
    const int before = evaluated;
    const bool was_cancelled = is_team_cancelled;
    const int error = group_go(team, be_member, evaluate_slowly(result));

    if (error == 0)
        started++;
    else
        holds(error == -ECANCELED || error == -ETIMEDOUT);
    holds(error != 0 || evaluated > before);
    holds(!was_cancelled || error == -ECANCELED);
}

static void start_one(void)
{
    start_member(0);
}

static void start_one_in_time(void)
{
    weft_within(INSTANT, start_member(7));
}

static void wait_for_team(void)
{
    const int before = started, result = group_wait(team);

    holds(result == 0 || result == 7 || result == -ECANCELED);
    holds(members_ended >= before); /* others may have been started since */
}

static void cancel_team(void)
{
    weft_sleep(INSTANT);
    holds(group_cancel(team) == 0);
    is_team_cancelled = true;
}

static void begin_team(void)
{
    evaluated = started = members_running = members_ended = 0;
    is_team_cancelled = false;
    team = group_new(1);
    act(start_one);
    act(start_one_in_time);
    act(wait_for_team);
}

static void begin_team_is_cancelled(void)
{
    begin_team();
    act(cancel_team);
}

static void begin_starter_is_cancelled(void)
{
    begin_team();
    act(cancel_the_first);
}

static void over_team(void)
{
    weft_shield(group_wait(team));
    holds(evaluated == started && started == members_ended);
    group_free(team);
}

static void a_member_whose_arguments_were_evaluated_is_started(void **state)
{
    (void)state;
    explore((struct scenario){"team", begin_team, over_team, 0});
    explore((struct scenario){"team-early", begin_team, over_team, 2});
    explore((struct scenario){"team-is-cancelled", begin_team_is_cancelled, over_team, 0});
    explore((struct scenario){"team-is-cancelled-early", begin_team_is_cancelled, over_team, 1});
    explore((struct scenario){"starter-is-cancelled", begin_starter_is_cancelled, over_team, 1});
}

/* ---- thread locals ---- */

enum { OWNERS = 2 };

static int destroyed[OWNERS], destroyed_later[OWNERS];
static task(int) owner;
static int rounds;

static void destroy_later(void *value)
{
    weft_yield();
    ++*(int *)value;
}

static struct weft_local later = WEFT_LOCAL(destroy_later);

/* Waits, under what has cancelled its thread, and in a shield; and leaves more to be destroyed. */
static void destroy_owned(void *value);
static struct weft_local owned = WEFT_LOCAL(destroy_owned);

static void destroy_owned(void *value)
{
    int i = (int)((int *)value - destroyed);

    holds(weft_local_get(&owned) == NULL);
    weft_sleep(1);
    weft_shield(weft_sleep(1));
    destroyed[i]++;
    holds(weft_local_set(&later, &destroyed_later[i]) == 0);
}

static int own(int i)
{
    holds(weft_local_get(&owned) == NULL);
    holds(weft_local_set(&owned, &destroyed[i]) == 0);
    weft_sleep(1);
    holds(weft_local_get(&owned) == &destroyed[i]);
    return 7;
}

static bool is_destroyed(int i)
{
    return destroyed[i] == 1 && destroyed_later[i] == 1;
}

static void join_owner(void)
{
    int result = 0;

    if (weft_within(INSTANT, task_join(owner, &result)) != 0)
        holds(weft_shield(task_join(owner, &result)) == 0);
    holds(result == 7 && is_destroyed(0));
}

static void cancel_owner(void)
{
    weft_sleep(INSTANT);
    holds(task_cancel(owner) == (is_destroyed(0) ? -ESRCH : 0));
}

static void own_in_group(void)
{
    struct weft_group *g = group_new(1);

    if (group_go(g, own, 1) == 0) {
        holds(weft_shield(group_wait(g)) == 7);
        holds(is_destroyed(1));
    }
    group_free(g);
}

static void begin_with_owner(void)
{
    for (int i = 0; i < OWNERS; i++)
        destroyed[i] = destroyed_later[i] = 0;
    owner = spawn(own, 0);
}

static void begin_owners(void)
{
    begin_with_owner();
    act(own_in_group);
    act(join_owner);
    act(cancel_the_first);
}

static void begin_owner_is_cancelled(void)
{
    begin_with_owner();
    act(join_owner);
    act(cancel_owner);
    act(cancel_the_first);
}

static void count_round(void *value);
static struct weft_local round_again = WEFT_LOCAL(count_round);

static void count_round(void *value)
{
    rounds++;
    weft_yield();
    weft_local_set(&round_again, value);
}

static void go_round_for_ever(void)
{
    weft_local_set(&round_again, &rounds);
    weft_yield();
}

static void begin_rounds(void)
{
    rounds = 0;
    act(go_round_for_ever);
    act(go_round_for_ever);
}

static void over_rounds(void)
{
    holds(rounds == 2 * 4);
}

static void whoever_has_seen_a_threads_end_finds_its_values_destroyed(void **state)
{
    (void)state;
    explore((struct scenario){"owners", begin_owners, NULL, 0});
    explore((struct scenario){"owner-is-cancelled", begin_owner_is_cancelled, NULL, 0});
    explore((struct scenario){"owner-is-cancelled-early", begin_owner_is_cancelled, NULL, 1});
    explore((struct scenario){"rounds", begin_rounds, over_rounds, 0});
}

/* ---- a ticker ---- */

static chan(int) ticks;
static int ticked, heard;
static struct event closed;

/* Ticks until nobody wants to hear it, and does not fall behind. */
static void tick(void)
{
    int result = 0;

    for (int i = 1; result == 0; i++) {
        const int64_t due = i * INSTANT;
        const int at = (int)weft_now();

        result = chan_select([0] = chan_case_recv(supply, NULL), [1] = chan_case_timeout(due - at));
        if (result == CHAN_CLOSED(0))
            holds(closed.moment);
        if (result != 1)
            break;
        holds(weft_now() >= due);
        result = weft_within(INSTANT, chan_send(ticks, i));
        if (result == 0)
            holds(++ticked == i);
        if (result == -ETIMEDOUT)
            holds(weft_now() >= due + INSTANT);
    }
    holds(result != -ECANCELED || cancelled.moment);
    chan_close(ticks);
}

static void listen(void)
{
    chan_each(i, ticks) {
        holds(i > heard && weft_now() >= i * INSTANT);
        heard = i;
    }
}

static void stop_ticker(void)
{
    weft_sleep(2 * INSTANT);
    chan_close(supply);
    closed = happens();
}

static void begin_ticker(void)
{
    supply = chan_new(int);
    ticks = chan_new(int);
    ticked = heard = 0;
    closed = cancelled = (struct event){.at = 0};
    act(tick);
    act(listen);
    act(stop_ticker);
    act(cancel_the_first);
}

static void over_ticker(void)
{
    holds(ticked == heard);
    chan_free(ticks);
    chan_free(supply);
}

/* Until who has waited for the ticker has no time left, or is closed itself. */
static void stop_listening(void)
{
    weft_sleep(3 * INSTANT);
    chan_close(ticks);
    chan_close(supply);
    closed = happens();
}

static void listen_in_time(void)
{
    weft_within(2 * INSTANT, listen());
}

static void begin_ticker_unheard(void)
{
    supply = chan_new(int);
    ticks = chan_new(int);
    ticked = heard = 0;
    closed = cancelled = (struct event){.at = 0};
    act(tick);
    act(listen_in_time);
    act(stop_listening);
}

static void a_ticker_ends_with_every_tick_heard_that_was_told(void **state)
{
    (void)state;
    explore((struct scenario){"ticker", begin_ticker, over_ticker, 0});
    explore((struct scenario){"ticker-early", begin_ticker, over_ticker, 1});
    explore((struct scenario){"ticker-unheard", begin_ticker_unheard, over_ticker, 0});
    explore((struct scenario){"ticker-unheard-early", begin_ticker_unheard, over_ticker, 2});
}

/* Of the tests that have passed. */
static int say_what_is_proved(void **state)
{
    (void)state;
    printf(
        "proved: %d explored scenarios, %d of them by every schedule, by %llu schedules in all\n",
        proved.scenarios, proved.exhausted, proved.schedules);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        check_test(a_signal_is_never_lost_on_one_who_gives_up),
        check_test(a_broadcast_ends_the_waits_of_all_who_have_not_given_up),
        check_test(a_wait_returns_with_the_mutex_beyond_its_deadline),
        check_test(a_wait_for_a_group_ends_by_what_comes_first),
        check_test(once_is_once_whoever_runs_it_and_gives_up),
        check_test(a_generator_that_yields_nothing_only_ends),
        check_test(a_body_that_waits_for_a_signal_is_closed_with_nothing_lost),
        check_test(a_member_whose_arguments_were_evaluated_is_started),
        check_test(whoever_has_seen_a_threads_end_finds_its_values_destroyed),
        check_test(a_ticker_ends_with_every_tick_heard_that_was_told),
    };

    return cmocka_run_group_tests(tests, NULL, say_what_is_proved);
}
