/* SPDX-License-Identifier: MIT */
/* Modules: the program and the libraries that it has loaded, found by an address in them.
 *
 * Nothing here allocates or locks, so a signal handler may ask; only where libc has no _dl_find_object
 * (glibc before 2.35, musl, static programs) does the search go by dl_iterate_phdr, which takes the
 * loader's lock. */
#ifndef WEFT_RUNTIME_MODULE_H
#define WEFT_RUNTIME_MODULE_H

#include <stdbool.h>
#include <stdint.h>

struct weft_module {
    const char *path;
    uintptr_t offset;      /* of the address in it, as addr2line wants it */
    const uint8_t *tables; /* its .eh_frame_hdr, NULL if it has none */
};

/* The module that an address is in: false if it is in none. */
bool weft__unwind_module(uintptr_t address, struct weft_module *out);

/* Finds the program's own path, which the loader does not know. To be called at least once, and not
 * by a signal handler, before weft__unwind_module is; else that says "?" of the program. */
void weft__unwind_init(void);

#endif
