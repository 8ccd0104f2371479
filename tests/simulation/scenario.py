"""Draws what a seed's clients ask for: a few small runs that between them go through every kind of end."""

import random
from typing import Any

import msgspec

from actors.job import ErrorTolerance, FailureAction, JobDefinition, OnError, Step
from actors.worker import WorkerOptions
from tests.simulation.starts import CONDITIONS
from tests.simulation.tasks import DELAY_MS, Plan, Task

TYPES = ("quick", "quick", "slow", "inline")
FAILURES = (
    "raise",
    "raise",
    "permanent",
    "retry_after",
    "exit",
    "garbage",
    "give_up",
    "snooze",
    "snooze_short",
)
SLOW_FAILURES = (*FAILURES, "wait", "wait", "hang", "deaf", "exit_later", "breaks")


class Draw:
    """Draws definitions; keys of tasks are unique within a seed, but for those that are meant to meet."""

    def __init__(self, chance: random.Random, badness: float) -> None:
        self._chance = chance
        self._badness = badness
        self._tasks = 0

    def chosen(self, share: float) -> bool:
        """True in that share of cases."""
        return self._chance.random() < share

    def options(self) -> dict[str, WorkerOptions]:
        """How jobs of each type are run."""
        made = {}
        for name, dispatcher in (("quick", "io"), ("slow", "loop"), ("inline", "core")):
            made[name] = WorkerOptions(
                dispatcher=dispatcher,
                slots=self._chance.randint(1, 4),
                max_attempts=self._chance.randint(1, 3),
                backoff_seconds=0.2,
                timeout_seconds=1.5 if name == "slow" else 0.0,
            )
        return made

    def task(self, depth: int = 0) -> Task:
        """A job, with what it spawns."""
        self._tasks += 1
        kind = self._chance.choice(TYPES)
        spawns: tuple[Task, ...] = ()
        if depth < 2 and self.chosen(0.3):
            spawns = tuple(self.task(depth + 1) for _ in range(self._chance.randint(1, 2)))
        meeting = depth > 0 and self.chosen(0.2)
        kept, in_place = depth > 0 and self.chosen(0.2), depth > 0 and self.chosen(0.15)
        return Task(
            key=f"shared-{self._chance.randint(0, 1)}" if meeting else f"task-{self._tasks}",
            type=kind,
            acts=self._acts(kind),
            spawns=spawns,
            keyed=meeting or self.chosen(0.8),
            delay_ms=DELAY_MS if self.chosen(0.1) else 0,
            priority=self._chance.choice((0, 0, 0, 1)),
            rate_key="host" if self.chosen(0.1) else "",
            documents=self._chance.choice((0, 0, 0, 1, 2)),
            max_attempts=self._chance.choice((0, 0, 0, 1, 4)),
            kept=kept,
            in_place=in_place,
        )

    def _acts(self, kind: str) -> tuple[str, ...]:
        acts: list[str] = []
        while self.chosen(self._badness) and len(acts) < 3:
            acts.append(self._chance.choice(SLOW_FAILURES if kind == "slow" else FAILURES))
        if acts and not acts[-1].startswith("snooze") and self.chosen(0.3):
            return tuple(acts)
        return (*acts, "finishes" if kind == "slow" and self.chosen(0.3) else "ok")

    def step(self, name: str, depends: tuple[str, ...]) -> Step:
        """A step with one or two pages of children, or none."""
        pages = tuple(
            tuple(self.task() for _ in range(self._chance.choice((0, 1, 2, 2, 3))))
            for _ in range(self._chance.choice((0, 1, 1, 1, 2)))
        )
        plan = Plan(
            pages,
            max_children=3 if self.chosen(0.12) else 0,
            level_by_level=self.chosen(0.1),
            concurrency=1 if self.chosen(0.07) else 0,
        )
        options: dict[str, Any] = {}
        if self.chosen(0.15):
            by_number = self.chosen(0.6)
            options["error_tolerance"] = ErrorTolerance(
                max_child_failures=self._chance.randint(1, 2) if by_number else 0,
                max_failure_ratio=0.0 if by_number else self._chance.choice((0.3, 0.6)),
                min_finished=self._chance.randint(1, 3),
                failure_action=self._chance.choice(tuple(FailureAction)),
            )
        if self.chosen(0.1):
            options["timeout_seconds"] = 1.0
        if self.chosen(0.05):
            options["enabled"] = False
        if depends and self.chosen(0.3):
            text = self._chance.choice(tuple(CONDITIONS))
            options["condition"] = text.replace("{}", self._chance.choice(depends))
        return Step(
            name=name,
            action="plan",
            config=msgspec.json.decode(msgspec.json.encode(plan)),
            depends=depends,
            on_error=self._chance.choice(tuple(OnError)),
            max_retries=1,
            concurrency=1 if self.chosen(0.15) else 0,
            **options,
        )

    def definition(self, identity: str, most_steps: int = 3) -> JobDefinition:
        """A run of one to three steps."""
        steps: list[Step] = []
        for number in range(min(self._chance.choice((1, 1, 2, 3)), most_steps)):
            depends = tuple(step.name for step in steps if self.chosen(0.5))
            steps.append(self.step(f"s{number}", depends))
        timeout = 3.0 if self.chosen(0.07) else 0.0
        return JobDefinition(id=identity, name=identity, steps=tuple(steps), timeout_seconds=timeout)

    def together(self, identity: str) -> tuple[JobDefinition, ...]:
        """A run; some with others that run before or after it."""
        first = self.definition(identity)
        if self.chosen(0.8):
            return (first,)
        made: list[JobDefinition] = []
        links: dict[str, tuple[str, ...]] = {"pre_jobs": (), "post_jobs": ()}
        for key, share in (("pre_jobs", 0.7), ("post_jobs", 0.5)):
            if self.chosen(share):
                made.append(self.definition(f"{identity}-{key}", most_steps=2))
                links[key] = (made[-1].id,)
        if len(made) > 1 and self.chosen(0.3):  # the last run waits for both others
            made[1] = msgspec.structs.replace(made[1], pre_jobs=(made[0].id,))
        return (msgspec.structs.replace(first, **links), *made)

    def ticking(self, identity: str) -> JobDefinition:
        """A small run that a schedule starts every minute."""
        return msgspec.structs.replace(self.definition(identity, most_steps=1), schedule="* * * * *")

    def payloads(self) -> list[Task]:
        """Of a fan-out."""
        return [self.task(1) for _ in range(self._chance.randint(0, 3))]
