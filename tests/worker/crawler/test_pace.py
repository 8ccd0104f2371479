import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise
from time import monotonic

import pytest

from actors.seams import SystemClock
from actors.worker.crawler.fetch import Fetcher, FetchRequest
from actors.worker.crawler.pace import LONGEST_WAIT_SECONDS, MAX_HOSTS, Pace, TooSoonError
from tests.worker.crawler.fetching import ALLOWED, with_site
from tests.worker.crawler.site import Answer, Site, reply

INTERVAL_MS = 60


def timed(times: list[float]) -> Callable[[asyncio.StreamWriter], Awaitable[None]]:
    async def answer(writer: asyncio.StreamWriter) -> None:
        times.append(monotonic())
        writer.write(reply("x"))

    return answer


def test_requests_that_come_at_once_reach_the_server_apart() -> None:
    """Each on a connection of its own, which takes a time of its own to open."""
    times: list[float] = []

    async def use(fetcher: Fetcher, site: Site) -> None:
        asked = FetchRequest(site.url + "/", ALLOWED, interval_ms=INTERVAL_MS)
        await asyncio.gather(*(fetcher.fetch(asked) for _ in range(6)))

    with_site({"/": timed(times)}, use)
    assert all(later - earlier > 0.9 * INTERVAL_MS / 1000 for earlier, later in pairwise(times))


def test_a_request_that_is_late_does_not_let_the_next_follow_too_closely() -> None:
    """The loop is kept busy between a turn and its request, as by a large page."""
    times: list[float] = []

    async def use(fetcher: Fetcher, site: Site) -> None:
        asked = FetchRequest(site.url + "/", ALLOWED, interval_ms=INTERVAL_MS)
        await fetcher.fetch(asked)
        first, second = (asyncio.create_task(fetcher.fetch(asked)) for _ in range(2))
        await asyncio.sleep(0)  # both have their turns
        busy_until = monotonic() + 1.5 * INTERVAL_MS / 1000
        while monotonic() < busy_until:
            pass
        await asyncio.gather(first, second)

    with_site({"/": timed(times)}, use)
    assert all(later - earlier > 0.9 * INTERVAL_MS / 1000 for earlier, later in pairwise(times))


def test_waiting_takes_nothing_of_a_requests_own_time() -> None:
    config = ALLOWED.__class__(allow_private_addresses=True, request_timeout_seconds=0.2)

    async def use(fetcher: Fetcher, site: Site) -> int:
        asked = FetchRequest(site.url + "/", config, interval_ms=150)
        return len(await asyncio.gather(*(fetcher.fetch(asked) for _ in range(4))))

    answers: dict[str, Answer] = {"/": reply("x")}
    assert with_site(answers, use) == 4


def test_a_wait_that_is_too_long_is_refused_and_takes_no_turn() -> None:
    pace = Pace(SystemClock())
    interval = LONGEST_WAIT_SECONDS + 1
    pace.turn("h", interval)

    for _ in range(2):
        with pytest.raises(TooSoonError) as caught:
            pace.turn("h", interval)
        assert LONGEST_WAIT_SECONDS < caught.value.seconds <= interval
    pace.turn("other", interval)
    pace.turn("h", 0.0)


def test_only_so_many_hosts_are_remembered() -> None:
    pace = Pace(SystemClock())
    for number in range(MAX_HOSTS + 10):
        pace.turn(f"h{number}", 1.0)

    assert repr(pace) == f"<Pace(hosts={MAX_HOSTS})>"
