/* SPDX-License-Identifier: MIT */
/* Every mistake stops the program: one sentence on standard error, which names thread, object and
 * call, then abort(). Each is made in a child process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>

#include <cmocka.h>

#include <weft.h>

#include "child.h"
#include "runtime/calls.h"
#include "runtime/sched.h"

static void nothing(void) {}

/* ---- tasks ---- */

static void join_a_task_twice(void)
{
    task(void) t = spawn(nothing);

    task_join(t);
    task_join(t);
}

static void join_a_task_again_after_its_record_is_in_use_again(void)
{
    task(void) t = spawn(nothing);

    task_join(t);
    spawn(nothing);
    task_join(t);
}

static void join_only(task(void) t)
{
    task_join(t);
}

static void join_a_task_that_another_thread_is_joining(void)
{
    task(void) t = spawn(weft_yield);

    go(join_only, t);
    weft_yield();
    task_join(t);
}

static task(void) own;

static void join_own(void)
{
    task_join(own);
}

static void join_oneself(void)
{
    own = spawn(join_own);
    weft_yield();
}

static void wait_for_the_join(task(void) *handle)
{
    *handle = (task(void))(void *)weft__thread_handle(weft__self->current->thread);
    weft_sleep(1);
}

/* No call hands out the handle of such a thread: it must be forged. */
static void join_a_task_that_was_detached(void)
{
    task(void) forged;

    go(wait_for_the_join, &forged);
    weft_yield();
    task_join(forged);
}

static void join_what_no_spawn_returned(void)
{
    task_join((task(void))(uintptr_t)0x7fffffffffff0000);
}

static void join_a_task_after_detaching_it(void)
{
    task(void) t = spawn(weft_yield);

    task_detach(t);
    task_join(t);
}

static void join_a_task_after_detaching_it_and_its_end(void)
{
    task(void) t = spawn(nothing);

    task_detach(t);
    weft_yield();
    task_join(t);
}

static void detach_a_task_twice(void)
{
    task(void) t = spawn(weft_yield);

    task_detach(t);
    task_detach(t);
}

static void detach_a_task_again_after_its_end(void)
{
    task(void) t = spawn(nothing);

    weft_yield();
    task_detach(t);
    task_detach(t);
}

static void detach_a_task_that_was_joined(void)
{
    task(void) t = spawn(nothing);

    task_join(t);
    task_detach(t);
}

static void detach_a_task_that_another_thread_is_joining(void)
{
    task(void) t = spawn(weft_yield);

    go(join_only, t);
    weft_yield();
    task_detach(t);
}

static void detach_what_no_spawn_returned(void)
{
    task_detach((task(void))(uintptr_t)0x7fffffffffff0000);
}

static void cancel_what_no_spawn_returned(void)
{
    task_cancel((task(void))(uintptr_t)0x7fffffffffff0000);
}

/* ---- channels ---- */

static void receive_int(chan_rx(int) c)
{
    chan_recv(c, NULL);
}

static void send_int(chan_tx(int) c)
{
    chan_send(c, 1);
}

static void select_int(chan(int) c)
{
    chan_select(chan_case_recv(c, NULL), chan_case_send(c, 1));
}

static void free_a_channel_that_a_receiver_waits_in(void)
{
    chan(int) c = chan_new(int);

    go(receive_int, c);
    weft_yield();
    chan_free(c);
}

static void free_a_channel_that_a_sender_waits_in(void)
{
    chan(int) c = chan_new(int);

    go(send_int, c);
    weft_yield();
    chan_free(c);
}

static void free_a_channel_that_a_select_waits_in(void)
{
    chan(int) c = chan_new(int);

    go(select_int, c);
    weft_yield();
    chan_free(c);
}

/* A channel of int behind the handle of a channel of short. */
static chan(short) disguised(void)
{
    return (chan(short))(void *)chan_new(int);
}

static void send_an_element_of_another_size(void)
{
    chan_send(disguised(), 1);
}

static void send_from_an_element_of_another_size(void)
{
    const short one = 1;

    chan_send_from(disguised(), &one);
}

