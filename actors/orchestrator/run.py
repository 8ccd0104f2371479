"""RunOrchestrator: supervises the orchestrators of a run's live steps.

The step plan itself is carried out by the store in the committing transactions; this actor makes an orchestrator for
each step that has work here, restarts it (on the next work) when it dies, and gives up beyond the restart intensity.
When no step has had work here for a while it leaves memory, until the next work.
"""

from actors.job import Closing
from actors.messages import (
    CloseParent,
    Command,
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


class LeaveIfIdle(Command, frozen=True):
    """A while ago no step had work here."""


class RunOrchestrator(ParentJobOrchestrator):
    """One per live run."""

    def __init__(self) -> None:
        super().__init__()
        self._steps: dict[int, Address] = {}
        self._wanted: set[int] = set()  # steps for which an orchestrator is to follow the one that leaves
        self._restarts: dict[int, tuple[float, ...]] = {}

    def receiveMsg_SuperviseStep(self, message: SuperviseStep, sender: Address) -> None:
        """There is work of this step: see that it has an orchestrator."""
        self._take_work()
        if message.step_id in self._steps:
            self._wanted.add(message.step_id)  # that one is leaving, and was told that no more work comes
        else:
            self._supervise(message.step_id)

    def _supervise(self, step_id: int) -> None:
        if self._wiring is not None and self._start is not None and not self._stopping:
            start = StartMonitoring(self._start.run_id, step_id, self._wiring)
            self._steps[step_id] = self.spawn(StepOrchestrator, start)

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
        if step_id in self._wanted:
            self._wanted.remove(step_id)
            self._supervise(step_id)
        self._leave_if_done()
        if not self._steps and not self._ended():
            self.timers.start("idle", self._wiring.lease_seconds / 3, LeaveIfIdle())

    def receiveMsg_LeaveIfIdle(self, message: LeaveIfIdle, sender: Address) -> None:
        """Nothing of the run has had work here for a while: leave until there is some."""
        if not self._steps and self._wiring is not None:
            self._retire(self._wiring.supervisor)

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
        if self._steps or self._wiring is None:
            return
        if self._stopping:
            self.stop_self()
        elif self._ended():
            self._retire(self._wiring.supervisor)

    def restarts(self) -> int:
        """Restarts of step orchestrators that still count."""
        return sum(map(len, self._restarts.values()))

    def running_here(self) -> int:
        """Steps of this run with work here."""
        return len(self._steps)
