"""``test_job_generator``: the number of jobs and lines follows from the configuration, whatever is drawn."""

import logging
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from actors.job import JobDefinition, JobState, LogLevel, Step
from actors.manager.test_job_generator import GeneratorManager
from actors.seams import ManualClock
from actors.worker.test_job_generator import (
    GeneratedFailureError,
    GeneratedJob,
    children_of,
    generator,
    level_of,
)
from runtime.definitions import load_definition
from runtime.embedding import RefusedError
from runtime.testing import MakeRuntime, Performed, SimulatedRuntime, name_all, perform, simulate
from tests.cli.command import quaero as command
from tests.definitions.actions import MANAGERS

OWN = re.compile(r"test job of|line \d+ of|spawned \d|\d+ info|fails, as drawn|completed$")
"""Lines of the worker's own; the runtime adds some of attempts that were lost."""
REAL = Path(__file__).parents[1] / "definitions" / "files" / "8eb228d" / "test_job_generator.toml"


def definition(**config: Any) -> JobDefinition:
    step = Step("made_up", "test_job_generator", {"log_delay_ms": 0, **config})
    return JobDefinition("made-up", "Made up", (step,))


def drawn(job: GeneratedJob, *, depth: int = 0, seed: int = 0) -> Performed:
    return perform(generator, job, depth=depth, seed=seed)


# -- one job ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("lines", "children"), [(0, 0), (1, 0), (50, 2), (100, 3), (1200, 0)])
@pytest.mark.parametrize("failure_rate", [0.0, 1.0])
def test_a_log_has_its_lines_and_three_and_one_more_if_it_spawned(
    lines: int, children: int, failure_rate: float
) -> None:
    done = drawn(GeneratedJob(lines, failure_rate=failure_rate, child_count=children, recursion_depth=1))
    assert len(done.logs) == lines + 3 + bool(children)
    assert len(done.children) == children
    assert done.completed is not bool(failure_rate)


def test_the_lines_tell_what_happens_in_order() -> None:
    done = drawn(GeneratedJob(2, child_count=2, recursion_depth=3), depth=2)
    assert done.log_texts() == [
        "test job of depth 2 begins: 2 lines",
        "line 1 of 2",
        "line 2 of 2",
        "spawned 2 jobs of depth 3",
        "1 info, 1 warning, 0 error",
        "completed",
    ]
    assert done.result == {"info": 1, "warning": 1, "error": 0, "spawned": 2}
    failed = drawn(GeneratedJob(0, failure_rate=1.0))
    assert failed.log_texts()[-1] == "fails, as drawn with failure_rate 1"
    assert isinstance(failed.error, GeneratedFailureError)
    assert failed.retry_in_seconds is None


def test_levels_are_drawn_in_shares_of_80_and_15_and_5() -> None:
    assert [level_of(number / 100) for number in (0, 79, 80, 94, 95, 99)] == [
        LogLevel.INFO,
        LogLevel.INFO,
        LogLevel.WARNING,
        LogLevel.WARNING,
        LogLevel.ERROR,
        LogLevel.ERROR,
    ]
    levels = Counter(line.level for line in drawn(GeneratedJob(9000)).logs)
    assert levels[LogLevel.INFO] / 9000 == pytest.approx(0.80, abs=0.02)
    assert levels[LogLevel.WARNING] / 9000 == pytest.approx(0.15, abs=0.02)
    assert levels[LogLevel.ERROR] / 9000 == pytest.approx(0.05, abs=0.01)


def test_the_same_seed_draws_the_same() -> None:
    job = GeneratedJob(50, failure_rate=0.5)
    assert [line.level for line in drawn(job, seed=3).logs] == [
        line.level for line in drawn(job, seed=3).logs
    ]
    assert [line.level for line in drawn(job, seed=3).logs] != [
        line.level for line in drawn(job, seed=4).logs
    ]


def test_a_job_fails_in_its_share_of_cases() -> None:
    failed = sum(not drawn(GeneratedJob(0, failure_rate=0.2), seed=seed).completed for seed in range(1000))
    assert failed == pytest.approx(200, abs=40)


def test_children_have_half_the_lines_and_half_the_children_down_to_the_last_depth() -> None:
    job = GeneratedJob(21, 5, 0.3, child_count=5, recursion_depth=2)
    assert children_of(job, 0) == children_of(job, 1) == [GeneratedJob(10, 5, 0.3, 2, 2)] * 5
    assert children_of(job, 2) == []
    assert children_of(GeneratedJob(21, child_count=0, recursion_depth=2), 0) == []


def test_the_delay_comes_after_each_line() -> None:
    clock = ManualClock()
    done = perform(generator, GeneratedJob(20, log_delay_ms=500), clock=clock)
    assert clock.monotonic() == pytest.approx(10.0, abs=0.01)
    times = [line.at_ms - done.logs[0].at_ms for line in done.logs[1:21]]
    assert times == pytest.approx([500 * number for number in range(20)], abs=2)


# -- a step -----------------------------------------------------------------------------------------------------------


def test_without_a_configuration_a_step_has_the_defaults() -> None:
    (first, *others) = name_all(GeneratorManager)
    assert first.payload == {
        "log_count": 100,
        "log_delay_ms": 50,
        "failure_rate": 0.1,
        "child_count": 2,
        "recursion_depth": 3,
    }
    assert first.spec.depth == 0
    assert len(others) == 9


def test_many_jobs_are_named_page_by_page() -> None:
    assert len(name_all(GeneratorManager, {"worker_count": 2500})) == 2500
    assert name_all(GeneratorManager, {"worker_count": 0}) == []


