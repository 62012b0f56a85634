/* SPDX-License-Identifier: MIT */
/* Starting a thread, running it to its end, and joining it. */
#ifndef WEFT_RUNTIME_SPAWN_H
#define WEFT_RUNTIME_SPAWN_H

struct weft_control;
struct weft_worker;

/* Runs the function of a control block's thread and ends the record; see struct weft_worker. */
struct weft_control *weft__thread_run(struct weft_worker *w, struct weft_control *c);

#endif
