"""Rounds of tending that queue up behind a slow one are one round: the heartbeat leaves time for the work."""

from pathlib import Path
from typing import Any

from actors.messages import Sweep
from actors.seams import ManualClock
from runtime.store.actor import StoreActor
from runtime.store.commit import Commit
from runtime.store.file import StoreFile


class SlowDisk(StoreFile):
    """A store whose rounds take five seconds each."""

    def __init__(self, path: Path, clock: ManualClock) -> None:
        super().__init__(path, clock)
        self.slow_clock = clock
        self.begun: list[float] = []

    def tend(self, demand: Any) -> tuple[list[Commit], list[str]]:
        self.begun.append(self.slow_clock.monotonic())
        super().tend(demand)
        self.slow_clock.advance(5.0)
        return [], []


def test_what_was_asked_for_before_a_round_began_is_done_by_it(tmp_path: Path) -> None:
    clock = ManualClock()
    actor, file = StoreActor(), SlowDisk(tmp_path / "jobs.db", clock)
    actor._file, actor._flushing = file, True  # it has nobody to send a Flush to
    try:
        for asked_at in (0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 9.0, None):
            actor.receiveMsg_Sweep(Sweep(tend=True, asked_at=asked_at), "scheduler")
    finally:
        file.close()

    assert file.begun == [0.0, 5.0, 10.0, 15.0]
