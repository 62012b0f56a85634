/* SPDX-License-Identifier: MIT */
/* The signal that asks every worker of the process what its threads are doing: WEFT_DUMP_SIGNAL. */
#ifndef WEFT_RUNTIME_DUMP_SIGNAL_H
#define WEFT_RUNTIME_DUMP_SIGNAL_H

/* From now on, for the whole process: on that signal every worker in the roster dumps its threads on
 * standard error. One that is idle does so at once. One that runs a thread says where that one is, and
 * dumps the others when it next looks outside, or at a second signal. */
void weft__dump_signal_watch(int signo);

#endif
