"""Pictures of parents for those who watch them: the orchestrators."""

import sqlite3
from collections.abc import Iterable, Iterator

from actors.job import Counts, JobDefinition, JobKind, Step, StepStart, StepTrace
from actors.messages import ParentPicture, Refused, Submit
from actors.receive import Address
from runtime.store.checksum import intact
from runtime.store.rows import ParentRow, read_parents
from runtime.store.step_trace import step_trace
from runtime.store.verbs.end import DAMAGED_TEXT

MAX_RECENT = 256
"""Rows kept for those who begin to watch a parent that has just begun; beyond them the rows are read again."""
MAX_ABOUT = 4096
"""Parents of which more than the row is kept; of others it is read again. Some end where nobody here hears of it."""
MAX_WATCHERS = 4
"""Of one parent: the latest; those before them have ended long ago."""


class Pictures:
    """Who watches which parent, and what is known of its step."""

    def __init__(self) -> None:
        self._watchers: dict[int, tuple[Address, ...]] = {}
        self._unseen: set[int] = set()  # watched parents that were not shown yet
        self._recent: dict[int, ParentRow] = {}  # changed by the last commits, and watched by nobody yet
        self._about: dict[int, tuple[Step | None, str, tuple[str, ...]]] = {}
        self._traces: dict[int, StepTrace] = {}
        self._damaged: set[int] = set()
        self.traced = False
        """Whether pictures of steps say where these are in their run's trace."""

    def __repr__(self) -> str:
        return f"<Pictures(watched={len(self._watchers)})>"

    def watch(self, parent_id: int, watcher: Address) -> None:
        """Show the parent to that actor, soon and after every commit that touches it."""
        watchers = self._watchers.get(parent_id, ())
        if watcher not in watchers:
            # Beside the others: an orchestrator that is about to end may ask after the one that took its place.
            self._watchers[parent_id] = (*watchers[1 - MAX_WATCHERS :], watcher)
        self._unseen.add(parent_id)

    def leave(self, parent_id: int, watcher: Address) -> None:
        """That actor watches the parent no more."""
        left = tuple(each for each in self._watchers.get(parent_id, ()) if each != watcher)
        if left:
            self._watchers[parent_id] = left
        else:
            self._watchers.pop(parent_id, None)
            self._about.pop(parent_id, None)
            self._traces.pop(parent_id, None)
            self._unseen.discard(parent_id)

    def remember(self, starts: Iterable[StepStart]) -> None:
        """What was read of the steps anyway, so that their pictures need not read it again."""
        while len(self._about) > MAX_ABOUT:
            del self._about[next(iter(self._about))]
        for start in starts:
            about = start.definition.id, start.definition.tags
            self._about[start.step_id] = start.step, *about
            self._about.setdefault(start.run_id, (None, *about))

    def remember_runs(self, submitted: Iterable[Submit]) -> None:
        """The same of runs that begin at once."""
        for request in submitted:
            definition = request.definition
            about = definition.id, definition.tags
            self._about[request.run_id] = (None, *about)
            for step_id, step in zip(request.step_ids, definition.steps, strict=True):
                self._about[step_id] = step, *about

    def of(
        self, connection: sqlite3.Connection, rows: Iterable[ParentRow]
    ) -> Iterator[tuple[Address, ParentPicture | Refused]]:
        """The pictures of those of the rows that are watched; an ended one is shown for the last time.

        Whoever watches a parent whose row is damaged is refused, and ``take_damaged`` names it.
        """
        for row in rows:
            watchers = self._watchers.get(row.id)
            self._recent.pop(row.id, None)
            if watchers is None and not row.ended:
                if len(self._recent) >= MAX_RECENT:
                    self._recent.clear()
                self._recent[row.id] = row
            elif watchers is not None:
                self._unseen.discard(row.id)
                picture = self._picture(connection, row)
                if picture is None:
                    del self._watchers[row.id]
                    if not row.ended:
                        self._damaged.add(row.id)
                for watcher in watchers:
                    yield watcher, picture or Refused(DAMAGED_TEXT)
            if row.ended:
                self._watchers.pop(row.id, None)
                self._about.pop(row.id, None)
                self._traces.pop(row.id, None)

    def unseen(self, connection: sqlite3.Connection) -> Iterator[tuple[Address, ParentPicture | Refused]]:
        """The pictures for those who have just begun to watch."""
        if not self._unseen:
            return
        missing, self._unseen = self._unseen, set()
        rows = [self._recent[each] for each in missing if each in self._recent]
        unknown = missing - self._recent.keys()
        if unknown:
            rows += read_parents(connection, unknown)
        missing = missing - {row.id for row in rows}
        yield from self.of(connection, rows)
        for parent_id in missing:
            for watcher in self._watchers.pop(parent_id):
                yield watcher, Refused(f"there is no parent job {parent_id}")

    def take_damaged(self) -> set[int]:
        """The open parents that were found damaged since the last call: nobody can supervise them."""
        damaged, self._damaged = self._damaged, set()
        return damaged

    def all(self, connection: sqlite3.Connection) -> Iterator[tuple[Address, ParentPicture | Refused]]:
        """Every watched parent, as it is now, whoever has changed it."""
        self._recent.clear()
        return self.of(connection, read_parents(connection, list(self._watchers)))

    def some(
        self, connection: sqlite3.Connection, parent_ids: Iterable[int]
    ) -> Iterator[tuple[Address, ParentPicture | Refused]]:
        """Those of these parents that are watched, as they are now."""
        watched = [each for each in parent_ids if each in self._watchers]
        return self.of(connection, read_parents(connection, watched) if watched else ())

    def _picture(self, connection: sqlite3.Connection, row: ParentRow) -> ParentPicture | None:
        about = self._describe(connection, row)
        if about is None:
            return None
        step, definition_id, tags = about
        return ParentPicture(
            id=row.id,
            run_id=row.run_id,
            state=row.state,
            counts=row.counts if row.kind == JobKind.STEP else Counts(),
            named=bool(row.named),
            closing=row.closing,
            step=step,
            reason=row.reason,
            definition_id=definition_id,
            tags=tags,
            trace=self._trace(connection, row) if self.traced and row.kind == JobKind.STEP else None,
        )

    def _trace(self, connection: sqlite3.Connection, row: ParentRow) -> StepTrace:
        known = self._traces.get(row.id)
        if known is None:
            if len(self._traces) >= MAX_ABOUT:
                self._traces.clear()
            known = self._traces[row.id] = step_trace(connection, row.id)
        return known

    def _describe(
        self, connection: sqlite3.Connection, row: ParentRow
    ) -> tuple[Step | None, str, tuple[str, ...]] | None:
        known = self._about.get(row.id)
        if known is None:
            definition = intact(connection, row.run_id, JobDefinition)
            step = intact(connection, row.id, Step) if row.kind == JobKind.STEP else None
            if definition is None or (row.kind == JobKind.STEP and step is None):
                return None
            known = self._about[row.id] = (step, definition.id, definition.tags)
        return known
