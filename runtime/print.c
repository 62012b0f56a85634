/* SPDX-License-Identifier: MIT */
#include "print.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "calls.h"

void weft__print_flush(struct weft_print *p)
{
    int saved_errno = errno;
    const char *at = p->text;

    if (p->fd < 0)
        return;
    while (p->used > 0) {
        ssize_t done = weft__calls.write(p->fd, at, p->used);

        if (done == 0 || (done < 0 && errno != EINTR))
            break;
        if (done > 0) {
            at += done;
            p->used -= (size_t)done;
        }
    }
    p->used = 0;
    errno = saved_errno;
}

static void print_byte(struct weft_print *p, char byte)
{
    if (p->used == p->size)
        weft__print_flush(p);
    if (p->used < p->size)
        p->text[p->used++] = byte;
}

static bool print_is_printable(char byte)
{
    return (unsigned char)byte >= ' ' && byte != 0x7f;
}

static void print_string(struct weft_print *p, const char *string)
{
    for (; *string; string++)
        print_byte(p, (char)(print_is_printable(*string) ? *string : '?'));
}

static void print_number(struct weft_print *p, uint64_t n, unsigned base)
{
    char digits[20]; /* of 2^64 in decimal */
    size_t count = 0;

    do {
        digits[count++] = "0123456789abcdef"[n % base];
        n /= base;
    } while (n > 0);
    while (count > 0)
        print_byte(p, digits[--count]);
}

static void print_signed(struct weft_print *p, int64_t n)
{
    if (n < 0)
        print_byte(p, '-');
    print_number(p, n < 0 ? -(uint64_t)n : (uint64_t)n, 10);
}

static void print_pointer(struct weft_print *p, const void *pointer)
{
    print_string(p, "0x");
    print_number(p, (uintptr_t)pointer, 16);
}

static void print_value(struct weft_print *p, char letter, uint64_t value)
{
    switch (letter) {
    case 'd':
        print_signed(p, (int64_t)value);
        break;
    case 'u':
        print_number(p, value, 10);
        break;
    case 'x':
        print_number(p, value, 16);
        break;
    default:
        print_byte(p, letter);
    }
}

/* One conversion, from behind its '%': where its letter stands. */
static const char *print_one(struct weft_print *p, const char *at, va_list *values)
{
    if (*at == 's')
        print_string(p, va_arg(*values, const char *));
    else if (*at == 'p')
        print_pointer(p, va_arg(*values, const void *));
    else if (*at == 'z')
        print_value(p, *++at, va_arg(*values, size_t));
    else if (*at == 'l')
        print_value(p, *(at += 2), va_arg(*values, unsigned long long));
    else if (*at == 'd')
        print_signed(p, va_arg(*values, int));
    else if (*at == '%')
        print_byte(p, '%');
    else
        print_value(p, *at, va_arg(*values, unsigned));
    return at;
}

void weft__print_values(struct weft_print *p, const char *format, va_list values)
{
    va_list left;

    va_copy(left, values);
    for (const char *at = format; *at; at++) {
        if (*at == '%')
            at = print_one(p, at + 1, &left);
        else
            print_byte(p, *at);
    }
    va_end(left);
}

void weft__print(struct weft_print *p, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    weft__print_values(p, format, values);
    va_end(values);
}

void weft__print_count(struct weft_print *p, uint64_t n)
{
    uint64_t unit = 1;

    while (n / unit >= 1000)
        unit *= 1000;
    print_number(p, n / unit, 10);
    for (; unit > 1; unit /= 1000) {
        uint64_t three = n % unit / (unit / 1000);

        print_byte(p, ',');
        for (uint64_t digit = 100; digit > 0; digit /= 10)
            print_byte(p, (char)('0' + three / digit % 10));
    }
}

/* A number of thousandths as n, n.n or n.nn, whichever has three digits. */
static void print_thousandths(struct weft_print *p, uint64_t thousandths)
{
    uint64_t whole = thousandths / 1000, rest = thousandths % 1000 / 10;

    print_number(p, whole, 10);
    if (whole >= 100 || rest == 0)
        return;
    print_byte(p, '.');
    print_byte(p, (char)('0' + rest / 10));
    if (whole < 10)
        print_byte(p, (char)('0' + rest % 10));
}

void weft__print_duration(struct weft_print *p, int64_t ns)
{
    uint64_t left = ns < 0 ? 0 : (uint64_t)ns;

    if (left < 1000) {
        weft__print(p, "%llu ns", (unsigned long long)left);
    } else if (left < 1000000) {
        print_thousandths(p, left);
        print_string(p, " us");
    } else if (left < 1000000000) {
        print_thousandths(p, left / 1000);
        print_string(p, " ms");
    } else {
        print_thousandths(p, left / 1000000);
        print_string(p, " s");
    }
}

void weft__print_size(struct weft_print *p, size_t bytes)
{
    if (bytes >= (size_t)1 << 20 && bytes % ((size_t)1 << 20) == 0)
        weft__print(p, "%zu MiB", bytes >> 20);
    else if (bytes >= 1024 && bytes % 1024 == 0)
        weft__print(p, "%zu KiB", bytes >> 10);
    else
        weft__print(p, "%zu bytes", bytes);
}

const char *weft__print_string(struct weft_print *p)
{
    if (p->used == p->size)
        p->used--;
    p->text[p->used] = '\0';
    return p->text;
}
