/* SPDX-License-Identifier: MIT */
/* usage: old_kernel markers|batches|pretend COMMAND [ARGUMENT...]
 * Runs a command, and all that it starts, as on another kernel, by a filter of system calls.
 *
 *     markers  no guard markers, no batches of advice, no MADV_POPULATE_WRITE: before Linux 5.10
 *     batches  guard markers, but none in batches: Linux 6.13 and 6.14
 *     pretend  as qemu-user: advice that it does not know is accepted, and nothing comes of it */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/calls.h"

#ifndef SYS_process_madvise
#define SYS_process_madvise 440
#endif

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define SKIP_UNLESS(value, n) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, n)
#define RETURN(action) BPF_STMT(BPF_RET | BPF_K, action)
#define REFUSE(error) RETURN(SECCOMP_RET_ERRNO | (error))
#define ALLOW RETURN(SECCOMP_RET_ALLOW)

/* The advice is madvise's third argument; a 64-bit kernel looks at its low half. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ADVICE args[2]
#else
#error "the low half is the second"
#endif

static struct sock_filter markers[] = {
    LOAD(nr),       SKIP_UNLESS(SYS_process_madvise, 1),
    REFUSE(ENOSYS), SKIP_UNLESS(SYS_madvise, 5),
    LOAD(ADVICE),   SKIP_UNLESS(WEFT__MADV_GUARD_INSTALL, 1),
    REFUSE(EINVAL), SKIP_UNLESS(WEFT__MADV_POPULATE_WRITE, 1),
    REFUSE(EINVAL), ALLOW,
};

static struct sock_filter batches[] = {
    LOAD(nr),
    SKIP_UNLESS(SYS_process_madvise, 1),
    REFUSE(EPERM),
    ALLOW,
};

/* Refused with error 0, a call returns 0. */
static struct sock_filter pretend[] = {
    LOAD(nr),       SKIP_UNLESS(SYS_process_madvise, 1),
    REFUSE(ENOSYS), SKIP_UNLESS(SYS_madvise, 3),
    LOAD(ADVICE),   SKIP_UNLESS(WEFT__MADV_GUARD_INSTALL, 1),
    REFUSE(0),      ALLOW,
};

static const struct kernel {
    const char *name;
    struct sock_fprog filter;
} kernels[] = {
    {"markers", {sizeof markers / sizeof *markers, markers}},
    {"batches", {sizeof batches / sizeof *batches, batches}},
    {"pretend", {sizeof pretend / sizeof *pretend, pretend}},
};

static const struct sock_fprog *find_filter(const char *name)
{
    for (size_t i = 0; i < sizeof kernels / sizeof kernels[0]; i++)
        if (strcmp(kernels[i].name, name) == 0)
            return &kernels[i].filter;
    return NULL;
}

int main(int argc, char **argv)
{
    const struct sock_fprog *filter = argc > 2 ? find_filter(argv[1]) : NULL;

    if (!filter) {
        fprintf(stderr, "usage: old_kernel markers|batches|pretend COMMAND [ARGUMENT...]\n");
        return 2;
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter) != 0) {
        perror("skipped: no filter of system calls"); /* as tools/check wants it */
        return 77;
    }
    execvp(argv[2], argv + 2);
    perror(argv[2]);
    return 127;
}
