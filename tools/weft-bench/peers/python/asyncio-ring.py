# SPDX-License-Identifier: MIT
"""A token goes round a ring of tasks; the one that times it is one of them."""

import asyncio

from bench import now_ns, repeat, report
from channel import Channel

ROUNDS = 100


async def sample(n):
    channels = [Channel() for _ in range(n)]
    tasks = [
        asyncio.create_task(pass_on(channel, following))
        for channel, following in zip(channels, channels[1:])
    ]
    token = await turn(0, channels)
    start = now_ns()
    for _ in range(ROUNDS):
        token = await turn(token, channels)
    report(n * ROUNDS, now_ns() - start, token)
    await asyncio.gather(*tasks)


async def turn(token, channels):
    await channels[0].send(token + 1)
    return await channels[-1].receive()


async def pass_on(channel, following):
    for _ in range(ROUNDS + 1):
        await following.send(await channel.receive() + 1)


repeat(sample)
