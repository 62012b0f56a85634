/* SPDX-License-Identifier: MIT */
/**
 * @file
 * What a green thread does besides running: wait for another's end, stop it, give way, sleep; and
 * what a program settles about all of them.
 *
 * Cancelling a thread is asking it to end, and never takes anything out of its hands: from then on
 * each of its calls that may park returns -ECANCELED, without trying and without parking, the one
 * that is parked at once. It cleans up and returns. What was handed over before counts as done.
 * A thread that ignores the results goes on for as long as it likes.
 *
 * From C++ use weft.hpp.
 */
#ifndef WEFT_THREAD_H
#define WEFT_THREAD_H

#include "base.h"
#include "start.h"

#if defined __GNUC__ && !defined __clang__
#pragma GCC system_header /* see base.h */
#endif

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Lets every other ready thread run first: the caller goes to the end of the run queue.
 *
 * If no other is ready, it returns at once. Parks nobody: deadlines do not touch it.
 */
WEFT_API void weft_yield(void);

/**
 * Parks the caller for ns nanoseconds, never less.
 *
 * Zero or less is over already: the call does not park. WEFT_FOREVER sleeps until a deadline or the
 * end of the program. Results: 0; -ETIMEDOUT, -ECANCELED, -EDEADLK: sooner than asked. Cost: no
 * system call unless all threads are parked.
 */
WEFT_API int weft_sleep(int64_t ns);

/**
 * Makes n stacks ready, beyond those in use, for programs that must know that they can be had.
 *
 * Threads whose stack is of the default size find theirs there. Does not park. Results: 0; -ENOMEM:
 * fewer than n are ready, and those stay. Cost: system calls, for some stacks at a time, and the
 * address space and one resident page.
 */
WEFT_API int weft_reserve(size_t n);

/**
 * Sets the size of the stacks of threads that ask for none, for the whole process.
 *
 * Call it before the first spawn. Later it holds for what any OS thread starts from then on;
 * threads and generators started before keep their size, and stacks that weft_reserve() made ready
 * keep theirs. bytes is what a stack takes of the address space, its guard page included; it is
 * rounded up to a power of two. Without the call: 64 KiB. Results: 0; -EINVAL: less than 16 KiB, or
 * more than the library has pools for.
 */
WEFT_API int weft_stack_default(size_t bytes);

/**
 * Chooses what a deadlock does: if on is not 0, it ends main's call with -EDEADLK.
 *
 * A deadlock is that no thread can run, no timer runs and nothing outside can wake one. Otherwise
 * it prints what each thread waits for and ends the program with status 2. For the calling OS
 * thread: main here is what it was running when it first called weft. Two waits that nothing
 * interrupts lead to the report all the same: weft_gen_close()'s, and that of
 * weft_condition_wait() for its mutex, once the wait for the signal is over.
 */
WEFT_API void weft_deadlock_returns(int on);

/**
 * Ends all threads of the calling OS thread, and frees what they have left: so that a program ends
 * with nothing running and nothing leaked.
 *
 * Called by main, or by an OS thread's own function. First every thread is cancelled, as by
 * weft_task_cancel(), and so are those that are started meanwhile; the call waits until each has
 * returned. Then the bodies of generators that were not closed are ended, as by weft_gen_close(), the
 * newest generator first, and the caller's own weft_local values are destroyed. When nothing of that
 * has left anybody running, everything goes: generators, channels, groups, tasks that nobody joined,
 * stacks. No handle of theirs may be used any more; weft itself may, from the start.
 *
 * May park. Results: 0; -ETIMEDOUT, -ECANCELED: some are still running, all are cancelled, and
 * nothing was freed: call it again; -EDEADLK: likewise, and none of them can run; -EPERM: called on a
 * green thread's stack, as by an exit handler when a green thread has called exit(), or from within
 * another call of its own, or at the end of the OS thread: nothing was done. Without the call, what
 * main's return leaves is the system's business. Cost: proportional to the threads and to how long
 * they take.
 */
WEFT_API int weft_shutdown(void);

/**
 * Names the calling thread, for reports: the first 31 bytes are copied; NULL takes the name away.
 *
 * Does not park. Results: 0; -ENOMEM. The source of the thread's first name is struct
 * weft_spawn_opts.
 */
WEFT_API int weft_set_name(const char *name);

