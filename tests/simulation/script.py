"""Rare courses of things that chance would hardly find: each is a script, and some seeds play one among their faults.

An end again: a run that waits for another is retried while that other one, retried too, goes on; and what was retried
of it is cancelled before it may start. So run and step go from pending to completed_with_failures.
A page taken back: a run whose children are to be named is paused; what it waited for is retried meanwhile.
A retry in vain: a run whose pre-job has failed is retried, and then the pre-job.
A paused job swept: it is paused while it waits for its type, which is paused too; then its run is cancelled.
"""

import random
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from actors.job import JobDefinition, OnError, Step
from actors.messages import CancelJob, PauseJob, PauseType, RetryJob
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

    first_acts: tuple[tuple[str, ...], ...] = (("ok",), ("permanent", "ok"))

    def __init__(self, world: "World") -> None:
        self.world = world
        first = _definition("first", "slow", *self.first_acts)
        second = _definition("second", "quick", ("ok",), ("permanent",), ("permanent",))
        second = msgspec.structs.replace(second, pre_jobs=("first",))
        self.client = world.add_client((second, first), "scripted", 0.0)
        world.clients.append(self.client)
        self._scenes = list(self.scenes())
        world.after(EVERY_SECONDS, self._go_on)

    def scenes(self) -> tuple[Callable[[], bool], ...]:
        """What is to happen, one after the other; each tells whether it has."""
        raise NotImplementedError

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

    def _retry_the_first(self) -> bool:
        run = self._run("first")
        return run is not None and run.state not in OPEN and self._ask(RetryJob(run.id), "retry_run")

    def _ask(self, request: object, mark: str) -> bool:
        return self.world.operator.ask(request, mark)


class EndsAgain(Script):
    """What a retried run is to do again is cancelled while it waits."""

    def scenes(self) -> tuple[Callable[[], bool], ...]:
        """The first run's type is paused: retried, it goes on until somebody resumes it."""
        return self._pause_the_first_runs_type, self._retry_the_first, self._retry_a_job, self._cancel_it

    def _pause_the_first_runs_type(self) -> bool:
        run = self._run("second")
        return run is not None and run.state not in OPEN and self._ask(PauseType("slow"), "pause_type")

    def _retry_a_job(self) -> bool:
        first, second = self._run("first"), self._run("second")
        if first is None or second is None or first.state not in OPEN:
            return False
        failed = self._jobs(second, "failed")
        return bool(failed) and self._ask(RetryJob(failed[0].id), "retry_job")

    def _cancel_it(self) -> bool:
        second = self._run("second")
        waiting = self._jobs(second, "pending") if second is not None else []
        return bool(waiting) and self._ask(CancelJob(waiting[0].id, "not again"), "cancel_job")


class TakesBack(Script):
    """A run that may name its children waits again."""

    def scenes(self) -> tuple[Callable[[], bool], ...]:
        """It is paused before, so that nobody names them at once."""
        return self._pause_the_second, self._retry_the_first

    def _pause_the_second(self) -> bool:
        run = self._run("second")
        return run is not None and run.state in OPEN and self._ask(PauseJob(run.id), "pause_run")


class RetriesInVain(Script):
    """Nothing of the first run is done, so that the second can not go on."""

    first_acts = (("permanent", "ok"),)

    def scenes(self) -> tuple[Callable[[], bool], ...]:
        """Once that has ended with the first."""
        return self._retry_the_second, self._retry_the_first

    def _retry_the_second(self) -> bool:
        run = self._run("second")
        return run is not None and run.state not in OPEN and self._ask(RetryJob(run.id), "retry_run")


class SweepsPaused(Script):
    """A job that was paused by itself ends with its run."""

    def scenes(self) -> tuple[Callable[[], bool], ...]:
        """Its type is paused before, so that it waits."""
        return self._pause_its_type, self._pause_a_job, self._cancel_its_run

    def _pause_its_type(self) -> bool:
        return self._run("second") is not None and self._ask(PauseType("quick"), "pause_type")

    def _pause_a_job(self) -> bool:
        run = self._run("second")
        waiting = self._jobs(run, "pending") if run is not None else []
        return bool(waiting) and self._ask(PauseJob(waiting[0].id), "pause_job")

    def _cancel_its_run(self) -> bool:
        run = self._run("second")
        paused = run is not None and any((job.lane_id or 0) < 0 for job in self._jobs(run, "pending"))
        return paused and run is not None and self._ask(CancelJob(run.id), "cancel_run")


def draw_script(world: "World", chance: random.Random) -> Script:
    """Any of them; the first needs the most luck."""
    scripts = (EndsAgain, EndsAgain, TakesBack, RetriesInVain, SweepsPaused)
    script: type[Script] = chance.choice(scripts)
    return script(world)
