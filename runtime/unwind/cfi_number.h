/* SPDX-License-Identifier: MIT */
/* The numbers in the tables of call frames (.eh_frame): each call reads the one at *at and moves *at
 * behind it. The tables are trusted, as the code beside them is. */
#ifndef WEFT_RUNTIME_CFI_NUMBER_H
#define WEFT_RUNTIME_CFI_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of so many bytes, eight at most. */
uint64_t weft__cfi_fixed(const uint8_t **at, size_t size);
int64_t weft__cfi_fixed_signed(const uint8_t **at, size_t size);

/* Of seven bits in each byte. */
uint64_t weft__cfi_leb(const uint8_t **at);
int64_t weft__cfi_leb_signed(const uint8_t **at);

/* How a number is encoded, by a byte in the tables. */
enum {
    WEFT__CFI_ABSOLUTE = 0x00,
    WEFT__CFI_OMITTED = 0xff,
    WEFT__CFI_FORMAT = 0x0f, /* of what is stored */
    WEFT__CFI_LEB = 0x01,
    WEFT__CFI_UNSIGNED_2 = 0x02,
    WEFT__CFI_UNSIGNED_4 = 0x03,
    WEFT__CFI_UNSIGNED_8 = 0x04,
    WEFT__CFI_LEB_SIGNED = 0x09,
    WEFT__CFI_SIGNED_2 = 0x0a,
    WEFT__CFI_SIGNED_4 = 0x0b,
    WEFT__CFI_SIGNED_8 = 0x0c,
    WEFT__CFI_RELATIVE = 0x70, /* to what it is */
    WEFT__CFI_TO_ITSELF = 0x10,
    WEFT__CFI_TO_TABLES = 0x30,
};

/* What is stored in this encoding; false if it is not known. */
bool weft__cfi_encoded(const uint8_t **at, uint8_t encoding, uint64_t *out);

/* An address, which is not looked up if it is one of an address. */
bool weft__cfi_pointer(const uint8_t **at, uint8_t encoding, const uint8_t *tables, uint64_t *out);

#endif
