import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest

from actors.ids import IdSource
from actors.job import Step
from actors.messages import Submit
from actors.seams import ManualClock
from runtime.store.borrowed import UnusableConnectionError, borrowed, holds_write_lock
from runtime.store.database import StoreError
from runtime.store.verbs.submit import UnknownStepError, submit
from tests.store.driver import StoreDriver, definition, step


@pytest.fixture
def connection(store: StoreDriver) -> Iterator[sqlite3.Connection]:
    """A service's own, in autocommit."""
    with closing(sqlite3.connect(store.path, isolation_level=None, timeout=0.1)) as made:
        made.execute("CREATE TABLE orders (number INTEGER)")
        yield made


def enqueue(connection: sqlite3.Connection, store: StoreDriver, *steps: Step) -> int:
    """A run of one step, and after it one of these steps."""
    with borrowed(connection, store.path, store.clock) as transaction:
        ids = transaction.context.ids
        run, _ = submit(transaction, Submit(definition(), ids.next(), (ids.next(),)))
        transaction.flush()
        if steps:
            submit(transaction, Submit(definition(*steps), ids.next(), tuple(ids.next() for _ in steps)))
        return run


def test_a_run_is_there_after_the_callers_commit_and_not_before(
    store: StoreDriver, connection: sqlite3.Connection
) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO orders VALUES (7)")
    run = enqueue(connection, store)
    assert store.rows("SELECT id FROM job") == []
    assert connection.in_transaction
    connection.execute("COMMIT")
    assert (store.state(run), store.rows("SELECT number FROM orders")) == ("pending", [(7,)])
    assert store.status_events(run) == ["pending"]
    assert store.start().run_id == run


def test_of_a_rolled_back_transaction_nothing_is_left(
    store: StoreDriver, connection: sqlite3.Connection
) -> None:
    before = store.rows("SELECT token, event_seq, turn FROM sequence")
    connection.execute("BEGIN IMMEDIATE")
    enqueue(connection, store)
    connection.execute("ROLLBACK")
    assert store.rows("SELECT id FROM job UNION ALL SELECT first_seq FROM event_batch") == []
    assert store.rows("SELECT token, event_seq, turn FROM sequence") == before


def test_a_failure_takes_back_its_own_writes_and_leaves_the_callers(
    store: StoreDriver, connection: sqlite3.Connection
) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO orders VALUES (1)")
    first = enqueue(connection, store)
    with pytest.raises(UnknownStepError):
        enqueue(connection, store, step("a"), step("a"))
    second = enqueue(connection, store)
    connection.execute("COMMIT")
    assert store.rows("SELECT id FROM job WHERE kind = 'run' ORDER BY id") == [(first,), (second,)]
    assert store.rows("SELECT number FROM orders") == [(1,)]


def test_runs_of_many_transactions_and_of_the_store_have_ids_and_events_of_their_own(
    store: StoreDriver, connection: sqlite3.Connection
) -> None:
    """Also with a clock that stands still, so that every id of one source would be the other's."""
    runs = []
    for _ in range(5):
        connection.execute("BEGIN IMMEDIATE")
        runs += [enqueue(connection, store), enqueue(connection, store)]
        connection.execute("COMMIT")
        runs.append(store.submit())
    assert len(set(runs)) == 15
    seqs = store.rows("SELECT first_seq, last_seq FROM event_batch ORDER BY first_seq")
    assert [first for first, _ in seqs] == [1, *(last + 1 for _, last in seqs[:-1])]
    assert store.rows("SELECT count(*) FROM owner") == [(1,)]


def test_a_running_runtimes_number_and_ids_are_used_when_they_are_given(
    store: StoreDriver, connection: sqlite3.Connection, clock: ManualClock
) -> None:
    ids = IdSource(clock, 500)
    connection.execute("BEGIN IMMEDIATE")
    with borrowed(connection, store.path, clock, owner=1, ids=ids) as transaction:
        assert (transaction.context.owner, transaction.context.ids) == (1, ids)
    connection.execute("COMMIT")


def as_dict(_cursor: sqlite3.Cursor, row: tuple[object, ...]) -> dict[int, object]:
    return dict(enumerate(row))


@pytest.mark.parametrize("factory", [sqlite3.Row, as_dict])
def test_the_callers_row_factory_makes_no_difference_and_stays(
    store: StoreDriver, connection: sqlite3.Connection, factory: Callable[..., object]
) -> None:
    connection.row_factory = factory
    connection.execute("BEGIN IMMEDIATE")
    run = enqueue(connection, store)
    assert connection.row_factory is factory
    connection.execute("COMMIT")
    assert store.state(run) == "pending"


