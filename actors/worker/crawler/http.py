"""One GET with aiohttp, bounded. What ``Fetcher`` promises is kept here; the only module that knows the HTTP client."""

import asyncio
import socket
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any

import aiohttp
from yarl import URL

from actors.seams import Clock
from actors.worker.crawler.addresses import is_public
from actors.worker.crawler.charset import decode
from actors.worker.crawler.config import MAX_PAGE_BYTES
from actors.worker.crawler.decompress import ACCEPT_ENCODING, Decoder, EncodingError
from actors.worker.crawler.errors import FetchError, HttpStatusError, PrivateAddressError
from actors.worker.crawler.fetch import Fetched, FetchRequest
from actors.worker.crawler.media_types import Content, content_of, media_type
from actors.worker.crawler.pace import Turn
from actors.worker.crawler.retry_after import may_pass, retry_after_seconds

CONNECT_SECONDS = 10.0
DRAIN_SECONDS = 1.0
DRAINED_BYTES = 65_536
"""A body that is of no use is read to its end if it is this small, so that its connection can be kept."""

_ACCEPT = "text/html,application/xhtml+xml,text/markdown,text/plain;q=0.9,application/xml;q=0.8,*/*;q=0.1"
_WITHOUT_BODY = frozenset({204, 205})


class AddressRefusedError(OSError):
    """Raised where a socket is made. All look alike, so that of several for one name one is reported as it is."""

    def __init__(self, address: str) -> None:
        super().__init__("the address is not of the internet")
        self.address = address


def open_session(
    *, allow_private_addresses: bool, connections_per_host: int, user_agent: str
) -> aiohttp.ClientSession:
    """A client with its pool of connections, for the running loop."""
    connector = aiohttp.TCPConnector(
        limit=0,  # slots and the step's concurrency limit the requests; a queue here would eat their time
        limit_per_host=connections_per_host,
        socket_factory=None if allow_private_addresses else public_socket,
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,  # ours is bounded
        headers={
            "User-Agent": user_agent,
            "Accept": _ACCEPT,
            "Accept-Encoding": ACCEPT_ENCODING,
        },
        trace_configs=[_sending()],
    )


def _sending() -> aiohttp.TraceConfig:
    """Has a request's turn waited for where it has its connection, which is right in front of its being written."""

    async def has_connection(_session: object, traced: SimpleNamespace, _params: object) -> None:
        await traced.trace_request_ctx()

    tracing = aiohttp.TraceConfig()
    tracing.on_connection_create_end.append(has_connection)
    tracing.on_connection_reuseconn.append(has_connection)
    return tracing


async def get(session: aiohttp.ClientSession, request: FetchRequest, clock: Clock, turn: Turn) -> Fetched:
    """See ``PageFetcher.fetch``."""
    url, config, visitor = request.url, request.config, request.visitor
    seconds = config.request_timeout_seconds
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=min(CONNECT_SECONDS, seconds))
    sent = dict(request.validators)
    if visitor is not None:
        sent |= visitor.headers(url, clock.wall_ms() / 1000)
    started = clock.monotonic()
    set_cookies = False
    try:
        async with (
            asyncio.timeout(seconds) as limit,
            session.get(
                URL(url, encoded=True),
                allow_redirects=False,
                timeout=timeout,
                headers=sent,
                trace_request_ctx=partial(_wait_for, turn, limit),
            ) as response,
        ):
            if visitor is not None:
                set_cookies = visitor.take(url, response.cookies, clock.wall_ms() / 1000)
            body = await _read(response, request)
            if body is None:
                limit.reschedule(None)  # the answer has come: what goes wrong behind it does not matter
                await _drain(response, min(DRAIN_SECONDS, seconds))
                body = _Body()
    except (aiohttp.ClientError, OSError, ValueError) as error:  # a time limit is an OSError too
        raise _fetch_error(url, error, seconds) from error
    headers: dict[str, str] = {}
    for name, value in response.headers.items():
        if not name.lower().startswith("set-cookie"):
            headers.setdefault(name.lower(), _readable(value))
    if response.status >= 400:
        asked = retry_after_seconds(headers.get("retry-after"), clock.wall_ms())
        passing = may_pass(response.status)
        said = response.reason or ""
        raise HttpStatusError(url, response.status, said, retryable=passing, retry_after_seconds=asked)
    content_type = response.headers.get("Content-Type", "")
    return Fetched(
        status=response.status,
        url=url,
        headers=headers,
        content_type=media_type(content_type),
        content=content_of(content_type),
        text=body.text,
        body_bytes=body.size,
        truncated=body.size > body.kept,
        elapsed_ms=round((clock.monotonic() - started) * 1000),
        location=headers.get("location") if 300 <= response.status < 400 else None,
        set_cookies=set_cookies,
        raw=body.raw,
    )