static void receive_an_element_of_another_size(void)
{
    short s;

    chan_recv(disguised(), &s);
}

static void drop_an_element_of_another_size(void)
{
    chan_recv(disguised(), NULL);
}

static void try_to_send_an_element_of_another_size(void)
{
    chan_trysend(disguised(), 1);
}

static void try_to_receive_an_element_of_another_size(void)
{
    chan_tryrecv(disguised(), NULL);
}

static void select_receive_of_another_size(void)
{
    chan_select(chan_case_default, chan_case_recv(disguised(), NULL));
}

static void select_send_of_another_size(void)
{
    chan_select(chan_case_send(disguised(), 1));
}

/* ---- generators ---- */

static void count(gen(int) self)
{
    for (int i = 0; gen_yield(self, i) == 0; i++)
        ;
}

static void yield_by_main(void)
{
    gen(int) g = gen_new(int, count);

    gen_next(g, NULL);
    gen_yield(g, 1);
}

static void yield_only(gen(int) g)
{
    gen_yield(g, 1);
}

static void yield_by_another_thread(void)
{
    gen(int) g = gen_new(int, count);

    gen_next(g, NULL);
    go(yield_only, g);
    weft_yield();
}

static void yield_twice(gen(int) self)
{
    gen_yield(self, 1);
    gen_yield(self, 1);
}

static void yield_again_after_epipe(void)
{
    gen(int) g = gen_new(int, yield_twice);

    gen_next(g, NULL);
    gen_close(g);
}

static void sleep_then_yield_twice(gen(int) self)
{
    weft_sleep(WEFT_FOREVER);
    yield_twice(self);
}

static void yield_again_after_epipe_when_cancelled_elsewhere(void)
{
    gen(int) g = gen_new(int, sleep_then_yield_twice);

    weft_within(1, gen_next(g, NULL));
    gen_close(g);
}

static void next_of_self(gen(int) self)
{
    gen_next(self, NULL);
}

static void next_by_the_body(void)
{
    gen_next(gen_new(int, next_of_self), NULL);
}

static void send_to_self(gen(int, int) self)
{
    gen_send(self, NULL, 1);
}

static void send_by_the_body(void)
{
    gen_next(gen_new2(int, int, send_to_self), NULL);
}

static void close_self(gen(int) self)
{
    gen_close(self);
}

static void close_by_the_body(void)
{
    gen_next(gen_new(int, close_self), NULL);
}

static void sleep_in_body(gen(int) self)
{
    weft_sleep(WEFT_SEC(1));
    gen_yield(self, 1);
}

static void next_only(gen(int) g)
{
    gen_next(g, NULL);
}

static void close_only(gen(int) g)
{
    gen_close(g);
}

static void next_while_another_thread_is_inside(void)
{
    gen(int) g = gen_new(int, sleep_in_body);

    go(next_only, g);
    weft_yield();
    gen_next(g, NULL);
}

static void close_while_another_thread_is_inside(void)
{
    gen(int) g = gen_new(int, sleep_in_body);

    go(next_only, g);
    weft_yield();
    gen_close(g);
}

static void clean_up_slowly(gen(int) self)
{
    gen_yield(self, 1);
    weft_sleep(WEFT_SEC(1));
}

static void next_while_another_thread_closes(void)
{
    gen(int) g = gen_new(int, clean_up_slowly);

    gen_next(g, NULL);
    go(close_only, g);
    weft_sleep(1);
    gen_next(g, NULL);
}

static void close_while_another_thread_closes(void)
{
    gen(int) g = gen_new(int, clean_up_slowly);

    gen_next(g, NULL);
    go(close_only, g);
    weft_sleep(1);
    gen_close(g);
}

/* A generator of int behind the handle of one of short. */
static gen(short) disguised_gen(gen(int) g)
{
    return (gen(short))(void *)g;
}

static void next_of_another_size(void)
{
    gen_next(disguised_gen(gen_new(int, count)), NULL);
}

static void yield_another_size(gen(int) self)
{
    gen_yield(disguised_gen(self), 1);
}

static void yield_a_value_of_another_size(void)
{
    gen_next(gen_new(int, yield_another_size), NULL);
}

