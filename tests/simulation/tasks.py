"""The work of a simulation: workers whose bodies do what their payload says, and a manager that names such jobs."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from actors.documents import DocumentSpec
from actors.job import ChildSpec, LeasedJob, Page, StepStart
from actors.manager import JobManager
from actors.worker import (
    Cancel,
    JobContext,
    JobWorker,
    PermanentError,
    RetryableError,
    Snooze,
    WorkerOptions,
)


class Task(msgspec.Struct, frozen=True, omit_defaults=True):
    """A job: what its executions do one after the other, the last one again and again, and what it spawns."""

    key: str
    type: str
    acts: tuple[str, ...] = ("ok",)
    spawns: tuple["Task", ...] = ()
    keyed: bool = True  # has a unique key
    delay_ms: int = 0
    priority: int = 0
    rate_key: str = ""
    documents: int = 0
    max_attempts: int = 0
    kept: bool = False  # is made also if the attempt that spawns it fails
    in_place: bool = False  # counts with its spawner as one


class Plan(msgspec.Struct, frozen=True):
    """A step's configuration: its children, page by page."""

    pages: tuple[tuple[Task, ...], ...] = ()
    max_children: int = 0
    level_by_level: bool = False
    concurrency: int = 0


AS_PLANNED = "as planned"
"""What bodies say that fail by themselves."""
RATE_MS = 300
LONG_SECONDS = 1.2
"""Of a body that runs long, and goes on to its own end when it is told to stop."""
DELAY_MS = 300
"""Of a task that does not begin at once."""


def in_order(spawns: Sequence[Task], job_id: int) -> list[tuple[Task, str | None]]:
    """What an attempt of the job spawns, in that order, and the unique key of each; the kept ones come first."""
    tasks = [*(task for task in spawns if task.kept), *(task for task in spawns if not task.kept)]
    keys = [
        task.key if task.keyed else f"{job_id}/{place}" if task.kept else None
        for place, task in enumerate(tasks)
    ]
    return list(zip(tasks, keys, strict=True))


def child_of(task: Task, depth: int = 1) -> ChildSpec:
    """The task as a manager names it."""
    return ChildSpec(
        type=task.type,
        payload=msgspec.json.encode(task).decode(),
        unique_key=task.key if task.keyed else None,
        depth=depth,
        priority=task.priority,
        rate_key=task.rate_key,
        rate_ms=RATE_MS if task.rate_key else 0,
        delay_ms=task.delay_ms,
        max_attempts=task.max_attempts,
    )


class TaskWorker(JobWorker):
    """Does tasks of one type, on the dispatcher it is given; ``began`` says what this execution does."""

    payload_type = Task

    def __init__(
        self, worker_type: str, options: WorkerOptions, began: Callable[[LeasedJob, Task], str]
    ) -> None:
        self.worker_type = worker_type
        self.options = options
        self._began = began

    def execute(self, job: LeasedJob, context: JobContext) -> Any:
        """Do what this execution is to do."""
        task = self.validate(job)
        act = self._began(job, task)
        _spawn(context, [each for each in task.spawns if each.kept])
        if self.options.dispatcher == "loop":
            return _later(act, job, task, context)
        return _done(act, job, task, context)


def _spawn(context: JobContext, tasks: Sequence[Task]) -> None:
    for each in tasks:
        context.spawn_child_job(
            each.type,
            each,
            unique_key=each.key if each.keyed else None,
            delay_seconds=each.delay_ms / 1000,
            priority=each.priority,
            rate_key=each.rate_key,
            rate_ms=RATE_MS if each.rate_key else 0,
            max_attempts=each.max_attempts,
            even_if_failed=each.kept,
            in_place=each.in_place,
        )


def _done(act: str, job: LeasedJob, task: Task, context: JobContext) -> Any:
    context.info(f"{act} under token {job.token}")
    match act:
        case "raise" | "breaks":
            raise ValueError(AS_PLANNED)
        case "permanent":
            raise PermanentError(AS_PLANNED)
        case "retry_after":
            raise RetryableError(AS_PLANNED, retry_after_seconds=0.7)
        case "exit" | "exit_later":
            raise SystemExit(3)
        case "garbage":
            return object()
        case "snooze":
            return Snooze(0.4)
        case "snooze_short":
            return Snooze(0)
        case "give_up":
            return Cancel(AS_PLANNED)
    _spawn(context, [each for each in task.spawns if not each.kept])
    for number in range(task.documents):
        context.save_document(
            DocumentSpec("task", f"{task.key}/{number}", None, task.key, f"by token {job.token}")
        )
    return {"token": job.token}


async def _later(act: str, job: LeasedJob, task: Task, context: JobContext) -> Any:
    match act:
        case "hang":
            await asyncio.sleep(10_000)
        case "deaf":
            for _ in range(2):
                try:
                    await asyncio.sleep(10_000)
                except asyncio.CancelledError:
                    continue
        case "finishes" | "breaks":
            try:
                await asyncio.sleep(LONG_SECONDS)
            except asyncio.CancelledError:
                act = "ok" if act == "finishes" else "raise"
        case "ok" | "raise":
            await asyncio.sleep(0)
        case _:
            await asyncio.sleep(0.6)
    return _done(act, job, task, context)


class PlanManager(JobManager):
    """Names the children its step's configuration lists."""

    manager_type = "plan"
    config_type = Plan
    child_types = ("quick", "slow", "inline")

    def create_children(self, step: StepStart, cursor: str | None) -> Page:
        """The page of that number."""
        fault: Callable[[], str] = self.context.resource("naming_fault")
        match fault():
            case "raise":
                raise ConnectionError("the list can not be had now")
            case "exit":
                raise SystemExit(4)
            case "permanent":
                raise PermanentError("there is no such list")
        plan = msgspec.convert(step.step.config, Plan)
        number = int(cursor or 0)
        more = number + 1 < len(plan.pages)
        return Page(
            tuple(map(child_of, plan.pages[number])) if plan.pages else (),
            str(number + 1) if more else None,
            max_children=plan.max_children,
            level_by_level=plan.level_by_level,
            concurrency=plan.concurrency,
        )
