"""When cron schedules fire, in UTC and where clocks are put forward and back."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from actors.firing import FiringError, next_firing, next_firings, zone_named

MINUTE = 60_000
DAY = 24 * 60 * MINUTE
BERLIN = "Europe/Berlin"
BEIRUT = "Asia/Beirut"
LORD_HOWE = "Australia/Lord_Howe"  # its clocks are put forward and back by half an hour


def ms(*parts: int, zone: str = "UTC") -> int:
    return round(datetime(*parts, tzinfo=ZoneInfo(zone)).timestamp() * 1000)  # type: ignore[arg-type,misc]


def local(moment_ms: int, zone: str) -> str:
    return datetime.fromtimestamp(moment_ms / 1000, ZoneInfo(zone)).strftime("%m-%d %H:%M %z")


def firings_within(cron: str, zone: str, start_ms: int, end_ms: int) -> list[int]:
    found: list[int] = []
    after = start_ms - 1
    while (after := next_firing(cron, zone, after)) < end_ms:
        found.append(after)
    return found


numbers = st.integers(0, 59)
minutes = st.one_of(st.just("*"), st.sampled_from(["*/5", "*/7", "0-10", "1,2,58"]), numbers.map(str))
hours = st.one_of(st.just("*"), st.sampled_from(["*/2", "*/6", "2", "3", "0", "22-23"]))
days = st.sampled_from(["*", "1", "15", "31", "L", "1-7"])
months = st.sampled_from(["*", "1", "3,10", "JAN-JUN"])
weekdays = st.sampled_from(["*", "1", "MON-FRI", "0", "7"])
crons = st.tuples(minutes, hours, days, months, weekdays).map(" ".join)
zones = st.sampled_from(["", "UTC", BERLIN, "America/New_York", "Asia/Kolkata", LORD_HOWE, BEIRUT])
moments = st.integers(ms(2020, 1, 1), ms(2032, 1, 1))


@given(crons, zones, moments)
def test_a_firing_is_later_than_the_moment_and_on_a_full_minute(cron: str, zone: str, after: int) -> None:
    fires = next_firing(cron, zone, after)

    assert fires > after
    assert fires % MINUTE == 0


@given(crons, zones, moments, st.floats(0, 1, exclude_max=True))
@example(
    "* 3 * * *", LORD_HOWE, ms(2026, 4, 5, 0, 30, zone=LORD_HOWE), 0.8
)  # was 03:30, but from 02:45 on 03:00
@example(
    "45 * * * *", LORD_HOWE, ms(2026, 10, 4, 1, 50, zone=LORD_HOWE), 0.9
)  # was 03:45, but from 02:30 on 02:45
@example("* 0 29 3 *", BEIRUT, ms(2026, 3, 20), 0.9)  # was 01:00, but from 23:00 on that of the next year
def test_any_moment_since_the_firing_before_gives_the_same_firing(
    cron: str, zone: str, after: int, share: float
) -> None:
    fires = next_firing(cron, zone, after)

    assert next_firing(cron, zone, after + int((fires - after) * share)) == fires
    assert next_firing(cron, zone, fires - 1) == fires


def told(text: str, most: int) -> set[int]:
    """The minutes or hours that a field names."""
    found: set[int] = set()
    for term in text.split(","):
        whole, _, step = term.partition("/")
        first, _, last = whole.partition("-")
        low, high = (0, most) if first == "*" else (int(first), int(last or first))
        found |= set(range(low, high + 1, int(step or 1)))
    return found


@given(crons, moments)
def test_in_utc_a_firing_is_the_first_minute_whose_fields_match(cron: str, after: int) -> None:
    fires = next_firing(cron, "", after)
    minute, hour = cron.split()[:2]
    at = datetime.fromtimestamp(fires / 1000, UTC)
    assert at.minute in told(minute, 59)
    assert at.hour in told(hour, 23)
    # Between the moment and the firing no minute of the firing's own day matches.
    since = max(
        datetime.fromtimestamp(after / 1000, UTC), at.replace(hour=0, minute=0) - timedelta(minutes=1)
    )
    before = since.replace(second=0, microsecond=0) + timedelta(minutes=1)
    while before < at:
        assert before.minute not in told(minute, 59) or before.hour not in told(hour, 23)
        before += timedelta(minutes=1)


def test_a_day_of_every_five_minutes_has_288_firings() -> None:
    assert len(firings_within("*/5 * * * *", "", ms(2026, 1, 1), ms(2026, 1, 2))) == 288


def test_a_time_of_day_that_the_zone_skips_fires_at_the_end_of_the_gap() -> None:
    start = ms(2026, 3, 28, zone=BERLIN)
    found = [local(each, BERLIN) for each in next_firings("30 2 * * *", BERLIN, start, 3)]

    assert found == ["03-28 02:30 +0100", "03-29 03:00 +0200", "03-30 02:30 +0200"]


def test_a_time_of_day_that_the_zone_repeats_fires_the_first_time_only() -> None:
    start = ms(2026, 10, 24, 12, zone=BERLIN)
    found = next_firings("30 2 * * *", BERLIN, start, 2)

    assert [local(each, BERLIN) for each in found] == ["10-25 02:30 +0200", "10-26 02:30 +0100"]
    in_second_hour = found[0] + 45 * MINUTE  # 02:15, for the second time
    assert local(in_second_hour, BERLIN) == "10-25 02:15 +0100"
    assert next_firing("30 2 * * *", BERLIN, in_second_hour) == found[1]


@pytest.mark.parametrize(("day", "hours"), [((2026, 3, 29), 23), ((2026, 10, 25), 25), ((2026, 6, 1), 24)])
def test_a_wildcard_goes_by_elapsed_time_through_gaps_and_repeated_hours(
    day: tuple[int, int, int], hours: int
) -> None:
    start = ms(*day, zone=BERLIN)
    found = firings_within("*/30 * * * *", BERLIN, start, start + hours * 60 * MINUTE)

    assert len(found) == 2 * hours
    assert {after - before for before, after in pairwise(found)} == {30 * MINUTE}
    assert local(start + hours * 60 * MINUTE, BERLIN)[6:11] == "00:00"


@pytest.mark.parametrize(
    ("cron", "zone", "day"),
    [
        ("* 3 * * *", LORD_HOWE, (2026, 4, 5)),
        ("* 3 * * *", LORD_HOWE, (2026, 10, 4)),
        ("45 * * * *", LORD_HOWE, (2026, 10, 4)),
        ("*/7 1-2 * * *", LORD_HOWE, (2026, 4, 5)),
        ("*/20 */2 * * *", LORD_HOWE, (2026, 4, 5)),
        ("0 */3 4 10 *", LORD_HOWE, (2026, 10, 4)),
        ("* 0 29 3 *", BEIRUT, (2026, 3, 29)),
        ("*/10 1 29 3 *", BEIRUT, (2026, 3, 29)),
        ("*/10 23 * * *", BEIRUT, (2026, 10, 24)),
        ("*/15 2 * * *", BERLIN, (2026, 3, 29)),
        ("*/15 2 25 * *", BERLIN, (2026, 10, 25)),
    ],
)
def test_a_wildcard_fires_at_every_minute_that_the_zones_clocks_show_also_on_the_night_they_change(
    cron: str, zone: str, day: tuple[int, int, int]
) -> None:
    minute, hour, *date = cron.split()
    start = ms(*day, zone=zone) - 4 * 60 * MINUTE
    end = start + 36 * 60 * MINUTE

    def matches(moment_ms: int) -> bool:
        at = datetime.fromtimestamp(moment_ms / 1000, ZoneInfo(zone))
        is_day = all(
            field in {"*", str(part)} for field, part in zip(date, (at.day, at.month, "*"), strict=True)
        )
        return is_day and at.minute in told(minute, 59) and at.hour in told(hour, 23)

    expected = [each for each in range(start, end, MINUTE) if matches(each)]
    assert firings_within(cron, zone, start, end) == expected


def test_a_rare_day_is_found_years_ahead() -> None:
    assert next_firing("0 0 29 2 *", "", ms(2096, 3, 1)) == ms(2104, 2, 29)


def test_without_a_name_the_zone_is_utc_which_needs_no_zone_files() -> None:
    assert zone_named("") is UTC
    assert zone_named("UTC") is UTC
    assert next_firing("0 3 * * *", "", ms(2026, 7, 1)) == ms(2026, 7, 1, 3)


@pytest.mark.parametrize(
    ("cron", "zone", "sentence"),
    [
        ("0 3 * * *", "Europe/Berln", "'Europe/Berln' is no time zone of this host"),
        ("0 3 * * *", "../etc/passwd", "is no time zone of this host"),
        ("0 25 * * *", "", "'0 25 * * *' is no cron expression: bad hour; write five fields"),
        ("0 0 */30 * 1#3", "", "does not fire within 50 years; write another day or month"),
    ],
)
def test_what_can_not_be_told_says_why(cron: str, zone: str, sentence: str) -> None:
    with pytest.raises(FiringError, match=sentence.replace("*", r"\*")):
        next_firing(cron, zone, 0)


@pytest.mark.parametrize("after", [-(2**63), 2**63 - 1, 253_402_300_799_000])
def test_a_moment_no_calendar_knows_is_an_error_of_ours(after: int) -> None:
    with pytest.raises(FiringError):
        next_firing("0 3 * * *", "", after)


def test_a_host_without_zone_files_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("actors.firing.available_timezones", set)
    with pytest.raises(FiringError, match="install its package tzdata, or `pip install tzdata`"):
        zone_named("Europe/Atlantis")
