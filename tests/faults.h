/* SPDX-License-Identifier: MIT */
/* Counts the calls that the library makes through its table, and makes some of them fail. Can give
 * it a clock that nobody waits for. */
#ifndef WEFT_TESTS_FAULTS_H
#define WEFT_TESTS_FAULTS_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "runtime/calls.h"

enum fault_call {
    FAULT_MALLOC,
    FAULT_CALLOC,
    FAULT_FREE,
    FAULT_MMAP,
    FAULT_MUNMAP,
    FAULT_MPROTECT,
    FAULT_MADVISE,
    FAULT_PROCESS_MADVISE,
    FAULT_MINCORE,
    FAULT_TOUCH,
    FAULT_CLOCK_GETTIME,
    FAULT_CLOCK_NANOSLEEP,
    FAULT_PRCTL,
    FAULT_GETENV,
    FAULT_READLINK,
    FAULT_OPEN,
    FAULT_PREAD,
    FAULT_CLOSE,
    FAULT_PEEK,
    FAULT_SIGACTION,
    FAULT_SIGALTSTACK,
    FAULT_SIGQUEUE,
    FAULT_PTHREAD_CREATE,
    FAULT_WRITE,
    FAULT_PTHREAD_GETATTR_NP,
    FAULT_PTHREAD_KEY_CREATE,
    FAULT_PTHREAD_SETSPECIFIC,
    FAULT_ATEXIT,
    FAULT_ON_EXIT,
    FAULT_CALLS,
};

_Static_assert(sizeof(struct weft__calls) == FAULT_CALLS * sizeof(void (*)(void)),
               "a call of the table is missing here");

/* How a test that fails names them. */
static const char *const fault_names[FAULT_CALLS] __attribute__((unused)) = {
    [FAULT_MALLOC] = "malloc",
    [FAULT_CALLOC] = "calloc",
    [FAULT_MMAP] = "mmap",
    [FAULT_MUNMAP] = "munmap",
    [FAULT_MPROTECT] = "mprotect",
    [FAULT_MADVISE] = "madvise",
    [FAULT_PROCESS_MADVISE] = "process_madvise",
    [FAULT_MINCORE] = "mincore",
    [FAULT_TOUCH] = "touch",
    [FAULT_CLOCK_NANOSLEEP] = "clock_nanosleep",
    [FAULT_PRCTL] = "prctl",
    [FAULT_GETENV] = "getenv",
    [FAULT_READLINK] = "readlink",
    [FAULT_OPEN] = "open",
    [FAULT_PREAD] = "pread",
    [FAULT_CLOSE] = "close",
    [FAULT_PEEK] = "peek",
    [FAULT_SIGACTION] = "sigaction",
    [FAULT_SIGALTSTACK] = "sigaltstack",
    [FAULT_SIGQUEUE] = "sigqueue",
    [FAULT_PTHREAD_CREATE] = "pthread_create",
    [FAULT_WRITE] = "write",
    [FAULT_PTHREAD_GETATTR_NP] = "pthread_getattr_np",
    [FAULT_PTHREAD_KEY_CREATE] = "pthread_key_create",
    [FAULT_PTHREAD_SETSPECIFIC] = "pthread_setspecific",
    [FAULT_ATEXIT] = "atexit",
    [FAULT_ON_EXIT] = "on_exit",
};

/* Those that can fail. Freeing and closing cannot, and reading CLOCK_MONOTONIC does not: clock_gettime(2). */
enum {
    FAULTS_ALL =
        (1 << FAULT_CALLS) - 1 - (1 << FAULT_FREE) - (1 << FAULT_CLOCK_GETTIME) - (1 << FAULT_CLOSE)
};

/* How a call fails. What falls short reads, writes or does half of what it was asked for, and says so. */
enum fault_how { FAULTS_ERROR, FAULTS_INTERRUPTED, FAULTS_SHORT };

/* Those that may fall short. */
enum {
    FAULTS_MAY_BE_SHORT =
        (1 << FAULT_WRITE) | (1 << FAULT_PREAD) | (1 << FAULT_PEEK) | (1 << FAULT_PROCESS_MADVISE)
};

enum { FAULT_SITES_MAX = 256 };

/* In memory that forked children share: a child's calls fail in turn, too, and its parent sees how
 * far it came. */