async def _wait_for(turn: Turn, limit: asyncio.Timeout) -> None:
    """Wait for the turn, in no time of the request's own."""
    loop, end = asyncio.get_running_loop(), limit.when()
    began = loop.time()
    limit.reschedule(None)
    await turn.send()
    limit.reschedule(None if end is None else end + loop.time() - began)


@dataclass(frozen=True, slots=True)
class _Body:
    """What was kept of a body, and how large it was as far as it was read."""

    text: str | None = None
    raw: bytes = b""
    size: int = 0
    kept: int = 0


async def _read(response: aiohttp.ClientResponse, request: FetchRequest) -> _Body | None:
    """What is wanted of the body; None if that is nothing."""
    content_type = response.headers.get("Content-Type", "")
    most = request.config.max_body_bytes
    if request.raw_bytes and 200 <= response.status < 300 and response.status not in _WITHOUT_BODY:
        raw, size = await _body(response, most, request.raw_bytes)
        return _Body(raw=raw, size=size, kept=len(raw))
    if _has_text(response.status, content_type):
        raw, size = await _body(response, most, MAX_PAGE_BYTES)
        return _Body(decode(raw, content_type), size=size, kept=len(raw))
    return None


def _has_text(status: int, content_type: str) -> bool:
    return (
        200 <= status < 300 and status not in _WITHOUT_BODY and content_of(content_type) is not Content.OTHER
    )


def public_socket(address_info: tuple[Any, ...]) -> socket.socket:
    """The socket for an address that is about to be connected to.

    Raises:
        AddressRefusedError: the address is not of the internet.
    """
    family, kind, protocol, _, address = address_info
    if not is_public(str(address[0])):
        raise AddressRefusedError(str(address[0]))
    return socket.socket(family, kind, protocol)


async def _body(
    response: aiohttp.ClientResponse, max_body_bytes: int, max_kept_bytes: int
) -> tuple[bytes, int]:
    """What is kept of the decoded body, and how many bytes were read of it."""
    decoder = Decoder(response.headers.get("Content-Encoding", ""))
    kept = bytearray()
    size = 0
    async for chunk in response.content.iter_any():
        for piece in decoder.pieces(chunk):
            size += len(piece)
            kept += piece[: max(max_kept_bytes - len(kept), 0)]
            if size > max_body_bytes:
                response.close()
                return bytes(kept[:max_body_bytes]), size
    return bytes(kept), size


async def _drain(response: aiohttp.ClientResponse, seconds: float) -> None:
    """Read what is left if it is small, so that the connection can be kept; else break off."""
    length = response.content_length
    if length is None and 200 <= response.status < 300:
        length = DRAINED_BYTES + 1  # a file as likely as not; redirects and errors have few words
    left = DRAINED_BYTES
    try:
        async with asyncio.timeout(seconds):
            while (length or 0) <= DRAINED_BYTES and left >= 0:
                chunk = await response.content.readany()
                if not chunk:
                    return
                left -= len(chunk)
    except (aiohttp.ClientError, OSError):
        pass
    response.close()


def _readable(value: str) -> str:
    """A header as text: servers write UTF-8 where they may not, which aiohttp hands on as half surrogate pairs."""
    return value if value.isascii() else value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _fetch_error(url: str, error: Exception, timeout_seconds: float) -> FetchError:
    """What an exception of the HTTP client means for the page."""
    refused = getattr(error, "os_error", error)
    if isinstance(refused, AddressRefusedError):
        return PrivateAddressError(url, refused.address)
    if isinstance(error, TimeoutError):
        return FetchError(f"{url} took longer than {timeout_seconds:g} s", retryable=True)
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return FetchError(f"{url} has no valid certificate: {error}", retryable=False)
    if isinstance(error, (EncodingError, aiohttp.InvalidURL)):
        return FetchError(f"{url} can not be read: {error}", retryable=False)
    if isinstance(error, aiohttp.ClientConnectorError):
        said = error.os_error.strerror or error.os_error
        return FetchError(f"{url} can not be reached: {said}", retryable=True)
    return FetchError(f"{url} can not be read: {type(error).__name__}: {error}", retryable=True)
