"""Clients: each submits one run, retries under its key until it is answered, and may cancel something of it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from actors.job import JobDefinition, Step
from actors.messages import CancelAcknowledged, CancelJob, StagePage, Submit, Submitted
from runtime.staging import StagedFanOut
from tests.simulation.tasks import Task

if TYPE_CHECKING:
    from tests.simulation.machine import Machine
    from tests.simulation.world import World

PATIENCE_SECONDS = 1.5
"""A client that is not answered for so long asks again, maybe another runtime."""


class Client:
    """Wants one run."""

    def __init__(
        self,
        world: "World",
        definition: JobDefinition,
        *,
        key: str | None,
        fan_out: list[Task] | None = None,
    ) -> None:
        self.world = world
        self.definition = definition
        self.key = key
        self.fan_out = fan_out
        self.run_id: int | None = None  # acknowledged
        self.tries = 0
        self.cancelled: set[int] = set()  # acknowledged cancels
        self._round = 0

    def __repr__(self) -> str:
        return f"<Client({self.definition.id})>"

    @property
    def satisfied(self) -> bool:
        """Whether it asks no more: one without a key asks once, for it can not tell what became of it."""
        return self.run_id is not None or (self.key is None and self.tries > 0)

    # -- the submit ---------------------------------------------------------------------------------------------

    def try_it(self) -> None:
        """Submit, through any runtime that runs; and again if no answer comes."""
        if self.satisfied:
            return
        self._round += 1
        machine = self.world.any_open()
        if machine is None:
            self.world.after(0.3, self.try_it)
            return
        self.tries += 1
        if self.tries > 1:
            self.world.met("submit_retried")
        requests = self._requests(machine)
        self._next(machine, requests, self._round)
        if self.key is not None:
            self.world.after(PATIENCE_SECONDS, self._again, self._round)

    def _again(self, number: int) -> None:
        if number == self._round:
            self.try_it()

    def _requests(self, machine: "Machine") -> Iterator[Any]:
        ids = machine.assembly.ids
        if self.fan_out is None:
            steps = tuple(ids.next() for _ in self.definition.steps)
            yield Submit(self.definition, ids.next(), steps, self.key)
            return
        step = Step(
            name="quick",
            action="fan_out",
            config={"job_type": "quick", "pages": 0},
            concurrency=self.definition.steps[0].concurrency,
        )
        definition = JobDefinition(id=self.definition.id, name="Fan-out", steps=(step,))
        made = StagedFanOut(ids.next(), ids.next(), definition, machine.assembly.workers["quick"])
        for task in self.fan_out:
            yield from made.pages(ids, [task])
        yield made.submission(self.key)

    def _next(self, machine: "Machine", requests: Iterator[Any], number: int) -> None:
        store = machine.assembly.store
        if not machine.alive or store is None or number != self._round:
            return
        request = next(requests)

        def settle(reply: object, error: Exception | None) -> None:
            if not machine.alive:
                return
            if error is not None or self.world.loses_answer():
                return
            if isinstance(request, StagePage):
                self._next(machine, requests, number)
            elif isinstance(reply, Submitted):
                if self.run_id not in {None, reply.run_id}:
                    self.world.failures.append(f"{self} got {self.run_id}, then {reply.run_id}")
                self.run_id = reply.run_id
            else:
                self.world.failures.append(f"{self} was answered {reply!r}")

        machine.ask(store, request, settle)

    # -- cancels ------------------------------------------------------------------------------------------------

    def cancel(self) -> None:
        """Cancel the run, a step of it or a job, whatever there is."""
        row = self.world.judge.any_of(self.definition.id, self.world.chance)
        machine = self.world.any_open()
        if row is None or machine is None or machine.assembly.store is None:
            return
        job_id, kind = row
        self.world.met(f"cancel_{kind}")

        def settle(reply: object, error: Exception | None) -> None:
            if not machine.alive or error is not None:
                return
            if isinstance(reply, CancelAcknowledged):
                self.cancelled.add(job_id)
                self.world.failures += self.world.judge.cancel_acknowledged(job_id, kind)
            else:
                self.world.failures.append(f"cancel of {kind} {job_id} was answered {reply!r}")

        machine.ask(machine.assembly.store, CancelJob(job_id, "no longer wanted"), settle)
