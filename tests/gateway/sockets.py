"""WebSockets of a client that has time: a busy machine may take longer than the library's 10 and 20 seconds."""

from typing import Any

from websockets.asyncio.client import connect

SECONDS = 100.0


def socket_at(address: str, **options: Any) -> connect:
    """As ``connect``: to be awaited, or for ``async with``."""
    return connect(address, proxy=None, open_timeout=SECONDS, ping_timeout=SECONDS, **options)
