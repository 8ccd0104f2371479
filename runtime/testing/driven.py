"""DrivenAssembly: the composition root of a simulated runtime. Whoever asks it drives the simulation to the answer."""

import os
from collections.abc import Callable
from typing import Any

from actors.messages import Drain, Drained, HoldBack
from actors.receive import HandlerFailed
from actors.seams import SeededRandom
from runtime.closing import STOP_MARGIN_SECONDS
from runtime.engine import ActorDeadError, AskTimeoutError, HandlerFailedError, tell
from runtime.settings import RuntimeSettings
from runtime.store.database import StoreError
from runtime.store.file import StoreFile
from runtime.testing.bell import SimulatedDoorbell
from runtime.testing.connection import FaultyConnection
from runtime.testing.machine import Machine, SimulatedAssembly
from runtime.testing.simulation import Halt, Simulation
from runtime.testing.turns import TurnQueue

MakeQueue = Callable[[], TurnQueue]


class DrivenAssembly(SimulatedAssembly):
    """One runtime of a simulation, through all its starts and ends."""

    def __init__(
        self,
        settings: RuntimeSettings,
        simulation: Simulation,
        *,
        queue: MakeQueue,
        random: SeededRandom,
        faulty: Callable[[StoreFile], FaultyConnection] | None = None,
        **parts: Any,
    ) -> None:
        """Put it together; nothing runs before ``start``.

        Args:
            settings: of the runtime.
            simulation: whose turns it takes.
            queue: makes the queue of its ready turns.
            random: its chance.
            faulty: see ``SimulatedAssembly``.
            parts: its workers, managers, definitions and resources.
        """
        super().__init__(
            settings,
            clock=simulation.clock,
            random=random,
            doorbell=SimulatedDoorbell(simulation.bells, is_alive=lambda: self.alive),
            faulty=faulty,
            **parts,
        )
        self.simulation = simulation
        self._queue = queue
        self.machine: Machine | None = None

    @property
    def alive(self) -> bool:
        """Whether a machine of it lives."""
        return self.machine is not None and self.machine.alive

    @property
    def started(self) -> bool:
        """Whether a machine of it lives and has started."""
        return self.machine is not None and self.machine.alive and self.machine.started

    # -- life ---------------------------------------------------------------------------------------------------

    def boot(self) -> Machine:
        """Begin to start; the simulation's turns do the rest."""
        self._process, self._file, self.failure = os.getpid(), None, ""
        self.store, self.documents = None, self._stored_documents()
        self.machine = Machine(self, self._queue())
        self._system = self.machine.system
        self.simulation.machines.append(self.machine)
        return self.machine

    def start(self) -> None:
        """Start, and come back when it runs.

        Raises:
            StoreError: the store can not be used; nothing runs.
        """
        self.raise_if_forked()
        if self.running:
            return
        machine = self.boot()
        self.simulation.drive(lambda: machine.started or bool(machine.refusal))
        if not machine.started:
            self.kill()
            raise StoreError(machine.refusal or "the runtime did not start")

    def stop(self, grace_seconds: float, *, fill_index: bool) -> int:
        """Drain and stop; returns how many running jobs were given back."""
        machine = self.machine
        if not self.running or machine is None:
            return 0
        replies: list[object] = []

        def settle(reply: object, error: Exception | None) -> None:
            replies.append(reply or error)

        machine.draining = True
        machine.ask(machine.supervisor, Drain(grace_seconds, fill_index), settle)
        limit = self.clock.monotonic() + grace_seconds + STOP_MARGIN_SECONDS
        self.simulation.drive(lambda: bool(replies) or not machine.alive, limit=limit)
        reply = replies[0] if replies else None
        self._leave()
        return reply.given_back if isinstance(reply, Drained) else 0

    def kill(self) -> None:
        """End as by kill -9."""
        if self.machine is not None and self.machine.alive:
            self._leave()

    def _leave(self) -> None:
        machine = self.machine
        self._system = None
        if machine is None:
            return
        self._close_readers()
        if self.crawling.in_use:
            machine.dispatchers.loop.finish(self.crawling.aclose())
        if self._file is not None and self._file.closed:
            self._file = None  # it has drained: nothing is left to drop
        machine.kill()
        self._file = self.store = None
        if machine in self.simulation.machines:
            self.simulation.machines.remove(machine)

    def hurry(self) -> None:
        """While ``stop`` waits: the grace is over."""
        if self.machine is not None and self.machine.alive:
            tell(self.machine.system, self.machine.supervisor, Drain(0.0))

    def hold_back(self, types: dict[str, str]) -> None:
        """Have it take no jobs of these types, with the reasons, until it is told otherwise."""
        machine = self.machine
        if machine is not None and machine.wiring is not None:
            tell(machine.system, machine.wiring.processor, HoldBack(types))

    # -- requests -----------------------------------------------------------------------------------------------

    def ask(self, request: Any, timeout_seconds: float) -> Any:
        """Ask the store, and drive the simulation until it has answered.

        Raises:
            EngineError: there was no answer, and there will be none.
            RuntimeStateError: the runtime is not running.
        """
        self._running()
        limit = self.clock.monotonic() + timeout_seconds
        while True:
            store = self.store
            reply, error = self._answer(store, request, limit)
            if isinstance(reply, HandlerFailed):
                raise HandlerFailedError(reply)
            if error is None:
                return reply
            if not isinstance(error, ActorDeadError) or not self._replaced(store, limit):
                raise error

    def _ask_inside(self, request: Any, timeout_seconds: float) -> Any:
        """``ask`` by a body, in the middle of its turn: the store has turns meanwhile."""
        reply, error = self._answer(self.store, request, self.clock.monotonic() + timeout_seconds)
        if isinstance(reply, HandlerFailed):
            raise HandlerFailedError(reply)
        if error is not None:
            raise error
        return reply

    def _answer(self, store: Any, request: Any, limit: float) -> tuple[object, Exception | None]:
        answers: list[tuple[object, Exception | None]] = []
        machine = self.machine
        if machine is None or store is None:
            return None, ActorDeadError("the store is not open")
        machine.ask(store, request, lambda reply, error: answers.append((reply, error)))
        # Only the store has to do something: nobody else gets further by a request that is none of his.
        machine.queue.preferred = store.cell
        try:
            halt = self.simulation.drive(lambda: bool(answers) or not machine.alive, limit=limit)
        finally:
            machine.queue.preferred = None
        if halt is not Halt.DONE:
            raise AskTimeoutError(f"the store did not answer {type(request).__name__}: {halt.value}")
        return answers[0] if answers else (None, ActorDeadError("the runtime was killed"))

    async def ask_async(self, request: Any, timeout_seconds: float) -> Any:
        """``ask``; nothing else of the caller's loop runs meanwhile."""
        return self.ask(request, timeout_seconds)

    def _replaced(self, dead: Any, limit: float) -> bool:
        return self.simulation.drive(lambda: self.store != dead, limit=limit) is Halt.DONE
