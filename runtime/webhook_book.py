"""The webhooks of a store for those who send: where each is now, and its secrets opened. The resource "webhooks"."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from actors.messages import DisableWebhook
from actors.seams import Clock
from actors.settings import Secret
from actors.webhooks.post import Answer, NoAnswerError, post
from actors.webhooks.target import Target, TargetError
from actors.webhooks.webhook import Webhook
from actors.worker.crawler.credential import CredentialError
from runtime.credentials.key import default_key_file
from runtime.credentials.sealing import SealedSecret, open_secrets, seal_secrets, signing
from runtime.events.cloud_events import time_of
from runtime.refusal import RefusedError
from runtime.store.database import StoreError, StoreNotFoundError
from runtime.store.reading.shared import SharedReader
from runtime.store.reading.webhooks import StoredWebhook, stored_webhook

ASK_SECONDS = 60.0
HOUR_MS = 3_600_000

Ask = Callable[[Any, float], Any]


class WebhookBook:
    """A ``TargetSource``. It reads the row with every delivery, so that a change holds at once."""

    def __init__(
        self,
        store: Path,
        clock: Clock,
        ask: Ask | None = None,
        *,
        key_file: Path | None = None,
        busy_timeout_seconds: float = 10.0,
    ) -> None:
        self._reader = SharedReader(store, busy_timeout_seconds=busy_timeout_seconds)
        self._clock = clock
        self._ask = ask
        self._key_file = key_file or default_key_file(store)

    def __repr__(self) -> str:
        return f"<WebhookBook({str(self._key_file)!r})>"

    def close(self) -> None:
        """Close the connection to the store; it may be used again."""
        self._reader.close()

    async def target(self, name: str) -> Target | None:
        """See ``TargetSource``."""
        return await asyncio.to_thread(self._target, name)

    async def disable(self, name: str, reason: str) -> None:
        """See ``TargetSource``."""
        if self._ask is not None:
            await asyncio.to_thread(self._ask, DisableWebhook(name, reason), ASK_SECONDS)

    async def test(self, name: str, number: str) -> Answer:
        """Send a test message with that number.

        Raises:
            RefusedError: there is no such webhook, its secret can not be opened, or there was no answer.
        """
        try:
            target = await self.target(name)
            if target is None:
                raise RefusedError(f"there is no webhook {name!r:.80}; `quaero webhook list` lists them")
            return await post(target, f"msg_test_{number}", self._test_event(name, number), self._clock)
        except (NoAnswerError, TargetError) as error:
            raise RefusedError(f"webhook {name!r:.80}: {error}") from error

    def row(self, name: str) -> StoredWebhook | None:
        """The webhook of that name, as it is stored."""
        try:
            return self._reader.read(lambda connection: stored_webhook(connection, name))
        except StoreNotFoundError:
            return None

    def sealed(self, name: str) -> bytes | None:
        """The secrets of the webhook of that name, as they are stored."""
        row = self.row(name)
        return None if row is None else row.sealed

    def seal(self, secrets: Sequence[Secret]) -> bytes:
        """The secrets as the store is to keep them.

        Raises:
            CredentialError: the key can not be used.
        """
        return seal_secrets(self._key_file, [SealedSecret(each.reveal()) for each in secrets])

    def sealed_anew(self, sealed: bytes, secret: str, keep_hours: float) -> bytes:
        """The secrets with a new one; those before sign for so many hours more.

        Raises:
            CredentialError: they can not be opened.
        """
        now = self._clock.wall_ms()
        until = now + round(keep_hours * HOUR_MS)
        kept = [
            SealedSecret(each.text, until if each.until_ms is None else min(each.until_ms, until))
            for each in open_secrets(self._key_file, sealed)
        ]
        left = [each for each in kept if each.until_ms is not None and each.until_ms > now]
        return seal_secrets(self._key_file, [SealedSecret(secret), *left])

    def _target(self, name: str) -> Target | None:
        try:
            row = self.row(name)
        except StoreError as error:
            raise TargetError(str(error)) from error
        if row is None:
            return None
        if row.webhook is None:
            return Target(Webhook(name, ""), enabled=False, reason="its row is damaged: set it again")
        try:
            secrets = open_secrets(self._key_file, row.sealed)
        except CredentialError as error:
            raise TargetError(str(error)) from error
        return Target(row.webhook, signing(secrets, self._clock.wall_ms()), row.enabled, row.reason)

    def _test_event(self, name: str, number: str) -> bytes:
        return msgspec.json.encode(
            {
                "specversion": "1.0",
                "id": f"test-{number}",
                "source": "/quaero/webhooks",
                "type": "webhook_test",
                "time": time_of(self._clock.wall_ms()),
                "datacontenttype": "application/json",
                "data": {"webhook": name},
            }
        )
