"""What is read equals what SQL counts, and has the shape that the command line and the API promise."""

from collections.abc import Iterator
from typing import Any

import pytest

from actors.ids import id_text
from actors.job import Completed, ErrorTolerance, FailureAction, JobState, LogLevel, LogLine
from runtime.store.reading.jobs import JobFilter
from runtime.store.reading.reader import StoreReader
from tests.store.driver import StoreDriver, definition, failed, spec, specs, step

COUNTS = {"total", "scheduled", "pending", "running", "completed", "failed", "cancelled"}
RUN = {
    "run_id",
    "definition_id",
    "state",
    "counts",
    "documents",
    "duration_seconds",
    "steps",
    "errors",
    "warnings",
}
JOB = {
    *("id", "parent_id", "root_id", "kind", "type", "name", "state", "attempt", "max_attempts"),
    *("created_at", "started_at", "finished_at", "payload"),
}


@pytest.fixture
def reader(store: StoreDriver) -> Iterator[StoreReader]:
    opened = StoreReader(store.path)
    yield opened
    opened.close()


def shown(found: dict[str, Any] | None) -> dict[str, Any]:
    assert found is not None
    return found


@pytest.fixture
def mixed(store: StoreDriver) -> int:
    """A run with one job in every state, and one step that waits."""
    store.submit(definition(step("first"), step("second", depends=("first",))))
    start = store.start()
    store.name(start, *specs(5, max_attempts=1), spec(delay_ms=9000))
    a, b, *_ = store.lease(4)
    store.clock.advance(1.5)
    store.complete(a)
    store.settle(store.attempt(b, failed("broken")))
    store.cancel(store.rows("SELECT max(id) FROM job WHERE state = 'pending' AND kind = 'job'")[0][0])
    return start.run_id


def test_a_run_is_shown_as_design_says_and_its_counts_are_the_rows(
    store: StoreDriver, reader: StoreReader, mixed: int
) -> None:
    run = shown(reader.run(mixed))
    assert run.keys() >= RUN
    assert run["counts"].keys() == COUNTS
    assert (run["run_id"], run["definition_id"], run["state"]) == (id_text(mixed), "test", "running")
    rows = dict(store.rows("SELECT state, count(*) FROM job WHERE kind = 'job' GROUP BY state"))
    assert run["counts"] == {**dict.fromkeys(COUNTS, 0), **rows, "total": 6}
    assert [each["name"] for each in run["steps"]] == ["first", "second"]
    first, second = run["steps"]
    assert first.keys() >= {"name", "job_id", "state", "counts"}
    assert first["counts"] == run["counts"]
    assert second["counts"] == dict.fromkeys(COUNTS, 0)
    assert (first["state"], second["state"]) == ("running", "pending")
    assert run["errors"] == ["broken"]
    assert run["duration_seconds"] == 1.5


def test_a_run_that_has_ended_tells_how_long_it_took(store: StoreDriver, reader: StoreReader) -> None:
    run_id = store.run_with(spec())
    (job,) = store.lease()
    store.clock.advance(2.25)
    store.complete(job)
    store.clock.advance(60)
    store.run_with(spec())
    assert shown(reader.run(run_id))["duration_seconds"] == 2.25


def test_a_run_that_has_not_begun_has_lasted_no_time(store: StoreDriver, reader: StoreReader) -> None:
    run_id = store.submit()
    store.clock.set_wall_ms(store.clock.wall_ms() - 5000)
    store.submit()
    assert shown(reader.run(run_id))["duration_seconds"] == 0


def test_errors_are_grouped_and_warnings_are_apart(store: StoreDriver, reader: StoreReader) -> None:
    tolerance = ErrorTolerance(max_child_failures=2, failure_action=FailureAction.MARK_WARNING)
    run_id = store.run_with(*specs(4), of=definition(step(error_tolerance=tolerance)))
    jobs = store.lease()
    store.settle(*(store.attempt(job, failed("no such page", permanent=True)) for job in jobs[:3]))
    store.complete(jobs[3])
    run = shown(reader.run(run_id))
    assert run["errors"] == ["no such page (3 jobs)"]
    assert run["warnings"] == ["Warning: Error tolerance exceeded: 2 of 2 ended children failed (max 2)"]


def test_a_failed_run_shows_its_own_error_first(store: StoreDriver, reader: StoreReader) -> None:
    run_id = store.run_with(spec())
    store.fail(*store.lease(), message="broken")
    assert shown(reader.run(run_id))["errors"] == ["step 'only' failed", "broken"]


@pytest.mark.parametrize("kind", ["run", "step", "job"])
def test_every_kind_of_job_is_shown_with_the_same_fields(
    store: StoreDriver, reader: StoreReader, mixed: int, kind: str
) -> None:
    job_id = store.value("SELECT min(id) FROM job WHERE kind = ?", kind)
    job = shown(reader.job(job_id))
    assert job.keys() >= JOB
    assert (job["id"], job["root_id"], job["kind"]) == (id_text(job_id), id_text(mixed), kind)
    if kind == "job":
        assert (job["type"], job["name"], job["payload"], job["depth"]) == ("work", "work", {"n": 0}, 1)
        assert "counts" not in job
    else:
        assert job["counts"].keys() == COUNTS
        assert job["progress"]["text"] == "1 pending, 2 running, 1 completed, 1 failed, 1 cancelled"
        assert job["progress"]["percentage"] == round(99 * 3 / 6, 1)


