"""One store on which up to two runtimes act, one transaction at a time, and from which every action can be taken back.

Everything is inside one transaction of SQLite that is never committed: a commit of a runtime releases a savepoint. A
state is the rows and what the runtimes remember; it is put back by inserting its rows into an empty store.
"""

import sqlite3
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from actors.ids import IdSource
from actors.job import Attempt, LeasedJob, StepStart
from actors.states import Move
from runtime.store.commit import Committer
from runtime.store.context import StoreContext
from runtime.store.database import open_writer
from runtime.store.moves import MADE
from runtime.store.verbs.own import register
from tests.exhaustive.scope import TYPE, Scope
from tests.simulation.rows import Job, Lane, Parent, read_work

LEASE_MS = 30_000
DELAY_MS = 1000
"""What is put off is put off by so much, and so much time goes by before a runtime looks at what is due."""
KEPT = ("job", "parent", "lane", "dependency", "owner", "submit_key", "sequence")
"""Tables that decide what happens next; the rest is empty before every action."""


class ModelClock:
    """What time it is in the state that is looked at."""

    def __init__(self) -> None:
        self.wall = 1_767_225_600_000
        self.boot = 0

    def wall_ms(self) -> int:
        return self.wall

    def monotonic(self) -> float:
        return self.boot / 1000

    def boottime_ms(self) -> int:
        return self.boot

    def boot_id(self) -> str:
        return "small"


class Memory(msgspec.Struct, frozen=True):
    """What one runtime remembers."""

    alive: bool = True
    held: tuple[LeasedJob, ...] = ()  # leases it was told of and has not settled
    starts: tuple[StepStart, ...] = ()  # likewise, of namings
    again: Any = None  # the action whose answer was lost, and is repeated before anything else
    doubt: int | None = None
    token: int = 0


class State(msgspec.Struct, frozen=True):
    """A state of the world but for its rows."""

    memories: tuple[Memory, ...]
    wall: int
    boot: int
    faults: int  # how many may still happen
    operators: frozenset[str] = frozenset()  # that have acted
    submitted: bool = False
    late: Attempt | None = None  # a settlement that will come a second time
    damaged: int = 0  # the job whose checksum does not match any more


class Rows(NamedTuple):
    """What the store holds, as far as it decides anything; in the order of the ids."""

    jobs: dict[int, Job]
    parents: dict[int, Parent]
    lanes: dict[int, Lane]
    owners: dict[int, int]  # when each showed last that it lives


