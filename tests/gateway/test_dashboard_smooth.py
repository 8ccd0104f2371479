"""How smoothly the dashboard moves in a real browser while much work goes on."""

import time

import pytest
from playwright.sync_api import Page, expect

from tests.embedding.workers import Number, double
from tests.gateway.conftest import CHROMIUM, Service
from tests.machine import slowness, soonest

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="needs chromium: apt-get install chromium"),
]

WATCH_FRAMES = """() => {
    const turn = window.turn = {};
    window.frames_ms = [];
    let last = performance.now();
    const frame = () => {
        if (window.turn !== turn) return;
        const now = performance.now();
        window.frames_ms.push(now - last);
        last = now;
        requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
}"""
LATE_MS = 250
FEW = 1 / 50


@pytest.mark.timeout(900)
def test_a_run_of_a_hundred_thousand_children_stays_smooth(service: Service, page: Page) -> None:
    """While it goes on hardly a frame comes late, and the page asks for little."""
    page.goto(service.server.url)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    def late_frames() -> float:
        """The part of the frames that comes late, as far as that is the page's doing."""
        slow = slowness(time.monotonic)
        asked.clear()
        begun = time.monotonic()
        run = service.runtime.fan_out(double, [Number(each) for each in range(100_000)], name="many")
        page.goto(f"{service.server.url}/#/job/{run.id}")
        expect(page.locator(".tree").first).to_be_visible()
        page.evaluate(WATCH_FRAMES)
        run.wait(200)
        expect(page.locator("main .state").first).to_have_text("completed")
        expect(page.locator("main .progress").first).to_contain_text("100,000 of 100,000")
        frames: list[float] = page.evaluate("() => { window.turn = null; return window.frames_ms; }")
        assert len(asked) < 25 * (time.monotonic() - begun)
        slow = max(slow, slowness(time.monotonic))
        return sum(each > LATE_MS * slow for each in frames) / max(len(frames), 1)

    assert soonest(late_frames, FEW) <= FEW
