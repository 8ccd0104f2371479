"""Maintenance and reindexing as steps, in whole runtimes, beside other work."""

import sqlite3
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.documents import DocumentFilter, DocumentSpec
from actors.ids import parse_id
from actors.job import JobDefinition, Step
from actors.worker import JobContext, worker
from runtime import Runtime
from runtime.refusal import RefusedError
from runtime.run import Run
from runtime.settings import RuntimeSettings
from runtime.store.reading.jobs import JobFilter
from tests.embedding.processes import sql, until
from tests.embedding.workers import ALL, Number

WAIT = 100.0
ANY = DocumentFilter(limit=-1)


class Name(msgspec.Struct, frozen=True):
    name: str


@worker("keep")
def keep(payload: Name, context: JobContext) -> None:
    """Save a document."""
    body = f"whales {payload.name} " + "word " * 200
    context.save_document(DocumentSpec("web", payload.name, f"http://x/{payload.name}", payload.name, body))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "jobs.db"


@pytest.fixture
def runtime(path: Path) -> Iterator[Runtime]:
    with Runtime(RuntimeSettings(store=path, grace_seconds=1.0), workers=[*ALL, keep]) as running:
        yield running


def maintenance(*operations: str, **config: object) -> JobDefinition:
    config = {**({"operations": list(operations)} if operations else {}), **config}
    return JobDefinition("upkeep", "Upkeep", (Step("only", "database_maintenance", config),))


def reindexing(**config: object) -> JobDefinition:
    return JobDefinition("index", "Index", (Step("only", "reindex", config),))


def jobs_of(runtime: Runtime, run: Run) -> list[dict[str, Any]]:
    return runtime.reader.jobs(JobFilter(run_id=run.number, kind="job"))


def fill(runtime: Runtime, number: int = 50) -> None:
    assert (
        runtime.fan_out("keep", [Name(f"n{each}") for each in range(number)]).wait(WAIT).state == "completed"
    )


def test_without_operations_the_store_is_vacuumed_analysed_and_reindexed_in_this_order(
    runtime: Runtime,
) -> None:
    run = runtime.submit(maintenance())
    assert run.wait(WAIT).state == "completed"
    jobs = jobs_of(runtime, run)
    assert [each["name"] for each in jobs] == ["vacuum", "analyze", "reindex"]
    assert {each["type"] for each in jobs} == {"database_maintenance_operation"}
    starts = [(each["started_at"], each["finished_at"]) for each in jobs]
    assert all(ended <= begun for (_, ended), (begun, _) in pairwise(starts))


def test_every_operation_tells_the_size_before_and_after(runtime: Runtime) -> None:
    names = ["vacuum", "analyze", "reindex", "optimize", "integrity_check", "backup", "checkpoint"]
    run = runtime.submit(maintenance(*names))
    assert run.wait(WAIT).state == "completed"
    results = [each["result"] for each in jobs_of(runtime, run)]
    assert [each["operation"] for each in results] == names
    for each in results:
        assert each["seconds"] >= 0
        for size in (each["before"], each["after"]):
            assert size["file_bytes"] > 0
            assert size["pages"] * size["page_bytes"] > 0


def test_vacuum_gives_back_the_pages_of_what_went(runtime: Runtime, path: Path) -> None:
    fill(runtime, 300)
    runtime.close(fill_index=True)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("DELETE FROM document WHERE source_id <> 'n7'")
    connection.close()
    runtime.start()
    # The index forgets them too, and frees pages by that: not between the vacuum and the look after it.
    until(lambda: sql(path, "SELECT count(*) FROM search_queue") == [(0,)], what="the index")
    run = runtime.submit(maintenance("checkpoint", "vacuum"))
    assert run.wait(WAIT).state == "completed"
    result = jobs_of(runtime, run)[1]["result"]
    assert result["before"]["free_pages"] > 20
    assert result["after"]["free_pages"] == 0
    assert result["after"]["file_bytes"] < result["before"]["file_bytes"]


def test_other_work_goes_on_beside_every_operation(runtime: Runtime) -> None:
    """Nothing of it fails, is attempted twice or lost, here or in another runtime on the store."""
    with Runtime(RuntimeSettings(store=runtime.settings.store), workers=ALL) as other:
        work = [
            each.fan_out("double", (Number(number) for number in range(500))) for each in (runtime, other)
        ]
        upkeep = [
            each.submit(
                maintenance("vacuum", "reindex", "analyze", "integrity_check", "backup", "checkpoint")
            )
            for each in (runtime, other)
        ]
        for run in (*upkeep, *work):
            assert run.wait(WAIT).state == "completed"
    where = "WHERE kind = 'job' AND type = 'double'"
    rows = sql(runtime.settings.store, f"SELECT max(attempt), max(lost), count(*) FROM job {where}")
    assert rows == [(1, 0, 1000)]


def test_a_backup_is_a_whole_store_and_the_original_goes_on(runtime: Runtime, tmp_path: Path) -> None:
    fill(runtime, 10)
    run = runtime.submit(maintenance("backup", backup_path="copies/one.db"))
    assert run.wait(WAIT).state == "completed"
    (job,) = jobs_of(runtime, run)
    assert job["result"]["backup"] == str(tmp_path / "copies" / "one.db")
    assert job["result"]["backup_bytes"] == (tmp_path / "copies" / "one.db").stat().st_size
    assert [each.name for each in (tmp_path / "copies").iterdir()] == ["one.db"]
    with Runtime(RuntimeSettings(store=tmp_path / "copies" / "one.db"), workers=[keep]) as copy:
        assert len(copy.reader.documents(ANY)) == 10


