/* SPDX-License-Identifier: MIT */
/* Runs a function in a forked child, for tests of what ends the process: tells how it ended, and
 * what it said. */
#ifndef WEFT_TESTS_CHILD_H
#define WEFT_TESTS_CHILD_H

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "emulator.h"
#include "runtime/sanitize.h"

/* ENOMEM, as the C library says it. */
#ifdef __GLIBC__
#define SAYS_ENOMEM "Cannot allocate memory"
#else
#define SAYS_ENOMEM "Out of memory"
#endif

enum { CHILD_LIMIT_MS = 30000, CHILD_SAID_BYTES = 16384 };

struct child {
    bool late;  /* it was still running at the end of the time limit, and was killed */
    int signal; /* which ended it, or 0 */
    int status; /* its exit status, or -1 */
    char said[CHILD_SAID_BYTES]; /* on standard error, cut off if longer; a string */
};

static inline int64_t child_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* clang's AddressSanitizer makes frames so large that 16 KiB hold few of them. */
static inline bool frames_are_large(void)
{
#if defined __clang__ && defined __has_feature
#if __has_feature(address_sanitizer)
    return true;
#endif
#endif
    return false;
}

static bool child_is_one;

/* A child ends in the midst of things: what it leaves is no leak. LeakSanitizer asks. */
#ifdef WEFT__ASAN
#include <sanitizer/lsan_interface.h>

__attribute__((visibility("default"))) int __lsan_is_turned_off(void)
{
    return child_is_one;
}
#endif

/* Signals do what they do in a plain program: CMocka has handlers of its own, and a fork keeps
 * them. */
static inline void child_be_plain(void)
{
    const int handled[] = {SIGABRT, SIGALRM, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS};

    for (size_t i = 0; i < sizeof handled / sizeof handled[0]; i++)
        signal(handled[i], SIG_DFL);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
}

/* Reads until everybody has closed the other end, or the time is over: false then. */
static inline bool child_listen(int fd, struct child *c)
{
    const int64_t until_ms = child_now_ms() + (is_emulated() ? 4 : 1) * CHILD_LIMIT_MS;
    size_t size = 0;

    for (;;) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        int64_t left_ms = until_ms - child_now_ms();
        char dropped[512];
        ssize_t got;

        if (left_ms <= 0)
            return false;
        if (poll(&ready, 1, (int)left_ms) <= 0)
            continue;
        if (size < sizeof c->said - 1)
            got = read(fd, c->said + size, sizeof c->said - 1 - size);
        else
            got = read(fd, dropped, sizeof dropped);
        if (got == 0 || (got < 0 && errno != EINTR))
            return true;
        if (got > 0 && size < sizeof c->said - 1)
            size += (size_t)got;
    }
}

static inline void child_forget(struct child *c, const char *text)
{
    char *line = strstr(c->said, text), *end;

    if (!line || !(end = strchr(line, '\n')))
        return;
    while (line > c->said && line[-1] != '\n')
        line--;
    memmove(line, end + 1, strlen(end + 1) + 1);
}

/* What is not the program's: under ASan the first swapcontext of a process says something, and
 * qemu-user the signal that ends one. */
static inline void child_forget_warnings(struct child *c)
{
    child_forget(c, "WARNING: ASan doesn't fully support makecontext");
    child_forget(c, "qemu: uncaught target signal");
}

/* fn's result is the child's exit status, without what exit() would do. Call it where no other OS
 * thread runs. */
static inline struct child child_run(int (*fn)(const void *), const void *argument)
{
    struct child c = {.status = -1};
    int ends[2], how;
    pid_t pid;

    fflush(NULL);
    if (pipe(ends) != 0 || (pid = fork()) < 0) {
        perror("child_run");
        exit(1);
    }
    if (pid == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        child_is_one = true;
        child_be_plain();
        _exit(fn(argument));
    }
    close(ends[1]);
    c.late = !child_listen(ends[0], &c);
    close(ends[0]);
    if (c.late)
        kill(pid, SIGKILL);
    while (waitpid(pid, &how, 0) < 0 && errno == EINTR)
        ;
    child_forget_warnings(&c);
    if (WIFSIGNALED(how))
        c.signal = WTERMSIG(how);
    else
        c.status = WEXITSTATUS(how);
    return c;
}

#endif
