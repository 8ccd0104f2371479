"""What the dashboard shows, in a real browser: numbers that are the rows', text that stays text, and to everybody."""

import json
import re
from pathlib import Path
from threading import Event
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from actors.documents import DocumentSpec
from actors.ids import id_text
from actors.worker import JobContext, PermanentError, worker
from runtime.gateway.settings import GatewaySettings
from runtime.store.reading.jobs import read_counts, run_state
from runtime.store.reading.statistics import read_statistics
from tests.embedding.workers import GATES, Number, Where, double, gated
from tests.gateway.conftest import CHROMIUM, Service, new_page, service_with
from tests.gateway.test_jobs import waiting

EVIL = "<img src=x onerror=alert(1)>"

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium: apt-get install chromium")


def row(page: Page, name: str) -> Locator:
    return page.locator("tr", has=page.get_by_role("link", name=name, exact=True))


@worker("evil")
def evil(payload: Where, context: JobContext) -> str:
    """Puts it wherever a body can."""
    context.info(EVIL)
    context.save_document(
        DocumentSpec(EVIL, EVIL, EVIL, EVIL, f"words {EVIL}", tags=(EVIL,), metadata={EVIL: EVIL})
    )
    if payload.path == "fail":
        raise PermanentError(EVIL)
    return EVIL


def test_what_others_wrote_is_text_on_every_page(tmp_path: Path, page: Page) -> None:
    """Names, payloads, errors, log lines, results, documents, definitions and their faults."""
    for service in service_with(tmp_path, GatewaySettings(port=0), evil):
        (service.definitions / "evil.toml").write_text(
            f'id = "evil"\nname = "{EVIL}"\ntags = ["{EVIL}"]\n[step.wait]\naction = "at_gate"\npath = "{EVIL}"\n'
        )
        (service.definitions / "none.toml").write_text(f'id = "none"\n["{EVIL}"]\n')
        run = service.runtime.fan_out("evil", [Where(EVIL), Where("fail")], name=EVIL)
        run.wait(100)
        [step] = run.show()["steps"]
        jobs = service.client.get("/api/jobs", params={"parent_id": step["job_id"]}).json()["jobs"]
        [saved] = service.client.get("/api/documents").json()["documents"]
        places = [
            "runs",
            "queue",
            "definitions",
            "search",
            "search?q=words",
            f"search?q={EVIL}",
            f"search?run_id={run.id}",
        ]
        places += [f"job/{each}" for each in (run.id, step["job_id"], *(job["id"] for job in jobs), EVIL)]
        places += [f"document/{saved['id']}", f"runs?state={EVIL}", EVIL]
        for place in places:
            page.goto(f"{service.server.url}/#/{place}")
            page.reload()
            expect(page.locator("h1")).to_be_visible()
            assert page.locator("main img, #notices img").count() == 0, place
            if place.partition("?")[0] in {"runs", "definitions"} or "/" in place:
                expect(page.locator("main")).to_contain_text(EVIL if "state" not in place else "state")


def cancelled(service: Service) -> None:
    """A run that has come to that end."""
    run = waiting(service, "cancelled")
    run.cancel()
    run.wait(100)