def test_a_backup_never_takes_the_place_of_a_file(runtime: Runtime, tmp_path: Path) -> None:
    (tmp_path / "precious.db").write_text("precious")
    run = runtime.submit(maintenance("backup", backup_path="precious.db"))
    assert run.wait(WAIT).state == "failed"
    (job,) = jobs_of(runtime, run)
    assert "which was left as it is" in job["error"]
    assert job["attempt"] == 1
    assert (tmp_path / "precious.db").read_text() == "precious"


def test_backups_in_a_directory_are_named_by_the_time(runtime: Runtime, tmp_path: Path) -> None:
    for _ in range(2):
        assert runtime.submit(maintenance("backup")).wait(WAIT).state == "completed"
    copies = sorted(each.name for each in (tmp_path / "jobs.db.backups").iterdir())
    assert len(copies) == 2
    assert all(each.startswith("jobs-20") and each.endswith(".db") for each in copies)


def test_a_backup_that_an_attempt_has_finished_before_it_died_counts(
    runtime: Runtime, tmp_path: Path
) -> None:
    target = tmp_path / "one.db"
    run = runtime.submit(maintenance("backup", backup_path=str(target)))
    assert run.wait(WAIT).state == "completed"
    (job,) = jobs_of(runtime, run)
    upkeep = runtime.assembly.resources()["upkeep"]
    before = target.stat().st_mtime_ns
    assert upkeep.back_up(str(target), parse_id(job["id"])) == (str(target), target.stat().st_size)
    assert target.stat().st_mtime_ns == before


def test_damage_fails_the_integrity_check_with_what_is_damaged(runtime: Runtime, path: Path) -> None:
    fill(runtime, 5)
    runtime.close(fill_index=True)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("DELETE FROM document_search_data WHERE id > 10")
    connection.close()
    with Runtime(RuntimeSettings(store=path), workers=[*ALL, keep]) as again:
        run = again.submit(maintenance("integrity_check"))
        assert run.wait(WAIT).state == "failed"
        (job,) = jobs_of(again, run)
        assert "the search index is damaged" in job["error"]
        assert again.submit(reindexing()).wait(WAIT).state == "completed"
        assert again.submit(maintenance("integrity_check")).wait(WAIT).state == "completed"
        assert len(again.reader.search("whales", ANY)) == 5


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"operations": ["vacum"]}, "vacum"),
        ({"operations": ["vacuum", "vacuum"]}, r"operations\[1\].*named twice"),
        ({"operations": "vacuum"}, "operations"),
        ({"backup_path": "x.db"}, "backup_path: has an effect only"),
    ],
)
def test_wrong_operations_are_refused_at_the_submit(
    runtime: Runtime, config: dict[str, object], sentence: str
) -> None:
    with pytest.raises(RefusedError, match=sentence):
        runtime.submit(maintenance(**config))


def test_reindexing_mends_the_index_and_a_dry_run_only_tells(runtime: Runtime, path: Path) -> None:
    fill(runtime, 30)
    runtime.close(fill_index=True)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("INSERT INTO document_search (document_search) VALUES ('delete-all')")
    connection.close()
    runtime.start()
    run = runtime.submit(reindexing(dry_run=True))
    assert run.wait(WAIT).state == "completed"
    (job,) = jobs_of(runtime, run)
    assert (job["type"], job["result"]["missing"], len(job["result"]["missing_ids"])) == ("reindex", 30, 20)
    assert runtime.reader.search("whales", ANY) == []
    run = runtime.submit(reindexing())
    assert run.wait(WAIT).state == "completed"
    assert jobs_of(runtime, run)[0]["result"]["documents"] == 30
    assert len(runtime.reader.search("whales", ANY)) == 30


def test_two_reindexings_at_once_and_saves_between_leave_a_right_index(runtime: Runtime) -> None:
    fill(runtime, 200)
    with Runtime(RuntimeSettings(store=runtime.settings.store), workers=[*ALL, keep]) as other:
        runs = [each.submit(reindexing()) for each in (runtime, other)]
        more = other.fan_out("keep", [Name(f"m{each}") for each in range(200)])
        for run in (*runs, more):
            assert run.wait(WAIT).state == "completed"
    assert runtime.submit(reindexing(dry_run=True)).wait(WAIT).state == "completed"
    runtime.close(fill_index=True)
    runtime.start()
    check = runtime.submit(reindexing(dry_run=True))
    assert check.wait(WAIT).state == "completed"
    result = jobs_of(runtime, check)[0]["result"]
    assert (result["documents"], result["missing"], result["stale"], result["orphaned"]) == (400, 0, 0, 0)
    assert len(runtime.reader.search("whales", ANY)) == 400


def test_what_a_dead_runtime_left_to_index_is_indexed_by_the_next(path: Path) -> None:
    with Runtime(RuntimeSettings(store=path), workers=[keep]) as runtime:
        fill(runtime, 3)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("UPDATE document SET body = 'fish' WHERE source_id = 'n1'")
    connection.close()
    with Runtime(RuntimeSettings(store=path), workers=[keep]) as runtime:
        until(lambda: len(runtime.reader.search("fish", ANY)) == 1, what="the index")
