"""ObservedWorkerActor: a WorkerActor that lets an observer see each attempt, for traces and log lines.

It takes the place of WorkerActor only where the runtime has an observer, so that a runtime without one pays nothing.
"""

from collections.abc import Callable
from typing import Any, Protocol

import msgspec
from thespian.actors import ActorExitRequest

from actors.extras import Body
from actors.job import Attempt, Interrupted, LeasedJob, StepTrace
from actors.messages import StartWorker
from actors.receive import Address
from actors.worker.actor import WorkerActor
from actors.worker.context import JobContext


class Observation(Protocol):
    """One attempt, from the start of its body to its end."""

    trace_context: str | None
    """What the jobs that it spawns link to; None if it is not traced."""

    def around(self, body: Callable[[], Any], *, on_loop: bool) -> Callable[[], Any]:
        """The body, so that it runs within this attempt's context; ``on_loop``: it returns a coroutine."""
        ...

    def end(self, attempt: Attempt) -> None:
        """The attempt ended so; called once."""
        ...


class Observer(Protocol):
    """The resource ``observer``, as worker actors use it. It must not raise and not block."""

    def begin(self, job: LeasedJob, context: JobContext, trace: StepTrace | None) -> Observation:
        """The body of this attempt is about to start."""
        ...


class ObservedWorkerActor(WorkerActor):
    """Runs one job at a time, and tells the observer."""

    _observer: Observer
    _trace: StepTrace | None = None
    _observation: Observation | None = None

    def receiveMsg_StartWorker(self, message: StartWorker, sender: Address) -> None:
        """Learn the step and the type, and where the step is in its run's trace."""
        super().receiveMsg_StartWorker(message, sender)
        self._observer = self.resource("observer")
        self._trace = message.trace

    def run_body(self, dispatcher: str, function: Callable[[], Any], *, key: int = 0) -> Body:
        """Start the body within its attempt's context."""
        job, context = self._job, self._context
        if job is not None and context is not None:
            self._observation = self._observer.begin(job, context, self._trace)
            function = self._observation.around(function, on_loop=dispatcher == "loop")
        return super().run_body(dispatcher, function, key=key)

    def receiveMsg_ActorExitRequest(self, message: ActorExitRequest, sender: Address) -> None:
        """The attempt is given back, or settled as failed by whoever stops this actor."""
        super().receiveMsg_ActorExitRequest(message, sender)
        observation, job = self._observation, self._job
        if observation is not None and job is not None:
            self._observation = None
            observation.end(Attempt(job.lease, job.step_id, Interrupted()))

    def _report(self, attempt: Attempt) -> None:
        observation, self._observation = self._observation, None
        if observation is not None:
            observation.end(attempt)
            if attempt.children and observation.trace_context is not None:
                attempt = msgspec.structs.replace(attempt, trace_context=observation.trace_context)
        super()._report(attempt)
