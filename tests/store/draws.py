"""What a model draws at random: definitions, children, tolerances, outcomes, small enough to meet each other often."""

import random

from actors.job import (
    Cancelled,
    ChildSpec,
    Completed,
    ErrorTolerance,
    FailureAction,
    Interrupted,
    JobDefinition,
    OnError,
    Outcome,
    Snoozed,
    Step,
)
from tests.store.driver import failed


class Draws:
    """Draws from one source of chance, so that a seed repeats them."""

    def __init__(self, source: random.Random) -> None:
        self.random = source

    def tolerance(self) -> ErrorTolerance | None:
        if self.random.random() < 0.4:
            return None
        return ErrorTolerance(
            max_child_failures=self.random.choice([0, 0, 1, 2, 3]),
            max_failure_ratio=self.random.choice([0.0, 0.3, 0.5, 1.0]),
            min_finished=self.random.randint(1, 5),
            failure_action=self.random.choice([*FailureAction, FailureAction.STOP_ALL]),
        )

    def definition(self) -> JobDefinition:
        names = [f"s{number}" for number in range(self.random.choice([0, 1, 1, 1, 2, 3, 4]))]
        steps = tuple(
            Step(
                name,
                "act",
                depends=tuple(each for each in names[:number] if self.random.random() < 0.4),
                on_error=self.random.choice(list(OnError)),
                max_retries=self.random.randint(0, 1),
                error_tolerance=self.tolerance(),
                concurrency=self.random.choice([0, 0, 2]),
                enabled=self.random.random() < 0.9,
            )
            for number, name in enumerate(names)
        )
        return JobDefinition("test", "Test", steps, priority=self.random.randint(0, 1))

    def children(self, most: int) -> tuple[ChildSpec, ...]:
        return tuple(
            ChildSpec(
                type=self.random.choice(["work", "work", "other"]),
                payload=f'{{"n":{self.random.randint(0, 9)}}}',
                unique_key=self.random.choice([None, None, "a", "b", "c"]),
                depth=self.random.randint(1, 3),
                priority=self.random.randint(0, 1),
                rate_key=self.random.choice(["", "", "", "host"]),
                rate_ms=500,
                delay_ms=self.random.choice([0, 0, 0, 1000]),
                max_attempts=self.random.randint(0, 2),
            )
            for _ in range(self.random.randint(0, most))
        )

    def outcome(self) -> Outcome:
        kind = self.random.random()
        if kind < 0.5:
            return Completed(self.random.choice([None, '{"found":3}']))
        if kind < 0.8:
            return failed(permanent=self.random.random() < 0.4, retry_in_ms=self.random.choice([0, 700]))
        others: list[Outcome] = [Snoozed(0), Snoozed(300), Cancelled("not needed"), Interrupted()]
        return self.random.choice(others)
