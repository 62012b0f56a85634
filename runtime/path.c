/* SPDX-License-Identifier: MIT */
#include "path.h"

#include <string.h>

#include "calls.h"
#include "print.h"

enum { PATH_ROOM_MIN = 64 };

int weft__path_grow(struct weft_path *p)
{
    size_t room = p->room ? p->room * 2 : PATH_ROOM_MIN;
    struct weft_choice *bigger = weft__calls.calloc(room, sizeof *bigger);

    if (!bigger)
        return -1;
    if (p->length > 0)
        memcpy(bigger, p->choices, p->length * sizeof *bigger);
    weft__calls.free(p->choices);
    p->choices = bigger;
    p->room = room;
    return 0;
}

bool weft__path_advance(struct weft_path *p)
{
    while (p->length > 0) {
        struct weft_choice *last = &p->choices[p->length - 1];

        if (last->answer + 1 < last->n) {
            last->answer++;
            return true;
        }
        p->length--;
    }
    return false;
}

size_t weft__path_trimmed(const struct weft_path *p, size_t length)
{
    while (length > 0 && p->choices[length - 1].answer == 0)
        length--;
    return length;
}

int weft__path_copy(struct weft_path *to, const struct weft_path *from, size_t length)
{
    to->length = 0;
    for (size_t i = 0; i < length; i++)
        if (weft__path_add(to, 0, from->choices[i].answer) != 0)
            return -1;
    return 0;
}

int weft__path_parse(struct weft_path *p, const char *text)
{
    p->length = 0;
    do {
        const char *from = text;
        uint32_t answer = 0;

        for (; *text >= '0' && *text <= '9'; text++)
            if (__builtin_mul_overflow(answer, 10u, &answer) ||
                __builtin_add_overflow(answer, (uint32_t)(*text - '0'), &answer))
                return 1;
        if (text == from)
            return 1;
        if (weft__path_add(p, 0, answer) != 0)
            return -1;
    } while (*text++ == '.');
    return text[-1] == '\0' ? 0 : 1;
}

void weft__path_print(const struct weft_path *p, size_t length, struct weft_print *out)
{
    if (length == 0)
        weft__print(out, "0");
    for (size_t i = 0; i < length; i++)
        weft__print(out, i == 0 ? "%u" : ".%u", p->choices[i].answer);
}

void weft__path_free(struct weft_path *p)
{
    weft__calls.free(p->choices);
    *p = (struct weft_path){.choices = NULL};
}
