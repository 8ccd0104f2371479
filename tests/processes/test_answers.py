"""What a worker process answers: always an attempt of that job, whatever the body, its module or its result is."""

import msgspec
import pytest

from actors.job import Completed, Failed, LeasedJob, Step
from actors.messages import BodyEnded
from actors.worker import JobContext
from runtime.processes import child, frames
from runtime.processes.naming import UnnamedWorkerError, find, name_of
from runtime.processes.orders import RunBody, WorkerName, decode_answer, decode_order, encoder
from tests.embedding.crashing import Act, act

JOB = LeasedJob(9, 5, 2, 1, "act", '{"what": ""}', None, 1, 2, 1, 0)
NAME = WorkerName("tests.embedding.crashing", "act")


def answered(what: str, name: WorkerName = NAME, *, told: int = 0) -> BodyEnded:
    job = msgspec.structs.replace(JOB, payload=msgspec.json.encode(Act(what)).decode())
    order = RunBody(
        name, act.options, msgspec.Raw(encoder.encode(None)), job, Step("only", "act"), (), "", 1.0
    )
    sent = decode_order(encoder.encode(order))
    assert isinstance(sent, RunBody)
    running = child._Running()
    running.told = told
    ended = decode_answer(child._answer(sent, running)[frames.HEADER :])
    assert ended.attempt.lease == JOB.lease
    return ended


def error_of(ended: BodyEnded) -> str:
    assert isinstance(ended.attempt.outcome, Failed)
    return f"{ended.attempt.outcome.error.type}: {ended.attempt.outcome.error.message}"


def test_a_body_that_ends_or_raises_is_an_attempt() -> None:
    assert isinstance(answered("").attempt.outcome, Completed)
    assert error_of(answered("raise")) == "ValueError: poison"
    assert error_of(answered("exit")) == "SystemExit: 3"
    assert "can not be written as JSON" in error_of(answered("garbage"))


def test_a_result_that_is_too_large_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "MAX_FRAME", 10_000)
    assert error_of(answered("huge")).startswith("FrameTooLargeError: 2000")


def test_a_worker_that_is_not_there_is_a_failure() -> None:
    assert "has no worker nobody of type 'act'" in error_of(answered("", WorkerName(NAME.module, "nobody")))
    assert "ModuleNotFoundError" in error_of(answered("", WorkerName("no.such.module", "act")))


def test_a_body_that_was_told_to_end_before_it_began_sees_it() -> None:
    assert error_of(answered("wait", told=JOB.token)).startswith("JobCancelledError")
    assert isinstance(answered("", told=JOB.token - 1).attempt.outcome, Completed)


def test_a_worker_is_found_by_its_name() -> None:
    assert name_of(act) == NAME
    assert find(NAME, "act") is act
    with pytest.raises(UnnamedWorkerError, match="of type 'other'"):
        find(NAME, "other")


def test_a_context_passes_on_what_was_said_before_its_body_had_a_process() -> None:
    heard: list[str] = []
    context = JobContext(JOB, Step("only", "act"), (), None, lambda _: None)  # type: ignore[arg-type]
    context.mark_cancelled()
    context.carry(lambda: heard.append("tell"), lambda: heard.append("kill"))
    assert heard == ["tell"]
    context.mark_abandoned()
    assert heard == ["tell", "kill"]
    context.carry(None, None)
    context.mark_abandoned()
    assert heard == ["tell", "kill"]
