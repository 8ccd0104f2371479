"""One write transaction as a unit of work: the verbs change parents and lanes in memory, ``finish`` writes them once.

Everything derives from rows read in this transaction, which holds SQLite's write lock: what a verb finds is what it
changes. At ``finish`` the ends of the touched parents are decided, the counts and the events are written.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from actors.job import JobKind, JobState, LogLevel
from actors.states import MOVES, Cause
from runtime.precedence import Precedence
from runtime.store.context import StoreContext
from runtime.store.events import EventLog
from runtime.store.logs import bound_logs, write_logs
from runtime.store.moves import IllegalTransitionError
from runtime.store.new_jobs import write_jobs
from runtime.store.parent_jobs import insert_parent_jobs, move_parent_jobs
from runtime.store.rows import (
    LaneRow,
    ParentRow,
    insert_parents,
    read_lanes,
    read_lanes_where,
    read_parents,
    write_counts,
    write_lanes,
    write_parents,
    write_readiness,
)

_LANE = """
INSERT INTO lane (parent_id, type, rate_key, rate_ms, priority) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (parent_id, type, rate_key) DO UPDATE SET rate_ms = max(lane.rate_ms, excluded.rate_ms)
RETURNING id, rate_ms, priority, pending, served, not_before
"""


def read_paused_types(connection: sqlite3.Connection) -> frozenset[str]:
    """The worker types of which nothing new is leased."""
    return frozenset(row[0] for row in connection.execute("SELECT type FROM paused_type"))


LONG = 256
"""Rows from which a statement takes so long that others may go on meanwhile."""


class Transaction:
    """What one commit will change. Made after ``BEGIN IMMEDIATE``; ``finish`` comes before ``COMMIT``."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        context: StoreContext,
        now_ms: int,
        boottime_ms: int,
        precedence: Precedence,
    ) -> None:
        self.connection = connection
        self._precedence = precedence
        self.context = context
        self.now_ms = now_ms
        self.boottime_ms = boottime_ms
        self.events = EventLog()
        self.token: int
        self.turn: int
        self.webhooks: int  # that are enabled
        self.token, self._event_seq, self.turn, paused, self.webhooks = connection.execute(
            "SELECT token, event_seq, turn, paused_types, webhooks FROM sequence"
        ).fetchone()
        self.paused_types = read_paused_types(connection) if paused else frozenset[str]()
        self._before = (self.token, self.turn)
        self.parents: dict[int, ParentRow] = {}
        self._absent: set[int] = set()  # looked for, and there are none
        self.lanes: dict[int, LaneRow] = {}
        self._lane_ids: dict[tuple[int, str, str], int] = {}
        self._transitions: dict[int, tuple[JobState, str | None]] = {}
        self._new_parents: list[ParentRow] = []
        self._new_jobs: list[tuple[object, ...]] = []  # of the new parents
        self._new_children: list[Any] = []  # values of their rows
        self._dirty_parents: dict[int, ParentRow] = {}
        self._counted_parents: dict[int, ParentRow] = {}  # of which only the counts changed
        self._dirty_lanes: dict[int, LaneRow] = {}
        self.ended: list[int] = []  # parents that ended in this commit
        self.touched: dict[int, ParentRow] = {}  # parents changed in this commit, for those who watch them
        self.logs: list[tuple[int, int, int, str, str]] = []
        self.cancelled_jobs: list[int] = []  # running ones that are to be told
        self.unsweeped: set[int] = set()  # closing parents with children still to be cancelled
        self.held_lanes: set[int] = set()  # lanes whose first children wait for shallower ones that run
        self.timed = False  # something now waits for a time
        self.indexable = False  # documents wait for the search index
        self.deletions = False  # rows wait to be erased
        self.crowded: set[int] = set()  # jobs to be attempted again, whose log lines may be too many by now
        self.last_seq = 0

    def execute_long(self, statement: str, parameters: Sequence[Any], rows: int) -> sqlite3.Cursor:
        """A statement over that many rows: while it runs, others may have the interpreter."""
        if rows < LONG:
            return self.connection.execute(statement, parameters)
        with self._precedence.gap:
            return self.connection.execute(statement, parameters)

    # -- rows ---------------------------------------------------------------------------------------------------

    def parent(self, parent_id: int) -> ParentRow:
        """The parent's row. KeyError if there is none."""
        row = self.parents.get(parent_id)
        if row is None:
            self.load_parents((parent_id,))
            row = self.parents[parent_id]
        return row

    def load_parents(self, ids: Iterable[int]) -> None:
        """Read the parents that were not read yet, together."""
        missing = [each for each in ids if each not in self.parents and each not in self._absent]
        if missing:
            for row in read_parents(self.connection, missing):
                self.parents[row.id] = row
            self._absent.update(each for each in missing if each not in self.parents)

    def exists(self, parent_id: int) -> bool:
        """Whether there is such a run or step."""
        self.load_parents((parent_id,))
        return parent_id in self.parents

    def change_parent(self, row: ParentRow) -> ParentRow:
        """Say that the row is about to be changed."""
        self._dirty_parents[row.id] = row
        self.touched[row.id] = row
        return row

    def count_parent(self, row: ParentRow) -> ParentRow:
        """Say that the numbers of the row's children are about to be changed, and nothing else of it."""
        self._counted_parents[row.id] = row
        self.touched[row.id] = row
        return row

    def add_parent(self, row: ParentRow, job: tuple[object, ...]) -> None:
        """A new run or step; both its rows are written with the next ``flush``, for all that are new together.

        ``job`` holds id, root_id, parent_id, kind, type, name, payload, crc, priority and trace_context.
        """
        self.parents[row.id] = row
        self._new_parents.append(row)
        self._new_jobs.append(job)
        self.touched[row.id] = row

    def add_children(self, values: list[Any]) -> None:
        """New child jobs, as ``new_jobs`` has their values; written before any other request of the transaction."""
        self._new_children += values

    def flush_children(self) -> None:
        """Write the rows of new child jobs."""
        if self._new_children:
            write_jobs(self.execute_long, self._new_children)
            self._new_children = []

    def load_lanes(self, ids: Iterable[int]) -> None:
        """Read the lanes that were not read yet, together, and their parents."""
        missing = [each for each in ids if each not in self.lanes]
        if missing:
            self._keep(read_lanes(self.connection, missing))
        self.load_parents({self.lanes[each].parent_id for each in missing if each in self.lanes})

    def load_lanes_where(self, condition: str, parameters: tuple[object, ...]) -> list[LaneRow]:
        """Read the lanes that meet an SQL condition, as this transaction has them so far, and their parents."""
        rows = read_lanes_where(self.connection, condition, parameters)
        self._keep(row for row in rows if row.id not in self.lanes)
        self.load_parents({row.parent_id for row in rows})
        return [self.lanes[row.id] for row in rows]

    def lane(self, parent_id: int, job_type: str, rate_key: str, rate_ms: int) -> LaneRow:
        """The lane of that parent, type and rate key; made if there is none. Of several rates the slowest holds."""
        key = (parent_id, job_type, rate_key)
        known = self._lane_ids.get(key)
        if known is not None:
            row = self.lanes[known]
            if row.rate_ms < rate_ms:
                self.connection.execute(
                    "UPDATE lane SET rate_ms = ?1 WHERE id = ?2 AND rate_ms < ?1", (rate_ms, known)
                )
                row.rate_ms = rate_ms
            return row
        priority = self.parent(parent_id).priority
        # Without the update a lane that exists would not be returned.
        found = self.connection.execute(_LANE, (*key, rate_ms, priority)).fetchone()
        row = LaneRow(found[0], parent_id, job_type, rate_key, *found[1:])
        self._keep((row,))
        return self.lanes[row.id]

    def change_lane(self, row: LaneRow) -> LaneRow:
        """Say that the row is about to be changed."""
        self._dirty_lanes[row.id] = row
        return row

    def _keep(self, rows: Iterable[LaneRow]) -> None:
        for row in rows:
            self.lanes[row.id] = row
            self._lane_ids[(row.parent_id, row.type, row.rate_key)] = row.id

    @property
    def reached_seq(self) -> int:
        """The number of the last event so far, of this transaction or of those before."""
        before: int = self._event_seq
        return before + self.events.count

    # -- records ------------------------------------------------------------------------------------------------

    def next_token(self) -> int:
        """A lease token that was never used."""
        self.token += 1
        return self.token

    def next_turn(self) -> int:
        """The number of the next turn of leasing; what was served longest ago goes first."""
        self.turn += 1
        return self.turn

    def log(self, run_id: int, job_id: int, level: LogLevel, text: str) -> None:
        """Add a line of the runtime's own to a job's log."""
        self.logs.append((run_id, job_id, self.now_ms, level.value, text))

    def transition(self, parent: ParentRow, cause: Cause, *, error: str | None = None) -> None:
        """Bring a run or a step to a new state: both its rows, and its event.

        Raises:
            IllegalTransitionError: the table has no such way from the state that it is in.
        """
        move = MOVES[JobKind(parent.kind), cause]
        if parent.state not in move.before:
            raise IllegalTransitionError(f"{move.kind} {parent.id} is {parent.state}, it can not be {cause}")
        state = move.after
        self.change_parent(parent).state = state
        self._transitions[parent.id] = state, error
        if state.terminal:
            self.ended.append(parent.id)
        self.events.status(parent.run_id, state.value, [parent.id], **({"error": error} if error else {}))

    # -- the end ------------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Write the changed parents and lanes, so that SQL sees them."""
        self.flush_children()
        if self._new_parents:
            insert_parent_jobs(self.connection, self.now_ms, self._new_jobs)
            insert_parents(self.connection, self._new_parents)
            for row in self._new_parents:
                self._dirty_parents.pop(row.id, None)
                self._counted_parents.pop(row.id, None)
            write_readiness(self.connection, self._new_parents)
            self._new_parents, self._new_jobs = [], []
        if self._transitions:
            move_parent_jobs(self.connection, self.now_ms, self._transitions)
            self._transitions.clear()
        if self._dirty_parents:
            write_parents(self.connection, list(self._dirty_parents.values()))
        if self._counted_parents:
            counted = [row for row in self._counted_parents.values() if row.id not in self._dirty_parents]
            if counted:
                write_counts(self.connection, counted)
            self._counted_parents.clear()
        self._dirty_parents.clear()
        self._write_lanes()

    def flush_lanes(self) -> None:
        """Write new children, and what decides which lanes are ready, and no more."""
        self.flush_children()
        write_readiness(self.connection, self._dirty_parents.values())
        write_readiness(self.connection, self._counted_parents.values())
        self._write_lanes()

    def _write_lanes(self) -> None:
        if self._dirty_lanes:
            rows = [(lane, self.parents[lane.parent_id].blocked) for lane in self._dirty_lanes.values()]
            write_lanes(self.connection, rows)
            self._dirty_lanes.clear()

    def finish(self) -> bool:
        """Write everything that is still in memory; returns whether the transaction changed anything."""
        self.flush()
        if self.logs:
            write_logs(self.connection, self.logs)
            if self.crowded:
                bound_logs(self.connection, self.crowded)
        if self.events.count:
            self.last_seq = self.reached_seq
            if self.webhooks:
                self.events.name_definitions(self.connection)
            self.connection.execute(
                "INSERT INTO event_batch (first_seq, last_seq, time_ms, batch) VALUES (?, ?, ?, ?)",
                (self._event_seq + 1, self.last_seq, self.now_ms, self.events.encode()),
            )
        if self.events.count or (self.token, self.turn) != self._before:
            self.connection.execute(
                "UPDATE sequence SET token = ?, event_seq = event_seq + ?, turn = ?",
                (self.token, self.events.count, self.turn),
            )
        return self.connection.in_transaction
