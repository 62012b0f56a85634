# SPDX-License-Identifier: MIT
"""Many tasks that wait at one channel: time, memory and mappings."""

import asyncio

from bench import mappings, memory, now_ns, once, report
from channel import Channel


async def sample(n):
    channel = Channel()
    before = resident()
    start = now_ns()
    tasks = [asyncio.create_task(channel.receive()) for _ in range(n)]
    await asyncio.sleep(0)
    elapsed = now_ns() - start
    bytes_each = (resident() - before) // n
    maps = mappings()
    for i in range(n):
        await channel.send(i)
    total = 0
    for task in tasks:
        total += await task
    report(1, elapsed, total, f"bytes_each={bytes_each}", f"mappings={maps}")


def resident():
    return memory("VmRSS") + memory("VmPTE")


once(sample)
