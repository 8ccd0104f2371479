"""The gate: an ASGI application in front of the gateway's own, which every request and WebSocket has to pass.

It asks ``guard``, bounds headers and the length a body claims (Litestar counts what comes), makes those who present
wrong tokens wait, and puts the headers that keep a browser safe on every answer. Nothing behind it is reached by a
request that was refused.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from http.cookies import CookieError, SimpleCookie
from typing import Any

import msgspec

from actors.seams import Clock
from runtime.gateway.broadcast import Broadcast
from runtime.gateway.guard import Call, Refusal, admit
from runtime.gateway.handing import SendingProcess
from runtime.gateway.head import headers_only
from runtime.gateway.problem import MEDIA_TYPE, TITLES, Problem
from runtime.gateway.settings import GatewaySettings
from runtime.gateway.tokens import Role
from runtime.telemetry.incoming import forget, of_request

COOKIE = "quaero_token"
"""What the page keeps its token in: no script can read it, and no other site can have it sent."""

ROLE = "quaero_role"
"""The key of the request's role in the ASGI scope."""

SECURITY_HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)

Headers = list[tuple[bytes, bytes]]

PREFLIGHT = (
    (b"access-control-allow-methods", b"GET, HEAD, POST, PUT, DELETE"),
    (b"access-control-allow-headers", b"Authorization, Content-Type, Idempotency-Key, Last-Event-ID"),
    (b"access-control-max-age", b"600"),
)
"""What a page of an allowed origin may send."""

_MINUTE = 60.0
_POLICY_VIOLATION = 1008  # of RFC 6455
_REMEMBERED = 10_000

Scope = Any
Receive = Callable[[], Any]
Send = Callable[[Any], Any]


class FailedLogins:
    """Wrong tokens by address within the last minute; bounded, the oldest address is forgotten first."""

    def __init__(self, clock: Clock, limit: int) -> None:
        self._clock = clock
        self._limit = limit
        self._times: OrderedDict[str, list[float]] = OrderedDict()

    def __repr__(self) -> str:
        return f"<FailedLogins(addresses={len(self._times)})>"

    def wait_seconds(self, address: str) -> int:
        """How long that address has to wait before it may present a token again; 0 = it may now."""
        now = self._clock.monotonic()
        times = [each for each in self._times.get(address, ()) if each > now - _MINUTE]
        if len(times) < self._limit:
            return 0
        return max(1, round(times[-self._limit] + _MINUTE - now))

    def failed(self, address: str) -> None:
        """One more wrong token."""
        times = self._times.pop(address, [])
        self._times[address] = [*times, self._clock.monotonic()][-self._limit :]
        if len(self._times) > _REMEMBERED:
            self._times.popitem(last=False)