def test_the_jobs_are_flat_below_the_step_and_know_who_spawned_them(quaero: MakeRuntime) -> None:
    runtime = quaero()
    run = runtime.submit(
        definition(worker_count=3, log_count=20, failure_rate=1.0, child_count=2, recursion_depth=2)
    )
    result = run.wait()
    assert (result.counts.total, result.counts.failed) == (15, 15)
    (step,) = runtime.steps(run)
    jobs = runtime.children(step)
    assert Counter(job.depth for job in jobs) == {0: 3, 1: 6, 2: 6}
    for job in jobs:
        below = runtime.children(job)
        assert [child.depth for child in below] == [job.depth + 1] * [2, 1, 0][job.depth]
        lines = runtime.logs(job)
        assert len(lines) == [20, 10, 5][job.depth] + 3 + bool(below)
        assert job.attempt == 1


def test_a_hundred_lines_are_all_kept(quaero: MakeRuntime) -> None:
    runtime = quaero()
    run = runtime.submit(definition(worker_count=2, log_count=100, failure_rate=0.0, child_count=0))
    run.wait()
    assert [len(runtime.logs(job)) for job in runtime.jobs(run=run)] == [103, 103]


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"worker_count": -1}, "worker_count: must be between 0 and 2147483647, got -1"),
        (
            {"failure_rate": 1.5},
            "failure_rate: must be between 0 and 1, got 1.5; 0.1 lets one of ten jobs fail",
        ),
        ({"failure_rate": float("nan")}, "Expected `float`, got `null`"),
        ({"log_count": "many"}, "Expected `int`, got `str`"),
    ],
)
def test_what_counts_nothing_is_refused(quaero: MakeRuntime, config: dict[str, Any], sentence: str) -> None:
    runtime = quaero()
    with pytest.raises(RefusedError, match=sentence):
        runtime.submit(definition(**config))
    assert runtime.runs() == []


# -- files ------------------------------------------------------------------------------------------------------------


def test_the_real_file_makes_25_jobs_with_the_delays_it_has(quaero: MakeRuntime) -> None:
    runtime = quaero()
    run = runtime.submit(load_definition(REAL, managers=MANAGERS).definition)
    counts = run.wait().counts

    assert counts.total == counts.completed + counts.failed == 25
    steps = {step.name: step for step in runtime.steps(run)}
    totals = {name: step.counts.total for name, step in steps.items() if step.counts}
    assert totals == {
        "fast_generator": 5,
        "high_volume_generator": 3,
        "slow_generator": 2,
        "recursive_generator": 15,
    }
    ends = [(step.started_at or 0, step.finished_at or 0) for step in steps.values()]
    assert all(earlier[1] <= later[0] for earlier, later in pairwise(ends))
    assert run.result().duration_seconds > 150
    high = runtime.children(steps["high_volume_generator"])
    assert [len(runtime.logs(job)) for job in high] == [1203] * 3


def test_the_real_file_makes_25_jobs_by_the_command(tmp_path: Path) -> None:
    text = REAL.read_text("utf-8")
    for delay in ("10", "5", "500", "50"):
        text = text.replace(f"log_delay_ms = {delay}\n", "log_delay_ms = 0\n")
    (tmp_path / "generator.toml").write_text(text, encoding="utf-8")
    done = command("run", "generator.toml", "--json", cwd=tmp_path)
    assert done.code in {0, 3}
    assert [step["counts"]["total"] for step in done.value["steps"]] == [5, 3, 2, 15]
    assert done.value["counts"]["total"] == 25


def test_wrong_types_are_told_with_file_and_line(tmp_path: Path) -> None:
    text = REAL.read_text("utf-8").replace("worker_count = 5", 'worker_count = "five"')
    text = text.replace("failure_rate = 0.05", "failure_rate = 5").replace(
        "log_count = 300", "log_cuont = 300"
    )
    (tmp_path / "wrong.toml").write_text(text, encoding="utf-8")
    done = command("check", "wrong.toml", cwd=tmp_path)
    assert done.code == 2
    assert 'wrong.toml:21: step "fast_generator": worker_count must be an integer, got "five"' in done.err
    assert (
        'wrong.toml:37: step "high_volume_generator": failure_rate: must be between 0 and 1, got 5'
        in done.err
    )
    assert 'wrong.toml:48: step "slow_generator": unknown key log_cuont; did you mean log_count?' in done.err


# -- whatever dies ----------------------------------------------------------------------------------------------------


@pytest.fixture
def _quiet() -> Iterator[None]:
    logging.getLogger("quaero").setLevel(logging.CRITICAL + 1)
    yield
    logging.getLogger("quaero").setLevel(logging.NOTSET)


def always_fifteen(quaero: MakeRuntime) -> None:
    """The rows at the end are those of an undisturbed run, but for what the runtime says of the disturbances."""
    runtime: SimulatedRuntime = quaero()
    run = runtime.submit(
        definition(
            worker_count=3, log_count=8, log_delay_ms=100, failure_rate=0.5, child_count=2, recursion_depth=2
        )
    )
    assert run.wait().counts.total == 15
    for job in runtime.jobs(run=run):
        lines = [line for line in runtime.logs(job) if OWN.match(line.text)]
        assert len(lines) == [8, 4, 2][job.depth] + 3 + bool(runtime.children(job))
        assert job.state in {JobState.COMPLETED, JobState.FAILED}


@pytest.mark.usefixtures("_quiet")
def test_a_run_that_was_killed_again_and_again_has_the_jobs_and_lines_of_one_that_was_not() -> None:
    simulate(always_fifteen, seeds=8, faults=("kill", "lost_lease", "store", "slow"))
