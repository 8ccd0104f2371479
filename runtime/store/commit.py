"""Group commit: what the requests ask is done in one transaction, with what they make ready leased in the same one.

Failure rules: a failing disk or a lock held elsewhere fails no request, the batch is tried again as it is. Any other
error rolls the batch back and its requests are done singly; the one that fails on its own data is refused, an attempt
among them ends ``failed``, and a step whose children it was to name closes as failed.
"""

import logging
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from actors.job import Attempt, Failed, LeasedJob, StepStart
from actors.messages import (
    NameChildren,
    NamingFailed,
    Refused,
    Settle,
    Settled,
    Submit,
)
from actors.seams import Clock
from actors.storable import storable
from runtime.precedence import Precedence
from runtime.store.answer import answer
from runtime.store.context import StoreContext
from runtime.store.failure import StoreUnavailableError, cause_of, raise_if_unavailable
from runtime.store.rows import ParentRow
from runtime.store.transaction import Transaction
from runtime.store.verbs.lease import lease_jobs, lease_starts
from runtime.store.verbs.recover import give_back_after
from runtime.store.verbs.settle import settle
from runtime.store.verbs.sweep import sweep_parent
from runtime.store.verbs.wake import next_due

logger = logging.getLogger("quaero.store")


class Demand(msgspec.Struct):
    """What may be leased in this commit."""

    free: dict[str, int] = {}  # jobs by type
    ready: set[str] = set()  # types that may have ready work, besides those this transaction makes ready
    starts: int = 0
    starts_ready: bool = False  # the same of steps whose children are to be named
    actions: tuple[str, ...] = ()


class Commit(msgspec.Struct):
    """What one transaction did. ``replies`` are in the order of the requests; None answers nobody."""

    replies: list[Any] = []
    jobs: list[LeasedJob] = []
    starts: list[StepStart] = []
    more: set[str] = set()  # types that may have more ready work
    touched: list[ParentRow] = []
    cancelled_jobs: list[int] = []
    unsweeped: set[int] = set()
    last_seq: int = 0
    timed: bool = False
    next_due_ms: int | None = None
    indexable: bool = False
    deletions: bool = False
    announceable: bool = False  # there are webhooks, and events


