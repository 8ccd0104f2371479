"""Every action that works on documents or on the store, killed by SIGKILL again and again: the rows are as without."""

import random
import shutil
import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from actors.documents import DocumentFilter, DocumentSpec
from actors.job import JobDefinition, Step
from actors.seams import ManualClock
from runtime import Runtime
from runtime.settings import RuntimeSettings
from runtime.store.reading.reader import StoreReader
from tests.embedding.killing import Work, kill_at_work, work_undisturbed
from tests.embedding.processes import sql
from tests.store.driver import StoreDriver, spec

DOCUMENTS = 240
KILLS = 4
OPEN = "SELECT count(*) FROM job WHERE kind = 'run' AND type <> 'work' AND state = 'running'"

ACTIONS: dict[str, tuple[Step, ...]] = {
    "transform": (
        Step("markdown", "transform", {"filter_tags": ["even"]}),
        Step("json", "transform", {"output_format": "json", "filter_run": "any"}, depends=("markdown",)),
    ),
    "reindex": (Step("index", "reindex"), Step("look", "reindex", {"dry_run": True}, depends=("index",))),
    "database_maintenance": (
        Step(
            "all",
            "database_maintenance",
            {
                "operations": ["vacuum", "analyze", "reindex", "integrity_check", "backup", "checkpoint"],
                "backup_path": "copy.db",
            },
        ),
    ),
}


def prepared(directory: Path, action: str) -> Path:
    """A store with documents that are not indexed, and the run to be done."""
    directory.mkdir()
    path = directory / "jobs.db"
    store = StoreDriver(path, ManualClock(wall_ms=1_790_000_000_000), judged=False)
    store.run_with(spec())
    (job,) = store.lease()
    documents = [
        DocumentSpec(
            "web",
            f"n{number:03}",
            f"http://x/{number}",
            f"Title {number}",
            f"<!doctype html><p>whale <b>{number}</b></p>" + "<p>more words</p>" * 20
            if number % 3
            else f"whale {number} in Markdown " + "and more " * 200,
            ("even",) if number % 2 == 0 else (),
        )
        for number in range(DOCUMENTS)
    ]
    store.settle(store.attempt(job, documents=tuple(documents)))
    store.close()
    idle = {each: {"slots": 0} for each in ("transform", "reindex", "database_maintenance_operation")}
    with Runtime(RuntimeSettings(store=path, worker_options=idle)) as runtime:
        runtime.submit(JobDefinition("actions", "Actions", ACTIONS[action]))
    return path


def final_rows(path: Path) -> dict[str, Any]:
    """What must be the same, whoever was killed on the way; ids of documents stand for themselves by their source."""
    jobs = sql(
        path,
        "SELECT kind, type, name, state, attempt, max_attempts, depth FROM job"
        " WHERE type <> 'work' AND root_id = (SELECT max(id) FROM job WHERE kind = 'run') ORDER BY type, name",
    )
    documents = sql(
        path,
        "SELECT source_type, CASE source_type WHEN 'web' THEN source_id ELSE metadata ->> '$.original.source_id' END,"
        " media_type, url, title, tags, body FROM document ORDER BY 1, 2, 3",
    )
    saves = sql(path, "SELECT change, count(*) FROM document_save GROUP BY change")
    reader = StoreReader(path)
    hits = sorted(each["title"] for each in reader.search("whale", DocumentFilter(limit=-1)))
    reader.close()
    counts = sql(path, "SELECT kind, total, completed, failed, cancelled FROM parent ORDER BY kind, id")
    return {"jobs": jobs, "documents": documents, "saves": saves, "hits": hits, "counts": counts}


def finish(path: Path) -> Work:
    """Do what is left, and have all of it found by searches."""
    work = work_undisturbed(path)
    with Runtime(RuntimeSettings(store=path)) as runtime:
        runtime.close(fill_index=True)
    return work


def commits(path: Path) -> object:
    """Something that grows with what is committed, of jobs and of the search index."""
    return sql(
        path, "SELECT (SELECT event_seq + token FROM sequence), (SELECT max(cursor) FROM search_build)"
    )


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_killed_again_and_again_leaves_the_rows_of_an_undisturbed_one(
    action: str, tmp_path: Path
) -> None:
    undisturbed = prepared(tmp_path / "undisturbed", action)
    disturbed = tmp_path / "disturbed" / "jobs.db"
    shutil.copytree(undisturbed.parent, disturbed.parent)
    work = finish(undisturbed)
    expected = final_rows(undisturbed)
    assert {row[3] for row in expected["jobs"]} == {"completed"}

    chance = random.Random()  # noqa: S311 (when to kill is no secret)
    # All of them together do less than half: what was counted may have indexed documents besides, in its own time.
    part = Work(work.instructions // (2 * (KILLS + 1)), work.seconds)
    for _ in range(KILLS):
        kill_at_work(disturbed, part, partial(commits, disturbed), chance)
        assert sql(disturbed, OPEN) == [(1,)], "work was in flight"
    finish(disturbed)

    assert final_rows(disturbed) == expected
    connection = sqlite3.connect(disturbed, isolation_level=None)
    connection.execute("INSERT INTO document_search (document_search, rank) VALUES ('integrity-check', 1)")
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    if action == "database_maintenance":
        assert sorted(each.name for each in disturbed.parent.glob("copy.db*")) == ["copy.db"]
        copy = sqlite3.connect(disturbed.parent / "copy.db")
        assert copy.execute("SELECT count(*) FROM document").fetchone() == (DOCUMENTS,)
        copy.close()
