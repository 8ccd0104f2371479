"""What a service gets that uses the runtime wrongly: one clear error at once; nothing is lost or left hanging."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec
import pytest

from actors.ids import IdSource
from actors.job import ErrorTolerance, JobDefinition, JobState, Step
from actors.seams import ManualClock
from actors.worker import Cancel, JobContext, JobWorker, WorkerOptions, worker
from runtime import Runtime
from runtime.refusal import RefusedError, RuntimeStateError
from runtime.run import WaitTimeoutError
from runtime.settings import RuntimeSettings
from runtime.staging import StagedFanOut
from runtime.store.database import StoreError
from runtime.store.reading.jobs import JobFilter
from tests.embedding.processes import ROOT, sql, until
from tests.embedding.workers import ALL, Number, Where

WAIT = 20.0


class Anything(msgspec.Struct, frozen=True):
    """A payload that says what the body is to do."""

    what: str


@worker("careless", max_attempts=1)
def careless(payload: Anything, context: JobContext) -> object:
    """Do something careless."""
    match payload.what:
        case "spawn a wrong payload":
            context.spawn_child_job("double", {"number": "three"})  # type: ignore[arg-type]
        case "spawn an unknown type":
            context.spawn_child_job("optimize", payload)
        case "spawn by worker":
            context.spawn_child_job(ALL[0], Number(1))
        case "log no text":
            context.info(404)  # type: ignore[arg-type]
        case "log a file name":
            context.info("caf\udce9.txt")
        case "spawn and cancel":
            context.spawn_child_job("double", Number(1))
            return Cancel("not needed")
        case "interrupt":
            raise KeyboardInterrupt
    return payload.what


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    """A running runtime on a store of its own."""
    settings = RuntimeSettings(store=tmp_path / "jobs.db", grace_seconds=1.0)
    with Runtime(settings, workers=[*ALL, careless]) as running:
        yield running


# -- payloads ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payloads", "message"),
    [
        (["a.jpg"], r"payloads\[0\].*Expected `object`, got `str`; it is 'a.jpg'"),
        ([Where("x"), {"pth": "x"}], r"payloads\[1\].*missing required field `path`"),
        ([Where(5)], r"Expected `str`, got `int` - at `\$.path`"),  # type: ignore[arg-type]
        ([object()], r"payloads\[0\]: Encoding objects of type object is unsupported"),
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


# -- workers -------------------------------------------------------------------------------------------------------


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


def test_who_waits_for_a_job_that_nobody_can_do_is_told(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    run = runtime.fan_out(careless, [Anything("spawn an unknown type")])
    until(lambda: run.progress().pending == 1, what="the spawn")

    monkeypatch.setattr("runtime.run.RECHECK_SECONDS", 0.02)
    with pytest.raises(WaitTimeoutError, match="1 jobs of type 'optimize' wait: no worker of that type"):
        run.wait(0.1)
    assert [each.getMessage() for each in caplog.records if each.name == "quaero.run"] == [
        f"waiting for run {run.id}: 1 jobs of type 'optimize' wait: no worker of that type is registered here"
    ]
    with pytest.raises(WaitTimeoutError, match="1 jobs of type 'optimize' wait: no worker of that type"):
        asyncio.run(run.wait_async(0.1))


# -- life ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("store", "message"),
    [
        (":memory:", "a store is a file"),
        ("x" * 300, "File name too long"),
        (".", "is a directory; name a file"),
        ("missing/jobs.db", "there is no directory missing; make it"),
        ("a\0b", "null byte"),
    ],
)
def test_a_store_that_can_not_be_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    started, threads = monotonic(), threading.active_count()
    with pytest.raises(StoreError, match=message):
        Runtime(store=store).start()

    assert monotonic() - started < 5
    assert threading.active_count() <= threads
    assert list(tmp_path.iterdir()) == []


def test_a_closed_runtime_can_be_started_again(tmp_path: Path) -> None:
    runtime = Runtime(store=tmp_path / "jobs.db", workers=ALL)
    for _ in range(2):
        with runtime:
            assert runtime.fan_out("double_async", [Number(1)]).wait(WAIT).state is JobState.COMPLETED

    assert sql(tmp_path / "jobs.db", "SELECT count(*) FROM job WHERE state = 'completed'") == [(6,)]


def test_starting_and_closing_twice_is_the_same_as_once(tmp_path: Path) -> None:
    with Runtime(store=tmp_path / "jobs.db", workers=ALL).start() as runtime:
        reader = runtime.reader
        assert runtime.start().reader is reader
    assert (runtime.close(), runtime.close()) == (0, 0)


@pytest.mark.parametrize(
    "use",
    [
        lambda runtime: runtime.submit("missing.toml"),
        lambda runtime: runtime.fan_out("double", []),
        lambda runtime: runtime.cancel(1),
        lambda runtime: runtime.run(1).wait(1),
        lambda runtime: list(runtime.events()),
        lambda runtime: asyncio.run(runtime.fan_out_async("double", [])),
    ],
)
def test_a_runtime_that_does_not_run_says_how_to_start_it(
    tmp_path: Path, use: Callable[[Runtime], object]
) -> None:
    runtime = Runtime(store=tmp_path / "jobs.db", workers=ALL)
    with pytest.raises(RuntimeStateError, match=r"not running: use `with Runtime\(...\)` or call start"):
        use(runtime)
    with runtime:
        pass
    with pytest.raises(RuntimeStateError, match=r"not running"):
        use(runtime)


def test_a_run_that_is_not_there_has_no_progress(runtime: Runtime) -> None:
    with pytest.raises(LookupError, match="there is no run 000000000000c in"):
        runtime.run(12).progress()


def test_a_subscriber_whose_loop_was_closed_disturbs_nobody(runtime: Runtime) -> None:
    loop = asyncio.new_event_loop()

    async def first() -> object:
        return await anext(subscription)

    subscription = runtime.events_async(after=0)
    runtime.fan_out("double", [Number(1)]).wait(WAIT)
    loop.run_until_complete(first())
    loop.close()

    started = monotonic()
    assert runtime.fan_out("double", [Number(1)]).wait(WAIT).state is JobState.COMPLETED
    assert monotonic() - started < 3  # not by looking again after a while


def test_following_events_ends_when_the_runtime_is_closed(tmp_path: Path) -> None:
    runtime = Runtime(store=tmp_path / "jobs.db", workers=ALL).start()
    seen: list[str] = []
    events = runtime.events(after=0)
    follower = threading.Thread(target=lambda: seen.extend(event.type for event in events))
    follower.start()
    runtime.fan_out("double", [Number(1)]).wait(WAIT)
    runtime.close()
    follower.join(WAIT)

    assert not follower.is_alive()
    assert "job_status_change" in seen


FORK = """
import os, sys
from pathlib import Path
from runtime import Runtime
from tests.embedding.workers import ALL, Number

