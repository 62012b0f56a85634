/* SPDX-License-Identifier: MIT */
/* The leak report, WEFT_REPORT=leaks: what is left when a worker or the process ends. */
#ifndef WEFT_RUNTIME_LEAKS_H
#define WEFT_RUNTIME_LEAKS_H

struct weft_worker;

/* Sees to it that the process ends with the report, if it is asked for. To be called once. */
void weft__leaks_watch(void);

/* Writes it, if it is asked for: threads that have not ended, tasks that were not joined, channels,
 * generators and groups that were not freed. Of nothing it tells too, but once for a worker. */
void weft__leaks_report(struct weft_worker *w);

/* There will be no report: another has told all. */
void weft__leaks_forget(void);

#endif
