# SPDX-License-Identifier: MIT
"""Many tasks are started, then all are awaited and their results taken."""

import asyncio

from bench import now_ns, repeat, report


async def sample(n):
    await spawn_all(n)
    start = now_ns()
    total = await spawn_all(n)
    report(n, now_ns() - start, total)


async def spawn_all(n):
    tasks = [asyncio.create_task(answer(i)) for i in range(n)]
    total = 0
    for task in tasks:
        total += await task
    return total


async def answer(i):
    return i


repeat(sample)