struct faults {
    uint32_t which;           /* bits of the calls that may fail */
    uint32_t nth;             /* how many of these there were since faults_fail */
    uint32_t of[FAULT_CALLS]; /* and how many of each */
    uint32_t first;           /* this one fails, counted from 1; 0: none does */
    uint32_t last;            /* and all up to this one */
    enum fault_how how;
    uint32_t ever_failed;  /* bits of the calls that have failed since faults_install */
    bool has_failed;       /* at least one has */
    int last_failed;       /* which call */
    size_t mmap_bytes_max; /* larger mappings fail with ENOMEM; 0: none does */
    bool has_no_markers;   /* guard pages by markers fail as on kernels that lack them */
    bool has_fake_time;
    int64_t fake_ns;                    /* what the fake clock shows; waiting moves it */
    const void *sites[FAULT_SITES_MAX]; /* where in the library calls have come from */
    uint32_t sites_count;
};

static struct faults *faults;
static uint32_t faults_counts[FAULT_CALLS]; /* of the calls that were let through */
static uint32_t faults_failed[FAULT_CALLS]; /* and of those that were not */
static struct weft__calls faults_real;

static inline void faults_note_site(const void *site)
{
    for (uint32_t i = 0; i < faults->sites_count; i++)
        if (faults->sites[i] == site)
            return;
    if (faults->sites_count < FAULT_SITES_MAX)
        faults->sites[faults->sites_count++] = site;
}

/* Counts a call, and tells whether it fails now; errno is then set. */
static inline bool faults_hit(enum fault_call call, const void *site, int error)
{
    if (faults->which >> call & 1) {
        faults_note_site(site);
        faults->nth++;
        faults->of[call]++;
        if (faults->first != 0 && faults->nth >= faults->first && faults->nth <= faults->last) {
            faults->has_failed = true;
            faults->ever_failed |= UINT32_C(1) << call;
            faults_failed[call]++;
            faults->last_failed = (int)call;
            errno = faults->how == FAULTS_INTERRUPTED ? EINTR : error;
            return true;
        }
    }
    faults_counts[call]++;
    return false;
}

/* Of something larger than one. */
static inline size_t faults_half(size_t size)
{
    return size > 1 ? size / 2 : size;
}

static inline bool faults_is_short(void)
{
    return faults->how == FAULTS_SHORT;
}

#define FAULTS_HIT(call, error) faults_hit(call, __builtin_return_address(0), error)

static void *faults_malloc(size_t size)
{
    return FAULTS_HIT(FAULT_MALLOC, ENOMEM) ? NULL : faults_real.malloc(size);
}

static void *faults_calloc(size_t n, size_t size)
{
    return FAULTS_HIT(FAULT_CALLOC, ENOMEM) ? NULL : faults_real.calloc(n, size);
}

static void faults_free(void *p)
{
    if (p)
        FAULTS_HIT(FAULT_FREE, 0);
    faults_real.free(p);
}

static void *faults_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    if (FAULTS_HIT(FAULT_MMAP, ENOMEM))
        return MAP_FAILED;
    if (faults->mmap_bytes_max != 0 && size > faults->mmap_bytes_max) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    return faults_real.mmap(at, size, protection, flags, fd, offset);
}

static int faults_munmap(void *at, size_t size)
{
    return FAULTS_HIT(FAULT_MUNMAP, ENOMEM) ? -1 : faults_real.munmap(at, size);
}

static int faults_mprotect(void *at, size_t size, int protection)
{
    return FAULTS_HIT(FAULT_MPROTECT, ENOMEM) ? -1 : faults_real.mprotect(at, size, protection);
}

static bool faults_lack_marker(int advice, int error)
{
    if (advice != WEFT__MADV_GUARD_INSTALL || !faults->has_no_markers)
        return false;
    errno = error;
    return true;
}

static int faults_madvise(void *at, size_t size, int advice)
{
    if (faults_lack_marker(advice, EINVAL))
        return -1;
    return FAULTS_HIT(FAULT_MADVISE, ENOMEM) ? -1 : faults_real.madvise(at, size, advice);
}

static ssize_t faults_process_madvise(const struct iovec *ranges, size_t n, int advice)
{
    if (faults_lack_marker(advice, ENOSYS))
        return -1;
    if (FAULTS_HIT(FAULT_PROCESS_MADVISE, ENOMEM)) {
        if (!faults_is_short())
            return -1;
        n = faults_half(n);
    }
    return faults_real.process_madvise(ranges, n, advice);
}

