"""StepOrchestrator: supervises the worker actors of its step's running children, and settles what they report.

It creates the worker actors, hears when one dies without a report and settles that attempt as failed. While bodies
never block, so that one thread does them all, most children would only wait for it with a worker actor each; then they
wait here, and a few workers take one after the other (``actors.pace`` says how many). Settlements are gathered for the
length of one turn of its mailbox, or until some are together, and kept until the store has answered, so that a store
that was restarted gets them again: the same settlement twice is recorded once. It leaves memory when the step has
ended, and while the step has no work here: a step that waits costs no actor.
"""

from collections.abc import Sequence

from actors.job import Attempt, AttemptError, Closing, Failed, LeasedJob, Step
from actors.messages import (
    AttemptEnded,
    Command,
    ExtendLeases,
    JobsToStop,
    Monitoring,
    ParentPicture,
    RunChildren,
    RunJob,
    Settle,
    Settled,
    StartWorker,
    StopJob,
    StopMonitoring,
    Wiring,
)
from actors.orchestrator.contract import ParentJobOrchestrator
from actors.orchestrator.turns import Turns
from actors.pace import UNLIMITED, Pace
from actors.receive import Address
from actors.worker.actor import WorkerActor
from actors.worker.observed import ObservedWorkerActor

SPARE_WORKERS = 32
"""Idle worker actors kept per type while no child waits; while some do, as many as the processor allows."""
TOGETHER = 32
"""Settlements sent together while children wait here, and so will end soon."""
LOOK_SECONDS = 0.02
"""Between looks whether bodies block by now, while children wait here. Most are started by the end of another."""


class SendSettlements(Command, frozen=True):
    """Send the store what was gathered."""


class Extend(Command, frozen=True):
    """Time to extend the leases of the children that still run, or to leave if none does."""


class StartWaiting(Command, frozen=True):
    """Time to look whether the children that wait here may all be started."""


