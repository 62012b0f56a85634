/* SPDX-License-Identifier: MIT */
/* What this process takes of memory, and what the machine has for it.
 *
 * Nothing here allocates, and nothing needs more than a little of a stack: it is asked when memory
 * is short, and by green threads. */
#ifndef STRESS_MEMORY_H
#define STRESS_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of anonymous memory that are resident. */
uint64_t memory_resident(void);

/* The same, to the byte: slower to tell, and no estimate of the kernel's. */
uint64_t memory_anonymous(void);

/* Bytes of address space. */
uint64_t memory_mapped(void);

/* Mappings of this process, and the number that it may have. */
uint64_t memory_mappings(void);
uint64_t memory_mappings_max(void);

/* Bytes that can become resident: free memory and swap, or what the control group allows. */
uint64_t memory_available(void);

/* What vm.overcommit_memory is: 2 means that promises are counted. */
uint64_t memory_overcommit(void);

#endif