class Gate:
    """Lets in what ``guard`` admits."""

    def __init__(
        self,
        inside: Any,
        settings: GatewaySettings,
        clock: Clock,
        broadcast: Broadcast,
        sending: SendingProcess,
    ) -> None:
        self._broadcast = broadcast
        self.sending = sending
        self._inside = inside
        self._settings = settings
        self._failed = FailedLogins(clock, settings.failed_logins)

    @property
    def routes(self) -> list[Any]:
        """What is behind it."""
        return list(self._inside.routes)

    async def end_streams(self) -> None:
        """A server that stops calls it first: they end by themselves only with us."""
        await self._broadcast.close()
        await self.sending.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] not in {"http", "websocket"}:
            await self._inside(scope, receive, send)
            return
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        call = call_of(scope, headers)
        shared = shared_with(call, self._settings)
        if shared and is_preflight(call, headers) and admit_preflight(call, self._settings):
            await _answer(send, 204, [*shared, *PREFLIGHT])
            return
        address = (scope.get("client") or ("",))[0]
        refusal = self._size_refusal(scope, headers) or self._throttled(call, address)
        if refusal is None:
            found = admit(call, self._settings)
            if not isinstance(found, Refusal):
                scope[ROLE] = found
                place = of_request(headers.get(b"traceparent"), headers.get(b"tracestate", ""))
                try:
                    await self._let_in(scope, receive, send, shared)
                finally:
                    forget(place)
                return
            refusal = found
            if found.status == 401 and call.token is not None:
                self._failed.failed(address)
        await _refuse(scope, receive, send, refusal, self._failed.wait_seconds(address), shared)

    def _size_refusal(self, scope: Scope, headers: dict[bytes, str]) -> Refusal | None:
        if sum(len(name) + len(value) for name, value in scope["headers"]) > self._settings.max_header_bytes:
            limit = self._settings.max_header_bytes
            return Refusal(431, TITLES[431], f"the headers are longer than {limit} bytes")
        length = headers.get(b"content-length", "0")
        if length.isascii() and length.isdigit() and int(length) > self._settings.max_body_bytes:
            return _too_large(self._settings.max_body_bytes)
        return None

    def _throttled(self, call: Call, address: str) -> Refusal | None:
        if call.token is None or not self._settings.tokens:
            return None
        seconds = self._failed.wait_seconds(address)
        if not seconds:
            return None
        return Refusal(429, TITLES[429], f"too many wrong tokens came from this address: wait {seconds} s")

    async def _let_in(self, scope: Scope, receive: Receive, send: Send, shared: Headers) -> None:
        async def guarded(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = {
                    **message,
                    "headers": [
                        *completed(message.get("headers", ()), scope.get("root_path", "")),
                        *shared,
                    ],
                }
            await send(message)

        if scope.get("method") == "HEAD":
            await headers_only(self._inside, scope, receive, guarded)
        else:
            await self._inside(scope, receive, guarded)


def completed(headers: Iterable[tuple[bytes, bytes]], root: str) -> list[tuple[bytes, bytes]]:
    """An answer's headers with those for the browser; a Location is put below the path this is mounted at. Pure."""
    given = [
        (name, root.encode() + value if name.lower() == b"location" and value.startswith(b"/") else value)
        for name, value in headers
    ]
    present = {name.lower() for name, _ in given}
    return given + [each for each in SECURITY_HEADERS if each[0] not in present]


def call_of(scope: Scope, headers: dict[bytes, str]) -> Call:
    """What of an ASGI scope decides whether it is let in. Pure."""
    path = scope["path"]
    root = scope.get("root_path", "")
    if root and path.startswith(root):
        path = path[len(root) :]
    return Call(
        method=scope.get("method", "GET"),
        path=path or "/",
        host=headers.get(b"host"),
        origin=headers.get(b"origin"),
        fetch_site=headers.get(b"sec-fetch-site"),
        token=presented_token(headers),
    )


def presented_token(headers: dict[bytes, str]) -> str | None:
    """The token of the Authorization header, else of the page's cookie."""
    scheme, _, token = headers.get(b"authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    try:
        cookie = SimpleCookie(headers.get(b"cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return cookie.value if cookie is not None and cookie.value else None


def role_in(scope: Scope) -> Role:
    """The role of a request that was let in."""
    role: Role = scope.get(ROLE, Role.NONE)
    return role


def _too_large(limit: int) -> Refusal:
    return Refusal(413, TITLES[413], f"the body is longer than {limit} bytes")


def is_preflight(call: Call, headers: dict[bytes, str]) -> bool:
    """Whether a browser asks what a page of another origin may send. Pure."""
    return call.method == "OPTIONS" and b"access-control-request-method" in headers


def admit_preflight(call: Call, settings: GatewaySettings) -> bool:
    """Whether its Host and Origin are known; it brings no token: what it asks for is judged when it comes. Pure."""
    return not isinstance(admit(msgspec.structs.replace(call, path="/"), settings), Refusal)


def shared_with(call: Call, settings: GatewaySettings) -> Headers:
    """What lets the page of an allowed origin read the answer; it has to bring a token, no cookie is sent. Pure."""
    if call.origin is None or call.origin not in settings.allowed_origins:
        return []
    return [
        (b"access-control-allow-origin", call.origin.encode("latin-1")),
        (b"access-control-expose-headers", b"Location, Retry-After"),
        (b"vary", b"Origin"),
    ]


async def _answer(send: Send, status: int, headers: Headers, body: bytes = b"") -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _refuse(
    scope: Scope, receive: Receive, send: Send, refusal: Refusal, wait_seconds: int, shared: Headers
) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": refusal.detail[:120]})
        return
    problem = Problem(refusal.title, refusal.status, refusal.detail, instance=scope["path"])
    headers = [(b"content-type", MEDIA_TYPE.encode()), *SECURITY_HEADERS, *shared]
    if refusal.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if refusal.status == 429 and wait_seconds:
        headers.append((b"retry-after", str(wait_seconds).encode()))
    body = msgspec.json.encode(problem)
    headers.append((b"content-length", str(len(body)).encode()))
    await _answer(send, refusal.status, headers, b"" if scope.get("method") == "HEAD" else body)
