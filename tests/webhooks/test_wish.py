"""Which events a webhook wants, and what may be said of one."""

import pytest

from actors.webhooks.checking import faults
from actors.webhooks.webhook import EventWish, Level, Webhook


def test_a_wish_without_conditions_takes_everything_but_deliveries() -> None:
    wish = EventWish()
    assert wish.takes("job_log", 7, "docs", Level.ALL)
    assert wish.takes("schedule_set", 0, "", Level.RUNS)
    assert not wish.takes("job_status_change", 7, "webhook:ops", Level.RUNS)
    assert not wish.takes("job_status_change", 7, "webhook_delivery", Level.RUNS)


@pytest.mark.parametrize(
    ("wish", "level", "taken"),
    [
        (Level.RUNS, Level.RUNS, True),
        (Level.RUNS, Level.PARENTS, False),
        (Level.PARENTS, Level.PARENTS, True),
        (Level.PARENTS, Level.ALL, False),
        (Level.ALL, Level.ALL, True),
    ],
)
def test_a_level_takes_what_is_at_it_or_above(wish: Level, level: Level, taken: bool) -> None:
    assert EventWish(level=wish).takes("job_status_change", 7, "docs", level) is taken


def test_all_conditions_must_hold() -> None:
    wish = EventWish(("job_log",), ("docs",), (7,))
    assert wish.takes("job_log", 7, "docs", Level.ALL)
    assert not wish.takes("job_log", 7, "other", Level.ALL)
    assert not wish.takes("job_log", 8, "docs", Level.ALL)
    assert not wish.takes("job_spawn", 7, "docs", Level.ALL)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "must be an http or https URL"),
        ("ftp://example.com/", "must be an http or https URL"),
        ("https://", "must be an http or https URL"),
        ("https://exa mple.com/", "must be an http or https URL"),
        ("https://example.com:99999/", "must be an http or https URL"),
        ("https://[::1", "must be an http or https URL"),
        ("https://me:hush@example.com/", "has a user or password in it"),
        ("https://example.com/#part", "has a fragment"),
        ("http://127.0.0.1/", "leads to 127.0.0.1, which is not on the internet"),
        ("http://localhost:8000/", "leads to localhost, which is not on the internet"),
        ("http://[::ffff:10.0.0.1]/", "which is not on the internet"),
        ("http://169.254.169.254/latest", "which is not on the internet"),
    ],
)
def test_a_url_that_can_not_be_sent_to_is_refused(url: str, said: str) -> None:
    (fault,) = faults(Webhook("ops", url))
    assert fault.key == "url"
    assert said in fault.message
    assert "hush" not in fault.message


def test_a_private_address_is_let_through_when_it_is_allowed() -> None:
    assert not list(faults(Webhook("ops", "http://127.0.0.1/", allow_private_addresses=True)))
    assert not list(faults(Webhook("ops", "https://example.com/hook")))


@pytest.mark.parametrize("name", ["", "a b", "ä", "-x", "x" * 65, "../x", "x.y"])
def test_a_name_that_can_be_none_is_refused(name: str) -> None:
    assert [fault.key for fault in faults(Webhook(name, "https://example.com/"))] == ["name"]
