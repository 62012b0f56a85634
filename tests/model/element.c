/* SPDX-License-Identifier: MIT */
#include "element.h"

#include <string.h>

#include "program.h"
#include "trace.h"

enum { ELEMENT_UNTOUCHED_BYTE = 0xee };

void element_write(union element *e, size_t size, int value)
{
    memset(e, 0, sizeof *e);
    switch (size) {
    case 1:
        e->of_1 = (uint8_t)program_seen(size, value);
        break;
    case 4:
        e->of_4 = (uint32_t)value;
        break;
    case 8:
        e->of_8 = (uint64_t)value * 0x100000001;
        break;
    default:
        for (size_t i = 0; i < sizeof e->of_40.words / sizeof e->of_40.words[0]; i++)
            e->of_40.words[i] = (uint64_t)value << i;
    }
}

void element_clear(union element *e)
{
    memset(e, ELEMENT_UNTOUCHED_BYTE, sizeof *e);
}

static bool element_is_untouched(const union element *e)
{
    union element clear;

    element_clear(&clear);
    return memcmp(e->bytes, clear.bytes, sizeof clear.bytes) == 0;
}

int element_read(const union element *e, size_t size)
{
    union element sent, clear;
    int value;

    if (element_is_untouched(e))
        return TRACE_UNTOUCHED;
    value = size == 1 ? e->of_1 : size == 4 ? (int)e->of_4 : (int)(uint32_t)e->of_8;
    element_write(&sent, size, value);
    element_clear(&clear);
    if (memcmp(e->bytes, sent.bytes, size) != 0 ||
        memcmp(&e->bytes[size], clear.bytes, sizeof e->bytes - size) != 0)
        return TRACE_SPOILT;
    return value;
}
