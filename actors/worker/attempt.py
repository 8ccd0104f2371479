"""Runs one body and turns whatever it does into an Attempt. The only place that knows what bodies return and raise."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import msgspec

from actors.job import (
    Attempt,
    AttemptError,
    Cancelled,
    Completed,
    Failed,
    LeasedJob,
    OnError,
    Outcome,
    Snoozed,
)
from actors.messages import BodyEnded
from actors.raised import message_of, traceback_of, type_of
from actors.seams import Random
from actors.worker.backoff import backoff_ms, options_in
from actors.worker.context import JobContext
from actors.worker.contract import Cancel, JobWorker, Snooze, WorkerOptions
from actors.worker.errors import PermanentError, RetryableError

MAX_TRACEBACK = 4000
"""Characters kept of a traceback, the last ones."""

MAX_MESSAGE = 2000
"""Characters kept of an error's message, the first ones."""


class ResultError(Exception):
    """A body returned what is no JSON."""


def body_of(worker: JobWorker, job: LeasedJob, context: JobContext, random: Random) -> Callable[[], Any]:
    """The function that a dispatcher calls: it returns a ``BodyEnded``, or a coroutine of one on the loop."""
    run = _RUN.get(worker.options.dispatcher, run_body)
    return partial(run, worker, job, context, random)


def run_body(worker: JobWorker, job: LeasedJob, context: JobContext, random: Random) -> BodyEnded:
    """Run the body in this thread; whatever it raises, but for SystemExit and the like, is its outcome."""
    try:
        return _ended(job, context, outcome_of(worker.execute(job, context)))
    except Exception as error:  # noqa: BLE001 (a body may raise anything; it is an outcome)
        return _failed(job, context, error, worker.options, random)


async def _run_on_loop(worker: JobWorker, job: LeasedJob, context: JobContext, random: Random) -> BodyEnded:
    try:
        value = worker.execute(job, context)
        return _ended(job, context, outcome_of(await value if isinstance(value, Awaitable) else value))
    except Exception as error:  # noqa: BLE001 (a body may raise anything; it is an outcome)
        return _failed(job, context, error, worker.options, random)


def _run_in_process(worker: JobWorker, job: LeasedJob, context: JobContext, random: Random) -> BodyEnded:
    """The process answers with the whole attempt; its own death, or that there is none, is a failure of it.

    Where the runtime has no processes, because it is stepped on a virtual clock, the body runs here.
    """
    try:
        processes = context.resource("processes")
        if processes is None:
            return run_body(worker, job, context, random)
        ended: BodyEnded = processes.run(worker, job, context)
    except Exception as error:  # noqa: BLE001 (a process may die of anything; it is an outcome)
        return _failed(job, context, error, worker.options, random)
    return ended


_RUN: dict[str, Callable[..., Any]] = {"loop": _run_on_loop, "cpu": _run_in_process}


def outcome_of(value: Any) -> Outcome:
    """What a body's return value means.

    Raises:
        ResultError: the value can not be a result: the attempt failed, as by any error of the body.
    """
    if value is None:
        return Completed()
    if isinstance(value, Snooze):
        return Snoozed(round(value.seconds * 1000))
    if isinstance(value, Cancel):
        return Cancelled(value.reason)
    try:
        return Completed(msgspec.json.encode(value).decode())
    except (TypeError, ValueError, RecursionError, OverflowError) as error:
        raise ResultError(
            f"the result, a {type(value).__name__}, can not be written as JSON: {error}"
        ) from error


def failure_of(
    error: BaseException,
    attempt: int,
    options: WorkerOptions,
    random: Random,
    *,
    at_ms: int,
    first_ms: int = 0,
) -> Failed:
    """What an exception means for the job."""
    kind = type_of(error)
    said = message_of(error, MAX_MESSAGE) or kind
    cause = AttemptError(kind, said, traceback_of(error, MAX_TRACEBACK), attempt, at_ms)
    if isinstance(error, PermanentError):
        return Failed(cause, permanent=True)
    asked = error.retry_after_seconds if isinstance(error, RetryableError) else None
    return Failed(
        cause, retry_in_ms=backoff_ms(attempt, options, random, first_ms=first_ms, asked_seconds=asked)
    )


def _ended(job: LeasedJob, context: JobContext, outcome: Outcome) -> BodyEnded:
    if not isinstance(outcome, Completed):
        if context.children or context.documents or context.patches:
            left = f"{len(context.children)} child jobs and {len(context.documents)} documents"
            left += f" and {len(context.patches)} changes of metadata" if context.patches else ""
            context.warning(f"{left} were not recorded: the attempt did not complete")
        return BodyEnded(Attempt(job.lease, job.step_id, outcome, logs=context.log_lines()))
    if context.children or context.documents or context.logs or context.patches:
        return BodyEnded(
            Attempt(
                job.lease,
                job.step_id,
                outcome,
                tuple(context.children),
                tuple(context.documents),
                context.log_lines(),
                tuple(context.patches),
            )
        )
    return BodyEnded(Attempt(job.lease, job.step_id, outcome))


def _failed(
    job: LeasedJob, context: JobContext, error: Exception, options: WorkerOptions, random: Random
) -> BodyEnded:
    step = context.step
    own = step.on_error is OnError.RETRY and step.initial_backoff_seconds  # goes before the job's
    outcome = failure_of(
        error,
        job.attempt,
        options_in(step, options),
        random,
        at_ms=context.clock.wall_ms(),
        first_ms=0 if own else job.backoff_ms,
    )
    return BodyEnded(
        Attempt(job.lease, job.step_id, outcome, context.kept_children(), logs=context.log_lines())
    )
