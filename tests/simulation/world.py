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
from pathlib import Path
from typing import Any

from actors.job import LeasedJob
from actors.seams import ManualClock
from runtime.testing.bell import SimulatedDoorbell
from runtime.testing.connection import Killed
from tests.simulation.client import Client
from tests.simulation.faults import Faults
from tests.simulation.judge import Judge, Violation
from tests.simulation.machine import DRAIN_SECONDS, Machine
from tests.simulation.marks import Marks
from tests.simulation.rates import draw_rates
from tests.simulation.scenario import Draw
from tests.simulation.tasks import Task, TaskWorker

CHAOS_STEPS = 500
FROZEN = 0.3
"""Share of the seeds in which one runtime stands still until the others have done everything."""
QUIET_STEPS = 8_000
QUIET_SECONDS = 300.0
"""Virtual time in which everything must have ended after the faults."""
TAIL = 50


class World:
    """One seed's world."""

    def __init__(self, seed: int, path: Path) -> None:
        self.seed = seed
        self.path = path
        self.chance = random.Random(seed)  # noqa: S311 (meant to be repeated)
        self.rates = draw_rates(self.chance)
        self.clock = ManualClock()
        self.marks = Marks()
        self.judge = Judge(self)
        self.failures: list[str] = []
        self.faults = Faults(self)
        self.quiet = False
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

    def __repr__(self) -> str:
        return f"<World(seed={self.seed}, steps={self.steps})>"

    def _client(self, draw: Draw, number: int) -> Client:
        definition = draw.definition(f"run-{number}")
        fan_out = draw.payloads() if draw.chosen(0.25) else None
        client = Client(self, definition, key=f"key-{number}" if draw.chosen(0.85) else None, fan_out=fan_out)
        self.after(self.chance.random() * 2.0, client.try_it)
        while self.chance.random() < self.rates.cancel * 0.5:
            self.after(self.chance.random() * 3.0, client.cancel)
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

    def at_begin(self) -> tuple[int, str]:
        """What goes wrong within a transaction."""
        return self.faults.at_begin()

    def at_commit(self) -> str:
        """What goes wrong with a commit."""
        return self.faults.at_commit()

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
        row = self.judge.jobs[job.id]
        if row.token == job.token and row.state == "running" and row.attempt != job.attempt:
            self.failures.append(f"attempt {job.attempt} began, its row counts {row.attempt}: {row}")
        act = task.acts[min(number, len(task.acts) - 1)]
        self.met(f"body_{act}")
        return act

    def committed(self, machine: Machine, connection: Any) -> None:
        """Judge a commit."""
        self.commits += 1
        self.note(f"{machine.number} committed")
        self.failures += self.judge.committed(machine, connection)

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

    # -- the whole ----------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Chaos, then quiet until everything has ended, then the last judgement.

        Raises:
            Violation: a promise was broken, with the last steps in a note.
        """
        try:
            while self.steps < CHAOS_STEPS and not self.at_rest():
                self.step()
            self.calm_down()
            self._come_to_rest()
            if self.thaw():
                self._come_to_rest()
            from tests.simulation.rest import judge_rest

            judge_rest(self)
            self.note("at rest")
        except BaseException as error:
            error.add_note("\n".join((*self.tail, f"seed {self.seed}, step {self.steps}, {self.rates}")))
            raise
        finally:
            self.close()

    def _come_to_rest(self) -> None:
        steps, seconds = self.steps + QUIET_STEPS, self.clock.monotonic() + QUIET_SECONDS
        while not self.at_rest():
            self.step()
            if self.steps > steps or self.clock.monotonic() > seconds:
                raise Violation(f"not at rest: {self.unrest()}")

    def calm_down(self) -> None:
        """From now on nothing goes wrong any more."""
        self.quiet = True
        self.clock.set_wall_ms(self.clock.wall_ms() + 2 * 86_400_000)  # past all that the jumps have put off
        for machine in self.machines:
            machine.paused_until = 0.0
            machine.queue.slow = 0.0
        if len(self.machines) > 1 and self.chance.random() < FROZEN:
            self.met("frozen")
            self.chance.choice(self.machines).paused_until = math.inf
        self.note("quiet")

    def thaw(self) -> bool:
        """Let a runtime that was frozen all the while go on; whether there was one."""
        frozen = [each for each in self.machines if each.paused_until == math.inf]
        for machine in frozen:
            machine.paused_until = 0.0
        self._idle = False
        return bool(frozen)

    def at_rest(self) -> bool:
        """Whether everything has ended and nobody wants anything."""
        return self._idle and not self.unrest()

    def unrest(self) -> list[Any]:
        """What has not ended."""
        left: list[Any] = [job for job in self.judge.jobs.values() if job.finished_at is None]
        left += [parent for parent in self.judge.parents.values() if parent.id in {job.id for job in left}]
        left += [client for client in self.clients if not client.satisfied]
        awake = [each for each in self.machines if each.paused_until < math.inf]
        left += [(each, each.doing) for each in awake if each.draining or each.busy]
        if not self.machines:
            left.append("no runtime runs")
        return left

    def close(self) -> None:
        """Leave nothing open."""
        for machine in self.machines:
            machine.kill()
