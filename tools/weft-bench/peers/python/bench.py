# SPDX-License-Identifier: MIT
"""What the Python programs share: arguments, clock, sample line, memory."""

import asyncio
import sys
import time

now_ns = time.monotonic_ns


def repeat(sample):
    """Runs the coroutine function for each sample, with the size."""
    for _ in range(int(sys.argv[2])):
        asyncio.run(sample(int(sys.argv[1])))


def once(sample):
    """Runs it for the one sample that a fresh process can give."""
    asyncio.run(sample(int(sys.argv[1])))


def report(ops, elapsed_ns, checksum, *more):
    """Prints the line of a sample; more are NAME=VALUE."""
    print(ops, elapsed_ns, checksum, *more, flush=True)


def memory(field):
    """A field of /proc/self/status, such as VmRSS, in bytes."""
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024


def mappings():
    with open("/proc/self/maps") as maps:
        return len(maps.readlines())
