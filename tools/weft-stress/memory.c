/* SPDX-License-Identifier: MIT */
#include "memory.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MEMORY_TEXT_BYTES = 2048, MEMORY_PATH_BYTES = 512 };

/* The first bytes of a file, as a string; "" if it cannot be read. */
static void memory_read(const char *path, char *text)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = 0;

    if (fd >= 0) {
        size = read(fd, text, MEMORY_TEXT_BYTES - 1);
        close(fd);
    }
    text[size > 0 ? size : 0] = '\0';
}

/* The number in a file that holds one, or `otherwise`. */
static uint64_t memory_read_number(const char *path, uint64_t otherwise)
{
    char text[MEMORY_TEXT_BYTES], *end;
    uint64_t number;

    memory_read(path, text);
    number = strtoull(text, &end, 10);
    return end == text ? otherwise : number;
}

/* statm: size, resident, shared and others, in pages. */
static void memory_statm(uint64_t pages[3])
{
    char text[MEMORY_TEXT_BYTES], *rest = text;

    memory_read("/proc/self/statm", text);
    for (int i = 0; i < 3; i++)
        pages[i] = strtoull(rest, &rest, 10);
}

static uint64_t memory_page_bytes(void)
{
    return (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t memory_resident(void)
{
    uint64_t pages[3];

    memory_statm(pages);
    return (pages[1] - pages[2]) * memory_page_bytes();
}

uint64_t memory_mapped(void)
{
    uint64_t pages[3];

    memory_statm(pages);
    return pages[0] * memory_page_bytes();
}

uint64_t memory_mappings(void)
{
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    char text[MEMORY_TEXT_BYTES];
    uint64_t lines = 0;
    ssize_t size;

    if (fd < 0)
        return 0;
    while ((size = read(fd, text, sizeof text)) > 0)
        for (ssize_t i = 0; i < size; i++)
            lines += text[i] == '\n';
    close(fd);
    return lines;
}

uint64_t memory_mappings_max(void)
{
    return memory_read_number("/proc/sys/vm/max_map_count", UINT64_MAX);
}

uint64_t memory_overcommit(void)
{
    return memory_read_number("/proc/sys/vm/overcommit_memory", 0);
}

/* "MemAvailable:   123 kB" */
static uint64_t memory_info(const char *text, const char *name, uint64_t otherwise)
{
    const char *line = strstr(text, name);

    return line ? strtoull(line + strlen(name), NULL, 10) * 1024 : otherwise;
}

uint64_t memory_anonymous(void)
{
    char text[MEMORY_TEXT_BYTES];

    memory_read("/proc/self/smaps_rollup", text);
    return memory_info(text, "Anonymous:", memory_resident());
}

/* The limit of the control group that /proc/self/cgroup names after `controller`. Inside a
 * container the name may be seen from outside of it, and its own group is the root. */
static uint64_t memory_group_max(const char *controller, const char *root, const char *file)
{
    char text[MEMORY_TEXT_BYTES], path[MEMORY_PATH_BYTES];
    uint64_t outer, inner = UINT64_MAX;
    char *group;

    snprintf(path, sizeof path, "%s/%s", root, file);
    outer = memory_read_number(path, UINT64_MAX);
    memory_read("/proc/self/cgroup", text);
    group = strstr(text, controller);
    if (group) {
        group += strlen(controller);
        group[strcspn(group, "\n")] = '\0';
        if (snprintf(path, sizeof path, "%s%s/%s", root, group, file) < MEMORY_PATH_BYTES)
            inner = memory_read_number(path, UINT64_MAX);
    }
    return inner < outer ? inner : outer;
}

static uint64_t memory_least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t memory_available(void)
{
    char text[MEMORY_TEXT_BYTES];
    uint64_t available;

    memory_read("/proc/meminfo", text);
    available = memory_info(text, "MemAvailable:", UINT64_MAX);
    if (available != UINT64_MAX)
        available += memory_info(text, "SwapFree:", 0);
    available = memory_least(available, memory_group_max("0::", "/sys/fs/cgroup", "memory.max"));
    return memory_least(
        available, memory_group_max(":memory:", "/sys/fs/cgroup/memory", "memory.limit_in_bytes"));
}
