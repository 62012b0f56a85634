# SPDX-License-Identifier: MIT
"""A producer and a consumer; the messages are ints or tuples of eight ints."""

import asyncio

from bench import now_ns, repeat, report
from channel import Channel

MESSAGES = 1000000


async def sample(size):
    channel = Channel()
    start = now_ns()
    if size == 8:
        producer = asyncio.create_task(produce_ints(channel))
        consumer = asyncio.create_task(consume_ints(channel))
    else:
        producer = asyncio.create_task(produce_tuples(channel))
        consumer = asyncio.create_task(consume_tuples(channel))
    await producer
    total = await consumer
    report(MESSAGES, now_ns() - start, total)


async def produce_ints(channel):
    for i in range(MESSAGES):
        await channel.send(i)


async def consume_ints(channel):
    total = 0
    for _ in range(MESSAGES):
        total += await channel.receive()
    return total


async def produce_tuples(channel):
    for i in range(MESSAGES):
        message = (i, i + 1, i + 2, i + 3, i + 4, i + 5, i + 6, i + 7)
        await channel.send(message)


async def consume_tuples(channel):
    total = 0
    for _ in range(MESSAGES):
        message = await channel.receive()
        total += message[0] + message[7]
    return total


repeat(sample)
