# SPDX-License-Identifier: MIT
"""A wait for the first of many receives, each from a channel with a sender.

One wait may bring several messages, which are all taken."""

import asyncio
from itertools import islice

from bench import now_ns, once, report
from channel import Channel


async def sample(n):
    messages = 1000000 if n <= 2 else 500000 if n <= 10 else 200000
    channels = [Channel() for _ in range(n)]
    senders = [asyncio.create_task(send(channel)) for channel in channels]
    await asyncio.sleep(0)
    start = now_ns()
    received = await receive(channels, messages)
    report(received, now_ns() - start, received)
    for sender in senders:
        sender.cancel()


async def receive(channels, messages):
    receives = {
        asyncio.create_task(channel.receive()): i
        for i, channel in enumerate(channels)
    }
    due = [0] * len(channels)
    received = 0
    while received < messages:
        done, _ = await asyncio.wait(
            receives, return_when=asyncio.FIRST_COMPLETED)
        for task in islice(done, messages - received):
            i = receives.pop(task)
            if task.result() != due[i]:
                raise RuntimeError("a message is out of order")
            due[i] += 1
            received += 1
            receives[asyncio.create_task(channels[i].receive())] = i
    for task in receives:
        task.cancel()
    return received


async def send(channel):
    i = 0
    while True:
        await channel.send(i)
        i += 1


once(sample)
