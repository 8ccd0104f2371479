"""The world of the model: a store, up to two runtimes on it, and all they were ever given."""

import random
from pathlib import Path

from actors.job import (
    LeasedJob,
    StepStart,
)
from actors.messages import (
    Submit,
)
from actors.seams import ManualClock
from tests.store.draws import Draws
from tests.store.driver import StoreDriver

OPEN = ("scheduled", "pending", "running")


class World:
    """One world: a store, up to two runtimes on it, and all they were ever given."""

    def __init__(self, seed: int, directory: Path) -> None:
        self.random = random.Random(seed)  # noqa: S311 (meant to be repeated)
        self.draws = Draws(self.random)
        self.path = directory / "jobs.db"
        self.clock = ManualClock()
        self.runtimes = [self.opened(), self.opened()]
        self.held: list[tuple[LeasedJob, StoreDriver]] = []  # every lease ever given, also the lost ones
        self.starts: list[tuple[StepStart, StoreDriver]] = []
        self.submissions: list[Submit] = []
        self.deletions = 0
        self.trace: list[str] = []
        self.retried: dict[str, bool] = {}  # whether a retry met an open run, something, or nothing to do
        self.settled: dict[
            str, int
        ] = {}  # how often an attempt met which state, to see that the model gets around

    def opened(self) -> StoreDriver:
        # Judged by the first runtime's oracle only: it has seen every event.
        return StoreDriver(
            self.path, self.clock, judged=False, lease_seconds=30, max_lost=2, max_attempts={"work": 2}
        )

    @property
    def store(self) -> StoreDriver:
        """The first runtime, which never dies."""
        return self.runtimes[0]

    @property
    def one(self) -> StoreDriver:
        """Either runtime."""
        return self.random.choice(self.runtimes)

    def close(self) -> None:
        for runtime in self.runtimes:
            runtime.close()
