/* SPDX-License-Identifier: MIT */
/* Threads on channels that nobody can come to any more are reported while the rest goes on, each once;
 * and none is as long as anybody may still have the handle. Each program is a child process. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include <weft.h>

#include "child.h"
#include "faults.h"
#include "masked.h"
#include "runtime/sanitize.h"

typedef chan(int) chan_int;

#define KEEP __asm__ volatile("") /* else there is no frame of its own in optimised builds */

static void receive(chan_int c)
{
    chan_recv(c, NULL);
    KEEP;
}

static void send_late(chan_int c)
{
    weft_sleep(WEFT_MS(20));
    chan_send(c, 1);
    KEEP;
}

/* ---- programs that leave threads; main only starts who does, and sleeps ---- */

static void pass_time(void)
{
    weft_sleep(WEFT_SEC(1));
    weft_sleep(WEFT_SEC(1));
}

static int run(void (*fn)(void))
{
    go(fn);
    pass_time();
    return 0;
}

static void return_early(chan_int c)
{
    if (c)
        return;
    chan_send(c, 1);
}

static void leave_a_receiver(void)
{
    chan_int c = chan_new(int);

    go(receive, c);
    task_join(spawn(return_early, c));
}

static int a_sender_returns_early(const void *unused)
{
    (void)unused;
    return run(leave_a_receiver);
}

static void give_up(void)
{
    chan_int c = chan_new(int);

    go(send_late, c);
    chan_select(chan_case_recv(c, NULL), chan_case_timeout(WEFT_MS(10)));
}

static int a_receiver_gives_up(const void *unused)
{
    (void)unused;
    return run(give_up);
}

static void copy(chan_int from, chan_int to)
{
    int value;

    while (chan_recv(from, &value) == 0)
        chan_send(to, value);
}

static void leave_a_pipeline(void)
{
    chan_int a = chan_new(int), b = chan_new(int), c = chan_new(int);

    go(copy, a, b);
    go(copy, b, c);
    chan_send(a, 1);
    chan_recv(c, NULL);
}

static int a_pipeline_is_left(const void *unused)
{
    (void)unused;
    return run(leave_a_pipeline);
}

static void receive_then_send(chan_int from, chan_int to)
{
    chan_select(chan_case_recv(from, NULL));
    chan_send(to, 1);
}

static void leave_two(void)
{
    chan_int a = chan_new(int), b = chan_new(int);

    go(receive_then_send, a, b);
    go(receive_then_send, b, a);
}

static int two_wait_for_one_another(const void *unused)
{
    (void)unused;
    return run(leave_two);
}

static task(void) joined;

static void join_it(void)
{
    task_join(joined);
    KEEP;
}

static void leave_a_joiner(void)
{
    joined = spawn(receive, chan_new(int));
    go(join_it);
}

static int one_joins_another(const void *unused)
{
    (void)unused;
    return run(leave_a_joiner);
}

static int more_are_left_later(const void *unused)
{
    (void)unused;
    run(leave_a_receiver);
    return run(leave_a_receiver);
}

static void leave_many(void)
{
    chan_int c = chan_new(int);

    for (int i = 0; i < 1000; i++)
        go(receive, c);
}

static int many_are_left(const void *unused)
{
    (void)unused;
    return run(leave_many);
}

static void leave_one(void)
{
    go(receive, chan_new(int));
}

static int one_is_left_at_exit(const void *unused)
{
    (void)unused;
    go(leave_one);
    weft_yield();
    weft_yield();
    exit(0);
}

static int one_is_left_at_a_dump(const void *unused)
{
    (void)unused;
    go(leave_one);
    weft_yield();
    weft_yield();
    weft_dump(STDOUT_FILENO);
    return 0;
}

static int one_is_left_at_a_shutdown(const void *unused)
{
    (void)unused;
    go(leave_one);
    weft_yield();
    weft_yield();
    return weft_shutdown();
}

static int one_is_left_in_a_deadlock(const void *unused)
{
    struct weft_semaphore never = {0};

    (void)unused;
    go(leave_one);
    weft_semaphore_acquire(&never);
    return 0;
}

