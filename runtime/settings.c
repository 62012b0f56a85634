/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"
#include "print.h"

static const struct {
    const char *word;
    uint32_t bits;
} settings_words[] = {
    {"leaks", WEFT__REPORT_LEAKS},
    {"stacks", WEFT__REPORT_STACKS},
    {"deadlocks", WEFT__REPORT_DEADLOCKS},
    {"all", WEFT__REPORT_ALL},
};

static uint32_t settings_word(const char *word, size_t length)
{
    for (size_t i = 0; i < sizeof settings_words / sizeof settings_words[0]; i++)
        if (strlen(settings_words[i].word) == length &&
            memcmp(settings_words[i].word, word, length) == 0)
            return settings_words[i].bits;
    return 0;
}

uint32_t weft__settings_parse_reports(const char *list, const char **unknown)
{
    uint32_t all = 0;

    *unknown = NULL;
    while (*list) {
        size_t length = strcspn(list, ",");
        uint32_t bits = settings_word(list, length);

        if (length > 0 && bits == 0 && !*unknown)
            *unknown = list;
        all |= bits;
        list += length;
        list += *list == ',';
    }
    return all;
}

static void settings_complain(const char *unknown)
{
    char buffer[WEFT__PRINT_BYTES];
    struct weft_print p = weft__print_to(STDERR_FILENO, buffer, sizeof buffer);

    weft__print(&p,
                "weft: WEFT_REPORT: '%s' is no report: there are leaks, stacks, deadlocks and "
                "all, with commas between them\n",
                unknown);
    weft__print_flush(&p);
}

uint32_t weft__settings_reports(void)
{
    enum { UNREAD = 1 << 30 };
    static uint32_t known = UNREAD;
    uint32_t bits = __atomic_load_n(&known, __ATOMIC_RELAXED);
    const char *list, *unknown;

    if (!(bits & UNREAD))
        return bits;
    list = weft__calls.getenv("WEFT_REPORT");
    bits = weft__settings_parse_reports(list ? list : "", &unknown);
    if (__atomic_exchange_n(&known, bits, __ATOMIC_RELAXED) & UNREAD && unknown)
        settings_complain(unknown);
    return bits;
}
