"""Maintenance between transactions: nobody's lease runs out meanwhile, and the hot statements keep their plans."""

import sqlite3
from pathlib import Path

import pytest

from actors.seams import ManualClock
from actors.upkeep import Operation
from runtime.store.maintenance import LEAST_ALLOWANCE_MS, allowance_ms, carry_out, parts_of
from runtime.store.statistics import UNSTEADY, forget_unsteady
from runtime.store.verbs.settle import COMPLETE
from tests.store.driver import StoreDriver, spec, specs

LEASE_SECONDS = 30.0
STORE_OPERATIONS = [
    Operation.VACUUM,
    Operation.ANALYZE,
    Operation.REINDEX,
    Operation.OPTIMIZE,
    Operation.CHECKPOINT,
    Operation.INTEGRITY_CHECK,
]


def maintain(store: StoreDriver, operation: Operation) -> None:
    for part in parts_of(store.file.connection, operation):
        store.file.maintain(operation, part)


def plan(connection: sqlite3.Connection) -> list[str]:
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {COMPLETE}", (0, "[]"))]


def test_a_larger_store_is_given_more_time() -> None:
    assert allowance_ms(0) == LEAST_ALLOWANCE_MS
    assert allowance_ms(2_000_000_000) == LEAST_ALLOWANCE_MS + 1_000_000


@pytest.mark.parametrize("operation", STORE_OPERATIONS)
def test_every_operation_leaves_the_rows_as_they_are(store: StoreDriver, operation: Operation) -> None:
    store.run_with(*specs(20))
    jobs = store.lease(10)
    before = store.rows("SELECT * FROM job ORDER BY id")
    maintain(store, operation)
    after = store.rows("SELECT * FROM job ORDER BY id")
    lease = [each[0] for each in store.rows("SELECT name FROM pragma_table_info('job')")].index(
        "lease_expires"
    )
    assert [row[:lease] + row[lease + 1 :] for row in after] == [
        row[:lease] + row[lease + 1 :] for row in before
    ]
    store.complete(*jobs)
    assert store.value("SELECT count(*) FROM job WHERE state = 'completed'") == 10


def test_leases_of_all_who_live_outlast_the_maintenance(store: StoreDriver, clock: ManualClock) -> None:
    """Neither this runtime nor another on the store can show that it lives while the store is written anew."""
    other = StoreDriver(store.path, clock, judged=False)
    try:
        store.run_with(*specs(4))
        mine = store.lease(2)
        theirs = other.lease(2)
        store.file.maintain(Operation.VACUUM, "")
        clock.advance(LEASE_SECONDS + LEAST_ALLOWANCE_MS / 1000 - 1)
        store.tend()
        other.tend()
        assert store.value("SELECT count(*) FROM job WHERE state = 'running' AND kind = 'job'") == 4
        assert store.complete(*mine).refused == ()
        assert other.complete(*theirs).refused == ()
    finally:
        other.close()


def test_leases_of_one_who_was_frozen_before_run_out_as_ever(store: StoreDriver, clock: ManualClock) -> None:
    other = StoreDriver(store.path, clock, judged=False)
    try:
        store.run_with(spec())
        other.lease()
        clock.advance(2 * LEASE_SECONDS)
        store.file.maintain(Operation.VACUUM, "")
        store.tend()
        assert store.value("SELECT state FROM job WHERE kind = 'job'") == "pending"
    finally:
        other.close()


def test_the_tables_of_the_work_are_never_analysed(store: StoreDriver) -> None:
    expected = plan(store.file.connection)
    assert any("SEARCH job USING INTEGER PRIMARY KEY" in line for line in expected)
    store.run_with(*specs(300))
    store.complete(*store.lease(200))
    maintain(store, Operation.ANALYZE)
    maintain(store, Operation.OPTIMIZE)
    analysed = {row[0] for row in store.rows("SELECT tbl FROM sqlite_stat1")}
    assert "event_batch" in analysed
    assert not analysed & set(UNSTEADY)
    assert plan(store.file.connection) == expected


def test_statistics_that_somebody_else_made_are_forgotten_at_the_start(
    tmp_path: Path, clock: ManualClock
) -> None:
    store = StoreDriver(tmp_path / "jobs.db", clock)
    expected = plan(store.file.connection)
    store.run_with(*specs(300))
    store.complete(*store.lease(200))
    store.file.connection.execute("ANALYZE")
    assert plan(store.file.connection) != expected
    forget_unsteady(store.file.connection)
    assert plan(store.file.connection) == expected
    store.file.connection.execute("ANALYZE")
    store.close()
    again = StoreDriver(tmp_path / "jobs.db", clock)
    assert plan(again.file.connection) == expected
    again.close()


def test_a_part_that_is_there_no_more_is_no_failure(store: StoreDriver) -> None:
    assert store.file.maintain(Operation.REINDEX, "absent") == "absent is there no more"
    assert store.file.maintain(Operation.ANALYZE, 'x"; DROP TABLE job; --') != ""


def test_a_checkpoint_that_a_reader_hinders_says_so(
    store: StoreDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.store.maintenance.CHECKPOINT_BUSY_MS", 10)
    store.run_with(spec())
    reader = sqlite3.connect(store.path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM job").fetchone()
    store.run_with(spec())
    assert "is not cut off yet" in store.file.maintain(Operation.CHECKPOINT, "")
    reader.close()
    assert store.file.maintain(Operation.CHECKPOINT, "") == ""
    assert store.file.connection.execute("PRAGMA busy_timeout").fetchone() == (10_000,)


def test_what_only_reads_is_not_the_owners(store: StoreDriver) -> None:
    with pytest.raises(ValueError, match="not done by the store's owner"):
        carry_out(store.file.connection, Operation.BACKUP, "")
