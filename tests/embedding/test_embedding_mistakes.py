"""What a service gets that uses the runtime wrongly: one clear error at once; nothing is lost or left hanging."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.ids import IdSource
from actors.job import JobDefinition, JobState, Step
from actors.seams import ManualClock
from runtime import Runtime
from runtime.refusal import RefusedError
from runtime.run import Run, WaitTimeoutError
from runtime.settings import RuntimeSettings
from runtime.staging import StagedFanOut
from runtime.store.reading.jobs import JobFilter
from tests.embedding.careless import WAIT, Anything, careless
from tests.embedding.processes import sql, until
from tests.embedding.workers import ALL, Number, Where


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    """A running runtime on a store of its own."""
    settings = RuntimeSettings(store=tmp_path / "jobs.db", grace_seconds=1.0)
    with Runtime(settings, workers=[*ALL, careless]) as running:
        yield running


def nested(depth: int) -> object:
    """A list in a list in a list."""
    value: object = None
    for _ in range(depth):
        value = [value]
    return value


# -- payloads ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payloads", "message"),
    [
        (["a.jpg"], r"payloads\[0\].*Expected `object`, got `str`; it is 'a.jpg'"),
        ([Where("x"), {"pth": "x"}], r"payloads\[1\].*missing required field `path`"),
        ([Where(5)], r"Expected `str`, got `int` - at `\$.path`"),  # type: ignore[arg-type]
        ([object()], r"payloads\[0\]: Encoding objects of type object is unsupported"),
        ([nested(100_000)], r"payloads\[0\]: .*recursion.*; it is a list that can not be shown"),
        (["caf\udce9"], r"payloads\[0\].*surrogates not allowed"),
        ("abc", r"payloads are many, one for each job, got a str: write \[payload\]"),
        (Where("x"), r"got a Where: write \[payload\]"),
        (None, r"got a NoneType"),
    ],
)
def test_payloads_that_the_worker_can_not_take_are_refused_at_the_door(
    runtime: Runtime, payloads: Any, message: str
) -> None:
    with pytest.raises(RefusedError, match=message):
        runtime.fan_out("gated", payloads)

    assert runtime.reader.jobs(JobFilter()) == []


def test_a_payload_that_only_a_job_can_find_wrong_fails_it_without_another_attempt(runtime: Runtime) -> None:
    run = runtime.fan_out(careless, [Anything("spawn a wrong payload")])
    run.wait(WAIT)

    (job,) = runtime.reader.jobs(JobFilter(run_id=run.number, type="double", kind="job"))
    assert (job["state"], job["attempt"]) == ("failed", 1)
    assert "`$.number`" in job["error"]


def test_payloads_that_raise_midway_leave_nothing_in_the_store(tmp_path: Path) -> None:
    def payloads() -> Iterator[Number]:
        for number in range(2500):
            yield Number(number)
        raise KeyError("the source broke")

    with Runtime(store=tmp_path / "jobs.db", workers=ALL) as runtime:
        with pytest.raises(KeyError, match="the source broke"):
            runtime.fan_out("double", payloads())
        assert runtime.reader.jobs(JobFilter()) == []

    assert sql(tmp_path / "jobs.db", "SELECT count(*) FROM staged_page") == [(0,)]


def test_large_payloads_go_to_the_store_in_small_pages() -> None:
    definition = JobDefinition("large", "large", (Step("large", "fan_out", {"job_type": "write"}),))
    fan_out = StagedFanOut(1, 2, definition, next(each for each in ALL if each.worker_type == "write"))
    ids = IdSource(ManualClock(), 1)

    staged = list(fan_out.pages(ids, (Where("x" * 1_000_000) for _ in range(30))))
    assert [page.page.children for page in staged] == [5, 5, 5, 5, 5, 5]
    assert fan_out.submission(None).definition.steps[0].config["pages"] == 6


# -- bodies --------------------------------------------------------------------------------------------------------


def test_a_worker_can_be_named_by_itself_when_spawning(runtime: Runtime) -> None:
    ended = runtime.fan_out(careless, [Anything("spawn by worker")]).wait(WAIT)

    assert (ended.state, ended.counts.total) == (JobState.COMPLETED, 2)


@pytest.mark.parametrize(("what", "line"), [("log no text", "404"), ("log a file name", "caf\\udce9.txt")])
def test_whatever_a_body_logs_is_no_reason_to_fail(runtime: Runtime, what: str, line: str) -> None:
    run = runtime.fan_out(careless, [Anything(what)])

    assert run.wait(WAIT).state is JobState.COMPLETED
    assert [each["text"] for each in runtime.reader.logs(run.number)] == [line]


def test_children_of_an_attempt_that_does_not_complete_are_dropped_with_a_word(runtime: Runtime) -> None:
    run = runtime.fan_out(careless, [Anything("spawn and cancel")])
    assert run.wait(WAIT).counts.total == 1

    (line,) = runtime.reader.logs(run.number)
    assert line["level"] == "warning"
    assert "1 child jobs and 0 documents were not recorded" in line["text"]


def test_a_body_that_breaks_out_without_a_word_says_what_it_was(runtime: Runtime) -> None:
    ended = runtime.fan_out(careless, [Anything("interrupt")]).wait(WAIT)

    assert "KeyboardInterrupt" in ended.errors


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("raise what has no words", "(its message can not be shown: BaseException)"),
        ("raise what can not be traced", "so much is known"),
    ],
)
def test_an_error_that_raises_when_it_is_looked_at_fails_its_job(
    runtime: Runtime, what: str, said: str
) -> None:
    ended = runtime.fan_out(careless, [Anything(what)]).wait(WAIT)

    assert said in ended.errors


def test_what_could_not_leave_the_process_fails_its_job_in_the_mode_that_looks_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUAERO_ENCODE_MESSAGES", "1")
    with Runtime(RuntimeSettings(store=tmp_path / "jobs.db"), workers=[careless]) as encoding:
        ended = encoding.fan_out(careless, [Anything("patch with a tuple")]).wait(WAIT)

    assert ended.state is JobState.FAILED
    assert "patches[0].metadata['sizes'] does not survive: (1, 2) comes back as [1, 2]" in " ".join(
        ended.errors
    )


class Looking(Run):
    """The handle of a run that counts its looks."""

    looks = 0

    @property
    def state(self) -> JobState:
        self.looks += 1
        return super().state


def test_who_waits_for_a_job_that_nobody_can_do_is_told_once(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    run = Looking(runtime, runtime.fan_out(careless, [Anything("spawn an unknown type")]).number)
    until(lambda: run.progress().pending == 1, what="the spawn")

    monkeypatch.setattr("runtime.run.RECHECK_SECONDS", 0.02)
    waiting = threading.Thread(target=run.wait)
    waiting.start()
    until(lambda: run.looks > 5, what="looks at the run")
    assert [each.getMessage() for each in caplog.records if each.name == "quaero.run"] == [
        f"waiting for run {run.id}: 1 jobs of type 'optimize' wait: no worker of that type is registered here"
    ]
    with pytest.raises(WaitTimeoutError, match="1 jobs of type 'optimize' wait: no worker of that type"):
        run.wait(0.1)
    with pytest.raises(WaitTimeoutError, match="1 jobs of type 'optimize' wait: no worker of that type"):
        asyncio.run(run.wait_async(0.1))
    run.cancel()
    waiting.join(WAIT)
    assert not waiting.is_alive()


@pytest.mark.parametrize("limit", ["5", float("nan"), [1]])
def test_a_time_limit_that_is_no_number_of_seconds_says_what_one_is(runtime: Runtime, limit: Any) -> None:
    run = runtime.fan_out(careless, [Anything("fine")])
    told = "timeout_seconds is a number of seconds, or None for no limit, and not"
    with pytest.raises(TypeError, match=told):
        run.wait(limit)
    with pytest.raises(TypeError, match=told):
        asyncio.run(run.wait_async(limit))
    with pytest.raises(TypeError, match=told):
        runtime.events(timeout_seconds=limit)
    assert run.wait(100).state == "completed"


@pytest.mark.parametrize("limit", [10**400, float("inf"), 1e300], ids=["huge", "infinite", "long"])
def test_a_time_limit_beyond_any_clock_is_none(runtime: Runtime, limit: float) -> None:
    run = runtime.fan_out(careless, [Anything("fine")])
    assert run.wait(limit).state == "completed"
    assert asyncio.run(run.wait_async(limit)).state == "completed"
    assert next(runtime.events(0, timeout_seconds=limit)).seq == 1


def test_a_time_limit_below_zero_has_passed(runtime: Runtime) -> None:
    run = runtime.fan_out(careless, [Anything("spawn an unknown type")])
    with pytest.raises(WaitTimeoutError, match="had not ended after 0 s"):
        run.wait(-1)


@pytest.mark.parametrize("after", [2**63, 1.5, "3"])
def test_events_say_what_a_sequence_number_is(runtime: Runtime, after: Any) -> None:
    with pytest.raises(TypeError, match="after is the sequence number of the last event that was seen"):
        runtime.events(after)
    with pytest.raises(TypeError, match="after is the sequence number of the last event that was seen"):
        runtime.events_async(after)


def test_events_from_below_zero_on_begin_with_the_oldest(runtime: Runtime) -> None:
    runtime.fan_out(careless, [Anything("fine")]).wait(100)
    assert next(runtime.events(-(2**70), timeout_seconds=0)).seq == 1
