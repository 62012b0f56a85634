# SPDX-License-Identifier: MIT
"""A generator is asked for the numbers, one by one."""

import sys

from bench import now_ns, report

CALLS = 2000000


def sample():
    numbers = count()
    total = 0
    start = now_ns()
    for _ in range(CALLS):
        total += next(numbers)
    report(CALLS, now_ns() - start, total)
    numbers.close()


def count():
    i = 0
    while True:
        yield i
        i += 1


for _ in range(int(sys.argv[2])):
    sample()
