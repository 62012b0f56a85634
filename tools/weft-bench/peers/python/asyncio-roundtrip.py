# SPDX-License-Identifier: MIT
"""A client asks on one channel, a server answers on another."""

import asyncio

from bench import now_ns, repeat, report
from channel import Channel

TRIPS = 500000


async def sample(_):
    questions = Channel()
    answers = Channel()
    server = asyncio.create_task(serve(questions, answers))
    total = 0
    start = now_ns()
    for i in range(TRIPS):
        await questions.send(i)
        total += await answers.receive()
    report(TRIPS, now_ns() - start, total)
    server.cancel()


async def serve(questions, answers):
    while True:
        await answers.send(await questions.receive() + 1)


repeat(sample)