class NestedConnection:
    """Stands before the connection: what a runtime begins and commits is a savepoint; sees which moves were made."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.in_transaction = False
        self.met: set[Move] = set()
        self.statements = 0
        """Of the first transaction since ``meet``."""
        self._began = self._count = 0
        self._fate, self._at, self._times = "", 0, 0

    def meet(self, fate: str, at: int) -> None:
        """The next transaction has this fate; ``at`` is the statement that fails."""
        self._fate, self._at, self._times = fate, max(at, 1), 2 if fate == "refused" else 1
        self._began = self._count = self.statements = 0

    def execute(self, statement: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """Execute it, as if the outer transaction were not."""
        if statement == "BEGIN IMMEDIATE":
            self.in_transaction = True
            self._began, self._count = self._began + 1, 0
            return self.connection.execute("SAVEPOINT committed")
        if statement == "COMMIT":
            return self._commit()
        if statement == "ROLLBACK":
            return self._roll_back()
        self._count += 1
        self.statements += self._began == 1
        if self._fate in {"statement", "refused"} and self._count == self._at:
            self._times -= 1
            self._fate = self._fate if self._times else ""
            raise _broken("SQLITE_ERROR")
        cursor = self.connection.execute(statement, parameters)
        move = MADE.get(statement)
        if move is not None and cursor.rowcount > 0:
            self.met.add(move)
        return cursor

    def _commit(self) -> sqlite3.Cursor:
        fate, self._fate = self._fate, ""
        if fate == "full":
            raise _broken("SQLITE_FULL")
        if fate == "undone":
            self._roll_back()
            raise _broken("SQLITE_IOERR")
        self.in_transaction = False
        cursor = self.connection.execute("RELEASE committed")
        if fate == "unknown":
            raise _broken("SQLITE_IOERR")
        return cursor

    def _roll_back(self) -> sqlite3.Cursor:
        self.in_transaction = False
        self.connection.execute("ROLLBACK TO committed")
        return self.connection.execute("RELEASE committed")


def _broken(name: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(f"SQLite answers {name}")
    error.sqlite_errorname = name
    return error


class World:
    """The store, and the committers of its runtimes."""

    def __init__(self, directory: Path, scope: Scope) -> None:
        self.scope = scope
        self.clock = ModelClock()
        self._database = open_writer(directory / "small.db", synchronous="OFF")
        self.raw: sqlite3.Connection = self._database.connection()
        self.raw.execute("PRAGMA temp_store = MEMORY")
        self.connection = NestedConnection(self.raw)
        self.raw.execute("BEGIN IMMEDIATE")
        self._counts = {table: self._columns(table) for table in KEPT}
        self.owners = [register(self.raw, "small", 0, self.clock.wall) for _ in range(scope.runtimes)]
        self.committers = [self._committer(owner) for owner in self.owners]

    def _columns(self, table: str) -> int:
        return len(self.raw.execute(f"PRAGMA table_info({table})").fetchall())

    def _committer(self, owner: int) -> Committer:
        scope = self.scope
        context = StoreContext(
            owner=owner,
            boot_id="small",
            lease_ms=LEASE_MS,
            ids=IdSource(self.clock, owner),
            max_attempts={TYPE: scope.max_attempts},
            max_lost=scope.max_lost,
        )
        connection: Any = self.connection
        return Committer(connection, context, self.clock)

    def close(self) -> None:
        self.raw.execute("ROLLBACK")
        self._database.close()

    # -- states -------------------------------------------------------------------------------------------------

    def first(self) -> State:
        """Nothing was submitted yet."""
        memories = (Memory(),) * self.scope.runtimes
        return State(memories, self.clock.wall, self.clock.boot, int(bool(self.scope.faults)))

    def saved(self) -> bytes:
        """All rows that decide anything."""
        return zlib.compress(self._tables(), 1)

    def is_as(self, saved: bytes) -> bool:
        """Whether nothing has changed since."""
        return self._tables() == zlib.decompress(saved)

    def _tables(self) -> bytes:
        rows = [self.raw.execute(f"SELECT * FROM {table}").fetchall() for table in KEPT]
        return msgspec.msgpack.encode(rows)

    def load(self, saved: bytes) -> None:
        """Have exactly these rows, and a savepoint to come back to."""
        execute = self.raw.execute
        # Not to a savepoint: until the outermost one is released, SQLite plays back all that was ever written.
        execute("ROLLBACK")
        execute("BEGIN IMMEDIATE")
        execute("DELETE FROM sequence")
        for table, rows in zip(KEPT, msgspec.msgpack.decode(zlib.decompress(saved)), strict=True):
            if rows:
                marks = ", ".join("?" * self._counts[table])
                self.raw.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
        execute("SAVEPOINT here")

    def back(self) -> None:
        """Take back what was done since ``load``."""
        self.raw.execute("ROLLBACK TO here")
        self.raw.execute("RELEASE here")
        self.raw.execute("SAVEPOINT here")

    def recall(self, state: State) -> None:
        """Set the clock and the runtimes' memories."""
        self.clock.wall, self.clock.boot = state.wall, state.boot
        for committer, memory in zip(self.committers, state.memories, strict=True):
            committer._doubt, committer._token = memory.doubt, memory.token

    def rows(self) -> Rows:
        """What the store holds now."""
        return Rows(*read_work(self.raw), dict(self.raw.execute("SELECT id, heartbeat FROM owner")))
