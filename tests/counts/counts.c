/* SPDX-License-Identifier: MIT */
/* In builds that count what runs (WEFT_COVERAGE): the counters are in a file beside the program, which
 * all its processes map. So what a child runs that dies, of a signal or by _exit, is counted too:
 * its parent, who ends as processes should, hands the counts to gcov. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

extern char weft_counts_begin[], weft_counts_end[];

/* A mapping to give up for the last one: a test may have come to the limit of mappings. */
static void *spare;

static void give_up(const char *what)
{
    perror(what);
    abort();
}

static void map_counters(int how)
{
    size_t size = (size_t)(weft_counts_end - weft_counts_begin);
    char name[4096 + sizeof ".counts"];
    ssize_t length = readlink("/proc/self/exe", name, 4096);
    int fd;

    if (size == 0)
        return;
    if (length < 0)
        give_up("/proc/self/exe");
    strcpy(name + length, ".counts");
    fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0 || ftruncate(fd, (off_t)size) != 0 ||
        mmap(weft_counts_begin, size, PROT_READ | PROT_WRITE, how | MAP_FIXED, fd, 0) == MAP_FAILED)
        give_up(name);
    close(fd);
}

/* Before anything of the library runs. */
__attribute__((constructor(101))) static void share_counters(void)
{
    map_counters(MAP_SHARED);
    spare = mmap(NULL, 1, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (spare == MAP_FAILED)
        give_up("a spare mapping");
}

/* gcov adds to the counters what others have left on disk, after all destructors with a number that is
 * not reserved: that sum is for the disk alone. */
__attribute__((destructor(101))) static void keep_counters(void)
{
    munmap(spare, 1);
    map_counters(MAP_PRIVATE);
}
