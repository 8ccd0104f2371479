"""Subscriptions: events as they are committed, read from the store with a cursor and woken by the hub."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from actors.messages import Event
from runtime.events.hub import EventHub
from runtime.store.reading.reader import StoreReader
from runtime.store.reading.records import EventFilter

OpenReader = Callable[[], StoreReader | None]
"""The reader as long as the runtime is open."""

LAST_SEQUENCE = 2**63 - 1


def sequence_number(after: Any) -> int:
    """Where to go on, as it was given; below 0 is before the first.

    Raises:
        TypeError: it is no sequence number.
    """
    if isinstance(after, int) and after <= LAST_SEQUENCE:
        return max(after, 0)
    raise TypeError(
        f"after is the sequence number of the last event that was seen, 0 to begin with the oldest, or None to begin"
        f" with the next, and not {after!r:.40}"
    )


def follow(
    hub: EventHub, reader_of: OpenReader, after: int, run_id: int | None, timeout_seconds: float | None
) -> Iterator[Event]:
    """Events above ``after`` until nothing came for so long, or the runtime is closed."""
    bell = threading.Event()
    leave = hub.on_commit(bell.set)
    cursor = after
    try:
        while (reader := reader_of()) is not None:
            bell.clear()
            found, cursor = reader.events(cursor, EventFilter(run_id))
            yield from found
            if not found and not bell.wait(timeout_seconds):
                return
    finally:
        leave()


async def follow_async(
    hub: EventHub, reader_of: OpenReader, after: int, run_id: int | None
) -> AsyncIterator[Event]:
    """The same for asyncio, without a time limit."""
    loop, bell = asyncio.get_running_loop(), asyncio.Event()
    leave = hub.on_commit(lambda: loop.call_soon_threadsafe(bell.set))
    cursor = after
    try:
        while (reader := reader_of()) is not None:
            bell.clear()
            found, cursor = await asyncio.to_thread(reader.events, cursor, EventFilter(run_id))
            for event in found:
                yield event
            if not found:
                await bell.wait()
    finally:
        leave()
