/* SPDX-License-Identifier: MIT */
/* The macros of the headers as cppcheck can read them: of statements within expressions, __auto_type
 * and a function's type within a declaration it makes syntax errors, and leaves the file. A handle is
 * a pointer to what passes, a call a call that nothing is known of, a loop a loop. Nothing compiles
 * this: tools/check gives it to cppcheck before each file. */
#ifndef WEFT_TESTS_CPPCHECK_PLAIN_H
#define WEFT_TESTS_CPPCHECK_PLAIN_H

#ifndef __cplusplus

#include <weft/chan.h>
#include <weft/deadline.h>
#include <weft/gen.h>
#include <weft/group.h>
#include <weft/select.h>
#include <weft/start.h>
#include <weft/thread.h>

/* Of any arguments; what pointers point to may be read and written. */
int plain_call();
void *plain_handle();
struct weft_case plain_case();

#undef weft_go
#undef weft_go_with
#undef weft_spawn
#undef weft_spawn_with
#undef weft_task
#undef weft_task_join
#undef weft_task_cancel
#undef weft_task_detach
#define weft_go(...) plain_call(__VA_ARGS__)
#define weft_go_with(opts, ...) plain_call(opts, __VA_ARGS__)
#define weft_spawn(...) plain_handle(__VA_ARGS__)
#define weft_spawn_with(opts, ...) plain_handle(opts, __VA_ARGS__)
#define weft_task(...) __typeof__(__VA_ARGS__ *)
#define weft_task_join(...) plain_call(__VA_ARGS__)
#define weft_task_cancel(task) plain_call(task)
#define weft_task_detach(task) plain_call(task)

#undef weft_group_go
#define weft_group_go(group, ...) plain_call(group, __VA_ARGS__)

#undef weft_chan
#undef weft_chan_rx
#undef weft_chan_tx
#undef weft_chan_new
#undef weft_chan_send
#undef weft_chan_send_from
#undef weft_chan_trysend
#undef weft_chan_recv
#undef weft_chan_tryrecv
#undef weft_chan_each
#undef weft_chan_close
#undef weft_chan_free
#define weft_chan(...) __typeof__(__VA_ARGS__ *)
#define weft_chan_rx(...) __typeof__(__VA_ARGS__ *)
#define weft_chan_tx(...) __typeof__(__VA_ARGS__ *)
#define weft_chan_new(...) ((__VA_ARGS__ *)plain_handle())
#define weft_chan_send(channel, ...) plain_call(channel, __VA_ARGS__)
#define weft_chan_send_from(channel, from) plain_call(channel, from)
#define weft_chan_trysend(channel, ...) plain_call(channel, __VA_ARGS__)
#define weft_chan_recv(channel, into) plain_call(channel, into)
#define weft_chan_tryrecv(channel, into) plain_call(channel, into)
#define weft_chan_each(x, channel) for (__typeof__(*(channel)) x; plain_call(channel, &x) == 0;)
#define weft_chan_close(channel) plain_call(channel)
#define weft_chan_free(channel) plain_call(channel)

#undef weft_chan_select
#undef weft_chan_case_recv
#undef weft_chan_case_send
#undef weft_chan_case_default
#undef weft_chan_case_timeout
#undef weft_chan_set_recv
#undef weft_chan_set_send
#define weft_chan_select(...) plain_call((struct weft_case[]){__VA_ARGS__})
#define weft_chan_case_recv(channel, into) plain_case(channel, into)
#define weft_chan_case_send(channel, ...) plain_case(channel, __VA_ARGS__)
#define weft_chan_case_default plain_case()
#define weft_chan_case_timeout(ns) plain_case(ns)
#define weft_chan_set_recv(channel, into) plain_case(channel, into)
#define weft_chan_set_send(channel, from) plain_case(channel, from)

#undef weft_gen
#undef weft_gen_new
#undef weft_gen_new2
#undef weft_gen_next
#undef weft_gen_send
#undef weft_gen_yield
#undef weft_gen_yield_recv
#undef weft_gen_close
#undef weft_gen_each
#define weft_gen(Y, ...) __typeof__(Y *)
#define weft_gen_new(Y, ...) ((Y *)plain_handle(__VA_ARGS__))
#define weft_gen_new2(Y, S, ...) ((Y *)plain_handle(__VA_ARGS__))
#define weft_gen_next(gen, into) plain_call(gen, into)
#define weft_gen_send(gen, into, ...) plain_call(gen, into, __VA_ARGS__)
#define weft_gen_yield(gen, ...) plain_call(gen, __VA_ARGS__)
#define weft_gen_yield_recv(gen, in, ...) plain_call(gen, in, __VA_ARGS__)
#define weft_gen_close(gen) plain_call(gen)
#define weft_gen_each(y, gen) for (__typeof__(*(gen)) y; plain_call(gen, &y) == 0;)

#undef weft_within
#undef weft_shield
#define weft_within(ns, ...) plain_value(ns, (__VA_ARGS__))
#define weft_shield(...) plain_value((__VA_ARGS__))

#else

#include <weft/weft.hpp>

#undef weft_chan_each
#undef weft_gen_each
#define weft_chan_each(x, channel) for (auto x : channel)
#define weft_gen_each(y, gen) for (auto y : gen)

#endif

#endif
