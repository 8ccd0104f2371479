"""What is no worker, no definition or no option is refused before anything starts or is stored."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.job import ErrorTolerance, JobDefinition, JobState, Step
from actors.worker import JobContext, JobWorker, WorkerOptions, worker
from runtime import Runtime
from runtime.refusal import RefusedError
from runtime.settings import RuntimeSettings
from runtime.store.reading.jobs import JobFilter
from tests.embedding.careless import WAIT, careless
from tests.embedding.workers import ALL, Number, Where


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    """A running runtime on a store of its own."""
    settings = RuntimeSettings(store=tmp_path / "jobs.db", grace_seconds=1.0)
    with Runtime(settings, workers=[*ALL, careless]) as running:
        yield running


def plain(payload: Where, context: JobContext) -> None: ...


class WithoutType(JobWorker):
    def execute(self, job: Any, context: JobContext) -> None: ...


class OnNothing(WithoutType):
    worker_type = "nowhere"
    payload_type = Where
    options = WorkerOptions(dispatcher="gpu")


class OnThreads(WithoutType):
    worker_type = "threads"
    payload_type = Where

    async def execute(self, job: Any, context: JobContext) -> None: ...  # type: ignore[override]


@pytest.mark.parametrize(
    ("workers", "message"),
    [
        ([plain], r"is not a JobWorker: decorate the function with @worker"),
        ([WithoutType], r"is not a JobWorker: make an instance of it"),
        ([WithoutType()], r"WithoutType has no worker_type: set it in the class"),
        ([OnNothing()], r"worker 'nowhere' has dispatcher 'gpu'; there are 'io', 'loop', 'cpu', 'core'"),
        ([OnThreads()], r"worker 'threads' is an async def, dispatcher 'io' does not run such"),
        (careless, r"workers is a list: write workers=\[<FunctionWorker"),
    ],
)
def test_what_is_no_worker_is_refused_before_anything_starts(
    tmp_path: Path, workers: Any, message: str
) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        Runtime(store=tmp_path / "jobs.db", workers=workers)


def test_a_dispatcher_that_does_not_fit_the_worker_is_refused_wherever_it_is_said(tmp_path: Path) -> None:
    settings = RuntimeSettings(
        store=tmp_path / "jobs.db", worker_options={"double_async": {"dispatcher": "io"}}
    )
    with pytest.raises(ValueError, match="worker 'double_async' is an async def, dispatcher 'io'"):
        Runtime(settings, workers=ALL)


def test_the_decorator_without_its_parentheses_says_how_it_is_written() -> None:
    with pytest.raises(TypeError, match=r'@worker names a job type: write @worker\("plain"\)'):
        worker(plain)  # type: ignore[arg-type]


def test_an_annotation_that_can_not_be_read_is_named() -> None:
    def hidden(payload: "Nowhere", context: JobContext) -> None: ...  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(TypeError, match=r"name 'Nowhere' is not defined.*at the top of the module"):
        worker("hidden")(hidden)


@pytest.mark.parametrize("given", [plain, None, 5])
def test_only_a_worker_or_its_type_can_be_fanned_out(runtime: Runtime, given: Any) -> None:
    with pytest.raises(RefusedError, match="is no worker: decorate the function with @worker"):
        runtime.fan_out(given, [Where("x")])


@pytest.mark.parametrize("given", [None, {"id": "x"}, 5])
def test_only_a_definition_or_a_path_can_be_submitted(runtime: Runtime, given: Any) -> None:
    with pytest.raises(
        RefusedError, match="a definition is a JobDefinition, the path of its file or its id, got a"
    ):
        runtime.submit(given)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"slots": -1}, "slots must be 0 or more"), ({"max_attempts": 0}, "max_attempts must be 1 or more")],
)
def test_options_with_which_no_job_would_ever_run_are_refused(
    tmp_path: Path, options: dict[str, int], message: str
) -> None:
    made = worker("eager", **options)(plain)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=f"worker 'eager': {message}, got"):
        Runtime(store=tmp_path / "jobs.db", workers=[made])


def test_a_resource_can_not_take_the_place_of_the_runtimes_own(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the resource 'clock' is the runtime's own"):
        Runtime(store=tmp_path / "jobs.db", resources={"clock": 5})


STEP = Step("one", "crawl", {"start_urls": ["https://example.com/"]})


replace = msgspec.structs.replace


@pytest.mark.parametrize(
    ("definition", "message"),
    [
        (JobDefinition(5, "d", (STEP,)), r"Expected `str`, got `int` - at `\$.id`"),  # type: ignore[arg-type]
        (JobDefinition("d", "", (STEP,)), "name must be a text of 1 to 200 characters, got ''"),
        (JobDefinition("d", "caf\udce9", (STEP,)), "surrogates not allowed"),
        (JobDefinition("d", "d", (STEP,), enabled=False), "not enabled"),
        (JobDefinition("d", "d", (STEP,), timeout_seconds=-1), "timeout_seconds must be 0 or more, got -1"),
        (JobDefinition("d", "d", (STEP,), timeout_seconds=float("nan")), "got `null`"),
        (
            JobDefinition("d", "d", (STEP,), pre_jobs=("x",)),
            'definition "d": pre_jobs: no definition has the id "x"',
        ),
        (JobDefinition("d", "d", (STEP,), post_jobs=("d",)), 'post_jobs: "d" is this definition itself'),
        (replace(STEP, concurrency=-1), "step 'one': concurrency must be 0 or more, got -1"),
        (replace(STEP, concurrency="3"), r"Expected `int`, got `str` - at `\$.steps\[0\].concurrency`"),
        (
            replace(STEP, condition="x.failed > 1"),
            "step 'one': condition names 'x', which is no step; this step",
        ),
        (replace(STEP, error_tolerance=ErrorTolerance(max_failure_ratio=5)), "must be from 0 to 1, got 5"),
        (replace(STEP, config={"start_urls": 5}), r"step 'one': config: Expected `array`, got `int`"),
        (
            replace(STEP, config={"start_urls": ["http://x.org/"], "include_patterns": ["("]}),
            "step 'one': include_patterns",
        ),
        (replace(STEP, config={"f": print}), "Encoding objects of type builtin_function_or_method"),
        (
            replace(STEP, action="crwal"),
            "step 'one': there is no manager for action 'crwal'; there are agent, crawl",
        ),
        (replace(STEP, depends=("two",)), "step 'one' depends on 'two', which definition 'd' lacks"),
    ],
)
def test_a_definition_made_in_code_is_checked_before_it_is_stored(
    runtime: Runtime, definition: JobDefinition | Step, message: str
) -> None:
    """A row that can not be read would stop the store of every runtime that takes it up."""
    if isinstance(definition, Step):
        definition = JobDefinition("d", "d", (definition,))
    with pytest.raises(RefusedError, match=message):
        runtime.submit(definition)

    assert runtime.reader.jobs(JobFilter()) == []


def test_steps_may_be_given_as_a_list(runtime: Runtime) -> None:
    made = JobDefinition("d", "d", [Step("one", "fan_out", {"job_type": "double", "pages": 0})])  # type: ignore[arg-type]

    assert runtime.submit(made).wait(WAIT).state is JobState.COMPLETED


@pytest.mark.parametrize("key", [5, "", "caf\udce9", "x" * 1001])
def test_what_can_be_no_submit_key_is_refused(runtime: Runtime, key: Any) -> None:
    with pytest.raises(RefusedError, match="key must be a text of 1 to 1000 characters, got"):
        runtime.fan_out("double", [Number(1)], key=key)
