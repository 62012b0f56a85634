/* SPDX-License-Identifier: MIT */
/* The deadlock report. */
#ifndef WEFT_RUNTIME_STUCK_H
#define WEFT_RUNTIME_STUCK_H

struct weft_worker;

/* Reports who is parked and on what. */
void weft__stuck_tell(struct weft_worker *w);

/* Nothing can ever run again. Ends the wait of the worker's root with -EDEADLK if the program asked
 * for that, else reports who is parked and on what, and exits with status 2. */
void weft__report_stuck(struct weft_worker *w);

#endif
