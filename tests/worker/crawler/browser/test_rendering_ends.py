"""Pages without an end, and deaths of the browser: given up in the page's time, and the next page is had."""

import asyncio
import os
import signal
from typing import Any

import pytest

from actors.worker.crawler.config import CrawlConfig
from actors.worker.crawler.errors import FetchError
from actors.worker.crawler.fetch import FetchRequest
from tests.worker.crawler.browser.conftest import ALLOWED, IDLE_SECONDS, Rendering
from tests.worker.crawler.browser.processes import below, gone, processes
from tests.worker.crawler.browser.test_rendering import page
from tests.worker.crawler.site import Site, reply


@pytest.mark.browser
def test_a_page_that_never_rests_is_taken_as_it_is_after_a_while(
    rendering: Rendering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendering.fetcher, "_idle_seconds", 2.0)
    rendering.rendered({"/": page("")})  # the browser has started
    script = "document.querySelector('main').textContent = 'shown'; setInterval(() => fetch('/poll'), 100)"

    async def timed() -> tuple[str, float]:
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with Site({"/": page(script), "/poll": reply("")}).serving() as site:
            found = await rendering.fetcher.fetch(FetchRequest(site.url + "/", ALLOWED))
        return found.text or "", loop.time() - began

    text, seconds = rendering.runner.run(timed())

    assert "<main>shown</main>" in text
    assert seconds < IDLE_SECONDS


@pytest.mark.browser
@pytest.mark.parametrize("script", ["while (true) {}", "Promise.resolve().then(() => { while (true) {} })"])
def test_a_script_without_an_end_is_given_up_in_the_pages_time_and_the_next_page_is_had(
    rendering: Rendering, script: str
) -> None:
    error = rendering.refused(
        {"/": page(script)}, CrawlConfig(allow_private_addresses=True, request_timeout_seconds=2)
    )

    assert error.retryable
    assert "took longer than 2 s to render" in str(error)
    assert rendering.rendered({"/": page("", "<p>next</p>")}).text is not None


@pytest.mark.browser
def test_a_page_that_grows_without_an_end_is_cut(rendering: Rendering) -> None:
    script = "document.querySelector('main').textContent = 'x'.repeat(3000000)"
    found = rendering.rendered({"/": page(script)})

    assert found.truncated
    assert len(found.text or "") <= 2 * 1024 * 1024 + 100


OPENING = reply('<html><body><script src="/slow"></script></body></html>')
RESTLESS = page("fetch('/slow').then(() => 0)")


@pytest.mark.browser
@pytest.mark.parametrize(
    ("dies", "while_it_is"),
    # Of a driver's death while a page is to come to rest is heard at the end of that time: here it would be long.
    [("browser", RESTLESS), ("pages", RESTLESS), ("driver", OPENING)],
    ids=["browser", "pages", "driver"],
)
def test_a_death_is_a_failed_attempt_and_the_next_page_is_had(
    rendering: Rendering, dies: str, while_it_is: bytes
) -> None:
    """Of the browser, of its pages' processes, of Playwright's driver: by SIGKILL, while a page is open."""

    async def use(site: Site) -> FetchError:
        asked = asyncio.Event()

        async def slow(_: Any) -> None:
            asked.set()
            await asyncio.Event().wait()

        site.answers |= {"/": while_it_is, "/slow": slow}
        fetching = asyncio.ensure_future(rendering.fetcher.fetch(FetchRequest(site.url + "/", ALLOWED)))
        await asked.wait()
        for pid in processes(os.getpid(), dies):
            os.kill(pid, signal.SIGKILL)
        with pytest.raises(FetchError) as caught:
            await fetching
        return caught.value

    error = rendering.with_site({}, use)

    assert error.retryable
    assert "<p>next</p>" in (rendering.rendered({"/": page("", "<p>next</p>")}).text or "")
    assert len(processes(os.getpid(), "browser")) == 1


def test_a_closed_browser_leaves_no_process_and_a_later_page_starts_it_again(rendering: Rendering) -> None:
    before = set(below(os.getpid()))
    rendering.rendered({"/": page("")})
    there = set(below(os.getpid())) - before
    assert processes(os.getpid(), "browser")

    rendering.runner.run(rendering.fetcher.aclose())

    assert gone(there)
    assert not rendering.fetcher.in_use
    assert rendering.rendered({"/": page("")}).status == 200


@pytest.mark.browser
def test_a_driver_that_does_not_answer_keeps_nothing_from_ending(rendering: Rendering) -> None:
    before = set(below(os.getpid()))
    rendering.rendered({"/": page("")})
    there = set(below(os.getpid())) - before
    (driver,) = processes(os.getpid(), "driver")
    os.kill(driver, signal.SIGSTOP)

    rendering.runner.run(rendering.fetcher.aclose())

    assert gone(there)
    assert rendering.rendered({"/": page("")}).status == 200
