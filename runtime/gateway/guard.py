"""Whether a request is let in: its Host, its Origin, its token, in that order. Pure.

A page of another origin that makes a browser call the gateway is known by its Origin or its Sec-Fetch-Site header, and
a name that was made to point here (DNS rebinding) by its Host header. So no request that changes something needs a
token against forgery (https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html,
"Fetch Metadata headers").
"""

from urllib.parse import urlsplit

import msgspec

from runtime.gateway.settings import LOOPBACK_NAMES, GatewaySettings
from runtime.gateway.tokens import Role, role_of

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN_PATHS = frozenset({"/", "/api/health/live", "/api/health/ready"})
"""Whoever reaches the gateway may read these: a load balancer, and somebody who has yet to present a token."""
OPEN_PREFIX = "/static/"
ANY_ROLE = frozenset({"/api/login", "/api/logout"})
"""These change nothing but the caller's own cookie."""


class Call(msgspec.Struct, frozen=True):
    """What of a request decides."""

    method: str
    path: str
    host: str | None  # the header
    origin: str | None = None
    fetch_site: str | None = None
    token: str | None = None


class Refusal(msgspec.Struct, frozen=True):
    """Why it is not let in."""

    status: int
    title: str
    detail: str


def admit(call: Call, settings: GatewaySettings) -> Role | Refusal:
    """The role the request has, or why it is refused."""
    refused = _host_refusal(call, settings) or _origin_refusal(call, settings)
    if refused is not None:
        return refused
    if not settings.tokens:
        return Role.OPERATE
    role = Role.NONE if call.token is None else role_of(call.token, settings.tokens)
    if role is Role.NONE and not is_open(call):
        known = "a token is needed: send" if call.token is None else "the token is not known here; send"
        return Refusal(401, "Unauthorized", f"{known} Authorization: Bearer TOKEN")
    if role is Role.READ and call.method not in SAFE_METHODS and call.path not in ANY_ROLE:
        return Refusal(403, "Forbidden", "this token may only read")
    return role


def is_open(call: Call) -> bool:
    """Whether no token is needed for it."""
    return call.method in SAFE_METHODS and (call.path in OPEN_PATHS or call.path.startswith(OPEN_PREFIX))


def _host_refusal(call: Call, settings: GatewaySettings) -> Refusal | None:
    if "*" in settings.allowed_hosts:
        return None
    name = host_name(call.host or "")
    if name and name in {*LOOPBACK_NAMES, settings.host.strip("[]").lower(), *settings.allowed_hosts}:
        return None
    return Refusal(
        400,
        "Foreign host",
        f"the Host header names {call.host!r:.200}, which is not known here; allowed_hosts of [gateway] adds names",
    )


def _origin_refusal(call: Call, settings: GatewaySettings) -> Refusal | None:
    if call.origin is not None:
        if call.origin in settings.allowed_origins or _same_origin(call.origin, call.host or ""):
            return None
        detail = (
            f"a page of {call.origin!r:.200} may not call this; allowed_origins of [gateway] adds origins"
        )
        return Refusal(403, "Foreign origin", detail)
    if call.fetch_site in {"cross-site", "same-site"} and call.method not in SAFE_METHODS:
        return Refusal(403, "Foreign origin", "a page of another origin may not call this")
    return None


def host_name(host: str) -> str:
    """The name in a Host header, without the port; "" if it is none."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _same_origin(origin: str, host: str) -> bool:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and parts.netloc.lower() == host.lower() != ""
