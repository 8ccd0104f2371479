"""Clients: each submits one run with all that is linked with it, and retries under its key until it is answered."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from actors.job import JobDefinition, Step
from actors.messages import KeyTaken, StagePage, Submitted
from runtime.staging import StagedFanOut
from runtime.submission import submission
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
        definitions: tuple[JobDefinition, ...],
        *,
        key: str | None,
        fan_out: list[Task] | None = None,
    ) -> None:
        self.world = world
        self.definition = definitions[0]
        self.definitions = definitions  # after the first, those that run before or after it
        self.key = key
        self.fan_out = fan_out
        self.run_id: int | None = None  # acknowledged
        self.refused = False  # its key is another request's
        self.tries = 0
        self._round = 0

    def __repr__(self) -> str:
        return f"<Client({self.definition.id})>"

    @property
    def satisfied(self) -> bool:
        """Whether it asks no more: one without a key asks once, for it can not tell what became of it."""
        return self.refused or self.run_id is not None or (self.key is None and self.tries > 0)

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
            yield submission(self.definitions, ids, self.key)
            return
        step = Step(
            name="quick",
            action="fan_out",
            config={"job_type": "quick", "pages": 0},
            concurrency=self.definition.steps[0].concurrency,
        )
        definition = JobDefinition(id=self.definition.id, name="Fan-out", steps=(step,))
        worker = machine.assembly.workers["quick"]
        made = StagedFanOut(ids.next(), ids.next(), definition, worker, keyed=self.key is not None)
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
                self._answered(reply.run_id)
            elif isinstance(reply, KeyTaken):
                self._was_refused(reply)
            else:
                self.world.failures.append(f"{self} was answered {reply!r}")

        machine.ask(store, request, settle)

    def _answered(self, run_id: int) -> None:
        """It is the run that the key stood for; another one only if the key was free again in between."""
        judge = self.world.judge
        freed = self.key is not None and len(judge.keyed.get(self.key, ())) > 1
        if self.run_id not in {None, run_id} and not freed:
            self.world.failures.append(f"{self} got {self.run_id}, then {run_id}")
        if run_id not in judge.every or (self.key and run_id not in judge.keyed[self.key]):
            self.world.failures.append(f"{self} got {run_id}, which is not the run of its key")
        elif judge.every[run_id].type != self.definition.id:
            self.world.failures.append(
                f"{self} got {run_id}, which another request made: {judge.every[run_id]}"
            )
        self.run_id = run_id

    def _was_refused(self, reply: KeyTaken) -> None:
        """Somebody else has the key: from the beginning, or since it was free again."""
        judge = self.world.judge
        if reply.key != self.key or reply.run_id not in judge.keyed.get(reply.key, ()):
            self.world.failures.append(f"{self} was told {reply!r}, which is not the run of its key")
        elif judge.every[reply.run_id].type == self.definition.id:
            self.world.failures.append(f"{self} was refused because of what it asked for itself: {reply!r}")
        self.refused = True

    def try_again(self) -> None:
        """Submit once more what was acknowledged: it is the same run."""
        if self.run_id is None or self.key is None:
            return
        machine = self.world.any_open()
        if machine is not None:
            self._round += 1
            self.world.met("submit_after_end" if self.ended else "submit_after_answer")
            self._next(machine, self._requests(machine), self._round)

    @property
    def ended(self) -> bool:
        """Whether its run has ended, or is gone."""
        return self.run_id is not None and self.world.judge.every[self.run_id].finished_at is not None
