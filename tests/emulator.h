/* SPDX-License-Identifier: MIT */
/* Whether this runs under an emulator of another processor, and what cannot be tried there.
 *
 * qemu-user (7.2, with a guest of aarch64 or riscv64) has no process_vm_readv: ENOSYS. It keeps
 * RLIMIT_AS to itself: setrlimit answers 0 and changes nothing. Its own memory is in the guest's
 * statm and maps. It ends a forked child that makes an OS thread: "qemu_plugin_vcpu_init_hook:
 * assertion failed". And of 20,000 forked children of a program without weft that were sent a SIGSEGV
 * 14 ended by it, though they had a handler. */
#ifndef WEFT_TESTS_EMULATOR_H
#define WEFT_TESTS_EMULATOR_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The command that runs a program for that processor; NULL: programs run by themselves. */
static inline const char *emulator(void)
{
    const char *command = getenv("WEFT_TEST_EMULATOR");

    return command && *command ? command : NULL;
}

static inline bool is_emulated(void)
{
    return emulator() != NULL;
}

/* Becomes this program anew, with an argument. Comes back only if that fails. */
static inline void execute_self(const char *argument)
{
    char path[4096] = "";

    if (!emulator()) {
        execl("/proc/self/exe", "self", argument, (char *)NULL);
        return;
    }
    if (readlink("/proc/self/exe", path, sizeof path - 1) > 0)
        execl("/bin/sh", "sh", "-c", "exec $0 \"$@\"", emulator(), path, argument, (char *)NULL);
}

#endif
