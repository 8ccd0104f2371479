"""What an operator asks of the store about webhooks, and the answer."""

from actors.messages.kinds import Command, Report
from actors.webhooks.webhook import Webhook


class SetWebhook(Command, frozen=True):
    """Send the events from now on to this webhook; one in place of an older one of its name goes on where that was.

    Answered by ``WebhookAcknowledged`` once durable, or ``Refused``.
    """

    webhook: Webhook
    sealed: bytes  # its secrets; no actor can open them
    store_identity: str  # names the store in what is sent, if nothing does yet
    enabled: bool = True
    origin: str = ""  # the configuration it was read from; "" = a service or a command asked for it


class RemoveWebhook(Command, frozen=True):
    """Forget a webhook. Answered by ``WebhookAcknowledged``."""

    name: str


class EnableWebhook(Command, frozen=True):
    """Send it the events from now on. Answered by ``WebhookAcknowledged`` once durable, or ``Refused``."""

    name: str


class DisableWebhook(Command, frozen=True):
    """Send it nothing until it is enabled. Answered as ``EnableWebhook``."""

    name: str
    reason: str


class AdoptWebhooks(Command, frozen=True):
    """What a runtime that starts has in its configuration: set these webhooks, in one commit.

    Those of the same configuration that are none of these are forgotten. Answered by ``WebhooksAdopted`` once durable.
    """

    origin: str
    webhooks: tuple[SetWebhook, ...] = ()


class WebhookAcknowledged(Report, frozen=True):
    """A webhook as it is now. ``changed``: it was not so before."""

    name: str
    changed: bool
    enabled: bool = False
    reason: str = ""  # why it is not enabled
    origin: str = ""


class WebhooksAdopted(Report, frozen=True):
    """What became of a configuration's webhooks: their names."""

    changed: tuple[str, ...]  # new, or not as they were
    forgotten: tuple[str, ...]
    disabled: tuple[str, ...]  # were disabled before, and stay so
