"""StoreFile: one runtime's hold on one store: the writing connection, the owner's lock and the committer."""

import logging
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from actors.ids import IdSource
from actors.seams import Clock
from actors.upkeep import Operation
from runtime.precedence import Precedence
from runtime.store.commit import Commit, Committer, Demand
from runtime.store.concern import Concern, concern_of
from runtime.store.context import StoreContext
from runtime.store.database import StoreError, WritingDatabase, explain, open_writer
from runtime.store.datagrams import SocketDoorbell
from runtime.store.doorbell import Doorbell
from runtime.store.enrolment import enrolled
from runtime.store.failure import StoreUnavailableError
from runtime.store.holdings import leased_by, stopping_of
from runtime.store.maintenance import LEAST_ALLOWANCE_MS, allowance_ms, carry_out, extend_everybody
from runtime.store.neighbours import Neighbours
from runtime.store.owner import announced
from runtime.store.pruning import Pruning
from runtime.store.reading.webhooks import webhooks_behind
from runtime.store.retention import Retention
from runtime.store.slots import Held
from runtime.store.transaction import Transaction
from runtime.store.verbs.announce import Announced, announce
from runtime.store.verbs.fire import fire_due
from runtime.store.verbs.index import index_some
from runtime.store.verbs.own import heartbeat, leave
from runtime.store.verbs.rebuild import BuildProgress, build_some, erase_some_of_old
from runtime.store.verbs.recover import bury_owner, expire_leases, give_back_own, other_owners
from runtime.store.verbs.sweep import closing_parents
from runtime.store.verbs.wake import next_due, wake_due

logger = logging.getLogger("quaero.store")

T = TypeVar("T")


