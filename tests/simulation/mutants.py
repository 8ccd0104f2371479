"""Mutants: the mistakes other systems of this kind make, each as a change of our code that lives in these tests only.

``mutants_of_work`` and ``mutants_of_operation`` have more, part by part. Each is to be found within a thousand seeds.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from runtime.store import transaction as transactions
from runtime.store.commit import Committer
from runtime.store.transaction import Transaction
from runtime.store.verbs import children, end, lease, name, recover, settle, sweep, take
from tests.simulation.client import Client
from tests.simulation.mutants_of_operation import OF_OPERATION
from tests.simulation.mutants_of_work import OF_WORK
from tests.simulation.mutation import Patch, set_to, source_of, text_of


@contextmanager
def spawn_in_a_second_transaction() -> Iterator[None]:
    """Children are inserted after the commit of their spawner's outcome."""
    waiting: list[tuple[int, Any, int]] = []
    real_insert, real_transact = children.insert_children, Committer._transact

    def later(_: Transaction, parent: Any, specs: Any, spawned_by: int) -> list[int]:
        waiting.append((parent.id, specs, spawned_by))
        return []

    def transact(self: Committer, *arguments: Any) -> Any:
        done = real_transact(self, *arguments)
        while waiting:
            parent_id, specs, spawned_by = waiting.pop()

            def chore(
                transaction: Transaction,
                parent_id: int = parent_id,
                specs: Any = specs,
                spawner: int = spawned_by,
            ) -> None:
                real_insert(transaction, transaction.parent(parent_id), specs, spawner)

            real_transact(self, (), None, (), (chore,))
        return done

    with set_to(settle, "insert_children", later), set_to(Committer, "_transact", transact):
        yield


@contextmanager
def finish_on_counts_in_memory() -> Iterator[None]:
    """A process keeps the parents' counts from one transaction to the next and does not read them again."""
    known: dict[tuple[int, int], Any] = {}
    real: Any = transactions.__dict__["read_parents"]

    def remembered(connection: Any, ids: Any) -> list[Any]:
        wanted = list(ids)
        missing = [each for each in wanted if (id(connection), each) not in known]
        known.update(((id(connection), row.id), row) for row in real(connection, missing))
        return [known[id(connection), each] for each in wanted if (id(connection), each) in known]

    with set_to(transactions, "read_parents", remembered):
        yield


@contextmanager
def events_outside_the_transaction() -> Iterator[None]:
    """The events of a commit are written by the next one."""
    left: dict[int, Any] = {}
    real = Transaction.finish

    def finish(self: Transaction) -> Any:
        mine = self.events
        before = left.pop(id(self.connection), None)
        left[id(self.connection)] = mine
        self.events = before if before is not None else type(mine)()
        return real(self)

    with set_to(Transaction, "finish", finish):
        yield


LISTED: dict[str, tuple[Patch, ...]] = {
    "settle without token": (
        text_of(settle, "COMPLETE", "AND job.token = j.value ->> 1 ", ""),
        source_of(settle._settle_one, "found.token != attempt.lease.token", "False"),
    ),
    "spawn in a second transaction": (spawn_in_a_second_transaction,),
    "finish on counts kept only in memory": (finish_on_counts_in_memory,),
    "finish after a quiet period": (
        source_of(
            end.settle_parent,
            "parent.open == 0",
            "parent.open == 0 and transaction.now_ms % 1000 > 500",
        ),
    ),
    "requeue inside a cancelled tree": (
        source_of(recover.give_back, "parent.closing is not None or cancel_reason is not None", "False"),
    ),
    "submit retried without key": (
        source_of(
            Client._requests,
            "yield submission(self.definitions, ids, self.key)",
            "yield submission(self.definitions, ids, None)",
        ),
    ),
    "event outside the transaction": (events_outside_the_transaction,),
    "attempt counted after instead of before": (
        text_of(take, "MARK", "attempt = attempt + 1, ", ""),
        source_of(
            settle._put_back, "found.attempt if counted else found.attempt - 1", "found.attempt + counted"
        ),
        text_of(recover, "_LOSE", "attempt = attempt - 1, ", ""),
        text_of(recover, "_RETURN", "attempt = attempt - 1, ", ""),
    ),
}
"""The mutants that are demanded."""

OTHERS: dict[str, tuple[Patch, ...]] = {
    "a lease is taken from a runtime that holds it": (
        source_of(recover.expire_leases, "lease_expires < ?", "lease_expires > ?"),
    ),
    "a lease that ran out is not taken": (
        source_of(
            recover.expire_leases, "owner = ? AND lease_expires < ?", "owner = ? AND lease_expires < ? AND 0"
        ),
    ),
    "a page is recorded under any token": (
        source_of(name._held, 'or parent.naming != "leased" or parent.token != start.token', ""),
    ),
    "a page is recorded without its cursor": (
        source_of(name.name_children, "None if full else page.next_cursor", "None"),
    ),
    "a stale attempt's spawns are kept": (
        source_of(
            settle._settle_one, "return False", "_record(transaction, found.parent, attempt); return False"
        ),
    ),
    "a settlement that comes twice counts twice": (
        source_of(settle._settle_one, "found.state is not JobState.RUNNING", "False"),
        lambda: set_to(settle, "expect", lambda *_: None),  # which would refuse it too
    ),
    "spawns under a closing step are made": (
        source_of(settle._spawn, "parent.closing is not None", "False"),
    ),
    "a failed attempt in a cancelled tree is repeated": (
        source_of(settle._fail, " and found.stopping is None", ""),
        source_of(settle._put_back, "found.stopping is not None", "False"),
    ),
    "attempts are not limited": (source_of(settle._fail, "found.attempt < found.max_attempts", "True"),),
    "a lost attempt is used up": (text_of(recover, "_LOSE", "attempt = attempt - 1, ", ""),),
    "what a commit leased whose answer was lost is not given back": (
        source_of(Committer._transact, "if self._doubt is not None:", "if False:"),
    ),
    "the waiting jobs of a closing step are not swept": (
        source_of(sweep.sweep_parent, "if not rows:", "if True:"),
    ),
    "a step that is over lets nobody behind it start": (
        source_of(end._release_dependents, "row.waiting -= 1", "pass"),
    ),
    "more are leased than a step's concurrency": (
        source_of(
            lease._share, "parent.concurrency - parent.running if parent.concurrency else slots", "slots"
        ),
    ),
}
"""Mutants of our own choice."""

ALL = LISTED | OTHERS | OF_WORK | OF_OPERATION

BY_TEST: dict[str, str] = {
    "leases of another boot are kept": "tests/store/test_recovery.py::test_leases_of_another_boot_are_over",
    "what was given back is told of after its step has closed": (
        "tests/store/test_lost_attempts.py::test_jobs_that_come_back_are_told_of_before_their_step_closes"
    ),
}
"""Mutants that no world can show, or one in thousands, and the test of the suite that each makes fail.

Leases of another boot: after a reboot all runtimes of a world are dead, and dead owners are found by their locks.
Told of after the closing: seed 6541 was the first that showed it, when it was a fault.
"""


@contextmanager
def mutated(sentence: str) -> Iterator[None]:
    """Run with that mutant."""
    with ExitStack() as stack:
        for patch in ALL[sentence]:
            stack.enter_context(patch())
        yield
