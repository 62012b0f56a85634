/* SPDX-License-Identifier: MIT */
#include "cfi_number.h"

#include <string.h>

uint64_t weft__cfi_fixed(const uint8_t **at, size_t size)
{
    uint64_t value = 0;

    memcpy(&value, *at, size); /* all processors here have the low byte first */
    *at += size;
    return value;
}

int64_t weft__cfi_fixed_signed(const uint8_t **at, size_t size)
{
    const unsigned unused = (unsigned)(8 * (sizeof(uint64_t) - size));

    return (int64_t)(weft__cfi_fixed(at, size) << unused) >> unused;
}

/* Also says by how many bits what comes next would be shifted, and which byte was the last. */
static uint64_t cfi_leb_read(const uint8_t **at, unsigned *shift, uint8_t *last)
{
    uint64_t value = 0;

    *shift = 0;
    do {
        *last = *(*at)++;
        if (*shift < 64)
            value |= (uint64_t)(*last & 0x7f) << *shift;
        *shift += 7;
    } while (*last & 0x80);
    return value;
}

uint64_t weft__cfi_leb(const uint8_t **at)
{
    unsigned shift;
    uint8_t last;

    return cfi_leb_read(at, &shift, &last);
}

int64_t weft__cfi_leb_signed(const uint8_t **at)
{
    unsigned shift;
    uint8_t last;
    uint64_t value = cfi_leb_read(at, &shift, &last);

    if (shift < 64 && (last & 0x40))
        value |= ~UINT64_C(0) << shift;
    return (int64_t)value;
}

bool weft__cfi_encoded(const uint8_t **at, uint8_t encoding, uint64_t *out)
{
    switch (encoding & WEFT__CFI_FORMAT) {
    case WEFT__CFI_LEB:
        *out = weft__cfi_leb(at);
        return true;
    case WEFT__CFI_LEB_SIGNED:
        *out = (uint64_t)weft__cfi_leb_signed(at);
        return true;
    case WEFT__CFI_UNSIGNED_2:
        *out = weft__cfi_fixed(at, 2);
        return true;
    case WEFT__CFI_SIGNED_2:
        *out = (uint64_t)weft__cfi_fixed_signed(at, 2);
        return true;
    case WEFT__CFI_UNSIGNED_4:
        *out = weft__cfi_fixed(at, 4);
        return true;
    case WEFT__CFI_SIGNED_4:
        *out = (uint64_t)weft__cfi_fixed_signed(at, 4);
        return true;
    case WEFT__CFI_ABSOLUTE:
    case WEFT__CFI_UNSIGNED_8:
    case WEFT__CFI_SIGNED_8:
        *out = weft__cfi_fixed(at, 8);
        return true;
    default:
        return false;
    }
}

bool weft__cfi_pointer(const uint8_t **at, uint8_t encoding, const uint8_t *tables, uint64_t *out)
{
    const uint8_t *self = *at;

    if (!weft__cfi_encoded(at, encoding, out))
        return false;
    switch (encoding & WEFT__CFI_RELATIVE) {
    case WEFT__CFI_ABSOLUTE:
        return true;
    case WEFT__CFI_TO_ITSELF:
        *out += (uintptr_t)self;
        return true;
    case WEFT__CFI_TO_TABLES:
        *out += (uintptr_t)tables;
        return true;
    default:
        return false;
    }
}
