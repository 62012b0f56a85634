/* SPDX-License-Identifier: MIT */
#include "calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_process_madvise
#define SYS_process_madvise 440
#endif

/* Names the calling process wherever a pidfd is wanted; unlike pidfd_open's answer it still means
 * the caller after a fork. */
enum { CALLS_PIDFD_SELF = -10000 };

/* Valgrind complains of each call that it does not know, so one refusal is enough. */
static ssize_t calls_process_madvise(const struct iovec *ranges, size_t n, int advice)
{
    static int is_missing;
    ssize_t done;

    if (__atomic_load_n(&is_missing, __ATOMIC_RELAXED)) {
        errno = ENOSYS;
        return -1;
    }
    done = syscall(SYS_process_madvise, CALLS_PIDFD_SELF, ranges, n, advice, 0);
    if (done < 0 && errno == ENOSYS)
        __atomic_store_n(&is_missing, 1, __ATOMIC_RELAXED);
    return done;
}

/* By its number, so that no sanitizer checks the page before the kernel does. */
static int calls_touch(void *page)
{
    return (int)syscall(SYS_uname, page);
}

static int calls_open(const char *path)
{
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* By its number, as above. */
static ssize_t calls_peek(void *into, uintptr_t from, size_t size)
{
    struct iovec to = {into, size};
    struct iovec of = {(void *)from, size}; /* NOLINT(performance-no-int-to-ptr) */

    return syscall(SYS_process_vm_readv, getpid(), &to, 1UL, &of, 1UL, 0UL);
}

/* The kernel reads a set of signals before it finds that it does not know what to do with it, and
 * says if there is none to read. */
bool weft__is_readable(uintptr_t address)
{
    const int saved = errno;
    const long done = syscall(SYS_rt_sigprocmask, -1, address, NULL, sizeof(uint64_t));
    const bool is_readable = done < 0 && errno == EINVAL;

    errno = saved;
    return is_readable;
}

static int calls_prctl(int option, unsigned long value)
{
    return prctl(option, value, 0UL, 0UL, 0UL);
}

static int calls_sigqueue(pid_t tid, int signo, siginfo_t *info)
{
    return (int)syscall(SYS_rt_tgsigqueueinfo, getpid(), tid, signo, info);
}

static int calls_on_exit(void (*fn)(int status, void *argument), void *argument)
{
#ifdef __GLIBC__
    return on_exit(fn, argument);
#else
    (void)fn;
    (void)argument;
    return -1;
#endif
}

struct weft__calls weft__calls = {
    .malloc = malloc,
    .calloc = calloc,
    .free = free,
    .mmap = mmap,
    .munmap = munmap,
    .mprotect = mprotect,
    .madvise = madvise,
    .process_madvise = calls_process_madvise,
    .mincore = mincore,
    .touch = calls_touch,
    .clock_gettime = clock_gettime,
    .clock_nanosleep = clock_nanosleep,
    .prctl = calls_prctl,
    .readlink = readlink,
    .open = calls_open,
    .pread = pread,
    .write = write,
    .close = close,
    .peek = calls_peek,
    .getenv = secure_getenv,
    .sigaction = sigaction,
    .sigaltstack = sigaltstack,
    .sigqueue = calls_sigqueue,
    .pthread_create = pthread_create,
    .pthread_getattr_np = pthread_getattr_np,
    .pthread_key_create = pthread_key_create,
    .pthread_setspecific = pthread_setspecific,
    .atexit = atexit,
    .on_exit = calls_on_exit,
};