static void *run_in_an_os_thread(void *unused)
{
    go(leave_one);
    pass_time();
    return unused;
}

static int an_os_thread_leaves_one(const void *unused)
{
    pthread_t other;

    (void)unused;
    pthread_create(&other, NULL, run_in_an_os_thread, NULL);
    return pthread_join(other, NULL);
}

static void *make(void)
{
    return chan_new(int);
}

static void exit_later(void)
{
    pass_time();
    exit(0);
}

static int main_is_left(const void *unused)
{
    void *made;

    (void)unused;
    go(exit_later);
    task_join(spawn(make), &made);
    receive(made);
    return 1;
}

/* ---- programs that leave nobody ---- */

struct job {
    chan_int answer;
};

static void answer_late(struct job *job)
{
    weft_sleep(WEFT_SEC(60));
    chan_send(job->answer, 1);
}

static void wait_for_job(void)
{
    struct job job = {chan_new(int)};

    go(answer_late, &job);
    chan_recv(job.answer, NULL);
}

static int another_has_a_pointer_to_its_frame(const void *unused)
{
    (void)unused;
    return run(wait_for_job);
}

static void answer_very_late(struct job **job)
{
    weft_sleep(WEFT_SEC(60));
    chan_send((*job)->answer, 1);
}

static void pass_on(struct job *job)
{
    chan_int own = chan_new(int);

    go(answer_very_late, &job);
    chan_recv(own, NULL);
    chan_recv(own, NULL);
}

static void wait_for_job_by_two(void)
{
    struct job job = {chan_new(int)};

    go(pass_on, &job);
    chan_recv(job.answer, NULL);
}

static int another_has_it_by_two_frames(const void *unused)
{
    (void)unused;
    return run(wait_for_job_by_two);
}

static int its_creator_goes_on(const void *unused)
{
    chan_int c = chan_new(int);

    (void)unused;
    go(receive, c);
    pass_time();
    return chan_send(c, 1);
}

static chan_int global;

static void keep_in_a_global(void)
{
    global = chan_new(int);
    go(receive, global);
}

static int a_global_has_it(const void *unused)
{
    (void)unused;
    return run(keep_in_a_global);
}

static __thread chan_int local;

static void keep_in_a_local(void)
{
    local = chan_new(int);
    go(receive, local);
}

static int a_local_of_the_os_thread_has_it(const void *unused)
{
    (void)unused;
    return run(keep_in_a_local);
}

static struct {
    chan_int *heap;
} box;

static void keep_in_the_heap(void)
{
    box.heap = malloc(sizeof *box.heap);
    *box.heap = chan_new(int);
    go(receive, *box.heap);
}

static int the_heap_has_it(const void *unused)
{
    (void)unused;
    return run(keep_in_the_heap);
}

