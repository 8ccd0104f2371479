"""Schedules of definitions: five-field cron expressions and time zones. Pure but for the host's zone files."""

from datetime import datetime
from zoneinfo import available_timezones

from cronsim import CronSim, CronSimError

from actors.firing import WITHOUT_ZONES, FiringError, zone_named
from runtime.toml.wording import nearest, shown

_FIELDS = 5
_LONGEST = 200
_SOME_DAY = datetime(2000, 1, 1)  # noqa: DTZ001 - only the expression is judged, no moment


def schedule_problem(expression: str) -> tuple[str, str] | None:
    """What is wrong with a cron expression, as it follows the key, and what to write; None = nothing."""
    fields = expression[:_LONGEST].split()
    hint = 'write minute, hour, day, month, weekday, as in "0 3 * * *"'
    if len(expression) > _LONGEST or len(fields) != _FIELDS:
        return f"must have five fields, got {shown(expression)}", hint
    try:
        moment = next(CronSim(expression, _SOME_DAY), None)
    except CronSimError as error:
        return f"{shown(expression)} is no cron expression: {str(error).lower()}", hint
    return None if moment else (f"{shown(expression)} never fires", hint)


def time_zone_problem(name: str) -> tuple[str, str] | None:
    """What is wrong with a time zone's name, as it follows the key, and what to write; None = nothing."""
    try:
        zone_named(name)
    except FiringError:
        known = available_timezones()
        meant = nearest(name, known)
        hint = f"did you mean {shown(meant)}?" if meant else 'write a name like "Europe/Berlin"'
        return f"{shown(name)} is no time zone of this host", hint if known else WITHOUT_ZONES
    return None
