"""``[webhooks.NAME]``: what a configuration says of a webhook, and the webhook made of it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from actors.ids import UnknownIdError, parse_id
from actors.settings import Secret
from actors.webhooks.checking import Fault, faults
from actors.webhooks.signature import SecretError, key_of
from actors.webhooks.webhook import EventWish, Level, Webhook

if TYPE_CHECKING:
    from runtime.toml.diagnostic import Diagnostic


class WebhookSettings(msgspec.Struct, frozen=True):
    """Events are sent to ``url``, signed by ``secret``."""

    url: str
    """Where to, https://…"""
    secret: Secret = Secret()
    """What signs, `whsec_…`; `quaero webhook secret` makes one. Best given by `secret_file` or the environment."""
    previous_secret: Secret = Secret()
    """Signs besides, until every receiver knows the new one."""
    events: tuple[str, ...] = ()
    """Types of events; none = all."""
    definitions: tuple[str, ...] = ()
    """Ids of definitions, whose runs' events are meant; none = all, and what is of no run."""
    runs: tuple[str, ...] = ()
    """Ids of runs; none = all."""
    level: Level = Level.ALL
    """`runs` = of runs alone; `parents` = of steps too; `all` = also of single jobs."""
    enabled: bool = True
    """Whether anything is sent."""
    timeout_seconds: Annotated[float, Meta(ge=1, le=60)] = 15.0
    """Of one request."""
    concurrency: Annotated[int, Meta(ge=1, le=32)] = 4
    """Requests at once."""
    allow_private_addresses: bool = False
    """Whether it may be on this machine or in a network of its own."""


class Configured(msgspec.Struct, frozen=True):
    """A webhook as it was configured."""

    webhook: Webhook
    secrets: tuple[Secret, ...]
    enabled: bool = True


def webhooks_of(given: Mapping[str, Any]) -> "tuple[tuple[Configured, ...], tuple[Diagnostic, ...]]":
    """The webhooks that a configuration or code gives by name, and what its author should know.

    Raises:
        ConfigError: one is wrong; all that is wrong is told.
    """
    if not given:
        return (), ()
    from runtime.config.layers import Origin
    from runtime.config.load import ConfigError, told
    from runtime.config.own import typed_settings
    from runtime.settings import Said

    judged = typed_settings("webhooks", dict.fromkeys(given, WebhookSettings), given)
    found: list[Diagnostic] = []
    made: list[Configured] = []
    for name, value in judged.values.items():
        settings = msgspec.convert(value, WebhookSettings)
        said = given[name]
        configured, wrong = configured_of(name, settings)
        made.append(configured)
        for fault in wrong:
            key = fault.key
            path = ("webhooks", name) if key == "name" else ("webhooks", name, key)
            origin = said.origin(path) if isinstance(said, Said) else Origin("")
            place = f"webhooks.{name} name" if key == "name" else f"webhooks.{name}.{key}"
            found.append(told(origin, path, f"{place} {fault.message}", hint=fault.hint))
    if found:
        raise ConfigError(found)
    return tuple(made), judged.warnings


def configured_of(name: str, settings: WebhookSettings) -> tuple[Configured, list[Fault]]:
    """The webhook, and all that is wrong with it. Pure."""
    wrong: list[Fault] = []
    runs: list[int] = []
    for text in settings.runs:
        try:
            runs.append(parse_id(text))
        except UnknownIdError as error:
            wrong.append(Fault("runs", f"has an id that is none: {error}", "leave it out to have all"))
    for key in ("secret", "previous_secret"):
        secret: Secret = getattr(settings, key)
        if secret:
            try:
                key_of(secret.reveal())
            except SecretError as error:
                wrong.append(Fault(key, str(error), "`quaero webhook secret` makes one"))
    if not settings.secret:
        wrong.append(Fault("secret", "is missing", "`quaero webhook secret` makes one"))
    wish = EventWish(settings.events, settings.definitions, tuple(runs), settings.level)
    webhook = Webhook(
        name,
        settings.url,
        wish,
        float(settings.timeout_seconds),
        settings.concurrency,
        settings.allow_private_addresses,
    )
    secrets = tuple(each for each in (settings.secret, settings.previous_secret) if each)
    return Configured(webhook, secrets, settings.enabled), [*faults(webhook), *wrong]
