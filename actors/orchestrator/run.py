"""RunOrchestrator: supervises the orchestrators of a run's live steps.

The step plan itself is carried out by the store in the committing transactions; this actor makes an orchestrator for
each step that has work here, restarts it (on the next work) when it dies, and gives up beyond the restart intensity.
"""

from actors.job import Closing
from actors.messages import (
    CloseParent,
    GiveBack,
    LeasesLost,
    ParentPicture,
    SeeToIt,
    StartMonitoring,
    StopMonitoring,
    SuperviseStep,
    Wiring,
)
from actors.orchestrator.contract import ParentJobOrchestrator
from actors.orchestrator.step import StepOrchestrator
from actors.receive import Address
from actors.supervision import RestartIntensity, add_restart


class RunOrchestrator(ParentJobOrchestrator):
    """One per live run."""

    def __init__(self) -> None:
        super().__init__()
        self._steps: dict[int, Address] = {}
        self._restarts: dict[int, tuple[float, ...]] = {}

    def receiveMsg_SuperviseStep(self, message: SuperviseStep, sender: Address) -> None:
        """There is work of this step: see that it has an orchestrator."""
        if message.step_id in self._steps or self._wiring is None or self._stopping:
            return
        start = StartMonitoring(message.run_id, message.step_id, self._wiring)
        self._steps[message.step_id] = self.spawn(StepOrchestrator, start)

    def receiveMsg_Wiring(self, message: Wiring, sender: Address) -> None:
        """Pass it on."""
        super().receiveMsg_Wiring(message, sender)
        for step in self._steps.values():
            self.send(step, message)

    def child_exited(self, address: Address, reason: str) -> None:
        """A step's orchestrator is gone: after its work, or because it died and its leases have to come back."""
        step_id = next((step for step, known in self._steps.items() if known == address), None)
        if step_id is None or self._wiring is None:
            return
        del self._steps[step_id]
        if reason != "normal" and not self._stopping:
            self._step_died(step_id, reason, self._wiring)
        self._leave_if_done()

    def _step_died(self, step_id: int, reason: str, wiring: Wiring) -> None:
        self.send(wiring.processor, LeasesLost(step_id))
        self.send(wiring.supervisor, SeeToIt(GiveBack(step_id, f"the step's orchestrator died ({reason})")))
        intensity: RestartIntensity = self.resource("restart_intensity")
        now = self.resource("clock").monotonic()
        self._restarts[step_id], too_many = add_restart(self._restarts.get(step_id, ()), now, intensity)
        if too_many:
            text = f"the step's orchestrator died more than {intensity.max_restarts} times"
            self.send(wiring.supervisor, SeeToIt(CloseParent(step_id, Closing.FAILED, text)))

    def pictured(self, picture: ParentPicture) -> None:
        """An ended run needs no orchestrator."""
        self._leave_if_done()

    def stopped(self, message: StopMonitoring) -> None:
        """Stop every step."""
        for step in self._steps.values():
            self.send(step, message)
        self._leave_if_done()

    def _leave_if_done(self) -> None:
        ended = self._picture is not None and self._picture.state.terminal
        if not self._steps and (ended or self._stopping):
            self.stop_self()

    def restarts(self) -> int:
        """Restarts of step orchestrators that still count."""
        return sum(map(len, self._restarts.values()))

    def running_here(self) -> int:
        """Steps of this run with work here."""
        return len(self._steps)
