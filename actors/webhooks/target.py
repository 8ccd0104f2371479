"""Where a delivery finds its URL and secrets, at the time it is made: they may have changed since the event."""

from typing import Protocol

import msgspec

from actors.settings import Secret
from actors.webhooks.webhook import Webhook


class Target(msgspec.Struct, frozen=True):
    """A webhook as it is now."""

    webhook: Webhook
    secrets: tuple[Secret, ...] = ()  # each signs
    enabled: bool = True
    reason: str = ""  # why it is not


class TargetError(Exception):
    """The secrets of a webhook can not be opened."""


class TargetSource(Protocol):
    """The runtime's webhooks, for deliveries: the resource "webhooks"."""

    async def target(self, name: str) -> Target | None:
        """The webhook of that name, if there is one.

        Raises:
            TargetError: its secrets can not be opened.
        """
        ...

    async def disable(self, name: str, reason: str) -> None:
        """Send it nothing more until somebody enables it again; durable on return."""
        ...