static int faults_mincore(void *at, size_t size, unsigned char *resident)
{
    return FAULTS_HIT(FAULT_MINCORE, ENOSYS) ? -1 : faults_real.mincore(at, size, resident);
}

static int faults_touch(void *page)
{
    return FAULTS_HIT(FAULT_TOUCH, ENOSYS) ? -1 : faults_real.touch(page);
}

static int faults_clock_gettime(clockid_t clock, struct timespec *now)
{
    FAULTS_HIT(FAULT_CLOCK_GETTIME, 0);
    if (!faults->has_fake_time)
        return faults_real.clock_gettime(clock, now);
    now->tv_sec = (time_t)(faults->fake_ns / 1000000000);
    now->tv_nsec = (long)(faults->fake_ns % 1000000000);
    return 0;
}

/* The only error is that of a signal that comes half-way: it is returned, not left in errno. */
static int faults_clock_nanosleep(clockid_t clock, int flags, const struct timespec *until,
                                  struct timespec *left)
{
    bool fails = FAULTS_HIT(FAULT_CLOCK_NANOSLEEP, EINTR);
    int64_t until_ns = (int64_t)until->tv_sec * 1000000000 + until->tv_nsec;

    if (!faults->has_fake_time)
        return fails ? EINTR : faults_real.clock_nanosleep(clock, flags, until, left);
    if (until_ns > faults->fake_ns)
        faults->fake_ns +=
            fails ? (until_ns - faults->fake_ns + 1) / 2 : until_ns - faults->fake_ns;
    return fails ? EINTR : 0;
}

static int faults_prctl(int option, unsigned long value)
{
    return FAULTS_HIT(FAULT_PRCTL, EINVAL) ? -1 : faults_real.prctl(option, value);
}

static char *faults_getenv(const char *name)
{
    return FAULTS_HIT(FAULT_GETENV, 0) ? NULL : faults_real.getenv(name);
}

static ssize_t faults_readlink(const char *path, char *into, size_t size)
{
    return FAULTS_HIT(FAULT_READLINK, EACCES) ? -1 : faults_real.readlink(path, into, size);
}

static int faults_open(const char *path)
{
    return FAULTS_HIT(FAULT_OPEN, EMFILE) ? -1 : faults_real.open(path);
}

static ssize_t faults_pread(int fd, void *into, size_t size, off_t at)
{
    if (FAULTS_HIT(FAULT_PREAD, EIO)) {
        if (!faults_is_short())
            return -1;
        size = faults_half(size);
    }
    return faults_real.pread(fd, into, size, at);
}

static int faults_close(int fd)
{
    FAULTS_HIT(FAULT_CLOSE, 0);
    return faults_real.close(fd);
}

static ssize_t faults_peek(void *into, uintptr_t from, size_t size)
{
    if (FAULTS_HIT(FAULT_PEEK, EPERM)) {
        if (!faults_is_short())
            return -1;
        size = faults_half(size);
    }
    return faults_real.peek(into, from, size);
}

static int faults_sigaction(int signo, const struct sigaction *action, struct sigaction *before)
{
    return FAULTS_HIT(FAULT_SIGACTION, EINVAL) ? -1 : faults_real.sigaction(signo, action, before);
}

static int faults_sigaltstack(const stack_t *stack, stack_t *before)
{
    return FAULTS_HIT(FAULT_SIGALTSTACK, ENOMEM) ? -1 : faults_real.sigaltstack(stack, before);
}

static int faults_sigqueue(pid_t tid, int signo, siginfo_t *info)
{
    return FAULTS_HIT(FAULT_SIGQUEUE, EAGAIN) ? -1 : faults_real.sigqueue(tid, signo, info);
}

/* The error is returned, not left in errno. */
static int faults_pthread_create(pthread_t *thread, const pthread_attr_t *how, void *(*fn)(void *),
                                 void *argument)
{
    return FAULTS_HIT(FAULT_PTHREAD_CREATE, EAGAIN)
               ? EAGAIN
               : faults_real.pthread_create(thread, how, fn, argument);
}

static ssize_t faults_write(int fd, const void *from, size_t size)
{
    if (FAULTS_HIT(FAULT_WRITE, EIO)) {
        if (!faults_is_short())
            return -1;
        size = faults_half(size);
    }
    return faults_real.write(fd, from, size);
}

