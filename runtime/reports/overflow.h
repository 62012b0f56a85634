/* SPDX-License-Identifier: MIT */
/* The report of a stack overflow: a fault in a guard page, told apart from any other. */
#ifndef WEFT_RUNTIME_OVERFLOW_H
#define WEFT_RUNTIME_OVERFLOW_H

/* From now on, for the whole process: SIGSEGV and SIGBUS in a guard page are reported before they go
 * on as every other does. If it cannot be, nothing is. */
void weft__overflow_watch(void);

#endif
