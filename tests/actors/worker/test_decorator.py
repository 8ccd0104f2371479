"""A decorated function is a worker: its options, its payload's type, and what is refused at once."""

from typing import Any

import msgspec
import pytest

from actors.worker import JobContext, worker
from actors.worker.contract import WorkerOptions
from actors.worker.decorator import LOOP_SLOTS
from actors.worker.registry import DuplicateWorkerError, WorkerRegistry


class Work(msgspec.Struct):
    number: int


@worker("double")
def double(payload: Work, _context: JobContext) -> int:
    """Doubles."""
    return payload.number * 2


@worker("wait")
async def wait(payload: Work, context: JobContext) -> None:
    """Waits."""


def test_a_plain_function_runs_on_io_and_a_coroutine_on_the_loop() -> None:
    assert double.options == WorkerOptions()
    assert (wait.options.dispatcher, wait.options.slots) == ("loop", LOOP_SLOTS)
    assert double.payload_type is wait.payload_type is Work


def test_options_are_taken_over() -> None:
    made = worker("w", slots=3, max_attempts=1, timeout_seconds=2.0, spawns=False)(double.function)
    assert (made.options.slots, made.options.max_attempts) == (3, 1)
    assert (made.options.timeout_seconds, made.options.spawns) == (2.0, False)


def test_the_decorated_function_can_still_be_called() -> None:
    assert double(Work(4), None) == 8  # type: ignore[arg-type]
    assert double.__doc__ == "Doubles."


def no_payload(context: JobContext) -> None: ...
def no_annotation(payload, context: JobContext) -> None: ...  # type: ignore[no-untyped-def]  # noqa: ANN001
async def coroutine(payload: Work, context: JobContext) -> None: ...


@pytest.mark.parametrize(
    ("function", "options", "message"),
    [
        (no_payload, {}, "takes \\(payload, context\\), it has 1 parameters"),
        (no_annotation, {}, "annotate 'payload' with the payload's type"),
        (coroutine, {"dispatcher": "io"}, "is an async def, dispatcher 'io' does not run such"),
        (double.function, {"dispatcher": "loop"}, "is a plain function, dispatcher 'loop' does not run such"),
    ],
)
def test_a_function_that_can_be_no_worker_is_refused_at_once(
    function: Any, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(TypeError, match=f"worker 'w'.*{message}"):
        worker("w", **options)(function)


def test_a_registry_finds_workers_by_type() -> None:
    registry = WorkerRegistry([double, wait, double])
    assert (registry["double"], len(registry), list(registry)) == (double, 2, ["double", "wait"])
    assert "other" not in registry


def test_a_registry_refuses_two_workers_of_one_type_and_what_is_no_worker() -> None:
    with pytest.raises(DuplicateWorkerError, match="two workers have the type 'double'"):
        WorkerRegistry([double, worker("double")(double.function)])
    with pytest.raises(TypeError, match="is not a JobWorker: decorate the function"):
        WorkerRegistry([double.function])  # type: ignore[list-item]
