# SPDX-License-Identifier: MIT
"""A task is started and its result awaited, one after the other."""

import asyncio

from bench import now_ns, repeat, report

TASKS = 1000000
WARMUP = 1000


async def sample(_):
    await spawn_each(WARMUP)
    start = now_ns()
    total = await spawn_each(TASKS)
    report(TASKS, now_ns() - start, total)


async def spawn_each(n):
    total = 0
    for i in range(n):
        total += await asyncio.create_task(answer(i))
    return total


async def answer(i):
    return i


repeat(sample)
