"""Upkeep: how workers keep the store in shape; ``actors.upkeep`` says what is guaranteed.

What changes the store is asked of its actor. What only reads it, a backup and the search for damage, has a connection
of its own and stalls nobody.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from actors.ids import id_text, made_at_ms
from actors.messages import BuildSearchIndex, MaintainStore, Refused, SearchIndexBuilt, StoreMaintained
from actors.upkeep import (
    BackupExistsError,
    Operation,
    SearchBuild,
    SearchDifferences,
    StoreSize,
    UpkeepError,
)
from runtime.engine import EngineError
from runtime.refusal import RuntimeStateError
from runtime.store.database import StoreError, open_reader
from runtime.store.maintenance import SEARCH_INDEX, parts_of
from runtime.store.reading.differences import compare_some

LONGEST_SECONDS = 24 * 3600.0
"""How long an operation is waited for."""
MOST_DAMAGES = 100


class Upkeep:
    """Keeps one store in shape; safe for use from several threads."""

    def __init__(
        self, path: Path, ask: Callable[[Any, float], Any], *, busy_timeout_seconds: float = 10.0
    ) -> None:
        self._path = path
        self._ask_store = ask
        self._busy_timeout_seconds = busy_timeout_seconds

    def __repr__(self) -> str:
        return f"<Upkeep({str(self._path)!r})>"

    def size(self) -> StoreSize:
        """See ``StoreUpkeep.size``."""
        log = self._path.with_name(self._path.name + "-wal")
        with self._reading() as connection:
            page_bytes, pages, free = (
                int(connection.execute(f"PRAGMA {name}").fetchone()[0])
                for name in ("page_size", "page_count", "freelist_count")
            )
            log_bytes = log.stat().st_size if log.exists() else 0
            return StoreSize(self._path.stat().st_size, log_bytes, page_bytes, pages, free)

    def parts(self, operation: Operation) -> tuple[str, ...]:
        """See ``StoreUpkeep.parts``."""
        with self._reading() as connection:
            return parts_of(connection, operation)

    def maintain(self, operation: Operation, part: str) -> str:
        """See ``StoreUpkeep.maintain``."""
        reply = self._ask(MaintainStore(operation, part))
        if not isinstance(reply, StoreMaintained):
            raise UpkeepError(f"the store answered {type(reply).__name__}")
        return reply.note

    def find_damage(self) -> tuple[str, ...]:
        """See ``StoreUpkeep.find_damage``."""
        with self._reading() as connection:
            rows = connection.execute(f"PRAGMA main.integrity_check({MOST_DAMAGES})").fetchall()
            found = [row[0] for row in rows if row[0] != "ok"]
        try:
            self.maintain(Operation.INTEGRITY_CHECK, SEARCH_INDEX)
        except UpkeepError as error:
            if "malformed" not in str(error):
                raise
            found.append("the search index is damaged: a `reindex` step makes it anew")
        return tuple(found)

    def back_up(self, path: str, job_id: int) -> tuple[str, int]:
        """See ``StoreUpkeep.back_up``."""
        target = self._backup_file(path, job_id)
        unfinished = target.with_name(f"{target.name}.{id_text(job_id)}.part")
        try:
            if target.exists():
                if not _was_made_by(target, job_id):
                    raise BackupExistsError(
                        f"there is a file {target} already, which was left as it is: name another, or a directory"
                    )
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                unfinished.unlink(missing_ok=True)  # of an attempt that died
                with self._reading() as connection:
                    connection.execute("PRAGMA query_only = OFF")  # it would hold for the copy too
                    connection.execute("VACUUM main INTO ?", (str(unfinished),))
                _on_disk(unfinished)
                os.link(unfinished, target)  # unlike a rename it never replaces a file
                _on_disk(target.parent)
            unfinished.unlink(missing_ok=True)
            return str(target), target.stat().st_size
        except FileExistsError as error:
            raise BackupExistsError(f"{target} was made by somebody else meanwhile") from error
        except OSError as error:
            raise UpkeepError(f"{target} can not be written: {error.strerror or error}") from error

    def build_search(self, number: int | None) -> SearchBuild:
        """See ``StoreUpkeep.build_search``."""
        reply = self._ask(BuildSearchIndex(number))
        if not isinstance(reply, SearchIndexBuilt):
            raise UpkeepError(f"the store answered {type(reply).__name__}")
        return SearchBuild(reply.number, reply.done, reply.documents)

    def compare_search(self, after: int) -> SearchDifferences:
        """See ``StoreUpkeep.compare_search``."""
        with self._reading() as connection:
            connection.execute("BEGIN")
            return msgspec.convert(compare_some(connection, after), SearchDifferences, from_attributes=True)

    def _backup_file(self, path: str, job_id: int) -> Path:
        wanted = self._path.parent / path if path else self._path.with_name(self._path.name + ".backups")
        if path and not path.endswith(("/", os.sep)) and not wanted.is_dir():
            return wanted
        made = datetime.fromtimestamp(made_at_ms(job_id) / 1000, UTC)
        return wanted / f"{self._path.stem}-{made:%Y%m%dT%H%M%SZ}-{id_text(job_id)}.db"

    def _ask(self, request: Any) -> Any:
        try:
            reply = self._ask_store(request, LONGEST_SECONDS)
        except (EngineError, RuntimeStateError) as error:
            raise UpkeepError(str(error)) from error
        if isinstance(reply, Refused):
            raise UpkeepError(reply.message)
        return reply

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """A connection for this alone, outside a transaction."""
        try:
            database = open_reader(self._path, busy_timeout_seconds=self._busy_timeout_seconds)
            try:
                yield database.connection()
            finally:
                database.close()
        except (StoreError, sqlite3.Error) as error:
            raise UpkeepError(str(error)) from error


def _was_made_by(file: Path, job_id: int) -> bool:
    """Whether the file is a copy of the store from within an attempt of that job: it runs in there."""
    try:
        connection = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
        try:
            found = connection.execute("SELECT state FROM job WHERE id = ?", (job_id,)).fetchone()
        finally:
            connection.close()
    except sqlite3.Error:
        return False
    return bool(found == ("running",))


def _on_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