class StepOrchestrator(ParentJobOrchestrator):
    """One per live step."""

    def __init__(self) -> None:
        super().__init__()
        self._step: Step | None = None
        self._workers: dict[Address, LeasedJob] = {}  # busy ones
        self._resting = SPARE_WORKERS
        self._idle: dict[str, list[Address]] = {}
        self._types: dict[Address, str] = {}
        self._early: list[LeasedJob] = []  # came before the first picture
        self._turns: dict[str, Turns] = {}  # by dispatcher
        self._turns_of: dict[str, Turns] = {}  # by type
        self._waiting = 0  # children that have no worker yet
        self._sharing = 1
        self._gathered: list[Attempt] = []
        self._sending = False
        self._unsettled: dict[int, tuple[Attempt, ...]] = {}
        self._number = 0
        self._stop_told: StopJob | None = None
        self._worker_class = WorkerActor

    # -- children -----------------------------------------------------------------------------------------------

    def receiveMsg_RunChildren(self, message: RunChildren, sender: Address) -> None:
        """Run each in a worker actor, now or when its turn comes."""
        if self._ended() and not self._stopping:
            self._stop_told = None  # that was of the time before a retry
        self._take_work()
        self._resting, self._sharing = message.resting, message.sharing
        if self._step is None:
            self._early.extend(message.jobs)
        else:
            self._run_all(message.jobs, self._step)

    def _run_all(self, jobs: Sequence[LeasedJob], step: Step) -> None:
        for job in jobs:
            turns = self._turns_of.get(job.type) or self._new_turns(job.type)
            turns.waiting.append(job)
        self._waiting += len(jobs)
        self._start_waiting(step)
        if self._waiting:
            self.timers.start("waiting", LOOK_SECONDS, StartWaiting())

    def _new_turns(self, job_type: str) -> Turns:
        dispatcher = self.resource("workers")[job_type].options.dispatcher
        turns = self._turns.setdefault(dispatcher, Turns(dispatcher))
        self._turns_of[job_type] = turns
        return turns

    def receiveMsg_StartWaiting(self, message: StartWaiting, sender: Address) -> None:
        """Bodies may block by now: then each child gets a worker, and what has ended waits for nothing more."""
        if self._step is not None:
            self._run_all((), self._step)
        self._send_soon(enough=1)

    def _start_waiting(self, step: Step) -> None:
        """Start as many of those that wait as are worth it; all of them if they are to be told to stop."""
        if not self._waiting:
            return
        pace: Pace = self.resource("pace")
        for turns in self._turns.values():
            told = self._stop_told is not None
            for job in turns.begun(UNLIMITED if told else pace.room(turns.dispatcher, self._sharing)):
                self._waiting -= 1
                self._run(job, step)
        self._send_soon()

    def _run(self, job: LeasedJob, step: Step) -> None:
        idle = self._idle.get(job.type)
        if idle:
            worker = idle.pop()
        else:
            tags = self._picture.tags if self._picture is not None else ()
            trace = self._picture.trace if self._picture is not None else None
            supervisor = self._wiring.supervisor if self._wiring is not None else None
            start = StartWorker(job.type, step, tags, supervisor, trace)
            worker = self.spawn(self._worker_class, start)
            self._types[worker] = job.type
        self._workers[worker] = job
        self.send(worker, RunJob(job))
        if self._stop_told is not None:
            self.send(worker, self._stop_told)

    def receiveMsg_AttemptEnded(self, message: AttemptEnded, sender: Address) -> None:
        """A worker's report: settle it, and give the worker the next child, or keep it for one."""
        self._gathered.append(message.attempt)
        job = self._workers.pop(sender, None)
        if job is not None:
            self._worker_ended(sender, job)
        self._send_soon()

    def _worker_ended(self, sender: Address, job: LeasedJob) -> None:
        following = self._turns_of[job.type].following(job.type)
        if following is not None:
            self._waiting -= 1
            self._workers[sender] = following
            self.send(sender, RunJob(following))
            return
        idle = self._idle.setdefault(job.type, [])
        if len(idle) < (self._resting if self._more_follow() else min(SPARE_WORKERS, self._resting)):
            idle.append(sender)
        else:
            self._types.pop(sender, None)
            self.stop_child(sender)
        self._worker_free(job.type)

    def _worker_free(self, job_type: str) -> None:
        """A worker has ended, or is without a child."""
        self._turns_of[job_type].at_work -= 1
        if self._step is not None:
            self._start_waiting(self._step)

    def _more_follow(self) -> bool:
        """Whether children wait in the store that an idle worker could soon take."""
        picture = self._picture
        return picture is not None and (picture.counts.pending > 0 or not picture.named)

    def child_exited(self, address: Address, reason: str) -> None:
        """A worker actor is gone. If it was running a child, that attempt has failed."""
        job_type = self._types.pop(address, None)
        job = self._workers.pop(address, None)
        if job is None:
            if job_type is not None and address in self._idle.get(job_type, ()):
                self._idle[job_type].remove(address)
            return
        error = AttemptError(
            "WorkerDiedError", f"the worker actor died ({reason}) without a report", "", job.attempt
        )
        self._gathered.append(Attempt(job.lease, job.step_id, Failed(error)))
        self._worker_free(job.type)
        self._send_soon()

    # -- settlements --------------------------------------------------------------------------------------------

    def _send_soon(self, enough: int = TOGETHER) -> None:
        """Send what is gathered with the next turn of the mailbox; while children wait, more are about to end."""
        gathered = len(self._gathered)
        if gathered and not self._sending and (gathered >= enough or not self._waiting):
            self._sending = True
            self.send(self.myAddress, SendSettlements())

    def receiveMsg_SendSettlements(self, message: SendSettlements, sender: Address) -> None:
        """What was gathered before this message goes to the store together."""
        self._sending = False
        if self._gathered and self._wiring is not None:
            self._number += 1
            attempts = tuple(self._gathered)
            self._gathered.clear()
            self._unsettled[self._number] = attempts
            self.send(self._wiring.store, Settle(self._number, attempts))

    def receiveMsg_Settled(self, message: Settled, sender: Address) -> None:
        """The store has recorded them; those it refused belong to somebody else by now."""
        self._unsettled.pop(message.number, None)
        if not self._workers:
            self._retire_if_done()

    def receiveMsg_Wiring(self, message: Wiring, sender: Address) -> None:
        """The store may be a new one: send it again what it has not answered."""
        super().receiveMsg_Wiring(message, sender)
        for number, attempts in self._unsettled.items():
            self.send(message.store, Settle(number, attempts))

    def receiveMsg_Extend(self, message: Extend, sender: Address) -> None:
        """The children that run have living actors: keep their leases. Without any, leave until there is work."""
        if self._wiring is None:
            return
        if self._workers:
            waiting = (job for turns in self._turns.values() for job in turns.waiting)
            held = (*self._workers.values(), *waiting)
            self.send(self._wiring.store, ExtendLeases(tuple(job.id for job in held)))
        else:
            self._retiring = False  # if that was said before, there was no answer
            self._retire_if_done(idle=True)
        self.timers.start("extend", self._wiring.lease_seconds / 3, Extend())

    # -- the parent ---------------------------------------------------------------------------------------------

    def pictured(self, picture: ParentPicture) -> None:
        """The first picture tells the step: introduce oneself. A cancel reaches every running body."""
        if self._step is None and picture.step is not None and self._wiring is not None:
            self._step = picture.step
            if self.resource("observer") is not None:
                self._worker_class = ObservedWorkerActor
            self.send(self._wiring.processor, Monitoring(picture.run_id, picture.id))
            self.timers.start("extend", self._wiring.lease_seconds / 3, Extend())
            early, self._early = self._early, []
            if early:
                self._run_all(early, self._step)
        if not picture.state.terminal and picture.closing in {Closing.CANCEL, Closing.TIMEOUT}:
            self._stop_children(StopJob(interrupted=False, reason=picture.reason or "cancelled"))
        if not self._workers:
            self._retire_if_done()

    def receiveMsg_JobsToStop(self, message: JobsToStop, sender: Address) -> None:
        """Single jobs were cancelled: tell those that run here, also those that were to run next."""
        wanted = set(message.job_ids)
        if self._waiting and self._step is not None:
            for job in [job for turns in self._turns.values() for job in turns.taken_out(wanted)]:
                self._waiting -= 1
                self._run(job, self._step)
            self._send_soon()
        for worker, job in self._workers.items():
            if job.id in wanted:
                self.send(worker, StopJob(interrupted=False, reason="cancelled"))

    def stopped(self, message: StopMonitoring) -> None:
        """The runtime stops: attempts are interrupted and given back."""
        self._stop_children(StopJob(interrupted=True, reason=message.reason))
        self._retire_if_done()

    def _stop_children(self, message: StopJob) -> None:
        if self._stop_told is None:
            for worker in self._workers:
                self.send(worker, message)
            self._stop_told = message
            if self._step is not None:
                self._start_waiting(self._step)

    def _retire_if_done(self, *, idle: bool = False) -> None:
        """Leave memory when nothing runs here: at once if the step has ended, else if it was idle for a while."""
        if self._workers or self._gathered or self._unsettled or self._early or self._wiring is None:
            return
        if self._stopping and not self._types:
            self.stop_self()
        elif idle or self._stopping or self._ended():
            self._retire(self._wiring.processor)

    def running_here(self) -> int:
        """Children of which this runtime has leases."""
        return len(self._workers) + self._waiting
