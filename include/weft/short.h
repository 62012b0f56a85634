/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Short names: chan for weft_chan, go for weft_go. Each is documented under its long name.
 *
 * On in C, unless WEFT_NO_SHORT_NAMES is defined; off in C++, whose libraries use some of them,
 * unless WEFT_SHORT_NAMES is defined. They are macros: with them, no function may be called chan or
 * go, and no member either. Public headers of a library should say the long names.
 */
#ifndef WEFT_SHORT_H
#define WEFT_SHORT_H

#if defined __GNUC__ && !defined __clang__
#pragma GCC system_header /* see base.h */
#endif

#if !defined WEFT_NO_SHORT_NAMES && (!defined __cplusplus || defined WEFT_SHORT_NAMES)

#define go(...) weft_go(__VA_ARGS__)
#define go_with(opts, ...) weft_go_with(opts, __VA_ARGS__)
#define spawn(...) weft_spawn(__VA_ARGS__)
#define spawn_with(opts, ...) weft_spawn_with(opts, __VA_ARGS__)
#define task(...) weft_task(__VA_ARGS__)
#define task_join(...) weft_task_join(__VA_ARGS__)
#define task_cancel(task) weft_task_cancel(task)
#define task_detach(task) weft_task_detach(task)

#define group_new(running_max) weft_group_new(running_max)
#define group_go(group, ...) weft_group_go(group, __VA_ARGS__)
#define group_wait(group) weft_group_wait(group)
#define group_cancel(group) weft_group_cancel(group)
#define group_free(group) weft_group_free(group)
#define group_who(group) weft_group_who(group)

#define chan(...) weft_chan(__VA_ARGS__)
#define chan_rx(...) weft_chan_rx(__VA_ARGS__)
#define chan_tx(...) weft_chan_tx(__VA_ARGS__)
#define chan_new(...) weft_chan_new(__VA_ARGS__)
#define chan_send(channel, ...) weft_chan_send(channel, __VA_ARGS__)
#define chan_recv(channel, into) weft_chan_recv(channel, into)
#define chan_each(x, channel) weft_chan_each(x, channel)
#define chan_close(channel) weft_chan_close(channel)
#define chan_free(channel) weft_chan_free(channel)
#define chan_send_from(channel, from) weft_chan_send_from(channel, from)
#define chan_trysend(channel, ...) weft_chan_trysend(channel, __VA_ARGS__)
#define chan_tryrecv(channel, into) weft_chan_tryrecv(channel, into)

#define chan_select(...) weft_chan_select(__VA_ARGS__)
#define chan_case_recv(channel, into) weft_chan_case_recv(channel, into)
#define chan_case_send(channel, ...) weft_chan_case_send(channel, __VA_ARGS__)
#define chan_case_default weft_chan_case_default
#define chan_case_timeout(ns) weft_chan_case_timeout(ns)
#define chan_select_n(cases, n) weft_chan_select_n(cases, n)
#define chan_set_recv(channel, into) weft_chan_set_recv(channel, into)
#define chan_set_send(channel, from) weft_chan_set_send(channel, from)
#define CHAN_CLOSED(i) WEFT_CHAN_CLOSED(i)

#define gen(...) weft_gen(__VA_ARGS__)
#define gen_new(Y, ...) weft_gen_new(Y, __VA_ARGS__)
#define gen_new2(Y, S, ...) weft_gen_new2(Y, S, __VA_ARGS__)
#define gen_next(gen, into) weft_gen_next(gen, into)
#define gen_yield(gen, ...) weft_gen_yield(gen, __VA_ARGS__)
#define gen_close(gen) weft_gen_close(gen)
#define gen_each(y, gen) weft_gen_each(y, gen)
#define gen_send(gen, into, ...) weft_gen_send(gen, into, __VA_ARGS__)
#define gen_yield_recv(gen, in, ...) weft_gen_yield_recv(gen, in, __VA_ARGS__)

#endif

#endif