def test_progress_is_whole_only_at_the_end(store: StoreDriver, reader: StoreReader) -> None:
    run_id = store.submit()
    store.name(store.start(), *specs(2), cursor="more")
    step_id = store.steps(run_id)["only"]
    store.complete(*store.lease())
    progress = shown(reader.job(step_id))["progress"]
    assert (progress["percentage"], progress["total_final"]) == (99.0, False)
    store.name(store.start())
    for job_id in (step_id, run_id):
        progress = shown(reader.job(job_id))["progress"]
        assert (progress["percentage"], progress["total_final"], progress["total"]) == (100.0, True, 2)


def test_what_depends_on_the_state_is_shown_when_it_applies(store: StoreDriver, reader: StoreReader) -> None:
    store.run_with(spec(), spec(delay_ms=500), spec())
    done, lost = store.lease()
    store.settle(store.attempt(done, Completed('{"found":1}')))
    store.settle(store.attempt(lost, failed("later", retry_in_ms=50)))
    job = shown(reader.job(done.id))
    assert job["result"] == {"found": 1}
    assert "error" not in job
    job = shown(reader.job(lost.id))
    assert job["error"] == "later"
    assert job["errors"][0]["message"] == "later"
    assert job["not_before"] == store.clock.wall_ms() + 50


def test_jobs_are_filtered_and_paged(store: StoreDriver, reader: StoreReader, mixed: int) -> None:
    other = store.run_with(*specs(3, type="other"))

    def ids(**wanted: Any) -> list[int]:
        rows = {id_text(row[0]): row[0] for row in store.rows("SELECT id FROM job")}
        return [rows[each["id"]] for each in reader.jobs(JobFilter(**wanted))]

    assert ids() == [row[0] for row in store.rows("SELECT id FROM job ORDER BY id")]
    assert ids(kind="run") == [mixed, other]
    assert ids(kind="run", newest_first=True) == [other, mixed]
    assert ids(type="other") == [
        row[0] for row in store.rows("SELECT id FROM job WHERE type = 'other' ORDER BY id")
    ]
    assert ids(state="failed") == [row[0] for row in store.rows("SELECT id FROM job WHERE state = 'failed'")]
    assert ids(run_id=other) == [
        row[0] for row in store.rows("SELECT id FROM job WHERE root_id = ? ORDER BY id", other)
    ]
    step_id = store.steps(other)["only"]
    assert ids(parent_id=step_id) == [
        row[0] for row in store.rows("SELECT id FROM job WHERE parent_id = ?", step_id)
    ]
    whole, paged, after = ids(), [], None
    while page := ids(after=after, limit=4):
        paged += page
        after = page[-1]
    assert paged == whole


def test_a_tree_shows_spawned_jobs_below_their_spawners(store: StoreDriver, reader: StoreReader) -> None:
    run_id = store.run_with(spec(1), spec(2))
    first, _ = store.lease()
    store.settle(store.attempt(first, children=(spec(3),)))
    (third,) = store.lease()
    store.settle(store.attempt(third, children=(spec(4),)))
    tree = shown(reader.tree(run_id))
    (only,) = tree["children"]
    assert [each["payload"]["n"] for each in only["children"]] == [1, 2]
    (spawned,) = only["children"][0]["spawned"]
    assert spawned["payload"]["n"] == 3
    assert spawned["spawned"][0]["payload"]["n"] == 4
    cut = shown(reader.tree(run_id, limit=1))
    assert cut["children"][0]["children_not_shown"] == 3


def test_logs_of_a_run_a_step_and_a_job(store: StoreDriver, reader: StoreReader) -> None:
    run_id = store.run_with(*specs(2), of=definition(step("only")))
    other = store.run_with(spec())
    jobs = store.lease()
    store.settle(
        *(
            store.attempt(job, logs=(LogLine(7, LogLevel.INFO, "in"), LogLine(8, LogLevel.ERROR, "out")))
            for job in jobs
        )
    )
    step_id = store.steps(run_id)["only"]
    assert len(reader.logs(run_id)) == len(reader.logs(step_id)) == 4
    assert [(line["time"], line["level"], line["text"]) for line in reader.logs(jobs[0].id)] == [
        (7, "info", "in"),
        (8, "error", "out"),
    ]
    assert [line["text"] for line in reader.logs(other, level="error")] == ["out"]
    first, *rest = reader.logs(run_id)
    assert reader.logs(run_id, after=first["number"]) == rest
    assert reader.logs(run_id, limit=2) == [first, rest[0]]


def test_what_is_not_there_is_none(store: StoreDriver, reader: StoreReader) -> None:
    run_id = store.submit()
    found = [reader.job(1), reader.run(1), reader.run_state(1), reader.tree(1), reader.document(1)]
    assert found == [None] * 5
    assert reader.run(store.steps(run_id)["only"]) is None
    assert reader.run_state(run_id) is JobState.PENDING
    assert reader.logs(1) == []


def test_a_damaged_row_can_still_be_looked_at(store: StoreDriver, reader: StoreReader) -> None:
    run_id = store.run_with(*specs(2))
    ids = [row[0] for row in store.rows("SELECT id FROM job WHERE kind = 'job' ORDER BY id")]
    store.damage(ids[0], "payload", b'{"n":\xff}')
    store.complete(*store.lease())
    assert shown(reader.job(ids[0]))["payload"] == '{"n":\ufffd}'
    assert len(reader.jobs(JobFilter(run_id=run_id))) == 4


def test_a_reader_sees_one_snapshot(store: StoreDriver, reader: StoreReader) -> None:
    run_id = store.run_with(*specs(2))
    with reader.snapshot() as connection:
        before = connection.execute("SELECT count(*) FROM job WHERE state = 'pending'").fetchone()
        store.lease()
        assert connection.execute("SELECT count(*) FROM job WHERE state = 'pending'").fetchone() == before
    assert reader.counts(run_id, "run").running == 2
