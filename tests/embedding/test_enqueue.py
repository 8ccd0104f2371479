import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from actors.job import JobDefinition, JobState, Step
from runtime import FanOut, Runtime
from runtime.embedding import RefusedError
from runtime.settings import RuntimeSettings
from tests.embedding.test_doorbell import end_of, still_clock
from tests.embedding.workers import ALL, Number, double

WAIT = 100.0


@pytest.fixture
def settings(tmp_path: Path) -> RuntimeSettings:
    return RuntimeSettings(store=tmp_path / "jobs.db")


@pytest.fixture
def runtime(settings: RuntimeSettings) -> Iterator[Runtime]:
    with Runtime(settings, workers=ALL) as started:
        yield started


@pytest.fixture
def connection(runtime: Runtime) -> Iterator[sqlite3.Connection]:
    """A service's own, with a table beside the store's."""
    with closing(sqlite3.connect(runtime.settings.store, isolation_level=None)) as made:
        made.execute("CREATE TABLE orders (number INTEGER)")
        yield made


def test_what_is_enqueued_runs_after_the_commit(runtime: Runtime, connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO orders VALUES (7)")
    run = runtime.run(runtime.enqueue(connection, FanOut(double, map(Number, range(5)), name="orders")))
    assert runtime.reader.run_state(run.number) is None
    connection.execute("COMMIT")
    runtime.ring()
    ended = run.wait(WAIT)
    assert (ended.state, ended.counts.completed) == (JobState.COMPLETED, 5)
    assert run.show()["name"] == "orders"


def test_what_is_rolled_back_never_was(runtime: Runtime, connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    lost = runtime.enqueue(connection, FanOut("double", [Number(1)] * 2500))
    connection.execute("ROLLBACK")
    runtime.fan_out("double", [Number(1)]).wait(WAIT)
    assert runtime.reader.run_state(runtime.run(lost).number) is None
    assert connection.execute("SELECT count(*) FROM staged_page").fetchone() == (0,)


def test_many_pages_are_enqueued_with_their_run(runtime: Runtime, connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    run = runtime.enqueue(connection, FanOut("double", map(Number, range(2500)), concurrency=50))
    connection.execute("COMMIT")
    runtime.ring()
    assert runtime.run(run).wait(WAIT).counts.completed == 2500


def test_a_definition_and_a_file_are_enqueued_as_they_are_submitted(
    runtime: Runtime, connection: sqlite3.Connection, tmp_path: Path
) -> None:
    file = tmp_path / "empty.toml"
    file.write_text('id = "empty"\nname = "Empty"\n[step.none]\naction = "crawl"\nenabled = false\n')
    step = Step("s", "fan_out", config={"job_type": "double", "pages": 0})
    connection.execute("BEGIN IMMEDIATE")
    runs = [runtime.enqueue(connection, each) for each in (JobDefinition("d", "D", (step,)), file, str(file))]
    connection.execute("COMMIT")
    assert [runtime.run(run).wait(WAIT).state for run in runs] == [JobState.COMPLETED] * 3


def test_the_same_key_is_the_same_run_whether_it_was_enqueued_or_submitted(
    runtime: Runtime, connection: sqlite3.Connection
) -> None:
    connection.execute("BEGIN IMMEDIATE")
    first = runtime.enqueue(connection, FanOut("double", map(Number, range(1500))), key="order 7")
    again = runtime.enqueue(connection, FanOut("double", map(Number, range(1500))), key="order 7")
    connection.execute("COMMIT")
    assert first == again == runtime.fan_out("double", map(Number, range(1500)), key="order 7").id
    assert runtime.run(first).wait(WAIT).counts.total == 1500
    assert connection.execute("SELECT count(*) FROM staged_page").fetchone() == (0,)


def test_a_runtime_that_never_starts_enqueues_for_others_and_rings_them(
    settings: RuntimeSettings,
) -> None:
    client = Runtime(settings, workers=[double])
    with Runtime(settings, workers=ALL, clock=still_clock()) as still:
        still.fan_out("double", [Number(1)]).wait(WAIT)  # whatever a start brings with it is over
        with closing(sqlite3.connect(settings.store, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            run = client.enqueue(connection, FanOut(double, [Number(21)]))
            connection.execute("COMMIT")
        client.ring()
        handle = still.run(run)
        assert end_of(still, handle.number).wait(WAIT)
        assert handle.state is JobState.COMPLETED


def test_what_is_refused_leaves_the_transaction_as_it_was(
    runtime: Runtime, connection: sqlite3.Connection
) -> None:
    with pytest.raises(RefusedError, match="BEGIN IMMEDIATE"):
        runtime.enqueue(connection, FanOut("double", [Number(1)]))
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO orders VALUES (1)")
    missing = JobDefinition("d", "D", (Step("s", "no such action"),))
    broken = [*map(Number, range(1500)), "no number"]
    for what, words in [
        (FanOut("nobody", []), "no worker of type 'nobody'"),
        (FanOut("double", broken), r"payloads\[1500\]"),
        (FanOut("double", [Number(1)], concurrency=-1), "concurrency"),
        (missing, "no such action"),
        (7, "enqueue takes a JobDefinition, the path of its file or a FanOut, got a int"),
    ]:
        with pytest.raises(RefusedError, match=words):
            runtime.enqueue(connection, what)  # type: ignore[arg-type]
    with pytest.raises(RefusedError, match="key must be"):
        runtime.enqueue(connection, FanOut("double", [Number(1)]), key="")
    connection.execute("COMMIT")
    assert connection.execute(
        "SELECT (SELECT count(*) FROM job), (SELECT count(*) FROM staged_page)"
    ).fetchone() == (
        0,
        0,
    )
    assert connection.execute("SELECT number FROM orders").fetchall() == [(1,)]


def test_without_a_store_there_is_nothing_to_enqueue_into(tmp_path: Path) -> None:
    client = Runtime(store=tmp_path / "none.db", workers=ALL)
    with closing(sqlite3.connect(tmp_path / "other.db", isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(RefusedError, match="connect to the store's own file"):
            client.enqueue(connection, FanOut("double", [Number(1)]))
        connection.execute("ROLLBACK")
    client.ring()  # nobody hears
    with closing(sqlite3.connect(tmp_path / "none.db", isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("CREATE TABLE orders (number INTEGER)")
        with pytest.raises(RefusedError, match=r"no store of this runtime.*start a runtime on it once"):
            client.enqueue(connection, FanOut("double", [Number(1)]))
        connection.execute("ROLLBACK")
