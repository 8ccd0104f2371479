"""The dashboard in a real browser: what a person sees and does. Debian's chromium, driven by Playwright."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest
from playwright.sync_api import Page, expect

from tests.cli.running import running
from tests.embedding.workers import GATES, Number, Where, double
from tests.gateway.conftest import CHROMIUM, OPERATOR, Service
from tests.gateway.test_jobs import waiting
from tests.gateway.test_serve import CONFIG
from tests.gateway.test_serve import GATES as GATES_TOML

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium: apt-get install chromium")


def test_a_run_is_started_from_the_page_and_watched_to_its_end(service: Service, page: Page) -> None:
    (service.definitions / "nightly.toml").write_text(
        'id = "nightly"\nname = "Nightly"\n[step.wait]\naction = "at_gate"\npath = "page"\n'
    )
    GATES["page"] = Event()
    page.goto(f"{service.server.url}/#/definitions")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("h1")).to_have_text("Nightly")
    expect(page.locator("main .state").first).to_have_text("running")
    GATES["page"].set()
    expect(page.locator("main .state").first).to_have_text("completed")
    expect(page.locator("main")).to_contain_text("1 of 1")


@pytest.mark.browser
def test_another_is_cancelled_and_its_list_moves_without_a_reload(service: Service, page: Page) -> None:
    page.goto(service.server.url)
    run = waiting(service, "to cancel")
    expect(page.get_by_role("link", name="to cancel", exact=True)).to_be_visible()
    page.get_by_role("link", name="to cancel", exact=True).click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("main .state").first).to_have_text("cancelled")
    assert run.wait(100).state == "cancelled"
    page.get_by_role("link", name="Runs").click()
    expect(page.locator("tbody .state")).to_have_text("cancelled")


@pytest.mark.browser
def test_a_run_is_paused_resumed_and_its_failures_are_retried(service: Service, page: Page) -> None:
    failed = service.runtime.fan_out("poison", [Where("permanent")], name="failing")
    failed.wait(100)
    page.goto(f"{service.server.url}/#/job/{failed.id}")
    page.get_by_role("button", name="Retry failed").click()
    expect(page.locator("#notices")).to_contain_text("1 jobs wait again")
    run = waiting(service, "to pause")
    page.goto(f"{service.server.url}/#/job/{run.id}")
    expect(page.locator("h1")).to_have_text("to pause")
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("main .state").first).to_contain_text("paused")
    expect(page.get_by_label("Why it does not move")).to_contain_text("paused")
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    run.cancel()


@pytest.mark.browser
def test_filters_are_in_the_address(service: Service, page: Page) -> None:
    service.runtime.fan_out(double, [Number(1)], name="good").wait(100)
    service.runtime.fan_out("poison", [Where("permanent")], name="bad").wait(100)
    page.goto(service.server.url)
    page.get_by_role("group", name="Filter by state").get_by_role("link", name="failed", exact=True).click()
    expect(page.get_by_role("link", name="bad", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="good", exact=True)).to_have_count(0)
    assert page.url.endswith("#/runs?state=failed")
    page.reload()
    expect(page.get_by_role("link", name="good", exact=True)).to_have_count(0)


@pytest.mark.browser
def test_the_log_of_a_job_is_followed(service: Service, page: Page) -> None:
    run = waiting(service, "logging")
    page.goto(f"{service.server.url}/#/job/{run.id}")
    expect(page.get_by_role("log")).to_contain_text("No lines yet")
    service.runtime.fan_out(double, [Number(1)]).wait(100)
    GATES["logging"].set()
    run.wait(100)
    expect(page.locator("main .state").first).to_have_text("completed")


@pytest.mark.browser
def test_a_definition_is_checked_with_its_lines(service: Service, page: Page) -> None:
    page.goto(f"{service.server.url}/#/definitions")
    page.get_by_label("A definition in TOML").fill('id = "x"\nname = "X"\n[step.a]\naction = "craw"\n')
    page.get_by_role("button", name="Check").click()
    expect(page.locator("main")).to_contain_text("line 4")
    expect(page.locator("main")).to_contain_text("crawl")


@pytest.mark.browser
def test_a_schedule_is_set_paused_and_resumed(service: Service, page: Page) -> None:
    (service.definitions / "nightly.toml").write_text(
        'id = "nightly"\nname = "N"\nschedule = "0 3 * * *"\n[step.wait]\naction = "at_gate"\npath = "x"\n'
    )
    page.goto(f"{service.server.url}/#/definitions")
    expect(page.locator("tbody")).to_contain_text("not set")
    page.get_by_role("button", name="Set", exact=True).click()
    expect(page.locator("tbody")).to_contain_text("next ")
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("tbody")).to_contain_text("paused")
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    assert [each["id"] for each in service.runtime.schedules()] == ["nightly"]


@pytest.mark.browser
def test_a_token_is_asked_for_and_kept(guarded: Service, page: Page) -> None:
    page.goto(guarded.server.url)
    box = page.get_by_label("Token")
    box.fill("wrong")
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#notices")).to_contain_text("not known")
    box.fill(OPERATOR)
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("h1")).to_have_text("Runs")
    page.reload()
    expect(page.locator("h1")).to_have_text("Runs")
    assert OPERATOR not in page.evaluate("document.cookie + JSON.stringify({...localStorage})")


@pytest.mark.browser
def test_it_is_used_by_keyboard(service: Service, page: Page) -> None:
    service.runtime.fan_out(double, [Number(1)], name="by keyboard").wait(100)
    page.goto(service.server.url)
    expect(page.get_by_role("link", name="by keyboard", exact=True)).to_be_visible()
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "by keyboard":
            break
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("by keyboard")


@pytest.mark.browser
def test_who_has_come_to_something_by_keyboard_stays_there_when_it_is_drawn_anew(
    service: Service, page: Page
) -> None:
    """Every event draws the lists anew, also between a Tab and the Enter after it."""
    run = waiting(service, "drawn anew")
    for place, focused in (
        ("runs", page.get_by_role("link", name="drawn anew", exact=True)),
        ("queue", page.locator("tr", has_text="gated").get_by_role("button", name="Pause")),
        (f"job/{run.id}", page.locator(".tree summary").first),
    ):
        page.goto(f"{service.server.url}/#/{place}")
        focused.focus()
        drawn = focused.element_handle()
        run.pause()
        run.resume()
        drawn.wait_for_element_state("hidden")
        assert focused.evaluate("each => each === document.activeElement"), place
    run.cancel()


@pytest.mark.browser
def test_what_is_pressed_is_not_drawn_anew_before_it_is_let_go(service: Service, page: Page) -> None:
    """What a browser sends a click to has to be there when the button goes down and when it comes up."""
    for name in ("nightly", "weekly"):
        (service.definitions / f"{name}.toml").write_text(
            f'id = "{name}"\nname = "N"\nschedule = "0 3 * * 1"\n[step.wait]\naction = "at_gate"\npath = "x"\n'
        )
    GATES["x"] = Event()
    page.goto(f"{service.server.url}/#/definitions")
    row = page.locator("tr", has_text="nightly")
    expect(row).to_contain_text("not set")
    row.get_by_role("cell").first.hover()
    press_while_drawn_anew(service, page, "nightly")
    expect(row).to_contain_text("not set")
    page.mouse.up()
    expect(row).to_contain_text("next ")
    row.get_by_role("button", name="Run", exact=True).hover()
    press_while_drawn_anew(service, page, "weekly")
    page.mouse.up()
    expect(page.locator("h1")).to_have_text("N")
    GATES["x"].set()


def press_while_drawn_anew(service: Service, page: Page, definition_id: str) -> None:
    """Press what the pointer is on, and have the list of definitions be asked for meanwhile."""
    page.mouse.down()
    with page.expect_response(lambda answer: answer.url.endswith("/api/schedules")):
        assert service.client.post(f"/api/schedules/{definition_id}").is_success
    page.evaluate("() => new Promise((resolve) => setTimeout(resolve, 100))")  # time to do something wrong


@contextmanager
def kept_port() -> Iterator[int]:
    """A port that nobody else is given while the block lasts, on which a server may listen again and again.

    It is bound here and not listened on, so that another that reuses addresses, as servers do, may listen.
    """
    with socket.socket() as kept:
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        kept.bind(("127.0.0.1", 0))
        yield kept.getsockname()[1]


@pytest.mark.browser
def test_after_the_server_was_killed_and_started_again_the_page_shows_the_end(
    tmp_path: Path, page: Page
) -> None:
    (tmp_path / "quaero.toml").write_text(CONFIG)
    (tmp_path / "definitions").mkdir()
    (tmp_path / "definitions" / "gates.toml").write_text(GATES_TOML)
    with kept_port() as port:
        with running("serve", "--port", port, "--json", cwd=tmp_path) as command:
            command.prints(1)
            page.goto(f"http://127.0.0.1:{port}/#/definitions")
            page.get_by_role("button", name="Run", exact=True).click()
            expect(page.locator("main .state").first).to_have_text("running")
            command.process.kill()
            expect(page.locator("#live")).to_have_text("reconnecting")
        (tmp_path / "open").touch()
        with running("serve", "--port", port, "--json", cwd=tmp_path) as command:
            command.prints(1)
            expect(page.locator("#live")).to_have_text("live")
            expect(page.locator("main .state").first).to_have_text("completed")
            expect(page.locator("main")).to_contain_text("3 of 3")


@pytest.mark.browser
def test_the_page_comes_back_though_it_is_answered_something_else_than_a_stream(
    service: Service, page: Page
) -> None:
    """A proxy answers 502 while the server behind it is started; a browser asks no second time by itself."""
    page.route("**/api/events?*", lambda route: route.fulfill(status=502))
    page.goto(service.server.url)
    expect(page.locator("#live")).to_have_text("reconnecting")
    page.unroute("**/api/events?*")
    expect(page.locator("#live")).to_have_text("live")
    service.runtime.fan_out(double, [Number(1)], name="after that")
    expect(page.get_by_role("link", name="after that", exact=True)).to_be_visible()


LOADS = """async () => {
    const { inTurn } = await import("/static/live.js");
    const told = [], ends = [];
    const load = inTurn(() => new Promise((end, fail) => {
        const turn = ends.length;
        told.push(`begin ${turn}`);
        ends.push((failed) => { told.push(`end ${turn}`); failed ? fail(new Error("no")) : end(); });
    }));
    const begun = async (loads) => { for (let tries = 0; ends.length < loads && tries < 100; tries++) await null; };
    const asked = [load(), load(), load()];
    ends[0](true);
    const failed = await asked[0].catch((error) => error.message);
    await begun(2);
    load();
    ends[1](false);
    await begun(3);
    ends[2](false);
    return [failed, told];
}"""


@pytest.mark.browser
def test_loads_of_a_view_take_turns_so_that_no_late_answer_hides_a_newer_one(
    service: Service, page: Page
) -> None:
    """Who asks while one is under way shares the next, also after one that failed."""
    page.goto(service.server.url)
    failed, told = page.evaluate(LOADS)
    assert failed == "no"
    assert told == ["begin 0", "end 0", "begin 1", "end 1", "begin 2", "end 2"]
