"""Cookies: which of them a request carries, as RFC 6265 says. Pure; the time is an argument.

A cookie is sent to its own host, or to the hosts below its domain; below its path; over https alone if it is secure;
never once it has expired. None is changed on the way: an expired cookie is not revived, a session cookie has no date.
Values are secrets: they are in no ``repr``.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from email.utils import parsedate_to_datetime
from http.cookies import Morsel
from urllib.parse import urlsplit

import msgspec

MAX_COOKIES = 300
"""Kept of one site's own; a site that sets more is not asked for the sake of its cookies."""
MAX_COOKIE_BYTES = 4096
"""Of name and value together: browsers keep no larger ones."""


class Cookie(msgspec.Struct, frozen=True, repr_omit_defaults=True):
    """One cookie. ``expires`` is Unix seconds; None is a session cookie, which lasts as long as its record."""

    name: str
    value: str
    domain: str  # lower case, without a leading dot
    host_only: bool = False  # not for the hosts below the domain
    path: str = "/"
    expires: float | None = None
    secure: bool = False
    http_only: bool = False
    same_site: str = ""

    def __repr__(self) -> str:
        return f"<Cookie({self.name!r}, domain={self.domain!r}, path={self.path!r})>"

    @property
    def key(self) -> tuple[str, str, str]:
        """Of two cookies with one key the later takes the place of the earlier."""
        return self.name, self.domain, self.path

    def expired(self, now_seconds: float) -> bool:
        """Whether its time is over."""
        return self.expires is not None and self.expires <= now_seconds

    def is_for(self, scheme: str, host: str, path: str) -> bool:
        """Whether a request to there carries it, as long as it lasts."""
        if self.secure and scheme != "https":
            return False
        if host != self.domain and (self.host_only or not below_domain(host, self.domain)):
            return False
        return _path_matches(path, self.path)


class CookieJar:
    """The cookies of one visitor: those that were given, and those that the site sets."""

    def __init__(self, cookies: Iterable[Cookie] = ()) -> None:
        self._cookies = {cookie.key: cookie for cookie in cookies}

    def __repr__(self) -> str:
        return f"<CookieJar({len(self._cookies)} cookies)>"

    def for_url(self, url: str, now_seconds: float) -> list[Cookie]:
        """The cookies for a normalised URL, those of longer paths first."""
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        found = [
            cookie
            for cookie in self._cookies.values()
            if not cookie.expired(now_seconds) and cookie.is_for(parts.scheme, host, parts.path or "/")
        ]
        return sorted(found, key=lambda cookie: -len(cookie.path))

    def every(self, now_seconds: float) -> list[Cookie]:
        """All cookies that have not expired."""
        return [cookie for cookie in self._cookies.values() if not cookie.expired(now_seconds)]

    def header(self, url: str, now_seconds: float) -> str:
        """The value of the ``Cookie`` header for a normalised URL; "" = none is sent."""
        return "; ".join(f"{each.name}={each.value}" for each in self.for_url(url, now_seconds))

    def take(self, url: str, answer: Mapping[str, "Morsel[str]"], now_seconds: float) -> bool:
        """Keep what the site set with its answer; returns whether that changed what is sent."""
        changed = False
        for morsel in answer.values():
            cookie = set_cookie(url, morsel, now_seconds)
            if cookie is None:
                continue
            before = self._cookies.get(cookie.key)
            if cookie.expired(now_seconds):
                changed |= self._cookies.pop(cookie.key, None) is not None
            elif before is not None or len(self._cookies) < MAX_COOKIES:
                self._cookies[cookie.key] = cookie
                changed |= before is None or before.value != cookie.value
        return changed


def set_cookie(url: str, morsel: "Morsel[str]", now_seconds: float) -> Cookie | None:
    """The cookie that an answer of a normalised URL sets; None if it may not set that one, or it is none."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    name, value = morsel.key, morsel.coded_value
    if not storable(name, value) or len(name) + len(value) > MAX_COOKIE_BYTES:
        return None
    domain = str(morsel["domain"] or "").strip().lower().removeprefix(".")
    if domain and domain != host and not (below_domain(host, domain) and "." in domain):
        return None
    path = str(morsel["path"] or "")
    secure = bool(morsel["secure"])
    if secure and parts.scheme != "https":
        return None
    return Cookie(
        name,
        value,
        domain or host,
        host_only=not domain,
        path=path if path.startswith("/") else default_path(parts.path),
        expires=_expiry(morsel, now_seconds),
        secure=secure,
        http_only=bool(morsel["httponly"]),
    )


def storable(name: str, value: str) -> bool:
    """Whether name and value can stand in a ``Cookie`` header as they are."""
    return (
        bool(name)
        and all(_plain(text, forbidden) for text, forbidden in ((name, ' =;,"'), (value, ";")))
        and value.strip() == value
    )


def below_domain(host: str, domain: str) -> bool:
    """Whether the host is one below the domain. Addresses have none below them."""
    if not domain or not host.endswith(f".{domain}"):
        return False
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return True
    return False


def default_path(path: str) -> str:
    """The path of a cookie that names none: that of the page, without what follows its last slash."""
    return path.rpartition("/")[0] or "/"


def _path_matches(path: str, of_cookie: str) -> bool:
    if path == of_cookie:
        return True
    return path.startswith(of_cookie if of_cookie.endswith("/") else of_cookie + "/")


def _plain(text: str, forbidden: str) -> bool:
    return all(" " <= character <= "~" and character not in forbidden for character in text)


def _expiry(morsel: "Morsel[str]", now_seconds: float) -> float | None:
    """``Max-Age`` goes before ``Expires``; what can not be read is as if it were not there."""
    age = str(morsel["max-age"] or "").strip()
    if age.removeprefix("-").isdigit() and age.isascii():
        return now_seconds + max(min(int(age[:12]), 400 * 86400), -1)
    try:
        return parsedate_to_datetime(str(morsel["expires"])).timestamp() if morsel["expires"] else None
    except (ValueError, OverflowError):
        return None
