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
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
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
    int batch_error;  /* of a call without sense */
    int advice_error; /* of a guard marker; -1: the kernel's own */
} kernels[] = {
    {"markers", {sizeof markers / sizeof *markers, markers}, ENOSYS, EINVAL},
    {"batches", {sizeof batches / sizeof *batches, batches}, EPERM, -1},
    {"pretend", {sizeof pretend / sizeof *pretend, pretend}, ENOSYS, 0},
};

static const struct kernel *find_kernel(const char *name)
{
    for (size_t i = 0; i < sizeof kernels / sizeof kernels[0]; i++)
        if (strcmp(kernels[i].name, name) == 0)
            return &kernels[i];
    return NULL;
}

static int error_of(long result)
{
    return result == 0 ? 0 : errno;
}

/* Else all tests would pass, as on this kernel. */
static bool is_in_force(const struct kernel *k)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int error = error_of(syscall(SYS_madvise, page, 4096UL, WEFT__MADV_GUARD_INSTALL));

    if (k->advice_error == 0) /* else nobody sees who said so */
        error = error_of(syscall(SYS_madvise, (char *)page + 1, 1UL, WEFT__MADV_GUARD_INSTALL));
    return (k->advice_error < 0 || error == k->advice_error) &&
           error_of(syscall(SYS_process_madvise, -1, NULL, 0UL, 0, 0U)) == k->batch_error;
}

int main(int argc, char **argv)
{
    const struct kernel *kernel = argc > 2 ? find_kernel(argv[1]) : NULL;

    if (!kernel) {
        fprintf(stderr, "usage: old_kernel markers|batches|pretend COMMAND [ARGUMENT...]\n");
        return 2;
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &kernel->filter) != 0) {
        perror("skipped: no filter of system calls"); /* as tools/check wants it */
        return 77;
    }
    if (!is_in_force(kernel)) {
        fprintf(stderr, "old_kernel: the filter does not do what it should\n");
        return 1;
    }
    execvp(argv[2], argv + 2);
    perror(argv[2]);
    return 127;
}
