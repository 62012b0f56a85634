/* SPDX-License-Identifier: MIT */
/* The one table of system calls and allocations: every call that takes memory, waits or may
 * fail goes through it, so that a test can fail the n-th call of any of them.
 *
 * The entries keep the meaning of the calls they are named after, errno included. None of them is
 * on a path that is warm: sending, receiving, switching and spawning call nothing. */
#ifndef WEFT_RUNTIME_CALLS_H
#define WEFT_RUNTIME_CALLS_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>

/* Advice numbers that older headers lack (Linux 6.13 and 5.14). */
enum { WEFT__MADV_GUARD_INSTALL = 102, WEFT__MADV_POPULATE_WRITE = 23 };

struct weft__calls {
    void *(*malloc)(size_t size);
    void *(*calloc)(size_t n, size_t size);
    void (*free)(void *p);
    void *(*mmap)(void *at, size_t size, int protection, int flags, int fd, off_t offset);
    int (*munmap)(void *at, size_t size);
    int (*mprotect)(void *at, size_t size, int protection);
    int (*madvise)(void *at, size_t size, int advice);
    ssize_t (*process_madvise)(const struct iovec *ranges, size_t n, int advice); /* of self */
    int (*mincore)(void *at, size_t size, unsigned char *resident);
    int (*touch)(void *page); /* a system call that writes a few bytes there: EFAULT on a guard */
    int (*clock_gettime)(clockid_t clock, struct timespec *now);
    int (*clock_nanosleep)(clockid_t clock, int flags, const struct timespec *until,
                           struct timespec *left);
    int (*prctl)(int option, unsigned long value);
    ssize_t (*readlink)(const char *path, char *into, size_t size);
    int (*open)(const char *path); /* for reading */
    ssize_t (*pread)(int fd, void *into, size_t size, off_t at);
    ssize_t (*write)(int fd, const void *from, size_t size);
    int (*close)(int fd);
    ssize_t (*peek)(void *into, uintptr_t from, size_t size); /* own memory: EFAULT, no signal */
    char *(*getenv)(const char *name);
    int (*sigaction)(int signo, const struct sigaction *action, struct sigaction *before);
    int (*sigaltstack)(const stack_t *stack, stack_t *before);
    int (*sigqueue)(pid_t tid, int signo, siginfo_t *info); /* to an OS thread of this process */
    int (*pthread_create)(pthread_t *thread, const pthread_attr_t *how, void *(*fn)(void *),
                          void *argument);
    int (*pthread_getattr_np)(pthread_t thread, pthread_attr_t *how);
    int (*pthread_key_create)(pthread_key_t *key, void (*ends)(void *value));
    int (*pthread_setspecific)(pthread_key_t key, const void *value);
    int (*atexit)(void (*fn)(void));
    int (*on_exit)(void (*fn)(int status, void *argument), void *argument); /* not every libc's */
};

extern struct weft__calls weft__calls;

/* Whether eight bytes of own memory can be read, also where a program may not call what peek does.
 * Leaves errno as it is. */
bool weft__is_readable(uintptr_t address);

#endif
