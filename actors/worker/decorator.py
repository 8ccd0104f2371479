"""``@worker``: one function, with a typed payload, as a JobWorker."""

import inspect
import os
from collections.abc import Awaitable, Callable
from typing import Any, get_type_hints

import msgspec

from actors.job import LeasedJob
from actors.settings import NoSettings
from actors.worker.context import JobContext
from actors.worker.contract import JobWorker, WorkerOptions

LOOP_SLOTS = 200
"""Slots of an ``async def`` worker that names none: they wait, they do not hold a thread."""


class FunctionWorker(JobWorker):
    """A worker made of a function of (payload, context). Calling it calls the function."""

    def __init__(
        self,
        worker_type: str,
        function: Callable[..., Any],
        options: WorkerOptions,
        settings_type: type[msgspec.Struct] = NoSettings,
    ) -> None:
        self.worker_type = worker_type
        self.function = function
        self.options = options
        self.settings_type = settings_type
        self.payload_type = _payload_type(worker_type, function)
        self.__doc__ = function.__doc__

    def __repr__(self) -> str:
        return f"<FunctionWorker({self.worker_type!r}, dispatcher={self.options.dispatcher!r})>"

    def __call__(self, payload: Any, context: JobContext) -> Any | Awaitable[Any]:
        """Call the function."""
        return self.function(payload, context)

    def execute(self, job: LeasedJob, context: JobContext) -> Any | Awaitable[Any]:
        """Decode the payload and call the function."""
        return self.function(self.validate(job), context)


def worker(
    worker_type: str,
    *,
    dispatcher: str | None = None,
    slots: int | None = None,
    max_attempts: int = 3,
    backoff_seconds: float = 1.0,
    backoff_multiplier: float = 2.0,
    max_backoff_seconds: float = 300.0,
    jitter: float = 0.2,
    timeout_seconds: float = 0.0,
    stop_grace_seconds: float = 5.0,
    max_abandoned: int = 8,
    spawns: bool = True,
    settings_type: type[msgspec.Struct] = NoSettings,
) -> Callable[[Callable[..., Any]], FunctionWorker]:
    """Make a function the worker of a job type.

    The function takes (payload, context); the annotation of its first parameter is the payload's type. A plain
    function runs on the ``io`` threads, an ``async def`` on the ``loop``, unless ``dispatcher`` says otherwise: on
    ``cpu`` a plain function of a module runs in a process of its own, which may die without harm to others.
    ``settings_type`` is what ``context.settings(…)`` gives, see ``JobWorker``; for the other options see
    ``WorkerOptions``.

    Raises:
        TypeError: the function has no annotated payload parameter, or the dispatcher does not fit it.
    """
    if not isinstance(worker_type, str):
        raise TypeError(f'@worker names a job type: write @worker("{getattr(worker_type, "__name__", "…")}")')

    def make(function: Callable[..., Any]) -> FunctionWorker:
        coroutine = inspect.iscoroutinefunction(function)
        chosen = dispatcher or ("loop" if coroutine else "io")
        if coroutine != (chosen == "loop"):
            kind = "an async def" if coroutine else "a plain function"
            raise TypeError(f"worker {worker_type!r} is {kind}, dispatcher {chosen!r} does not run such")
        options = WorkerOptions(
            dispatcher=chosen,
            slots=slots
            or {"loop": LOOP_SLOTS, "cpu": os.cpu_count() or 1}.get(chosen, WorkerOptions().slots),
            max_attempts=max_attempts,
            backoff_seconds=backoff_seconds,
            backoff_multiplier=backoff_multiplier,
            max_backoff_seconds=max_backoff_seconds,
            jitter=jitter,
            timeout_seconds=timeout_seconds,
            stop_grace_seconds=stop_grace_seconds,
            max_abandoned=max_abandoned,
            spawns=spawns,
        )
        return FunctionWorker(worker_type, function, options, settings_type)

    return make


def _payload_type(worker_type: str, function: Callable[..., Any]) -> type[Any]:
    parameters = list(inspect.signature(function).parameters.values())
    if len(parameters) != 2:
        raise TypeError(
            f"worker {worker_type!r}: the function takes (payload, context), it has {len(parameters)} parameters"
        )
    try:
        hint = get_type_hints(function).get(parameters[0].name)
    except NameError as error:
        raise TypeError(
            f"worker {worker_type!r}: its annotations can not be read ({error}); define the types they name at the"
            " top of the module"
        ) from error
    if hint is None:
        raise TypeError(
            f"worker {worker_type!r}: annotate {parameters[0].name!r} with the payload's type, a msgspec.Struct"
        )
    return hint  # type: ignore[no-any-return]
