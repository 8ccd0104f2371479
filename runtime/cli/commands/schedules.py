"""``quaero schedules``: the schedules of a store."""

from typing import Any

from runtime.cli.arguments import ConfigOption, JsonOption, StoreOption
from runtime.cli.opening import reading
from runtime.cli.output import write_columns, write_json

HEADERS = ("ID", "NEXT", "SCHEDULE", "TIME ZONE", "LAST RUN", "STATE", "")


def schedules(
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the schedules: when each fires next, and the run it made last."""
    with reading(store, config) as reader:
        found = reader.schedules()
    if as_json:
        write_json(found)
        return
    write_columns(HEADERS, map(row, found))


def row(schedule: dict[str, Any]) -> tuple[str, ...]:
    """One schedule as the cells of ``HEADERS``. Pure, but for the host's time zone files."""
    from actors.firing import moment_text

    next_at = schedule["next_at"]
    return (
        schedule["id"],
        "-" if next_at is None else moment_text(next_at, schedule["time_zone"]),
        schedule["schedule"],
        schedule["time_zone"],
        schedule["last_run_id"] or "-",
        schedule["last_run_state"] or "-",
        schedule.get("error") or ("paused" if schedule["paused"] else ""),
    )
