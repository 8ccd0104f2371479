"""What may be said of a webhook: each fault with its key, what is wrong and what to do. Pure."""

import ipaddress
import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from actors.webhooks.webhook import Webhook
from actors.worker.crawler.addresses import is_public

MAX_URL = 2048
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class Fault(NamedTuple):
    """One thing that is wrong."""

    key: str
    message: str
    hint: str


def faults(webhook: Webhook) -> Iterator[Fault]:
    """All that is wrong with a webhook."""
    if not _NAME.fullmatch(webhook.name):
        message = f"must be 1 to 64 letters, digits, - and _, got {webhook.name[:80]!r}"
        yield Fault("name", message, 'as in "ops"')
    yield from _url_faults(webhook)
    for key, texts in (("events", webhook.wish.types), ("definitions", webhook.wish.definitions)):
        if any(not 0 < len(text) <= 200 for text in texts):
            yield Fault(key, "must be texts of 1 to 200 characters", "leave it out to have all")
    if not 1 <= webhook.timeout_seconds <= 60:
        yield Fault(
            "timeout_seconds", f"must be from 1 to 60, got {webhook.timeout_seconds:g}", "15 is usual"
        )
    if not 1 <= webhook.concurrency <= 32:
        yield Fault("concurrency", f"must be from 1 to 32, got {webhook.concurrency}", "4 is usual")


def _url_faults(webhook: Webhook) -> Iterator[Fault]:
    url = webhook.url
    example = 'as in "https://example.com/hooks/quaero"'
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    readable = 0 < len(url) <= MAX_URL and url.isascii() and url.isprintable() and " " not in url
    if not readable or parts.scheme not in {"http", "https"} or not host or port == 0:
        yield Fault("url", f"must be an http or https URL, got {_without_password(url)[:200]!r}", example)
        return
    if "@" in parts.netloc:
        yield Fault(
            "url", "has a user or password in it, which lists would show", "the signature says who sends"
        )
    if parts.fragment:
        yield Fault("url", "has a fragment, which is never sent", example)
    if not webhook.allow_private_addresses and _is_private(host):
        message = f"leads to {host}, which is not on the internet"
        yield Fault("url", message, "set allow_private_addresses if that is meant")


def _is_private(host: str) -> bool:
    """Whether the host is plainly not of the internet; what a name leads to is seen when it is connected to."""
    if host.rstrip(".").lower() == "localhost" or host.lower().rstrip(".").endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return not is_public(host)


def _without_password(url: str) -> str:
    return re.sub(r"//[^/@]*@", "//…@", url)
