"""``perform``: one body alone, without a runtime. What it did is caught instead of recorded.

The payload is checked, the outcome judged and the result encoded by the code that does it in production.
"""

import inspect
from collections.abc import Awaitable, Mapping
from copy import copy
from typing import Any, TypedDict, Unpack

import msgspec

from actors.job import Attempt, Cancelled, Failed, LeasedJob, Step
from actors.messages import BodyEnded
from actors.seams import ManualClock, SeededRandom
from actors.settings import Settings
from actors.worker import JobContext, JobWorker, WorkerRegistry
from actors.worker.attempt import body_of, failure_of
from runtime.testing.performed import Performed
from runtime.testing.virtual_loop import run_on_virtual_time

JOB_ID = 1 << 40
STEP_ID, RUN_ID = JOB_ID - 1, JOB_ID - 2


class Circumstances(TypedDict, total=False):
    """What a body is performed under; each may be left out.

    - ``attempt``        which attempt this is; 1
    - ``max_attempts``   how many there are; the worker's own
    - ``config``         the step's configuration, for ``context.config``: a dict or a Struct
    - ``settings``       this runtime's settings of the worker, a Struct of its ``settings_type``; one with its defaults
    - ``tags``           the run's
    - ``depth``          the job's distance from the step's first jobs, which have 1
    - ``unique_key``     the job's
    - ``cancelled``      the job is being cancelled: the body may notice, and if it fails the job ends cancelled
    - ``resources``      what ``context.resource`` finds, besides "clock" and "random"
    - ``clock``          the body's; a new one at 2026-01-01 00:00 UTC
    - ``seed``           of the body's chance, and of the backoff's; 0
    """

    attempt: int
    max_attempts: int
    config: Mapping[str, Any] | msgspec.Struct
    settings: msgspec.Struct
    tags: tuple[str, ...]
    depth: int
    unique_key: str | None
    cancelled: bool
    resources: Mapping[str, Any]
    clock: ManualClock
    seed: int


def perform(worker: JobWorker, payload: Any, **circumstances: Unpack[Circumstances]) -> Performed:
    """Run one body, in this thread, and catch what it does.

    An ``async def`` body is run on a loop of its own, on virtual time: it sleeps for an hour at once. The time limit
    of the worker's options is not kept.

    Args:
        worker: whose body.
        payload: what the job is given: the worker's payload type, or anything that is written as the same JSON.
        circumstances: see ``Circumstances``.

    Raises:
        InvalidPayloadError: the payload is not what the worker takes; in production no job would be made of it.
        TypeError: the worker is none.
    """
    stage = _Stage(worker, payload, circumstances)
    body = stage.begin()
    return stage.ended(run_on_virtual_time(body, stage.clock) if inspect.iscoroutine(body) else body)


async def perform_async(worker: JobWorker, payload: Any, **circumstances: Unpack[Circumstances]) -> Performed:
    """``perform`` on the running loop, in real time: for a body that talks to something else on that loop."""
    stage = _Stage(worker, payload, circumstances)
    body = stage.begin()
    return stage.ended(await body if inspect.iscoroutine(body) else body)


class _Stage:
    """All that one body is run with."""

    def __init__(self, worker: JobWorker, payload: Any, given: Circumstances) -> None:
        self._job = _job(worker, payload, given)
        self._watched = _Watched(worker)
        self.clock = given.get("clock") or ManualClock()
        self._random = SeededRandom(given.get("seed", 0))
        self._cancelled = given.get("cancelled", False)
        config = msgspec.to_builtins(given.get("config", {}))
        step = Step(name=worker.worker_type, action="perform", config=config)
        settings = given.get("settings") or worker.settings_type()
        known = {
            "clock": self.clock,
            "random": self._random,
            "settings": Settings(workers={worker.worker_type: settings}),
            **given.get("resources", {}),
        }
        self._context = JobContext(
            self._job, step, given.get("tags", ()), self.clock, lambda name: found(known, name)
        )
        if self._cancelled:
            self._context.mark_cancelled()

    def begin(self) -> Any:
        """Begin the body: how it ended, or a coroutine of that."""
        body = body_of(self._watched.worker, self._job, self._context, self._random)
        try:
            begun = body()
        except SystemExit as error:
            return self._broken(error)
        return self._awaited(begun) if inspect.iscoroutine(begun) else begun

    async def _awaited(self, body: Awaitable[BodyEnded]) -> BodyEnded:
        try:
            return await body
        except SystemExit as error:
            return self._broken(error)

    def _broken(self, error: SystemExit) -> BodyEnded:
        """A body that wants to end the process ends its attempt."""
        job, options = self._job, self._watched.worker.options
        outcome = failure_of(error, job.attempt, options, self._random, at_ms=self.clock.wall_ms())
        return BodyEnded(Attempt(job.lease, job.step_id, outcome, logs=self._context.log_lines()))

    def ended(self, body: BodyEnded) -> Performed:
        """What it did."""
        attempt = body.attempt
        if self._cancelled and isinstance(attempt.outcome, Failed):
            attempt = msgspec.structs.replace(attempt, outcome=Cancelled("the job is being cancelled"))
        return Performed(self._job, attempt, self._watched.value, self._watched.error)


class _Watched:
    """Keeps what a worker's body returned or raised, which its outcome does not tell."""

    def __init__(self, worker: JobWorker) -> None:
        self.value: Any = None
        self.error: BaseException | None = None
        self.worker = copy(worker)
        self._execute = worker.execute
        self.worker.execute = self._run  # type: ignore[method-assign]

    def _run(self, job: LeasedJob, context: JobContext) -> Any:
        try:
            value = self._execute(job, context)
        except BaseException as error:
            self.error = error
            raise
        if isinstance(value, Awaitable):
            return self._awaited(value)
        self.value = value
        return value

    async def _awaited(self, value: Awaitable[Any]) -> Any:
        try:
            self.value = await value
        except BaseException as error:
            self.error = error
            raise
        return self.value


def _job(worker: JobWorker, payload: Any, given: Circumstances) -> LeasedJob:
    WorkerRegistry([worker])  # it is one, and can run as it is configured
    text = msgspec.json.encode(payload).decode()
    worker.check_payload(text)
    return LeasedJob(
        id=JOB_ID,
        token=1,
        step_id=STEP_ID,
        root_id=RUN_ID,
        type=worker.worker_type,
        payload=text,
        name=None,
        attempt=given.get("attempt", 1),
        max_attempts=given.get("max_attempts") or worker.options.max_attempts,
        depth=given.get("depth", 1),
        backoff_ms=0,
        unique_key=given.get("unique_key"),
    )


def found(known: Mapping[str, Any], name: str) -> Any:
    """The resource of that name.

    Raises:
        KeyError: none was given.
    """
    if name not in known:
        raise KeyError(f"there is no resource {name!r}: give it with resources={{{name!r}: …}}")
    return known[name]
