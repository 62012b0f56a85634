# SPDX-License-Identifier: MIT
"""The concurrent prime sieve."""

import asyncio

from bench import now_ns, repeat, report
from channel import Channel


async def sample(primes):
    start = now_ns()
    channel = Channel()
    tasks = [asyncio.create_task(count(channel))]
    total = 0
    for _ in range(primes):
        prime = await channel.receive()
        total += prime
        following = Channel()
        tasks.append(asyncio.create_task(sift(prime, channel, following)))
        channel = following
    report(1, now_ns() - start, total)
    for task in tasks:
        task.cancel()


async def count(channel):
    number = 2
    while True:
        await channel.send(number)
        number += 1


async def sift(prime, channel, following):
    while True:
        number = await channel.receive()
        if number % prime:
            await following.send(number)


repeat(sample)
