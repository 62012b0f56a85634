# SPDX-License-Identifier: MIT
"""A tree of tasks, ten branches each, whose leaves send their numbers up."""

import asyncio

from bench import memory, now_ns, once, report
from channel import Channel

BRANCHES = 10


async def sample(leaves):
    start = now_ns()
    up = Channel()
    root = asyncio.create_task(node(0, leaves, up))
    total = await up.receive()
    elapsed = now_ns() - start
    await root
    report(1, elapsed, total, f"peak_bytes={memory('VmHWM')}")


async def node(first, leaves, up):
    if leaves == 1:
        await up.send(first)
        return
    below = Channel()
    part = leaves // BRANCHES
    tasks = [
        asyncio.create_task(node(first + i * part, part, below))
        for i in range(BRANCHES)
    ]
    total = 0
    for _ in tasks:
        total += await below.receive()
    await up.send(total)


once(sample)
