/* SPDX-License-Identifier: MIT */
#include "cfi_entry.h"

#include <stddef.h>
#include <string.h>

#include "cfi_number.h"
#include "module.h"

/* The length that an entry begins with: moves on to what it counts, answers the end of that. */
static const uint8_t *entry_length(const uint8_t **at)
{
    uint64_t length = weft__cfi_fixed(at, 4);

    if (length == UINT32_MAX)
        length = weft__cfi_fixed(at, 8);
    return *at + length;
}

static bool entry_augmentation(struct weft_cfi_entry *e, const char *letters, const uint8_t **at)
{
    uint64_t personality, bytes;
    const uint8_t *end;

    if (letters[0] == '\0')
        return true;
    if (letters[0] != 'z')
        return false;
    e->has_augmentation = true;
    bytes = weft__cfi_leb(at);
    end = *at + bytes;
    for (letters++; *letters; letters++) {
        switch (*letters) {
        case 'R':
            e->encoding = *(*at)++;
            break;
        case 'L':
            (*at)++;
            break;
        case 'P': {
            const uint8_t encoding = *(*at)++;

            if (!weft__cfi_encoded(at, encoding, &personality))
                return false;
            break;
        }
        case 'S':
            e->is_signal = true;
            break;
        case 'B': /* aarch64: which key the return address is signed with */
        case 'G': /* aarch64: memory tags on the stack */
            break;
        default:
            return false;
        }
    }
    *at = end;
    return true;
}

static bool entry_common(struct weft_cfi_entry *e, const uint8_t *at)
{
    const uint8_t *end = entry_length(&at);
    const char *letters;
    uint8_t version;

    at += 4; /* zero: that it is a common one */
    version = *at++;
    if (version != 1 && version != 3)
        return false;
    letters = (const char *)at;
    at += strlen(letters) + 1;
    e->code_unit = weft__cfi_leb(&at);
    e->data_unit = weft__cfi_leb_signed(&at);
    e->return_number = version == 1 ? *at++ : weft__cfi_leb(&at);
    if (!entry_augmentation(e, letters, &at))
        return false;
    e->common = (struct weft_cfi_code){at, end};
    return true;
}

static bool entry_read(struct weft_cfi_entry *e, const uint8_t *at)
{
    const uint8_t *end = entry_length(&at);
    const uint8_t *self = at;
    const uint32_t back = (uint32_t)weft__cfi_fixed(&at, 4);

    if (back == 0 || !entry_common(e, self - back))
        return false;
    if (!weft__cfi_pointer(&at, e->encoding, e->tables, &e->start) ||
        !weft__cfi_encoded(&at, e->encoding, &e->bytes))
        return false;
    if (e->has_augmentation) {
        const uint64_t bytes = weft__cfi_leb(&at);

        at += bytes;
    }
    e->own = (struct weft_cfi_code){at, end};
    return true;
}

/* The table that is searched: of each function its start and its entry, relative to the table's
 * own section. */
struct entry_row {
    int32_t start, entry;
};

static const uint8_t *entry_search(const uint8_t *tables, uint64_t pc)
{
    const uint8_t *at = tables + 4;
    const int64_t wanted = (int64_t)(pc - (uintptr_t)tables);
    struct entry_row row;
    uint64_t ignored, from = 0, to;

    if (tables[0] != 1 || tables[3] != (WEFT__CFI_TO_TABLES | WEFT__CFI_SIGNED_4) ||
        tables[2] == WEFT__CFI_OMITTED || !weft__cfi_encoded(&at, tables[1], &ignored) ||
        !weft__cfi_encoded(&at, tables[2], &to) || to == 0)
        return NULL;
    while (to - from > 1) { /* the row, if there is one, is in [from, to) */
        const uint64_t middle = from + (to - from) / 2;

        memcpy(&row, at + middle * sizeof row, sizeof row);
        if (row.start <= wanted)
            from = middle;
        else
            to = middle;
    }
    memcpy(&row, at + from * sizeof row, sizeof row);
    return row.start <= wanted ? tables + row.entry : NULL;
}

bool weft__cfi_entry_find(struct weft_cfi_entry *e, uint64_t pc)
{
    struct weft_module m;
    const uint8_t *at;

    if (!weft__unwind_module((uintptr_t)pc, &m) || !m.tables)
        return false;
    *e = (struct weft_cfi_entry){.tables = m.tables};
    at = entry_search(m.tables, pc);
    return at && entry_read(e, at) && pc - e->start < e->bytes;
}
