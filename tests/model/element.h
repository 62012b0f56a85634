/* SPDX-License-Identifier: MIT */
/* The objects that values travel in: of several sizes, and every byte tells whether it arrived. */
#ifndef WEFT_TESTS_MODEL_ELEMENT_H
#define WEFT_TESTS_MODEL_ELEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct element_wide {
    uint64_t words[5];
};

union element {
    unsigned char bytes[sizeof(struct element_wide)];
    uint8_t of_1;
    uint32_t of_4;
    uint64_t of_8;
    struct element_wide of_40;
};

/* As an object of the size holds the value; of one byte, not all of it. */
void element_write(union element *e, size_t size, int value);

void element_clear(union element *e);

/* The value in a cleared object, if all its bytes are as sent and none beyond it was touched; else
 * TRACE_UNTOUCHED or TRACE_SPOILT. */
int element_read(const union element *e, size_t size);

#endif
