"""One GET with aiohttp, bounded. What ``Fetcher`` promises is kept here; the only module that knows the HTTP client."""

import socket
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import aiohttp
from yarl import URL

from actors.seams import Clock
from actors.worker.crawler.addresses import is_public
from actors.worker.crawler.charset import decode
from actors.worker.crawler.config import MAX_PAGE_BYTES, CrawlConfig
from actors.worker.crawler.decompress import ACCEPT_ENCODING, Decoder, EncodingError
from actors.worker.crawler.errors import FetchError, HttpStatusError, PrivateAddressError
from actors.worker.crawler.fetch import Fetched
from actors.worker.crawler.media_types import Content, content_of, media_type
from actors.worker.crawler.retry_after import may_pass, retry_after_seconds

CONNECT_SECONDS = 10.0
DRAINED_BYTES = 65_536
"""A body that is of no use is read to its end if it is this small, so that its connection can be kept."""

_ACCEPT = "text/html,application/xhtml+xml,text/markdown,text/plain;q=0.9,application/xml;q=0.8,*/*;q=0.1"
_WITHOUT_BODY = frozenset({204, 205})


class AddressRefusedError(OSError):
    """Raised where a socket is made. All look alike, so that of several for one name one is reported as it is."""

    def __init__(self, address: str) -> None:
        super().__init__("the address is not of the internet")
        self.address = address


def open_session(*, allow_private_addresses: bool, connections_per_host: int) -> aiohttp.ClientSession:
    """A client with its pool of connections, for the running loop."""
    connector = aiohttp.TCPConnector(
        limit=0,  # slots and the step's concurrency limit the requests; a queue here would eat their time
        limit_per_host=connections_per_host,
        socket_factory=None if allow_private_addresses else _public_socket,
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,  # ours is bounded
        headers={"User-Agent": user_agent(), "Accept": _ACCEPT, "Accept-Encoding": ACCEPT_ENCODING},
    )


async def get(session: aiohttp.ClientSession, url: str, config: CrawlConfig, clock: Clock) -> Fetched:
    """See ``Fetcher.fetch``."""
    seconds = config.request_timeout_seconds
    timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=min(CONNECT_SECONDS, seconds))
    target = URL(url, encoded=True)
    started = clock.monotonic()
    try:
        async with session.get(target, allow_redirects=False, timeout=timeout) as response:
            content_type = response.headers.get("Content-Type", "")
            text, size, truncated = None, 0, False
            if _has_text(response.status, content_type):
                body, size = await _body(response, config.max_body_bytes)
                text, truncated = decode(body, content_type), size > len(body)
            else:
                await _drain(response)
    except (aiohttp.ClientError, OSError, ValueError) as error:  # a time limit is an OSError too
        raise _fetch_error(url, error, seconds) from error
    headers: dict[str, str] = {}
    for name, value in response.headers.items():
        headers.setdefault(name.lower(), _readable(value))
    if response.status >= 400:
        asked = retry_after_seconds(headers.get("retry-after"), clock.wall_ms())
        passing = may_pass(response.status)
        said = response.reason or ""
        raise HttpStatusError(url, response.status, said, retryable=passing, retry_after_seconds=asked)
    return Fetched(
        status=response.status,
        url=url,
        headers=headers,
        content_type=media_type(content_type),
        content=content_of(content_type),
        text=text,
        body_bytes=size,
        truncated=truncated,
        elapsed_ms=round((clock.monotonic() - started) * 1000),
        location=headers.get("location") if 300 <= response.status < 400 else None,
    )


def user_agent() -> str:
    """How the crawler introduces itself."""
    try:
        return f"Quaero/{version('quaero-runtime')} (+crawler)"
    except PackageNotFoundError:  # run from a source tree that is not installed
        return "Quaero (+crawler)"


def _has_text(status: int, content_type: str) -> bool:
    return (
        200 <= status < 300 and status not in _WITHOUT_BODY and content_of(content_type) is not Content.OTHER
    )


def _public_socket(address_info: tuple[Any, ...]) -> socket.socket:
    """The socket for an address that is about to be connected to.

    Raises:
        AddressRefusedError: the address is not of the internet.
    """
    family, kind, protocol, _, address = address_info
    if not is_public(str(address[0])):
        raise AddressRefusedError(str(address[0]))
    return socket.socket(family, kind, protocol)


async def _body(response: aiohttp.ClientResponse, max_body_bytes: int) -> tuple[bytes, int]:
    """What is kept of the decoded body, and how many bytes were read of it."""
    decoder = Decoder(response.headers.get("Content-Encoding", ""))
    kept = bytearray()
    size = 0
    async for chunk in response.content.iter_any():
        for piece in decoder.pieces(chunk):
            size += len(piece)
            kept += piece[: max(MAX_PAGE_BYTES - len(kept), 0)]
            if size > max_body_bytes:
                response.close()
                return bytes(kept[:max_body_bytes]), size
    return bytes(kept), size


async def _drain(response: aiohttp.ClientResponse) -> None:
    """Read what is left if it is small, so that the connection can be kept; else break off."""
    length = response.content_length
    if length is None and 200 <= response.status < 300:
        length = DRAINED_BYTES + 1  # a file as likely as not; redirects and errors have few words
    left = DRAINED_BYTES
    try:
        while (length or 0) <= DRAINED_BYTES and left >= 0:
            chunk = await response.content.readany()
            if not chunk:
                return
            left -= len(chunk)
    except (aiohttp.ClientError, OSError):
        pass  # the answer has come: what goes wrong behind it does not matter
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
