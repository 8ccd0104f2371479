import asyncio
from itertools import pairwise
from time import monotonic

import pytest

from actors.seams import ManualClock, SystemClock
from actors.worker.crawler.config import CrawlConfig
from actors.worker.crawler.fetch import Fetcher, FetchRequest
from actors.worker.crawler.pace import LONGEST_WAIT_SECONDS, MAX_HOSTS, Pace, TooSoonError
from tests.worker.crawler.fetching import ALLOWED, with_site
from tests.worker.crawler.site import Answer, Site, reply

INTERVAL_SECONDS = 0.02


async def sent(pace: Pace, late_seconds: float = 0.0) -> float:
    """Take a turn and use it, after the loop was busy in between; the moment at which the request was written."""
    turn = pace.turn("h", INTERVAL_SECONDS)
    await turn.begin()
    busy_until = monotonic() + late_seconds
    while monotonic() < busy_until:
        pass
    await turn.send()
    return turn._host.sent_at


def test_requests_that_come_at_once_are_sent_apart() -> None:
    async def run() -> list[float]:
        pace = Pace(SystemClock())
        return await asyncio.gather(*(sent(pace) for _ in range(10)))

    assert all(later >= earlier + INTERVAL_SECONDS for earlier, later in pairwise(sorted(asyncio.run(run()))))


def test_a_request_that_is_late_does_not_let_the_next_follow_too_closely() -> None:
    """As when a connection takes long to open, or a large page keeps the loop busy."""

    async def run() -> list[float]:
        pace = Pace(SystemClock())
        lateness = (0.0, 1.5, 0.0, 0.7, 0.0, 2.2, 0.0, 0.0)
        return await asyncio.gather(*(sent(pace, each * INTERVAL_SECONDS) for each in lateness))

    assert all(later >= earlier + INTERVAL_SECONDS for earlier, later in pairwise(sorted(asyncio.run(run()))))


def test_every_request_takes_its_turn_on_whatever_connection() -> None:
    async def use(fetcher: Fetcher, site: Site) -> float:
        asked = FetchRequest(site.url + "/", ALLOWED, interval_ms=40)
        began = monotonic()
        await asyncio.gather(*(fetcher.fetch(asked) for _ in range(4)))  # each opens one
        for _ in range(2):  # and these are sent over those
            await fetcher.fetch(asked)
        return monotonic() - began

    assert with_site({"/": reply("x")}, use) >= 5 * 0.04


def test_waiting_takes_nothing_of_a_requests_own_time() -> None:
    """The last one waits longer than it may take; that is so long that a busy machine answers in it."""
    config = CrawlConfig(allow_private_addresses=True, request_timeout_seconds=2.5)

    async def use(fetcher: Fetcher, site: Site) -> int:
        asked = FetchRequest(site.url + "/", config, interval_ms=1300)
        return len(await asyncio.gather(*(fetcher.fetch(asked) for _ in range(3))))

    answers: dict[str, Answer] = {"/": reply("x")}
    assert with_site(answers, use) == 3


def test_a_wait_that_is_too_long_is_refused_and_takes_no_turn() -> None:
    pace = Pace(ManualClock())
    interval = LONGEST_WAIT_SECONDS + 1
    pace.turn("h", interval)

    for _ in range(2):
        with pytest.raises(TooSoonError) as caught:
            pace.turn("h", interval)
        assert caught.value.seconds == interval
    pace.turn("other", interval)
    pace.turn("h", 0.0)


def test_only_so_many_hosts_are_remembered() -> None:
    pace = Pace(SystemClock())
    for number in range(MAX_HOSTS + 10):
        pace.turn(f"h{number}", 1.0)

    assert repr(pace) == f"<Pace(hosts={MAX_HOSTS})>"
