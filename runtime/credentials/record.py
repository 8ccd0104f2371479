"""An auth record as people have it: what a browser's extension exports, checked before anything is kept of it. Pure.

Read are a list of cookies, or an object with ``cookies`` and, if it has them, ``id``, ``site``, ``headers``,
``bearer_token`` and ``user_agent``. A cookie has the fields that browsers export: a domain with a leading dot is one of
the hosts below it too, without one of that host alone. Messages tell where something is wrong and never a value.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from actors.worker.crawler.cookies import Cookie, default_path, storable
from actors.worker.crawler.credential import Credential
from actors.worker.crawler.urls import host, normalise, origin

MAX_BYTES = 1024 * 1024
MAX_RECORD_COOKIES = 1000
MAX_NAME = 200

_NOT_SENT = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "cookie",
        "host",
        "te",
        "transfer-encoding",
        "upgrade",
    }
)
_SITE_KEYS = ("site", "site_domain", "siteDomain", "base_url", "baseUrl")
_USED = frozenset({"id", "cookies", "headers", "bearer_token", "user_agent", "userAgent", *_SITE_KEYS})
_OF_OTHERS = frozenset({"name", "created_at", "updated_at", "timestamp", "service_type"})
"""Exports have these; nothing is lost without them."""


class RecordError(ValueError):
    """It is no auth record. ``path`` is where in it."""

    def __init__(self, path: str, message: str, hint: str = "") -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.path = path
        self.message = message
        self.hint = hint


class Checked(msgspec.Struct, frozen=True):
    """A record that can be kept, and what is worth knowing about it."""

    credential: Credential
    warnings: tuple[str, ...] = ()


def read_record(
    text: bytes | str, *, auth_id: str | None = None, site: str | None = None, now_seconds: float
) -> Checked:
    """The record that a JSON text has.

    Args:
        text: JSON, at most ``MAX_BYTES``.
        auth_id: what to call it; None = as it says itself, else as its site.
        site: an origin or a host; None = as it says itself, else the domain of its cookies.
        now_seconds: Unix seconds, for a warning about cookies that have expired.

    Raises:
        RecordError: it is none.
    """
    if len(text) > MAX_BYTES:
        raise RecordError("", f"an auth record has at most {MAX_BYTES} bytes")
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise RecordError("", f"this is no JSON: {error}", _FORM) from error
    return checked_record(value, auth_id=auth_id, site=site, now_seconds=now_seconds)


def checked_record(
    value: Any, *, auth_id: str | None = None, site: str | None = None, now_seconds: float
) -> Checked:
    """``read_record`` of JSON that has been decoded."""
    table = {"cookies": value} if isinstance(value, list) else value
    if not isinstance(table, dict):
        raise RecordError("", f"an auth record is an object or a list of cookies, not {_kind(value)}", _FORM)
    listed = _listed(table.get("cookies", []))
    found = [_cookie(each, f"cookies[{number}]") for number, each in enumerate(listed)]
    headers = _headers(table)
    token = _text(table, "bearer_token")
    if token and not (token.isascii() and token.isprintable() and " " not in token):
        raise RecordError("bearer_token", "a token is printable ASCII without spaces")
    if not (found or headers or token):
        raise RecordError("", "there is nothing in it to log in with", _FORM)
    at = _site_of(table, site, found)
    cookies = tuple(each if each.domain else _of_site(each, at) for each in found)
    name = auth_id or _text(table, "id") or host(at)
    if not (0 < len(name) <= MAX_NAME and name.isprintable()):
        raise RecordError("id", f"an id is a printable text of 1 to {MAX_NAME} characters")
    credential = Credential(name, at, cookies, headers, token)
    return Checked(credential, tuple(_warnings(table, cookies, now_seconds)))


_FORM = (
    'write {"site": "https://host", "cookies": [{"name": …, "value": …, "domain": …}]},'
    " or the list of cookies alone"
)


def _listed(value: Any) -> list[Any]:
    if isinstance(value, str):  # records of the system this one realises have their cookies as text
        try:
            value = msgspec.json.decode(value)
        except msgspec.DecodeError as error:
            raise RecordError("cookies", f"the text is no JSON: {error}") from error
    if not isinstance(value, list):
        raise RecordError("cookies", f"must be a list, not {_kind(value)}", _FORM)
    if len(value) > MAX_RECORD_COOKIES:
        raise RecordError("cookies", f"at most {MAX_RECORD_COOKIES} cookies are kept, these are {len(value)}")
    return value


def _site_of(table: dict[str, Any], wanted: str | None, cookies: list[Cookie]) -> str:
    for path, text in (("--site", wanted or ""), *((key, _text(table, key)) for key in _SITE_KEYS)):
        if text:
            bare = text.strip().removeprefix(".")
            url = normalise(bare if "://" in bare else f"https://{bare}")
            if url is None:
                raise RecordError(path, "a site is a host, or an address such as https://host")
            return origin(url)
    hosts = sorted((each.domain for each in cookies if each.domain), key=len)
    url = _address(hosts[0]) if hosts else None
    if url is None:
        raise RecordError("site", "it does not say for which site it is", "name it: --site https://host")
    return origin(url)


def _address(name: str) -> str | None:
    """A URL on that host; None if it is none."""
    return normalise(f"https://[{name}]" if ":" in name else f"https://{name}")


def _of_site(cookie: Cookie, site: str) -> Cookie:
    """The cookie that names no domain, as one of its site alone."""
    return msgspec.structs.replace(cookie, domain=_host_name(site), host_only=True)


def _cookie(value: Any, path: str) -> Cookie:
    if not isinstance(value, dict):
        raise RecordError(path, f"must be an object, not {_kind(value)}", _FORM)
    for key in ("name", "value"):
        if not isinstance(value.get(key), str):
            raise RecordError(f"{path}.{key}", f"must be a text, not {_kind(value.get(key))}")
    if not storable(value["name"], value["value"]):
        raise RecordError(path, "name or value has characters that no cookie can have, or the name is empty")
    domain = _text(value, "domain", path).strip().lower()
    name = domain.removeprefix(".").strip("[]")
    url = _address(name) if name else None
    if domain and (url is None or _host_name(origin(url)) != name):
        raise RecordError(f"{path}.domain", "is no host")
    host_only = value.get("hostOnly")
    where = _text(value, "path", path)
    return Cookie(
        value["name"],
        value["value"],
        name,
        host_only=_flag(value, "hostOnly", path) if host_only is not None else not domain.startswith("."),
        path=where if where.startswith("/") else default_path("/"),
        expires=_expiry(value, path),
        secure=_flag(value, "secure", path),
        http_only=_flag(value, "httpOnly", path),
        same_site=_text(value, "sameSite", path).lower(),
    )


def _host_name(site: str) -> str:
    """The host of an origin, without port and brackets."""
    name = host(site)
    return name[1:].partition("]")[0] if name.startswith("[") else name.partition(":")[0]


def _expiry(cookie: dict[str, Any], path: str) -> float | None:
    """Unix seconds. 0 and less is how exports write that a cookie is one of the session, as is null."""
    for key in ("expires", "expirationDate"):
        value = cookie.get(key)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise RecordError(f"{path}.{key}", f"must be Unix seconds, not {_kind(value)}")
        return float(value) if value > 0 else None
    return None


def _headers(table: dict[str, Any]) -> dict[str, str]:
    value: Any = table.get("headers") or {}
    if not isinstance(value, dict):
        raise RecordError("headers", f"must be an object, not {_kind(value)}")
    agent = _text(table, "user_agent") or _text(table, "userAgent")
    headers: dict[str, Any] = {**({"User-Agent": agent} if agent else {}), **value}
    for name, text in headers.items():
        path = f"headers.{name[:80]}"
        if not name or not all(each.isascii() and (each.isalnum() or each in "-_.") for each in name):
            raise RecordError("headers", "the name of a header has letters, digits and dashes")
        if name.lower() in _NOT_SENT:
            raise RecordError(path, "this header is the client's own", "put cookies into the list of cookies")
        if not isinstance(text, str) or not text.isascii() or not text.isprintable():
            raise RecordError(path, "must be a text of printable ASCII characters")
    return headers


def _warnings(table: dict[str, Any], cookies: tuple[Cookie, ...], now_seconds: float) -> Iterator[str]:
    unused = sorted(str(key)[:80] for key in table if key not in _USED | _OF_OTHERS)
    if unused:
        yield f"not used: {', '.join(unused)}"
    expired = [each.name for each in cookies if each.expired(now_seconds)]
    if expired:
        yield f"{len(expired)} of {len(cookies)} cookies have expired and are not sent: {', '.join(expired[:5])}"


def _text(table: dict[str, Any], key: str, path: str = "") -> str:
    value = table.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise RecordError(f"{path}.{key}" if path else key, f"must be a text, not {_kind(value)}")
    return value


def _flag(table: dict[str, Any], key: str, path: str) -> bool:
    value = table.get(key, False)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise RecordError(f"{path}.{key}", f"must be true or false, not {_kind(value)}")
    return value


def _kind(value: Any) -> str:
    kinds = {str: "a text", list: "a list", dict: "an object", bool: "true or false", int: "a number"}
    return "null" if value is None else kinds.get(type(value), "a number")
