# SPDX-License-Identifier: MIT
"""Many producers, all waiting at one channel before its consumer starts."""

import asyncio

from bench import now_ns, repeat, report
from channel import Channel

EACH = 100


async def sample(n):
    channel = Channel()
    tasks = [asyncio.create_task(produce(i, channel)) for i in range(n)]
    await asyncio.sleep(0)
    total = 0
    start = now_ns()
    for _ in range(n * EACH):
        total += await channel.receive()
    report(n * EACH, now_ns() - start, total)
    await asyncio.gather(*tasks)


async def produce(value, channel):
    for _ in range(EACH):
        await channel.send(value)


repeat(sample)
