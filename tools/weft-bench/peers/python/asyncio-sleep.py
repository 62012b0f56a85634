# SPDX-License-Identifier: MIT
"""Many tasks that sleep a second, in a fresh process."""

import asyncio

from bench import now_ns, once, report


async def sample(n):
    start = now_ns()
    tasks = [asyncio.create_task(sleeper()) for _ in range(n)]
    slept = 0
    for task in tasks:
        slept += await task
    report(1, now_ns() - start - 1000000000, slept)


async def sleeper():
    await asyncio.sleep(1)
    return 1


once(sample)
