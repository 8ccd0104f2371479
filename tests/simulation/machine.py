"""A runtime of a world: it draws its order of turns and its faults from the world's seed, and is judged by it."""

import random
import sqlite3
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from actors.messages import Drained
from actors.pace import UNLIMITED
from actors.seams import SeededRandom
from runtime.engine import EngineConfig
from runtime.precedence import Precedence
from runtime.settings import RuntimeSettings
from runtime.store.actor import StoreActor
from runtime.store.commit import Commit, Committer, Demand
from runtime.store.database import WritingDatabase
from runtime.store.file import StoreFile
from runtime.store.slots import Slots
from runtime.store.transaction import Transaction
from runtime.testing.bell import SimulatedDoorbell
from runtime.testing.connection import FaultyConnection
from runtime.testing.machine import Machine as SimulatedMachine
from runtime.testing.machine import SimulatedAssembly
from runtime.testing.turns import SeededQueue
from tests.simulation.pool import StorePool
from tests.simulation.tasks import PlanManager

if TYPE_CHECKING:
    from tests.simulation.world import World

LEASE_SECONDS = 3.0
DRAIN_SECONDS = 60.0
"""Beyond which a host would kill what does not end."""


class DrawnPace:
    """Sometimes there is room for few bodies of a step, sometimes for all; drawn by itself, so that no seed moves."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 (meant to be repeated)

    def room(self, dispatcher: str, sharing: int) -> int:
        """What there is room for this time."""
        return self._chance.choice((1, 1, 2, UNLIMITED))


class PooledAssembly(SimulatedAssembly):
    """A composition root whose stores are opened with connections of a pool."""

    def __init__(self, pool: StorePool, settings: RuntimeSettings, **options: Any) -> None:
        super().__init__(settings, **options)
        self._pool = pool

    def _opened(self, precedence: Precedence, database: WritingDatabase | None = None) -> StoreFile:
        return super()._opened(precedence, database or self._pool.open())


class JudgedConnection(FaultyConnection):
    """Also tells of transactions that are over and have changed nothing."""

    def __init__(self, machine: "Machine", connection: sqlite3.Connection) -> None:
        super().__init__(connection, machine, machine.committed)
        self._machine = machine

    def _commit(self, statement: str) -> sqlite3.Cursor:
        cursor = super()._commit(statement)
        if not self._wrote:
            self._machine.world.unchanged(self._machine, self.connection)
        return cursor


class Machine(SimulatedMachine):
    """One of a world's runtimes."""

    queue: SeededQueue

    def __init__(self, world: "World", number: int) -> None:
        self.world = world
        self.number = number
        self.owner = 0  # its number in the store, once that is open
        self.lease_ms, self.max_lost = round(LEASE_SECONDS * 1000), world.max_lost
        self.answered: list[tuple[Any, Any]] = []  # by the transaction that is committed
        self.tended = False  # by that transaction: the timed chores
        self.swept: frozenset[int] = frozenset()  # closing parents
        self._asked = self.tended, self.swept
        self.dead: dict[int, float] = {}  # others that were dead when it tended last, and since when
        settings = RuntimeSettings(
            store=world.pool.path,
            synchronous="OFF",
            busy_timeout_seconds=0.0,
            lease_seconds=LEASE_SECONDS,
            max_lost=world.max_lost,
            retention=world.retention,
        )
        queue = SeededQueue(world.chance, world.rates.slow, world.clock.monotonic)
        assembly = PooledAssembly(
            world.pool,
            settings,
            workers=world.workers,
            managers=[PlanManager],
            clock=world.clock,
            random=SeededRandom(world.chance.getrandbits(32)),
            resources={"naming_fault": world.naming_fault},
            doorbell=SimulatedDoorbell(world.bells, is_alive=lambda: self.alive, loses_ring=world.loses_ring),
            faulty=self._faulty,
        )
        config = EngineConfig(encode_messages=world.encodes, turn_messages=world.turn_messages)
        super().__init__(assembly, queue, config, DrawnPace(world.seed * 100 + number))

    def __repr__(self) -> str:
        return f"<Machine({self.number})>"

    def _faulty(self, file: StoreFile) -> FaultyConnection:
        self.owner = file.owner
        self.world.owners[file.owner] = self
        self._watch(file.committer)
        return JudgedConnection(self, file.connection)

    def _watch(self, committer: Committer) -> None:
        """Know what each transaction has answered to what, tended and swept, for the judge."""
        answer, transact, refuse = committer._answer, committer._transact, committer._refuse

        def answering(transaction: Transaction, requests: Sequence[Any]) -> list[Any]:
            replies = answer(transaction, requests)
            # What a commit in doubt has leased is given back first: the requests find other rows.
            self.answered = [] if committer._doubt is not None else list(zip(requests, replies, strict=True))
            self.tended, self.swept = self._asked
            return replies

        def transacting(
            requests: Sequence[Any],
            demand: Demand | None,
            sweep: Sequence[int],
            before: Sequence[Callable[[Transaction], Any]],
        ) -> Commit:
            tends = any(each.__qualname__.startswith("StoreFile.tend") for each in before)
            self._asked = tends, frozenset(sweep)
            return transact(requests, demand, sweep, before)

        def refusing(request: Any, error: Exception) -> list[Commit]:
            self.world.failures.append(f"{request!r:.300} failed on its own data: {error!r}")
            return refuse(request, error)

        committer._answer = answering  # type: ignore[method-assign]
        committer._transact = transacting  # type: ignore[method-assign]
        committer._refuse = refusing  # type: ignore[method-assign]

    @property
    def slots(self) -> Slots | None:
        """What its store's actor takes for leased; None while nobody knows what a commit in doubt has leased."""
        file = self.assembly.file
        if file is None or file.committer._doubt is not None:
            return None
        stores = [cell.actor for cell in self.engine.cells if isinstance(cell.actor, StoreActor)]
        return stores[-1]._slots if stores else None

    def at_begin(self) -> tuple[int, str]:
        """What goes wrong within the transaction that begins; what one that failed has answered, nobody hears."""
        self.answered, self.tended, self.swept = [], False, frozenset()
        return self.world.faults.at_begin()

    def at_commit(self) -> str:
        """What goes wrong with its commit."""
        return self.world.faults.at_commit()

    def committed(self, connection: Any) -> None:
        """A transaction of this runtime is durable."""
        self.world.committed(self, connection)

    def not_started(self) -> None:
        """In a world every runtime can start."""
        self.world.failures.append(f"{self} did not start: {self.refusal}")

    def drained(self, reply: Drained) -> None:
        """It has stopped, and ends after this step."""
        self.world.after_this_step.append(self.end)
