from pathlib import Path

from actors.seams import ManualClock
from runtime.store.file import StoreFile
from runtime.store.retention import Retention
from tests.cli.command import quaero
from tests.cli.filling import Filled


def test_an_open_run_is_refused_with_what_to_do(filled: Filled, tmp_path: Path) -> None:
    done = quaero("delete", filled.run, "--json", cwd=tmp_path)
    assert done.code == 2
    assert done.value["error"] == {
        "message": f"run {filled.run} is running, only what has ended can be deleted",
        "hint": "cancel it first, or wait for its end",
    }
    assert quaero("show", filled.run, cwd=tmp_path).code == 0


def test_a_deleted_run_is_gone_and_its_documents_stay(filled: Filled, tmp_path: Path) -> None:
    quaero("cancel", filled.run, cwd=tmp_path)
    done = quaero("delete", filled.run, "--json", cwd=tmp_path)
    assert (done.code, done.value) == (0, {"id": filled.run, "jobs": 3})
    assert quaero("jobs", "--json", cwd=tmp_path).value == []
    assert quaero("show", filled.first, cwd=tmp_path).code == 2
    assert quaero("delete", filled.run, cwd=tmp_path).code == 2
    documents = quaero("documents", "--json", cwd=tmp_path).value
    assert {each["run_id"] for each in documents} == {None}
    assert len(documents) == 2
    assert "Bread" in quaero("documents", cwd=tmp_path).out
    assert len(quaero("search", "flour", "--json", cwd=tmp_path).value) == 1
    file = StoreFile(filled.path, ManualClock())
    assert file.connection.execute("SELECT count(*) FROM job").fetchone() == (0,)
    file.close()


def test_a_job_of_an_ended_run_can_be_deleted_alone(filled: Filled, tmp_path: Path) -> None:
    quaero("cancel", filled.run, cwd=tmp_path)
    assert quaero("delete", filled.first, cwd=tmp_path).out == f"{filled.first} is deleted, 1 job with it\n"
    counts = quaero("show", filled.pages, "--json", cwd=tmp_path).value["counts"]
    assert (counts["total"], counts["completed"]) == (2, 0)
    assert quaero("logs", filled.first, cwd=tmp_path).code == 2


def test_a_cursor_older_than_the_events_that_are_kept_is_told_so(filled: Filled, tmp_path: Path) -> None:
    last = quaero("events", "--json", cwd=tmp_path).values[-1]["seq"]
    late = ManualClock(wall_ms=4_000_000_000_000)
    file = StoreFile(filled.path, late, retention=Retention(events_days=1))
    file.pruning.begin()
    while file.pruning.slice()[1]:
        pass
    file.close()
    done = quaero("events", "--after", 1, "--json", cwd=tmp_path)
    assert done.code == 2
    oldest = quaero("events", "--json", cwd=tmp_path).values[0]["seq"]
    assert 2 < oldest <= last
    assert done.values[-1]["error"]["message"].startswith(
        f"the events 2 to {oldest - 1} are kept no longer, the oldest is {oldest}"
    )
    assert quaero("events", "--after", oldest, cwd=tmp_path).code == 0