@pytest.mark.browser
def test_every_number_of_every_page_is_the_count_of_the_rows(service: Service, page: Page) -> None:
    """In the midst of work: jobs of every state, which gates keep where they are."""
    GATES["numbers"] = Event()
    runtime = service.runtime
    runtime.fan_out(double, [Number(each, spawn=each % 3) for each in range(1234)], name="many").wait(100)
    runtime.fan_out("poison", [Where("permanent")] * 3 + [Where("fine")] * 4, name="some failed").wait(100)
    runtime.fan_out("write", [Where(str(service.definitions.parent / "out"))] * 5, name="documents").wait(100)
    cancelled(service)
    mixed = runtime.fan_out("gated", [Where("numbers")] * (gated.options.slots + 7), name="mixed")
    (service.definitions / "gate.toml").write_text(
        'id = "gate"\nname = "G"\n[step.a]\naction = "at_gate"\npath = "x"\n'
    )
    page.goto(service.server.url)
    expect(row(page, "mixed")).to_contain_text("running")
    expect(page.locator(".tile").nth(1)).to_contain_text(str(gated.options.slots))

    def sql(condition: str, *values: object) -> int:
        with runtime.reader.snapshot() as connection:
            return int(
                connection.execute(f"SELECT count(*) FROM job WHERE {condition}", values).fetchone()[0]
            )

    def shown(text: str) -> list[int]:
        return [int(each.replace(",", "")) for each in re.findall(r"[0-9][0-9,]*", text)]

    of_jobs = "kind = 'job' AND state"
    with runtime.reader.snapshot() as connection:
        documents = connection.execute("SELECT count(*) FROM document").fetchone()[0]
    assert [shown(text)[0] for text in page.locator(".tile b").all_inner_texts()] == [
        sql("kind = 'run' AND state IN ('running', 'pending', 'scheduled')"),
        sql(f"{of_jobs} = 'running'"),
        sql(f"{of_jobs} IN ('pending', 'scheduled')"),
        sql(f"{of_jobs} = 'completed'"),
        sql(f"{of_jobs} = 'failed'"),
        documents,
    ]
    over = "state IN ('completed', 'failed', 'cancelled')"
    with runtime.reader.snapshot() as connection:
        runs = connection.execute("SELECT id, name FROM job WHERE kind = 'run'").fetchall()
    assert page.locator("tbody tr").count() == len(runs)
    for run_id, name in runs:
        below = f"kind = 'job' AND root_id = {run_id}"
        failed = sql(f"{below} AND state = 'failed'")
        numbers = shown(row(page, name).locator(".progress .faint").inner_text())
        numbers = [each for place, each in enumerate(numbers) if place < 2 or each == failed]  # without rates
        assert numbers[:2] == [sql(f"{below} AND {over}"), sql(below)]
        assert (numbers[2:] or [0])[0] == failed
    for run_id, name in runs:
        page.goto(f"{service.server.url}/#/job/{id_text(run_id)}")
        expect(page.locator("h1")).to_have_text(name)
        below = f"kind = 'job' AND root_id = {run_id}"
        counts = [
            sql(f"{below} AND state = ?", state) for state in ("pending", "running", "completed", "failed")
        ]
        expect(page.locator(".tree > li").first).to_contain_text(
            "{} pending, {} running, {} completed, {} failed".format(*counts)
        )
        page.locator("main table a").first.click()
        expect(page.locator(".filters")).to_be_visible()
        assert [shown(text)[-1] for text in page.locator(".filters a").all_inner_texts()] == [
            sql(below),
            *(
                sql(f"{below} AND state = ?", state)
                for state in ("running", "pending", "scheduled", "completed", "failed", "cancelled")
            ),
        ]
    page.goto(f"{service.server.url}/#/queue")
    expect(page.locator("h1")).to_have_text("Queue")
    for line in page.locator("table").first.locator("tbody tr").all():
        name = line.locator("td.name").inner_text()
        pending, running_now, slots, scheduled, *_ = (  # the rates have a test of their own
            shown(each)[0] for each in line.locator("td.number").all_inner_texts()
        )
        assert [pending, running_now, scheduled] == [
            sql("kind = 'job' AND type = ? AND state = ?", name, state)
            for state in ("pending", "running", "scheduled")
        ]
        assert slots == runtime.assembly.workers[name].options.slots
    page.goto(f"{service.server.url}/#/search")
    expect(page.locator("article")).to_have_count(documents)
    page.goto(f"{service.server.url}/#/definitions")
    expect(page.locator("tbody tr")).to_have_count(len(list(service.definitions.iterdir())))
    GATES["numbers"].set()
    mixed.wait(100)


def test_what_is_shown_while_work_goes_on_is_one_moment_of_the_store(service: Service) -> None:
    """The statistics, and the counts of a run, beside the rows of the same snapshot."""
    run = service.runtime.fan_out(double, [Number(each) for each in range(3000)])
    while True:
        with service.runtime.reader.snapshot() as connection:
            state = run_state(connection, run.number)
            counts = read_counts(connection, run.number, "run")
            statistics = read_statistics(connection)
            rows = dict(
                connection.execute(
                    "SELECT state, count(*) FROM job WHERE kind = 'job' GROUP BY state"
                ).fetchall()
            )
        for name in ("scheduled", "pending", "running", "completed", "failed", "cancelled"):
            assert getattr(counts, name) == statistics["jobs"][name] == rows.get(name, 0)
        if state == "completed":
            return


