"""JobProcessor: says how much this runtime can do, and routes what the store leased to those who do it.

It holds no job: a leased job goes straight to the orchestrator of its step, or waits here for the moment until that
orchestrator has introduced itself. What is ready but not leased stays in the store: that is the back-pressure.
"""

from actors.job import LeasedJob
from actors.messages import (
    CreateChildren,
    Drain,
    HoldBack,
    JobsToStop,
    Leased,
    LeasesLost,
    Monitoring,
    Retired,
    Retiring,
    RunChildren,
    SetDemand,
    SuperviseStep,
    Wiring,
)
from actors.receive import Address, TypedActor

NAMING_SLOTS = 64
"""Steps of which children are being named at once in one runtime."""

RESTING_WORKERS = 32_768
"""Worker actors without a job that all steps here may keep together, about a kilobyte each. Keeping them for the next
turn saves a fifth of the time; but among 10 000 steps those of a turn would be used every half minute."""
BUSY_STEPS = 1024
"""Beyond so many steps the next turn is so far off that they keep fewer together, too."""


class JobProcessor(TypedActor):
    """Leases and routes."""

    fails_whole = True

    def __init__(self) -> None:
        super().__init__()
        self._wiring: Wiring | None = None
        self._draining = False
        self._held_back: dict[str, str] = {}
        self._orchestrators: dict[int, Address] = {}
        self._sent: dict[int, int] = {}  # how often those were sent work
        self._sharing = 1  # steps that got work together, the last time
        self._run_of: dict[int, int] = {}  # step → run, of the steps known here
        self._waiting: dict[int, list[LeasedJob]] = {}  # of steps whose orchestrator is being made
        self._stops: dict[int, list[JobsToStop]] = {}  # that came for those

    def receiveMsg_Wiring(self, message: Wiring, sender: Address) -> None:
        """Tell the store what this runtime can do."""
        self._wiring = message
        self._order()

    def receiveMsg_HoldBack(self, message: HoldBack, sender: Address) -> None:
        """Take no jobs of some types, for now."""
        self._held_back = message.types
        self._order()

    def receiveMsg_Drain(self, message: Drain, sender: Address) -> None:
        """Take no more work."""
        self._draining = True
        self._order()

    def _order(self) -> None:
        """Tell the store what may be leased from now on."""
        if self._wiring is None:
            return
        if self._draining:
            self.send(self._wiring.store, SetDemand({}, 0, (), draining=True))
            return
        slots = {
            name: worker.options.slots
            for name, worker in self.resource("workers").items()
            if name not in self._held_back
        }
        actions = tuple(self._wiring.managers)
        self.send(self._wiring.store, SetDemand(slots, NAMING_SLOTS, actions, self._held_back))

    def receiveMsg_Leased(self, message: Leased, sender: Address) -> None:
        """Route jobs to their steps' orchestrators, and starts of steps to the managers."""
        by_step: dict[int, list[LeasedJob]] = {}
        for job in message.jobs:
            by_step.setdefault(job.step_id, []).append(job)
        if by_step:
            self._sharing = len(by_step)
        for step_id, jobs in by_step.items():
            orchestrator = self._orchestrators.get(step_id)
            if orchestrator is not None:
                self._sent[step_id] += 1
                self.send(orchestrator, RunChildren(tuple(jobs), self._resting(), self._sharing))
            else:
                self._wait(step_id, jobs)
        if self._wiring is None:
            return
        for start in message.starts:
            self.send(self._wiring.managers[start.step.action], CreateChildren(start))

    def _wait(self, step_id: int, jobs: list[LeasedJob]) -> None:
        waiting = self._waiting.get(step_id)
        if waiting is not None:
            waiting.extend(jobs)
            return
        self._waiting[step_id] = jobs
        self._run_of[step_id] = jobs[0].root_id
        if self._wiring is not None:
            self.send(self._wiring.supervisor, SuperviseStep(jobs[0].root_id, step_id))

    def receiveMsg_Monitoring(self, message: Monitoring, sender: Address) -> None:
        """An orchestrator introduces itself: it gets what waited for it."""
        self._orchestrators[message.step_id] = sender
        self._run_of[message.step_id] = message.run_id
        jobs = self._waiting.pop(message.step_id, None)
        self._sent[message.step_id] = int(bool(jobs))
        if jobs:
            self.send(sender, RunChildren(tuple(jobs), self._resting(), self._sharing))
        for stop in self._stops.pop(message.step_id, ()):
            self.send(sender, stop)

    def _resting(self) -> int:
        """How many resting workers each of the steps may keep."""
        steps = max(len(self._orchestrators), 1)
        return max(RESTING_WORKERS * min(BUSY_STEPS, steps) // steps**2, 1)

    def receiveMsg_Retiring(self, message: Retiring, sender: Address) -> None:
        """Forget the orchestrator, and tell it that nothing more comes; not while work is on its way to it."""
        step_id = message.parent_id
        if self._orchestrators.get(step_id) == sender:
            if message.received < self._sent[step_id]:  # a message may come twice
                return
            self._forget(step_id)
        self.reply(Retired(step_id))

    def receiveMsg_LeasesLost(self, message: LeasesLost, sender: Address) -> None:
        """Forget the dead orchestrators; their jobs were given back and will be leased again."""
        lost = [step for step, run in self._run_of.items() if message.parent_id in (step, run)]
        for step_id in lost:
            self._forget(step_id)
            self._waiting.pop(step_id, None)
            self._stops.pop(step_id, None)

    def receiveMsg_JobsToStop(self, message: JobsToStop, sender: Address) -> None:
        """Every orchestrator looks whether the job is its own; this is rare. One that is being made hears it later."""
        for orchestrator in self._orchestrators.values():
            self.send(orchestrator, message)
        for step_id, jobs in self._waiting.items():
            if any(job.id in message.job_ids for job in jobs):
                self._stops.setdefault(step_id, []).append(message)

    def _forget(self, step_id: int) -> None:
        self._orchestrators.pop(step_id, None)
        self._sent.pop(step_id, None)
        self._run_of.pop(step_id, None)