/* These return the error. */
static int faults_pthread_getattr_np(pthread_t thread, pthread_attr_t *how)
{
    return FAULTS_HIT(FAULT_PTHREAD_GETATTR_NP, ENOMEM)
               ? ENOMEM
               : faults_real.pthread_getattr_np(thread, how);
}

static int faults_pthread_key_create(pthread_key_t *key, void (*ends)(void *value))
{
    return FAULTS_HIT(FAULT_PTHREAD_KEY_CREATE, EAGAIN) ? EAGAIN
                                                        : faults_real.pthread_key_create(key, ends);
}

static int faults_pthread_setspecific(pthread_key_t key, const void *value)
{
    return FAULTS_HIT(FAULT_PTHREAD_SETSPECIFIC, ENOMEM)
               ? ENOMEM
               : faults_real.pthread_setspecific(key, value);
}

static int faults_atexit(void (*fn)(void))
{
    return FAULTS_HIT(FAULT_ATEXIT, ENOMEM) ? -1 : faults_real.atexit(fn);
}

static int faults_on_exit(void (*fn)(int status, void *argument), void *argument)
{
    return FAULTS_HIT(FAULT_ON_EXIT, ENOMEM) ? -1 : faults_real.on_exit(fn, argument);
}

/* From now on, of all calls in `which`, those from the first to the last fail, counted from 1. */
static inline void faults_fail(uint32_t which, uint32_t first, uint32_t last)
{
    faults->which = which;
    faults->nth = 0;
    memset(faults->of, 0, sizeof faults->of);
    faults->first = first;
    faults->last = last;
    faults->how = FAULTS_ERROR;
    faults->has_failed = false;
}

/* Puts itself into the table. Nothing fails yet; counts are zero. */
static inline void faults_install(void)
{
    if (!faults) {
        faults_real = weft__calls;
        faults =
            mmap(NULL, sizeof *faults, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (faults == MAP_FAILED)
            abort();
    }
    memset(faults_counts, 0, sizeof faults_counts);
    memset(faults_failed, 0, sizeof faults_failed);
    faults_fail(0, 0, 0);
    faults->mmap_bytes_max = 0;
    faults->has_no_markers = false;
    faults->ever_failed = 0;
    faults->has_fake_time = false;
    weft__calls = (struct weft__calls){
        .malloc = faults_malloc,
        .calloc = faults_calloc,
        .free = faults_free,
        .mmap = faults_mmap,
        .munmap = faults_munmap,
        .mprotect = faults_mprotect,
        .madvise = faults_madvise,
        .process_madvise = faults_process_madvise,
        .mincore = faults_mincore,
        .touch = faults_touch,
        .clock_gettime = faults_clock_gettime,
        .clock_nanosleep = faults_clock_nanosleep,
        .prctl = faults_prctl,
        .getenv = faults_getenv,
        .readlink = faults_readlink,
        .open = faults_open,
        .pread = faults_pread,
        .close = faults_close,
        .peek = faults_peek,
        .sigaction = faults_sigaction,
        .sigaltstack = faults_sigaltstack,
        .sigqueue = faults_sigqueue,
        .pthread_create = faults_pthread_create,
        .write = faults_write,
        .pthread_getattr_np = faults_pthread_getattr_np,
        .pthread_key_create = faults_pthread_key_create,
        .pthread_setspecific = faults_pthread_setspecific,
        .atexit = faults_atexit,
        .on_exit = faults_on_exit,
    };
}

static inline void faults_remove(void)
{
    weft__calls = faults_real;
}

/* Nothing fails any more; first and last keep what did. */
static inline void faults_stop(void)
{
    faults->which = 0;
}

/* All calls of the library but those for the time. */
static inline uint32_t faults_counted(void)
{
    uint32_t sum = 0;

    for (int call = 0; call < FAULT_CALLS; call++)
        if (call != FAULT_CLOCK_GETTIME)
            sum += faults_counts[call];
    return sum;
}

/* Blocks from malloc and calloc that were not freed since faults_install. */
static inline int64_t faults_blocks(void)
{
    return (int64_t)faults_counts[FAULT_MALLOC] + faults_counts[FAULT_CALLOC] -
           faults_counts[FAULT_FREE];
}

#endif