static void echo(gen(int, int) self)
{
    for (int n = 0; gen_yield_recv(self, &n, n) == 0;)
        ;
}

static void send_a_value_of_another_size(void)
{
    gen(int, int) g = gen_new2(int, int, echo);

    gen_next(g, NULL);
    gen_send((gen(int, short))(void *)g, NULL, (short)1);
}

static void receive_another_size(gen(int, int) self)
{
    short s;

    gen_yield_recv((gen(int, short))(void *)self, &s, 1);
}

static void take_a_value_of_another_size(void)
{
    gen_next(gen_new2(int, int, receive_another_size), NULL);
}

/* ---- mutex, condition and their like ---- */

static struct weft_mutex mutex, other_mutex;
static struct weft_condition condition;
static struct weft_semaphore semaphore;
static struct weft_waitgroup group;
static struct weft_completion completion;
static struct weft_once once;

static void lock_twice(void)
{
    weft_mutex_lock(&mutex);
    weft_mutex_lock(&mutex);
}

static void lock_only(void)
{
    weft_mutex_lock(&mutex);
}

static void lock_two(void)
{
    weft_mutex_lock(&mutex);
    weft_mutex_lock(&other_mutex);
}

static void unlock_what_nobody_holds(void)
{
    weft_yield();
    weft_mutex_unlock(&mutex);
}

static void lock_and_stay(void)
{
    weft_mutex_lock(&mutex);
    weft_sleep(WEFT_FOREVER);
}

static void unlock_what_another_thread_holds(void)
{
    go(lock_and_stay);
    weft_yield();
    weft_mutex_unlock(&mutex);
}

static void unlock_twice(void)
{
    weft_mutex_lock(&mutex);
    weft_mutex_unlock(&mutex);
    weft_mutex_unlock(&mutex);
}

static void end_with_a_mutex(void)
{
    go(lock_only);
    weft_yield();
}

static void end_with_a_mutex_in_a_task(void)
{
    task_join(spawn(lock_only));
}

static void end_with_two_mutexes(void)
{
    go(lock_two);
    weft_yield();
}

static void wait_without_the_mutex(void)
{
    weft_condition_wait(&condition, &mutex);
}

static void be_done_too_often(void)
{
    weft_waitgroup_add(&group, 1);
    weft_waitgroup_done(&group);
    weft_waitgroup_done(&group);
}

static void add_below_zero(void)
{
    weft_waitgroup_add(&group, 1);
    weft_waitgroup_add(&group, -2);
}

static void add_beyond_the_range(void)
{
    weft_waitgroup_add(&group, INT64_MAX);
    weft_waitgroup_add(&group, 1);
}

static void release_beyond_the_range(void)
{
    semaphore = (struct weft_semaphore)WEFT_SEMAPHORE(INT64_MAX);
    weft_semaphore_release(&semaphore);
}

static void do_nothing(void *unused)
{
    (void)unused;
}

static void do_again(void *unused)
{
    (void)unused;
    weft_once(&once, do_again, NULL);
}

static void once_within_itself(void)
{
    weft_once(&once, do_again, NULL);
}

static jmp_buf out_of_once;

static void jump_out(void *unused)
{
    (void)unused;
    longjmp(out_of_once, 1);
}

static void leave_once(void)
{
    if (setjmp(out_of_once) == 0)
        weft_once(&once, jump_out, NULL);
}

static void once_whose_thread_has_left_it_and_ended(void)
{
    task_join(spawn(leave_once));
    weft_once(&once, do_again, NULL);
}

static struct weft_mutex not_zero;

static void lock_what_was_not_zero(void)
{
    memset(&not_zero, 0x55, sizeof not_zero);
    weft_mutex_lock(&not_zero);
}

static void lock_null(void)
{
    weft_mutex_lock(NULL);
}

static void set_null(void)
{
    weft_completion_set(NULL);
}

/* ---- from a worker that does not own it ---- */

static chan(int) foreign_chan;
static gen(int) foreign_gen;
static gen(int, int) foreign_echo;
static task(void) foreign_task;

