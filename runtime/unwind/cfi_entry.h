/* SPDX-License-Identifier: MIT */
/* The tables of call frames (.eh_frame): what they have of one function, searched for by an address
 * in it. */
#ifndef WEFT_RUNTIME_CFI_ENTRY_H
#define WEFT_RUNTIME_CFI_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

/* Instructions. */
struct weft_cfi_code {
    const uint8_t *at, *end;
};

/* A frame description entry, and what it shares with others. */
struct weft_cfi_entry {
    const uint8_t *tables;
    uint64_t start, bytes; /* of the function */
    struct weft_cfi_code common, own;
    uint64_t code_unit;     /* that advances are counted in */
    int64_t data_unit;      /* and offsets */
    uint64_t return_number; /* the register that stands for the return address */
    uint8_t encoding;       /* of addresses */
    bool has_augmentation;  /* with a length */
    bool is_signal;         /* its caller was interrupted, and did not call */
};

/* The entry of the function that pc is in; false if it has none, or none that can be read. */
bool weft__cfi_entry_find(struct weft_cfi_entry *e, uint64_t pc);

#endif
