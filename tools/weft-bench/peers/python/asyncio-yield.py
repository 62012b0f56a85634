# SPDX-License-Identifier: MIT
"""Tasks that yield in turn."""

import asyncio

from bench import now_ns, repeat, report


async def sample(n):
    rounds = max(10, 2000000 // n)
    tasks = [asyncio.create_task(take_turns(rounds)) for _ in range(n)]
    results = [await task for task in tasks]
    yields = sum(count for count, _ in results)
    report(n * rounds, results[0][1], yields)


async def take_turns(rounds):
    await asyncio.sleep(0)
    count = 0
    start = now_ns()
    while count < rounds:
        await asyncio.sleep(0)
        count += 1
    return count, now_ns() - start


repeat(sample)