class StoreFile:
    """An open store. Used by one thread at a time; ``close`` gives back what is still leased."""

    def __init__(
        self,
        path: Path,
        clock: Clock,
        *,
        synchronous: str = "FULL",
        busy_timeout_seconds: float = 10.0,
        lease_seconds: float = 30.0,
        max_attempts: Mapping[str, int] | None = None,
        max_lost: int = 20,
        retention: Retention | None = None,
        precedence: Precedence | None = None,
        doorbell: Doorbell | None = None,
        database: WritingDatabase | None = None,
        on_end: Callable[[list[int]], object] | None = None,
    ) -> None:
        """Open the store and register as an owner. None for a doorbell is one of sockets.

        With ``on_end`` runs are traced: it hears after each commit which runs and steps ended in it.

        ``database`` is the file as somebody has opened it already; it is closed with the store.

        Raises:
            StoreError: the file can not be used.
        """
        self.path = path
        self.clock = clock
        self.closed = False
        self._database: WritingDatabase = database or open_writer(
            path, synchronous=synchronous, busy_timeout_seconds=busy_timeout_seconds
        )
        self.connection: sqlite3.Connection = self._database.connection()
        try:
            self.owner, self._lock = enrolled(self.connection, path, clock)
        except BaseException as error:
            self._database.close()
            if isinstance(error, sqlite3.Error):
                raise explain(path, error) from error
            if isinstance(error, OSError):
                raise StoreError(f"{error.filename} can not be used: {error.strerror}") from error
            raise
        self.ids = IdSource(clock, self.owner)
        context = StoreContext(
            owner=self.owner,
            boot_id=clock.boot_id(),
            lease_ms=round(lease_seconds * 1000),
            ids=self.ids,
            max_attempts=dict(max_attempts or {}),
            max_lost=max_lost,
            traced=on_end is not None,
            on_end=on_end,
        )
        self.committer = Committer(self.connection, context, clock, precedence)
        self.pruning = Pruning(self.committer, retention or Retention())
        self._data_version = self._read_data_version()
        self.firings_left = False
        """Whether more schedules were due than the last round could fire."""
        self._extended_until_ms = 0  # everybody's leases, for maintenance
        self._sharing = False  # with other connections of this process
        self.doorbell: Doorbell = doorbell or SocketDoorbell()
        self._neighbours = Neighbours(path, self.doorbell)
        self._look_around()

    def __repr__(self) -> str:
        return f"<StoreFile({str(self.path)!r}, owner={self.owner})>"

    def take_over(self) -> None:
        """A new actor goes on with this file: what its predecessor had begun is taken back."""
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")

    def commit(self, requests: list[Any], demand: Demand | None, *, sweep: list[int]) -> list[Commit]:
        """See ``Committer.commit``; others whom it concerns are rung."""
        commits = self.committer.commit(requests, demand, sweep=sweep)
        if self._neighbours.there:
            self._neighbours.ring(concern_of(requests, commits))
        return commits

    def share(self) -> None:
        """Others in this process write too, on connections of their own: whoever commits here may have to wait."""
        self._sharing = self.committer.shared = True

    def listen(self, rung: Callable[[], object]) -> None:
        """Have ``rung`` called, from any thread, when others ring; and let them know that this owner can be rung."""
        self._lock.announce(self.doorbell.listen(self.path, self.owner, rung))
        self._neighbours.ring(Concern.ARRIVAL)

    def heard(self) -> Concern:
        """What others have rung for since the last call."""
        found = self.doorbell.heard()
        if found & Concern.ARRIVAL:
            self._look_around()
        return found

    def tend(self, demand: Demand | None) -> tuple[list[Commit], list[str]]:
        """The timed chores: heartbeat, wake what is due, take over from dead and frozen owners, fire schedules.

        Without demand nothing is fired: who takes no work is no runtime that schedules wait for.

        Returns the commit and, in words, which owners were found dead and what did not fire.
        """
        others = other_owners(self.connection, self.owner)
        dead = self._neighbours.dead(others)
        found: list[str] = []

        def chores(transaction: Transaction) -> None:
            heartbeat(transaction)
            wake_due(transaction)
            for other, _ in dead:
                jobs = bury_owner(transaction, other)
                found.append(f"runtime {other} died; {jobs} jobs it was running were taken over")
            if others:
                expire_leases(transaction)
            transaction.unsweeped.update(closing_parents(transaction))
            if demand is not None:
                fired = fire_due(transaction)
                self.firings_left = fired.more
                found.extend(fired.found)

        try:
            commits = self.committer.commit((), demand, before=(chores,))
        except StoreUnavailableError:
            raise
        except Exception:
            # Whatever a chore stumbles over, others must not take this runtime for a frozen one.
            self.committer.commit((), None, before=(heartbeat,))
            raise
        finally:
            for other, lock in dead:
                self.doorbell.remove(announced(self.path, other))
                lock.release()
        self._settle_among([other for other in others if other not in {number for number, _ in dead}])
        if self._neighbours.there:
            self._neighbours.ring(concern_of((), commits))
        return commits, found

    def dead_owners(self) -> bool:
        """Whether an owner on record besides this one holds its lock no more."""
        dead = self._neighbours.dead(self._look_around())
        for _, lock in dead:
            lock.drop()
        return bool(dead)

    def foreign_commits(self) -> bool:
        """Whether since the last call another connection has committed, or this one without being told so."""
        version = self._read_data_version()
        changed = version != self._data_version or self.committer.doubted
        self._data_version, self.committer.doubted = version, False
        return changed

    def stopping_jobs(self) -> tuple[list[int], list[int]]:
        """This runtime's running jobs that were asked to end, and parents of its running jobs that are closing."""
        return stopping_of(self.connection, self.owner)

    def next_due(self) -> int | None:
        """When the next thing that waits for a time comes due (Unix ms), whoever made it wait."""
        return next_due(self.connection, self.clock.wall_ms())

    def leased(self) -> list[Held]:
        """What this runtime holds, as the rows have it."""
        return leased_by(self.connection, self.owner)

    def index_documents(self) -> bool:
        """Index some queued documents, or erase some of an old index, in a transaction of its own.

        Returns whether more waits.
        """
        return self._alone(lambda connection: index_some(connection) or erase_some_of_old(connection))

    def webhooks_behind(self) -> bool:
        """Whether events wait to become deliveries, or for room among those that are under way."""
        return webhooks_behind(self.connection)

    def announce(self) -> tuple[list[Commit], Announced]:
        """Make deliveries of some events, in a transaction of its own; returns also what is left and to be told.

        Raises:
            StoreUnavailableError: nothing was committed; the same is done the next time.
        """
        done = Announced()

        def some(transaction: Transaction) -> None:
            nonlocal done
            done = announce(transaction)

        commits = self.committer.commit((), None, before=(some,))
        if self._neighbours.there:
            self._neighbours.ring(concern_of((), commits))
        return commits, done

    def build_index(self, number: int | None) -> BuildProgress:
        """A slice of a new search index in a transaction of its own; see ``build_some``."""
        return self._alone(lambda connection: build_some(connection, number))

    def maintain(self, operation: Operation, part: str) -> str:
        """Do that to the store, between transactions; nobody's lease runs out meanwhile. See ``maintenance``.

        Raises:
            StoreUnavailableError: not now; nothing was done.
            sqlite3.Error: it was not done.
        """
        allowance, now = allowance_ms(self.path.stat().st_size), self.clock.boottime_ms()
        if now + allowance > self._extended_until_ms + LEAST_ALLOWANCE_MS // 2:
            self.committer.commit((), None, before=(extend_everybody(allowance),))
            self._extended_until_ms = now + allowance
        return carry_out(self.connection, operation, part)

    def _alone(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do that in a transaction of its own, without requests."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            done = work(self.connection)
            self.connection.execute("COMMIT")
        except BaseException:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise
        return done

    def close(self) -> int:
        """Give back what is leased, leave, and close; returns how many jobs were given back."""
        given = 0

        def give(transaction: Transaction) -> None:
            nonlocal given
            given = give_back_own(transaction, None, "its runtime stopped")
            leave(transaction.connection, self.owner)

        try:
            self.committer.commit((), None, before=(give,))
            if given:
                self._neighbours.ring(Concern.WORK)
        finally:
            self.closed = True
            self.doorbell.close()
            self._database.close()
            self._lock.release()
        return given

    def drop(self) -> None:
        """Leave the store as a killed process does: the row stays, the kernel drops the transaction and the lock."""
        self.closed = True
        self._database.close()
        if self._lock.held:
            self._lock.drop()

    def _look_around(self) -> list[int]:
        """Who else has the store open; returns their owners' numbers."""
        others = other_owners(self.connection, self.owner)
        self._settle_among(others)
        return others

    def _settle_among(self, others: list[int]) -> None:
        self.committer.shared = self._sharing or bool(others)
        self._neighbours.found(others)

    def _read_data_version(self) -> int:
        return int(self.connection.execute("PRAGMA data_version").fetchone()[0])
