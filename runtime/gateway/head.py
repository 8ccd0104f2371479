"""HEAD: what GET would answer, without the body (RFC 9110, 9.3.2).

The routes know of GET alone: what comes as HEAD reaches them as GET, and what they answer loses its body on the way
out. So status and headers are those of GET, also its Content-Length, and no route can forget it. A stream is left as
soon as its headers are there: it would not end by itself.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Any


def allowed(methods: Iterable[str]) -> str:
    """The value of an Allow header for a path whose routes take these: HEAD is where GET is. Pure."""
    found = {*methods}
    return ", ".join(sorted(found | {"HEAD"} if "GET" in found else found))


async def headers_only(inside: Any, scope: Any, receive: Any, send: Any) -> None:
    """Have an ASGI application answer a HEAD as it answers a GET, up to its headers."""
    streams = asyncio.Event()

    async def without_body(message: Any) -> None:
        if message["type"] != "http.response.body":
            await send(message)
        elif streams.is_set():
            pass  # all was said
        elif message.get("more_body", False):
            await send({"type": "http.response.body", "body": b""})
            streams.set()
        else:
            await send({**message, "body": b""})

    answering = asyncio.ensure_future(inside({**scope, "method": "GET"}, receive, without_body))
    left = asyncio.ensure_future(streams.wait())
    try:
        await asyncio.wait((answering, left), return_when=asyncio.FIRST_COMPLETED)
    finally:
        left.cancel()
        if not answering.done():
            answering.cancel()
        with suppress(asyncio.CancelledError):
            await answering
