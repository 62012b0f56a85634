/* SPDX-License-Identifier: MIT */
#include "usage.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "memory.h"

#if defined __has_feature
#define USAGE_HAS_FEATURE(name) __has_feature(name)
#else
#define USAGE_HAS_FEATURE(name) 0
#endif

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__ ||                 \
    USAGE_HAS_FEATURE(address_sanitizer) || USAGE_HAS_FEATURE(thread_sanitizer) || \
    USAGE_HAS_FEATURE(memory_sanitizer)
static const bool usage_is_sanitized = true;
#else
static const bool usage_is_sanitized = false;
#endif

/* Entries of a folder, but for its own name and its parent's. */
static uint64_t usage_entries(const char *path)
{
    DIR *folder = opendir(path);
    uint64_t entries = 0;

    if (!folder)
        return 0;
    for (const struct dirent *entry; (entry = readdir(folder));)
        entries += entry->d_name[0] != '.';
    closedir(folder);
    return entries;
}

struct usage usage_now(void)
{
    struct usage u;

#ifdef __GLIBC__
    malloc_trim(0);
#endif
    u.resident_bytes = memory_anonymous();
    u.mappings = memory_mappings();
    u.descriptors = usage_entries("/proc/self/fd"); /* the folder's own is always among them */
    u.os_threads = usage_entries("/proc/self/task");
    return u;
}

static void usage_compare_one(struct check *c, const char *what, uint64_t before, uint64_t after,
                              uint64_t slack)
{
    if (after > before + slack)
        check_fail(c, "%s: %" PRIu64 " after the warm-up, %" PRIu64 " at the end", what, before,
                   after);
}

void usage_compare(struct check *c, const struct usage *before, const struct usage *after)
{
    uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);

    if (!usage_is_sanitized) {
        usage_compare_one(c, "resident bytes", before->resident_bytes, after->resident_bytes,
                          USAGE_SLACK_PAGES * page_bytes);
        usage_compare_one(c, "mappings", before->mappings, after->mappings, USAGE_SLACK_MAPPINGS);
    }
    usage_compare_one(c, "descriptors", before->descriptors, after->descriptors, 0);
    usage_compare_one(c, "OS threads", before->os_threads, after->os_threads, 0);
}
