/* SPDX-License-Identifier: MIT */
#include "frame.h"

#include "runtime/sanitize.h"

WEFT__NOT_SANITIZED bool weft__frame_read(const struct weft_frame *f, uint64_t address, size_t size,
                                          uint64_t *out)
{
    uint64_t word = 0;

    if (address < f->low || address > f->high || f->high - address < size)
        return false;
    __builtin_memcpy(&word, (const void *)(uintptr_t)address, size);
    *out = word;
    return true;
}

uint64_t weft__frame_register(const struct weft_frame *f, uint64_t number)
{
#ifdef __x86_64__
    if (number == WEFT__REGISTERS - 1) /* the pc has a number too */
        return f->registers.pc;
#endif
    return number < WEFT__REGISTERS ? f->registers.at[number] : 0;
}