static void keep_in_a_mapping(void)
{
    box.heap =
        mmap(NULL, sizeof *box.heap, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    *box.heap = chan_new(int);
    go(receive, *box.heap);
    mprotect(box.heap, sizeof *box.heap, PROT_READ);
}

static int a_mapping_has_it(const void *unused)
{
    (void)unused;
    return run(keep_in_a_mapping);
}

static void hold(chan_int c)
{
    chan_int volatile held = c;

    c = NULL;
    weft_sleep(WEFT_SEC(10));
    chan_send(held, 1);
}

static void let_another_hold_it(void)
{
    chan_int c = chan_new(int);

    go(receive, c);
    go(hold, c);
}

static int another_frame_has_it(const void *unused)
{
    (void)unused;
    return run(let_another_hold_it);
}

static gen(int) generator;

static void yield_then_send(gen(int) self, chan_int c)
{
    gen_yield(self, 1);
    chan_send(c, 1);
}

static void yield_then_send_far(gen(int) self, long a, long b, long d, chan_int c)
{
    gen_yield(self, (int)(a + b + d));
    chan_send(c, 1);
}

static void give_it_to_a_body(void)
{
    chan_int c = chan_new(int);

    go(receive, c);
    generator = gen_new(int, yield_then_send, c);
}

static int a_body_that_has_not_started_has_it(const void *unused)
{
    (void)unused;
    return run(give_it_to_a_body);
}

static void give_it_to_a_body_far(void)
{
    chan_int c = chan_new(int);

    go(receive, c);
    generator = gen_new(int, yield_then_send_far, 1L, 2L, 3L, c);
}

static int its_many_arguments_have_it(const void *unused)
{
    (void)unused;
    return run(give_it_to_a_body_far);
}

static void give_it_to_a_suspended_body(void)
{
    give_it_to_a_body();
    gen_next(generator, NULL);
}

static int a_suspended_body_has_it(const void *unused)
{
    (void)unused;
    return run(give_it_to_a_suspended_body);
}

static void *make_and_return(void)
{
    chan_int c = chan_new(int);

    go(receive, c);
    return c;
}

static task(void *) maker;

static void spawn_maker(void)
{
    maker = spawn(make_and_return);
}

static int a_result_that_nobody_fetched_is_it(const void *unused)
{
    (void)unused;
    return run(spawn_maker);
}

static void send_the_copy(void *copy)
{
    chan_int *held = copy;

    weft_sleep(WEFT_SEC(60));
    chan_send(*held, 1);
}

static void give_it_in_a_copy(void)
{
    chan_int c = chan_new(int);

    go(receive, c);
    weft_go_copy(send_the_copy, &c, sizeof c);
}

static int a_copy_that_was_given_has_it(const void *unused)
{
    (void)unused;
    return run(give_it_in_a_copy);
}

static void receive_one_send_other(chan_int one, chan_int other)
{
    chan_recv(one, NULL);
    chan_send(other, 1);
}

static void leave_a_chain(void)
{
    chan_int c = chan_new(int);

    global = chan_new(int);
    go(receive, c);
    go(receive_one_send_other, global, c);
}

static int one_whose_channel_is_known_has_it(const void *unused)
{
    (void)unused;
    return run(leave_a_chain);
}

static void receive_within(chan_int c)
{
    weft_within(WEFT_SEC(60), chan_recv(c, NULL));
}

static void leave_one_with_a_deadline(void)
{
    go(receive_within, chan_new(int));
}

static int it_has_a_deadline(const void *unused)
{
    (void)unused;
    return run(leave_one_with_a_deadline);
}

static void select_timed(chan_int c)
{
    chan_select(chan_case_recv(c, NULL), chan_case_timeout(WEFT_SEC(60)));
}

static void leave_one_with_a_timeout(void)
{
    go(select_timed, chan_new(int));
}

static int it_has_a_timeout(const void *unused)
{
    (void)unused;
    return run(leave_one_with_a_timeout);
}

/* Far down, so that nothing of it stays in the frames of a caller that goes on. */
static void deeply(void (*fn)(void), int depth)
{
    char room[64];

    __asm__ volatile("" : : "r"(room));
    if (depth == 0)
        fn();
    else
        deeply(fn, depth - 1);
    __asm__ volatile("" : : "r"(room));
}

enum { DEPTH = 40 };

static void leave_one_and_live(void)
{
    deeply(leave_one, DEPTH);
    weft_sleep(WEFT_SEC(60));
}

static int its_creator_does_something_else(const void *unused)
{
    (void)unused;
    return run(leave_one_and_live);
}

static void send_to_the_global(void)
{
    chan_int c = global;

    global = NULL;
    chan_send(c, 1);
}

static void send_deeply_and_live(void)
{
    deeply(send_to_the_global, DEPTH);
    weft_sleep(WEFT_SEC(60));
}

static void receive_twice(chan_int c)
{
    chan_recv(c, NULL);
    chan_recv(c, NULL);
}

static void send_then_sleep(chan_int c)
{
    chan_send(c, 1);
    c = NULL;
    weft_sleep(WEFT_SEC(60));
}

static void leave_it_to_a_sender(void)
{
    global = chan_new(int);
    go(receive_twice, global);
    go(send_deeply_and_live);
}

static int a_former_user_does_something_else(const void *unused)
{
    (void)unused;
    return run(leave_it_to_a_sender);
}

static void select_then_sleep(chan_int c)
{
    chan_select(chan_case_send(c, 1));
    c = NULL;
    weft_sleep(WEFT_SEC(60));
}

static void leave_a_receiver_and_its_sender(void)
{
    chan_int c = chan_new(int);

    go(receive_twice, c);
    go(send_then_sleep, c);
}

static int a_sleeping_thread_used_it(const void *unused)
{
    (void)unused;
    return run(leave_a_receiver_and_its_sender);
}

static void leave_a_receiver_and_its_selector(void)
{
    chan_int c = chan_new(int);

    go(receive_twice, c);
    go(select_then_sleep, c);
}

static int a_sleeping_thread_selected_it(const void *unused)
{
    (void)unused;
    return run(leave_a_receiver_and_its_selector);
}

static void receive_of_many(long a, long b, long c, long d, long e, long f, long g, long h,
                            chan_int i)
{
    (void)(a + b + c + d + e + f + g + h);
    chan_recv(i, NULL);
    KEEP;
}

static void leave_one_with_many_arguments(void)
{
    go(receive_of_many, 1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, chan_new(int));
}

static int one_with_many_arguments_is_left(const void *unused)
{
    (void)unused;
    return run(leave_one_with_many_arguments);
}

/* The argument: which calls fail, the first of them and the last. */
static int some_calls_fail(const void *range)
{
    const uint32_t *fail = range;

    go(leave_one);
    faults_install();
    if (fail[0] != 1u << FAULT_CALLOC)
        weft_yield();
    faults_fail(fail[0], fail[1], fail[2]);
    pass_time();
    return 0;
}

static int short_waits_are_no_occasion(const void *unused)
{
    (void)unused;
    go(leave_one);
    for (int i = 0; i < 100; i++)
        weft_sleep(WEFT_MS(99));
    return 0;
}

/* ---- what they say ---- */

#define CHAN "channel 0x (made at test_users.c:N)"
#define HEAD_ONE \
    "weft: partial deadlock: 1 thread waits on channels that nobody else is known to use"
#define HEAD(n) \
    "weft: partial deadlock: " n " threads wait on channels that nobody else is known to use"
#define GOES_ON ", and the rest goes on\n"
#define RECEIVER(thread)                                                                         \
    "  thread " thread " (receive at test_users.c:N): receiving from " CHAN ", for less than 1 " \
    "ms\n"
#define ONE(tail) HEAD_ONE tail RECEIVER("3") FRAMES HINT

/* swapcontext leaves much of a stack as it was, and there may be words that look like pointers: then
 * nobody is reported. */
static bool may_be_silent(const char *expected, const char *said)
{
    const char *context = getenv("WEFT_CONTEXT");

    return *said == '\0' && context && strcmp(context, "ucontext") == 0 &&
           strncmp(expected, "weft:", 5) == 0;
}

/* Or one look later, when they are overwritten. */
static const char *in_time(const char *said)
{
    static char text[65536];
    const char *context = getenv("WEFT_CONTEXT"), *late = ", for 1 s";
    char *to = text;

    if (!context || strcmp(context, "ucontext") != 0)
        return said;
    while (*said) {
        const char *end = strstr(said, late);

        to = mempcpy(to, said, end ? (size_t)(end - said) : strlen(said));
        if (!end)
            break;
        to = stpcpy(to, ", for less than 1 ms");
        said = end + strlen(late);
    }
    *to = '\0';
    return text;
}

static void assert_says(int (*program)(const void *), int status, const char *expected)
{
    struct child c = child_run(program, NULL);

    assert_false(c.late);
    assert_int_equal(c.signal, 0);
    assert_int_equal(c.status, status);
    if (!may_be_silent(expected, c.said))
        assert_string_equal(in_time(masked(c.said)), expected);
}

static void a_receiver_whose_sender_returned_is_reported(void **state)
{
    (void)state;
    assert_says(a_sender_returns_early, 0, ONE(GOES_ON));
}

static void a_sender_whose_receiver_gave_up_is_reported(void **state)
{
    (void)state;
    assert_says(a_receiver_gives_up, 0,
                HEAD_ONE GOES_ON "  thread 3 (send_late at test_users.c:N): sending on " CHAN
                                 ", for less than 1 ms\n" FRAMES HINT);
}

static void the_stages_of_a_pipeline_that_is_left_are_reported(void **state)
{
    (void)state;
    assert_says(a_pipeline_is_left, 0,
                HEAD("2") GOES_ON "  thread 3 (copy at test_users.c:N): receiving from " CHAN
                                  ", for less than 1 ms\n" FRAMES
                                  "  thread 4 (copy at test_users.c:N): receiving from " CHAN
                                  ", for less than 1 ms\n" FRAMES HINT);
}

static void two_on_each_others_channels_are_reported(void **state)
{
    (void)state;
    assert_says(
        two_wait_for_one_another, 0,
        HEAD("2") GOES_ON
        "  thread 3 (receive_then_send at test_users.c:N): selecting over 1 clauses: receive "
        "from " CHAN ", for less than 1 ms\n" FRAMES
        "  thread 4 (receive_then_send at test_users.c:N): selecting over 1 clauses: receive "
        "from " CHAN ", for less than 1 ms\n" FRAMES HINT);
}

static void who_waits_for_an_abandoned_thread_is_reported_with_it(void **state)
{
    (void)state;
    assert_says(one_joins_another, 0,
                HEAD("2") GOES_ON RECEIVER("3") FRAMES
                "  thread 4 (join_it at test_users.c:N): joining thread 3 (receive at "
                "test_users.c:N), for less than 1 ms\n" FRAMES HINT);
}

static void each_is_reported_once(void **state)
{
    (void)state;
    assert_says(more_are_left_later, 0, ONE(GOES_ON) HEAD_ONE GOES_ON RECEIVER("4") FRAMES HINT);
}

static void many_on_a_channel_are_reported_as_one(void **state)
{
    (void)state;
    assert_says(many_are_left, 0,
                HEAD("1,000") GOES_ON RECEIVER(
                    "3") "    1,000 threads like this: thread 3, 4, 5 and 997 more\n" FRAMES HINT);
}

static void the_end_of_the_process_is_an_occasion(void **state)
{
    (void)state;
    assert_says(one_is_left_at_exit, 0, ONE("\n"));
    assert_says(one_is_left_at_a_shutdown, 0, ONE("\n"));
}

static void a_dump_is_an_occasion(void **state)
{
    (void)state;
    assert_says(one_is_left_at_a_dump, 0, ONE(GOES_ON));
}

static void a_deadlock_tells_of_them_first(void **state)
{
    struct child c = child_run(one_is_left_in_a_deadlock, NULL);
    const char *said = masked(c.said);

    (void)state;
    assert_int_equal(c.status, 2);
    assert_ptr_equal(strstr(said, HEAD_ONE "\n"), said);
    assert_non_null(strstr(said, "weft: deadlock: 2 threads"));
}

static void main_is_left_to_the_deadlock_report(void **state)
{
    struct child c = child_run(main_is_left, NULL);

    (void)state;
    assert_int_equal(c.status, 0);
    assert_string_equal(c.said, "");
}

static void threads_of_any_os_thread_are_reported(void **state)
{
    (void)state;
    assert_says(an_os_thread_leaves_one, 0, ONE(GOES_ON));
}

static void nobody_is_reported_whom_a_known_user_may_come_to(void **state)
{
    (void)state;
    assert_says(its_creator_goes_on, 0, "");
    assert_says(a_sleeping_thread_used_it, 0, "");
    assert_says(a_sleeping_thread_selected_it, 0, "");
    assert_says(its_creator_does_something_else, 0, "");
    assert_says(a_former_user_does_something_else, 0, "");
}

static void nobody_is_reported_whose_channel_is_found_in_memory(void **state)
{
    (void)state;
    assert_says(a_global_has_it, 0, "");
    assert_says(a_local_of_the_os_thread_has_it, 0, "");
    assert_says(the_heap_has_it, 0, "");
    assert_says(a_mapping_has_it, 0, "");
}

static void nobody_is_reported_whose_channel_another_thread_holds(void **state)
{
    (void)state;
    assert_says(another_frame_has_it, 0, "");
    assert_says(a_body_that_has_not_started_has_it, 0, "");
    assert_says(its_many_arguments_have_it, 0, "");
    assert_says(a_suspended_body_has_it, 0, "");
    assert_says(another_has_a_pointer_to_its_frame, 0, "");
    assert_says(another_has_it_by_two_frames, 0, "");
    assert_says(a_copy_that_was_given_has_it, 0, "");
    assert_says(one_whose_channel_is_known_has_it, 0, "");
    assert_says(a_result_that_nobody_fetched_is_it, 0, "");
}

static void nobody_is_reported_who_waits_for_a_time(void **state)
{
    (void)state;
    assert_says(it_has_a_deadline, 0, "");
    assert_says(it_has_a_timeout, 0, "");
}

static void arguments_that_nobody_looks_at_any_more_do_not_count(void **state)
{
    (void)state;
    assert_says(one_with_many_arguments_is_left, 0,
                HEAD_ONE GOES_ON
                "  thread 3 (receive_of_many at test_users.c:N): receiving from " CHAN
                ", for less than 1 ms\n" FRAMES HINT);
}

static void assert_says_when_failing(uint32_t which, uint32_t first, uint32_t last,
                                     const char *expected)
{
    const uint32_t fail[] = {1u << which, first, last};
    struct child c = child_run(some_calls_fail, fail);

    assert_int_equal(c.status, 0);
    if (!may_be_silent(expected, c.said))
        assert_string_equal(in_time(masked(c.said)), expected);
}

static void nobody_is_reported_where_memory_cannot_be_searched(void **state)
{
    (void)state;
    assert_says_when_failing(FAULT_MMAP, 1, UINT32_MAX, "");
    assert_says_when_failing(FAULT_OPEN, 1, UINT32_MAX, "");
    assert_says_when_failing(FAULT_PEEK, 3, UINT32_MAX, "");
    assert_says_when_failing(FAULT_CALLOC, 1, UINT32_MAX, "");
}

static void what_is_known_of_pages_is_not_needed(void **state)
{
    (void)state;
    assert_says_when_failing(FAULT_PEEK, UINT32_MAX, UINT32_MAX, ONE(GOES_ON));
#ifndef WEFT__SANITIZED /* which map more than can be read */
    assert_says_when_failing(FAULT_OPEN, 2, 2, ONE(GOES_ON));
#endif
}

static void a_short_wait_is_no_occasion(void **state)
{
    (void)state;
    assert_says(short_waits_are_no_occasion, 0, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_receiver_whose_sender_returned_is_reported),
        cmocka_unit_test(a_sender_whose_receiver_gave_up_is_reported),
        cmocka_unit_test(the_stages_of_a_pipeline_that_is_left_are_reported),
        cmocka_unit_test(two_on_each_others_channels_are_reported),
        cmocka_unit_test(who_waits_for_an_abandoned_thread_is_reported_with_it),
        cmocka_unit_test(each_is_reported_once),
        cmocka_unit_test(many_on_a_channel_are_reported_as_one),
        cmocka_unit_test(the_end_of_the_process_is_an_occasion),
        cmocka_unit_test(a_dump_is_an_occasion),
        cmocka_unit_test(a_deadlock_tells_of_them_first),
        cmocka_unit_test(main_is_left_to_the_deadlock_report),
        cmocka_unit_test(threads_of_any_os_thread_are_reported),
        cmocka_unit_test(nobody_is_reported_whom_a_known_user_may_come_to),
        cmocka_unit_test(nobody_is_reported_whose_channel_is_found_in_memory),
        cmocka_unit_test(nobody_is_reported_whose_channel_another_thread_holds),
        cmocka_unit_test(nobody_is_reported_who_waits_for_a_time),
        cmocka_unit_test(arguments_that_nobody_looks_at_any_more_do_not_count),
        cmocka_unit_test(nobody_is_reported_where_memory_cannot_be_searched),
        cmocka_unit_test(what_is_known_of_pages_is_not_needed),
        cmocka_unit_test(a_short_wait_is_no_occasion),
    };

    setenv("WEFT_CLOCK", "virtual", 1);
    setenv("WEFT_REPORT", "deadlocks", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
