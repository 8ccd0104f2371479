"""A rare course of things that chance would hardly find: a run that ends again without having begun again.

A run that waits for another is retried while that other one, retried too, goes on; and what was retried of it is
cancelled before it may start. So run and step go from pending to completed_with_failures.
"""

from typing import TYPE_CHECKING

import msgspec

from actors.job import JobDefinition, OnError, Step
from actors.messages import CancelJob, PauseType, RetryJob
from tests.simulation.rows import OPEN, Job
from tests.simulation.tasks import Plan, Task

if TYPE_CHECKING:
    from tests.simulation.world import World

EVERY_SECONDS = 0.1


def _definition(identity: str, job_type: str, *acts: tuple[str, ...]) -> JobDefinition:
    tasks = tuple(Task(f"{identity}-{number}", job_type, each) for number, each in enumerate(acts))
    config = msgspec.json.decode(msgspec.json.encode(Plan((tasks,))))
    step = Step("only", "plan", config, on_error=OnError.CONTINUE, max_retries=0)
    return JobDefinition(identity, identity, (step,))


class Script:
    """Goes from scene to scene as soon as the rows allow it."""

    def __init__(self, world: "World") -> None:
        self.world = world
        first = _definition("first", "slow", ("ok",), ("permanent", "ok"))
        second = _definition("second", "quick", ("ok",), ("permanent",), ("permanent",))
        second = msgspec.structs.replace(second, pre_jobs=("first",))
        self.client = world.add_client((second, first), "scripted", 0.0)
        world.clients.append(self.client)
        self._scenes = [
            self._pause_the_first_runs_type,
            self._retry_the_first,
            self._retry_a_job,
            self._cancel_it,
        ]
        world.after(EVERY_SECONDS, self._go_on)

    def __repr__(self) -> str:
        return f"<Script(scenes={len(self._scenes)})>"

    def _go_on(self) -> None:
        if self.world.quiet or not self._scenes:
            return
        if self._scenes[0]():
            self._scenes.pop(0)
        self.world.after(EVERY_SECONDS, self._go_on)

    def _run(self, identity: str) -> Job | None:
        runs = [
            job for job in self.world.judge.rows.jobs.values() if job.kind == "run" and job.type == identity
        ]
        return runs[0] if runs else None

    def _jobs(self, run: Job, state: str) -> list[Job]:
        rows = self.world.judge.rows.jobs.values()
        return [job for job in rows if job.root_id == run.id and job.kind == "job" and job.state == state]

    def _pause_the_first_runs_type(self) -> bool:
        run = self._run("second")
        return (
            run is not None
            and run.state not in OPEN
            and self.world.operator.ask(PauseType("slow"), "pause_type")
        )

    def _retry_the_first(self) -> bool:
        run = self._run("first")
        paused = "slow" in self.world.judge.rows.paused_types
        return run is not None and paused and self.world.operator.ask(RetryJob(run.id), "retry_run")

    def _retry_a_job(self) -> bool:
        first, second = self._run("first"), self._run("second")
        if first is None or second is None or first.state not in OPEN:
            return False
        failed = self._jobs(second, "failed")
        return bool(failed) and self.world.operator.ask(RetryJob(failed[0].id), "retry_job")

    def _cancel_it(self) -> bool:
        second = self._run("second")
        waiting = self._jobs(second, "pending") if second is not None else []
        return bool(waiting) and self.world.operator.ask(CancelJob(waiting[0].id, "not again"), "cancel_job")