/* The objects are another OS thread's, which is still there. */
static void *call_from_outside(void *call)
{
    (*(void (**)(void))call)();
    return NULL;
}

static void from_outside(void (*call)(void))
{
    pthread_t other;

    foreign_chan = chan_new(int);
    foreign_gen = gen_new(int, count);
    foreign_echo = gen_new2(int, int, echo);
    gen_next(foreign_echo, NULL);
    foreign_task = spawn(nothing);
    weft_mutex_lock(&mutex);
    weft_condition_signal(&condition);
    weft_semaphore_release(&semaphore);
    weft_waitgroup_add(&group, 1);
    weft_completion_set(&completion);
    weft_once(&once, do_nothing, NULL);
    pthread_create(&other, NULL, call_from_outside, &call);
    pthread_join(other, NULL);
}

#define foreign_call(name, call)      \
    static void name##_outside(void)  \
    {                                 \
        call;                         \
    }                                 \
    static void name(void)            \
    {                                 \
        from_outside(name##_outside); \
    }                                 \
    struct mistake /* for the semicolon */

foreign_call(send_on_a_foreign_channel, chan_send(foreign_chan, 1));
foreign_call(send_from_on_a_foreign_channel, chan_send_from(foreign_chan, &(int){1}));
foreign_call(receive_from_a_foreign_channel, chan_recv(foreign_chan, NULL));
foreign_call(try_to_send_on_a_foreign_channel, chan_trysend(foreign_chan, 1));
foreign_call(try_to_receive_from_a_foreign_channel, chan_tryrecv(foreign_chan, NULL));
foreign_call(close_a_foreign_channel, chan_close(foreign_chan));
foreign_call(free_a_foreign_channel, chan_free(foreign_chan));
foreign_call(select_on_a_foreign_channel, chan_select(chan_case_recv(foreign_chan, NULL)));
foreign_call(join_a_foreign_task, task_join(foreign_task));
foreign_call(cancel_a_foreign_task, task_cancel(foreign_task));
foreign_call(detach_a_foreign_task, task_detach(foreign_task));
foreign_call(next_of_a_foreign_generator, gen_next(foreign_gen, NULL));
foreign_call(send_to_a_foreign_generator, gen_send(foreign_echo, NULL, 1));
foreign_call(close_a_foreign_generator, gen_close(foreign_gen));
foreign_call(yield_of_a_foreign_generator, gen_yield(foreign_gen, 1));
foreign_call(lock_a_foreign_mutex, weft_mutex_lock(&mutex));
foreign_call(try_to_lock_a_foreign_mutex, weft_mutex_trylock(&mutex));
foreign_call(unlock_a_foreign_mutex, weft_mutex_unlock(&mutex));
foreign_call(wait_for_a_foreign_condition, weft_condition_wait(&condition, &mutex));
foreign_call(signal_a_foreign_condition, weft_condition_signal(&condition));
foreign_call(broadcast_to_a_foreign_condition, weft_condition_broadcast(&condition));
foreign_call(acquire_a_foreign_semaphore, weft_semaphore_acquire(&semaphore));
foreign_call(try_to_acquire_a_foreign_semaphore, weft_semaphore_tryacquire(&semaphore));
foreign_call(release_a_foreign_semaphore, weft_semaphore_release(&semaphore));
foreign_call(add_to_a_foreign_wait_group, weft_waitgroup_add(&group, 1));
foreign_call(be_done_with_a_foreign_wait_group, weft_waitgroup_done(&group));
foreign_call(wait_for_a_foreign_wait_group, weft_waitgroup_wait(&group));
foreign_call(wait_for_a_foreign_completion, weft_completion_wait(&completion));
foreign_call(set_a_foreign_completion, weft_completion_set(&completion));
foreign_call(ask_a_foreign_completion, weft_completion_is_set(&completion));
foreign_call(once_of_a_foreign_object, weft_once(&once, do_nothing, NULL));

/* ---- how each ends ---- */

struct mistake {
    const char *name;
    void (*make)(void);
    const char *call; /* what the sentence names */
    const char *object;
};

#define MISTAKE(make, call, object) \
    {                               \
#make, make, call, object   \
    }

static const struct mistake mistakes[] = {
    MISTAKE(join_a_task_twice, "task_join", "task 0x"),
    MISTAKE(join_a_task_again_after_its_record_is_in_use_again, "task_join", "task 0x"),
    MISTAKE(join_a_task_that_another_thread_is_joining, "task_join", "task 0x"),
    MISTAKE(join_oneself, "task_join", "task 0x"),
    MISTAKE(join_a_task_that_was_detached, "task_join", "task 0x"),
    MISTAKE(join_what_no_spawn_returned, "task_join", "0x7fffffffffff0000"),
    MISTAKE(join_a_task_after_detaching_it, "task_join", "task 0x"),
    MISTAKE(join_a_task_after_detaching_it_and_its_end, "task_join", "task 0x"),
    MISTAKE(detach_a_task_twice, "task_detach", "task 0x"),
    MISTAKE(detach_a_task_again_after_its_end, "task_detach", "task 0x"),
    MISTAKE(detach_a_task_that_was_joined, "task_detach", "task 0x"),
    MISTAKE(detach_a_task_that_another_thread_is_joining, "task_detach", "task 0x"),
    MISTAKE(detach_what_no_spawn_returned, "task_detach", "0x7fffffffffff0000"),
    MISTAKE(cancel_what_no_spawn_returned, "task_cancel", "0x7fffffffffff0000"),
    MISTAKE(free_a_channel_that_a_receiver_waits_in, "chan_free", "channel 0x"),
    MISTAKE(free_a_channel_that_a_sender_waits_in, "chan_free", "channel 0x"),
    MISTAKE(free_a_channel_that_a_select_waits_in, "chan_free", "channel 0x"),
    MISTAKE(send_an_element_of_another_size, "chan_send", "channel 0x"),
    MISTAKE(send_from_an_element_of_another_size, "chan_send", "channel 0x"),
    MISTAKE(receive_an_element_of_another_size, "chan_recv", "channel 0x"),
    MISTAKE(drop_an_element_of_another_size, "chan_recv", "channel 0x"),
    MISTAKE(try_to_send_an_element_of_another_size, "chan_trysend", "channel 0x"),
    MISTAKE(try_to_receive_an_element_of_another_size, "chan_tryrecv", "channel 0x"),
    MISTAKE(select_receive_of_another_size, "chan_select", "channel 0x"),
    MISTAKE(select_send_of_another_size, "chan_select", "channel 0x"),
    MISTAKE(yield_by_main, "gen_yield", "generator 0x"),
    MISTAKE(yield_by_another_thread, "gen_yield", "generator 0x"),
    MISTAKE(yield_again_after_epipe, "gen_yield", "generator 0x"),
    MISTAKE(yield_again_after_epipe_when_cancelled_elsewhere, "gen_yield", "generator 0x"),
    MISTAKE(next_by_the_body, "gen_next", "generator 0x"),
    MISTAKE(send_by_the_body, "gen_", "generator 0x"),
    MISTAKE(close_by_the_body, "gen_close", "generator 0x"),
    MISTAKE(next_while_another_thread_is_inside, "gen_next", "generator 0x"),
    MISTAKE(close_while_another_thread_is_inside, "gen_close", "generator 0x"),
    MISTAKE(next_while_another_thread_closes, "gen_next", "generator 0x"),
    MISTAKE(close_while_another_thread_closes, "gen_close", "generator 0x"),
    MISTAKE(next_of_another_size, "gen_next", "generator 0x"),
    MISTAKE(yield_a_value_of_another_size, "gen_yield", "generator 0x"),
    MISTAKE(send_a_value_of_another_size, "gen_send", "generator 0x"),
    MISTAKE(take_a_value_of_another_size, "gen_yield_recv", "generator 0x"),
    MISTAKE(send_on_a_foreign_channel, "chan_send", "channel 0x"),
    MISTAKE(send_from_on_a_foreign_channel, "chan_send", "channel 0x"),
    MISTAKE(receive_from_a_foreign_channel, "chan_recv", "channel 0x"),
    MISTAKE(try_to_send_on_a_foreign_channel, "chan_trysend", "channel 0x"),
    MISTAKE(try_to_receive_from_a_foreign_channel, "chan_tryrecv", "channel 0x"),
    MISTAKE(close_a_foreign_channel, "chan_close", "channel 0x"),
    MISTAKE(free_a_foreign_channel, "chan_free", "channel 0x"),
    MISTAKE(select_on_a_foreign_channel, "chan_select", "channel 0x"),
    MISTAKE(join_a_foreign_task, "task_join", "task 0x"),
    MISTAKE(cancel_a_foreign_task, "task_cancel", "task 0x"),
    MISTAKE(detach_a_foreign_task, "task_detach", "task 0x"),
    MISTAKE(next_of_a_foreign_generator, "gen_next", "generator 0x"),
    MISTAKE(send_to_a_foreign_generator, "gen_", "generator 0x"),
    MISTAKE(close_a_foreign_generator, "gen_close", "generator 0x"),
    MISTAKE(yield_of_a_foreign_generator, "gen_yield", "generator 0x"),
    MISTAKE(lock_twice, "weft_mutex_lock", "mutex 0x"),
    MISTAKE(unlock_what_nobody_holds, "weft_mutex_unlock", "mutex 0x"),
    MISTAKE(unlock_what_another_thread_holds, "weft_mutex_unlock", "mutex 0x"),
    MISTAKE(unlock_twice, "weft_mutex_unlock", "mutex 0x"),
    MISTAKE(end_with_a_mutex, "return while it holds", "mutex 0x"),
    MISTAKE(end_with_a_mutex_in_a_task, "return while it holds", "mutex 0x"),
    MISTAKE(end_with_two_mutexes, "return while it holds 2 mutexes", "0x"),
    MISTAKE(wait_without_the_mutex, "weft_condition_wait", "mutex 0x"),
    MISTAKE(be_done_too_often, "weft_waitgroup_done", "wait group 0x"),
    MISTAKE(add_below_zero, "weft_waitgroup_add", "wait group 0x"),
    MISTAKE(add_beyond_the_range, "weft_waitgroup_add", "wait group 0x"),
    MISTAKE(release_beyond_the_range, "weft_semaphore_release", "semaphore 0x"),
    MISTAKE(once_within_itself, "weft_once", "once 0x"),
    MISTAKE(once_whose_thread_has_left_it_and_ended, "whose function's thread has ended",
            "once 0x"),
    MISTAKE(lock_what_was_not_zero, "weft_mutex_lock", "0x"),
    MISTAKE(lock_null, "weft_mutex_lock", "NULL"),
    MISTAKE(set_null, "weft_completion_set", "NULL"),
    MISTAKE(lock_a_foreign_mutex, "weft_mutex_lock", "0x"),
    MISTAKE(try_to_lock_a_foreign_mutex, "weft_mutex_trylock", "0x"),
    MISTAKE(unlock_a_foreign_mutex, "weft_mutex_unlock", "0x"),
    MISTAKE(wait_for_a_foreign_condition, "weft_condition_wait", "0x"),
    MISTAKE(signal_a_foreign_condition, "weft_condition_signal", "0x"),
    MISTAKE(broadcast_to_a_foreign_condition, "weft_condition_broadcast", "0x"),
    MISTAKE(acquire_a_foreign_semaphore, "weft_semaphore_acquire", "0x"),
    MISTAKE(try_to_acquire_a_foreign_semaphore, "weft_semaphore_tryacquire", "0x"),
    MISTAKE(release_a_foreign_semaphore, "weft_semaphore_release", "0x"),
    MISTAKE(add_to_a_foreign_wait_group, "weft_waitgroup_add", "0x"),
    MISTAKE(be_done_with_a_foreign_wait_group, "weft_waitgroup_done", "0x"),
    MISTAKE(wait_for_a_foreign_wait_group, "weft_waitgroup_wait", "0x"),
    MISTAKE(wait_for_a_foreign_completion, "weft_completion_wait", "0x"),
    MISTAKE(set_a_foreign_completion, "weft_completion_set", "0x"),
    MISTAKE(ask_a_foreign_completion, "weft_completion_is_set", "0x"),
    MISTAKE(once_of_a_foreign_object, "weft_once", "0x"),
};

enum { MISTAKES = sizeof mistakes / sizeof mistakes[0] };

static int make_mistake(const void *mistake)
{
    ((const struct mistake *)mistake)->make();
    return 0;
}

/* What the child said, without what a sanitizer says of itself. */
static char *sentence(struct child *c)
{
    char *line = c->said;

    while (strncmp(line, "==", 2) == 0 && strchr(line, '\n'))
        line = strchr(line, '\n') + 1;
    return line;
}

/* Behind the sentence: frames, and how to read them, if there is a frame. */
static bool is_backtrace(const char *text)
{
    while (strncmp(text, "    ", 4) == 0)
        text = strchr(text, '\n') + 1;
    return *text == '\0' || strncmp(text, "weft: `weft-lines` makes", 24) == 0;
}

static void stops_the_program(void **state)
{
    const struct mistake *mistake = *state;
    struct child c = child_run(make_mistake, mistake);
    char *said = sentence(&c), *end = strchr(said, '\n');

    assert_false(c.late);
    assert_int_equal(c.signal, SIGABRT);
    assert_non_null(end);
    assert_true(is_backtrace(end + 1));
    end[1] = '\0';
    print_message("             %s", said);
    assert_int_equal(strncmp(said, "weft: thread ", 13), 0);
    assert_non_null(strstr(said, mistake->call));
    assert_non_null(strstr(said, mistake->object));
    if (strstr("channel 0x generator 0x", mistake->object) && mistake->object[0] != '0')
        assert_non_null(strstr(said, "test_mistakes.c:")); /* where the object was made */
}

static void fail_by_name(gen(int) g)
{
    gen_next(g, NULL);
    gen_yield(g, 1);
}

static int make_mistake_in_a_named_thread(const void *unused)
{
    const struct weft_spawn_opts opts = {.size = sizeof opts, .name = "parser"};
    gen(int) g = gen_new(int, count);

    (void)unused;
    task_join(spawn_with(&opts, fail_by_name, g));
    return 0;
}

static void the_sentence_names_the_thread_by_name_and_by_function(void **state)
{
    struct child c = child_run(make_mistake_in_a_named_thread, NULL);

    (void)state;
    assert_int_equal(c.signal, SIGABRT);
    assert_non_null(strstr(c.said, "'parser'"));
    assert_non_null(strstr(c.said, "fail_by_name at "));
    assert_non_null(strstr(c.said, "test_mistakes.c:"));
}

static void *no_calloc(size_t n, size_t size)
{
    (void)n;
    (void)size;
    return NULL;
}

/* Without memory for a worker there is no thread to name, and no room but the caller's. */
static int make_mistake_without_a_worker(const void *unused)
{
    struct weft_waitgroup nobodys = {0};

    (void)unused;
    weft__calls.calloc = no_calloc;
    weft_waitgroup_done(&nobodys);
    return 0;
}

static void a_mistake_without_a_worker_stops_the_program_too(void **state)
{
    struct child c = child_run(make_mistake_without_a_worker, NULL);

    (void)state;
    assert_int_equal(c.signal, SIGABRT);
    assert_non_null(
        strstr(c.said, "weft: outside of any thread: weft_waitgroup_done of wait group 0x"));
}

int main(void)
{
    static struct CMUnitTest tests[MISTAKES + 2];

    setenv("WEFT_CLOCK", "virtual", 1);
    for (int i = 0; i < MISTAKES; i++)
        tests[i] = (struct CMUnitTest){
            .name = mistakes[i].name,
            .test_func = stops_the_program,
            .initial_state = (void *)(uintptr_t)&mistakes[i],
        };
    tests[MISTAKES] =
        (struct CMUnitTest)cmocka_unit_test(the_sentence_names_the_thread_by_name_and_by_function);
    tests[MISTAKES + 1] =
        (struct CMUnitTest)cmocka_unit_test(a_mistake_without_a_worker_stops_the_program_too);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
