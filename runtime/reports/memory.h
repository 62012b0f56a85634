/* SPDX-License-Identifier: MIT */
/* All that the process could remember: the words of all memory that it may read, as the kernel lists
 * it.
 *
 * Memory that was never touched is passed over, and so is what cannot be read: guard pages, devices.
 * Everything is read by the kernel's hand, so that nothing faults that another OS thread unmaps. */
#ifndef WEFT_RUNTIME_MEMORY_H
#define WEFT_RUNTIME_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Words, copied, and where they were; and the mapping that they are in. */
struct weft_memory_part {
    const uintptr_t *words;
    size_t n;
    uintptr_t at;
    uintptr_t low;
    uintptr_t high;
};

enum { WEFT__MEMORY_WORK_BYTES = 64 * 1024 };

/* Calls visit for one part after the other. False: not all could be looked at. The work is of
 * WEFT__MEMORY_WORK_BYTES, aligned to a page, and visited like all else. */
bool weft__memory_each(void *work, void (*visit)(const struct weft_memory_part *part, void *data),
                       void *data);

#endif
