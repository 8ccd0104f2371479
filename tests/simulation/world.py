"""A world: several runtimes on one store, clients, and a clock, all in one thread and drawn from one seed.

A seed is repeated exactly: every turn, fault and commit is drawn from it, and ``trace`` sums them up.
"""

import heapq
import math
import random
import zlib
from collections import deque
from collections.abc import Callable
from itertools import count
from typing import Any

from actors.job import JobDefinition, LeasedJob
from actors.seams import ManualClock
from runtime.testing.bell import SimulatedDoorbell
from runtime.testing.connection import Killed
from tests.simulation.client import Client
from tests.simulation.faults import Faults
from tests.simulation.judge import Judge, Violation
from tests.simulation.machine import DRAIN_SECONDS, Machine
from tests.simulation.marks import Marks
from tests.simulation.operator import Operator
from tests.simulation.pool import StorePool
from tests.simulation.rates import draw_rates, draw_retention
from tests.simulation.scenario import Draw
from tests.simulation.script import draw_script
from tests.simulation.stranger import add_stranger
from tests.simulation.tasks import Task, TaskWorker

BEGINNING_MS = 1_767_225_600_000
"""2026-01-01, in whose first minute a world begins."""
TAIL = 50
SCRIPTED = 0.12
"""Share of the seeds with a ``Script``."""


