"""Webhooks as a service sets them, for threads and for asyncio. Acknowledged when durable; no secret comes back."""

import asyncio
import logging
from abc import abstractmethod
from typing import Any

import msgspec

from actors.messages import (
    AdoptWebhooks,
    DisableWebhook,
    EnableWebhook,
    RemoveWebhook,
    SetWebhook,
    WebhookAcknowledged,
    WebhooksAdopted,
)
from actors.seams import Random
from actors.settings import decode_secret
from actors.webhooks.post import Answer
from actors.webhooks.signature import new_secret
from runtime.operating import Operator, refused
from runtime.refusal import RefusedError
from runtime.store.reading.reader import StoreReader
from runtime.webhook_book import WebhookBook
from runtime.webhook_settings import Configured, WebhookSettings, configured_of

logger = logging.getLogger("quaero.webhooks")

KEEP_HOURS = 24.0
"""How long a secret signs beside the one that has taken its place."""


class WrongWebhookError(RefusedError):
    """Something that was said of a webhook is wrong; ``key`` names it, "" if it is not known which."""

    def __init__(self, name: str, key: str, message: str) -> None:
        super().__init__(f"webhook {name!r:.80}: {message}")
        self.key = key


class WebhookSet(msgspec.Struct, frozen=True):
    """A webhook as it was set. ``secret`` is shown now and never again; None if it was given."""

    name: str
    changed: bool
    enabled: bool
    secret: str | None = None


class Webhooks(Operator):
    """Where events are sent; a ``Runtime`` is one.

    A webhook belongs to the store, not to the runtime that set it: whichever runtime is up delivers.
    """

    @property
    @abstractmethod
    def reader(self) -> StoreReader:
        """Reads the store."""

    @property
    @abstractmethod
    def _book(self) -> WebhookBook:
        """Seals and opens."""

    @property
    @abstractmethod
    def _random(self) -> Random:
        """Chance."""

    def set_webhook(self, name: str, url: str, *, secret: str | None = None, **more: Any) -> WebhookSet:
        """Send the events from now on to ``url``; one in place of an older one of its name goes on where that was.

        Args:
            name: letters, digits, - and _.
            url: where to.
            secret: what signs, ``whsec_…``; None = as before, and a new one of a webhook that is new.
            more: further fields of ``WebhookSettings``.

        Raises:
            RefusedError: something of it is wrong, or a configuration has one of that name.
            CredentialError: the key that seals secrets can not be used.
        """
        request, shown = self._request(name, url, secret, more)
        return _set(self._ask(request), shown)

    async def set_webhook_async(
        self, name: str, url: str, *, secret: str | None = None, **more: Any
    ) -> WebhookSet:
        """``set_webhook`` for asyncio."""
        request, shown = await asyncio.to_thread(self._request, name, url, secret, more)
        return _set(await self._ask_async(request), shown)

    def rotate_webhook(self, name: str, *, keep_hours: float = KEEP_HOURS) -> WebhookSet:
        """Give a webhook a new secret; the one before signs besides for so many hours.

        Raises:
            RefusedError: there is no such webhook, or its configuration has its secret.
            CredentialError: its secret can not be opened.
        """
        request, shown = rotation(self._book, self._random, name, keep_hours)
        return _set(self._ask(request), shown)

    async def rotate_webhook_async(self, name: str, *, keep_hours: float = KEEP_HOURS) -> WebhookSet:
        """``rotate_webhook`` for asyncio."""
        request, shown = await asyncio.to_thread(rotation, self._book, self._random, name, keep_hours)
        return _set(await self._ask_async(request), shown)

    def remove_webhook(self, name: str) -> bool:
        """Forget a webhook; what waits to be delivered is cancelled. Returns whether there was one.

        One of the configuration is set again at the next start; ``disable_webhook`` lasts.
        """
        return _acknowledged(self._ask(RemoveWebhook(name))).changed

    async def remove_webhook_async(self, name: str) -> bool:
        """``remove_webhook`` for asyncio."""
        return _acknowledged(await self._ask_async(RemoveWebhook(name))).changed

    def enable_webhook(self, name: str) -> bool:
        """Send it the events from now on. Returns whether that changed anything.

        Raises:
            RefusedError: there is no such webhook.
        """
        return _acknowledged(self._ask(EnableWebhook(name))).changed

    async def enable_webhook_async(self, name: str) -> bool:
        """``enable_webhook`` for asyncio."""
        return _acknowledged(await self._ask_async(EnableWebhook(name))).changed

    def disable_webhook(self, name: str, reason: str = "an operator disabled it") -> bool:
        """Send it nothing until it is enabled, also after a start. Returns whether that changed anything.

        Raises:
            RefusedError: there is no such webhook.
        """
        return _acknowledged(self._ask(DisableWebhook(name, reason))).changed

    async def disable_webhook_async(self, name: str, reason: str = "an operator disabled it") -> bool:
        """``disable_webhook`` for asyncio."""
        return _acknowledged(await self._ask_async(DisableWebhook(name, reason))).changed

    def webhooks(self) -> list[dict[str, Any]]:
        """All webhooks of the store as JSON objects, by name, with what became of their deliveries."""
        return self.reader.webhooks()

    async def webhooks_async(self) -> list[dict[str, Any]]:
        """``webhooks`` for asyncio."""
        return await asyncio.to_thread(self.webhooks)

    async def test_webhook_async(self, name: str) -> Answer:
        """Send a message of type ``webhook_test`` now, once, whether it is enabled or not; returns what was answered.

        Raises:
            RefusedError: there is no such webhook, or there was no answer.
        """
        return await self._book.test(name, f"{self._random.bits(64):016x}")

    def test_webhook(self, name: str) -> Answer:
        """``test_webhook_async`` for threads."""
        return asyncio.run(self.test_webhook_async(name))

    def _request(
        self, name: str, url: str, secret: str | None, more: dict[str, Any]
    ) -> tuple[SetWebhook, str | None]:
        return set_request(self._book, self._random, name, {"url": url, **more}, secret=secret)


