# SPDX-License-Identifier: MIT
"""A source, stages that each add one, a sink."""

import asyncio

from bench import now_ns, repeat, report
from channel import Channel

VALUES = 10000


async def sample(stages):
    start = now_ns()
    channels = [Channel() for _ in range(stages + 1)]
    tasks = [asyncio.create_task(source(channels[0]))]
    for channel, following in zip(channels, channels[1:]):
        tasks.append(asyncio.create_task(stage(channel, following)))
    total = 0
    for _ in range(VALUES):
        total += await channels[-1].receive()
    report(VALUES * (stages + 1), now_ns() - start, total)
    await asyncio.gather(*tasks)


async def source(channel):
    for i in range(VALUES):
        await channel.send(i)


async def stage(channel, following):
    for _ in range(VALUES):
        await following.send(await channel.receive() + 1)


repeat(sample)
