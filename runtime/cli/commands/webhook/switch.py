"""``quaero webhook disable``, ``enable`` and ``remove``: acknowledged when durable."""

from typing import Any

from runtime.cli.arguments import ConfigOption, JsonOption, StoreOption
from runtime.cli.asking import asked, writing
from runtime.cli.commands.webhook.options import NameArgument
from runtime.cli.failures import CommandError
from runtime.cli.opening import settings
from runtime.cli.output import write_json, write_text


def disable(
    name: NameArgument, store: StoreOption = None, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Send nothing to a webhook until it is enabled, also after a start; what waits for it is cancelled."""
    from actors.messages import DisableWebhook

    answer = _asked(DisableWebhook(name, "an operator disabled it"), store, config)
    _tell(answer, as_json, "is disabled" if answer.changed else "was disabled before")


def enable(
    name: NameArgument, store: StoreOption = None, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Send a webhook the events from now on."""
    from actors.messages import EnableWebhook

    answer = _asked(EnableWebhook(name), store, config)
    _tell(answer, as_json, "is enabled" if answer.changed else "was enabled before")


def remove(
    name: NameArgument, store: StoreOption = None, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Forget a webhook; what waits for it is cancelled. One of the configuration is set again at the next start."""
    from actors.messages import RemoveWebhook

    answer = _asked(RemoveWebhook(name), store, config)
    if not answer.changed:
        raise CommandError(f"there is no webhook {name!r}", hint="`quaero webhook list` lists them")
    again = f"; {answer.origin} sets it again at the next start" if answer.origin else ""
    _tell(answer, as_json, f"is removed{again}")


def _asked(request: Any, store: Any, config: Any) -> Any:
    with writing(settings(store, config)) as file:
        return asked(file, request)


def _tell(answer: Any, as_json: bool, done: str) -> None:
    if as_json:
        write_json({"name": answer.name, "changed": answer.changed, "enabled": answer.enabled})
    else:
        write_text(f"webhook {answer.name} {done}")
