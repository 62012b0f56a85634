/* SPDX-License-Identifier: MIT */
#include "frame.h"

#include "runtime/sanitize.h"

WEFT__NOT_SANITIZED bool weft__frame_read(const struct weft_frame *f, uint64_t address, size_t size,
                                          uint64_t *out)
{
    const volatile uint8_t *bytes = (const volatile uint8_t *)(uintptr_t)address;
    uint64_t word = 0;
    volatile uint8_t *to = (volatile uint8_t *)&word;

    if (address < f->low || address > f->high || f->high - address < size)
        return false;
    for (size_t i = 0; i < size; i++) /* no memcpy, which the sanitizers watch */
        to[i] = bytes[i];
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
