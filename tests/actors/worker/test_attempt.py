"""Whatever a body returns or raises becomes one attempt that can be recorded."""

import asyncio
from typing import Any

import msgspec
import pytest

from actors.documents import DocumentSpec
from actors.job import Cancelled, Completed, Failed, Lease, LeasedJob, LogLevel, Snoozed, Step
from actors.messages import BodyEnded
from actors.seams import ManualClock, SeededRandom
from actors.worker import worker
from actors.worker.attempt import MAX_MESSAGE, MAX_TRACEBACK, body_of
from actors.worker.context import MAX_LOG_LINES, JobContext
from actors.worker.contract import Cancel, JobWorker, Snooze
from actors.worker.errors import InvalidPayloadError, JobCancelledError, PermanentError, RetryableError


class Work(msgspec.Struct, frozen=True):
    number: int


JOB = LeasedJob(7, 3, 2, 1, "work", '{"number":5}', None, 2, 5, 4, 0)


def context_of(job: LeasedJob = JOB, clock: ManualClock | None = None) -> JobContext:
    return JobContext(job, Step("s", "act"), (), clock or ManualClock(), lambda _: None)


def run(made: JobWorker, job: LeasedJob = JOB, context: JobContext | None = None) -> BodyEnded:
    ended = body_of(made, job, context or context_of(job), SeededRandom(1))()
    return asyncio.run(ended) if made.options.dispatcher == "loop" else ended  # type: ignore[no-any-return]


def returning(value: Any) -> JobWorker:
    @worker("work")
    def body(_payload: Work, _context: JobContext) -> Any:
        return value

    return body


def raising(error: BaseException) -> JobWorker:
    @worker("work", jitter=0.0)
    def body(_payload: Work, _context: JobContext) -> None:
        raise error

    return body


@pytest.mark.parametrize(
    ("value", "outcome"),
    [
        (None, Completed()),
        ({"found": 3}, Completed('{"found":3}')),
        (Work(1), Completed('{"number":1}')),
        (0, Completed("0")),
        (Snooze(1.5), Snoozed(1500)),
        (Cancel("nobody needs it"), Cancelled("nobody needs it")),
    ],
)
def test_what_a_body_returns_is_its_outcome(value: Any, outcome: object) -> None:
    assert run(returning(value)).attempt.outcome == outcome
    assert run(returning(value)).attempt.lease == Lease(7, 3)


def test_an_async_body_is_awaited() -> None:
    @worker("work")
    async def body(payload: Work, _context: JobContext) -> int:
        await asyncio.sleep(0)
        return payload.number

    assert run(body).attempt.outcome == Completed("5")


@pytest.mark.parametrize("value", [object(), "\ud800", {1, object()}])
def test_a_result_that_is_no_json_is_a_failed_attempt_like_any(value: Any) -> None:
    outcome = run(returning(value)).attempt.outcome
    assert isinstance(outcome, Failed)
    assert not outcome.permanent
    assert outcome.error.type == "ResultError"
    assert "can not be written as JSON" in outcome.error.message


def test_a_failure_is_repeated_after_the_backoff_of_its_attempt() -> None:
    clock = ManualClock()
    outcome = run(raising(ValueError("broken")), context=context_of(clock=clock)).attempt.outcome
    assert isinstance(outcome, Failed)
    assert (outcome.permanent, outcome.retry_in_ms) == (False, 2000)
    error = outcome.error
    assert (error.type, error.message, error.attempt, error.at_ms) == (
        "ValueError",
        "broken",
        2,
        clock.wall_ms(),
    )
    assert "raise error" in error.traceback


def test_a_permanent_error_is_not_repeated() -> None:
    outcome = run(raising(PermanentError("gone"))).attempt.outcome
    assert isinstance(outcome, Failed)
    assert outcome.permanent


