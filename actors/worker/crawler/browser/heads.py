"""The heads of requests that a browser sends to its proxy, and of the answers it gets. Pure."""

import re
from urllib.parse import urlsplit

import msgspec

MAX_HEAD_BYTES = 65_536

_HOP = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"proxy-authorization", b"proxy-authenticate", b"te"}
)
"""Headers of one connection: they are not passed on."""
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~%-]{1,255}):([0-9]{1,5})")


class HeadError(ValueError):
    """What came is no request for a proxy."""


class ProxyRequest(msgspec.Struct, frozen=True):
    """Where a request leads. ``forwarded`` is its head for that server; None = CONNECT: a tunnel is wanted."""

    host: str  # without brackets
    port: int
    forwarded: bytes | None = None


def request_of(head: bytes) -> ProxyRequest:
    """Read a request's head, as it ends with an empty line.

    Raises:
        HeadError: it is none that a proxy can do.
    """
    first, *headers = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    parts = first.split(b" ")
    if len(parts) != 3 or not parts[2].startswith(b"HTTP/1."):
        raise HeadError("no HTTP/1 request line")
    method, target = parts[0], parts[1].decode("latin-1")
    if method == b"CONNECT":
        return _tunnel(target)
    try:
        url = urlsplit(target)
        port = url.port or 80
    except ValueError as error:
        raise HeadError(f"no URL: {error}") from error
    if url.scheme != "http" or not url.hostname:
        raise HeadError("no absolute http URL")
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    line = b" ".join((method, path.encode("latin-1"), b"HTTP/1.1"))
    return ProxyRequest(url.hostname, port, _joined(line, headers))


def answer_of(head: bytes) -> bytes:
    """An answer's head as the browser gets it: the connection ends with this answer, so that none is sent astray."""
    first, *headers = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    return _joined(first, headers)


def is_interim(head: bytes) -> bool:
    """Whether another head follows: 100 Continue, 103 Early Hints."""
    return head[8:10] == b" 1" and not head.startswith(b"HTTP/1.1 101")


def _tunnel(target: str) -> ProxyRequest:
    found = _AUTHORITY.fullmatch(target)
    if found is None or not 0 < int(found.group(2)) < 65_536:
        raise HeadError("no host and port")
    return ProxyRequest(found.group(1).strip("[]"), int(found.group(2)))


def _joined(line: bytes, headers: list[bytes]) -> bytes:
    kept = [each for each in headers if each.partition(b":")[0].strip().lower() not in _HOP]
    return b"\r\n".join((line, *kept, b"Connection: close", b"", b""))
