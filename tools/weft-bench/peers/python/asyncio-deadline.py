# SPDX-License-Identifier: MIT
"""A timer is armed and cancelled while many tasks sleep for longer than it."""

import asyncio
import os
import random
import sys

from bench import now_ns, once, report

DEADLINES = 1000000


async def sample(n):
    sleepers = start_sleepers(n)
    await asyncio.sleep(0)
    for _ in range(int(sys.argv[2])):
        start = now_ns()
        cancelled = arm_and_cancel(asyncio.get_running_loop())
        report(DEADLINES, now_ns() - start, cancelled)
        await asyncio.sleep(0)  # the loop drops the cancelled ones
    del sleepers
    os._exit(0)  # the sleepers end with the process


def start_sleepers(n):
    numbers = random.Random(1)
    return [
        asyncio.create_task(asyncio.sleep(numbers.uniform(100, 200)))
        for _ in range(n)
    ]


def arm_and_cancel(loop):
    cancelled = 0
    for _ in range(DEADLINES):
        timer = loop.call_later(50, nothing)
        timer.cancel()
        cancelled += timer.cancelled()
    return cancelled


def nothing():
    pass


once(sample)
