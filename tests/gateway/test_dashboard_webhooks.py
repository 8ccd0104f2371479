"""The webhooks of the dashboard, in a real browser, with a receiver that really listens."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.embedding.workers import Number, double
from tests.gateway.conftest import CHROMIUM, OPERATOR, READER, Service, new_page
from tests.webhooks.receiver import Receiver, Reply, receiving

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="needs chromium: apt-get install chromium"),
]

LATER = {"Retry-After": "600"}
"""Has a delivery that failed wait for longer than any test takes."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened


def put(service: Service, receiver: Receiver, name: str = "ops", **more: Any) -> str:
    """A webhook of the ends of runs; its secret."""
    made = service.runtime.set_webhook(
        name,
        receiver.url,
        level="runs",
        events=("job_status_change",),
        allow_private_addresses=True,
        **more,
    )
    return made.secret or ""


def log_in(page: Page, service: Service, token: str) -> None:
    page.goto(service.server.url)
    page.get_by_label("Token").fill(token)
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("h1")).to_have_text("Runs")


def test_one_is_added_by_keyboard_and_its_deliveries_are_watched(
    service: Service, receiver: Receiver, page: Page
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(service.server.url)
    page.get_by_role("link", name="Webhooks").click()
    expect(page.locator("main")).to_contain_text("No webhook yet")
    page.get_by_label("Name").focus()
    page.keyboard.type("ops")
    page.keyboard.press("Tab")
    page.keyboard.type(receiver.url)
    page.get_by_label("Events of").select_option("runs")
    page.get_by_label("Types of events").fill("job_status_change")
    page.get_by_label("in a private network").check()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("Webhook ops was added.")
    page.get_by_role("button", name="Copy the secret").click()
    expect(page.locator("#notices")).to_contain_text("copied")
    secret = page.evaluate("navigator.clipboard.readText()")
    assert secret.startswith("whsec_")
    assert secret not in page.content()
    service.runtime.fan_out(double, [Number(1)]).wait(100)
    assert all(each.verified_by(secret) for each in receiver.wait(3))
    cells = page.locator("tbody tr").first.locator("td")
    expect(cells.nth(2)).to_have_text("3")
    assert [cells.nth(each).inner_text() for each in (3, 4)] == ["0", "0"]
    page.get_by_role("link", name="ops", exact=True).click()
    expect(page.locator("h1")).to_have_text("ops")
    expect(page.get_by_role("group", name="Filter by state")).to_contain_text("completed 3")
    expect(page.locator("tbody tr")).to_have_count(3)
    expect(page.locator("tbody tr").first).to_contain_text("1 of 12")
    expect(page.locator("tbody tr").first).to_contain_text("204 after")
    page.locator("tbody a").first.click()
    expect(page.locator("h1")).to_contain_text("ops: job_status_change")


def test_a_failure_shows_with_its_attempts_and_goes_to_the_list(
    service: Service, receiver: Receiver, page: Page
) -> None:
    receiver.reply = Reply(503, LATER, body=b"<b>down</b> for repair")
    put(service, receiver)
    service.runtime.fan_out(double, [Number(1)]).wait(100)
    receiver.wait(3)
    page.goto(f"{service.server.url}/#/webhook/ops")
    expect(page.get_by_role("group", name="Filter by state")).to_contain_text("scheduled 3")
    page.get_by_role("link", name="scheduled 3").click()
    assert page.url.endswith("#/webhook/ops?state=scheduled")
    expect(page.locator("tbody tr")).to_have_count(3)
    expect(page.locator("tbody tr").first).to_contain_text("<b>down</b> for repair")
    expect(page.get_by_label("Facts")).to_contain_text("503")
    page.get_by_role("link", name="completed 0").click()
    expect(page.locator("main")).to_contain_text("There is none.")
    page.get_by_role("link", name="Webhooks").first.click()
    expect(page.locator("tbody tr").first).to_contain_text("last failure: ")
    assert [page.locator("tbody td").nth(each).inner_text() for each in (2, 3, 4)] == ["0", "3", "0"]


def test_it_is_disabled_enabled_tested_given_a_secret_and_removed(
    service: Service, receiver: Receiver, page: Page
) -> None:
    put(service, receiver)
    page.goto(f"{service.server.url}/#/webhook/ops")
    page.get_by_role("button", name="Disable").click()
    expect(page.locator("main .state").first).to_have_text("disabled")
    expect(page.locator("main")).to_contain_text("an operator disabled it")
    page.get_by_role("link", name="Webhooks").first.click()
    expect(page.locator("tbody .state")).to_have_text("disabled")
    page.get_by_role("link", name="ops", exact=True).click()
    page.get_by_role("button", name="Enable").click()
    expect(page.locator("main .state").first).to_have_text("enabled")
    receiver.replies.append(Reply(500, body=b"broken"))
    page.get_by_role("button", name="Send a test").click()
    expect(page.locator("#notices")).to_contain_text("It answered 500: broken")
    page.get_by_role("button", name="Send a test").click()
    expect(page.locator("#notices")).to_contain_text("It answered 204 after")
    page.get_by_role("button", name="New secret").click()
    expect(page.get_by_label("Secret")).to_contain_text("is not shown here")
    assert "whsec_" not in page.content()
    page.evaluate("window.confirm = () => false")
    page.get_by_role("button", name="Remove").click()
    assert service.runtime.webhooks()
    page.evaluate("window.confirm = () => true")
    page.get_by_role("button", name="Remove").click()
    expect(page.locator("main")).to_contain_text("No webhook yet")
    assert service.runtime.webhooks() == []


def test_what_is_wrong_with_a_new_one_is_said_and_none_is_replaced(
    service: Service, receiver: Receiver, page: Page
) -> None:
    put(service, receiver)
    page.goto(f"{service.server.url}/#/webhooks")
    page.get_by_label("Name").fill("ops")
    page.get_by_label("Address").fill("https://example.com/other")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("There is a webhook ops already")
    page.get_by_label("Name").fill("inside")
    page.get_by_label("Address").fill(receiver.url)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("which is not on the internet")
    assert [(each["name"], each["url"]) for each in service.runtime.webhooks()] == [("ops", receiver.url)]
    page.goto(f"{service.server.url}/#/webhook/none")
    expect(page.locator("main")).to_contain_text("there is no webhook none")


def test_a_reader_sees_everything_and_is_offered_nothing(
    guarded: Service, receiver: Receiver, page: Page
) -> None:
    secret = put(guarded, receiver)
    run = guarded.runtime.fan_out(double, [Number(1)])
    run.wait(100)
    receiver.wait(3)
    log_in(page, guarded, READER)
    for place, words in (
        ("webhooks", "ops"),
        ("webhook/ops", "Deliveries"),
        ("queue", "double"),
        ("definitions", "Definitions"),
        (f"job/{run.id}", "completed"),
    ):
        page.goto(f"{guarded.server.url}/#/{place}")
        expect(page.locator("main")).to_contain_text(words)
        assert page.locator("main button").count() == 0, place
        assert secret not in page.content()
    page.context.clear_cookies()
    log_in(page, guarded, OPERATOR)
    page.goto(f"{guarded.server.url}/#/webhook/ops")
    expect(page.get_by_role("button", name="Disable")).to_be_visible()


def test_its_numbers_are_the_counts_of_the_rows(service: Service, receiver: Receiver, page: Page) -> None:
    """Some accepted, some that wait, in more than one state."""
    put(service, receiver)
    service.runtime.fan_out(double, [Number(1)]).wait(100)
    receiver.wait(3)
    receiver.reply = Reply(500, LATER)
    service.runtime.fan_out(double, [Number(2)]).wait(100)
    receiver.wait(6)
    page.goto(f"{service.server.url}/#/webhook/ops")
    filters = page.get_by_role("group", name="Filter by state")
    expect(filters).to_contain_text("scheduled 3completed 3")
    with service.runtime.reader.snapshot() as connection:
        rows = dict(
            connection.execute(
                "SELECT state, count(*) FROM job WHERE kind = 'job' AND type = 'webhook_delivery' GROUP BY state"
            ).fetchall()
        )
    shown = dict(each.rsplit(" ", 1) for each in filters.locator("a").all_inner_texts())
    assert {name: int(value) for name, value in shown.items() if int(value)} == {"all": 6, **rows}
    assert rows == {"completed": 3, "scheduled": 3}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280], ids=["phone", "desk"])
def test_it_fits_a_phone_and_serves_who_can_not_see_it(
    service: Service, receiver: Receiver, browser: Browser, scheme: Any, width: int
) -> None:
    receiver.reply = Reply(503, LATER, body=b"no " * 200)
    put(service, receiver)
    put(service, receiver, "a" * 60, enabled=False)
    service.runtime.fan_out(double, [Number(1)]).wait(100)
    receiver.wait(3)
    page = new_page(browser, color_scheme=scheme, viewport={"width": width, "height": 844})
    for place in ("webhooks", "webhook/ops", "webhook/ops?state=completed"):
        page.goto(f"{service.server.url}/#/{place}")
        page.reload()
        expect(page.locator("h1")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, place
        assert "[object" not in page.locator("main").inner_text()
        found = Axe().run(page).response["violations"]
        assert [(each["id"], [node["html"] for node in each["nodes"]][:2]) for each in found] == [], place
    page.close()