/**
 * Tells whether the calling thread has been cancelled: 1 or 0.
 *
 * For loops that calculate and make no call that would tell. In a weft_shield() it is 0. Does not
 * park.
 */
WEFT_API int weft_is_cancelled(void);

/* For the macros alone. */
WEFT_API int weft_task_cancel_(struct weft_thread *task);
WEFT_API int weft_task_detach_(struct weft_thread *task);
WEFT_API int weft_task_join_(struct weft_thread *task, void *result, size_t result_size);

#ifdef __cplusplus
}
#endif

#ifndef __cplusplus

/**
 * Waits until the task's thread has ended, takes its result, and frees it: task_join(t) or
 * task_join(t, R *into).
 *
 * *into gets fn's result; NULL or no second argument drops it. Every task is joined exactly once:
 * afterwards the handle is no longer valid. May park. Results: 0; -EINVAL: the task is NULL;
 * -ETIMEDOUT, -ECANCELED, -EDEADLK: the thread goes on, the task can still be joined; -ENOMEM: as of
 * weft_task_cancel(). Stops the program: a task that was joined or detached before, one that another
 * thread is joining, the caller's own, one of another OS thread. Cost: no switch if the thread has
 * ended.
 */
#define weft_task_join(...) WEFT_CAT_(WEFT_JOIN_, WEFT_ARITY_(__VA_ARGS__))(__VA_ARGS__)

/**
 * Cancels the task's thread: see above. task_cancel(t), of any thread's but a generator's body.
 *
 * Also the caller's own, and again, which changes nothing. A thread that has not run yet still runs,
 * since it may own its arguments; its calls fail from the first. Threads that it has started go on,
 * but those of a group: see group.h. The task still is to be joined, unless it is detached. Does not
 * park. Results: 0; -ESRCH: the thread has ended, joined or not; -EINVAL: the task is NULL; -ENOMEM:
 * there was no memory for the first call of weft's from this OS thread. Stops the program: a task of
 * another OS thread.
 */
#define weft_task_cancel(task) weft_task_cancel_(WEFT_TASK_(task))

/**
 * Gives up joining the task: its thread frees what it needs when it ends, and its result is dropped.
 *
 * The handle may still be used for weft_task_cancel(). Does not park. Results: 0; -EINVAL: the task
 * is NULL; -ENOMEM: as of weft_task_cancel(). Stops the program: a task that was joined or detached
 * before, one that another thread is joining, one of another OS thread.
 */
#define weft_task_detach(task) weft_task_detach_(WEFT_TASK_(task))

/* ------------------------------------------------------------------------------------------------
 * From here on: not for use, only what the macros above are made of. */

#define WEFT_RESULT_(task) __typeof__((*(task))((struct weft_thread *)0))

/* The handle of what must be a task; the first operand only checks that. */
#define WEFT_TASK_(task) ((void)sizeof(WEFT_RESULT_(task) *), (struct weft_thread *)(void *)(task))

#define WEFT_JOIN_0_(task) WEFT_UNIQUE_(WEFT_JOIN_ONLY_, task)
#define WEFT_JOIN_1_(task, into) WEFT_UNIQUE_(WEFT_JOIN_INTO_, task, into)
#define WEFT_JOIN_ONLY_(n, task)                                               \
    __extension__({                                                            \
        __auto_type weft_task_##n = (task);                                    \
        (void)sizeof(WEFT_RESULT_(weft_task_##n) *);                           \
        weft_task_join_((struct weft_thread *)(void *)weft_task_##n, NULL, 0); \
    })
#define WEFT_JOIN_INTO_(n, task, into)                                                           \
    __extension__({                                                                              \
        __auto_type weft_task_##n = (task);                                                      \
        typedef WEFT_RESULT_(weft_task_##n) weft_result_##n;                                     \
        __auto_type weft_into_##n = (into);                                                      \
        WEFT_CAN_HOLD_(weft_into_##n, weft_result_##n, "task_join", "result");                   \
        weft_result_##n *weft_to_##n = weft_into_##n;                                            \
        weft_task_join_((struct weft_thread *)(void *)weft_task_##n, weft_to_##n,                \
                        WEFT_IS_VOID_(weft_result_##n) ? 0                                       \
                                                       : sizeof(WEFT_OBJECT_(weft_result_##n))); \
    })

#endif

#endif
