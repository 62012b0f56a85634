/* SPDX-License-Identifier: MIT */
/* What stands in for assertions in a child process, on any thread of it: says what is not so on
 * standard error, and ends the process. */
#ifndef WEFT_TESTS_EXPECT_H
#define WEFT_TESTS_EXPECT_H

#include <stdio.h>
#include <unistd.h>

enum { EXPECT_STATUS = 99 };

#define expect(condition)                                                                  \
    do {                                                                                   \
        if (!(condition)) {                                                                \
            dprintf(STDERR_FILENO, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            _exit(EXPECT_STATUS);                                                          \
        }                                                                                  \
    } while (0)

#endif
