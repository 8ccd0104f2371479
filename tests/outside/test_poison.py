"""Poison among good jobs: the good ones all complete, the poison ones fail after exactly their attempts."""

import asyncio
from pathlib import Path
from threading import Event

import msgspec
import pytest

from actors.job import JobDefinition, Page, Step, StepStart
from actors.manager import JobManager
from actors.worker import JobContext, worker
from runtime import Runtime
from runtime.settings import RuntimeSettings
from tests.terminal.judge import Judge, faults_at_rest

GOOD = 2000
MAX_ATTEMPTS = 3
TIMEOUT_SECONDS = 0.2
KINDS = ("raise", "exit", "garbage", "hang_async", "hang_polling")
EACH = [20, pytest.param(200, marks=[pytest.mark.soak, pytest.mark.timeout(600)])]


class Dose(msgspec.Struct, frozen=True):
    """A payload."""

    kind: str


@worker("dose", slots=32, max_attempts=MAX_ATTEMPTS, backoff_seconds=0.01)
def dose(payload: Dose, _context: JobContext) -> object:
    """Good, or poison at once."""
    match payload.kind:
        case "raise":
            raise ValueError("poison")
        case "exit":
            raise SystemExit(3)
        case "garbage":
            return object()
    return payload.kind


@worker("hang_async", max_attempts=MAX_ATTEMPTS, backoff_seconds=0.01, timeout_seconds=TIMEOUT_SECONDS)
async def hang_async(_payload: Dose, _context: JobContext) -> None:
    """Wait for what never comes."""
    await asyncio.Event().wait()


@worker(
    "hang_polling", slots=24, max_attempts=MAX_ATTEMPTS, backoff_seconds=0.01, timeout_seconds=TIMEOUT_SECONDS
)
def hang_polling(_payload: Dose, context: JobContext) -> None:
    """Look for a cancel, and do nothing else."""
    pause = Event()
    while True:
        context.raise_if_cancelled()
        pause.wait(0.02)


class MixConfig(msgspec.Struct, frozen=True):
    """How many of each poison, and of good ones."""

    each: int
    good: int


class MixManager(JobManager):
    """Names good jobs with the poison spread evenly among them."""

    manager_type = "mix"
    config_type = MixConfig
    child_types = ("dose", "hang_async", "hang_polling")

    def create_children(self, step: StepStart, cursor: str | None) -> Page:
        """All of them."""
        config = msgspec.convert(step.step.config, MixConfig)
        kinds = ["good"] * config.good
        apart = max(config.good // (config.each * len(KINDS)), 1)
        for number in range(config.each * len(KINDS)):
            kinds.insert(number * (apart + 1), KINDS[number % len(KINDS)])
        return Page(
            tuple(
                self.child(kind if kind.startswith("hang") else "dose", Dose(kind), name=kind)
                for kind in kinds
            )
        )


@pytest.mark.parametrize("each", EACH)
def test_the_good_complete_and_each_poison_fails_after_exactly_its_attempts(
    tmp_path: Path, each: int
) -> None:
    settings = RuntimeSettings(store=tmp_path / "jobs.db")
    config = msgspec.to_builtins(MixConfig(each, GOOD))
    workers = [dose, hang_async, hang_polling]
    with Runtime(settings, workers=workers, managers=[MixManager]) as runtime:
        runtime.submit(JobDefinition("mix", "mix", (Step("mix", "mix", config),))).wait(300)

    with Judge(settings.store) as judge:
        ends = judge.rows(
            "SELECT name, state, attempt, count(*) FROM job WHERE kind = 'job' GROUP BY name, state, attempt"
        )
        starts: dict[int, int] = {}
        for _, _, job_id, state in judge.transitions():
            starts[job_id] = starts.get(job_id, 0) + (state == "running")
        unexplained = judge.value(
            "SELECT count(*) FROM job WHERE state = 'failed' AND coalesce(error, '') = ''"
        )
        names = dict(judge.rows("SELECT id, name FROM job WHERE kind = 'job'"))
    assert sorted(ends) == sorted(
        [("good", "completed", 1, GOOD), *((kind, "failed", MAX_ATTEMPTS, each) for kind in KINDS)]
    )
    assert {starts[job_id] for job_id, name in names.items() if name != "good"} == {MAX_ATTEMPTS}
    assert unexplained == 0
    assert faults_at_rest(settings.store) == []