class Committer:
    """Carries out batches of requests on the store's one writing connection."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        context: StoreContext,
        clock: Clock,
        precedence: Precedence | None = None,
    ) -> None:
        self.precedence = precedence or Precedence()
        self.shared = True
        """Whether other processes may hold the write lock for long; True until somebody knows better."""
        self.connection = connection
        self.context = context
        self.clock = clock
        self.doubted = False
        """A commit was not answered and may be durable: others' view of the rows is to be renewed."""
        self._doubt: int | None = None  # the last token before the first such commit
        self._token = 0  # the last one that was told of

    def __repr__(self) -> str:
        return f"<Committer(owner={self.context.owner})>"

    def commit(
        self,
        requests: Sequence[Any],
        demand: Demand | None = None,
        *,
        sweep: Sequence[int] = (),
        before: Sequence[Callable[[Transaction], Any]] = (),
    ) -> list[Commit]:
        """Do all requests in one transaction, or each in its own if one of them fails; the last one also leases.

        Args:
            requests: store commands of ``actors.messages``.
            demand: what to lease at the end of the same transaction.
            sweep: closing parents to sweep a slice of.
            before: chores to do first, in the same transaction.

        Raises:
            StoreUnavailableError: nothing was answered. If requests were being done singly some are committed: every
                one of them may be asked again.
        """
        with self.precedence:
            return self._commit(requests, demand, sweep, before)

    def _commit(
        self,
        requests: Sequence[Any],
        demand: Demand | None,
        sweep: Sequence[int],
        before: Sequence[Callable[[Transaction], Any]],
    ) -> list[Commit]:
        try:
            return [self._transact(requests, demand, sweep, before)]
        except sqlite3.Error as error:
            raise_if_unavailable(error)
            logger.warning("a batch of %d requests failed (%s); doing them singly", len(requests), error)
        except Exception:
            logger.warning("a batch of %d requests failed; doing them singly", len(requests), exc_info=True)
        commits = [done for request in requests for done in self._alone(request)]
        try:
            commits.append(self._certain((), demand, sweep, before))
        except StoreUnavailableError:
            if not commits:
                raise
            # The requests are done and are answered; what was to follow them is due again with the next commit.
            commits[-1].more |= demand.free.keys() if demand is not None else set()
            commits[-1].unsweeped |= set(sweep)
        return commits

    def _alone(self, request: Any) -> list[Commit]:
        try:
            return [self._transact((request,), None, (), ())]
        except sqlite3.Error as error:
            raise_if_unavailable(error)
            return self._refuse(request, error)
        except Exception as error:  # noqa: BLE001 (one request's fault must not be another's)
            return self._refuse(request, error)

    def _refuse(self, request: Any, error: Exception) -> list[Commit]:
        logger.error("%s failed on its own data", type(request).__name__, exc_info=error)
        if isinstance(request, NameChildren | NamingFailed):
            cause = cause_of(error, f"{type(request).__name__} could not be recorded", self.clock.wall_ms())
            return [self._certain((NamingFailed(request.start, cause, permanent=True, retry_in_ms=0),))]
        if not isinstance(request, Settle):
            text = storable(f"{type(request).__name__}: {error}")
            return [Commit(replies=[Refused(text, "see the runtime's log")])]
        if len(request.attempts) == 1:
            cause = cause_of(error, "what the attempt left could not be recorded", self.clock.wall_ms())
            failing = request.attempts[0]
            instead = Attempt(failing.lease, failing.step_id, Failed(cause, permanent=True))
            return [self._certain((Settle(request.number, (instead,)),))]
        commits = [
            done for attempt in request.attempts for done in self._alone(Settle(request.number, (attempt,)))
        ]
        refused = [job_id for done in commits for reply in done.replies for job_id in reply.refused]
        for done in commits:
            done.replies = []
        commits[-1].replies = [Settled(request.number, tuple(refused))]
        return commits

    def _certain(
        self,
        requests: Sequence[Any],
        demand: Demand | None = None,
        sweep: Sequence[int] = (),
        before: Sequence[Callable[[Transaction], Any]] = (),
    ) -> Commit:
        """A transaction that can fail only as the whole store does."""
        try:
            return self._transact(requests, demand, sweep, before)
        except sqlite3.Error as error:
            raise_if_unavailable(error)
            raise

    def _transact(
        self,
        requests: Sequence[Any],
        demand: Demand | None,
        sweep: Sequence[int],
        before: Sequence[Callable[[Transaction], Any]],
    ) -> Commit:
        connection = self.connection
        if self.shared:
            with self.precedence.gap:  # it may wait for another process
                connection.execute("BEGIN IMMEDIATE")
        else:
            connection.execute("BEGIN IMMEDIATE")
        try:
            transaction = Transaction(
                connection, self.context, self.clock.wall_ms(), self.clock.boottime_ms(), self.precedence
            )
            if self._doubt is not None:
                give_back_after(transaction, self._doubt)
            for chore in before:
                chore(transaction)
            replies = self._answer(transaction, requests)
            for parent_id in sweep:
                transaction.unsweeped.discard(parent_id)
                sweep_parent(transaction, parent_id)
            done = Commit(replies=replies)
            if demand is not None:
                _lease(transaction, demand, done)
            transaction.finish()
            if transaction.timed or before:
                done.next_due_ms = next_due(connection, transaction.now_ms)
                done.timed = True
            with self.precedence.gap:
                connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            elif self._doubt is None:
                # Maybe it is durable: what it leased was told to nobody and is given back first thing.
                self._doubt, self.doubted = self._token, True
            raise
        self._doubt, self._token = None, transaction.token
        if transaction.ended and self.context.on_end is not None:
            self.context.on_end(transaction.ended)
        done.touched = list(transaction.touched.values())
        done.more |= {
            lane.type
            for lane in transaction.lanes.values()
            if lane.pending
            and not lane.not_before
            and lane.id not in transaction.held_lanes
            and not transaction.parents[lane.parent_id].blocked
        } - transaction.paused_types
        done.cancelled_jobs = transaction.cancelled_jobs
        done.unsweeped = transaction.unsweeped
        done.last_seq = transaction.last_seq
        done.indexable = transaction.indexable
        done.deletions = transaction.deletions
        done.announceable = bool(transaction.webhooks and transaction.last_seq)
        return done

    def _answer(self, transaction: Transaction, requests: Sequence[Any]) -> list[Any]:
        """One reply for each request; settlements that stand side by side are recorded together."""
        starts = [each.start for each in requests if isinstance(each, NameChildren | NamingFailed)]
        wanted = [parent_id for start in starts for parent_id in (start.step_id, start.run_id)]
        wanted += [each.run_id for each in requests if isinstance(each, Submit)]
        transaction.load_parents(wanted)
        replies: list[Any] = []
        index = 0
        while index < len(requests):
            request = requests[index]
            if not isinstance(request, Submit | NameChildren):
                transaction.flush_children()
            if not isinstance(request, Settle):
                replies.append(answer(transaction, request))
                index += 1
                continue
            together = [request]
            while index + len(together) < len(requests):
                following = requests[index + len(together)]
                if not isinstance(following, Settle):
                    break
                together.append(following)
            attempts: list[Attempt] = [attempt for each in together for attempt in each.attempts]
            refused = settle(transaction, attempts)
            for each in together:
                lost = (
                    tuple(a.lease.job_id for a in each.attempts if a.lease.job_id in refused)
                    if refused
                    else ()
                )
                replies.append(Settled(each.number, lost))
            index += len(together)
        transaction.flush_children()
        return replies


def _lease(transaction: Transaction, demand: Demand, done: Commit) -> None:
    """Lease what was ready before and what this transaction has made ready."""
    types = demand.ready.union(lane.type for lane in transaction.lanes.values() if lane.pending)
    if types:
        done.jobs, done.more = lease_jobs(
            transaction, {each: demand.free.get(each, 0) for each in sorted(types)}
        )
    # After the jobs: it writes the parents, which leasing jobs has changed by now.
    if demand.starts_ready or any(row.naming == "ready" for row in transaction.touched.values()):
        done.starts = lease_starts(transaction, demand.actions, demand.starts)
