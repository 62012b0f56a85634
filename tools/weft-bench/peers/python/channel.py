# SPDX-License-Identifier: MIT
"""An unbuffered channel of plain futures, faster than asyncio.Queue(1)."""

import asyncio
from collections import deque


class Channel:
    def __init__(self):
        self.new_future = asyncio.get_running_loop().create_future
        self.senders = deque()
        self.receivers = deque()

    async def send(self, value):
        if self.receivers:
            self.receivers.popleft().set_result(value)
        else:
            taken = self.new_future()
            self.senders.append((taken, value))
            await taken

    async def receive(self):
        if self.senders:
            taken, value = self.senders.popleft()
            taken.set_result(None)
            return value
        arrival = self.new_future()
        self.receivers.append(arrival)
        return await arrival