store = Path(sys.argv[1])
runtime = Runtime(store=store, workers=ALL).start()
runtime.fan_out("double", [Number(1)]).wait(20)
told = os.pipe()
if os.fork() == 0:
    for use in (
        lambda: runtime.fan_out("double", [Number(2)]),
        lambda: runtime.reader.last_event(),
        lambda: Runtime(store=store, workers=ALL).start(),
    ):
        try:
            use()
        except Exception as error:
            os.write(told[1], f"{type(error).__name__}: {error}\\n".encode())
    runtime.close()
    with Runtime(store=store.with_name("other.db"), workers=ALL) as other:
        os.write(told[1], str(other.fan_out("double", [Number(3)]).wait(20).state).encode())
    os._exit(0)
os.close(told[1])
os.wait()
runtime.fan_out("double", [Number(4)]).wait(20)
runtime.close()
print(os.read(told[0], 10_000).decode())
"""


def test_a_forked_child_is_refused_the_store_that_its_parent_has_open(tmp_path: Path) -> None:
    """It would lose what it commits: SQLite's locks are not inherited, its table of them is."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORK, str(tmp_path / "jobs.db")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    submit, read, start, other = done.stdout.strip().splitlines()
    assert submit.startswith("RuntimeStateError: the runtime runs in process")
    assert read.startswith("RuntimeStateError: the runtime runs in process")
    assert start.startswith("StoreError:")
    assert "start processes by spawn" in start
    assert other == "completed"
    assert sql(tmp_path / "jobs.db", "SELECT count(*) FROM job WHERE kind = 'job'") == [(2,)]