def test_a_retryable_error_waits_as_long_as_it_asks() -> None:
    outcome = run(raising(RetryableError("busy", retry_after_seconds=90.0))).attempt.outcome
    assert isinstance(outcome, Failed)
    assert outcome.retry_in_ms == 90_000


@pytest.mark.parametrize(
    "payload", ['{"number":"x"}', "{}", "[", '{"number":1e999}', "[" * 100_000, '"\\ud800"']
)
def test_a_payload_that_is_not_the_types_fails_the_job_for_good(payload: str) -> None:
    job = msgspec.structs.replace(JOB, payload=payload)
    outcome = run(returning(None), job).attempt.outcome
    assert isinstance(outcome, Failed)
    assert outcome.permanent
    assert outcome.error.type == InvalidPayloadError.__name__


class SpeechlessError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ValueError(), "ValueError"),
        (SpeechlessError(), "(its message can not be shown: RuntimeError)"),
        (ValueError("a\ud800b"), "a\\ud800b"),
        (ValueError("x" * 1_000_000), "x" * MAX_MESSAGE),
        (RetryableError("later", retry_after_seconds=float("inf")), "later"),
    ],
)
def test_no_exception_is_too_strange_to_be_recorded(error: Exception, message: str) -> None:
    ended = run(raising(error))
    assert isinstance(ended.attempt.outcome, Failed)
    assert ended.attempt.outcome.error.message == message
    assert len(ended.attempt.outcome.error.traceback) <= MAX_TRACEBACK + 10
    assert msgspec.msgpack.encode(ended)


def test_a_success_leaves_what_the_context_was_given_and_a_failure_only_its_log() -> None:
    @worker("work")
    def body(payload: Work, context: JobContext) -> None:
        context.spawn_child_job("work", Work(1), unique_key="one", delay_seconds=0.5)
        context.save_document(DocumentSpec("web", "a", None, "T", "b"))
        context.info("seen")
        if payload.number < 0:
            raise ValueError("negative")

    attempt = run(body).attempt
    (child,) = attempt.children
    assert (child.payload, child.depth, child.unique_key, child.delay_ms) == ('{"number":1}', 5, "one", 500)
    assert len(attempt.documents) == 1
    assert [(line.level, line.text) for line in attempt.logs] == [(LogLevel.INFO, "seen")]

    attempt = run(body, msgspec.structs.replace(JOB, payload='{"number":-1}')).attempt
    assert (attempt.children, attempt.documents) == ((), ())
    assert [line.text for line in attempt.logs] == ["seen"]


def test_log_lines_beyond_the_limit_are_counted_in_a_last_one() -> None:
    context = context_of()
    for number in range(MAX_LOG_LINES + 3):
        context.debug(str(number))
    lines = context.log_lines()
    assert len(lines) == MAX_LOG_LINES + 1
    assert lines[-1].text == f"3 more log lines were dropped: an attempt keeps {MAX_LOG_LINES}"


def test_a_cancelled_body_can_give_up() -> None:
    context = context_of()
    context.raise_if_cancelled()
    context.mark_cancelled()
    assert context.cancelled
    with pytest.raises(JobCancelledError):
        context.raise_if_cancelled()


class Settings(msgspec.Struct, frozen=True):
    depth: int = 1


def test_a_context_decodes_the_steps_configuration() -> None:
    def config_of(config: dict[str, Any]) -> Settings:
        context = JobContext(JOB, Step("s", "act", config), (), ManualClock(), lambda _: None)
        return context.config(Settings)

    assert config_of({"depth": 3, "other": 1}) == Settings(3)
    with pytest.raises(PermanentError, match="step 's': Expected `int`, got `str`"):
        config_of({"depth": "deep"})


def test_the_idempotency_key_is_the_same_for_every_attempt_of_a_job() -> None:
    later = msgspec.structs.replace(JOB, attempt=5, token=9)
    assert context_of(JOB).idempotency_key == context_of(later).idempotency_key
