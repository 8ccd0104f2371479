"""An old store is upgraded with its data; a kill in the middle leaves the old schema or the new one."""

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from actors.documents import DocumentFilter, DocumentSpec
from actors.seams import ManualClock
from runtime.store import database
from runtime.store.database import migrate, open_writer
from runtime.store.reading.reader import StoreReader
from runtime.store.schema import APPLICATION_ID, MIGRATIONS, SCHEMA_VERSION
from tests.store.driver import StoreDriver, spec


def schema_of(path: Path) -> list[tuple[str, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(
            "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name"
        ).fetchall()
    finally:
        connection.close()


def version_of(path: Path) -> int:
    connection = sqlite3.connect(path)
    try:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
    finally:
        connection.close()


@pytest.fixture
def old(tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of the first schema, made and used by a runtime of today but for what came later."""
    path = tmp_path / "old.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    assert migrate(connection, target=1) == 0
    connection.execute("ALTER TABLE document ADD COLUMN media_type TEXT NOT NULL DEFAULT ''")
    connection.execute("CREATE TABLE schedule (id TEXT, next_at INTEGER, paused INTEGER, error TEXT)")
    for column in ("paused_types", "webhooks"):
        connection.execute(f"ALTER TABLE sequence ADD COLUMN {column} INTEGER NOT NULL DEFAULT 0")
    connection.close()
    monkeypatch.setattr(database, "SCHEMA_VERSION", 1)
    monkeypatch.setattr(database, "migrate", lambda connection: migrate(connection, target=1))
    driver = StoreDriver(path, clock, judged=False)  # the oracle judges by the rows of today
    driver.run_with(spec(1), spec(2))
    job, _ = driver.lease()
    driver.settle(
        driver.attempt(job, documents=(DocumentSpec("web", "a", "http://x/a", "Whales", "They sing."),))
    )
    driver.close()
    monkeypatch.undo()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("ALTER TABLE document DROP COLUMN media_type")
    connection.execute("DROP TABLE schedule")
    for column in ("paused_types", "webhooks"):
        connection.execute(f"ALTER TABLE sequence DROP COLUMN {column}")
    connection.close()
    assert version_of(path) == 1
    return path


def test_a_store_of_the_first_schema_is_upgraded_with_its_data(
    old: Path, clock: ManualClock, tmp_path: Path
) -> None:
    store = StoreDriver(old, clock)
    try:
        assert version_of(old) == SCHEMA_VERSION
        store.oracle.check()
        (job,) = store.lease()
        store.complete(job)
        assert store.value("SELECT state FROM job WHERE kind = 'run'") == "completed"
        while store.file.index_documents():
            pass
        reader = StoreReader(old)
        assert [each["title"] for each in reader.search("sing", DocumentFilter())] == ["Whales"]
        reader.close()
    finally:
        store.close()
    new = tmp_path / "new.db"
    open_writer(new).close()
    assert schema_of(old) == schema_of(new)


def test_a_reader_upgrades_an_old_store_too(old: Path) -> None:
    reader = StoreReader(old)
    assert len(reader.documents(DocumentFilter())) == 1
    reader.close()
    assert version_of(old) == SCHEMA_VERSION


def test_an_upgrade_that_fails_leaves_the_old_store_as_it_was(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = schema_of(old)
    broken = (MIGRATIONS[0], MIGRATIONS[1] + ";\nCREATE TABLE broken (")
    monkeypatch.setattr(database, "MIGRATIONS", broken)
    with pytest.raises(database.StoreError, match=r"old\.db: "):
        open_writer(old)
    assert (schema_of(old), version_of(old)) == (before, 1)


KILLED = """
import os, signal, sys
from contextlib import closing
from pathlib import Path
from runtime.store import database

WRITING = ("ALTER", "CREATE", "DELETE", "DROP", "INSERT", "UPDATE", "PRAGMA USER_VERSION =", "PRAGMA APP", "COMMIT")
statements = 0
real_connect = database._connect

class Killing:
    def __init__(self, connection):
        self.connection = connection
    def execute(self, text, *rest):
        global statements
        if text.strip().upper().startswith(WRITING):
            statements += 1
            if statements == int(sys.argv[2]):
                os.kill(os.getpid(), signal.SIGKILL)
        return self.connection.execute(text, *rest)
    @property
    def in_transaction(self):
        return self.connection.in_transaction

real_migrate = database.migrate
database.migrate = lambda connection: real_migrate(Killing(connection))
database.open_writer(Path(sys.argv[1]))
print("upgraded", flush=True)
"""


@pytest.mark.timeout(900)  # 75 processes, one after the other
def test_an_upgrade_killed_at_any_statement_leaves_a_whole_schema_and_can_be_done_again(
    old: Path, tmp_path: Path
) -> None:
    schemas, killed = {1: schema_of(old)}, 0
    for version in range(2, SCHEMA_VERSION + 1):
        path = tmp_path / f"version-{version}.db"
        shutil.copy(old, path)
        connection = sqlite3.connect(path, isolation_level=None)
        assert migrate(connection, target=version) == 1
        connection.close()
        schemas[version] = schema_of(path)
    for statement in range(1, 100):
        path = tmp_path / f"copy-{statement}.db"
        shutil.copy(old, path)
        done = subprocess.run(
            [sys.executable, "-c", KILLED, str(path), str(statement)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.stdout == "upgraded\n":
            break
        killed += 1
        assert done.returncode == -9, done.stderr
        assert schema_of(path) == schemas[version_of(path)]
        open_writer(path).close()
        assert version_of(path) == SCHEMA_VERSION
    # Every statement of each migration but the first, the two pragmas and the commit.
    statements = [[each for each in text.split(";\n") if each.strip()] for text in MIGRATIONS[1:]]
    assert killed == sum(len(each) + 3 for each in statements)


def test_making_a_new_store_killed_in_the_middle_leaves_one_that_can_be_made(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    subprocess.run([sys.executable, "-c", KILLED, str(path), "9"], capture_output=True, check=False)
    assert version_of(path) == 0
    open_writer(path).close()
    assert version_of(path) == SCHEMA_VERSION


def test_two_processes_that_make_the_same_store_at_once_both_open_it(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    script = "import sys, pathlib, runtime.store.database as d; d.open_writer(pathlib.Path(sys.argv[1]))"
    processes = [subprocess.Popen([sys.executable, "-c", script, str(path)]) for _ in range(3)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert version_of(path) == SCHEMA_VERSION


def test_a_store_is_marked_as_ours(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    opened = open_writer(path)
    connection = opened.connection()
    assert connection.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
    assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2
    opened.close()


def test_a_new_store_has_pages_of_8192_bytes_and_an_old_one_keeps_its_own(tmp_path: Path, old: Path) -> None:
    def settings(path: Path) -> list[int]:
        opened = open_writer(path)
        with closing(opened):
            names = ("page_size", "wal_autocheckpoint")
            return [opened.connection().execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    new = tmp_path / "new.db"
    assert settings(new) == settings(new) == [8192, 2000]
    assert settings(old) == [4096, 4000]