@pytest.mark.usefixtures("connection")
def test_a_connection_with_pythons_own_transactions_will_do_once_it_holds_the_lock(
    store: StoreDriver,
) -> None:
    with closing(sqlite3.connect(store.path)) as legacy:
        legacy.execute("INSERT INTO orders VALUES (1)")  # begins, and writes
        run = enqueue(legacy, store)
        legacy.commit()
    assert store.state(run) == "pending"
    with closing(sqlite3.connect(store.path, isolation_level="IMMEDIATE")) as legacy:
        with pytest.raises(UnusableConnectionError, match="in no transaction"):
            enqueue(legacy, store)
        legacy.execute("BEGIN IMMEDIATE")
        enqueue(legacy, store)
        legacy.rollback()


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        ([], "no transaction: begin with BEGIN IMMEDIATE"),
        (["BEGIN"], "has written nothing yet: begin with BEGIN IMMEDIATE"),
        (["BEGIN", "SELECT * FROM orders"], "has written nothing yet"),
        (["BEGIN DEFERRED", "SAVEPOINT a"], "has written nothing yet"),
        (["CREATE TEMP TABLE job (id)", "BEGIN IMMEDIATE"], "temporary 'job', which hides"),
        (["PRAGMA user_version = 999", "BEGIN IMMEDIATE"], "has schema 999, needed is"),
    ],
)
def test_a_connection_in_the_wrong_state_is_refused_and_told_what_to_do(
    store: StoreDriver, connection: sqlite3.Connection, statements: list[str], words: str
) -> None:
    for statement in statements:
        connection.execute(statement).fetchall()
    before = connection.in_transaction
    with pytest.raises(UnusableConnectionError, match=words):
        enqueue(connection, store)
    assert connection.in_transaction is before
    if before:
        connection.execute("ROLLBACK")
    assert store.rows("SELECT id FROM job") == []


def test_a_deferred_transaction_is_refused_also_while_another_connection_writes(
    store: StoreDriver, connection: sqlite3.Connection
) -> None:
    connection.execute("BEGIN")
    store.file.connection.execute("BEGIN IMMEDIATE")
    with pytest.raises(UnusableConnectionError, match="BEGIN IMMEDIATE"):
        enqueue(connection, store)
    store.file.connection.execute("ROLLBACK")


def test_only_the_stores_own_file_will_do(store: StoreDriver, tmp_path: Path) -> None:
    other = StoreDriver(tmp_path / "other.db")
    link = tmp_path / "link.db"
    link.symlink_to(store.path)
    places = {
        ":memory:": "to a database in memory",
        str(other.path): f"to {other.path}, the store is {store.path}",
        str(tmp_path / "new.db"): "connect to the store's own file",
    }
    for place, words in places.items():
        with closing(sqlite3.connect(place, isolation_level=None)) as wrong:
            wrong.execute("ATTACH ? AS store", (str(store.path),))
            wrong.execute("BEGIN IMMEDIATE")
            with pytest.raises(UnusableConnectionError, match=words):
                enqueue(wrong, store)
    with closing(sqlite3.connect(link, isolation_level=None)) as linked:
        linked.execute("BEGIN IMMEDIATE")
        enqueue(linked, store)
        linked.execute("ROLLBACK")
    other.close()


def test_another_librarys_connection_is_refused(store: StoreDriver, connection: sqlite3.Connection) -> None:
    class Wrapper:
        driver_connection = connection

    with pytest.raises(UnusableConnectionError, match=r"Wrapper; enqueue takes a sqlite3\.Connection"):
        enqueue(Wrapper(), store)  # type: ignore[arg-type]


def test_a_connection_of_another_thread_or_a_closed_one_is_refused(
    store: StoreDriver, connection: sqlite3.Connection
) -> None:
    found: list[StoreError] = []

    def elsewhere() -> None:
        try:
            enqueue(connection, store)
        except StoreError as error:
            found.append(error)

    connection.execute("BEGIN IMMEDIATE")
    thread = Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert "created in a thread" in str(found)
    connection.execute("ROLLBACK")
    connection.close()
    with pytest.raises(UnusableConnectionError, match="closed"):
        enqueue(connection, store)


def test_a_store_that_can_not_be_written_is_an_error_of_the_store(
    store: StoreDriver, connection: sqlite3.Connection
) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("PRAGMA query_only = ON")
    with pytest.raises(StoreError, match="readonly"):
        enqueue(connection, store)
    assert connection.in_transaction
    connection.execute("ROLLBACK")


def test_whether_a_connection_holds_the_write_lock_is_seen_without_touching_it(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "any.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t (a)")
        assert not holds_write_lock(connection)
        for begin, write, holds in [
            ("BEGIN", "SELECT * FROM t", False),
            ("BEGIN", "INSERT INTO t VALUES (1)", True),
            ("BEGIN IMMEDIATE", "SELECT * FROM t", True),
            ("BEGIN EXCLUSIVE", "SELECT * FROM t", True),
        ]:
            connection.execute(begin)
            connection.execute(write)
            assert holds_write_lock(connection) is holds
            assert connection.in_transaction
            connection.execute("COMMIT")
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (1,)
