"""``quaero webhook list``: the webhooks of a store."""

from typing import Any

from runtime.cli.arguments import ConfigOption, JsonOption, StoreOption
from runtime.cli.opening import reading
from runtime.cli.output import write_columns, write_json

HEADERS = ("NAME", "URL", "EVENTS", "DELIVERED", "WAITING", "FAILED", "BEHIND", "STATE")


def listing(
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the webhooks: where each sends, how many deliveries came through, and how many events are still to come."""
    with reading(store, config) as reader:
        found = reader.webhooks()
    if as_json:
        write_json(found)
        return
    write_columns(HEADERS, map(row, found))


def row(webhook: dict[str, Any]) -> tuple[str, ...]:
    """One webhook as the cells of ``HEADERS``. Pure."""
    made = webhook["deliveries"]
    waiting = made["scheduled"] + made["pending"] + made["running"]
    state = (
        "" if webhook["enabled"] else f"disabled: {webhook['reason']}" if "reason" in webhook else "disabled"
    )
    return (
        webhook["name"],
        webhook["url"],
        wish_text(webhook),
        str(made["completed"]),
        str(waiting),
        str(made["failed"] + made["cancelled"]),
        str(webhook["events_behind"]),
        state,
    )


def wish_text(webhook: dict[str, Any]) -> str:
    """Which events it wants, in few words. Pure."""
    level = {"all": "all", "parents": "of runs and steps", "runs": "of runs"}[webhook["level"]]
    types = ", ".join(webhook["events"])
    whose = ", ".join(webhook["definitions"] + webhook["runs"])
    return " ".join(filter(None, (types if types and level == "all" else f"{types} {level}".strip(), whose)))
