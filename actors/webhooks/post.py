"""One request to a webhook's receiver, bounded in time and size.

Redirects are not followed. Connections to what is not on the internet are refused where the socket is made, unless the
webhook allows them.
"""

import asyncio
from typing import Any

import msgspec

from actors.seams import Clock
from actors.webhooks.signature import signed_headers
from actors.webhooks.target import Target
from actors.worker.crawler.retry_after import retry_after_seconds
from actors.worker.crawler.user_agent import own_name

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
CONNECT_SECONDS = 10.0
MAX_ANSWER_BYTES = 4096
"""Read of an answer; its first words are shown if it is a refusal."""
MAX_WORDS = 300


class Answer(msgspec.Struct, frozen=True):
    """What a receiver answered."""

    status: int
    words: str  # the beginning of its body
    elapsed_ms: int
    retry_after_seconds: float | None = None

    @property
    def accepted(self) -> bool:
        """Whether it took the message."""
        return 200 <= self.status < 300


class NoAnswerError(Exception):
    """There was none; ``private``: nothing was sent, since its address is not on the internet."""

    def __init__(self, message: str, *, private: bool = False) -> None:
        super().__init__(message)
        self.private = private


async def post(target: Target, message_id: str, body: bytes, clock: Clock) -> Answer:
    """Sign the message and send it, once.

    Raises:
        NoAnswerError: the receiver can not be reached, or did not answer in time.
        SecretError: a secret is none.
    """
    import aiohttp

    from actors.worker.crawler.http import AddressRefusedError, public_socket

    webhook = target.webhook
    secrets = [each.reveal() for each in target.secrets]
    headers = {
        "Content-Type": CONTENT_TYPE,
        "User-Agent": own_name(),
        **signed_headers(message_id, clock.wall_ms() // 1000, body, secrets),
    }
    seconds = webhook.timeout_seconds
    connector = aiohttp.TCPConnector(
        socket_factory=None if webhook.allow_private_addresses else public_socket, force_close=True
    )
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=min(CONNECT_SECONDS, seconds))
    started = clock.monotonic()
    try:
        async with (
            asyncio.timeout(seconds),
            aiohttp.ClientSession(
                connector=connector,
                timeout=timeout,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
            ) as session,
            session.post(webhook.url, data=body, headers=headers, allow_redirects=False) as response,
        ):
            words = await _beginning(response)
            asked = retry_after_seconds(response.headers.get("Retry-After"), clock.wall_ms())
            elapsed_ms = round((clock.monotonic() - started) * 1000)
            return Answer(response.status, words, elapsed_ms, asked)
    except (aiohttp.ClientError, OSError, ValueError) as error:  # a time limit is an OSError too
        refused = getattr(error, "os_error", error)
        if isinstance(refused, AddressRefusedError):
            text = f"its address {refused.address} is not on the internet; nothing was sent"
            raise NoAnswerError(text, private=True) from None
        if isinstance(error, TimeoutError):
            raise NoAnswerError(f"it did not answer within {seconds:g} s") from None
        raise NoAnswerError(f"it can not be reached: {str(error) or type(error).__name__}") from None


async def _beginning(response: Any) -> str:
    """The first words of the body; the rest is not read."""
    if "content-encoding" in response.headers:
        return ""
    kept = bytearray()
    async for chunk in response.content.iter_any():
        kept += chunk[: MAX_ANSWER_BYTES - len(kept)]
        if len(kept) >= MAX_ANSWER_BYTES:
            break
    text = " ".join(kept.decode(errors="replace").split())
    return "".join(each if each.isprintable() else "�" for each in text)[:MAX_WORDS]
