"""One spelling per URL, and the question whether two URLs belong to the same site. Pure.

``normalise`` decides what a crawl takes for the same page: it lower-cases scheme and host, drops the default port,
the fragment and user names, resolves dot segments and spells percent-encodings one way. It never raises, whatever
text it is given, and what it returns is ASCII and a fixed point of itself.
"""

import ipaddress
import re
from functools import lru_cache
from urllib.parse import SplitResult, unquote, urlsplit

MAX_URL_LENGTH = 8192
"""Longer URLs are none: no server takes them, and calendars and session loops make them without end."""

_DEFAULT_PORTS = {"http": 80, "https": 443}
_MAX_HOST_LENGTH = 253
_MAX_LABEL_LENGTH = 63

_IGNORED = re.compile(r"[\t\n\r]")  # browsers drop these wherever they stand
_SURROUNDING = "".join(map(chr, range(0x21)))
_SURROGATES = re.compile("[\ud800-\udfff]")
_PERCENT = re.compile(r"%([0-9A-Fa-f]{2})?")
_HOST = re.compile(r"[a-z0-9._-]+")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PATH_SAFE = _UNRESERVED | frozenset("!$&'()*+,;=:@/%")
_QUERY_SAFE = _PATH_SAFE | frozenset("?[]|{}")


def normalise(url: str, base: str | None = None) -> str | None:
    """The URL in its one spelling, or None if it is not one of http or https that can be fetched.

    Args:
        url: any text, such as an ``href``.
        base: what a relative URL is relative to.
    """
    cleaned = _cleaned(url)
    if cleaned is None:
        return None
    try:
        parts = urlsplit(cleaned)
        if base is not None:
            parts = _joined(parts, urlsplit(_cleaned(base) or ""))
        return _spelled(parts)
    except ValueError:  # an address in brackets that is none, a port that is none, a host that IDNA forbids
        return None


def origin(url: str) -> str:
    """Scheme, host and port of a normalised URL, as in ``https://example.com``."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def host(url: str) -> str:
    """Host of a normalised URL, with the port if that is not the default: what a rate limit is kept for."""
    return urlsplit(url).netloc


def followed_origins(seeds: tuple[str, ...]) -> frozenset[str]:
    """The origins a crawl of these normalised seeds may follow links to.

    They are the seeds' own and, for a seed on the default port of http, the same host on that of https: a site that
    moves its visitors to https is still the same site. The other way round it is not.
    """
    own = {origin(seed) for seed in seeds}
    plain = (each.removeprefix("http://") for each in own if each.startswith("http://"))
    return frozenset(own | {f"https://{authority}" for authority in plain if _has_default_port(authority)})


def _has_default_port(authority: str) -> bool:
    return authority.endswith("]") or ":" not in authority


def _cleaned(url: str) -> str | None:
    """The text without what browsers ignore, or None if it is far too long."""
    if len(url) > MAX_URL_LENGTH:
        return None
    cleaned = _SURROGATES.sub("\ufffd", _IGNORED.sub("", url.strip(_SURROUNDING)))
    before, mark, after = _before_query(cleaned)
    return before.replace("\\", "/") + mark + after


def _before_query(url: str) -> tuple[str, str, str]:
    at = min((i for i in (url.find("?"), url.find("#")) if i >= 0), default=len(url))
    return url[:at], url[at : at + 1], url[at + 1 :]


def _joined(parts: SplitResult, base: SplitResult) -> SplitResult:
    """What a reference means on the page ``base``: RFC 3986, 5.2.2; ``http:x`` is relative, as browsers say."""
    if parts.netloc:
        return parts if parts.scheme else parts._replace(scheme=base.scheme)
    if parts.scheme and parts.scheme != base.scheme:
        return parts
    if not parts.path:
        return base._replace(query=parts.query or base.query)
    path = parts.path if parts.path.startswith("/") else base.path.rpartition("/")[0] + "/" + parts.path
    return SplitResult(base.scheme, base.netloc, path, parts.query, "")


def _spelled(parts: SplitResult) -> str | None:
    authority = _authority(parts.scheme, parts.netloc)
    if authority is None:
        return None
    path = _without_dots(_encoded(parts.path, _PATH_SAFE))
    query = _encoded(parts.query, _QUERY_SAFE)
    url = f"{parts.scheme}://{authority}{path}" + (f"?{query}" if query else "")
    return url if len(url) <= MAX_URL_LENGTH else None


@lru_cache(maxsize=1024)
def _authority(scheme: str, netloc: str) -> str | None:
    """The host, with the port if that is not the scheme's; a user name is dropped."""
    default_port = _DEFAULT_PORTS.get(scheme)
    parts = SplitResult(scheme, netloc, "", "", "")
    if default_port is None or not parts.hostname:
        return None
    port = default_port if parts.port is None else parts.port  # raises ValueError beyond 65535
    name = _host(netloc.rpartition("@")[2])
    if name is None or port == 0:
        return None
    return name if port == default_port else f"{name}:{port}"


def _host(host_and_port: str) -> str | None:
    """The host as it stands in a URL: a name in ASCII, or an address, in brackets if it has colons."""
    if host_and_port.startswith("["):
        address = host_and_port[1:].partition("]")[0]
        return None if "%" in address else f"[{ipaddress.IPv6Address(address).compressed}]"
    name = unquote(host_and_port.partition(":")[0], errors="strict")
    if len(name) > _MAX_HOST_LENGTH:
        return None
    if not name.isascii():
        import idna

        name = idna.encode(name, uts46=True).decode("ascii")
    name = name.lower().removesuffix(".")
    good = _HOST.fullmatch(name) and len(name) <= _MAX_HOST_LENGTH
    labels = name.split(".")
    if not good or not all(0 < len(label) <= _MAX_LABEL_LENGTH for label in labels):
        return None
    if _NUMBER.fullmatch(labels[-1]):
        ipaddress.IPv4Address(name)  # raises ValueError: 127.1 and 0x7f000001 are addresses too, in disguise
    return name


def _encoded(text: str, safe: frozenset[str]) -> str:
    """Unreserved characters plain, what a URL may not have encoded, other encodings kept, in upper case."""
    plain = _PERCENT.sub(_one_percent, text) if "%" in text else text
    if plain.isascii() and safe.issuperset(plain):
        return plain
    return "".join(c if c in safe else "".join(f"%{byte:02X}" for byte in c.encode()) for c in plain)


def _one_percent(match: re.Match[str]) -> str:
    if match[1] is None:
        return "%25"
    character = chr(int(match[1], 16))
    return character if character in _UNRESERVED else match[0].upper()


def _without_dots(path: str) -> str:
    """The path with ``.`` and ``..`` resolved; at least ``/``."""
    if "/." not in path:
        return path or "/"
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments[1:]:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in {".", ".."}:
        kept.append("")
    return "/" + "/".join(kept)