@pytest.mark.browser
def test_the_queue_tells_how_fast_each_type_is(service: Service, page: Page) -> None:
    """The page shows what it was answered; tests/store/test_recent_ends.py compares that with the rows."""
    answer = answer_after_work(service)
    page.route("**/api/jobs/queue", lambda route: route.fulfill(body=answer, content_type="application/json"))
    page.goto(f"{service.server.url}/#/queue")
    table = page.locator("table").first
    expect(table.locator("tr", has_text="poison")).to_be_visible()
    shown = {cells[0].split("\n")[0]: cells[5:7] for cells in map(cells_of, table.locator("tbody tr").all())}
    told = {each["type"]: each["ended"] for each in json.loads(answer)}
    for name, each in told.items():
        rates = [each["completed"] / each["seconds"], each["failed"] / each["seconds"]]
        assert shown[name] == [f"{rate:.1f}" if rate else "0" for rate in rates]
    every = sum(each[state] for each in told.values() for state in ("completed", "failed", "cancelled"))
    expect(page.locator("main")).to_contain_text(
        f"In the last 10 s {every / 10:.1f} jobs a second have ended."
    )


def answer_after_work(service: Service) -> str:
    """What is told of the queue while the work is within the 10 s that are told of."""
    while True:
        service.runtime.fan_out(double, [Number(each) for each in range(40)]).wait(100)
        service.runtime.fan_out("poison", [Where("permanent")] * 3 + [Where("fine")] * 2).wait(100)
        answer = service.client.get("/api/jobs/queue").text
        told = {each["type"]: each["ended"]["completed"] for each in json.loads(answer)}
        if told["double"] and told["poison"]:
            return answer


def cells_of(row: Locator) -> list[str]:
    return row.locator("td").all_inner_texts()


@pytest.mark.browser
def test_a_run_is_shown_as_a_tree_and_a_job_with_its_documents(service: Service, page: Page) -> None:
    run = service.runtime.fan_out(double, [Number(1, spawn=2)], name="spawning")
    run.wait(100)
    page.goto(f"{service.server.url}/#/job/{run.id}")
    tree = page.locator(".tree").first
    tree.get_by_text("double").first.click()
    tree.locator("details details summary").nth(1).click()
    expect(tree.locator("a")).to_have_count(2)
    wrote = service.runtime.fan_out("write", [Where(str(service.definitions.parent / "out"))])
    wrote.wait(100)
    [step] = wrote.show()["steps"]
    [job] = service.client.get("/api/jobs", params={"parent_id": step["job_id"]}).json()["jobs"]
    page.goto(f"{service.server.url}/#/job/{job['id']}")
    page.get_by_role("link", name=re.compile("^job ")).click()
    expect(page.locator("main")).to_contain_text("the body of a document")


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280], ids=["phone", "desk"])
def test_it_fits_a_phone_and_serves_who_can_not_see_it(
    service: Service, browser: Browser, scheme: Literal["light", "dark"], width: int
) -> None:
    """By axe-core: names, roles, contrast, what a keyboard reaches; and nothing is wider than the screen."""
    run = service.runtime.fan_out(
        "poison", [Where("permanent")] * 3 + [Where("fine")] * 40, name="a name " * 20
    )
    run.wait(100)
    service.runtime.fan_out("write", [Where(str(service.definitions.parent / "out"))]).wait(100)
    (service.definitions / "bad.toml").write_text('id = "bad"\n')
    [step] = run.show()["steps"]
    [job, *_] = service.client.get(
        "/api/jobs", params={"parent_id": step["job_id"], "state": "failed"}
    ).json()["jobs"]
    page = new_page(browser, color_scheme=scheme, viewport={"width": width, "height": 844})
    for place in (
        "runs",
        f"job/{run.id}",
        f"job/{step['job_id']}",
        f"job/{job['id']}",
        "queue",
        "definitions",
        "search",
    ):
        page.goto(f"{service.server.url}/#/{place}")
        page.reload()
        expect(page.locator("h1")).to_be_visible()
        expect(page.locator("#live")).to_have_text("live")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, place
        found = Axe().run(page).response["violations"]
        assert [(each["id"], [node["html"] for node in each["nodes"]][:2]) for each in found] == [], place
    page.close()
