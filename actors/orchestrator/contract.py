"""ParentJobOrchestrator: what the orchestrators of runs and of steps have in common."""

import msgspec

from actors.job import Counts, JobState
from actors.messages import (
    GetMonitoringStatus,
    MonitoringStatus,
    ParentPicture,
    ParentProgress,
    Retired,
    Retiring,
    StartMonitoring,
    StopMonitoring,
    UnwatchParent,
    WatchParent,
    Wiring,
)
from actors.receive import Address, TypedActor


class ParentJobOrchestrator(TypedActor):
    """Supervises one parent job to its end.

    The parent's rows are the truth and this actor is a cache of them: it watches the parent in the store, gets its
    picture now and after every commit that touches it, and never decides. While nothing of the parent runs here it
    leaves memory, and is made anew for the next work. It understands:

    - ``StartMonitoring``: begin; the first message it gets
    - ``StopMonitoring``: stop without an end; what runs is interrupted and given back
    - ``GetMonitoringStatus``: answered by ``MonitoringStatus``
    """

    fails_whole = True
    few_messages = True

    def __init__(self) -> None:
        super().__init__()
        self._start: StartMonitoring | None = None
        self._wiring: Wiring | None = None
        self._picture: ParentPicture | None = None
        self._stopping = False
        self._received = 0  # messages with work
        self._retiring = False

    @property
    def _job_id(self) -> int:
        if self._start is None:
            return 0
        return self._start.run_id if self._start.step_id is None else self._start.step_id

    def receiveMsg_StartMonitoring(self, message: StartMonitoring, sender: Address) -> None:
        """Watch the parent's rows."""
        self._start = message
        self._wiring = message.wiring
        self.send(message.wiring.store, WatchParent(self._job_id))

    def receiveMsg_Wiring(self, message: Wiring, sender: Address) -> None:
        """An actor of the runtime was restarted: watch again, at the new store."""
        self._wiring = message
        self.send(message.store, WatchParent(self._job_id))

    def receiveMsg_ParentPicture(self, message: ParentPicture, sender: Address) -> None:
        """A commit touched the parent: publish it and react."""
        self._picture = message
        if self._wiring is not None:
            self.send(self._wiring.events, ParentProgress(message))
        self.pictured(message)

    def receiveMsg_StopMonitoring(self, message: StopMonitoring, sender: Address) -> None:
        """Stop what runs below."""
        if not self._stopping:
            self._stopping = True
            self.stopped(message)

    def receiveMsg_GetMonitoringStatus(self, message: GetMonitoringStatus, sender: Address) -> None:
        """Tell what is known here."""
        picture = self._picture
        self.reply(
            MonitoringStatus(
                job_id=self._job_id,
                state=picture.state if picture else JobState.PENDING,
                counts=picture.counts if picture else Counts(),
                running_here=self.running_here(),
                restarts=self.restarts(),
            )
        )

    def receiveMsg_Refused(self, message: object, sender: Address) -> None:
        """There is no such parent any more: nothing is left to supervise."""
        self.stop_self()

    def receiveMsg_Retired(self, message: Retired, sender: Address) -> None:
        """Nothing more will be sent here: leave memory; and if the parent goes on, its watch in the store."""
        if self._wiring is not None and not self._ended():
            self.send(self._wiring.store, UnwatchParent(self._job_id))
        self.stop_self()

    def _ended(self) -> bool:
        """Whether the parent has ended, as far as is known here."""
        return self._picture is not None and self._picture.state.terminal

    def _take_work(self) -> None:
        """Work has come. If the parent had ended, an operator has retried it: look at it anew, and go on watching."""
        self._received += 1
        self._retiring = False
        picture = self._picture
        if picture is not None and picture.state.terminal and self._wiring is not None:
            self._picture = msgspec.structs.replace(
                picture, state=JobState.RUNNING, closing=None, reason=None
            )
            self.send(self._wiring.store, WatchParent(self._job_id))

    def _retire(self, whom: Address) -> None:
        """Ask, once, to be sent no more work by whoever sends it."""
        if not self._retiring:
            self._retiring = True
            self.send(whom, Retiring(self._job_id, self._received))

    def pictured(self, picture: ParentPicture) -> None:
        """React to the parent's new picture."""

    def stopped(self, message: StopMonitoring) -> None:
        """Stop what runs below."""

    def running_here(self) -> int:
        """Children of this parent that this runtime runs now."""
        return 0

    def restarts(self) -> int:
        """Restarts below this orchestrator that still count."""
        return 0
