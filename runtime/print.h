/* SPDX-License-Identifier: MIT */
/* Text for people, without libc's formatting: no allocation, no lock, no locale, little stack. So
 * reports can be written on any stack, and in a signal handler. */
#ifndef WEFT_RUNTIME_PRINT_H
#define WEFT_RUNTIME_PRINT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

enum { WEFT__PRINT_BYTES = 1024 }; /* a good size for the buffer of one that writes */

/* A buffer, and where it goes when it is full. */
struct weft_print {
    int fd; /* -1: nowhere, and what does not fit is cut off */
    char *text;
    size_t size; /* of the buffer */
    size_t used;
};

/* One that writes to a descriptor, by way of the buffer. */
static inline struct weft_print weft__print_to(int fd, char *buffer, size_t size)
{
    return (struct weft_print){.fd = fd, .text = buffer, .size = size};
}

/* As printf, with %s, %d, %u, %x, %lld, %llu, %zu, %p and %% alone, and no widths. Bytes of a string
 * that are not printable come out as '?', but the format's own do not. */
__attribute__((format(printf, 2, 3))) void weft__print(struct weft_print *p, const char *format,
                                                       ...);

__attribute__((format(printf, 2, 0))) void weft__print_values(struct weft_print *p,
                                                              const char *format, va_list values);

/* "12,345" */
void weft__print_count(struct weft_print *p, uint64_t n);

/* "1.50 s", "20 ms", "900 ns": three digits at least, where there are so many. */
void weft__print_duration(struct weft_print *p, int64_t ns);

/* "64 KiB", "1 MiB", "100 bytes": the largest unit that divides it. */
void weft__print_size(struct weft_print *p, size_t bytes);

/* Writes what the buffer holds. errno stays as it is. */
void weft__print_flush(struct weft_print *p);

/* Ends the text with a zero, in place of the last byte if there is no room. */
const char *weft__print_string(struct weft_print *p);

#endif
