import sqlite3
from pathlib import Path

from runtime import Runtime
from runtime.benchmark.floor import floor_rate
from runtime.benchmark.noop import Nothing, noop
from runtime.settings import RuntimeSettings

ROWS = (
    "SELECT id, parent_id, state, attempt, payload FROM job WHERE kind = 'job' ORDER BY id",
    "SELECT first_seq, last_seq FROM event_batch ORDER BY first_seq",
)


def test_the_floor_leaves_the_rows_that_the_runtime_left(tmp_path: Path) -> None:
    store = tmp_path / "finished.db"
    with Runtime(RuntimeSettings(store=store), workers=[noop]) as runtime:
        for children in (700, 3, 3):
            runtime.fan_out(noop, map(Nothing, range(children))).wait_for_end()
        assert floor_rate(store, tmp_path / "floor.db", synchronous="OFF") > 0
    finished, floor = (_rows(path) for path in (store, tmp_path / "floor.db"))
    assert len(finished[0]) == 706
    assert floor == finished


def _rows(path: Path) -> list[list[tuple[object, ...]]]:
    connection = sqlite3.connect(path)
    try:
        return [connection.execute(statement).fetchall() for statement in ROWS]
    finally:
        connection.close()