def set_request(
    book: WebhookBook, random: Random, name: str, said: dict[str, Any], *, secret: str | None = None
) -> tuple[SetWebhook, str | None]:
    """The request to set a webhook, and its secret if that was made here.

    Raises:
        WrongWebhookError: something of it is wrong.
        CredentialError: the key that seals secrets can not be used.
    """
    before = book.sealed(name) if secret is None else None
    made = new_secret(random) if secret is None and before is None else None
    try:
        fields = {"secret": secret or made or new_secret(random), **said}
        settings = msgspec.convert(fields, WebhookSettings, dec_hook=decode_secret)
    except msgspec.ValidationError as error:
        raise WrongWebhookError(name, "", str(error)) from error
    configured, faults = configured_of(name, settings)
    for fault in faults:
        raise WrongWebhookError(name, fault.key, f"{fault.key} {fault.message}; {fault.hint}")
    sealed = before if before is not None else book.seal(configured.secrets)
    identity = f"{random.bits(96):024x}"
    return SetWebhook(configured.webhook, sealed, identity, configured.enabled), made


def rotation(book: WebhookBook, random: Random, name: str, keep_hours: float) -> tuple[SetWebhook, str]:
    """The request to give a webhook a new secret, and that.

    Raises:
        RefusedError: there is no such webhook, its configuration has its secret, or the hours are none.
        CredentialError: its secret can not be opened.
    """
    if not 0 <= keep_hours <= 24 * 365:
        text = f"keep_hours is from 0 to {24 * 365}, got {keep_hours:g}"
        raise WrongWebhookError(name, "keep_hours", text)
    row = book.row(name)
    if row is None or row.webhook is None:
        raise RefusedError(f"there is no webhook {name!r:.80}; `quaero webhook list` lists them")
    if row.origin:
        raise RefusedError(
            f"the secret of webhook {name!r} is in {row.origin}; set secret and previous_secret there"
        )
    made = new_secret(random)
    sealed = book.sealed_anew(row.sealed, made, keep_hours)
    identity = f"{random.bits(96):024x}"
    return SetWebhook(row.webhook, sealed, identity, row.enabled), made


def adoption_of(
    configured: tuple[Configured, ...], origin: str, book: WebhookBook, random: Random
) -> AdoptWebhooks:
    """The request to set the webhooks of a configuration.

    Raises:
        CredentialError: the key that seals secrets can not be used.
    """
    identity = f"{random.bits(96):024x}"
    wanted = (
        SetWebhook(each.webhook, book.seal(each.secrets), identity, each.enabled, origin)
        for each in configured
    )
    return AdoptWebhooks(origin, tuple(wanted))


def adopted(reply: Any) -> WebhooksAdopted:
    """The answer to an adoption.

    Raises:
        RefusedError: the store refused it.
    """
    if isinstance(reply, WebhooksAdopted):
        return reply
    raise refused(reply)


def tell_of_webhooks(done: WebhooksAdopted) -> None:
    """Log what became of an adoption."""
    for said, names in (("set", done.changed), ("forgotten", done.forgotten)):
        if names:
            logger.info("webhooks %s: %s", said, ", ".join(names))
    for name in done.disabled:
        logger.warning("webhook %r is disabled; `quaero webhook list` says why", name)


def _set(reply: Any, secret: str | None) -> WebhookSet:
    done = _acknowledged(reply)
    return WebhookSet(done.name, done.changed, done.enabled, secret)


def _acknowledged(reply: Any) -> WebhookAcknowledged:
    if isinstance(reply, WebhookAcknowledged):
        return reply
    raise refused(reply)
