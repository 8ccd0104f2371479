"""WorkerActor: one per child job whose body runs or may run, made and supervised by its step's orchestrator.

The body is not the handler: it runs on the worker type's dispatcher while this actor goes on receiving, so that
cancel, timeout and stop reach a running job.
"""

from typing import Any

from thespian.actors import ActorExitRequest

from actors.job import Attempt, AttemptError, Cancelled, Failed, Interrupted, LeasedJob, Step
from actors.messages import (
    AttemptEnded,
    BodyAbandoned,
    BodyEnded,
    BodyReturned,
    Command,
    RunJob,
    StartWorker,
    StopJob,
)
from actors.receive import Address, BodyFailed, TypedActor
from actors.seams import Random
from actors.worker.attempt import body_of, failure_of
from actors.worker.context import JobContext
from actors.worker.contract import JobWorker


class AttemptTimeoutError(Exception):
    """The attempt took longer than its worker type allows."""


class TimeOver(Command, frozen=True):
    """The attempt of this token has used its time, or its grace after it was told to stop."""

    token: int
    grace: bool


class WorkerActor(TypedActor):
    """Runs one job at a time; idle, it may take the next child of the same step and type."""

    fails_whole = True
    few_messages = True

    # As attributes of the class: thousands of these actors are made each second.
    _orchestrator: Address | None = None
    _worker: JobWorker | None = None
    _step: Step | None = None
    _tags: tuple[str, ...] = ()
    _job: LeasedJob | None = None
    _context: JobContext | None = None
    _body: Any = None
    _stopping: StopJob | None = None
    _timed_out = False
    _supervisor: Address | None = None

    @property
    def at_rest(self) -> bool:  # type: ignore[override]
        """Whether no body runs."""
        return self._body is None

    def receiveMsg_StartWorker(self, message: StartWorker, sender: Address) -> None:
        """Learn the step and the type."""
        self._orchestrator = sender
        self._worker = self.resource("workers")[message.job_type]
        self._step, self._tags = message.step, message.tags
        self._supervisor = message.supervisor
        self._random: Random = self.resource("random")
        self._clock = self.resource("clock")

    def receiveMsg_RunJob(self, message: RunJob, sender: Address) -> None:
        """Start the body."""
        worker, job = self._worker, message.job
        if worker is None or self._step is None:
            raise RuntimeError("RunJob before StartWorker")
        self._job, self._stopping, self._timed_out = job, None, False
        self._context = JobContext(job, self._step, self._tags, self._clock, self.resource)
        self._body = self.run_body(
            worker.options.dispatcher, body_of(worker, job, self._context, self._random), key=job.token
        )
        if worker.options.timeout_seconds:
            self.timers.start("attempt", worker.options.timeout_seconds, TimeOver(job.token, grace=False))

    def receiveMsg_BodyEnded(self, message: BodyEnded, sender: Address) -> None:
        """The body is done: report it, unless its attempt was settled without it."""
        job = self._job
        if job is None or message.attempt.lease != job.lease:
            return
        attempt = message.attempt
        if isinstance(attempt.outcome, Failed):
            attempt = self._stopped(attempt)
        self._report(attempt)

    def receiveMsg_BodyFailed(self, message: BodyFailed, sender: Address) -> None:
        """The body broke out (SystemExit) or its task was cancelled: a failed attempt, unless it was told to end."""
        job, worker = self._job, self._worker
        if job is None or worker is None or message.key != job.token:
            return
        failed = failure_of(
            RuntimeError(message.message),
            job.attempt,
            worker.options,
            self._random,
            at_ms=self._clock.wall_ms(),
            first_ms=job.backoff_ms,
        )
        text = message.message or message.error_type
        error = AttemptError(message.error_type, text, message.traceback, job.attempt, failed.error.at_ms)
        context, outcome = self._context, Failed(error, retry_in_ms=failed.retry_in_ms)
        attempt = Attempt(job.lease, job.step_id, outcome)
        if context is not None:
            kept, logs = context.kept_children(), context.log_lines()
            attempt = Attempt(job.lease, job.step_id, outcome, kept, logs=logs)
        self._report(self._stopped(attempt))

    def receiveMsg_StopJob(self, message: StopJob, sender: Address) -> None:
        """Tell the body; it has a grace to end."""
        if self._job is None or self._stopping is not None:
            return
        self._stopping = message
        self._tell_body()
        self._start_grace(self._job.token)

    def receiveMsg_TimeOver(self, message: TimeOver, sender: Address) -> None:
        """The time is used up: tell the body, and after the grace go on without it."""
        job = self._job
        if job is None or job.token != message.token:
            return
        if message.grace:
            self._abandon_body(job)
            lost = AttemptError(
                "AttemptTimeoutError", "the body did not end when it was told", "", job.attempt
            )
            self._report(self._stopped(Attempt(job.lease, job.step_id, Failed(lost))))
        else:
            self._timed_out = True
            self._tell_body()
            self._start_grace(job.token)

    def receiveMsg_ActorExitRequest(self, message: ActorExitRequest, sender: Address) -> None:
        """The end of this actor is the end of its body's record: tell the body, and let its thread be replaced."""
        if self._body is not None and self._job is not None:
            self._tell_body()
            self._abandon_body(self._job)

    def handler_failed(self, message: object, sender: Address, error: Exception) -> None:
        """A job whose body could not be started fails: with nobody at work on it, it would never end."""
        if not isinstance(message, RunJob):
            super().handler_failed(message, sender, error)
            return
        job = message.job
        cause = AttemptError(type(error).__name__, f"the body could not be started: {error}", "", job.attempt)
        self._report(Attempt(job.lease, job.step_id, Failed(cause)))

    def _start_grace(self, token: int) -> None:
        if self._worker is not None:
            self.timers.start("stop", self._worker.options.stop_grace_seconds, TimeOver(token, grace=True))

    def _abandon_body(self, job: LeasedJob) -> None:
        """It goes on without a record. The supervisor counts those, and is told when this one ends."""
        supervisor = self._supervisor
        if self._context is not None:
            self._context.mark_abandoned()
        self.send(supervisor, BodyAbandoned(job.type, job.lease))
        self._body.abandon((supervisor, BodyReturned(job.type, job.lease)))

    def _tell_body(self) -> None:
        if self._context is not None:
            self._context.mark_cancelled()
        self._body.cancel()

    def _stopped(self, attempt: Attempt) -> Attempt:
        """A failure after a stop is the stop's doing; after the time limit it is a timeout."""
        job, worker = self._job, self._worker
        if self._stopping is not None:
            stop = self._stopping
            ended = Interrupted() if stop.interrupted else Cancelled(stop.reason)
            return Attempt(attempt.lease, attempt.step_id, ended, logs=attempt.logs)
        if self._timed_out and job is not None and worker is not None:
            text = f"the attempt took longer than {worker.options.timeout_seconds:g} s"
            outcome = failure_of(
                AttemptTimeoutError(text),
                job.attempt,
                worker.options,
                self._random,
                at_ms=self._clock.wall_ms(),
                first_ms=job.backoff_ms,
            )
            return Attempt(attempt.lease, attempt.step_id, outcome, attempt.children, logs=attempt.logs)
        return attempt

    def _report(self, attempt: Attempt) -> None:
        if self._worker is not None and self._worker.options.timeout_seconds:
            self.timers.cancel("attempt")
        if self._stopping is not None or self._timed_out:
            self.timers.cancel("stop")
        self._job = self._context = self._body = None
        if self._orchestrator is not None:
            self.send(self._orchestrator, AttemptEnded(attempt))
