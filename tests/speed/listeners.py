"""Listeners in a process of their own: WebSockets that read every event and check it, and some that read nothing.

    python -m tests.speed.listeners URL READING SILENT

It prints "ready" once all are connected. Told a number on stdin, it ends when every reader has seen the event of that
number, and prints what they saw: each reader's first and last number, how many events and frames, and what was out of
order or missing.
"""

import asyncio
import json
import re
import sys
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

NUMBER = re.compile(rb'"specversion":"1.0","id":"([0-9]+)"')
"""A stored event's number; pictures of progress have none."""
LIMIT_SECONDS = 120


class Reader:
    """One socket that reads; the numbers have to go up by one."""

    def __init__(self, socket: ClientConnection, after: int) -> None:
        self._socket = socket
        self.first = self.last = after
        self.frames = 0
        self.faults: list[str] = []
        self.news = asyncio.Event()

    async def read(self) -> None:
        """Until it is cancelled."""
        while True:
            frame = await self._socket.recv(decode=False)
            self.frames += 1
            for found in NUMBER.findall(frame):
                if (number := int(found)) != self.last + 1 and len(self.faults) < 5:
                    self.faults.append(f"{number} after {self.last}")
                self.last = number
            self.news.set()

    async def reach(self, number: int) -> None:
        """Wait until it has seen that event."""
        while self.last < number:
            self.news.clear()
            await self.news.wait()


async def listen(url: str, reading: int, silent: int) -> dict[str, Any]:
    """The scene."""
    loop = asyncio.get_running_loop()
    after = int((await loop.run_in_executor(None, sys.stdin.readline)) or 0)
    options: dict[str, Any] = {"proxy": None, "max_size": 1 << 26, "compression": None}
    address = f"{url}?after={after}"
    quiet = [await connect(address, max_queue=1, **options) for _ in range(silent)]
    readers = [Reader(await connect(address, **options), after) for _ in range(reading)]
    tasks = [asyncio.create_task(each.read()) for each in readers]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    until = int(await loop.run_in_executor(None, sys.stdin.readline))
    async with asyncio.timeout(LIMIT_SECONDS):
        await asyncio.gather(*(each.reach(until) for each in readers))
    for task in tasks:
        task.cancel()
    for each in quiet:
        each.transport.abort()
    return {
        "after": after,
        "until": until,
        "reached": [each.last for each in readers],
        "frames": max((each.frames for each in readers), default=0),
        "faults": [fault for each in readers for fault in each.faults],
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(listen(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))) + "\n")
