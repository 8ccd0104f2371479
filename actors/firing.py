"""When a cron schedule fires next. Pure, but for the host's time zone files.

- A firing is always later than the moment asked about, and asking about any moment before it and after the one before
  gives the same firing: schedules neither drift nor repeat.
- Where neither minute nor hour begins with ``*`` a schedule names times of day, and each fires once a day: one that
  the zone skips fires at the first moment after the gap, one that the zone repeats fires the first time.
- Else it goes by elapsed time: ``*/5 * * * *`` fires every five minutes, also through gaps and repeated hours. It fires
  at each minute that matches as the zone's clocks show it, whatever part of an hour they are put forward or back by.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

DEFAULT_ZONE = "UTC"
"""Of a schedule that names none: the same on every host, and without hours that are skipped or repeated."""
_MOST_YEARS = 50
"""``CronSim`` looks no further ahead."""
_BETWEEN_CHANGES = timedelta(days=5)
"""Less than lies between any two changes of a zone's clocks: a week, in Gaza in 2040."""


class FiringError(ValueError):
    """It can not be said when the schedule fires next; the message says why and what to do."""


def next_firing(cron: str, time_zone: str, after_ms: int) -> int:
    """The first firing after a moment.

    Args:
        cron: five fields.
        time_zone: its name, "" = ``DEFAULT_ZONE``.
        after_ms: the moment, Unix milliseconds.

    Returns:
        Unix milliseconds.

    Raises:
        FiringError: the expression is none or never fires, or the host does not know the time zone.
    """
    zone = zone_named(time_zone)
    try:
        after = datetime.fromtimestamp(after_ms / 1000, UTC)
        found = CronSim(cron, after.astimezone(zone))
        # CronSim says which of the two it is, and knows times of day. Else it goes from one full hour to the next, and
        # where clocks are put forward or back by half an hour from one half hour to the next, past what is between.
        by_clock = zone is not UTC and found.fixup_tz is None
        fires = _by_clock(cron, zone, after) if by_clock else _at_time_of_day(found, after)
        if fires is not None:
            return round(fires.timestamp() * 1000)
    except CronSimError as error:
        raise FiringError(
            f"{cron!r} is no cron expression: {str(error).lower()}; write five fields"
        ) from error
    except (OverflowError, ValueError, OSError) as error:
        raise FiringError(f"{cron!r} has no firing that a calendar knows: {error}") from error
    raise FiringError(f"{cron!r} does not fire within {_MOST_YEARS} years; write another day or month")


def _at_time_of_day(found: CronSim, after: datetime) -> datetime | None:
    for moment in found:
        fires = moment.astimezone(UTC)
        # In the second of two repeated hours, times of day are tried again that were over in the first.
        if fires > after:
            return fires
    return None


def _by_clock(cron: str, zone: tzinfo, after: datetime) -> datetime | None:
    """The first minute that matches: looked for between one change of the clocks and the next, where none jumps."""
    offset = _offset(zone, after)
    since = after
    while True:
        local = next(CronSim(cron, (since + offset).replace(tzinfo=None)), None)
        if local is None:
            return None
        fires = local.replace(tzinfo=UTC) - offset
        change = _first_change(zone, after, fires)
        if change is None:
            return fires
        after, offset = change, _offset(zone, change)
        since = change - timedelta(seconds=1)  # CronSim begins with the second after that


def _offset(zone: tzinfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def _first_change(zone: tzinfo, after: datetime, until: datetime) -> datetime | None:
    """The first second after the one and not after the other moment at which the zone's clocks are put elsewhere."""
    offset = _offset(zone, after)
    ahead = after
    while _offset(zone, ahead) == offset:
        if ahead == until:
            return None
        after, ahead = ahead, until if until - ahead < _BETWEEN_CHANGES else ahead + _BETWEEN_CHANGES
    while ahead - after > timedelta(seconds=1):
        middle = after + (ahead - after) / 2
        if _offset(zone, middle) == offset:
            after = middle
        else:
            ahead = middle
    return ahead.replace(microsecond=0)


def next_firings(cron: str, time_zone: str, after_ms: int, count: int) -> list[int]:
    """The first ``count`` firings after a moment, as ``next_firing`` tells them one by one."""
    found: list[int] = []
    for _ in range(count):
        found.append(next_firing(cron, time_zone, found[-1] if found else after_ms))
    return found


def zone_named(name: str) -> tzinfo:
    """The time zone of a name, "" = ``DEFAULT_ZONE``, which every host knows.

    Raises:
        FiringError: this host has no zone of that name.
    """
    if name in {"", DEFAULT_ZONE}:
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # no such zone, no name at all, a directory of zones
        hint = "" if available_timezones() else f"; {WITHOUT_ZONES}"
        raise FiringError(f"{name[:80]!r} is no time zone of this host{hint}") from error


WITHOUT_ZONES = "it has no time zone files at all: install its package tzdata, or `pip install tzdata`"
"""What to do on a host that knows no time zone but UTC."""


def moment_text(at_ms: int, time_zone: str) -> str:
    """A moment as people of the zone write it: "2026-03-29 03:00 CEST"; in UTC if this host does not know the zone."""
    try:
        zone = zone_named(time_zone)
    except FiringError:
        zone = UTC
    return datetime.fromtimestamp(at_ms / 1000, zone).strftime("%Y-%m-%d %H:%M %Z")