class World:
    """One seed's world."""

    def __init__(self, seed: int, pool: StorePool) -> None:
        self.seed = seed
        self.pool = pool
        self.chance = random.Random(seed)  # noqa: S311 (meant to be repeated)
        self.rates = draw_rates(self.chance)
        self.clock = ManualClock(wall_ms=BEGINNING_MS + self.chance.randrange(60_000))
        self.marks = Marks()
        self.judge = Judge(self)
        self.failures: list[str] = []
        self.faults = Faults(self)
        self.quiet = self.aged = False
        self.quiet_since = math.inf
        self.quiet_seq = 0  # the last event before
        self.retention = draw_retention(self.chance)
        self.max_lost = self.chance.choice((1, 3, 3))
        self.damaged: set[int] = set()
        self.rate_starts: dict[str, int] = {}  # when a job of each rate key was leased last
        self.definitions: dict[str, JobDefinition] = {}
        self.encodes = self.chance.random() < 0.05
        self.turn_messages = self.chance.choice((1, 4, 64))
        draw = Draw(self.chance, self.rates.badness * 0.6)
        self.workers = [TaskWorker(name, options, self.began) for name, options in draw.options().items()]
        self.bells: dict[str, SimulatedDoorbell] = {}
        self.owners: dict[int, Machine] = {}
        self.declared: dict[tuple[int, int], tuple[Task, ...]] = {}  # by job and token: what it spawns
        self.documents: dict[tuple[int, int], int] = {}
        self._executions: dict[int, int] = {}
        self.after_this_step: list[Callable[[], None]] = []
        self.trace = 0
        self.tail: deque[str] = deque(maxlen=TAIL)
        self.steps = 0
        self._idle = False  # the last step was no turn
        self.commits = 0
        self._numbers = count(1)
        self._events: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self.machines: list[Machine] = []
        for _ in range(self.chance.choice((1, 2, 2, 3))):
            self.start_machine()
        self.clients = [self._client(draw, number) for number in range(self.chance.choice((1, 2, 3, 4)))]
        self.operator = Operator(self, draw)
        self.script = draw_script(self, self.chance) if self.chance.random() < SCRIPTED else None
        add_stranger(self)

    def __repr__(self) -> str:
        return f"<World(seed={self.seed}, steps={self.steps})>"

    def _client(self, draw: Draw, number: int) -> Client:
        key = f"key-{number}" if draw.chosen(0.85) else None
        fan_out = draw.payloads() if draw.chosen(0.25) else None
        if fan_out is None:
            return self.add_client(draw.together(f"run-{number}"), key, self.chance.random() * 2.0)
        return self.add_client((draw.definition(f"run-{number}"),), key, self.chance.random() * 2.0, fan_out)

    def add_client(
        self,
        definitions: tuple[JobDefinition, ...],
        key: str | None,
        seconds: float,
        fan_out: list[Task] | None = None,
    ) -> Client:
        """Somebody who will want a run."""
        if fan_out is None:
            self.definitions.update((each.id, each) for each in definitions)
        client = Client(self, definitions, key=key, fan_out=fan_out)
        self.after(seconds, client.try_it)
        return client

    # -- what the machines ask ----------------------------------------------------------------------------------

    def met(self, mark: str) -> None:
        """Count a mark."""
        self.marks[mark] += 1
        self.note(mark)

    def note(self, text: str) -> None:
        """One more line of the trace."""
        line = f"{self.steps} {self.clock.monotonic():.4f} {text}"
        self.tail.append(line)
        self.trace = zlib.crc32(line.encode(), self.trace)

    def naming_fault(self) -> str:
        """What goes wrong with a naming."""
        return self.faults.naming()

    def loses_answer(self) -> bool:
        """Whether an answer to a client is lost."""
        return self.faults.loses_answer()

    def loses_ring(self) -> bool:
        """Whether a ring of a doorbell is lost."""
        return self.faults.loses_ring()

    def began(self, job: LeasedJob, task: Task) -> str:
        """A body begins: what it is to do."""
        number = self._executions.get(job.id, 0)
        self._executions[job.id] = number + 1
        key = (job.id, job.token)
        if key in self.declared:
            self.failures.append(f"two bodies began under token {job.token} of job {job.id}")
        self.declared[key] = task.spawns
        self.documents[key] = task.documents
        row = self.judge.every[job.id]
        leased = row.token == job.token and row.state == "running"
        if leased and job.id in self.damaged:
            self.failures.append(f"a damaged row was executed: {row}")
        if leased and row.attempt != job.attempt:
            self.failures.append(f"attempt {job.attempt} began, its row counts {row.attempt}: {row}")
        act = task.acts[min(number, len(task.acts) - 1)]
        self.met(f"body_{act}")
        if not self.quiet and self.chance.random() < self.rates.hasty:
            self.operator.cancel_at_once(row)
        return act

    def committed(self, machine: Machine, connection: Any) -> None:
        """Judge a commit."""
        self.commits += 1
        self.failures += self.judge.committed(machine, connection)
        self.note(f"{machine.number} committed {self.judge.rows.token} {self.judge.rows.event_seq}")

    def unchanged(self, machine: Machine, connection: Any) -> None:
        """Judge what was answered by a transaction that changed nothing."""
        if machine.answered or machine.tended or machine.swept:
            self.failures += self.judge.unchanged(machine, connection)

    # -- machines -----------------------------------------------------------------------------------------------

    def start_machine(self) -> None:
        """One more runtime on the store."""
        self.machines.append(Machine(self, next(self._numbers)))

    def kill(self, machine: Machine, mark: str) -> None:
        """Kill a runtime, and maybe start another one later."""
        self.met(mark)
        machine.kill()
        self.machines.remove(machine)
        if not self.machines or self.chance.random() < 0.8:
            self.after(self.chance.choice((0.0, 0.1, 1.0)), self._restart)

    def _restart(self) -> None:
        self.met("restart")
        self.start_machine()

    def drain(self, machine: Machine) -> None:
        """Stop a runtime as its host would, with patience that ends."""
        self.met("drain")
        machine.drain(self.chance.choice((0.0, 0.5, 3.0)))
        self.after(DRAIN_SECONDS, self._lose_patience, machine)
        self.after(0.5, self._restart)

    def _lose_patience(self, machine: Machine) -> None:
        if machine not in self.machines:
            return
        if machine.paused_until == math.inf:
            self.kill(machine, "kill")
        else:
            self.failures.append(f"{machine} did not end in {DRAIN_SECONDS:g} s after it was told to")

    def any_open(self) -> Machine | None:
        """Any runtime that takes requests."""
        able = [
            each
            for each in self.machines
            if each.alive and not each.draining and each.assembly.store is not None
        ]
        return self.chance.choice(able) if able else None

    # -- time ---------------------------------------------------------------------------------------------------

    @property
    def quiet_for(self) -> float:
        """Seconds since the faults are over."""
        return self.clock.monotonic() - self.quiet_since

    def after(self, seconds: float, action: Callable[..., None], *arguments: Any) -> None:
        """Do something later."""
        due = self.clock.monotonic() + seconds
        heapq.heappush(self._events, (due, next(self._numbers), action, arguments))

    def step(self) -> None:
        """One turn of one runtime; or time passes until there is something to do.

        Raises:
            Violation: a promise was broken.
        """
        self.steps += 1
        now = self.clock.monotonic()
        while self._events and self._events[0][0] <= now:
            _, _, action, arguments = heapq.heappop(self._events)
            action(*arguments)
        if not self.quiet:
            self.faults.maybe()
        if (self.quiet or not self._events) and all(each.paused_until == math.inf for each in self.machines):
            self.start_machine()
        able = [each for each in self.machines if each.paused_until <= now and each.ready]
        self._idle = not able
        if able:
            self._turn(able[int(self.chance.random() * len(able))] if len(able) > 1 else able[0])
        else:
            self._let_time_pass(now)
        while self.after_this_step:
            self.after_this_step.pop(0)()
        self.machines = [each for each in self.machines if each.alive]
        if self.failures:
            raise Violation("\n".join(self.failures))

    def _turn(self, machine: Machine) -> None:
        try:
            machine.step()
        except Killed:
            self.kill(machine, "kill_in_transaction")
            return
        self.note(f"{machine.number} {machine.queue.last}")
        if machine.queue.met:
            for mark in machine.queue.met:
                self.met(mark)
            machine.queue.met.clear()
        if machine.assembly.failure and not machine.draining and machine in self.machines:
            self.kill(machine, "gave_up")

    def _let_time_pass(self, now: float) -> None:
        dues = [(each.paused_until, now if each.ready else each.next_due) for each in self.machines]
        times = [max(paused, due) for paused, due in dues if due is not None and paused < math.inf]
        if self._events:
            times.append(self._events[0][0])
        if not times:
            raise Violation("nothing will ever happen again")
        self.clock.advance(max(min(times) - now, 0.0) + 1e-6)
